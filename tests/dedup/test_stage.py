"""Duplicates of a workspace: clusters, which copy stays, verdicts that can be overruled."""

from __future__ import annotations

import io
import json

import pytest
from PIL import Image

from synsetlab import Workspace
from synsetlab.candidates.folder import import_folder
from synsetlab.dedup.density import density
from synsetlab.dedup.phash import FAST_INGEST, IMAGEHASH, from_hex
from synsetlab.dedup.stage import (
    FAST_FINGERPRINT,
    FINGERPRINT,
    deduplicate,
    duplicate_groups,
    give_duplicate_verdicts,
)
from synsetlab.errors import InputError

HAT, SHOE = "n03497657", "n04199027"

pytestmark = [pytest.mark.real_data, pytest.mark.wordnet]


@pytest.fixture
def workspace(tmp_path, shared_data, wordnet):
    """Six photographs; of the first also a re-encoded and a halved copy, the latter in another class."""
    for label, source in ((HAT, "hat"), (SHOE, "shoes")):
        (tmp_path / "in" / label).mkdir(parents=True)
        for photo in sorted((shared_data / "clothing" / source).iterdir())[:3]:
            (tmp_path / "in" / label / photo.name).write_bytes(photo.read_bytes())
    first = sorted((tmp_path / "in" / HAT).iterdir())[0]
    with Image.open(first) as image:
        image.save(tmp_path / "in" / HAT / "re-encoded.jpg", quality=60)
        image.resize((image.width // 2, image.height // 2)).save(tmp_path / "in" / SHOE / "halved.png")
    with Workspace.create(tmp_path / "ws") as made:
        import_folder(made, tmp_path / "in", fingerprint=FINGERPRINT)
        yield made


def names(workspace) -> dict[str, str]:
    sources = workspace.reader.sources()
    return dict(zip(sources["image_id"], sources["name"], strict=True))


def test_copies_are_found_across_classes_and_the_largest_stays(workspace):
    found = deduplicate(workspace)
    assert (found.images, found.hashed, found.clusters, found.dropped) == (8, 0, 1, 2)
    clusters = workspace.reader.clusters()
    name = names(workspace)
    dropped = {name[row["image_id"]] for row in clusters.to_dict("records") if row["verdict"] == "drop"}
    assert "halved.png" in dropped
    assert len(clusters) == 3
    images = workspace.reader.images().set_index("id")
    kept = clusters.loc[clusters["verdict"] == "keep", "image_id"].item()
    assert set(images.loc[clusters["image_id"], "duplicate_of"]) == {None, kept}


def test_fast_imports_are_small_decodes_of_the_same_picture(workspace, tmp_path):
    with Workspace.create(tmp_path / "fast") as other:
        import_folder(other, tmp_path / "in", fingerprint=FAST_FINGERPRINT)
        exact, fast = (one.reader.images().set_index("id").sort_index() for one in (workspace, other))
        same = ["width", "height", "bytes", "format"]
        assert exact[same].equals(fast[same])
        assert set(fast["phash_name"]) == {FAST_INGEST}
        for image in exact.index:
            bits = from_hex(exact.loc[image, "phash"]) ^ from_hex(fast.loc[image, "phash"])
            assert bits.bit_count() <= 4
            with Image.open(io.BytesIO(other.blobs.get_thumbnail(image))) as small:
                assert min(240, *fast.loc[[image], ["width", "height"]].max(axis=1)) <= max(small.size) <= 256
        found = deduplicate(other)
        assert (found.hashed, found.hash, found.clusters, found.dropped) == (0, FAST_INGEST, 1, 2)
        found = deduplicate(other, exact=True)
        assert (found.hashed, found.hash, found.clusters) == (8, IMAGEHASH, 1)
        assert exact["phash"].equals(other.reader.images().set_index("id").sort_index()["phash"])


def test_hashes_of_two_kinds_are_never_compared(workspace, tmp_path):
    (tmp_path / "more" / HAT).mkdir(parents=True)
    Image.effect_noise((300, 200), 60).save(tmp_path / "more" / HAT / "noise.jpg")
    import_folder(workspace, tmp_path / "more", fingerprint=FAST_FINGERPRINT)
    with pytest.raises(InputError, match=FAST_INGEST):
        density(workspace)
    found = deduplicate(workspace)
    assert (found.images, found.hashed, found.hash) == (9, 1, IMAGEHASH)
    density(workspace)


def test_running_again_changes_nothing(workspace):
    deduplicate(workspace)
    before = workspace.reader.clusters()
    assert deduplicate(workspace).dropped == 0
    assert workspace.reader.clusters().equals(before)


def test_people_overrule_the_policy_for_good(workspace):
    deduplicate(workspace)
    clusters = workspace.reader.clusters()
    dropped = clusters.loc[clusters["verdict"] == "drop", "image_id"].iloc[0]
    give_duplicate_verdicts(workspace, {dropped: "not-a-duplicate"}, by="maria")
    deduplicate(workspace)
    verdicts = workspace.reader.clusters().set_index("image_id")
    assert verdicts.loc[dropped, "verdict"] == "not-a-duplicate"
    assert workspace.reader.images().set_index("id").loc[dropped, "duplicate_of"] is None


def test_verdicts_name_the_limits_under_which_they_were_given(workspace):
    first = deduplicate(workspace)
    verdicts = workspace.reader.duplicate_verdicts()
    assert set(verdicts["policy_hash"]) == {first.policy_hash}
    policies = workspace.reader.policies().set_index("hash")
    assert policies.loc[first.policy_hash, "kind"] == "duplicates"
    assert json.loads(policies.loc[first.policy_hash, "body"])["auto"] == first.auto_distance
    strict = deduplicate(workspace, changes={"strict": True, "auto": 0, "verify": 0, "within_synset": 0})
    assert strict.policy_hash != first.policy_hash
    verdicts = workspace.reader.duplicate_verdicts()
    assert set(verdicts.loc[verdicts["verdict"] == "keep", "policy_hash"]) >= {strict.policy_hash}
    image = verdicts["image_id"].iloc[0]
    deduplicate(workspace)
    give_duplicate_verdicts(workspace, {image: "keep"}, by="maria")
    verdicts = workspace.reader.duplicate_verdicts().set_index("image_id")
    assert verdicts.loc[image, "policy_hash"] is None


def test_the_last_copy_cannot_be_dropped(workspace):
    deduplicate(workspace)
    clusters = workspace.reader.clusters()
    kept = clusters.loc[clusters["verdict"] == "keep", "image_id"].item()
    with pytest.raises(InputError, match="last copy"):
        give_duplicate_verdicts(workspace, {kept: "drop"}, by="maria")
    alone = sorted(set(workspace.reader.images()["id"]) - set(clusters["image_id"]))[0]
    with pytest.raises(InputError, match="no duplicate"):
        give_duplicate_verdicts(workspace, {alone: "drop"}, by="maria")


def test_a_verdict_is_of_the_whole_chain_of_pairs(workspace):
    """a - b - c are near, one after another; c and d were found to differ; d and e are another two."""
    a, b, c, d, e = sorted(workspace.reader.images()["id"])[:5]
    found = {(a, b): "auto", (b, c): "review", (c, d): "different", (d, e): "verified"}
    pairs = [{"a": x, "b": y, "distance": 3, "verdict": said} for (x, y), said in found.items()]
    workspace.writer.replace_clusters(pairs, [])
    assert duplicate_groups(workspace) == {a: [a, b, c], d: [d, e]}
    give_duplicate_verdicts(workspace, {c: "drop", a: "drop", e: "keep"}, by="maria")
    verdicts = workspace.reader.duplicate_verdicts().set_index("image_id")
    assert verdicts["cluster_id"].to_dict() == {a: a, c: a, e: d}
    assert verdicts.loc[[a, c], "duplicate_of"].tolist() == [b, b]
    with pytest.raises(InputError, match=f"{b} is the last copy"):
        give_duplicate_verdicts(workspace, {b: "drop"}, by="maria")


def test_missing_hashes_are_made_and_equal(tmp_path, workspace):
    expected = workspace.reader.images().set_index("id")["phash"].to_dict()
    with Workspace.create(tmp_path / "later") as later:
        import_folder(later, tmp_path / "in")
        assert deduplicate(later).hashed == 8
        assert later.reader.images().set_index("id")["phash"].to_dict() == expected


def test_thumbnails_are_jpegs(workspace):
    for image in workspace.reader.images()["id"]:
        with Image.open(io.BytesIO(workspace.blobs.get_thumbnail(image))) as small:
            assert small.format == "JPEG"
            assert max(small.size) == 256
