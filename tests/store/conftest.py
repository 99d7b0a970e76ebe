"""A workspace on each kind of database, with two synsets and a few (made-up) pictures."""

from __future__ import annotations

import hashlib

import pytest

from synsetlab.store.workspace import Workspace

DOG, CAT = "n02084071", "n02121620"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def workspace(request, tmp_path):
    database = request.getfixturevalue("postgres")() if request.param == "postgres" else None
    with Workspace.create(tmp_path / "ws", database=database) as made:
        yield made


@pytest.fixture
def filled(workspace):
    """`workspace` with dog and cat and 10 pictures that are candidates for dog."""
    fill(workspace, images=10)
    return workspace


@pytest.fixture
def many(workspace):
    """The same with 60 pictures."""
    fill(workspace, images=60)
    return workspace


@pytest.fixture
def many_on_sqlite(tmp_path):
    """The same, for what only SQLite does."""
    with Workspace.create(tmp_path / "ws", database="sqlite:///workspace.sqlite") as made:
        fill(made, images=60)
        yield made


def fill(workspace, images: int) -> list[str]:
    workspace.writer.add_synsets(
        [
            {"wnid": DOG, "lemmas": ["dog"], "gloss": "a dog", "path": ["entity", "dog"], "chosen": True},
            {"wnid": CAT, "lemmas": ["cat"], "gloss": "a cat", "path": ["entity", "cat"], "chosen": True},
        ],
        [],
    )
    run = workspace.writer.start_import("folder", "made up")
    ids = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(images)]
    workspace.writer.add_images(
        [
            {
                "id": i,
                "format": "JPEG",
                "width": 4,
                "height": 3,
                "bytes": 9,
                "mean_color": "#000000",
                "phash": None,
                "phash_name": None,
            }
            for i in ids
        ],
        [
            {
                "image_id": i,
                "origin": f"{i[:6]}.jpg",
                "name": "",
                "provider": "",
                "licence": "CC0-1.0",
                "author": "",
                "title": "",
                "landing_page": "",
                "import_id": run,
            }
            for i in ids
        ],
        [{"image_id": i, "wnid": DOG, "import_id": run} for i in ids],
    )
    workspace.writer.finish_import(run)
    return ids
