"""A disk that is full: what was acknowledged stays readable, the rest is refused in words."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from synsetlab.ui.votelog import VoteLog

if TYPE_CHECKING:
    from pathlib import Path

# The kernel cuts the write in the middle of a line, as a full disk does.
FILL = """
import resource, signal, sys
from synsetlab.errors import SynsetlabError
from synsetlab.ui.votelog import VoteLog

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = VoteLog(sys.argv[1])
vote = lambda name: [{"id": name, "key": name + ".png", "answer": "yes", "retracts": None}]
log.append(vote("first"), "ada")
size = open(sys.argv[1], "rb").seek(0, 2)
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, resource.RLIM_INFINITY))
try:
    log.append(vote("second"), "ada")
except SynsetlabError as error:
    print(error.message, error.remedy)
assert not log.answers("ada", ["second.png"])
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(log.append(vote("second"), "ada"))
"""


def test_a_full_disk_spoils_no_line_and_the_answer_can_come_again(tmp_path: Path) -> None:
    path = tmp_path / "votes.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said, acknowledged = done.stdout.splitlines()
    assert said.startswith("votes.jsonl cannot take the answers: File too large.")
    assert "wait in the browser" in said
    assert acknowledged == "['second']"
    again = VoteLog(path)
    assert set(again.answers("ada", ["first.png", "second.png"])) == {"first.png", "second.png"}
    assert len(path.read_bytes().splitlines()) == 2
