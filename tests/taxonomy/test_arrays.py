"""The file of arrays: all or nothing; rows and strings come back as they went in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synsetlab.taxonomy.arrays import Csr, Texts, open_arrays, write_arrays

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=8)


def test_round_trip(tmp_path):
    arrays = {
        "a": np.array([1, -2, 3], np.int32),
        "none": np.array([], np.int32),
        "b": np.array([255], np.uint8),
    }
    write_arrays(tmp_path / "x", {"k": "v"}, arrays)
    meta, back = open_arrays(tmp_path / "x")
    assert meta == {"k": "v"}
    assert {name: (array.tolist(), array.dtype) for name, array in back.items()} == {
        name: (array.tolist(), array.dtype) for name, array in arrays.items()
    }
    assert not back["a"].flags.writeable


def test_the_same_arrays_give_the_same_bytes(tmp_path):
    for name in ("x", "y"):
        write_arrays(tmp_path / name, {"k": 1}, {"a": np.arange(9, dtype=np.int32)})
    assert (tmp_path / "x").read_bytes() == (tmp_path / "y").read_bytes()


def test_a_failed_write_leaves_what_was_there(tmp_path):
    class Breaks(np.ndarray):
        def astype(self, *_args, **_kwargs):
            raise KeyboardInterrupt

    write_arrays(tmp_path / "x", {}, {"a": np.zeros(3, np.int32)})
    with pytest.raises(KeyboardInterrupt):
        write_arrays(tmp_path / "x", {}, {"a": np.ones(3, np.int32), "b": np.ones(3, np.int32).view(Breaks)})
    assert open_arrays(tmp_path / "x")[1]["a"].tolist() == [0, 0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


KILLED = """
import os, signal, sys
import numpy as np
from pathlib import Path
from synsetlab.taxonomy import arrays
arrays.os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)  # all is written, nothing renamed
arrays.write_arrays(Path(sys.argv[1]), {}, {"a": np.ones(100_000, np.int32)})
"""


@pytest.mark.parametrize("before", [True, False])
def test_a_killed_writer_leaves_what_was_there(tmp_path, before):
    path = tmp_path / "x"
    if before:
        write_arrays(path, {}, {"a": np.zeros(3, np.int32)})
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.exists() == before
    (left,) = tmp_path.glob(".x-*")
    if before:
        assert open_arrays(path)[1]["a"].tolist() == [0, 0, 0]
    os.utime(left, (0, 0))  # what a writer of long ago left goes with the next one
    write_arrays(path, {}, {"a": np.ones(3, np.int32)})
    assert open_arrays(path)[1]["a"].tolist() == [1, 1, 1]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("keep", [0, 4, 20, 100, -1])
def test_a_cut_file_is_refused(tmp_path, keep):
    write_arrays(tmp_path / "x", {}, {"a": np.arange(99, dtype=np.int32)})
    (tmp_path / "x").write_bytes((tmp_path / "x").read_bytes()[:keep])
    with pytest.raises(ValueError):  # noqa: PT011 - its kinds are told apart by no caller
        open_arrays(tmp_path / "x")


def test_other_types_are_refused(tmp_path):
    with pytest.raises(TypeError, match="float64"):
        write_arrays(tmp_path / "x", {}, {"a": np.zeros(3)})


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5))), st.lists(st.integers(0, 5)))
def test_rows(pairs, which):
    rows, values = np.array(pairs, np.int32).reshape(-1, 2).T
    csr = Csr.from_pairs(rows, values, 6)
    expected = {i: sorted(b for a, b in pairs if a == i) for i in range(6)}
    assert {i: csr.row(i).tolist() for i in range(6)} == expected
    assert csr.lengths().tolist() == [len(expected[i]) for i in range(6)]
    assert csr.rows(np.array(which, np.int32)).tolist() == [value for i in which for value in expected[i]]
    back = csr.transpose(6)
    assert {i: back.row(i).tolist() for i in range(6)} == {
        i: sorted(a for a, b in pairs if b == i) for i in range(6)
    }


@given(st.lists(TEXT, unique=True), TEXT)
def test_sorted_strings_are_found_whole_and_by_their_beginning(strings, key):
    strings.sort(key=str.encode)
    texts = Texts.pack(strings)
    assert [texts[i] for i in range(len(texts))] == strings
    assert texts.find(key) == (strings.index(key) if key in strings else -1)
    low, high = texts.prefix_range(key)
    assert strings[low:high] == [string for string in strings if string.startswith(key)]
