from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import imagehash
import pytest
from PIL import Image, UnidentifiedImageError

from synsetlab.candidates.decode import decode
from synsetlab.dedup.phash import phash
from synsetlab.errors import ImageError, InputError
from synsetlab.simulate.annotators import TRUTHS
from synsetlab.simulate.demo import COLUMNS, MANIFEST, TARGETS, DemoImage, draw_demo, draw_file, plan_demo
from synsetlab.simulate.drawing import DRAWINGS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PLAN = plan_demo(0)
BROKEN = {"broken-truncated", "broken-text", "broken-empty"}
NEAR = {"near-reencoded", "near-resized", "near-cropped"}


def of_kind(kind: str) -> list[DemoImage]:
    return [image for image in PLAN if image.kind == kind]


def picture(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image.convert("RGB")


# ---- the plan ------------------------------------------------------------------------------------


def test_same_seed_same_plan() -> None:
    assert plan_demo(0) == PLAN
    assert plan_demo(1) != PLAN


def test_the_plan_is_what_the_demo_promises() -> None:
    assert len(PLAN) == 600
    assert len(TARGETS) >= 12
    assert len(DRAWINGS) >= 16
    per_synset = Counter(image.wnid for image in PLAN)
    assert set(per_synset) == set(TARGETS)
    assert min(per_synset.values()) >= 37
    truths = Counter(image.truth for image in PLAN)
    assert set(truths) == set(TRUTHS)
    assert 0.68 <= truths["yes"] / 600 <= 0.8
    kinds = Counter(image.kind for image in PLAN)
    assert set(kinds) >= BROKEN | NEAR | {
        "right", "wrong", "exact-copy", "wrong-extension",
        "ambiguous-half-way", "ambiguous-hidden", "ambiguous-tiny", "ambiguous-blurred",
    }  # fmt: skip
    assert sum(kinds[k] for k in BROKEN) <= 10
    assert len({image.path for image in PLAN}) == 600


@pytest.mark.parametrize("images", [16, 17, 100, 601])
def test_other_sizes_cover_every_synset(images: int) -> None:
    plan = plan_demo(3, images)
    assert len(plan) == images
    assert {image.wnid for image in plan} == set(TARGETS)


def test_too_few_images_are_refused() -> None:
    with pytest.raises(InputError, match="15 images cannot cover 16 synsets"):
        plan_demo(0, 15)


def test_truth_follows_from_what_is_shown() -> None:
    for image in PLAN:
        if image.truth == "yes":
            assert image.shows == image.wnid
        if image.kind == "wrong":
            assert image.truth == "no"
            assert image.shows not in ("", image.wnid)
        if image.kind.startswith("ambiguous"):
            assert image.truth == "ambiguous"
        if image.kind in BROKEN:
            assert image.truth == "no"


def test_hard_negatives_come_first() -> None:
    wrong = of_kind("wrong")
    hard = [image for image in wrong if image.shows in DRAWINGS[image.wnid].confused]
    assert len(hard) > 0.5 * len(wrong)


def test_neither_path_nor_title_tells_the_truth() -> None:
    for image in PLAN:
        told = image.path + image.title + image.landing_page
        assert image.kind not in told
        if image.shows not in ("", image.wnid):
            assert image.shows not in told
            assert DRAWINGS[image.shows].name not in told


def test_copies_name_an_original_of_the_same_synset() -> None:
    by_path = {image.path: image for image in PLAN}
    for image in PLAN:
        assert bool(image.origin) == (image.kind in NEAR | {"exact-copy"})
        if image.origin:
            origin = by_path[image.origin]
            assert origin.kind in ("right", "wrong")
            assert (origin.wnid, origin.truth, origin.shows) == (image.wnid, image.truth, image.shows)


# ---- the files -----------------------------------------------------------------------------------


def test_same_seed_same_bytes() -> None:
    for image in (of_kind("right")[3], of_kind("near-cropped")[0], of_kind("ambiguous-tiny")[0]):
        assert draw_file(image, 0) == draw_file(image, 0)
        assert draw_file(image, 0) != draw_file(image, 1)


def test_truncated_files_open_and_do_not_load() -> None:
    for image in of_kind("broken-truncated"):
        opened = Image.open(io.BytesIO(draw_file(image, 0)))
        assert opened.format == "JPEG"
        with pytest.raises(OSError, match="truncated"):
            opened.load()


def test_text_and_empty_files_are_no_images() -> None:
    text = draw_file(of_kind("broken-text")[0], 0)
    assert b"404" in text.decode("ascii").encode()
    empty = draw_file(of_kind("broken-empty")[0], 0)
    assert empty == b""
    for data in (text, empty):
        with pytest.raises(UnidentifiedImageError):
            Image.open(io.BytesIO(data))


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("broken-truncated", "truncated"), ("broken-text", "not-an-image"), ("broken-empty", "empty")],
)
def test_the_line_names_what_is_broken(kind: str, reason: str) -> None:
    for image in of_kind(kind):
        with pytest.raises(ImageError) as refused:
            decode(draw_file(image, 0))
        assert refused.value.reason == reason


