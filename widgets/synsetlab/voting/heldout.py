"""How well the models predict votes that they were not shown.

The votes are dealt into folds; each fold is predicted by models fitted on the others, as the
log of sum over classes of P(class | other votes on the task) P(answer | class, worker). Folds depend
on the task names and on who agrees with whom, never on the names of workers or classes or on the
order of the votes: neither renaming nor shuffling changes a score.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from synsetlab.voting.base import normalise, vote_scores
from synsetlab.voting.hashing import mix, task_hash, vote_hash, worker_hash
from synsetlab.voting.latent import AnswerTable, LatentFit, latent_em, share_rows
from synsetlab.voting.one_coin import OneCoin
from synsetlab.voting.restricted import RestrictedModel, too_wide

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from synsetlab.voting.encoding import Votes

__all__ = [
    "FAMILIES",
    "as_one_worker",
    "deal_folds",
    "held_out_scores",
    "keep_votes",
    "one_more_class",
    "sample_tasks",
    "smooth_dawid_skene",
]

FAMILIES = ("majority", "one-coin", "dawid-skene", "one more class")
"""What is scored; majority stands for one matrix shared by all workers, whose output it is."""

STRENGTH, RIGHT = 4.0, 0.7
RARE = 0.1
ROUNDS, TOL = 100, 1e-4
TRIAL_ROUNDS = 10
POWER_STEPS = 30
SPLITS = 2
LEAST = 1e-12


def deal_folds(votes: Votes, folds: int) -> NDArray[np.intp]:
    """The fold of each vote, 0 .. folds - 1."""
    tasks, workers, seen = task_hash(votes)[votes.task], worker_hash(votes)[votes.worker], vote_hash(votes)
    with np.errstate(over="ignore"):
        dealt = mix(tasks ^ mix(workers) + seen)
    return np.asarray(dealt % np.uint64(folds), dtype=np.intp)


def sample_tasks(votes: Votes, limit: int) -> Votes:
    """The votes on as many tasks as keep them at about `limit`; all of them if they are fewer."""
    if len(votes) <= limit:
        return votes
    threshold = np.uint64(int(2**64 * (limit / len(votes))) - 1)
    chosen = task_hash(votes) <= threshold
    if chosen.sum() < 2:
        return votes
    kept = keep_votes(votes, chosen[votes.task])
    code = np.cumsum(chosen) - 1
    return replace(kept, tasks=votes.tasks[chosen], task=code[kept.task])


def keep_votes(votes: Votes, keep: NDArray[np.bool_]) -> Votes:
    """The votes where `keep` is true; tasks, workers and answers stay."""
    return replace(
        votes,
        task=votes.task[keep],
        worker=votes.worker[keep],
        answer=votes.answer[keep],
        weight=None if votes.weight is None else votes.weight[keep],
    )


def held_out_scores(votes: Votes, folds: int = 5, *, more: bool = True) -> dict[str, NDArray[np.float64]]:
    """Log likelihood of every vote (nats) under the models fitted without its fold, by family.

    ``"one more class"`` is Dawid-Skene with a latent class that no answer names; left out
    unless `more`, and where the classes are too many for full matrices (then answers that are no
    class are left out, too).
    """
    wide = too_wide(votes)
    votes = votes.only_classes() if wide else votes
    families = FAMILIES[:-1] if wide or not more else FAMILIES
    found = {name: np.empty(len(votes)) for name in families}
    fold = deal_folds(votes, folds)
    for number in range(folds):
        test = fold == number
        if test.all() or not test.any():
            for name in families:
                found[name][test] = -np.log(votes.n_answers)
            continue
        train = keep_votes(votes, ~test)
        held = keep_votes(votes, test)
        for name, logs in (_score_wide if wide else _score)(train, held, more=more).items():
            found[name][test] = logs
    return found


def _score(train: Votes, held: Votes, *, more: bool) -> dict[str, NDArray[np.float64]]:
    """Log likelihood of the votes `held` after `train`, by family."""
    fit = smooth_dawid_skene(train)
    found = {
        "majority": _predict(as_one_worker(held), smooth_dawid_skene(as_one_worker(train))),
        "one-coin": _predict_one_coin(held, train),
        "dawid-skene": _predict(held, fit),
    }
    if more:
        found["one more class"] = _predict(held, one_more_class(train, fit))
    return found


def _score_wide(train: Votes, held: Votes, *, more: bool) -> dict[str, NDArray[np.float64]]:
    """The same over classes too many for matrices: one skill, one a worker, one a worker and class."""
    del more
    model = RestrictedModel(train, np.full(train.n_tasks, -1, dtype=np.intp))
    model.fit(ROUNDS, TOL)
    return {
        "majority": _predict_one_coin(as_one_worker(held), as_one_worker(train)),
        "one-coin": _predict_one_coin(held, train),
        "dawid-skene": _log(model.predict(held.task, held.worker, held.answer)),
    }


def _start(train: Votes) -> NDArray[np.float64]:
    """Vote shares, shape (K, T); even where there are none."""
    shares = normalise(vote_scores(train.only_classes()))
    return np.ascontiguousarray(np.asarray(shares).T)


def _pseudo_counts(n_classes: int, train: Votes) -> NDArray[np.float64]:
    """Four pseudo-votes a row (K, L), .7 of them right; a class beyond the named ones has none right.

    Smoother than what `DawidSkene` fits with: a likelihood punishes sparse, sharp matrices far more
    than labels do.
    """
    prior = np.full((n_classes, train.n_answers), STRENGTH * (1 - RIGHT) / max(train.n_answers - 1, 1))
    place = np.arange(train.n_classes)
    prior[place, place] = STRENGTH * RIGHT
    prior[train.n_classes :] = STRENGTH / train.n_answers
    return prior


def smooth_dawid_skene(train: Votes) -> LatentFit:
    """Dawid-Skene with the smoother prior of this module."""
    prior = _pseudo_counts(train.n_classes, train)
    return latent_em(
        AnswerTable(train), _start(train), lambda counts: share_rows(counts + prior), max_iter=ROUNDS, tol=TOL
    )


def _log(chance: NDArray[np.float64]) -> NDArray[np.float64]:
    logs: NDArray[np.float64] = np.log(np.maximum(chance, LEAST))
    return logs


def as_one_worker(votes: Votes) -> Votes:
    """The same votes as if one worker had cast them all."""
    return replace(votes, workers=np.array(["all"], dtype=object), worker=np.zeros_like(votes.worker))


def _predict(held: Votes, fit: LatentFit) -> NDArray[np.float64]:
    """Log of P(answer | what was seen) by vote."""
    chance = np.zeros(len(held))
    for posterior, confusion in zip(fit.posterior, fit.confusion.transpose(1, 0, 2), strict=True):
        chance += posterior[held.task] * confusion[held.worker, held.answer]
    return _log(chance)


def _predict_one_coin(held: Votes, train: Votes) -> NDArray[np.float64]:
    """The same under one-coin; answers that are no class come at a rate of the worker's own."""
    n_classes = train.n_classes
    model = OneCoin().fit_encoded(train)
    extras = np.zeros((train.n_workers, train.n_answers - n_classes + 1))
    weight = np.ones(len(train)) if train.weight is None else train.weight
    np.add.at(extras, (train.worker, np.maximum(train.answer - n_classes + 1, 0)), weight)
    share = (extras + RARE) / (extras + RARE).sum(axis=1, keepdims=True)
    chance = share[held.worker, np.maximum(held.answer - n_classes + 1, 0)]
    named = held.answer < n_classes
    leads = np.asarray(model.posterior_[held.task[named], held.answer[named]], dtype=np.float64)
    skill = model.skills_[held.worker[named]]
    chance[named] *= leads * skill + (1 - leads) * (1 - skill) / max(n_classes - 1, 1)
    return _log(chance)


