"""Exports: read back by readers of their formats, sealed labels kept, finished after a kill."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import pickle
import shutil
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import scipy.io

from synsetlab.cli import main
from synsetlab.errors import InputError, ReleaseError
from synsetlab.release import ReleasePolicy, export_release, freeze, open_sealed
from synsetlab.release.exports import FORMATS, run_export
from synsetlab.release.verify import load_release

POLICY = ReleasePolicy(splits={"train": "rest", "val": 5, "test": 5}, sealed=["test"], name="toys")
DEVKIT = "ILSVRC2012_devkit_t12"


@pytest.fixture
def frozen(voted, tmp_path):
    return freeze(voted, tmp_path / "v1", policy=POLICY).folder


@pytest.fixture
def images(frozen):
    return load_release(frozen)["images"]


@pytest.fixture
def export(voted, frozen, tmp_path):
    def make(name, **options):
        made = run_export(frozen, tmp_path / name, name, workspace=voted, **options)
        assert made.files == sum(path.is_file() for path in made.folder.rglob("*"))
        return made.folder

    return make


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def lines(path):
    return path.read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_twice_gives_the_same_bytes_and_no_sealed_label(voted, frozen, tmp_path, name):
    first = run_export(frozen, tmp_path / "a", name, workspace=voted)
    run_export(frozen, tmp_path / "b", name, workspace=voted, link=True)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert first.files == len(contents(tmp_path / "a")) > 0
    export_release(frozen, tmp_path / "a", name, workspace=voted)  # finished already: nothing changes
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    secrets = open_sealed(frozen)
    tests = set(secrets["image_id"]) | {Path(n).stem for n in secrets["export_name"]}
    for path in (tmp_path / "a").rglob("*"):
        place = path.relative_to(tmp_path / "a").as_posix()
        assert not any(name in place and wnid in place for name in tests for wnid in set(secrets["wnid"]))
        if path.suffix in {".json", ".jsonl", ".csv", ".txt"}:
            for line in lines(path):
                if any(name in line for name in tests):
                    assert not any(wnid in line for wnid in set(secrets["wnid"]))
    assert not list(tmp_path.glob(".*"))


def test_ilsvrc_archives_and_devkit(voted, images, export):
    folder = export("ilsvrc")
    train = images[images["split"] == "train"]
    found = {}
    with tarfile.open(folder / "ILSVRC2012_img_train.tar") as outer:
        assert outer.getnames() == sorted(f"{wnid}.tar" for wnid in set(train["wnid"]))
        for member in outer:
            assert (member.mtime, member.uid, member.uname) == (0, 0, "")
            with tarfile.open(fileobj=outer.extractfile(member)) as inner:
                for name in inner.getnames():
                    found[name] = inner.extractfile(name).read()
    assert found == {
        f"{Path(row.export_name).stem}.JPEG": voted.blobs.get(row.image_id) for row in train.itertuples()
    }
    meta = scipy.io.loadmat(folder / DEVKIT / "data" / "meta.mat", squeeze_me=True)["synsets"]
    rows = list(zip(*(meta[name] for name in meta.dtype.names), strict=True))
    assert meta.dtype.names[:5] == ("ILSVRC2012_ID", "WNID", "words", "gloss", "num_children")
    leaves = {int(row[0]): row[1] for row in rows if row[4] == 0}
    assert leaves == dict(enumerate(sorted(set(images["wnid"].dropna())), start=1))
    truth = lines(folder / DEVKIT / "data" / "ILSVRC2012_validation_ground_truth.txt")
    val = images[images["split"] == "val"]
    assert [leaves[int(line)] for line in truth] == list(val["wnid"])
    with tarfile.open(folder / "ILSVRC2012_img_val.tar") as tar:
        assert tar.getnames() == [f"ILSVRC2012_val_{n:08d}.JPEG" for n in range(1, len(val) + 1)]
        pictures = [tar.extractfile(name).read() for name in tar.getnames()]
    assert pictures == [voted.blobs.get(image) for image in val["image_id"]]
    assert not (folder / DEVKIT / "data" / "ILSVRC2012_test_ground_truth.txt").exists()
    with tarfile.open(folder / f"{DEVKIT}.tar.gz") as kit:
        packed = kit.extractfile(f"{DEVKIT}/data/meta.mat").read()
    assert packed == (folder / DEVKIT / "data" / "meta.mat").read_bytes()


def test_heights_in_the_devkit_are_those_of_all_of_wordnet(export, wordnet):
    """In the release they are leaves; in WordNet there are breeds below them."""
    data = export("ilsvrc") / DEVKIT / "data"
    meta = scipy.io.loadmat(data / "meta.mat", squeeze_me=True)["synsets"]
    heights = dict(zip(meta["WNID"], meta["wordnet_height"], strict=True))
    assert heights == {"n02084071": 5, "n02121620": 3, "n02374451": 4}


def test_extracted_ilsvrc_as_torchvision_reads_it(images, export):
    """The documented reader: split/wnid/ folders, and meta.bin with words by wnid and val's wnids."""
    folder = export("torchvision")
    with zipfile.ZipFile(folder / "meta.bin") as archive:
        assert archive.read("meta/version") == b"3\n"
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
        words, val = pickle.load(io.BytesIO(archive.read("meta/data.pkl")))
    classes = sorted(path.name for path in (folder / "train").iterdir())
    assert [words[wnid] for wnid in classes] == [(wnid,) for wnid in classes]
    numbered = sorted((path.name, path.parent.name) for path in (folder / "val").rglob("*.JPEG"))
    assert [wnid for _, wnid in numbered] == val == list(images[images["split"] == "val"]["wnid"])
    torch = pytest.importorskip("torch", reason="torch is not installed: meta.bin is read by our own reader")
    assert torch.load(folder / "meta.bin", weights_only=True) == (words, val)


