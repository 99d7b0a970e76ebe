"""Vote aggregation beside crowd-kit, measured in the same run: time, memory, equal posteriors.

    python benchmarks/voting.py --peer /path/to/a/venv/bin/python [--tasks 10000 100000]
    python benchmarks/voting.py --votes three-answers --methods dawid-skene auto
    python benchmarks/voting.py --votes thousand-classes --tasks 1000000 --methods one-coin dawid-skene

The peer's Python is one where ``pip install crowd-kit "scikit-learn==1.5.2"`` was run; it is kept
apart because crowd-kit brings packages that synsetlab does not want. Without ``--peer`` only a
plain pandas majority stands beside us.

Each fit runs in a process of its own, the peer and we in turns; printed are medians, and of the
ratios the spread, too. Peak memory is that process's, less what it held before the fit. The fit
alone is timed, on a frame that is loaded already. "codes" is our fit on votes that were encoded
before, as an online engine holds them. "three-answers" are 924,810 votes of 85 raters on 184,962
images (the shape of ImageNet's re-assessment votes); on "thousand-classes" Dawid-Skene
restricts itself to the labels that somebody gave, where the peer's tables do not fit.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

METHODS = ("majority", "one-coin", "dawid-skene", "wawa", "glad", "mace", "mmsr", "auto")
THREE_ANSWERS = 184_962
PEER_CLASSES = 10_000
ENOUGH = 120
"""Seconds after which a method is not run again."""
COMPARED = {"majority", "dawid-skene"}
SLOW_FOR_PEERS = {"glad": 10_000, "mmsr": 10_000}
"""The peer needs minutes or gigabytes beyond so many tasks; we are still run."""


def make_votes(tasks: int, seed: int) -> dict[str, np.ndarray]:
    """Binary votes, 3 to 10 a task, by workers of accuracy .6 to .95 who are unevenly busy."""
    rng = np.random.default_rng(seed)
    workers = max(200, tasks // 100) if tasks <= 100_000 else 2000
    truth = rng.integers(0, 2, tasks)
    votes = rng.integers(3, 11, tasks)
    task = np.repeat(np.arange(tasks), votes)
    worker = np.floor(workers * rng.random(len(task)) ** 2).astype(int)
    _, first = np.unique(task * workers + worker, return_index=True)
    task, worker = task[first], worker[first]
    skill = rng.uniform(0.6, 0.95, workers)
    right = rng.random(len(task)) < skill[worker]
    return {"task": task, "worker": worker, "label": np.where(right, truth[task], 1 - truth[task])}


def make_three_answers(tasks: int, seed: int) -> dict[str, np.ndarray]:
    """Five of 85 unevenly busy raters say no, maybe or yes about images of uneven difficulty."""
    rng = np.random.default_rng(seed)
    raters = 85
    truth = np.where(rng.random(tasks) < 0.18, 1, -1)
    busy = np.log(rng.dirichlet(np.full(raters, 0.7)))
    worker = np.argpartition(-(rng.gumbel(size=(tasks, raters)) + busy), 5, axis=1)[:, :5].ravel()
    task = np.repeat(np.arange(tasks), 5)
    skill, lean, width = (
        rng.normal(1.8, 0.6, raters),
        rng.normal(0, 0.5, raters),
        rng.uniform(0.1, 1.2, raters),
    )
    seen = truth[task] * skill[worker] + lean[worker] + rng.normal(0, 0.8, tasks)[task]
    seen += rng.logistic(size=len(task))
    label = np.where(seen > width[worker], 2, np.where(seen < -width[worker], 0, 1))
    return {"task": task, "worker": worker, "label": label}


def make_thousand_classes(tasks: int, seed: int) -> dict[str, np.ndarray]:
    """Votes 3 to 10 a task over 1,000 classes; most errors fall on five neighbours of the class."""
    votes = make_votes(tasks, seed)
    rng = np.random.default_rng(seed)
    truth, workers = rng.integers(0, 1000, tasks), int(votes["worker"].max()) + 1
    right = rng.random(len(votes["task"])) < rng.uniform(0.4, 0.9, workers)[votes["worker"]]
    near = (truth[votes["task"]] + rng.integers(1, 6, len(right))) % 1000
    wrong = np.where(rng.random(len(right)) < 0.8, near, rng.integers(0, 1000, len(right)))
    return {**votes, "label": np.where(right, truth[votes["task"]], wrong)}


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(fit: Any) -> dict[str, Any]:
    before, start = peak_mb(), time.perf_counter()
    result = fit()
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "mb": peak_mb() - before, "result": result}


def run_ours(method: str, votes: Path, rounds: int) -> dict[str, Any]:
    import pandas as pd

    from synsetlab.voting import encode_votes, make_aggregator

    frame = pd.DataFrame(dict(np.load(votes)))
    options: dict[str, Any] = {}
    if method == "dawid-skene" and rounds:  # the peer's model: no prior, its number of rounds
        options = {"on_diagonal": 0, "off_diagonal": 0, "max_iter": rounds, "tol": 0, "candidates": "all"}
    make_aggregator(method)  # its modules load lazily; the peer's are loaded by now, too
    whole = timed(lambda: make_aggregator(method, **options).fit(frame))
    encoded = encode_votes(frame)
    codes = timed(lambda: make_aggregator(method, **options).fit(encoded))
    model = whole.pop("result")
    small = encoded.n_tasks * encoded.n_classes <= 1 << 22
    return {
        **whole,
        "codes_seconds": codes["seconds"],
        "table": model.predict_proba() if small else None,
        "rounds": getattr(model, "n_iter_", None) or 0,
        "chosen": getattr(model, "chosen_", ""),
    }


def run_peer(method: str, votes: Path, rounds: int) -> dict[str, Any]:
    import crowdkit.aggregation as ck  # type: ignore[import-not-found]
    import pandas as pd

    del rounds
    kinds = {
        "majority": ck.MajorityVote,
        "one-coin": ck.OneCoinDawidSkene,
        "dawid-skene": ck.DawidSkene,
        "wawa": ck.Wawa,
        "glad": ck.GLAD,
        "mace": ck.MACE,
        "mmsr": ck.MMSR,
    }
    model = kinds[method]()
    frame = pd.DataFrame(dict(np.load(votes)))
    found = timed(lambda: model.fit(frame))
    found.pop("result")
    table = getattr(model, "probas_", None)
    return {**found, "table": table, "rounds": len(getattr(model, "loss_history_", []) or [])}


def run_plain(method: str, votes: Path, rounds: int) -> dict[str, Any]:
    """Majority as one writes it in a notebook."""
    import pandas as pd

    del method, rounds
    frame = pd.DataFrame(dict(np.load(votes)))
    found = timed(lambda: frame.groupby("task")["label"].agg(lambda labels: labels.mode().iloc[0]))
    found.pop("result")
    return {**found, "table": None, "rounds": 0}


def child(who: str, method: str, votes: Path, rounds: int) -> None:
    found = {"ours": run_ours, "peer": run_peer, "plain": run_plain}[who](method, votes, rounds)
    table = found.pop("table")
    if table is not None:
        np.save(votes.with_suffix(f".{who}.npy"), table.sort_index().sort_index(axis=1).to_numpy())
    print(json.dumps(found))


def start(python: str, who: str, method: str, votes: Path, rounds: int = 0) -> dict[str, Any]:
    command = [python, __file__, "--child", who, method, str(votes), str(rounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["killed"])[-1]
        return {"failed": last[:60]}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def compare(method: str, votes: Path, tasks: int, peer: str | None, repeat: int) -> None:
    wide = "classes" in votes.name and tasks > PEER_CLASSES
    skip = not peer or method == "auto" or wide or tasks > SLOW_FOR_PEERS.get(method, tasks)
    binary = "binary" in votes.name
    runs: list[tuple[dict[str, Any], dict[str, Any]]] = []
    begun = time.perf_counter()
    while len(runs) < repeat and time.perf_counter() - begun < ENOUGH:
        theirs = {} if skip else start(str(peer), "peer", method, votes)
        if not peer and method == "majority":
            theirs = start(sys.executable, "plain", method, votes)
        same_rounds = int(theirs.get("rounds", 0)) if method == "dawid-skene" and binary else 0
        runs.append((start(sys.executable, "ours", method, votes, same_rounds), theirs))
        if "failed" in runs[-1][0]:
            print(f"{tasks:>9,} {method:<12} FAILED {runs[-1][0]['failed']}")
            return
    line = describe(runs, f"{tasks:>9,} {method:<12}")
    pair = [votes.with_suffix(f".{who}.npy") for who in ("ours", "peer")]
    if all(path.exists() for path in pair) and "seconds" in runs[-1][1] and binary and method in COMPARED:
        one, other = (np.load(path) for path in pair)
        line += f" | posteriors differ by {np.abs(one - other).max():.1e}"
    print(line, flush=True)
    for path in pair:
        path.unlink(missing_ok=True)


def describe(runs: list[tuple[dict[str, Any], dict[str, Any]]], head: str) -> str:
    """Medians over the runs; of each ratio the median and the spread."""

    def median(side: int, name: str) -> float:
        return float(np.median([run[side][name] for run in runs]))

    ours, theirs = runs[-1]
    line = f"{head} {median(0, 'seconds'):8.3f} s {median(0, 'codes_seconds'):8.3f} s"
    line += f" {median(0, 'mb'):7.0f} MB {ours['rounds']:4} rounds {ours['chosen']}"
    if any("seconds" not in run[1] for run in runs):
        return f"{line} | {theirs.get('failed', 'not run')}"
    line += f" | {median(1, 'seconds'):8.3f} s {median(1, 'mb'):7.0f} MB | n={len(runs)}"
    for name in ("seconds", "codes_seconds"):
        ratio = [run[1]["seconds"] / run[0][name] for run in runs]
        line += f" {np.median(ratio):7.1f}x ({min(ratio):.1f}-{max(ratio):.1f})"
    return line


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer", help="the Python of an environment with crowd-kit")
    kinds = {
        "binary": make_votes,
        "three-answers": make_three_answers,
        "thousand-classes": make_thousand_classes,
    }
    parser.add_argument("--votes", choices=kinds, default="binary")
    parser.add_argument("--tasks", type=int, nargs="+", help="10,000 and 100,000 by default")
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    parser.add_argument("--repeat", type=int, default=5, help="runs of each, in turns; fewer where slow")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        who, method, votes, rounds = given.child
        child(who, method, Path(votes), int(rounds))
        return
    print(f"{'tasks':>9} {'method':<12} {'ours':>10} {'codes':>10} {'':>10} | theirs | ratio: frame, codes")
    with tempfile.TemporaryDirectory() as folder:
        for tasks in given.tasks or (
            [THREE_ANSWERS] if given.votes == "three-answers" else [10_000, 100_000]
        ):
            votes = Path(folder) / f"{given.votes}{tasks}.npz"
            np.savez(votes, **kinds[given.votes](tasks, given.seed))  # type: ignore[arg-type]
            for method in given.methods:
                compare(method, votes, tasks, given.peer, given.repeat)


if __name__ == "__main__":
    main()
