"""What the server and its kernels find around them: none of the user's own Jupyter and IPython set-up."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["KERNEL_STARTUP", "LOG_FORMAT", "private_jupyter"]

LOG_FORMAT = "%(levelname)s %(name)s: %(message)s"  # to standard error, from warnings up
KERNEL_STARTUP = f"""import logging
logging.basicConfig(format={LOG_FORMAT!r})
logging.getLogger("Comm").setLevel(logging.ERROR)  # warns of every page that is closed
del logging
"""


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
