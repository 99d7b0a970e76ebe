"""Importing and hashing beside Pillow and ImageHash: ``python benchmarks/importing.py [--images N]``.

Four ways through the same files, in one process and in two:

- *Pillow + ImageHash*: open each file and take ``imagehash.phash``; nothing is kept.
- *three passes*: SHA-256 and a copy of the file; then ``imagehash.phash``; then a 256 px JPEG thumbnail, each
  opening the file anew. What a careful script does, without a database.
- *synsetlab, hashed*: ``dedup hash``: SHA-256, both perceptual hashes, size, format.
- *synsetlab, imported*: ``import folder`` into a new workspace: SHA-256, perceptual hash, mean colour,
  256 px thumbnail, blob; image, source and question in the database, whose transactions are synced to disk.

Prints images a second (medians of five rounds by the clock, with the slowest and the fastest) and ratios.
The rounds of all ways are interleaved, so that a busy moment hits all of them. For one process the CPU's
seconds are told too: they hardly depend on what else the machine does. The photographs are
``../shared/data/clothing`` where it is there, else drawn demo pictures.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import imagehash
from PIL import Image

from synsetlab.candidates.folder import import_folder
from synsetlab.candidates.mapping import read_map_file
from synsetlab.compute import available_cores, map_ordered
from synsetlab.dedup.scan import hash_folders
from synsetlab.dedup.stage import FINGERPRINT
from synsetlab.simulate.demo import draw_demo
from synsetlab.store.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
CLOTHING = ROOT.parent / "shared" / "data" / "clothing"
CLASSES = ROOT / "data" / "clothing_classes.csv"
ROUNDS = 5
PROCESSES = (1, 2)
PLAIN, PASSES, HASHED, IMPORTED = (
    "Pillow + ImageHash",
    "three passes",
    "synsetlab, hashed",
    "synsetlab, imported",
)
BESIDE = {PLAIN: PLAIN, PASSES: PLAIN, HASHED: PLAIN, IMPORTED: PASSES}
"""What each way is compared with: the one that does the nearest thing."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--images", type=int, default=1000, help="so many at most (default 1000)")
    options.add_argument("--rounds", type=int, default=ROUNDS, help=f"(default {ROUNDS})")
    options.add_argument("--json", action="store_true", help="print one JSON object")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="synsetlab-benchmark-") as folder:
        photos, mapping, source = pictures(Path(folder), given.images)
        report = measure(photos, mapping, Path(folder), given.rounds)
    report = {"source": source, "cores": available_cores(), **report}
    print(json.dumps(report) if given.json else table(report))


