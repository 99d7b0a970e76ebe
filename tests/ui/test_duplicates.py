"""DuplicateReview without a page: a folder as its source, verdicts and undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageFilter

from synsetlab.errors import InputError
from synsetlab.ui.duplicates import DuplicateReview

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two different pictures; one of them three times."""
    place = tmp_path / "pictures"
    (place / "sub").mkdir(parents=True)
    rng = np.random.default_rng(7)
    for name in ("one", "two"):
        noise = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype=np.uint8))
        picture = noise.resize((480, 360), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2))
        picture.save(place / f"{name}.png")
    copy = Image.open(place / "one.png")
    copy.resize((240, 180)).save(place / "sub" / "small.jpg", quality=90)
    copy.save(place / "sub" / "again.jpg", quality=95)
    return place


def the_cluster(review: DuplicateReview) -> dict[str, Any]:
    [cluster] = review.on_open({})["clusters"]
    return cluster


def test_a_folder_is_searched_and_the_best_copy_is_suggested(folder: Path) -> None:
    copies = the_cluster(DuplicateReview(folder=folder))["copies"]
    assert {copy["name"]: copy["suggested"] for copy in copies} == {
        "one.png": "keep",
        "sub/again.jpg": "drop",
        "sub/small.jpg": "drop",
    }
    assert copies[0]["name"] == "one.png"
    assert {copy["verdict"] for copy in copies} == {None}


def test_verdicts_are_steps_that_can_be_taken_back(folder: Path) -> None:
    review = DuplicateReview(folder=folder)
    cluster = the_cluster(review)
    keep, *others = [copy["key"] for copy in cluster["copies"]]
    review.on_decide({"cluster": cluster["cluster"], "verdicts": {keep: "keep", others[0]: "drop"}})
    review.on_decide({"cluster": cluster["cluster"], "verdicts": {others[0]: "not-a-duplicate"}})
    assert dict(zip(review.verdicts["image"], review.verdicts["verdict"], strict=True)) == {
        keep: "keep",
        others[0]: "not-a-duplicate",
    }
    assert list(review.verdicts["suggested"]) == ["keep", "drop"]
    assert review.on_undo({})["undone"]["verdicts"] == {others[0]: "drop"}
    assert review.on_undo({})["undone"]["verdicts"] == {keep: None, others[0]: None}
    assert review.on_undo({}) == {"undone": None}
    assert review.verdicts.empty


def test_one_copy_must_stay(folder: Path) -> None:
    review = DuplicateReview(folder=folder)
    cluster = the_cluster(review)
    keys = [copy["key"] for copy in cluster["copies"]]
    with pytest.raises(InputError, match="No copy"):
        review.on_decide({"cluster": cluster["cluster"], "verdicts": {keys[0]: "drop"}})
    assert review.verdicts.empty
    review.on_decide({"cluster": cluster["cluster"], "verdicts": {keys[1]: "keep", keys[0]: "drop"}})
    assert len(review.verdicts) == 2


@pytest.mark.parametrize("verdicts", [{}, None, {"one.png": "delete"}, {"elsewhere.png": "keep"}])
def test_what_a_page_must_not_send_is_refused(folder: Path, verdicts: Any) -> None:
    review = DuplicateReview(folder=folder)
    with pytest.raises(InputError):
        review.on_decide({"cluster": the_cluster(review)["cluster"], "verdicts": verdicts})


def test_only_pictures_of_clusters_are_sent_to_the_page(folder: Path) -> None:
    review = DuplicateReview(folder=folder)
    key = the_cluster(review)["copies"][0]["key"]
    _, [data] = review.on_picture({"key": key})
    assert data.startswith(b"\x89PNG")
    with pytest.raises(InputError, match="no picture"):
        review.on_picture({"key": str(folder / "two.png")})


def test_a_source_or_a_folder_must_be_given_and_the_folder_must_exist(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="source or a folder"):
        DuplicateReview()
    with pytest.raises(InputError, match="no folder"):
        DuplicateReview(folder=tmp_path / "absent")
    with pytest.raises(TypeError, match="colour"):
        DuplicateReview(folder=tmp_path, colour="red")


def test_the_known_near_pair_of_real_photographs_is_found(shared_data: Path) -> None:
    place = shared_data / "duplicates" / "mixed_images"
    clusters = DuplicateReview(folder=place).on_open({})["clusters"]
    assert {frozenset(copy["name"].rsplit(".", 1)[0] for copy in c["copies"]) for c in clusters} == {
        frozenset({"ukbench00120", "ukbench00120_resize"})
    }
