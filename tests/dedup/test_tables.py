from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from synsetlab.cli import main
from synsetlab.dedup.entropy import limits, measure
from synsetlab.dedup.phash import FAST, to_hex
from synsetlab.dedup.tables import read_hashes
from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PIL import Image


def run(capsys: pytest.CaptureFixture[str], *args: str, code: int = 0) -> dict[str, Any]:
    assert main(["dedup", *args, "--json"]) == code
    out = capsys.readouterr().out
    answer: dict[str, Any] = json.loads(out)
    return answer


def release(path: Path, hashes: list[str], names: list[str] | None = None) -> Path:
    n = len(hashes)
    pq.write_table(
        pa.table(
            {
                "image_id": [f"{place:064}" for place in range(n)],
                "split": ["train", "val"] * (n // 2) + ["train"] * (n % 2),
                "wnid": ["n02084071"] * n,
                "phash": hashes,
                "phash_name": names or ["phash64/imagehash" if value else "" for value in hashes],
            }
        ),
        path,
    )
    return path


def test_a_release_is_a_table_of_hashes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = release(tmp_path / "images.parquet", ["", "00000000000000ff", "", "00000000000000FE"])
    table = read_hashes(str(source))
    assert table.rows.tolist() == [1, 3]
    assert table.phash.tolist() == [255, 254]
    assert table.sha256[0] == f"{1:064}"
    bare = read_hashes(str(source), texts=False)
    assert (bare.phash.tolist(), bare.paths, bare.sha256, bare.splits) == ([255, 254], [], [], [])
    answer = run(capsys, "pairs", str(source), "-o", str(tmp_path / "pairs.parquet"))
    assert answer["hashes"] == 2
    assert pq.read_table(tmp_path / "pairs.parquet").to_pylist() == [{"i": 1, "j": 3, "distance": 1}]


def test_leaks_are_counted_by_split(
    photo: Callable[..., Image.Image], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(3):
        photo(seed).save(folder / f"{seed}.png")
    assert main(["dedup", "hash", str(folder), "-o", str(tmp_path / "hashes.parquet")]) == 0
    capsys.readouterr()
    hashes = [to_hex(value) for value in read_hashes(str(tmp_path / "hashes.parquet")).phash.tolist()]
    source = release(tmp_path / "images.parquet", [hashes[0], hashes[1], "0123456789abcdef"])
    answer = run(capsys, "against", str(source), str(folder))
    assert (answer["known"], answer["to_review"]) == (2, 0)
    assert answer["by_split"] == {"train": 1, "val": 1}
    assert answer["by_wnid"] == {"n02084071": 2}
    assert answer["auto_distance"] == 3


def test_hashes_of_different_names_are_never_compared(
    photo: Callable[..., Image.Image], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo(1).save(tmp_path / "1.png")
    mixed = release(tmp_path / "images.parquet", ["0" * 16, "1" * 16], ["phash64/imagehash", FAST])
    assert (
        "different kinds" in run(capsys, "pairs", str(mixed), "-o", "x.parquet", code=2)["error"]["message"]
    )
    fast = release(tmp_path / "images.parquet", ["0" * 16], [FAST])
    error = run(capsys, "against", str(fast), str(tmp_path), code=2)["error"]
    assert "cannot be compared" in error["message"]


@pytest.mark.parametrize("value", ["xyz", "0x00000000000000", "123", "-000000000000001", "", "NaN"])
def test_text_that_is_no_hash_names_its_row(value: str, tmp_path: Path) -> None:
    pq.write_table(pa.table({"phash": ["00000000000000ff", value]}), tmp_path / "hashes.parquet")
    with pytest.raises(InputError, match="in row 2 is not a hash of 16 hexadecimal digits"):
        read_hashes(str(tmp_path / "hashes.parquet"))


@pytest.mark.parametrize("values", [np.array([1.0, np.nan]), np.array([-1], np.int32), np.array([True])])
def test_numbers_that_are_no_hashes_are_refused(values: np.ndarray[Any, Any], tmp_path: Path) -> None:
    np.save(tmp_path / "hashes.npy", values)
    pq.write_table(pa.table({"phash": values}), tmp_path / "hashes.parquet")
    for name in ("hashes.npy", "hashes.parquet"):
        with pytest.raises(InputError, match=str(values.dtype)):
            read_hashes(str(tmp_path / name))


def test_no_hashes_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "none.npy", np.zeros(0, dtype=np.uint64))
    pq.write_table(pa.table({"phash": pa.array([], pa.uint64())}), tmp_path / "none.parquet")
    for name in ("none.npy", "none.parquet"):
        answer = run(capsys, "pairs", str(tmp_path / name), "-o", str(tmp_path / "pairs.parquet"))
        assert (answer["hashes"], answer["pairs"]) == (0, 0)
        assert pq.read_table(tmp_path / "pairs.parquet").num_rows == 0


def test_fair_bits_have_all_their_entropy() -> None:
    chance = measure(np.random.default_rng(3).integers(0, 2**64, 50_000, dtype=np.uint64))
    assert chance.entropy_bits == pytest.approx(64, abs=0.5)
    # 83,278,001 values lie within 6 bits of any, a coin throw each (sum of binomials).
    assert chance.within[6] == pytest.approx(83_278_001 / 2**64, rel=0.1)
    trusted = limits(chance, 14_197_122)
    assert (trusted.auto, trusted.verify) == (3, 6)


def test_telling_bits_move_the_defaults() -> None:
    rng = np.random.default_rng(4)
    chances = rng.beta(0.5, 0.5, 64)
    hashes = np.zeros(50_000, dtype=np.uint64)
    for bit, chance in enumerate(chances):
        hashes |= (rng.random(hashes.size) < chance).astype(np.uint64) << np.uint64(bit)
    measured = measure(hashes)
    assert measured.entropy_bits < 45
    distance = np.bitwise_count(hashes[:25_000] ^ hashes[25_000:])
    found = int((distance <= 12).sum())
    assert measured.within[12] * 25_000 == pytest.approx(found, abs=5 * max(found, 1) ** 0.5 + 3)
    trusted = limits(measured, 14_197_122)
    assert trusted.auto < 3
    assert trusted.verify < 6


def test_bits_that_repeat_each_other_count_once() -> None:
    half = np.random.default_rng(5).integers(0, 2**32, 20_000, dtype=np.uint64)
    assert measure(half | (half << np.uint64(32))).entropy_bits == pytest.approx(32, abs=1)
    assert limits(measure(half[:10]), 10).verify == 6
