from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from synsetlab.dedup.files import Failure, HashedFile, list_files, shown
from synsetlab.dedup.leakage import against
from synsetlab.dedup.matching import near_pairs
from synsetlab.dedup.phash import FAST
from synsetlab.dedup.scan import hash_folders, scan
from synsetlab.dedup.tables import read_hashes, write_hashes
from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.real_data
def test_known_pair(duplicates: Path) -> None:
    folder = str(duplicates / "mixed_images")
    found = scan([folder])
    assert [(pair.a, pair.b, pair.verdict) for pair in found.pairs] == [
        (f"{folder}/ukbench00120.jpg", f"{folder}/ukbench00120_resize.jpg", "auto")
    ]
    assert found.clusters == ((f"{folder}/ukbench00120.jpg", f"{folder}/ukbench00120_resize.jpg"),)
    assert found.drop == (f"{folder}/ukbench00120_resize.jpg",)
    assert [Path(failure.path).name for failure in found.hashes.failed] == ["ukbench09268_corrupt.jpg"]


@pytest.mark.real_data
def test_known_clusters_of_the_whole_folder(duplicates: Path) -> None:
    found = scan([str(duplicates)])
    assert len(found.hashes.files) == 32
    assert [Path(path).name for path in found.hashes.skipped] == ["LICENSE-imagededup"]
    assert {failure.reason for failure in found.hashes.failed} == {"not-an-image"}
    names = [{str(Path(path).relative_to(duplicates)) for path in members} for members in found.clusters]
    assert {
        "base_images/ukbench00120.jpg",
        "formats/alpha_channel_image.png",
        "formats/ukbench00120_gray.jpg",
        "mixed_images/ukbench00120.jpg",
        "mixed_images/ukbench00120_resize.jpg",
        "mixed_nested_images/lvl1/ukbench00120.jpg",
        "mixed_nested_images/lvl1/lvl2b/ukbench00120_resize.jpg",
    } in names
    kinds = {f"formats/ukbench09380.{kind}" for kind in ("bmp", "jpeg", "png", "svg", "webp")}
    assert kinds | {"base_images/ukbench09380.jpg"} in names
    assert sorted(map(len, names)) == [2, 2, 3, 6, 7]
    assert len(found.keep) + len(found.drop) == 32
    assert not set(found.keep) & set(found.drop)
    for members in found.clusters:
        assert len(set(members) & set(found.keep)) == 1


def test_two_processes_find_what_one_finds(tmp_path: Path, photo: Callable[..., Image.Image]) -> None:
    for seed in range(20):
        photo(seed).save(tmp_path / f"{seed:02}.jpg")
        photo(seed).resize((90, 70)).save(tmp_path / f"{seed:02}_small.jpg")
    assert scan([str(tmp_path)], workers=2) == scan([str(tmp_path)], workers=1)


def test_verdicts_of_turned_transparent_and_flat_pictures(
    tmp_path: Path, photo: Callable[..., Image.Image]
) -> None:
    scene = photo(1)
    turned = scene.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(tmp_path / "phone.jpg", exif=exif, quality=95)
    turned.save(tmp_path / "stripped.jpg", quality=90)
    scene.save(tmp_path / "upright.jpg", quality=90)
    for shade in ("white", "grey", "black"):
        Image.new("RGB", (64, 64), shade).save(tmp_path / f"{shade}.png")
    Image.new("RGB", (64, 64), "white").save(tmp_path / "white2.png")
    found = scan([str(tmp_path)])
    joined = {(Path(pair.a).name, Path(pair.b).name): pair.verdict for pair in found.pairs}
    assert joined == {
        ("phone.jpg", "stripped.jpg"): "auto",
        ("phone.jpg", "upright.jpg"): "auto",
        ("white.png", "white2.png"): "auto",
    }


