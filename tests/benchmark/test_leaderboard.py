"""The leaderboard: what it keeps, whom it makes wait, what it shows."""

from __future__ import annotations

import json
import subprocess
import sys
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from synsetlab.benchmark import read_truth
from synsetlab.benchmark.leaderboard import Leaderboard, Limit, Target
from synsetlab.benchmark.leaderboard_chart import chart, records
from synsetlab.benchmark.leaderboard_page import page
from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, dict[str, Any]]]

NAMES = ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]
GUESSES = ["n02121620", "n02084071", "n02374451", "n02084071"]


@pytest.fixture
def made(write: Callable[..., Path]) -> Callable[[int], Path]:
    """Predictions that are right on the first few pictures; each number is another file."""

    def made(right: int) -> Path:
        guesses = [*GUESSES[:right], *["n00001740"] * (4 - right)]
        rows = [f"{name},{guess}" for name, guess in zip(NAMES, guesses, strict=True)]
        return write(f"p{right}.csv", "image,prediction", *rows)

    return made


def submit(
    board: Leaderboard, truth: Path, file: Path, on: str, **options: Any
) -> tuple[dict[str, Any], bool]:
    names = {"model": file.stem, "user": "ann"} | options
    return board.submit(Target.of_file(truth), read_truth(truth), file, on=on, **names)


def test_the_limit_is_a_moving_week(tmp_path: Path, truth: Path, made: Callable[[int], Path]) -> None:
    board = Leaderboard(tmp_path / "board")
    submit(board, truth, made(1), "2026-03-01")
    submit(board, truth, made(2), "2026-03-04")
    with pytest.raises(InputError, match=r"2 submissions .*\nThe next is possible on 2026-03-08"):
        submit(board, truth, made(3), "2026-03-07")
    with pytest.raises(InputError, match="the limit is 2 in 7 days"):
        submit(board, truth, made(3), "2026-02-27")  # a day before the others is no way around
    with pytest.raises(InputError, match="the limit"):
        submit(board, truth, made(3), "2026-03-07", user="Ann")
    submit(board, truth, made(3), "2026-03-07", user="bob")
    submit(board, truth, made(3), "2026-03-08")
    assert len(board.submissions()) == 4


def test_the_same_again_is_the_same(tmp_path: Path, truth: Path, made: Callable[[int], Path]) -> None:
    board = Leaderboard(tmp_path / "board")
    first, new = submit(board, truth, made(2), "2026-03-01")
    again, newer = submit(board, truth, made(2), "2026-03-02")
    assert (new, newer) == (True, False)
    assert again == first
    files = sorted(path.name for path in board.folder.iterdir())
    assert files == [".lock", f"2026-03-01-{first['id'][:16]}.json"]
    text = (board.folder / files[1]).read_text()
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":")) + "\n"


def test_refused_predictions_leave_nothing(tmp_path: Path, truth: Path, write: Callable[..., Path]) -> None:
    board = Leaderboard(tmp_path / "board")
    with pytest.raises(InputError, match="no predictions for 3"):
        submit(board, truth, write("p.csv", "image,prediction", "a.jpg,x"), "2026-03-01")
    assert board.submissions() == []


def test_nothing_of_single_images_or_classes_is_kept(
    tmp_path: Path, truth: Path, made: Callable[[int], Path]
) -> None:
    kept, _ = submit(Leaderboard(tmp_path / "board"), truth, made(2), "2026-03-01")
    assert kept["results"]["top1_error"] == 0.5
    text = json.dumps(kept)
    assert not any(name in text for name in (*NAMES, *GUESSES))


def test_a_changed_file_is_found(tmp_path: Path, truth: Path, made: Callable[[int], Path]) -> None:
    board = Leaderboard(tmp_path / "board")
    submit(board, truth, made(2), "2026-03-01")
    file = next(board.folder.glob("*.json"))
    file.write_text(file.read_text().replace('"top1_error":0.5', '"top1_error":0.0'))
    with pytest.raises(InputError, match="was changed after it was written"):
        board.table()
    file.write_text("{}")
    with pytest.raises(InputError, match="is no submission"):
        board.table()


def test_ranks_and_ties(tmp_path: Path, truth: Path, made: Callable[[int], Path]) -> None:
    board = Leaderboard(tmp_path / "board")
    for number, user in ((1, "ann"), (3, "bob"), (3, "cy"), (4, "dan")):
        submit(board, truth, made(number), f"2026-03-0{5 - number}", user=user)
    rows = board.table("top1_error")
    assert [row["rank"] for row in rows] == [1, 2, 2, 4]
    assert [rows[0]["user"], rows[3]["user"]] == ["dan", "ann"]
    assert board.table("multi_label_accuracy")[0]["user"] == "dan"
    assert [row["user"] for row in records(rows, "top1_error")] == ["dan"]
    with pytest.raises(InputError, match="no metric 'top9_error'"):
        board.table("top9_error")


