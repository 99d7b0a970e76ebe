from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest

from synsetlab.dedup import index as module
from synsetlab.dedup.hamming import Pairs, pairs_within, query
from synsetlab.dedup.index import HammingIndex
from synsetlab.errors import InputError, SynsetlabError

if TYPE_CHECKING:
    from pathlib import Path

Hashes = npt.NDArray[np.uint64]


def near(seed: int, n: int) -> Hashes:
    """Hashes, a third of them up to 12 bits from others, one of them often."""
    rng = np.random.default_rng(seed)
    hashes = rng.integers(0, 2**64, n, dtype=np.uint64)
    for place in range(0, n, 3):
        flips = np.uint64(sum(1 << int(bit) for bit in rng.choice(64, rng.integers(0, 13), replace=False)))
        hashes[place] = hashes[rng.integers(0, n)] ^ flips
    hashes[5::40] = hashes[5]
    return hashes


def same(one: Pairs, other: Pairs) -> bool:
    return all(np.array_equal(mine, theirs) for mine, theirs in zip(one, other, strict=True))


@pytest.mark.parametrize("radius", range(13))
def test_looking_up_equals_the_join(radius: int, tmp_path: Path) -> None:
    hashes, asked = near(1, 900), near(1, 900)[::7] ^ np.uint64(radius & 1)
    index = HammingIndex(tmp_path / "index", create=True)
    for begin, end in ((0, 600), (600, 610), (610, 900)):
        assert index.add(hashes[begin:end]) == range(begin, end)
    truth = query(hashes, asked, radius)
    assert truth.i.size
    assert same(HammingIndex(tmp_path / "index").query(asked, radius), truth)


def test_adding_brings_the_pairs_of_what_is_new(tmp_path: Path) -> None:
    hashes = near(2, 600)
    index = HammingIndex(tmp_path, create=True)
    index.add(hashes[:400])
    before = index.pairs(6)
    new = index.add(hashes[400:])
    brought = index.pairs(6, since=new.start)
    everything = pairs_within(hashes, 6)
    assert same(index.pairs(6), everything)
    assert before.i.size + brought.i.size == everything.i.size
    assert (brought.j >= 400).all()


def test_what_is_large_stays_and_small_segments_merge(tmp_path: Path) -> None:
    hashes = near(3, 500)
    index = HammingIndex(tmp_path, create=True)
    index.add(hashes[:400])
    first = (tmp_path / "00000001.ids.npy").stat().st_mtime_ns
    for place in range(400, 440):
        index.add(hashes[place : place + 1])
    assert (tmp_path / "00000001.ids.npy").stat().st_mtime_ns == first
    assert len(list(tmp_path.glob("*.ids.npy"))) <= 7
    assert np.array_equal(index.hashes, hashes[:440])
    assert len(index) == 440


def test_killed_while_adding_the_index_is_as_it_was(tmp_path: Path) -> None:
    index = HammingIndex(tmp_path, create=True)
    index.add(near(4, 100))
    code = (
        "import os, signal, sys, numpy as np\n"
        "from synsetlab.dedup.index import HammingIndex\n"
        "HammingIndex._write_manifest = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "HammingIndex(sys.argv[1]).add(np.arange(10, dtype=np.uint64))\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    left = HammingIndex(tmp_path)
    assert np.array_equal(left.hashes, near(4, 100))
    left.add(np.arange(10, dtype=np.uint64))
    assert len(HammingIndex(tmp_path)) == 110
    assert len(list(tmp_path.glob("*.ids.npy"))) == len(
        json.loads((tmp_path / "index.json").read_text())["segments"]
    )


def test_two_writers_do_not_mix(tmp_path: Path) -> None:
    fcntl = pytest.importorskip("fcntl")
    index = HammingIndex(tmp_path, create=True)
    with (tmp_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(SynsetlabError, match="Another process"):
            index.add(near(5, 9))


def test_hashes_of_different_names_never_meet(tmp_path: Path) -> None:
    index = HammingIndex(tmp_path, create=True, hash_name="phash64/draft64")
    with pytest.raises(InputError, match="cannot be added"):
        index.add(near(1, 9), hash_name="phash64")
    with pytest.raises(InputError, match="cannot be compared"):
        HammingIndex(tmp_path, hash_name="phash64")


def test_what_is_no_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no index"):
        HammingIndex(tmp_path)
    index = HammingIndex(tmp_path, create=True)
    with pytest.raises(InputError, match="float64"):
        index.add(np.zeros(3))
    assert index.query(near(1, 9), 3).i.size == 0
    assert index.add(np.zeros(0, dtype=np.uint64)) == range(0)
    with pytest.raises(InputError, match="no id 7"):
        index.pairs(3, since=7)
    (tmp_path / "index.json").write_text("{}")
    with pytest.raises(InputError, match="not the manifest"):
        HammingIndex(tmp_path)


def test_many_candidates_are_compared_a_part_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes = near(6, 300)
    index = HammingIndex(tmp_path, create=True)
    index.add(hashes)
    whole = index.query(hashes, 9)
    monkeypatch.setattr(module, "_CANDIDATES", 5)
    assert same(index.query(hashes, 9), whole)
    with pytest.raises(SynsetlabError, match="more than 10"):
        index.query(hashes, 9, max_pairs=10)