def test_sixteen_bit_pictures_are_not_all_the_same(tmp_path: Path, photo: Callable[..., Image.Image]) -> None:
    for seed in range(3):
        values = np.asarray(photo(seed).convert("L")).astype(np.uint16) * 200 + 5000
        Image.fromarray(values).save(tmp_path / f"{seed}.png")
        photo(seed).save(tmp_path / f"{seed}.jpg")
    found = scan([str(tmp_path)])
    assert [tuple(Path(path).stem for path in group) for group in found.clusters] == [
        ("0", "0"),
        ("1", "1"),
        ("2", "2"),
    ]


def test_nothing_depends_on_the_order_of_listing(tmp_path: Path, photo: Callable[..., Image.Image]) -> None:
    for seed in range(4):
        photo(seed).save(tmp_path / f"{seed}.png")
        photo(seed).resize((60, 45)).save(tmp_path / f"a{seed}.jpg")
    files = list(hash_folders([str(tmp_path)]).files)
    shuffled = random.Random(5).sample(files, len(files))

    def names(some: list[HashedFile]) -> set[tuple[frozenset[str], int]]:
        return {(frozenset({some[i].path, some[j].path}), d) for i, j, d in near_pairs(some, 6)}

    assert names(files) == names(shuffled)
    assert {Path(path).name for path in scan([str(tmp_path)]).drop} == {f"a{seed}.jpg" for seed in range(4)}


def test_links_and_loops_are_seen_once(tmp_path: Path, photo: Callable[..., Image.Image]) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    (inside / "deep").mkdir(parents=True)
    outside.mkdir()
    photo(1).save(inside / "deep" / "one.png")
    photo(2).save(outside / "two.png")
    (inside / "a_link.png").symlink_to(inside / "deep" / "one.png")
    (inside / "loop").symlink_to(inside)
    (inside / "self").symlink_to(inside / "self")
    (inside / "gone.png").symlink_to(tmp_path / "nowhere")
    (inside / "elsewhere").symlink_to(outside)
    os.mkfifo(inside / "pipe.jpg")
    found = scan([str(inside), f"{inside}/deep"])
    names = [Path(file.path).relative_to(inside).as_posix() for file in found.hashes.files]
    assert names == ["deep/one.png", "elsewhere/two.png"]
    skipped = {Path(path).name for path in found.hashes.skipped}
    assert skipped == {"a_link.png", "loop", "self", "gone.png", "pipe.jpg"}
    assert not found.pairs


def test_what_may_not_be_read_is_reported(photo: Callable[..., Image.Image]) -> None:
    # Not tmp_path: its parents are closed to the user whom root becomes below.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        photo(1).save(folder / "open.png")
        photo(1).save(folder / "shut.png")
        (folder / "closed").mkdir()
        hash_folders([name])
        (folder / "shut.png").chmod(0)
        (folder / "closed").chmod(0)
        root = os.geteuid() == 0
        try:
            if root:
                os.seteuid(65534)
            hashes = hash_folders([name])
        finally:
            if root:
                os.seteuid(0)
            (folder / "closed").chmod(0o700)
    assert [Path(file.path).name for file in hashes.files] == ["open.png"]
    assert {(Path(failure.path).name, failure.reason) for failure in hashes.failed} == {
        ("shut.png", "unreadable"),
        ("closed", "unreadable"),
    }


def test_broken_files_are_listed_and_others_passed_over(
    tmp_path: Path, photo: Callable[..., Image.Image]
) -> None:
    photo(1).save(tmp_path / "whole.jpg")
    whole = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "page.jpg").write_bytes(b"<html>Not found</html>")
    (tmp_path / "no_extension").write_bytes(whole)
    (tmp_path / "cut_no_extension").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "notes.txt").write_bytes(b"P5 is how a netpbm file begins")
    (tmp_path / "empty.txt").write_bytes(b"")
    hashes = hash_folders([str(tmp_path)])
    assert [Path(file.path).name for file in hashes.files] == ["no_extension", "whole.jpg"]
    assert {(Path(failure.path).name, failure.reason) for failure in hashes.failed} == {
        ("cut.jpg", "truncated"),
        ("empty.png", "empty"),
        ("page.jpg", "not-an-image"),
        ("cut_no_extension", "truncated"),
    }
    assert [Path(path).name for path in hashes.skipped] == ["empty.txt", "notes.txt"]


