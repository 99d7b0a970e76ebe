"""Pictures that cannot be written: the folder and the remedy are named, and nothing half is left."""

from __future__ import annotations

import contextlib

import pytest

from synsetlab.errors import WorkspaceError
from synsetlab.store.blobs import BlobStore


@contextlib.contextmanager
def files_end_at(size: int):
    """No file of this process grows beyond `size` bytes: it is written up to there, as on a full disk."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_picture_that_has_no_room_leaves_nothing(tmp_path):
    blobs, data = BlobStore(str(tmp_path / "blobs")), b"x" * 300_000
    for keep in (blobs.put, lambda data: blobs.put_thumbnail("ab" * 32, data)):
        with files_end_at(100_000), pytest.raises(WorkspaceError) as caught:
            keep(data)
        assert str(tmp_path / "blobs") in caught.value.message
        assert "Make room" in caught.value.remedy
        assert str(tmp_path) not in caught.value.shown
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert blobs.get(blobs.put(data)) == data


def test_a_folder_that_is_none(tmp_path):
    (tmp_path / "blobs").write_text("a file")
    with pytest.raises(WorkspaceError, match=r"cannot be written into .*blobs: "):
        BlobStore(str(tmp_path / "blobs")).put(b"x")
