"""What the server and its kernels find around them: none of the user's own Jupyter and IPython set-up."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import tempfile
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from synsetlab.texts import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

__all__ = ["KERNEL_STARTUP", "LOG_FORMAT", "LogLines", "private_jupyter", "start_log"]

LOG_FORMAT = "%(levelname)s %(name)s: %(message)s"  # to standard error, from warnings up
KERNEL_STARTUP = """import logging
from synsetlab.server.surroundings import start_log
start_log()
logging.getLogger("Comm").setLevel(logging.ERROR)  # warns of every page that is closed
del logging, start_log
"""


_COLOR = re.compile(r"\x1b\[[0-9;]*m")  # IPython's tracebacks have them


class LogLines(logging.Formatter):
    """One line a record: what strangers sent, an address for one, writes no line and commands no terminal.

    Tracebacks, which may quote it too, keep their lines, two columns to the right.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the parent's name
        """The line."""
        return visible(super().formatMessage(record))

    def formatException(  # noqa: N802 - the parent's name
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        """The lines of a traceback."""
        lines = _COLOR.sub("", super().formatException(ei)).splitlines()
        return textwrap.indent("\n".join(visible(line) for line in lines), "  ")

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - the parent's name
        """The lines of a stack, which our own code alone is in."""
        return textwrap.indent(stack_info, "  ")


def start_log() -> None:
    """Write what is logged to standard error, from warnings up."""
    handler = logging.StreamHandler()
    handler.setFormatter(LogLines(LOG_FORMAT))
    logging.basicConfig(handlers=[handler])


@contextlib.contextmanager
def private_jupyter(workspace: Path, database: str | None = None) -> Iterator[Path]:
    """Keep the user's own Jupyter and IPython set-up out of the server and its kernels.

    Yields a folder for the notebooks, which is where the kernels run.
    """
    with tempfile.TemporaryDirectory(prefix="synsetlab-") as folder:
        private = {
            "IPYTHONDIR": f"{folder}/ipython",
            "JUPYTER_CONFIG_DIR": f"{folder}/config",
            "JUPYTER_DATA_DIR": f"{folder}/data",
            "JUPYTER_NO_CONFIG": "1",
            "JUPYTER_RUNTIME_DIR": f"{folder}/runtime",
            "SYNSETLAB_THUMBNAILS": "thumbnails/",  # as the pages of the apps see it
            "SYNSETLAB_WORKSPACE": str(workspace),
            **({"SYNSETLAB_DATABASE": database} if database else {}),
        }
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
            Path(private[name]).mkdir(mode=0o700)
        startup = Path(folder, "ipython", "profile_default", "startup")
        startup.mkdir(parents=True)
        (startup / "00-log.py").write_text(KERNEL_STARTUP, "utf-8")
        notebooks = Path(folder, "notebooks")
        notebooks.mkdir()
        removed = {"JUPYTER_PATH", "JUPYTER_CONFIG_PATH", "JUPYTER_TOKEN", "JUPYTER_TOKEN_FILE"}
        before = {name: os.environ.get(name) for name in {*private, *removed}}
        _set_environment({**dict.fromkeys(removed), **private})
        try:
            yield notebooks
        finally:
            _set_environment(before)


def _set_environment(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