def test_names_that_are_not_utf8(tmp_path: Path, photo: Callable[..., Image.Image]) -> None:
    raw = os.fsencode(tmp_path) + b"/caf\xe9.png"
    photo(1).save(tmp_path / "good.png")
    Path(os.fsdecode(raw)).write_bytes((tmp_path / "good.png").read_bytes())
    found = scan([str(tmp_path)])
    assert len(found.hashes.files) == 2
    assert {shown(path).rsplit("/", 1)[1] for path in found.clusters[0]} == {"caf\\xe9.png", "good.png"}
    write_hashes(found.hashes, str(tmp_path / "hashes.parquet"))
    assert len(read_hashes(str(tmp_path / "hashes.parquet")).paths) == 2


def test_folders_without_pictures(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        scan([str(tmp_path / "nowhere")])
    (tmp_path / "words.txt").write_text("words")
    with pytest.raises(InputError, match="is not a folder"):
        scan([str(tmp_path / "words.txt")])
    with pytest.raises(InputError, match="no images in 1 files"):
        scan([str(tmp_path)])
    (tmp_path / "broken.jpg").write_bytes(b"broken")
    assert [type(failure) for failure in scan([str(tmp_path)]).hashes.failed] == [Failure]


def test_listing_is_sorted_and_complete(tmp_path: Path) -> None:
    for number in range(40):
        folder = tmp_path / f"{number % 7}" / f"{number % 3}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.bin").write_bytes(b"x")
    files, others, failures = list_files([str(tmp_path)])
    assert files == sorted(str(path) for path in tmp_path.rglob("*.bin"))
    assert (others, failures) == ([], [])


def test_against_a_table(tmp_path: Path, photo: Callable[..., Image.Image]) -> None:
    released, new = tmp_path / "released", tmp_path / "new"
    released.mkdir()
    new.mkdir()
    for seed in range(5):
        photo(seed).save(released / f"{seed}.png")
    photo(3).resize((80, 60)).save(new / "leaked.jpg")
    photo(9).save(new / "fresh.jpg")
    table_file = str(tmp_path / "hashes.parquet")
    write_hashes(hash_folders([str(released)]), table_file)
    pairs = against(read_hashes(table_file), hash_folders([str(new)]))
    assert [(Path(pair.a).name, Path(pair.b).name, pair.verdict) for pair in pairs] == [
        ("leaked.jpg", "3.png", "auto")
    ]
    with pytest.raises(InputError, match=FAST):
        against(read_hashes(table_file), hash_folders([str(new)], fast=True))


@pytest.mark.parametrize(("flipped", "verdict"), [(0, "auto"), (2**64 - 1, "review")])
def test_without_the_tables_pictures_its_difference_hash_is_asked(
    tmp_path: Path, photo: Callable[..., Image.Image], flipped: int, verdict: str
) -> None:
    new, table_file = tmp_path / "new", tmp_path / "hashes.parquet"
    new.mkdir()
    photo(3).save(new / "picture.png")
    hashes = hash_folders([str(new)], details=True)
    write_hashes(hashes, str(table_file))
    table = pq.read_table(table_file)
    (dhash,) = table.column("dhash").to_pylist()
    for name, value in (
        ("path", pa.array(["gone.png"])),
        ("sha256", pa.array(["0" * 64])),
        ("dhash", pa.array([dhash ^ flipped], pa.uint64())),
    ):
        table = table.set_column(table.schema.get_field_index(name), name, value)
    pq.write_table(table, table_file)
    (pair,) = against(read_hashes(str(table_file)), hashes)
    assert (pair.b, pair.distance, pair.verdict) == ("gone.png", 0, verdict)
