"""What cannot be served is refused at once: before Voila, which takes seconds, is imported."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from synsetlab.store.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

ASK = """
import json, sys
from synsetlab.cli import main
code = main(["serve", *json.loads(sys.argv[1])])
print(json.dumps([code, sorted({"voila", "jupyter_server", "IPython"} & set(sys.modules))]))
"""


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--as", "ann", "--host", "0.0.0.0"], 2, "would sign in everyone"),
        (["--as", "ann", "--accounts"], 2, "--as ann signs everyone in"),
        (["--as", "\t"], 2, "name"),
        (["--trust-header", "X-User"], 2, "proxy"),
        (["--trusted-proxy", "somewhere"], 2, "somewhere"),
        (["--host", "no.such.host.invalid"], 2, "no.such.host.invalid"),
        (["--tls-cert", "CERTIFICATE"], 2, "tls"),
        (["--base-url", "ftp://x"], 2, "ftp://x"),
    ],
)
def test_a_refusal_does_not_wait_for_voila(tmp_path: Path, options: list[str], code: int, says: str) -> None:
    with Workspace.create(tmp_path / "ws"):
        pass
    certificate = tmp_path / "certificate.pem"
    certificate.write_text("none")
    given = [str(certificate) if option == "CERTIFICATE" else option for option in options]
    ran = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps([str(tmp_path / "ws"), *given])],
        capture_output=True,
        text=True,
        check=True,
    )
    assert says.lower() in ran.stderr.lower()
    assert json.loads(ran.stdout) == [code, []]