def test_a_wrong_extension_is_readable() -> None:
    image = of_kind("wrong-extension")[0]
    assert image.path.endswith(".jpg")
    opened = Image.open(io.BytesIO(draw_file(image, 0)))
    opened.load()
    assert opened.format == "PNG"


def test_extensions_are_true_otherwise() -> None:
    formats = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
    for suffix, name in formats.items():
        image = next(i for i in PLAN if i.kind == "right" and i.path.endswith(suffix))
        assert Image.open(io.BytesIO(draw_file(image, 0))).format == name


def test_near_duplicates_are_near_and_other_drawings_are_not() -> None:
    by_path = {image.path: image for image in PLAN}
    near = [image for kind in sorted(NEAR) for image in of_kind(kind)[:3]]
    hashes = {}
    for image in near:
        origin = by_path[image.origin]
        data, original = draw_file(image, 0), draw_file(origin, 0)
        assert data != original
        hashes[origin.drawing] = imagehash.phash(picture(original))
        assert imagehash.phash(picture(data)) - hashes[origin.drawing] <= 6
    apart = [a - b for i, a in hashes.items() for j, b in hashes.items() if i < j]
    assert min(apart) > 6


def test_an_exact_copy_is_the_same_file() -> None:
    by_path = {image.path: image for image in PLAN}
    image = of_kind("exact-copy")[0]
    assert draw_file(image, 0) == draw_file(by_path[image.origin], 0)
    assert image.path != image.origin


# ---- the folder ----------------------------------------------------------------------------------


def contents(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("drawn") / "demo"
    draw_demo(folder, seed=2, images=24, workers=1)
    return folder


def test_the_manifest_lists_every_file(drawn: Path) -> None:
    with (drawn / MANIFEST).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames == list(COLUMNS)
    assert [row["path"] for row in rows] == [image.path for image in plan_demo(2, 24)]
    assert {row["path"] for row in rows} == {p for p in contents(drawn) if p.startswith("images/")}
    for row in rows:
        assert all(row[c] for c in COLUMNS if c not in ("shows", "origin"))
        assert (row["author"], row["licence"]) == ("synsetlab", "CC0-1.0")
        assert row["truth"] in TRUTHS


def test_processes_draw_the_same_bytes(drawn: Path, tmp_path: Path) -> None:
    draw_demo(tmp_path / "demo", seed=2, images=24, workers=2)
    assert contents(tmp_path / "demo") == contents(drawn)


def test_an_interrupted_demo_goes_on(drawn: Path, tmp_path: Path) -> None:
    steps: list[object] = []

    def interrupt(files: Iterable[object], total: int) -> Iterable[object]:
        for file in files:
            yield file
            if len(steps) == 5:
                raise KeyboardInterrupt
            steps.append(file)

    def count(files: Iterable[object], total: int) -> Iterable[object]:
        left.append(total)
        return files

    with pytest.raises(KeyboardInterrupt):
        draw_demo(tmp_path / "demo", seed=2, images=24, workers=1, progress=interrupt)
    assert not (tmp_path / "demo" / MANIFEST).exists()
    left: list[int] = []
    draw_demo(tmp_path / "demo", seed=2, images=24, workers=1, progress=count)
    assert left == [24 - 6]
    assert contents(tmp_path / "demo") == contents(drawn)


def test_a_folder_with_something_else_is_refused(drawn: Path, tmp_path: Path) -> None:
    before = contents(drawn)
    with pytest.raises(InputError, match="another demo"):
        draw_demo(drawn, seed=3, images=24)
    assert contents(drawn) == before
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(InputError, match="not an empty folder"):
        draw_demo(tmp_path, seed=2, images=24)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.slow
def test_in_the_whole_demo_only_duplicates_look_alike(tmp_path: Path) -> None:
    plan = draw_demo(tmp_path / "demo")
    assert plan == PLAN
    family: dict[int, list[int]] = defaultdict(list)
    for image in plan:
        if image.kind not in BROKEN:
            family[image.drawing].append(phash(picture((tmp_path / "demo" / image.path).read_bytes())))
    assert all((a ^ b).bit_count() <= 8 for hashes in family.values() for a in hashes for b in hashes)
    heads = [hashes[0] for hashes in family.values()]
    strays = [(i, j) for i in range(len(heads)) for j in range(i) if (heads[i] ^ heads[j]).bit_count() <= 6]
    assert not strays
