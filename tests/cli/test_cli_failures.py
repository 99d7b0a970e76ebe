"""Bad input: the exit code, one clear message, one JSON object, and nothing half-written."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

import pytest
from PIL import Image

if TYPE_CHECKING:
    from typing import IO

HAT = "n03497657"


# ---- the command line itself


def test_unknown_command(run) -> None:
    ran = run("nonsense", "--json")
    assert (ran.code, ran.error["type"]) == (2, "UsageError")
    assert "nonsense" in ran.error["message"]
    assert run("nonsense").code == 2


def test_group_without_a_command_shows_its_help(run) -> None:
    ran = run("dedup")
    assert (ran.code, ran.out) == (2, "")
    assert "clusters" in ran.err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("votes export", "Missing option '-o' / '--output'."),
        ("freeze", "Missing option '-o' / '--output'"),
        ("init", "Missing argument 'FOLDER'."),
        ("review verdict x accept --expert ann", "'x' is not a valid integer."),
        ("review verdict 1 maybe --expert ann", "'maybe' is not one of"),
        ("freeze -o r --seed -1", "-1 is not in the range 0<=x<=4294967295."),
        ("freeze -o r --date tomorrow", "'tomorrow' does not match the format"),
        ("dedup run --max-distance 13", "13 is not in the range 0<=x<=12."),
        ("synsets tree n02084071 --depth -1", "-1 is not in the range x>=0."),
        ("init a --migrate --database sqlite:///b", "leave out --database"),
        ("evaluate --predictions p.csv", "Give either --release DIR or --truth FILE."),
        ("serve a -w b", "Name the workspace once"),
    ],
)
def test_bad_usage(fails, tmp_path, monkeypatch, line: str, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    fails(2, "UsageError", *line.split(), says=message, advises="--help")


def test_no_text_commands_the_terminal(run, tmp_path) -> None:
    bad = "\x1b]0;OWNED\x07\u202e.jpg"
    said = run("votes", "aggregate", tmp_path / bad)
    assert said.code == 2
    assert "\\x1b]0;OWNED\\x07\\u202e.jpg" in said.err
    assert not any(unseen in said.err for unseen in "\x1b\x07\u202e")
    (tmp_path / bad).write_bytes(b"no picture")
    for copy in ("a.png", "b\x1b[2J.png"):
        Image.new("RGB", (40, 40), "red").save(tmp_path / copy)
    scanned = run("dedup", "scan", tmp_path)
    assert "OWNED" in scanned.out
    assert "b\\x1b[2J.png" in scanned.out
    assert not any(unseen in scanned.out for unseen in "\x1b\x07\u202e")


def test_usage_is_shown_to_people(run) -> None:
    assert "Usage: synsetlab votes export" in run("votes", "export").err


def test_help_of_serve(run) -> None:
    ran = run("serve", "--help")
    assert ran.code == 0
    assert "127.0.0.1" in ran.out


def test_fault_of_our_own_is_an_object_too(run, monkeypatch, workspace) -> None:
    monkeypatch.setattr("synsetlab.store.reader.Reader.counts", lambda _: 1 / 0)
    ran = run("votes", "status", "-w", workspace, "--json")
    assert ran.code == 1
    assert ran.error["message"] == "division by zero"
    assert "fault of synsetlab" in ran.error["remedy"]


# ---- synsets


@pytest.mark.parametrize("command", ["show", "tree", "subtree"])
def test_unknown_wnid(fails, wordnet, command: str) -> None:
    fails(2, "UnknownSynsetError", "synsets", command, "n02084072", says="n02084072", advises="dog")
    fails(2, "UnknownSynsetError", "synsets", command, "siberian husky", advises="n02110185")


def test_unknown_wnid_beside_a_known_one(fails, wordnet, tmp_path) -> None:
    fails(2, "UnknownSynsetError", "synsets", "lca", "n02084071", "n99999999", says="n99999999")
    (tmp_path / "wnids.txt").write_text("n02084071\nn02084072\n")
    fails(2, "UnknownSynsetError", "synsets", "induce", tmp_path / "wnids.txt", says="n02084072")


# ---- import


def test_folder_that_cannot_be_imported(fails, workspace, photos, tmp_path) -> None:
    (tmp_path / "empty" / "hat").mkdir(parents=True)
    into = ("-w", workspace)
    fails(2, "InputError", "import", "folder", tmp_path / "nowhere", *into, says="is not a folder")
    fails(2, "InputError", "import", "folder", tmp_path / "empty", *into, says="holds no pictures")
    fails(2, "InputError", "import", "folder", photos, *into, says="hat (6 files), shoe (3 files)")
    one = ("--map", f"hat={HAT}")
    fails(2, "InputError", "import", "folder", photos, *one, *into, says="shoe (3 files)", advises="--map")
    wrong = (*one, "--map", "shoe=n04199028")
    fails(
        2, "UnknownSynsetError", "import", "folder", photos, *wrong, *into, says="n04199028", advises="shoe"
    )
    fails(2, "InputError", "import", "folder", photos, "--map", "hat", *into, says="'hat' maps no class")
    (photos / "loose.png").write_bytes((photos / "hat" / "0.png").read_bytes())
    both = (*one, "--map", "shoe=n04199027")
    fails(2, "InputError", "import", "folder", photos, *both, *into, says="1 pictures lie in")


def test_map_file_without_the_needed_column(fails, workspace, photos, tmp_path) -> None:
    (tmp_path / "map.csv").write_text("label,wnid\nhat,n03497657\n")
    arguments = ("import", "folder", photos, "--map-file", tmp_path / "map.csv", "-w", workspace)
    fails(2, "MissingColumnError", *arguments, says="no column 'class'; it has: label, wnid.")


def test_broken_pictures_do_not_stop_an_import(run, workspace, photos) -> None:
    mapping = ("--map", f"hat={HAT}", "--map", "shoe=n04199027")
    ran = run("import", "folder", photos, *mapping, "-w", workspace)
    assert ran.code == 0
    assert "9 found: 6 new images, 6 new candidates, 1 known already, 2 failed." in ran.out
    for name, reason in (("hat/bomb.png", "too-large"), ("hat/cut.jpg", "truncated")):
        assert any(name in line and reason in line for line in ran.out.splitlines())


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("path,licence\na.jpg,CC0\n", "MissingColumnError", "no column 'wnid'; it has: path, licence."),
        ("wnid,title\nn03497657,a\n", "MissingColumnError", "; it has: wnid, title."),
        ("path,wnid\na.jpg,\n", "InputError", "row 2: the column 'wnid' is empty"),
        ("path,url,wnid\n,,n03497657\n", "InputError", "row 2: neither 'path' nor 'url'"),
        ("path,wnid\n", "InputError", "has no rows"),
        ("path,wnid\na.jpg,n03497658\n", "UnknownSynsetError", "n03497658"),
        ("", "InputError", "not a table that can be read"),
    ],
)
def test_manifest_that_cannot_be_used(fails, workspace, tmp_path, *, text: str, kind: str, says: str) -> None:
    (tmp_path / "rows.csv").write_text(text)
    fails(2, kind, "import", "manifest", tmp_path / "rows.csv", "-w", workspace, says=says)


def test_files_that_are_not_there(fails, workspace, tmp_path) -> None:
    nowhere = tmp_path / "nowhere.csv"
    for line in ("import manifest", "import urls", "votes import"):
        fails(2, "InputError", *line.split(), nowhere, "-w", workspace, says=str(nowhere))
    for line in ("votes aggregate", "votes agreement", "votes annotators"):
        fails(2, "InputError", *line.split(), nowhere, says=str(nowhere))
    fails(2, "InputError", "votes", "simulate", "--truth", nowhere, "-w", workspace, says=str(nowhere))
    for policy in ("consensus run", "freeze -o r"):
        ran = (*policy.split(), "--policy", nowhere, "-w", workspace)
        fails(2, "InputError", *ran, says=str(nowhere))


# ---- votes, decisions


def test_votes_that_cannot_be_imported(run, fails, workspace, tmp_path) -> None:
    file = tmp_path / "votes.csv"
    for text, kind, says in (
        ("task,worker\na,b\n", "MissingColumnError", "no column 'label'; it has: task, worker."),
        ("task,worker,label\na/b,ann,yes\n", "InputError", "row 2: the workspace has no question 'a/b'"),
    ):
        file.write_text(text)
        fails(2, kind, "votes", "import", file, "-w", workspace, says=says)
    assert run("votes", "export", "-o", file, "-w", workspace).code == 0
    lines = file.read_text().splitlines()
    task, _, rest = lines[2].split(",", 2)
    for nobody in ("", "  ", "x" * 65):
        file.write_text("\n".join([*lines[:2], f"{task},{nobody},{rest}"]))
        fails(2, "InputError", "votes", "import", file, "-w", workspace, says="row 3: the worker ")


def test_one_bad_row_keeps_all_votes_out(run, fails, workspace, tmp_path) -> None:
    assert run("votes", "export", "-o", tmp_path / "v.csv", "-w", workspace).code == 0
    lines = (tmp_path / "v.csv").read_text().splitlines()
    (tmp_path / "v.csv").write_text(
        "\n".join([lines[0], *(line.replace("worker-", "new-") for line in lines[1:]), lines[1]]).replace(
            ",yes,", ",YES,", 1
        )
    )
    fails(2, "InputError", "votes", "import", tmp_path / "v.csv", "-w", workspace, says="the label 'YES'")


def test_votes_of_which_nothing_can_be_said(fails, tmp_path) -> None:
    file = tmp_path / "votes.csv"
    for content, says in (
        (b"", "is empty"),
        (b"task,worker,label\n", "has no votes"),
        (b"task,worker,label\n\xff,a,b\n", "is not UTF-8"),
        (b"task,worker\na,b\n", "no column 'label'"),
    ):
        file.write_bytes(content)
        kind = "MissingColumnError" if "column" in says else "InputError"
        fails(2, kind, "votes", "aggregate", file, "-o", tmp_path / "labels.csv", says=says)


def test_output_that_cannot_be_written(fails, workspace, votes_csv, tmp_path) -> None:
    there = tmp_path / "no" / "such" / "folder.csv"
    fails(2, "InputError", "votes", "export", "-o", there, "-w", workspace, says=str(there))
    fails(2, "InputError", "votes", "aggregate", votes_csv, "-o", there, says=str(there))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"kind": "oracle"}', "There is no policy of kind 'oracle'."),
        (b'{"kind": "fixed", "quorum": 3}', "has no 'quorum'"),
        (b'{"kind": "fixed", "min_confidence": 0.5}', "would let both sides win"),
        (b"{", "is no JSON"),
        (b"\xff", "is not UTF-8"),
    ],
)
def test_consensus_policy_that_cannot_be_used(fails, workspace, tmp_path, body: bytes, says: str) -> None:
    (tmp_path / "policy.json").write_bytes(body)
    arguments = ("consensus", "run", "--policy", tmp_path / "policy.json", "-w", workspace)
    fails(2, "InputError", *arguments, says=says)


def test_consensus_policies_in_toml(run, fails, workspace, tmp_path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text('kind = "per-synset"\n[default]\nkind = "fixed"\nvotes = 1\n')
    arguments = ("consensus", "run", "--policy", file, "-w", workspace)
    assert run(*arguments, "--json").json["changed"] > 0
    file.write_text("kind =")
    fails(2, "InputError", *arguments, says="is no TOML")
    fails(
        2, "InputError", "consensus", "run", "--policy", "guess", "-w", workspace, says="'guess' is no kind"
    )


def test_verdicts_on_nothing(fails, workspace) -> None:
    into = ("-w", workspace)
    fails(2, "InputError", "review", "verdict", 99999, "accept", "--expert", "ann", *into, says="99999")
    fails(2, "InputError", "review", "verdict", 1, "undo", "--expert", "ann", *into, says="can be undone")
    fails(2, "InputError", "review", "verdict", 1, "accept", "--expert", " ", *into, says="the name")
    fails(2, "InputError", "dedup", "verdict", "zz", "keep", "--curator", "ann", *into, says="'zz'")


@pytest.mark.sqlite
def test_counters_that_were_tampered_with_are_found_and_mended(run, workspace) -> None:
    with contextlib.closing(sqlite3.connect(workspace / "workspace.sqlite")) as database, database:
        database.execute("UPDATE question SET n_yes = n_yes + 5 WHERE id = 1")
    ran = run("consensus", "rebuild", "--check", "-w", workspace, "--json")
    assert (ran.code, ran.json["ok"]) == (1, False)
    mended = run("consensus", "rebuild", "-w", workspace)
    assert (mended.code, mended.out.splitlines()[-1]) == (0, "All of this is set right now.")
    assert run("consensus", "rebuild", "--check", "-w", workspace).code == 0


# ---- releases


def test_release_folder_exists(fails, workspace, release, tmp_path) -> None:
    fails(1, "ReleaseError", "freeze", "-o", release, "-w", workspace, says="never written over")
    (tmp_path / "file").write_text("mine")
    fails(1, "ReleaseError", "freeze", "-o", tmp_path / "file", "-w", workspace, says="never written over")


def test_nothing_to_freeze(fails, run, tmp_path) -> None:
    assert run("init", tmp_path / "new").code == 0
    into = ("-w", tmp_path / "new")
    fails(1, "ReleaseError", "freeze", "-o", tmp_path / "r", *into, says="No image is accepted yet")
    ran = run("freeze", "--check", *into, "--json")
    assert (ran.code, ran.json["ok"], len(ran.json["blocks"])) == (1, False, 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("splits = { train = 2.0 }", "between 0 and 1"),
        ("splits = { train = 0.5 }", "add up to 1"),
        ('version = "1"', "not MAJOR.MINOR.PATCH"),
        ("min_per_class = 0", "at least 1"),
        ("colour = 3", "no 'colour'"),
        ("colour =", "is not a policy"),
        ("min_per_class = 1000", "No class has 1000 accepted images"),
    ],
)
def test_release_policy_that_cannot_be_met(fails, workspace, tmp_path, text: str, says: str) -> None:
    (tmp_path / "policy.toml").write_text(text)
    kind, code = ("ReleaseError", 1) if "No class" in says else ("InputError", 2)
    arguments = ("freeze", "-o", tmp_path / "r", "--policy", tmp_path / "policy.toml", "-w", workspace)
    fails(code, kind, *arguments, says=says)


@pytest.mark.parametrize("damage", ["changed", "removed", "added", "summed"])
def test_damaged_release(run, release, damage: str) -> None:
    if damage == "removed":
        (release / "votes.parquet").unlink()
    elif damage == "added":
        (release / "more.txt").write_text("more")
    elif damage == "changed":
        with (release / "images.parquet").open("ab") as file:
            file.write(b"\0")
    else:
        (release / "SHA256SUMS").unlink()
    ran = run("verify", release, "--json")
    assert (ran.code, ran.json["ok"]) == (1, False)
    assert len(ran.json["problems"]) == 1
    assert run("verify", release).out.strip() == ran.json["problems"][0]


def test_what_is_no_release(fails, workspace, release, tmp_path) -> None:
    nowhere = tmp_path / "nowhere"
    fails(1, "ReleaseError", "verify", nowhere, says="is not a release")
    fails(1, "ReleaseError", "diff", release, nowhere, says="is not a release")
    fails(1, "ReleaseError", "export", nowhere, "-o", tmp_path / "out", "-w", workspace, says="not a release")
    fails(2, "InputError", "export", release, "--format", "tar", "-o", tmp_path / "out", "-w", workspace)


def test_export_onto_a_file(fails, workspace, release, tmp_path) -> None:
    (tmp_path / "out").write_text("mine")
    arguments = ("export", release, "-o", tmp_path / "out", "-w", workspace)
    fails(2, "InputError", *arguments, says=f"{tmp_path / 'out'} is not a folder", advises="-o")
    assert (tmp_path / "out").read_text() == "mine"


def test_export_without_the_pictures(run, workspace, release, tmp_path) -> None:
    shutil.rmtree(workspace / "blobs")
    ran = run("export", release, "-o", tmp_path / "out", "-w", workspace, "--json")
    assert (ran.code, ran.error["type"]) == (1, "ReleaseError")
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []


# ---- as a process


def synsetlab(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "synsetlab", *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]


def test_exit_codes_reach_the_shell(tmp_path, wordnet) -> None:
    for code, line in (
        (0, "--version"),
        (0, "synsets show n02084071"),
        (1, "votes status"),
        (2, "synsets show n02084072"),
        (2, "nonsense"),
    ):
        assert synsetlab(*line.split(), cwd=tmp_path).returncode == code, line


def test_progress_goes_to_a_terminal_and_never_to_stdout(workspace, photos) -> None:
    mapping = ("--map", f"hat={HAT}", "--map", "shoe=n04199027")
    line = ["import", "folder", str(photos), *mapping, "-w", str(workspace), "--json"]
    keyboard, screen = os.openpty()
    termios.tcsetwinsize(screen, (24, 80))
    with os.fdopen(keyboard, "rb", buffering=0) as terminal:
        command = [sys.executable, "-m", "synsetlab", *line]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=screen) as process:
            os.close(screen)
            shown = b"".join(iter(lambda: _read(terminal), b""))
            assert process.stdout is not None
            assert process.stdout.read().count(b"\n") == 1
    assert b"0/9" in shown  # the last count is wiped off when all is done
    logged = synsetlab(*line)
    assert (logged.returncode, logged.stdout.count("\n"), logged.stdout[0], logged.stderr) == (0, 1, "{", "")


def _read(terminal: IO[bytes]) -> bytes:
    """What is on the terminal; nothing once the other side has closed it."""
    try:
        return terminal.read(4096)
    except OSError:
        return b""


def test_closed_pipe_is_no_fault(wordnet) -> None:
    reading, writing = os.pipe()
    os.close(reading)  # as `| head` does, only sooner
    with os.fdopen(writing, "w") as pipe:
        command = [sys.executable, "-m", "synsetlab", "synsets", "subtree", "n00001740"]
        done = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