def pictures(home: Path, count: int) -> tuple[Path, dict[str, str], str]:
    """A folder of at most `count` pictures by class, the synset of each class, and what they are."""
    photos = home / "photos"
    if CLOTHING.is_dir():
        mapping = read_map_file(CLASSES)
        found = [file for label in sorted(mapping) for file in sorted((CLOTHING / label).iterdir())]
        source = "photographs of clothing"
    else:
        plan = draw_demo(home / "drawn", images=max(count, 16))
        mapping = {}
        found = [home / "drawn" / image.path for image in plan if not image.kind.startswith("broken")]
        source = "drawn demo pictures"
    every = max(1, len(found) // count)
    for file in found[::every][:count]:
        link = photos / file.parent.name / file.name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(file)
    return photos, mapping, source


def measure(photos: Path, mapping: dict[str, str], home: Path, rounds: int) -> dict[str, Any]:
    """Every way, `rounds` times in turn; each result is checked against the number of pictures."""
    files = sorted(file for file in photos.rglob("*") if file.is_file())
    ways: dict[str, Callable[[int, Path], int]] = {
        PLAIN: lambda workers, _: spread(plain_hash, files, workers),
        PASSES: lambda workers, place: spread(functools.partial(three_passes, place=place), files, workers),
        HASHED: lambda workers, _: len(hash_folders([str(photos)], workers=workers).files),
        IMPORTED: lambda workers, place: imported(photos, mapping, workers, place),
    }
    clock: dict[tuple[int, str], list[float]] = {}
    cpu: dict[tuple[int, str], list[float]] = {}
    for turn in range(rounds + 1):  # the first warms the disk's cache and loads what is loaded once
        for workers in PROCESSES:
            for name, way in ways.items():
                place = home / "place"
                place.mkdir()
                began, busy = time.perf_counter(), time.process_time()
                done = way(workers, place)
                took, used = time.perf_counter() - began, time.process_time() - busy
                shutil.rmtree(place)
                if done != len(files):
                    raise SystemExit(f"{name}: {done} of {len(files)} pictures")
                if turn:
                    clock.setdefault((workers, name), []).append(took)
                    cpu.setdefault((workers, name), []).append(used)
    size = sum(file.stat().st_size for file in files)
    return {
        "images": len(files),
        "mean_bytes": round(size / len(files)),
        "rounds": rounds,
        "results": [result(workers, name, len(files), clock, cpu) for workers, name in clock],
    }


def result(
    workers: int,
    name: str,
    count: int,
    clock: dict[tuple[int, str], list[float]],
    cpu: dict[tuple[int, str], list[float]],
) -> dict[str, Any]:
    rates = sorted(count / seconds for seconds in clock[workers, name])
    beside = BESIDE[name]
    found: dict[str, Any] = {
        "processes": workers,
        "way": name,
        "images_per_second": {
            "median": round(statistics.median(rates), 1),
            "min": round(rates[0], 1),
            "max": round(rates[-1], 1),
        },
        "beside": beside,
        "ratio": ratio(clock[workers, beside], clock[workers, name]),
        "cpu_ms_per_image": None,
        "cpu_ratio": None,
    }
    if workers == 1:  # of other processes' time nothing is known here
        found["cpu_ms_per_image"] = round(statistics.median(cpu[1, name]) / count * 1000, 2)
        found["cpu_ratio"] = ratio(cpu[1, beside], cpu[1, name])
    return found


def ratio(base: list[float], ours: list[float]) -> float:
    """How many times as fast as `base`."""
    return round(statistics.median(base) / statistics.median(ours), 2)


def spread(work: Callable[[Path], Any], files: list[Path], workers: int) -> int:
    """Do `work` on all files with the same pool that synsetlab takes; returns how many were done."""
    return sum(1 for _ in map_ordered(work, files, workers=workers))


def plain_hash(file: Path) -> str:
    with Image.open(file) as image:
        return str(imagehash.phash(image))


def three_passes(file: Path, place: Path) -> None:
    copy_by_sum(file, place)
    plain_hash(file)
    write_thumbnail(file, place)


def copy_by_sum(file: Path, place: Path) -> None:
    data = file.read_bytes()
    (place / hashlib.sha256(data).hexdigest()).write_bytes(data)


def write_thumbnail(file: Path, place: Path) -> None:
    with Image.open(file) as image:
        image.thumbnail((256, 256))
        image.convert("RGB").save(place / f"{file.parent.name}-{file.name}.small", "JPEG", quality=85)


def imported(photos: Path, mapping: dict[str, str], workers: int, place: Path) -> int:
    with Workspace.create(place / "workspace") as workspace:
        return import_folder(workspace, photos, mapping, fingerprint=FINGERPRINT, workers=workers).found


def table(report: dict[str, Any]) -> str:
    lines = [
        f"{report['images']:,} {report['source']}, {report['mean_bytes'] / 1000:.0f} kB each; "
        f"{report['rounds']} rounds, {report['cores']} cores"
    ]
    for processes in PROCESSES:
        lines.append(f"\n{processes} process{'es' if processes > 1 else ''}, images/s")
        for row in report["results"]:
            if row["processes"] != processes:
                continue
            rate = row["images_per_second"]
            band = f"({rate['min']:.0f}..{rate['max']:.0f})"
            line = f"  {row['way']:<22}{rate['median']:8.0f}  {band:<14}"
            if row["beside"] != row["way"]:
                line += f"{row['ratio']:.2f} x {row['beside']}"
            if row["cpu_ms_per_image"] is not None:
                line += f"; CPU {row['cpu_ms_per_image']:.1f} ms an image"
                line += f", ratio {row['cpu_ratio']:.2f}" if row["beside"] != row["way"] else ""
            lines.append(line)
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
