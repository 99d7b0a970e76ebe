from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import imagehash
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from synsetlab.cli import main
from synsetlab.dedup.phash import to_hex

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def folder(tmp_path: Path, photo: Callable[..., Image.Image]) -> Path:
    here = tmp_path / "photos"
    (here / "below").mkdir(parents=True)
    for seed in range(3):
        photo(seed).save(here / f"{seed}.png")
    photo(0).resize((60, 45)).save(here / "below" / "copy.jpg")
    (here / "broken.jpg").write_bytes(b"not a picture")
    (here / "notes.txt").write_text("words")
    return here


def run_json(capsys: pytest.CaptureFixture[str], *args: str, code: int = 0) -> dict[str, Any]:
    assert main([*args, "--json"]) == code
    payload = json.loads(capsys.readouterr().out)
    assert payload["schema_version"] == 1
    assert isinstance(payload, dict)
    return payload


def test_scan_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    payload = run_json(capsys, "dedup", "scan", str(folder))
    original, copy = f"{folder}/0.png", f"{folder}/below/copy.jpg"
    assert payload["images"] == 4
    assert [(item["path"], item["reason"]) for item in payload["failed"]] == [
        (f"{folder}/broken.jpg", "not-an-image")
    ]
    assert payload["skipped"] == [f"{folder}/notes.txt"]
    (pair,) = payload["pairs"]
    assert (pair["a"], pair["b"], pair["verdict"]) == (original, copy, "auto")
    assert payload["clusters"] == [[original, copy]]
    assert payload["drop"] == [copy]
    assert payload["keep"] == [original, f"{folder}/1.png", f"{folder}/2.png"]


