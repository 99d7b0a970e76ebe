"""Layouts of other data sets become candidates; what is no such layout is refused by name."""

from __future__ import annotations

import io
import json
import tarfile

import pytest
from PIL import Image

from synsetlab import Workspace
from synsetlab.candidates.layouts import import_coco, import_ilsvrc, import_imagefolder
from synsetlab.cli import main
from synsetlab.dedup.phash import FAST_INGEST
from synsetlab.errors import InputError

pytestmark = pytest.mark.wordnet
DOG = "n02084071"


def picture(shade):
    file = io.BytesIO()
    Image.new("RGB", (8, 6), (shade, 3, 9)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def workspace(tmp_path):
    with Workspace.create(tmp_path / "ws") as made:
        yield made


@pytest.fixture
def tree(tmp_path):
    for n, place in enumerate((f"train/{DOG}/a.png", f"val/{DOG}/b.png", "test/c.png"), start=1):
        file = tmp_path / "tree" / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(picture(n))
    return tmp_path / "tree"


def test_splits_and_coco_and_tars_bring_in_the_same_pictures(workspace, tree, tmp_path, wordnet):
    assert import_imagefolder(workspace, tree, workers=1).new_images == 2
    document = {
        "images": [{"id": 7, "file_name": "a.png"}],
        "annotations": [{"image_id": 7, "category_id": 3}] * 2,
        "categories": [{"id": 3, "name": "dog"}],
    }
    (tmp_path / "c.json").write_text(json.dumps(document), "utf-8-sig")
    home = tree / "train" / DOG
    assert import_coco(workspace, tmp_path / "c.json", home, {"dog": DOG}, workers=1).known == 1
    with pytest.raises(InputError, match="class 'dog'"):
        import_coco(workspace, tmp_path / "c.json", home)
    document["images"][0]["author"] = "Half a pair \ud83d"
    (tmp_path / "half.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match=r"half.json, the image 7, 'author' holds the character U\+D83D"):
        import_coco(workspace, tmp_path / "half.json", home, {"dog": DOG}, workers=1)
    with tarfile.open(tmp_path / f"{DOG}.tar", "w") as inner:
        inner.add(home / "a.png", "a.JPEG")
    with tarfile.open(tmp_path / "train.tar", "w") as outer:
        outer.add(tmp_path / f"{DOG}.tar", f"{DOG}.tar")
    assert import_ilsvrc(workspace, tmp_path / "train.tar").known == 1
    with pytest.raises(InputError, match="holds no tar of a class"):
        import_ilsvrc(workspace, tmp_path / f"{DOG}.tar")


def test_what_is_no_such_layout(workspace, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(InputError, match="holds no pictures"):
        import_imagefolder(workspace, tmp_path / "empty")
    with pytest.raises(InputError, match="no COCO"):
        import_coco(workspace, tmp_path / "list.json", tmp_path)
    with pytest.raises(InputError, match="no whole tar"):
        import_ilsvrc(workspace, tmp_path / "list.json")


@pytest.mark.parametrize("layout", ["imagefolder", "coco", "ilsvrc"])
def test_every_layout_can_be_imported_fast(tmp_path, tree, layout, wordnet, capsys):
    home = tree / "train" / DOG
    document = {
        "images": [{"id": 7, "file_name": "a.png"}],
        "annotations": [{"image_id": 7, "category_id": 3}],
        "categories": [{"id": 3, "name": DOG}],
    }
    (tmp_path / "c.json").write_text(json.dumps(document))
    with tarfile.open(tmp_path / f"{DOG}.tar", "w") as inner:
        inner.add(home / "a.png", "a.png")
    with tarfile.open(tmp_path / "train.tar", "w") as outer:
        outer.add(tmp_path / f"{DOG}.tar", f"{DOG}.tar")
    given = {
        "imagefolder": [tree],
        "coco": [tmp_path / "c.json", "--images", home],
        "ilsvrc": [tmp_path / "train.tar"],
    }[layout]
    with Workspace.create(tmp_path / "fast"):
        pass
    command = ["import", layout, *map(str, given), "--fast", "-w", str(tmp_path / "fast"), "--json"]
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out)["new_images"] > 0
    with Workspace.open(tmp_path / "fast") as opened:
        assert set(opened.reader.images()["phash_name"]) == {FAST_INGEST}