def test_a_killed_train_archive_is_gone_on_with(voted, frozen, tmp_path):
    script = (
        "import os, sys\n"
        "from synsetlab import Workspace\n"
        "from synsetlab.release import export_release\n"
        "from synsetlab.release.exports.layout import Export\n"
        "real, left = Export.read, [int(sys.argv[4])]\n"
        "def read(self, row):\n"
        "    left[0] -= 1\n"
        "    if left[0] < 0: os._exit(9)\n"
        "    return real(self, row)\n"
        "Export.read = read\n"
        "with Workspace.open(sys.argv[1]) as workspace:\n"
        "    export_release(sys.argv[2], sys.argv[3], 'ilsvrc', workspace=workspace)\n"
    )
    export_release(frozen, tmp_path / "whole", "ilsvrc", workspace=voted)
    target = tmp_path / "killed"
    arguments = [sys.executable, "-c", script, str(tmp_path / "ws"), str(frozen), str(target)]
    done = subprocess.run([*arguments, "45"], check=False)
    assert done.returncode == 9
    assert not target.exists()
    part = tmp_path / ".killed.exporting" / "parts" / "train.tar"
    assert part.stat().st_size > 512
    with part.open("r+b") as file:  # as a kill within a write leaves it
        file.seek(0, 2)
        file.truncate(file.tell() - 100)
    export_release(frozen, target, "ilsvrc", workspace=voted)
    assert contents(target) == contents(tmp_path / "whole")
    assert not list(tmp_path.glob(".killed*"))