def test_paths_begin_with_the_folder_as_given(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    payload = run_json(capsys, "dedup", "scan", "photos", "--max-distance", "0")
    assert payload["skipped"] == ["photos/notes.txt"]
    assert all(path.startswith("photos/") for path in payload["keep"])


def test_scan_for_people(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dedup", "scan", str(folder)]) == 0
    out = capsys.readouterr().out
    assert f"drop  {folder}/below/copy.jpg" in out
    assert "Nothing was changed." in out


def test_hash_table_equals_imagehash(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = folder.parent / "hashes.parquet"
    payload = run_json(capsys, "dedup", "hash", str(folder), "-o", str(output))
    assert (payload["images"], payload["hash"]) == (4, "phash64/imagehash")
    table = pq.read_table(output)
    assert table.schema.field("phash").type == pa.uint64()
    for row in table.to_pylist():
        with Image.open(row["path"]) as image:
            assert to_hex(row["phash"]) == str(imagehash.phash(image))
            assert (row["width"], row["height"]) == image.size
        assert row["sha256"] == hashlib.sha256(Path(row["path"]).read_bytes()).hexdigest()
    first = output.read_bytes()
    assert main(["dedup", "hash", str(folder), "-o", str(output)]) == 0
    assert output.read_bytes() == first


@pytest.mark.parametrize("kind", ["npy", "parquet", "signed"])
def test_pairs_of_a_table(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hashes = np.array([0b1111, 2**63, 0b0111, 0b1000, 2**63], dtype=np.uint64)
    source = tmp_path / ("hashes.npy" if kind == "npy" else "hashes.parquet")
    if kind == "npy":
        np.save(source, hashes)
    else:
        pq.write_table(pa.table({"phash": hashes if kind == "parquet" else hashes.view(np.int64)}), source)
    output = tmp_path / "pairs.parquet"
    payload = run_json(capsys, "dedup", "pairs", str(source), "--max-distance", "2", "-o", str(output))
    table = pq.read_table(output)
    assert table.column_names == ["i", "j", "distance"]
    rows = [tuple(row.values()) for row in table.to_pylist()]
    assert rows == [(0, 2, 1), (1, 3, 2), (1, 4, 0), (3, 4, 2)]
    assert (payload["hashes"], payload["pairs"]) == (5, 4)


def test_against_json(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "hashes.parquet"
    assert main(["dedup", "hash", str(folder / "below"), "-o", str(table)]) == 0
    capsys.readouterr()
    payload = run_json(capsys, "dedup", "against", str(table), str(folder))
    assert payload["indexed"] == 1
    assert [(pair["a"], pair["verdict"]) for pair in payload["pairs"]] == [
        (f"{folder}/0.png", "auto"),
        (f"{folder}/below/copy.jpg", "auto"),
    ]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["scan", "nowhere"], "does not exist"),
        (["scan", "."], "no images"),
        (["scan", ".", "--max-distance", "65"], "65"),
        (["pairs", "nowhere.parquet", "-o", "x.parquet"], "does not exist"),
        (["pairs", "words.parquet", "-o", "x.parquet"], "not a Parquet table"),
        (["pairs", "words.npy", "-o", "x.parquet"], "not a NumPy array"),
        (["pairs", "floats.npy", "-o", "x.parquet"], "float64"),
        (["pairs", "other.parquet", "-o", "x.parquet"], "it has: a, b"),
        (["pairs", "gaps.parquet", "-o", "x.parquet"], "lacks 1 values"),
        (["pairs", "good.npy", "-o", "nowhere/x.parquet"], "is not a folder"),
    ],
)
def test_bad_input_is_named(
    args: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("words.parquet").write_text("words")
    Path("words.npy").write_text("words")
    np.save("floats.npy", np.zeros(3))
    np.save("good.npy", np.zeros(3, dtype=np.uint64))
    pq.write_table(pa.table({"a": [1], "b": [2]}), "other.parquet")
    pq.write_table(pa.table({"phash": pa.array([1, None], pa.uint64())}), "gaps.parquet")
    error = run_json(capsys, "dedup", *args, code=2)["error"]
    assert words in error["message"]
    assert not Path("x.parquet").exists()


def test_help_loads_no_engine() -> None:
    code = (
        "import sys; from synsetlab.cli import main; main(['dedup', 'scan', '--help']); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "synsetlab.cli.dedup" in loaded
    assert not {"numpy", "scipy", "PIL", "pyarrow", "tqdm"} & loaded


def test_scan_keeps_what_is_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    payload = run_json(capsys, "dedup", "scan", str(folder), "--keep", "size,resolution")
    sizes = {path: Path(path).stat().st_size for path in payload["clusters"][0]}
    assert payload["drop"] == [min(sizes, key=sizes.__getitem__)]
    error = run_json(capsys, "dedup", "scan", str(folder), "--keep", "beauty", code=2)["error"]
    assert "'beauty'" in error["message"]


def test_an_index_grows_and_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index, first, more = (str(tmp_path / name) for name in ("an.index", "first.npy", "more.npy"))
    np.save(first, np.array([0, 2**40 - 1], dtype=np.uint64))
    np.save(more, np.array([3, 2**63], dtype=np.uint64))
    assert run_json(capsys, "dedup", "index", "add", index, first)["hashes"] == 2
    grown = run_json(capsys, "dedup", "index", "add", index, more)
    assert (grown["added"], grown["first"], grown["hashes"]) == (2, 2, 4)
    found = str(tmp_path / "found.parquet")
    asked = run_json(capsys, "dedup", "index", "query", index, more, "--max-distance", "2", "-o", found)
    assert (asked["asked"], asked["pairs"], asked["known"]) == (2, 4, 2)
    rows = {(row["i"], row["j"], row["distance"]) for row in pq.read_table(found).to_pylist()}
    assert rows == {(0, 0, 2), (0, 1, 1), (2, 0, 0), (3, 1, 0)}


def test_an_index_refuses_what_it_cannot_compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "asked.npy", np.zeros(1, dtype=np.uint64))
    nowhere = ["dedup", "index", "query", str(tmp_path / "none"), str(tmp_path / "asked.npy")]
    assert main([*nowhere, "-o", str(tmp_path / "found.parquet")]) != 0
    assert "dedup index add" in capsys.readouterr().err
    assert main(["dedup", "index", "add", str(tmp_path), str(tmp_path / "asked.npy")]) != 0
    assert "holds asked.npy and no index" in capsys.readouterr().err
    assert (tmp_path / "asked.npy").exists()
    main(["dedup", "index", "add", str(tmp_path / "an.index"), str(tmp_path / "asked.npy")])
    table = pa.table({"phash": ["0" * 16], "phash_name": ["phash64/draft32-wiener"]})
    pq.write_table(table, tmp_path / "fast.parquet")
    assert main(["dedup", "index", "add", str(tmp_path / "an.index"), str(tmp_path / "fast.parquet")]) != 0
    assert "cannot be compared" in capsys.readouterr().err
