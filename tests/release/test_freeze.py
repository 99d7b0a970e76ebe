"""Freezing: the same state gives the same bytes, nothing leaks between splits, damage is found."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys

import pandas as pd
import pytest
import sqlalchemy as sa

from synsetlab.errors import InputError, ReleaseError
from synsetlab.release import (
    ReleasePolicy,
    check_release,
    diff_releases,
    export_release,
    freeze,
    verify_release,
)
from synsetlab.release.tables import OPTIONAL, SCHEMAS, content_hash
from synsetlab.release.verify import load_release

FREEZE = """
import sys
from synsetlab import Workspace
from synsetlab.release import freeze
with Workspace.open(sys.argv[1]) as ws:
    print(freeze(ws, sys.argv[2], seed=7).identity)
"""


def contents(folder) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_other_locale_zone_and_hash_seed_give_the_same_bytes(voted, tmp_path):
    identity = freeze(voted, tmp_path / "a", seed=7).identity
    elsewhere = {
        **os.environ, "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "4711"
    }  # fmt: skip
    command = [sys.executable, "-c", FREEZE, str(voted.folder), str(tmp_path / "b")]
    done = subprocess.run(command, env=elsewhere, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == identity
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_sha256sum_agrees(voted, tmp_path):
    freeze(voted, tmp_path / "a")
    program = shutil.which("sha256sum")
    if program is None:
        pytest.skip("no sha256sum on this machine")
    subprocess.run(
        [program, "-c", "--strict", "SHA256SUMS"], cwd=tmp_path / "a", check=True, capture_output=True
    )


def test_another_seed_deals_otherwise_and_an_input_date_is_kept(voted, tmp_path):
    first = freeze(voted, tmp_path / "a", seed=1)
    second = freeze(voted, tmp_path / "b", seed=2, day=datetime.date(2020, 2, 3))
    assert first.identity != second.identity
    assert first.splits == second.splits
    assert diff_releases(tmp_path / "a", tmp_path / "b")["moved"]
    assert json.loads((tmp_path / "b" / "release.json").read_text())["date"] == "2020-02-03"


def test_only_accepted_images_and_whole_clusters(voted, tmp_path):
    freeze(voted, tmp_path / "a")
    images = load_release(tmp_path / "a")["images"]
    accepted = voted.reader.questions().query("outcome == 'accepted'")
    assert set(images["image_id"]) == set(accepted["image_id"])
    assert (images.groupby("cluster_id")["split"].nunique() == 1).all()
    assert images["export_name"].is_unique
    assert (images["selection_frequency"] == 1).all()


def test_votes_are_anonymous_but_tell_annotators_apart(voted, tmp_path):
    freeze(voted, tmp_path / "a")
    votes = load_release(tmp_path / "a")["votes"]
    assert votes["annotator"].nunique() == 3
    everything = b"".join(contents(tmp_path / "a").values())
    assert b"ann\x00" not in everything
    assert not set(votes["annotator"]) & {"ann", "bob", "eve"}


def test_dropped_duplicates_stay_out(voted, tmp_path):
    cluster = voted.reader.clusters()
    first, second = cluster["image_id"].iloc[:2]
    accepted = set(voted.reader.questions().query("outcome == 'accepted'")["image_id"])
    drop = {
        "image_id": second,
        "cluster_id": cluster["cluster_id"].iloc[0],
        "verdict": "drop",
        "decided_by": "me",
    }
    voted.writer.add_duplicate_verdicts([{**drop, "duplicate_of": first}])
    freeze(voted, tmp_path / "a")
    assert set(load_release(tmp_path / "a")["images"]["image_id"]) == accepted - {second}


@pytest.mark.parametrize("damage", ["changed", "missing", "added", "row"])
def test_damage_is_found(voted, tmp_path, damage):
    freeze(voted, tmp_path / "a")
    assert verify_release(tmp_path / "a") == []
    file = tmp_path / "a" / "images.parquet"
    if damage == "changed":
        file.write_bytes(file.read_bytes()[:-1] + b"\0")
    elif damage == "missing":
        file.unlink()
    elif damage == "added":
        (tmp_path / "a" / "extra.txt").write_text("x")
    else:  # someone moves an image to another split and mends the checksum
        table = pd.read_parquet(file)
        table.loc[0, "split"] = "test" if table.loc[0, "split"] == "train" else "train"
        from synsetlab.release.tables import write_table

        old = hashlib.sha256(file.read_bytes()).hexdigest()
        write_table("images", table, file)
        sums = tmp_path / "a" / "SHA256SUMS"
        sums.write_text(sums.read_text().replace(old, hashlib.sha256(file.read_bytes()).hexdigest()))
    problems = verify_release(tmp_path / "a")
    assert problems
    assert "extra.txt" in problems[0] or "images.parquet" in problems[0]


def test_a_release_is_never_written_over(voted, tmp_path):
    freeze(voted, tmp_path / "a")
    with pytest.raises(ReleaseError, match="never written over"):
        freeze(voted, tmp_path / "a")


def test_gates(voted, tmp_path):
    assert check_release(voted) == []
    blocks = check_release(voted, ReleasePolicy(require_licence=True, require_attribution=True))
    assert len(blocks) == 2
    assert "licence" in blocks[0]
    with pytest.raises(ReleaseError, match="no author"):
        freeze(voted, tmp_path / "a", policy=ReleasePolicy(require_attribution=True))
    assert not (tmp_path / "a").exists()


def test_caps_and_minimum(voted, tmp_path):
    freeze(voted, tmp_path / "a", policy=ReleasePolicy(max_per_class=10))
    sizes = load_release(tmp_path / "a")["images"].groupby("wnid").size()
    assert (sizes <= 10).all()
    assert (sizes >= 7).all()
    with pytest.raises(ReleaseError, match="No class has 1000"):
        freeze(voted, tmp_path / "b", policy=ReleasePolicy(min_per_class=1000))


@pytest.mark.parametrize("sign", [".release.freezing-*", ".*/release/release.json", ".*/release/SHA256SUMS"])
def test_killed_while_freezing_leaves_nothing_half(voted, tmp_path, sign):
    """Killed at a sign of work, the folder is whole or not there, and the next run finishes."""
    out = tmp_path / "out"
    out.mkdir()
    command = [sys.executable, "-c", FREEZE, str(voted.folder), str(out / "release")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None and not any(out.glob(sign)):
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    if (out / "release").exists():
        assert verify_release(out / "release") == []
    if not voted.reader.releases().empty:
        return  # it was faster than we
    freeze(voted, out / "release", seed=7)
    assert verify_release(out / "release") == []
    assert [path.name for path in out.iterdir()] == ["release"]
    assert len(voted.reader.releases()) == 1


def test_killed_before_the_workspace_knew_is_finished_by_the_next_run(voted, tmp_path):
    first = freeze(voted, tmp_path / "a", seed=7)
    with voted.writer.transaction() as connection:
        connection.execute(sa.text("DELETE FROM release"))
    with pytest.raises(ReleaseError, match="never written over"):
        freeze(voted, tmp_path / "a", seed=8)
    assert freeze(voted, tmp_path / "a", seed=7) == first
    assert voted.reader.releases()["identity"].tolist() == [first.identity]
    with pytest.raises(ReleaseError, match="never written over"):
        freeze(voted, tmp_path / "a", seed=7)


def test_two_at_once_do_not_clear_each_other_up(voted, tmp_path):
    from synsetlab.release.folder import workplace

    with workplace(tmp_path / "a") as one:
        with workplace(tmp_path / "a") as other:
            assert one.is_dir()
        assert not other.exists()
        assert one.is_dir()
    assert not one.exists()


def test_a_damaged_table_is_named(voted, tmp_path):
    freeze(voted, tmp_path / "a")
    for name in set(SCHEMAS) - OPTIONAL:
        file = tmp_path / "a" / f"{name}.parquet"
        whole = file.read_bytes()
        for damaged in (b"", b"PAR1 not at all", whole[:-100]):
            file.write_bytes(damaged)
            with pytest.raises(ReleaseError, match=f"{name}.parquet is missing or damaged"):
                load_release(tmp_path / "a")
        file.write_bytes(whole)


def test_the_identity_is_over_rows_not_over_parquet(voted, tmp_path):
    """Anyone can make the content hash again from the rows, however they are stored."""
    freeze(voted, tmp_path / "a", seed=7)
    stated = json.loads((tmp_path / "a" / "release.json").read_text())["tables"]
    for name, table in load_release(tmp_path / "a").items():
        shuffled = table.sample(frac=1, random_state=1)
        assert content_hash(name, shuffled) == stated[name]["content_sha256"]
        if name in {"edges", "votes", "policies", "licences", "tombstones"}:
            rows = table.astype(object).where(table.notna(), None).to_numpy().tolist()
            text = json.dumps([[name, SCHEMAS[name]], *rows], separators=(",", ":"), sort_keys=True)
            assert hashlib.sha256(text.encode()).hexdigest() == stated[name]["content_sha256"]


def test_a_split_without_images_is_told(voted, tmp_path):
    frozen = freeze(voted, tmp_path / "a", policy=ReleasePolicy(splits={"train": 1.0, "val": 0.0}))
    assert frozen.splits == {"train": frozen.images, "val": 0}


def test_images_of_an_author_stay_together(voted, tmp_path):
    sources = voted.reader.sources()
    change = sa.text("UPDATE source SET author = :author WHERE image_id = :image")
    with voted.writer.transaction() as connection:
        for number, image in enumerate(sources["image_id"]):
            connection.execute(change, {"author": f"Ann  {number % 9}", "image": image})
    policy = ReleasePolicy(group_by=["author"], splits={"train": 0.5, "val": 0.5})
    freeze(voted, tmp_path / "a", policy=policy)
    images = load_release(tmp_path / "a")["images"]
    assert (images.groupby("author")["split"].nunique() == 1).all()
    assert (images.groupby("cluster_id")["split"].nunique() == 1).all()
    assert set(images["split"]) == {"train", "val"}
    assert (images["licence"].isna() == images["image_id"].isin(
        sources.loc[sources["licence"] == "", "image_id"]
    )).all()  # fmt: skip


def test_export_to_image_folder_and_again_after_an_interruption(voted, tmp_path):
    frozen = freeze(voted, tmp_path / "a")
    assert export_release(tmp_path / "a", tmp_path / "x", "imagefolder", workspace=voted) == frozen.images
    files = sorted(path for path in (tmp_path / "x").rglob("*") if path.is_file())
    assert len(files) == frozen.images
    files[0].unlink()
    export_release(tmp_path / "a", tmp_path / "x", "imagefolder", workspace=voted)
    assert sorted(path for path in (tmp_path / "x").rglob("*") if path.is_file()) == files
    images = load_release(tmp_path / "a")["images"]
    row = images.iloc[0]
    exported = tmp_path / "x" / row["split"] / row["wnid"] / row["export_name"]
    assert exported.read_bytes() == voted.blobs.get(row["image_id"])


def test_unknown_format(voted, tmp_path):
    freeze(voted, tmp_path / "a")
    with pytest.raises(InputError, match="imagefolder"):
        export_release(tmp_path / "a", tmp_path / "x", "tar", workspace=voted)
