"""Which method to trust on these votes: by held-out likelihood, by gold where there is some."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from synsetlab.errors import InputError
from synsetlab.voting.base import Aggregator, find_winners
from synsetlab.voting.dawid_skene import DawidSkene
from synsetlab.voting.heldout import held_out_scores, sample_tasks
from synsetlab.voting.latent_schools import LatentSchools
from synsetlab.voting.methods import make_aggregator
from synsetlab.voting.restricted import too_wide

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from synsetlab.voting.base import Posterior, Ties
    from synsetlab.voting.encoding import Repeats, Votes

__all__ = ["CANDIDATES", "Auto", "Candidate", "class_shares", "fit_candidates", "leader_codes"]

SHRUNK = "shrunk-dawid-skene"
CANDIDATES = ("majority", "one-coin", "dawid-skene")
"""What `Auto` chooses among, simplest first."""

SHARES_MOVE = 0.12
CLASS_GAIN = 0.15
LEAD = 2.0
CLOSE = 2.0
DIFFERENT = 0.005
MUCH = 0.05
ENOUGH_GOLD = 10
SCHOOL_VOTES = 300_000
SAME = 1e-6


@dataclass(frozen=True, slots=True)
class Candidate:
    """One method that was considered.

    Attributes
    ----------
    method
        Its name.
    held_out_log_likelihood
        Mean over votes that its model was not shown, in nats; None where it was not measured.
    gold_right
        How many known answers it gives without having seen them, m tied leaders earning 1/m; None
        without gold.
    """

    method: str
    held_out_log_likelihood: float | None = None
    gold_right: float | None = None


class Auto(Aggregator):
    """Chooses majority, one-coin or Dawid-Skene, says why, and says when not to trust the choice.

    Without gold the method is taken whose model best predicts votes that it was not shown
    (majority is scored as one matrix shared by all workers; where that wins, every worker's matrix
    is drawn to the shared one as far as the votes suggest, which does better than counting). A
    richer model predicts votes better even when its latent class is not the question that was
    asked, therefore there are alarms: the class shares of majority and Dawid-Skene differ by more
    than .12 (total variation); one more latent class would gain more than 15 % in held-out
    likelihood; the likelihoods are too close to tell while the labels differ; or a model wins over
    Dawid-Skene whose labels differ on more than 5 % of the tasks.

    With gold, the likelihood's choice is left if another method has at least two more known answers
    right. Ten to twenty known answers decide well if they are about tasks on which the methods
    differ (`suggest_gold` picks such tasks); then the alarms are lifted. Gold brings two more candidates:
    one-coin with estimated class shares, and from ten known answers on `LatentSchools`, judged on each
    known answer without it.

    Parameters
    ----------
    folds
        Into how many parts the votes are dealt for the held-out likelihood.
    limit
        Of larger sets, tasks with about so many votes are sampled for the held-out likelihood.

    Attributes
    ----------
    chosen_, why_
        The method chosen, and a sentence that says why.
    candidates_
        What was considered, best first.
    alarms_
        Why the choice may be wrong; empty if there is no known reason.
    model_
        The fitted aggregator.
    """

    method: ClassVar[str] = "auto"

    chosen_: str
    why_: str
    candidates_: list[Candidate]
    alarms_: list[str]
    model_: Aggregator
    n_iter_: int | None
    converged_: bool | None

    def __init__(
        self,
        *,
        folds: int = 5,
        limit: int = 100_000,
        ties: Ties = "abstain",
        seed: int = 0,
        repeats: Repeats = "last",
    ) -> None:
        super().__init__(ties=ties, seed=seed, repeats=repeats)
        if folds < 2 or limit < 1:
            raise InputError(f"folds={folds} must be at least 2 and limit={limit} at least 1.")
        self.folds, self.limit = folds, limit

    @property
    def alarm_(self) -> bool:
        """Whether there is a known reason not to trust the choice."""
        return bool(self.alarms_)

    def _fit(self) -> None:
        votes = self.votes_
        plain = fit_candidates(votes, self.ties, self.seed)
        scores = self._held_out(votes)
        self.alarms_ = _share_alarms(plain)
        likeliest = "majority"
        if scores:
            mean = {name: float(scores[name].mean()) for name in CANDIDATES}
            best = max(mean.values())
            likeliest = next(name for name in CANDIDATES if mean[name] > best - SAME)
            self.alarms_ += _class_alarms(scores) + _close_alarms(scores, likeliest, plain)
            self.why_ = _say_likelihood(likeliest, mean, self.folds)
            if likeliest == "majority":
                likeliest = self._share_matrices(plain)
            self.alarms_ += _split_alarms(likeliest, plain)
        else:
            mean = {}
            self.why_ = "There is nothing to compare: one class, one worker, or one vote a task."
        self.chosen_ = likeliest
        right = self._by_gold(plain, likeliest)
        self.candidates_ = [Candidate(name, mean.get(name), right.get(name)) for name in plain]
        self.candidates_.sort(key=lambda one: one.method != self.chosen_)
        self.model_ = plain[self.chosen_]
        if (self.gold_ >= 0).any():
            self.model_ = _fit_one(self.chosen_, votes, self.ties, self.seed, self.gold_)
        self.posterior_ = self.model_.posterior_
        self.n_iter_ = getattr(self.model_, "n_iter_", None)
        self.converged_ = getattr(self.model_, "converged_", None)

    def _share_matrices(self, plain: dict[str, Aggregator]) -> str:
        """What stands for one matrix shared by all: matrices drawn to it, or the count where that is safer.

        A shared matrix undoes errors that all workers make alike, which no count can. With few votes a
        task it can also put everything into one class: where it moves the class shares far, Dawid-Skene
        must say much the same.
        """
        votes = self.votes_
        if too_wide(votes):
            return "majority"
        shrunk = _fit_one(SHRUNK, votes, self.ties, self.seed)
        counted, learned = (plain[name].posterior_ for name in ("majority", "dawid-skene"))
        alone = _apart([shrunk.posterior_, learned]).sum() >= _apart([shrunk.posterior_, counted]).sum()
        if alone and _moved(counted, shrunk.posterior_) > SHARES_MOVE:
            return "majority"
        plain[SHRUNK] = shrunk
        self.why_ += (
            " Majority stands for one matrix shared by all workers, therefore Dawid-Skene with every"
            " worker's matrix drawn to the shared one."
        )
        return SHRUNK

    def _held_out(self, votes: Votes) -> dict[str, NDArray[np.float64]]:
        """Log likelihoods by family and vote; empty where there is nothing to compare."""
        if votes.n_classes < 2 or votes.n_workers < 2 or len(votes) <= votes.n_tasks:
            return {}
        return held_out_scores(sample_tasks(votes, self.limit), self.folds)

    def _by_gold(self, plain: dict[str, Aggregator], likeliest: str) -> dict[str, float]:
        """Known answers that each candidate gives; leaves the choice if another leads by two."""
        known = np.flatnonzero(self.gold_ >= 0)
        if not len(known):
            return {}
        plain["one-coin-estimated"] = _fit_one("one-coin-estimated", self.votes_, self.ties, self.seed)
        blind = {}
        if len(known) >= ENOUGH_GOLD and len(self.votes_) <= SCHOOL_VOTES and not too_wide(self.votes_):
            schools = LatentSchools(ties=self.ties, seed=self.seed).fit_encoded(self.votes_, self.gold_)
            plain["latent-schools"], blind["latent-schools"] = schools, schools.blind_
        right = {
            name: _gold_right(blind.get(name, model.posterior_), self.gold_, known)
            for name, model in plain.items()
        }
        best = max(right.values())
        if best >= right[likeliest] + LEAD - SAME:
            self.chosen_ = next(name for name, count in right.items() if count > best - SAME)
            verb = f"gives {right[self.chosen_]:g} of {len(known)} known answers"
            self.why_ = (
                f"{self.chosen_} {verb}, {likeliest}, the likeliest on held-out votes, {right[likeliest]:g}."
            )
        else:
            self.why_ += (
                f" No other method gives two more of the {len(known)} known answers"
                f" ({likeliest} gives {right[likeliest]:g}, the best {best:g})."
            )
        apart = _apart([plain[name].posterior_ for name in CANDIDATES])
        if int(apart[known].sum()) >= ENOUGH_GOLD:
            self.alarms_ = []
        return right


def fit_candidates(votes: Votes, ties: Ties = "abstain", seed: int = 0) -> dict[str, Aggregator]:
    """The methods that `Auto` chooses among, fitted without gold, by name."""
    return {name: _fit_one(name, votes, ties, seed) for name in CANDIDATES}


def class_shares(posterior: Posterior) -> NDArray[np.float64]:
    """Share of the tasks that each class leads, ties shared; shape (K,)."""
    winners = find_winners(posterior)
    credit = np.repeat(1 / winners.n_tied, winners.n_tied)
    shares: NDArray[np.float64] = np.bincount(winners.classes, credit, posterior.shape[1]) / len(
        winners.n_tied
    )
    return shares


def _fit_one(
    name: str, votes: Votes, ties: Ties, seed: int, gold: NDArray[np.intp] | None = None
) -> Aggregator:
    if name == "latent-schools":
        return LatentSchools(ties=ties, seed=seed).fit_encoded(votes, gold)
    if name == SHRUNK:
        return DawidSkene(shrink="fit", ties=ties, seed=seed).fit_encoded(votes, gold)
    estimated = name == "one-coin-estimated"
    options = {"class_prior": "estimated"} if estimated else {}
    made = make_aggregator("one-coin" if estimated else name, ties=ties, seed=seed, **options)
    return made.fit_encoded(votes, gold)


def _gold_right(posterior: Posterior, gold: NDArray[np.intp], known: NDArray[np.intp]) -> float:
    return float(find_winners(posterior).credit(gold)[known].sum())


def _apart(posteriors: list[Posterior]) -> NDArray[np.bool_]:
    """Whether the leading classes differ, by task."""
    apart = np.zeros(posteriors[0].shape[0], dtype=bool)
    codes = [leader_codes(posterior) for posterior in posteriors]
    for other in codes[1:]:
        apart |= other != codes[0]
    return apart


def leader_codes(posterior: Posterior) -> NDArray[np.intp]:
    """Code of the leading class by task, -1 where several lead."""
    winners = find_winners(posterior)
    return np.where(winners.n_tied > 1, -1, winners.classes[winners.start[:-1]])


def _share_alarms(plain: Mapping[str, Aggregator]) -> list[str]:
    moved = _moved(plain["majority"].posterior_, plain["dawid-skene"].posterior_)
    if moved <= SHARES_MOVE:
        return []
    return [
        f"Dawid-Skene moves the shares of the classes by {moved:.3f} (total variation; more than "
        f"{SHARES_MOVE}): it may have found another question than the one asked."
    ]


def _moved(counted: Posterior, learned: Posterior) -> float:
    """How far the shares of the classes are from those of the count (total variation)."""
    start = class_shares(counted)
    means = np.asarray(learned.mean(axis=0)).ravel()
    return max(float(np.abs(start - shares).sum()) / 2 for shares in (class_shares(learned), means))


def _split_alarms(chosen: str, plain: Mapping[str, Aggregator]) -> list[str]:
    """Where Dawid-Skene loses, but much hangs on it: likelihood says little about labels then."""
    if chosen == "dawid-skene":
        return []
    apart = float(_apart([plain[chosen].posterior_, plain["dawid-skene"].posterior_]).mean())
    if apart <= MUCH:
        return []
    return [
        f"{chosen} and dawid-skene differ on {apart:.1%} of the tasks (more than {MUCH:.0%}): that one "
        "predicts votes better does not say whose labels are better."
    ]


def _class_alarms(scores: Mapping[str, NDArray[np.float64]]) -> list[str]:
    if "one more class" not in scores:
        return []
    fewer, more = (float(scores[name].mean()) for name in ("dawid-skene", "one more class"))
    gain = (more - fewer) / max(-fewer, SAME)
    if gain <= CLASS_GAIN:
        return []
    return [
        f"One more latent class would gain {gain:.0%} in held-out likelihood (more than "
        f"{CLASS_GAIN:.0%}): groups of tasks are confused systematically."
    ]


def _close_alarms(
    scores: Mapping[str, NDArray[np.float64]], chosen: str, plain: Mapping[str, Aggregator]
) -> list[str]:
    found = []
    for other in ("majority", "dawid-skene"):
        apart = float(_apart([plain[chosen].posterior_, plain[other].posterior_]).mean())
        lead = scores[chosen] - scores[other]
        error = float(lead.std()) / np.sqrt(len(lead))
        if other != chosen and apart > DIFFERENT and float(lead.mean()) < CLOSE * error:
            found.append(
                f"{chosen} and {other} predict held-out votes alike (within {CLOSE:g} standard errors), "
                f"and differ on {apart:.1%} of the tasks."
            )
    return found


def _say_likelihood(chosen: str, mean: Mapping[str, float], folds: int) -> str:
    others = ", ".join(f"{name} {value:.4f}" for name, value in mean.items() if name != chosen)
    return (
        f"{chosen} predicts held-out votes best: {mean[chosen]:.4f} nats a vote in {folds} folds ({others})."
    )
