"""Releases that follow one another: images keep their splits, nothing vanishes without a tombstone."""

from __future__ import annotations

import json

import pytest

from synsetlab.errors import InputError, ReleaseError
from synsetlab.release import ReleasePolicy, check_gates, diff_releases, freeze, verify_release
from synsetlab.release.verify import load_release, read_release
from synsetlab.review.escalation import give_verdict

FIRST = ReleasePolicy(splits={"train": "rest", "val": 3, "test": 4}, max_per_class=20)
SECOND = ReleasePolicy(version="1.1.0", splits={"train": "rest", "val": 3, "test": 6})


@pytest.fixture
def first(voted, tmp_path):
    freeze(voted, tmp_path / "v1", policy=FIRST, seed=1)
    return tmp_path / "v1"


def splits_of(folder):
    images = load_release(folder)["images"]
    return dict(zip(images["image_id"], images["split"], strict=True))


def takedowns(path, *images):
    rows = "".join(f'{image},"asked to, by the author",2026-05-06\r\n' for image in images)
    path.write_text("\ufeffimage,reason,date\r\n" + rows, "utf-8", newline="")
    return path


def test_the_next_release_adds_and_moves_nothing(voted, first, tmp_path):
    freeze(voted, tmp_path / "v2", policy=SECOND, seed=99, previous=first)
    before, after = splits_of(first), splits_of(tmp_path / "v2")
    assert before.items() <= after.items()
    assert len(after) > len(before)
    assert verify_release(tmp_path / "v2", first) == []
    images = load_release(tmp_path / "v2")["images"]
    counts = images.groupby(["wnid", "split"]).size().unstack()
    assert (counts["val"] == 3).all()
    assert (counts["test"] == 6).all()
    release = read_release(tmp_path / "v2")
    assert release["previous"] == read_release(first)["identity"]
    assert release["previous_version"] == "1.0.0"
    changes = diff_releases(first, tmp_path / "v2")
    assert len(changes["added"]) == len(after) - len(before)
    assert [changes[name] for name in ("removed", "moved", "relabelled")] == [[], [], []]
    assert changes["policy"]["max_per_class"] == [20, None]
    written = json.loads((tmp_path / "v2" / "changes.json").read_text())
    assert written["added"] == len(changes["added"])
    assert written["classes"] == changes["classes"]


def test_another_chain_is_noticed(voted, first, tmp_path):
    freeze(voted, tmp_path / "v2", policy=SECOND, seed=99)
    problems = verify_release(tmp_path / "v2", first)
    assert problems[0].startswith("The predecessor is None, not ")
    assert any("moved from" in problem for problem in problems)


def test_a_takedown_leaves_a_tombstone_for_good(voted, first, tmp_path):
    gone, name = load_release(first)["images"][["image_id", "export_name"]].iloc[0]
    file = takedowns(tmp_path / "gone.csv", name)
    freeze(voted, tmp_path / "v2", policy=SECOND, previous=first, takedowns=file)
    tables = load_release(tmp_path / "v2")
    for table in ("images", "votes", "decisions", "licences"):
        assert gone not in set(tables[table]["image_id"])
    assert tables["tombstones"].to_dict("records") == [
        {"image_id": gone, "reason": "asked to, by the author", "date": "2026-05-06", "version": "1.1.0"}
    ]
    assert verify_release(tmp_path / "v2", first) == []
    assert diff_releases(first, tmp_path / "v2")["removed"] == [gone]
    assert "asked to, by the author" in (tmp_path / "v2" / "CHANGES.md").read_text()
    third = ReleasePolicy(version="2.0.0", splits=SECOND.splits)
    freeze(voted, tmp_path / "v3", policy=third, previous=tmp_path / "v2")
    assert gone not in splits_of(tmp_path / "v3")
    assert load_release(tmp_path / "v3")["tombstones"]["version"].tolist() == ["1.1.0"]
    assert verify_release(tmp_path / "v3", tmp_path / "v2") == []


def test_what_is_rejected_later_cannot_vanish_silently(voted, first, tmp_path):
    image = load_release(first)["images"]["image_id"].iloc[0]
    question = voted.reader.questions().set_index("image_id").loc[image, "id"]
    give_verdict(voted, int(question), "reject", by="maria")
    (block,) = check_gates(voted, SECOND, previous=first)
    assert (block.gate, block.count, block.examples) == ("vanished", 1, [image])
    with pytest.raises(ReleaseError, match="without a tombstone"):
        freeze(voted, tmp_path / "v2", policy=SECOND, previous=first)
    file = takedowns(tmp_path / "gone.csv", image)
    assert check_gates(voted, SECOND, previous=first, takedowns=file) == []


def test_duplicates_found_later_across_splits_block(voted, first, tmp_path):
    images = load_release(first)["images"]
    alone = images[~images["image_id"].isin(voted.reader.clusters()["image_id"])]
    train = alone.loc[alone["split"] == "train", "image_id"].iloc[-1]
    test = alone.loc[alone["split"] == "test", "image_id"].iloc[-1]
    pair = [{"cluster_id": train, "image_id": image} for image in (train, test)]
    clusters = voted.reader.clusters()[["cluster_id", "image_id"]].to_dict("records")
    voted.writer.replace_clusters([], [*clusters, *pair])
    (block,) = check_gates(voted, SECOND, previous=first)
    assert (block.gate, block.examples) == ("cross_split_clusters", [train])
    file = takedowns(tmp_path / "gone.csv", test)
    freeze(voted, tmp_path / "v2", policy=SECOND, previous=first, takedowns=file)
    assert verify_release(tmp_path / "v2", first) == []


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        (ReleasePolicy(version="1.0.0", splits=FIRST.splits), "does not follow 1.0.0"),
        (ReleasePolicy(version="1.0.1", splits={"train": 1.0}), "does not name 'test'"),
    ],
)
def test_policies_that_cannot_follow(voted, first, tmp_path, policy, says):
    with pytest.raises(InputError, match=says):
        freeze(voted, tmp_path / "v2", policy=policy, previous=first)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("image,reason\nx,y\n", "no column 'date'"),
        ("image,reason,date\n{0},,2026-01-01\n", "line 2 gives no reason"),
        ("image,reason,date\n{0},why,1.1.26\n", "line 2: '1.1.26' is not a date"),
        ("image,reason,date\nnobody.jpg,why,2026-01-01\n", "neither an image id nor an export name"),
    ],
)
def test_bad_takedowns_are_named(voted, tmp_path, text, says):
    file = tmp_path / "gone.csv"
    file.write_text(text.format("0" * 64))
    with pytest.raises(InputError, match=says):
        check_gates(voted, takedowns=file)


def test_a_damaged_predecessor_is_refused(voted, first, tmp_path):
    with (first / "images.parquet").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ReleaseError, match=r"not intact: images.parquet was changed"):
        freeze(voted, tmp_path / "v2", policy=SECOND, previous=first)