def test_boxes_in_coco_voc_and_kaggle(images, export, tmp_path):
    row = images[images["split"] == "val"].iloc[0]
    closed = images[images["split"] == "test"].iloc[0]
    boxes = tmp_path / "boxes.csv"
    boxes.write_bytes(
        b"\xef\xbb\xbfimage,wnid,xmin,ymin,xmax,ymax,note\r\n"
        + f"{row.export_name},{row.wnid},0,1,2,2,x\r\n{closed.image_id},n02084071,0,0,1,1,\r\n".encode()
    )
    coco = json.loads((export("coco", boxes=boxes) / "annotations" / "instances_val.json").read_text("utf-8"))
    (box,) = coco["annotations"]
    assert (box["bbox"], box["area"]) == ([0, 1, 3, 2], 6)
    names = {image["id"]: image["file_name"] for image in coco["images"]}
    categories = {category["id"]: category["name"] for category in coco["categories"]}
    assert names[box["image_id"]], categories[box["category_id"]] == (row.export_name, row.wnid)
    number = list(images[images["split"] == "val"]["image_id"]).index(row.image_id) + 1
    name = f"ILSVRC2012_val_{number:08d}"
    for home in (export("ilsvrc", boxes=boxes) / "Annotations",
                 export("kaggle", boxes=boxes) / "ILSVRC" / "Annotations" / "CLS-LOC"):  # fmt: skip
        (file,) = home.rglob("*.xml")
        voc = ET.fromstring(file.read_text("utf-8"))
        assert file.relative_to(home) == Path("val", f"{name}.xml")
        assert [voc.findtext(f"object/bndbox/{side}") for side in ("xmin", "ymin", "xmax", "ymax")] == [
            *"0122"
        ]
    with (tmp_path / "kaggle" / "LOC_val_solution.csv").open(encoding="utf-8") as file:
        solution = {line["ImageId"]: line["PredictionString"] for line in csv.DictReader(file)}
    assert solution[name].split() == [row.wnid, "0", "1", "2", "2"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("nobody,n02084071,0,0,1,1", "no picture"),
        ("{},n02084071,5,0,1,1", "no box"),
        ("{},n02084071,a,0,1,1", "number"),
    ],
)
def test_boxes_that_cannot_be_used(voted, frozen, tmp_path, line, why):
    images = load_release(frozen)["images"]
    open_ = images[images["wnid"].notna()].iloc[0]
    (tmp_path / "b.csv").write_text(f"image,wnid,xmin,ymin,xmax,ymax\n{line.format(open_.image_id)}\n")
    with pytest.raises(InputError, match=f"line 2.*{why}"):
        run_export(frozen, tmp_path / "x", "coco", workspace=voted, boxes=tmp_path / "b.csv")
    assert not (tmp_path / "x").exists()


def test_webdataset_samples_and_sums(voted, images, export):
    folder = export("webdataset")
    for line in lines(folder / "SHA256SUMS"):
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    classes = lines(folder / "classes.txt")
    for split, rows in images.groupby("split"):
        (shard,) = json.loads((folder / f"{split}-index.json").read_text())["shardlist"]
        assert shard["nsamples"] == len(rows)
        with tarfile.open(folder / shard["url"]) as tar:
            members = {name: tar.extractfile(name).read() for name in tar.getnames()}
        for row in rows.itertuples():
            key = Path(row.export_name).stem
            assert members[f"{key}.jpg"] == voted.blobs.get(row.image_id)
            assert (f"{key}.cls" in members) == (split != "test")
            if split != "test":
                assert classes[int(members[f"{key}.cls"])] == row.wnid


def test_hugging_face_folder_and_parquet(voted, images, export):
    folder, parquet = export("huggingface"), export("huggingface-parquet")
    classes = sorted(set(images["wnid"].dropna()))
    for split, rows in images.groupby("split"):
        listed = [json.loads(line) for line in lines(folder / "data" / split / "metadata.jsonl")]
        assert [row["file_name"] for row in listed] == list(rows["export_name"])
        assert all((folder / "data" / split / row["file_name"]).is_file() for row in listed)
        table = pd.read_parquet(parquet / "data" / f"{split}-00000-of-00001.parquet")
        assert [image["bytes"] for image in table["image"]] == [voted.blobs.get(i) for i in rows["image_id"]]
        wanted = [classes.index(wnid) if isinstance(wnid, str) else -1 for wnid in rows["wnid"]]
        assert list(table["label"]) == [row["label"] for row in listed] == wanted