def one_more_class(train: Votes, fit: LatentFit) -> LatentFit:
    """The fit with one more latent class, split off where the classes so far fit worst."""
    table = AnswerTable(train)
    prior = _pseudo_counts(len(fit.posterior) + 1, train)
    best: tuple[float, LatentFit] | None = None
    for start in _splits(train, fit):
        trial = latent_em(
            table, start, lambda counts: share_rows(counts + prior), max_iter=TRIAL_ROUNDS, tol=TOL
        )
        likelihood = float(_predict(train, trial).sum())
        if best is None or likelihood > best[0] + 1e-6:
            best = likelihood, trial
    if best is None:
        return fit
    return latent_em(
        table, best[1].posterior, lambda counts: share_rows(counts + prior), max_iter=ROUNDS, tol=TOL
    )


def _splits(train: Votes, fit: LatentFit) -> list[NDArray[np.float64]]:
    """Starts (K + 1, T): one class in two along the direction in which its votes vary most.

    The direction is the first singular vector of the residuals of the votes (task by worker),
    found by power iteration; the classes with the most of such variation are tried.
    """
    found: list[tuple[float, NDArray[np.float64]]] = []
    for k, (posterior, confusion) in enumerate(
        zip(fit.posterior, fit.confusion.transpose(1, 0, 2), strict=True)
    ):
        energy, side = _direction(train, posterior, confusion)
        if energy > 0:
            start = np.concatenate([fit.posterior, fit.posterior[k : k + 1]])
            start[k] *= 0.1 + 0.8 * (side > 0)
            start[-1] *= 0.1 + 0.8 * (side <= 0)
            found.append((energy, start))
    found.sort(key=lambda pair: -pair[0])
    return [start for _, start in found[:SPLITS]]


def _direction(
    train: Votes, posterior: NDArray[np.float64], confusion: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]]:
    """Singular value and left vector (T,) of one class's residuals, (task) x (worker, answer)."""
    own = posterior[train.task]
    size = train.n_workers * train.n_answers
    key = train.worker * train.n_answers + train.answer
    expected = confusion.ravel()
    side: NDArray[np.float64] = (task_hash(train) >> np.uint64(11)).astype(np.float64) / 2**53 - 0.5
    energy = 0.0
    for _ in range(POWER_STEPS):
        side /= max(float(np.sqrt(side @ side)), LEAST)
        pull = own * side[train.task]
        # votes less what the class expects of each answer of the worker
        answers = np.bincount(key, pull, size).astype(np.float64)
        by_worker = np.bincount(train.worker, pull, train.n_workers)
        answers = answers - np.repeat(by_worker, train.n_answers) * expected
        level = (answers.reshape(-1, train.n_answers) * confusion).sum(axis=1)
        moved = np.bincount(train.task, own * (answers[key] - level[train.worker]), train.n_tasks)
        side = np.asarray(moved, dtype=np.float64)
        energy = float(np.sqrt(side @ side))
    return energy, side
