"""Sealed labels: nothing in the folder tells them, their file opens every one."""

from __future__ import annotations

import stat

import pandas as pd
import pytest

from synsetlab.errors import ReleaseError
from synsetlab.release import (
    ReleasePolicy,
    Sampling,
    check_gates,
    diff_releases,
    export_release,
    freeze,
    open_sealed,
    verify_release,
)
from synsetlab.release.verify import load_release, read_release

POLICY = ReleasePolicy(splits={"train": "rest", "test": 5}, sealed=["test"])


@pytest.fixture
def frozen(voted, tmp_path):
    return freeze(voted, tmp_path / "v1", policy=POLICY, seed=3)


def test_nothing_in_the_release_tells_a_sealed_label(voted, frozen):
    tables = load_release(frozen.folder)
    images = tables["images"]
    sealed = images[images["split"] == "test"]
    assert len(sealed) == 15
    assert sealed[["wnid", "asked_wnid", "url"]].isna().all(axis=None)
    assert not sealed["export_name"].str.contains("n0").any()
    hidden = set(sealed["image_id"])
    clusters = set(sealed["cluster_id"])
    every = voted.reader.images()
    hidden |= set(every.loc[every["cluster_id"].isin(clusters), "id"])
    for name in ("votes", "decisions"):
        assert not hidden & set(tables[name]["image_id"])
        assert set(tables[name]["image_id"])
    origins = tables["licences"].set_index("image_id").loc[list(sealed["image_id"]), "origin"]
    assert (origins == "withheld-1").all()
    assert tables["annotators"]["votes"].sum() == 360  # their records are over all their votes


def test_the_sealed_file_opens_each_label(voted, frozen):
    assert frozen.sealed is not None
    assert stat.S_IMODE(frozen.sealed.stat().st_mode) == 0o600
    opened = open_sealed(frozen.folder)
    truth = voted.reader.questions().set_index("image_id")["wnid"]
    assert (opened["wnid"] == opened["image_id"].map(truth)).all()
    assert opened["wnid"].value_counts().tolist() == [5, 5, 5]
    assert verify_release(frozen.folder) == []


@pytest.mark.parametrize("damage", ["label", "salt", "short", "header", "missing"])
def test_a_file_that_does_not_open_them_is_refused(frozen, damage):
    text = frozen.sealed.read_text()
    lines = text.splitlines()
    if damage == "label":
        wnid = lines[1].split(",")[1]
        other = next(line.split(",")[1] for line in lines[2:] if line.split(",")[1] != wnid)
        text = text.replace(wnid, other, 1)
    elif damage == "salt":
        text = "\n".join(lines[:-1]) + "\n" + lines[-1][:-1] + ("0" if lines[-1][-1] != "0" else "1") + "\n"
    elif damage == "short":
        text = "\n".join(lines[:-1]) + "\n"
    elif damage == "header":
        text = "a,b\n1,2\n"
    frozen.sealed.write_text(text)
    if damage == "missing":
        frozen.sealed.unlink()
    with pytest.raises(ReleaseError):
        open_sealed(frozen.folder)


def test_labels_stay_comparable_and_are_unsealed_only_on_purpose(voted, frozen, tmp_path):
    more = {"splits": {"train": "rest", "test": 6}, "sealed": ["test"]}
    freeze(voted, tmp_path / "v2", policy=ReleasePolicy(version="1.1.0", **more), previous=frozen.folder)
    assert verify_release(tmp_path / "v2", frozen.folder) == []
    assert diff_releases(frozen.folder, tmp_path / "v2")["relabelled"] == []
    minor = ReleasePolicy(version="1.2.0", splits=more["splits"])
    (block,) = check_gates(voted, minor, previous=frozen.folder)
    assert block.gate == "sealed"
    major = ReleasePolicy(version="2.0.0", splits=more["splits"])
    assert check_gates(voted, major, previous=frozen.folder) == []


def test_a_foreign_file_is_not_written_over(voted, tmp_path):
    (tmp_path / "v1.sealed.csv").write_text("mine\n")
    with pytest.raises(ReleaseError, match="holds no sealed labels"):
        freeze(voted, tmp_path / "v1", policy=POLICY)
    assert not (tmp_path / "v1").exists()
    frozen = freeze(voted, tmp_path / "v1", policy=POLICY, sealed=tmp_path / "keys" / "labels.csv")
    assert len(open_sealed(tmp_path / "v1", frozen.sealed)) == 15


def test_sealed_pictures_are_exported_without_their_class(voted, frozen, tmp_path):
    export_release(frozen.folder, tmp_path / "x", "imagefolder", workspace=voted)
    flat = sorted((tmp_path / "x" / "test").iterdir())
    assert len(flat) == 15
    assert all(path.is_file() for path in flat)


def test_exports_are_copies_unless_links_are_asked_for(voted, frozen, tmp_path):
    for link in (False, True):
        export_release(frozen.folder, tmp_path / f"x{link}", "imagefolder", workspace=voted, link=link)
    image, name = (
        load_release(frozen.folder)["images"].query("split == 'test'")[["image_id", "export_name"]].iloc[0]
    )
    copy, linked = (tmp_path / f"x{link}" / "test" / name for link in (False, True))
    copy.write_bytes(b"edited in place")
    assert voted.blobs.get(image) == linked.read_bytes()
    assert linked.stat().st_nlink > 1
    assert not linked.stat().st_mode & 0o222


@pytest.mark.parametrize("strategy", ["matched-frequency", "threshold", "top"])
def test_a_split_chosen_by_frequency(voted, tmp_path, strategy):
    freeze(voted, tmp_path / "v1", policy=ReleasePolicy(splits={"train": "rest", "val": 4}, max_per_class=20))
    sampling = Sampling("v2", strategy, reference="val" if strategy.startswith("m") else None)
    policy = ReleasePolicy(
        version="1.1.0", splits={"train": "rest", "val": 4, "v2": 3}, sampling=sampling, max_per_class=30
    )
    freeze(voted, tmp_path / "v2", policy=policy, previous=tmp_path / "v1")
    images = load_release(tmp_path / "v2")["images"]
    assert (images.query("split == 'v2'").groupby("wnid").size() == 3).all()
    assert verify_release(tmp_path / "v2", tmp_path / "v1") == []
    assert read_release(tmp_path / "v2")["short"] == []
    drawn = images[images["split"] == "v2"]
    assert isinstance(drawn, pd.DataFrame)
    assert drawn["cluster_id"].is_unique