def test_votes_and_label_studio_tell_the_same(frozen, export):
    tables = load_release(frozen)
    votes = pd.read_csv(export("votes") / "votes.csv", dtype=str, keep_default_na=False)
    assert list(votes.columns[:3]) == ["task", "worker", "label"]
    told = {(row.image_id, row.wnid, row.annotator, row.answer) for row in tables["votes"].itertuples()}
    assert set(votes[["image_id", "wnid", "worker", "label"]].itertuples(index=False, name=None)) == told
    tasks = json.loads((export("label-studio") / "tasks.json").read_text("utf-8"))
    assert told == {
        (task["data"]["image_id"], task["data"]["wnid"], note["meta"]["annotator"],
         note["result"][0]["value"]["choices"][0])
        for task in tasks for note in task["annotations"]
    }  # fmt: skip
    outcomes = {(r.image_id, r.wnid): r.outcome for r in tables["decisions"].itertuples()}
    for task in tasks:
        (decision,) = task["predictions"]
        said = {"accepted": "yes", "rejected": "no"}[outcomes[task["data"]["image_id"], task["data"]["wnid"]]]
        assert decision["result"][0]["value"]["choices"] == [said]


def test_fiftyone_folder(images, export):
    folder = export("fiftyone")
    for split, rows in images.groupby("split"):
        found = json.loads((folder / split / "labels.json").read_text("utf-8"))
        stems = {path.stem: path for path in (folder / split / "data").iterdir()}
        assert set(found["labels"]) == set(stems) == {Path(name).stem for name in rows["export_name"]}
        for row in rows.itertuples():
            label = found["labels"][Path(row.export_name).stem]
            assert (found["classes"][label] if label is not None else None) == row.wnid or split == "test"


def test_croissant_names_every_column(frozen, export):
    folder = export("croissant")
    document = json.loads((folder / "croissant.json").read_text("utf-8"))
    tables = load_release(frozen)
    for records in document["recordSet"]:
        assert [field["name"] for field in records["field"]] == list(tables[records["name"]])
    for file in document["distribution"]:
        assert hashlib.sha256((folder / file["contentUrl"]).read_bytes()).hexdigest() == file["sha256"]
    program = shutil.which("mlcroissant", path=Path(sys.executable).parent)
    if program is None:
        pytest.skip("mlcroissant is not installed (the dev extra has it)")
    # In processes of their own: their imports warn, and warnings are errors here.
    for given in (["validate"], ["load", "--record_set", "images", "--num_records", "-1"]):
        command = [program, *given, "--jsonld", str(folder / "croissant.json")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "Done" in done.stderr or "Done" in done.stdout
        assert "WARNING" not in done.stderr.upper().replace("DEPRECATIONWARNING", "")
    read = done.stdout + done.stderr
    assert all(image in read for image in tables["images"]["image_id"])


def test_no_export_among_other_files_or_into_the_release(voted, frozen, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "mine.txt").write_text("mine")
    with pytest.raises(ReleaseError, match=r"1 files that are no part.*mine.txt"):
        export_release(frozen, tmp_path / "x", "imagefolder", workspace=voted)
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["mine.txt"]
    for folder in (frozen, frozen / "inside"):
        with pytest.raises(InputError, match="is in the release"):
            export_release(frozen, folder, "imagefolder", workspace=voted)
    with pytest.raises(InputError, match="Give the workspace"):
        export_release(frozen, tmp_path / "y", "coco")
    with pytest.raises(InputError, match="is not a folder"):
        export_release(frozen, tmp_path / "x" / "mine.txt", "votes")


def test_command_lists_formats_and_links(voted, frozen, tmp_path, capsys):
    voted.close()
    assert main(["export", "--list", "--json"]) == 0
    assert {row["name"] for row in json.loads(capsys.readouterr().out)["formats"]} == set(FORMATS)
    given = ["export", str(frozen), "-o", str(tmp_path / "x"), "-w", str(tmp_path / "ws"), "--json"]
    assert main([*given, "--link"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["format"], made["left_out"]) == ("imagefolder", [])
    assert all(path.stat().st_nlink == 2 for path in (tmp_path / "x").rglob("*.JPEG"))
    assert main([*given, "--format", "tar"]) == 2
    assert "webdataset" in capsys.readouterr().out
    assert main(["export", str(frozen), "--json"]) == 2
