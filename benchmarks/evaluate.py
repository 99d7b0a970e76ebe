"""Evaluation beside pandas and torchmetrics, measured in the same run: ``python benchmarks/evaluate.py``.

Prints medians of five rounds and ratios. "plain" is what one writes in a notebook: read both CSV files with
pandas, join them on the image, compare the columns; and, for the hierarchical error, ask the taxonomy for the
lowest common ancestor of each distinct pair of classes. Predictions are drawn: half of the best guesses are
right. Our time includes 99.9 % intervals, errors per class and the checks of numbering and order. From scores
of all classes torchmetrics counts the same five errors, where it is installed; ours reads the file besides.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from synsetlab.benchmark import evaluate
from synsetlab.benchmark.classes import ilsvrc2012_wnids
from synsetlab.taxonomy import load

if TYPE_CHECKING:
    from collections.abc import Callable

TOPS = [f"top{k}" for k in range(1, 6)]


def write_files(folder: Path, images: int, names: list[str]) -> tuple[Path, Path, Path]:
    """A truth, predictions of class strings and the same as indices."""
    rng = np.random.default_rng(0)
    shown = rng.integers(0, len(names), images)
    guesses = (shown[:, None] + rng.permuted(np.tile(np.arange(5), (images, 1)), axis=1)) % len(names)
    guesses[: images // 2, 0] = shown[: images // 2]
    text = np.array(names)
    image = [f"picture_{number:08d}.jpg" for number in range(images)]
    truth, wide, array = folder / "truth.csv", folder / "wide.csv", folder / "guesses.npy"
    pd.DataFrame({"image": image, "wnid": text[shown]}).to_csv(truth, index=False)
    pd.DataFrame(text[guesses], columns=TOPS, index=pd.Index(image, name="image")).to_csv(wide)
    np.save(array, guesses)
    return truth, wide, array


def plain_flat(truth: Path, wide: Path) -> list[float]:
    both = pd.read_csv(truth).merge(pd.read_csv(wide), on="image", validate="1:1")
    hit = both[TOPS].eq(both["wnid"], axis=0).to_numpy()
    return list(1 - np.logical_or.accumulate(hit, axis=1).mean(axis=0))


def plain_hierarchical(truth: Path, wide: Path) -> list[float]:
    taxonomy = load()
    both = pd.read_csv(truth).merge(pd.read_csv(wide), on="image", validate="1:1")
    cost: dict[tuple[str, str], int] = {}
    found = np.empty((len(both), 5))
    for column, name in enumerate(TOPS):
        for row, pair in enumerate(zip(both["wnid"], both[name], strict=True)):
            if pair not in cost:
                lowest = taxonomy.lca(*pair)[0]
                cost[pair] = 0 if pair[0] == pair[1] else taxonomy.height(lowest)
            found[row, column] = cost[pair]
    return list(np.minimum.accumulate(found, axis=1).mean(axis=0) / 19)


def with_torchmetrics(scores: Path, shown: np.ndarray) -> list[float]:
    """Top-1 to top-5 error of scores."""
    import torch
    from torchmetrics.functional.classification import multiclass_accuracy

    given, target = torch.from_numpy(np.load(scores)), torch.from_numpy(shown)
    size = given.shape[1]
    return [
        1 - float(multiclass_accuracy(given, target, num_classes=size, top_k=k, average="micro"))
        for k in range(1, 6)
    ]


def compare_scores(folder: Path, truth: Path, names: list[str], images: int) -> None:
    """The best five of a thousand scores."""
    codes = pd.read_csv(truth)["wnid"].map({name: code for code, name in enumerate(names)})
    shown = codes.to_numpy(copy=True)
    rng = np.random.default_rng(1)
    array = rng.standard_normal((images, len(names)), np.float32)
    array[np.arange(images), shown] += rng.normal(2, 1, images).astype(np.float32)
    scores, classes = folder / "scores.npy", folder / "classes.txt"
    np.save(scores, array)
    classes.write_text("".join(f"{name}\n" for name in names))
    ours = median(lambda: evaluate(truth, scores, classes=classes))
    if importlib.util.find_spec("torchmetrics") is None:
        print(f"{'scores, npy':<34}{ours:8.3f}s {'':>9} (torchmetrics is not installed)")
        return
    found = evaluate(truth, scores, classes=classes).errors
    assert np.allclose(found, with_torchmetrics(scores, shown), atol=1e-6)
    plain = median(lambda: with_torchmetrics(scores, shown))
    print(f"{'scores, npy; torchmetrics':<34}{ours:8.3f}s {plain:8.3f}s {plain / ours:6.1f}x")


def median(work: Callable[[], object], rounds: int = 5) -> float:
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=50_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wnids = sorted(ilsvrc2012_wnids())
        truth, wide, array = write_files(Path(folder), given.images, wnids)
        report = evaluate(truth, wide)
        assert np.allclose(report.errors, plain_flat(truth, wide), atol=1e-12)
        assert report.hierarchical_errors is not None
        assert np.allclose(report.hierarchical_errors, plain_hierarchical(truth, wide), atol=1e-12)
        # Class strings without a hierarchy: the flat part alone.
        bare, bare_wide = Path(folder) / "bare.csv", Path(folder) / "bare_wide.csv"
        bare.write_text(truth.read_text().replace(",n", ",c"))
        bare_wide.write_text(wide.read_text().replace(",n", ",c"))
        print(f"{given.images:,} images x 5 guesses, 1,000 classes; read and scored")
        print(f"{'':<34}{'ours':>9} {'plain':>9} {'ratio':>7}")
        ours, plain = median(lambda: evaluate(bare, bare_wide)), median(lambda: plain_flat(bare, bare_wide))
        print(f"{'flat, CSV':<34}{ours:8.3f}s {plain:8.3f}s {plain / ours:6.1f}x")
        ours = median(lambda: evaluate(truth, wide))
        plain = median(lambda: plain_hierarchical(truth, wide), rounds=1)
        print(f"{'flat and hierarchical, CSV':<34}{ours:8.3f}s {plain:8.3f}s {plain / ours:6.1f}x")
        ours = median(lambda: evaluate(truth, array, classes=wnids))
        print(f"{'flat and hierarchical, npy':<34}{ours:8.3f}s {'':>9} {'':>7}")
        compare_scores(Path(folder), bare, [name.replace("n", "c", 1) for name in wnids], given.images)


if __name__ == "__main__":
    main()