def test_test_sets_are_not_mixed(
    tmp_path: Path, truth: Path, made: Callable[[int], Path], write: Callable[..., Path]
) -> None:
    board = Leaderboard(tmp_path / "board")
    other = write("other.csv", *truth.read_text().splitlines()[:4])
    submit(board, truth, made(1), "2026-03-01")
    submit(board, other, write("q.csv", *made(3).read_text().splitlines()[:4]), "2026-03-01")
    with pytest.raises(InputError, match="submissions on 2 test sets"):
        board.table()
    assert len(board.table(test_set=Target.of_file(truth).identity[:12])) == 1
    with pytest.raises(InputError, match="no submission on a test set 'zzz'"):
        board.table(test_set="zzz")


@pytest.mark.parametrize(
    "wrong",
    [{"user": "  "}, {"model": "x" * 121}, {"user": "a\x00b"}, {"on": "1.3.2026"}, {"on": "2026-02-30"},
     {"limit": Limit(0, 7)}],
)  # fmt: skip
def test_wrong_names_and_days(
    tmp_path: Path, truth: Path, made: Callable[[int], Path], wrong: dict[str, Any]
) -> None:
    with pytest.raises(InputError):
        submit(Leaderboard(tmp_path / "board"), truth, made(1), **({"on": "2026-03-01"} | wrong))


def test_processes_at_once_share_the_limit(tmp_path: Path, truth: Path, made: Callable[[int], Path]) -> None:
    board = tmp_path / "board"
    command = [sys.executable, "-m", "synsetlab", "leaderboard", "submit", board, "--truth", truth]
    command += ["--user", "ann", "--date", "2026-03-01", "--json"]
    running = [
        subprocess.Popen(
            [*command, "--predictions", made(number), "--model", f"m{number}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number in range(4)
    ]
    for process in running:
        process.communicate()
    codes = sorted(process.returncode for process in running)
    assert codes == [0, 0, 2, 2]
    assert len(Leaderboard(board).submissions()) == 2


class _Tags(HTMLParser):
    """Every tag is closed, and nothing points outside."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "link", "img"}:
            self.open.append(tag)
        if tag in {"script", "link", "img", "iframe"}:
            self.outside.append(tag)
        self.outside += [f"{name}={value}" for name, value in attrs if name in {"src", "href", "xlink:href"}]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()


def test_the_page_is_whole_and_needs_nothing(
    run: Run, tmp_path: Path, truth: Path, made: Callable[[int], Path]
) -> None:
    board = Leaderboard(tmp_path / "board")
    submit(board, truth, made(1), "2026-03-01", model="<b>bold</b> & co")
    submit(board, truth, made(4), "2026-05-01", note="with <care>")
    code, found = run("leaderboard", "export", board.folder, "-o", tmp_path / "out" / "board.html")
    assert (code, found["submissions"]) == (0, 2)
    text = (tmp_path / "out" / "board.html").read_text("utf-8")
    parser = _Tags()
    parser.feed(text)
    assert (parser.open, parser.outside) == ([], [])
    assert "url(" not in text
    assert "@import" not in text
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; co" in text
    assert "<b>bold" not in text
    assert "with &lt;care&gt;" in text
    assert chart(board.table(), "top5_error") in text


def test_an_empty_board(run: Run, tmp_path: Path) -> None:
    code, found = run("leaderboard", "show", tmp_path / "none")
    assert (code, found["submissions"]) == (0, [])
    assert "Nothing has been submitted" in page([], "top5_error")


def test_submit_and_show(run: Run, tmp_path: Path, truth: Path, made: Callable[[int], Path]) -> None:
    given = ["leaderboard", "submit", tmp_path / "b", "--truth", truth, "--predictions", made(3)]
    code, found = run(*given, "--model", "m", "--user", "u", "--date", "2026-03-01")
    assert code == 0
    assert found["new"] is True
    assert found["submission"]["date"] == "2026-03-01"
    assert found["submission"]["results"]["top1_error"] == 0.25
    code, found = run("leaderboard", "show", tmp_path / "b", "--metric", "top1_error")
    assert [(row["rank"], row["model"], row["top1_error"]) for row in found["submissions"]] == [
        (1, "m", 0.25)
    ]
    code, found = run(*given, "--model", "m", "--user", "u", "--release", "x")
    assert code == 2
