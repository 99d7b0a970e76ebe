"""Placeholders, journals, details, conflicts, density, calibration and embeddings."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import imagehash
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageFilter

from synsetlab.candidates.placeholders import KNOWN, read_placeholders
from synsetlab.cli import main
from synsetlab.compute import map_on_dask
from synsetlab.dedup.calibrate import reviewed_in_workspace, sample_pairs
from synsetlab.dedup.conflicts import synset_conflicts
from synsetlab.dedup.density import mean_distance, mean_picture_bytes
from synsetlab.dedup.embeddings import embed_all, load_provider, near_vectors
from synsetlab.dedup.phash import dhash, phash
from synsetlab.dedup.quality import describe
from synsetlab.dedup.scan import hash_folders, scan
from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from synsetlab.dedup.files import HashedFile


@pytest.fixture
def folder(tmp_path: Path, photo: Callable[..., Image.Image]) -> Path:
    here = tmp_path / "photos"
    here.mkdir()
    for seed in range(4):
        photo(seed, 240, 180).save(here / f"{seed}.jpg", quality=90)
    (here / "broken.jpg").write_bytes(b"broken")
    (here / "notes.txt").write_text("words")
    return here


# -- placeholders ---------------------------------------------------------------------------------


def test_a_list_of_placeholders_is_extended(tmp_path: Path, folder: Path) -> None:
    data = (folder / "1.jpg").read_bytes()
    look = phash(Image.open(folder / "2.jpg"))
    listed = tmp_path / "gone.txt"
    listed.write_text(f"# ours\n\n{hashlib.sha256(data).hexdigest()} one\n{look ^ 1:016X},two of them\n")
    known = read_placeholders(listed)
    assert set(KNOWN) < set(known.files)
    found = scan([str(folder)], placeholders=known)
    assert [(Path(path).name, name) for path, name in found.placeholders] == [
        ("1.jpg", "one"),
        ("2.jpg", "two of them"),
    ]
    assert not scan([str(folder)]).placeholders
    listed.write_text("abc gone\n")
    with pytest.raises(InputError, match="line 1: 'abc gone'"):
        read_placeholders(listed)


def test_placeholders_are_not_imported(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = hashlib.sha256((folder / "1.jpg").read_bytes()).hexdigest()
    (tmp_path / "gone.txt").write_text(f"{digest} gone")
    assert main(["dedup", "scan", str(folder), "--placeholders", str(tmp_path / "gone.txt"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["placeholders"] == [
        {"path": f"{folder}/1.jpg", "name": "gone"}
    ]


# -- journals -------------------------------------------------------------------------------------


def test_an_interrupted_run_goes_on_where_it_was(folder: Path, tmp_path: Path) -> None:
    journal = tmp_path / "hashes.part"
    whole = hash_folders([str(folder)], details=True)
    assert hash_folders([str(folder)], details=True, journal=journal) == whole
    lines = journal.read_text().splitlines()
    assert len(lines) == 1 + 6
    journal.write_text("\n".join(lines[:4]) + "\n" + lines[4][:20])  # killed while it wrote
    read: list[str] = []

    def watched(function: Callable[[str], HashedFile], paths: Sequence[str]) -> list[HashedFile]:
        read.extend(paths)
        return list(map(function, paths))

    assert hash_folders([str(folder)], details=True, journal=journal, run=watched) == whole
    assert len(read) == 3
    (folder / "0.jpg").write_bytes((folder / "3.jpg").read_bytes())
    read.clear()
    again = hash_folders([str(folder)], details=True, journal=journal, run=watched)
    assert [Path(path).name for path in read] == ["0.jpg"]
    assert again.files[0].sha256 == again.files[3].sha256
    with pytest.raises(InputError, match="not begun"):
        hash_folders([str(folder)], journal=journal)


def test_dask_hashes_alike(folder: Path) -> None:
    pytest.importorskip("dask", reason="dask is an extra")
    assert hash_folders([str(folder)], run=map_on_dask) == hash_folders([str(folder)])


def test_a_cluster_of_dask_finds_the_same_pairs() -> None:
    distributed = pytest.importorskip("distributed", reason="dask is an extra")
    from synsetlab.dedup.hamming import pairs_within

    rng = np.random.default_rng(5)
    hashes = rng.integers(0, 2**64, 30_000, dtype=np.uint64)
    hashes[:3000] = hashes[3000:6000] ^ (np.uint64(1) << rng.integers(0, 64, 3000, dtype=np.uint64))
    alone = pairs_within(hashes, 4)
    with distributed.Client(
        processes=False, n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as client:
        together = pairs_within(hashes, 4, memory=300_000, run=partial(map_on_dask, client=client))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))
    assert alone.i.size >= 3000


# -- details --------------------------------------------------------------------------------------


def test_details_of_a_picture(photo: Callable[..., Image.Image]) -> None:
    scene = photo(1, 140, 130)
    assert dhash(scene) == int(str(imagehash.dhash(scene)), 16)
    assert describe(scene, (1, 2, 255)).mean_color == "#0102ff"
    assert describe(scene, (0, 0, 0)).flags == ()
    assert describe(scene.filter(ImageFilter.GaussianBlur(9)), (0, 0, 0)).flags == ("blurred",)
    assert describe(scene.point(lambda value: value // 8), (0, 0, 0)).flags[0] == "dark"
    assert describe(Image.new("RGB", (200, 200), "white"), (0, 0, 0)).flags == ("bright", "flat")
    assert describe(Image.new("RGB", (1, 1)), (0, 0, 0)).sharpness == 0


def test_details_in_a_table(folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "hashes.parquet"
    assert main(["dedup", "hash", str(folder), "-o", str(output), "--details"]) == 0
    rows = pq.read_table(output).to_pylist()
    assert rows[0]["dhash"] == int(str(imagehash.dhash(Image.open(folder / "0.jpg"))), 16)
    assert not Path(f"{output}.part").exists()


# -- conflicts, calibration, density ---------------------------------------------------------------


def fake(**frames: pd.DataFrame) -> SimpleNamespace:
    return SimpleNamespace(reader=SimpleNamespace(**{name: lambda f=f: f for name, f in frames.items()}))


def test_conflicts_are_between_classes_that_do_not_include_each_other() -> None:
    workspace = fake(
        questions=pd.DataFrame(
            [
                ("a", "dog", "yes"),
                ("a", "cat", "yes"),
                ("b", "dog", "yes"),
                ("b", "animal", "yes"),
                ("c", "dog", "open"),
                ("d", "cat", "yes"),
                ("e", "dog", "yes"),
                ("e", "cat", "no"),
            ],
            columns=["image_id", "wnid", "outcome"],
        ),
        clusters=pd.DataFrame([("c", "c"), ("c", "d")], columns=["cluster_id", "image_id"]),
        duplicate_verdicts=pd.DataFrame([], columns=["image_id", "verdict"]),
        edges=pd.DataFrame([("animal", "dog"), ("animal", "cat")], columns=["parent", "child"]),
    )
    found = synset_conflicts(workspace)
    assert [(one.cluster_id, one.kind, one.wnids) for one in found] == [
        ("a", "voted", ("cat", "dog")),
        ("c", "candidate", ("cat", "dog")),
    ]
    assert [one.cluster_id for one in synset_conflicts(workspace, voted_only=True)] == ["a"]


def test_what_people_said_of_pairs() -> None:
    workspace = fake(
        duplicate_verdicts=pd.DataFrame(
            [
                ("a", "keep", "maria"),
                ("b", "drop", "maria"),
                ("c", "not-a-duplicate", "li"),
                ("d", "drop", "policy"),
            ],
            columns=["image_id", "verdict", "decided_by"],
        ),
        duplicate_pairs=pd.DataFrame(
            [("a", "b", 2), ("a", "c", 5), ("a", "d", 3)], columns=["a", "b", "distance"]
        ),
    )
    reviewed, histogram = reviewed_in_workspace(workspace)
    assert reviewed == [(2, True), (5, False)]
    assert dict(histogram) == {2: 1, 5: 1, 3: 1}


def test_a_sample_has_pairs_of_every_distance() -> None:
    pairs = [{"a": f"{n:03}", "b": "x", "distance": n % 4} for n in range(200)]
    drawn = sample_pairs(pairs, 5, seed=1)
    assert [pair["distance"] for pair in drawn] == [0] * 5 + [1] * 5 + [2] * 5 + [3] * 5
    assert sample_pairs(pairs[::-1], 5, seed=1) == drawn != sample_pairs(pairs, 5, seed=2)


def test_sample_and_calibrate(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.open(folder / "0.jpg").save(folder / "copy.png")
    assert main(["dedup", "scan", str(folder), "--json"]) == 0
    (tmp_path / "scan.json").write_text(capsys.readouterr().out)
    table = tmp_path / "review.csv"
    assert main(["dedup", "sample", str(tmp_path / "scan.json"), "-o", str(table), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["pairs"] == 1
    table.write_text(table.read_text() + "p,q,5,review,no\n")
    assert main(["dedup", "calibrate", str(table), "--json"]) == 0
    payload = json.loads(capsys.readouterr().out)
    assert payload["reviewed"] == 1
    assert [row["distance"] for row in payload["histogram"]] == [0, 5]


def test_diversity_measures() -> None:
    rng = np.random.default_rng(2)
    varied = rng.integers(0, 256, (200, 32, 32, 3), dtype=np.uint8)
    alike = np.clip(varied[0] + rng.integers(-3, 4, (200, 32, 32, 3)), 0, 255).astype(np.uint8)
    assert mean_picture_bytes(varied) < mean_picture_bytes(alike)
    assert mean_picture_bytes([]) == 0
    hashes = rng.integers(0, 2**64, 50, dtype=np.uint64)
    pairs = [(int(a) ^ int(b)).bit_count() for n, a in enumerate(hashes) for b in hashes[:n]]
    assert mean_distance(hashes) == pytest.approx(sum(pairs) / len(pairs))
    assert mean_distance(hashes[:1]) is None


# -- embeddings -----------------------------------------------------------------------------------


class Corners:
    """The mean colour of each quarter: a model for tests."""

    name = "corners"

    def embed(self, pictures: Sequence[Image.Image]) -> np.ndarray:
        small = [
            np.asarray(picture.resize((2, 2), Image.Resampling.BOX), dtype=np.float32) for picture in pictures
        ]
        return np.stack([values.reshape(-1) - 127 for values in small])


def test_embeddings_settle_what_a_look_leaves_open(folder: Path) -> None:
    for name in ("red", "firebrick"):
        product = Image.new("RGB", (200, 200), "white")
        product.paste(name, (60, 30, 120, 150))
        product.paste("black", (70, 150, 90, 190))
        product.save(folder / f"{name}.png")
    open_ = {frozenset({Path(p.a).name, Path(p.b).name}): p.verdict for p in scan([str(folder)]).pairs}
    settled = scan([str(folder)], embeddings=Corners()).pairs
    assert open_ == {frozenset({"firebrick.png", "red.png"}): "review"}
    assert [pair.verdict for pair in settled] == ["verified"]


def test_near_vectors_are_all_found() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((60, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = {(i, j) for i, j, _ in near_vectors(vectors, 0.7)}
    assert found == {(i, j) for j in range(60) for i in range(j) if float(vectors[i] @ vectors[j]) >= 0.7}


def test_providers_are_checked(photo: Callable[..., Image.Image]) -> None:
    with pytest.raises(InputError, match="no embedding provider 'nowhere:x'"):
        load_provider("nowhere:x")
    with pytest.raises(InputError, match="is no embedding provider"):
        load_provider("json:dumps_all") if hasattr(json, "dumps_all") else load_provider("math:pi")
    assert embed_all(Corners(), iter([photo(1), photo(2)])).shape == (2, 12)
    broken = SimpleNamespace(name="broken", embed=lambda pictures: np.zeros((1, 3)))
    with pytest.raises(InputError, match="without length"):
        embed_all(broken, iter([photo(1)]))
