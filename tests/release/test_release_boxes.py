"""Boxes of a release: frozen, proved, carried forward, exported, scored; none of sealed pictures."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from synsetlab.benchmark import release_box_truth
from synsetlab.cli import main
from synsetlab.errors import InputError
from synsetlab.release import ReleasePolicy, export_release, freeze, verify_release
from synsetlab.release.verify import load_release

SIDES = ["xmin", "ymin", "xmax", "ymax"]
HEAD = ",".join(["image", "wnid", *SIDES])
POLICY = ReleasePolicy(splits={"train": 0.5, "val": 0.3, "test": 0.2}, sealed=["test"])


def accepted(workspace):
    rows = workspace.reader.questions().query("outcome == 'accepted'").sort_values("image_id")
    return list(zip(rows["image_id"], rows["wnid"], strict=True))


def write_boxes(file, rows):
    file.write_text("\n".join([HEAD, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return file


@pytest.fixture
def frozen(voted, tmp_path):
    """A box around every second accepted picture, one of a picture that is not in the release."""
    rows = [(image, wnid, 0, 0, 1, 2) for image, wnid in accepted(voted)[::2]]
    file = write_boxes(tmp_path / "boxes.csv", [*rows, ("f" * 64, rows[0][1], 0, 0, 1, 1), rows[0]])
    freeze(voted, tmp_path / "v1", policy=POLICY, seed=3, boxes=file)
    return tmp_path / "v1"


def test_boxes_are_a_table_that_verify_proves(frozen, voted, tmp_path):
    tables = load_release(frozen)
    open_rows = tables["images"].query("split != 'test'")
    boxed = set(dict(accepted(voted)[::2]))
    assert set(tables["boxes"]["image_id"]) == boxed & set(open_rows["image_id"])
    counts = json.loads((frozen / "release.json").read_text())["boxes"]
    assert counts["elsewhere"] == 1
    assert counts["pictures"] == len(boxed & set(open_rows["image_id"])) > 0
    assert counts["sealed"] >= len(boxed - set(open_rows["image_id"])) > 0
    assert verify_release(frozen) == []
    freeze(voted, tmp_path / "again", policy=POLICY, seed=3, boxes=tmp_path / "boxes.csv")
    again = {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()}
    assert again == {path.name: path.read_bytes() for path in frozen.iterdir()}
    (frozen / "boxes.parquet").unlink()
    assert verify_release(frozen) == ["boxes.parquet is missing."]
    bare = freeze(voted, tmp_path / "bare", policy=POLICY, seed=3).folder
    assert not (bare / "boxes.parquet").exists()


def test_boxes_are_carried_forward_and_replaced(frozen, voted, tmp_path):
    before = load_release(frozen)["boxes"]
    changed = before.iloc[0]
    name = load_release(frozen)["images"].set_index("image_id").loc[changed["image_id"], "export_name"]
    file = write_boxes(tmp_path / "new.csv", [(name, changed["wnid"], 1, 1, 2, 2)])
    policy = ReleasePolicy(splits=POLICY.splits, sealed=["test"], version="1.1.0")
    freeze(voted, tmp_path / "v2", policy=policy, seed=3, previous=frozen, boxes=file)
    after = load_release(tmp_path / "v2")["boxes"]
    assert after.iloc[0].tolist() == [changed["image_id"], changed["wnid"], 1, 1, 2, 2]
    assert after.iloc[1:].to_numpy().tolist() == before.iloc[1:].to_numpy().tolist()
    assert verify_release(tmp_path / "v2", frozen) == []
    wrong = write_boxes(tmp_path / "wrong.csv", [("nothing.JPEG", changed["wnid"], 1, 1, 2, 2)])
    with pytest.raises(InputError, match=r"wrong.csv, line 2: no picture 'nothing.JPEG'"):
        freeze(voted, tmp_path / "v3", policy=POLICY, boxes=wrong)
    assert not (tmp_path / "v3").exists()


def test_boxes_are_exported_and_scored(frozen, voted, tmp_path, capsys):
    export_release(frozen, tmp_path / "coco", "coco", workspace=voted)
    held = load_release(frozen)["boxes"]
    found = [json.loads(path.read_text()) for path in (tmp_path / "coco").rglob("instances_*.json")]
    assert sum(len(one["annotations"]) for one in found) == len(held)
    export_release(frozen, tmp_path / "tv", "torchvision", workspace=voted)
    boxes = [box for path in (tmp_path / "tv").rglob("*.xml") for box in ET.parse(path).iter("bndbox")]
    assert len(boxes) == len(held)
    truth = release_box_truth(frozen, "val")
    images = load_release(frozen)["images"].query("split == 'val'")
    assert truth["image"].tolist() == sorted(images["export_name"])
    guesses = truth.rename(columns={"wnid": "prediction"}).fillna(dict.fromkeys(SIDES, 0))
    guesses.to_csv(tmp_path / "guesses.csv", index=False)
    given = ["--release", str(frozen), "--predictions", str(tmp_path / "guesses.csv")]
    assert main(["evaluate", "--task", "localization", *given, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["top1_error"] == 0
    assert report["localization_error"] == truth["xmin"].isna().mean()
    with pytest.raises(InputError, match="is sealed"):
        release_box_truth(frozen, "test")
