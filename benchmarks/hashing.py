"""Hashing beside its peers, measured in one run: ``python benchmarks/hashing.py [--images N]``.

Prints medians of five rounds with their spread, and ratios; absolute numbers depend on the machine and on
what else it does, ratios hardly. One core: start it with ``taskset -c 0``. Hashing is measured against plain
Pillow + ImageHash on 500 x 375 JPEGs with the spectrum of photographs.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import statistics
import time
from typing import TYPE_CHECKING

import imagehash
import numpy as np
from PIL import Image

from synsetlab.candidates.decode import decode
from synsetlab.dedup.phash import FAST_DRAFT, phash, phashes
from synsetlab.dedup.stage import FAST_FINGERPRINT, FINGERPRINT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from synsetlab.candidates.ingest import Fingerprint

ROUNDS = 5


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--images", type=int, default=100)
    hashing(options.parse_args().images)


def hashing(count: int) -> None:
    files = [photograph(seed) for seed in range(count)]
    size = sum(map(len, files)) / count / 1000
    print(f"\nHashing {count} JPEGs of 500 x 375 ({size:.0f} kB each), images/s")
    rates = compare(
        {
            "Pillow + ImageHash": lambda: [imagehash.phash(Image.open(io.BytesIO(data))) for data in files],
            "synsetlab exact": lambda: [phash(decode(data).stored) for data in files],
            "JPEG decoded, no more": lambda: [drafted(data) for data in files],
            "synsetlab fast": lambda: [fast_hash(data) for data in files],
        }
    )
    show(rates, count, "Pillow + ImageHash")
    exact = [phash(decode(data).stored) for data in files]
    plain = [int(str(imagehash.phash(Image.open(io.BytesIO(data)))), 16) for data in files]
    fast = [fast_hash(data) for data in files]
    bits = [(one ^ other).bit_count() for one, other in zip(fast, exact, strict=True)]
    print(f"  exact: {sum(a == b for a, b in zip(exact, plain, strict=True))} of {count} equal ImageHash's")
    print(f"  fast: median {statistics.median(bits):g}, p99 {np.percentile(bits, 99):g} bits away")

    print("\nIngest (SHA-256, hash, 256 px thumbnail), images/s")
    rates = compare(
        {
            "three passes": lambda: [three_passes(data) for data in files],
            "synsetlab exact": lambda: [one_decode(data, FINGERPRINT) for data in files],
            "synsetlab fast": lambda: [one_decode(data, FAST_FINGERPRINT) for data in files],
        }
    )
    show(rates, count, "three passes")
    ingested = [int(one_decode(data, FAST_FINGERPRINT)[1], 16) for data in files]
    bits = [(one ^ other).bit_count() for one, other in zip(ingested, exact, strict=True)]
    print(f"  fast: median {statistics.median(bits):g}, p99 {np.percentile(bits, 99):g} bits away")


def fast_hash(data: bytes) -> int:
    return phashes(decode(data, draft=FAST_DRAFT), exact=False)[0]


def drafted(data: bytes) -> None:
    """The floor of the fast hash: what decoding to grey at an eighth of the size takes."""
    image = Image.open(io.BytesIO(data))
    image.draft("L", (FAST_DRAFT, FAST_DRAFT))
    image.load()


def three_passes(data: bytes) -> tuple[str, str, bytes]:
    digest = hashlib.sha256(data).hexdigest()
    value = str(imagehash.phash(Image.open(io.BytesIO(data))))
    small = Image.open(io.BytesIO(data))
    small.thumbnail((256, 256))
    out = io.BytesIO()
    small.save(out, "JPEG", quality=85)
    return digest, value, out.getvalue()


def one_decode(data: bytes, fingerprint: Fingerprint) -> tuple[str, str, bytes]:
    picture = decode(data, draft=fingerprint.draft, longer=True, grey=False)
    return hashlib.sha256(data).hexdigest(), fingerprint.function(picture), picture.thumbnail()


def photograph(seed: int) -> bytes:
    """A JPEG whose detail falls off with frequency as a photograph's does."""
    rng = np.random.default_rng(seed)
    rows, columns = np.fft.fftfreq(375)[:, None], np.fft.rfftfreq(500)[None, :]
    falloff = 1 / np.maximum(np.hypot(rows, columns), 1 / 500) ** 1.2
    noise = [rng.standard_normal((375, 500)) for _ in range(3)]
    planes = [np.fft.irfft2(np.fft.rfft2(plane) * falloff, (375, 500)) for plane in noise]
    planes[1:] = [planes[0] + 0.3 * plane for plane in planes[1:]]
    pixels = np.stack([(plane - plane.mean()) / plane.std() * 48 + 128 for plane in planes], axis=2)
    out = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=90)
    return out.getvalue()


def compare(ways: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Times of each way, interleaved so that a busy moment hits all of them."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, run in ways.items():
            times[name].append(timed(run))
    return times


def show(times: dict[str, list[float]], count: int, base: str) -> None:
    for name, seconds in times.items():
        rates = sorted(count / value for value in seconds)
        middle = statistics.median(rates)
        band = f"({rates[0]:.0f}..{rates[-1]:.0f})"
        print(f"  {name:<24}{middle:8.0f}  {band}  ratio {ratio(times[base], seconds)}")


def timed(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def ratio(base: Sequence[float], ours: Sequence[float]) -> str:
    return f"{statistics.median(base) / statistics.median(ours):.2f}"


if __name__ == "__main__":
    main()
