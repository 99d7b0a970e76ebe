"""Search among hashes beside its peers, measured in one run: ``python benchmarks/dedup.py [--hashes N]``.

One core: start it with ``taskset -c 0``. Prints medians of CPU seconds with their spread, the wall clock
beside them, ratios, recall and the largest resident set; absolute numbers depend on the machine and on what
else it does (the load is printed), ratios hardly. Every measurement that would take too long is made on some
rows and scaled, and says so.

Peers, where installed: faiss (exact MultiHash in several settings, the best one counts, and the exhaustive
index), imagededup, and NumPy comparing everything. Hashes are uniform with planted copies; ``--skewed`` gives
bits with probabilities from Beta(2, 2) and one hash 5,000 times over. The whole of ImageNet:
``--hashes 14197122 --rounds 1``.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.dedup.blocks import bit_match
from synsetlab.dedup.hamming import pairs_within
from synsetlab.dedup.index import HammingIndex
from synsetlab.dedup.plan import plan_search

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]
    Indices = npt.NDArray[np.int64]

SECONDS = 10.0  # CPU time that one measurement of a peer may take before rows are left out


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--hashes", type=int, default=1_000_000)
    options.add_argument("--radius", type=int, nargs="+", default=[3, 6])
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--skewed", action="store_true")
    options.add_argument("--no-peers", action="store_true")
    given = options.parse_args()
    for radius in given.radius:
        searching(given.hashes, radius, given.rounds, skewed=given.skewed, peers=not given.no_peers)
    indexing(given.hashes, given.radius[0])


def searching(count: int, radius: int, rounds: int, *, skewed: bool, peers: bool) -> None:
    hashes, left, right = planted(count, radius, skewed=skewed)
    kind = "skewed" if skewed else "uniform"
    print(
        f"\nAll pairs within {radius} of {count:,} {kind} hashes, CPU seconds; load {os.getloadavg()[0]:.1f}"
    )
    print(f"  plan: {plan_search(count, radius, bit_match(hashes))}")
    ours, walls = [], []
    for _ in range(rounds):
        wall = time.perf_counter()
        ours.append(timed(lambda: pairs_within(hashes, radius)))
        walls.append(time.perf_counter() - wall)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"  {'synsetlab':<28}{spread(ours)}  wall {statistics.median(walls):.2f}, {memory:.2f} GB")
    found = pairs_within(hashes, radius)
    recall = np.isin(left * count + right, found.i * count + found.j).mean()
    print(f"  {found.i.size:,} pairs; recall of planted pairs {recall:.6f}")
    del found
    if not peers:
        return
    base = statistics.median(ours)
    report("NumPy, everything", lambda rows: brute(hashes[:rows], hashes, radius), count, base, half=True)
    with_faiss(hashes, radius, base)
    with_imagededup(hashes, radius, base)


def with_faiss(hashes: Hashes, radius: int, base: float) -> None:
    try:
        import faiss
    except ImportError:
        print("  faiss is not installed: not measured")
        return
    faiss.omp_set_num_threads(1)
    codes = hashes.view(np.uint8).reshape(-1, 8)
    flat = faiss.IndexBinaryFlat(64)
    flat.add(codes)
    report("faiss Flat", lambda rows: flat.range_search(codes[:rows], radius + 1), hashes.size, base)
    best = []
    for tables, bits in ((4, 16), (3, 21), (2, 32)):
        index = faiss.IndexBinaryMultiHash(64, tables, bits)
        index.nflip = radius // tables  # what makes it exact, by the pigeonhole
        build = timed(lambda index=index: index.add(codes))
        name = f"faiss MultiHash {tables}x{bits} +{index.nflip}"
        best.append(
            build
            + report(
                name,
                lambda rows, index=index: index.range_search(codes[:rows], radius + 1),
                hashes.size,
                base,
                extra=build,
            )
        )
    print(f"  best exact MultiHash, build included: {min(best):.1f} s, ratio {min(best) / base:.1f}")


def with_imagededup(hashes: Hashes, radius: int, base: float) -> None:
    try:
        from imagededup.handlers.search.retrieval import HashEval
    except ImportError:
        print("  imagededup is not installed: not measured")
        return
    some = {str(place): f"{value:016x}" for place, value in enumerate(hashes[:2000].tolist())}

    def run(rows: int) -> None:
        asked = dict(list(some.items())[:rows])
        HashEval(
            some, asked, lambda a, b: (int(a, 16) ^ int(b, 16)).bit_count(), False, radius, "brute_force", 1
        )

    spent = timed(lambda: run(len(some))) * (hashes.size / len(some)) ** 2
    print(f"  {'imagededup brute force':<28}{spent:10.3f}  scaled; ratio {spent / base:.1f}")


def indexing(count: int, radius: int) -> None:
    hashes, _, _ = planted(count, radius, skewed=False)
    some = hashes[:: max(1, count // 1000)][:1000]
    with tempfile.TemporaryDirectory() as folder:
        index = HammingIndex(folder, create=True)
        tenth = count - count // 11
        print(f"\nAn index of {tenth:,} hashes on disk, within {radius}, CPU seconds")
        print(f"  {'made':<28}{timed(lambda: index.add(hashes[:tenth])):10.3f}")
        print(f"  {f'{count - tenth:,} added':<28}{timed(lambda: index.add(hashes[tenth:])):10.3f}")
        print(f"  {'pairs they bring':<28}{timed(lambda: index.pairs(radius, since=tenth)):10.3f}")
        print(f"  {'1,000 queries':<28}{timed(lambda: index.query(some, radius)):10.3f}")


def report(
    name: str,
    run: Callable[[int], Any],
    count: int,
    base: float,
    *,
    half: bool = False,
    extra: float = 0.0,
) -> float:
    """Time ``run(rows)`` on as many rows as SECONDS allow, scale to all, print; `half`: pairs only once."""
    rows = min(count, 64)
    spent = timed(lambda: run(rows))
    more = min(count, max(rows, int(rows * SECONDS / max(spent, 1e-3) / 2)))
    if more > 2 * rows:
        rows = more
        spent = timed(lambda: run(rows))
    whole = spent * count / rows / (2 if half else 1)
    note = "" if rows == count else f"  scaled from {rows:,} rows;"
    print(f"  {name:<28}{whole:10.3f} {note} ratio {(whole + extra) / base:.1f}", flush=True)
    return whole


def brute(some: Hashes, hashes: Hashes, radius: int) -> int:
    return sum(int(np.count_nonzero(np.bitwise_count(hashes ^ value) <= radius)) for value in some)


def planted(count: int, radius: int, *, skewed: bool) -> tuple[Hashes, Indices, Indices]:
    """Hashes and the pairs planted in them: one in twenty is a copy with `radius` bits flipped."""
    rng = np.random.default_rng(0)
    if skewed:
        hashes = np.zeros(count, dtype=np.uint64)
        for bit, chance in enumerate(rng.beta(2, 2, 64)):
            hashes |= (rng.random(count) < chance).astype(np.uint64) << np.uint64(bit)
    else:
        hashes = rng.integers(0, 2**64, count, dtype=np.uint64)
    copies = count // 20
    originals = rng.integers(copies, count, copies)
    for start in range(0, copies, 10_000):
        part = slice(start, min(start + 10_000, copies))
        flips = np.argsort(rng.random((part.stop - start, 64)), axis=1)[:, :radius].astype(np.uint64)
        hashes[part] = hashes[originals[part]] ^ np.bitwise_or.reduce(np.uint64(1) << flips, axis=1)
    if skewed:
        placeholder = np.arange(copies, count, max(1, (count - copies) // 5000))
        placeholder = np.setdiff1d(placeholder, originals)
        hashes[placeholder] = hashes[placeholder[0]]
    return hashes, np.arange(copies), originals


def timed(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):10.3f}  ({min(seconds):.3f}..{max(seconds):.3f})"


if __name__ == "__main__":
    main()
