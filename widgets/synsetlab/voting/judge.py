"""One question at a time: what a policy and a model of the annotators make of its votes.

The same judge serves the whole workspace (``consensus run``) and the few questions that a batch of
votes has just touched: its cost is that of the question's own votes.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from synsetlab.voting.policy import Decision, Outcome, Policy, Tally, decide

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from synsetlab.voting.posterior import AnswerModel

__all__ = ["BANDS", "Judge"]

Case = dict[str, Any]
BANDS = 5
"""Bands of open questions that have votes, 0 where one more vote is worth most."""

RULED = ("accept", "reject", "exclude")
ASSUMED_SKILL = 0.8
SLACK = 1e-12


class Judge:
    """Decides cases (`synsetlab.store.decisions.cases_of`) under one policy.

    Parameters
    ----------
    policy
        The policy; its exceptions by synset hold.
    model
        How far each annotator can be believed; None: the policy's own assumptions.
    nobody_left
        Nobody is left to ask: what is still open is exhausted, and the expert's.
    """

    def __init__(
        self, policy: Policy, model: AnswerModel | None = None, *, nobody_left: bool = False
    ) -> None:
        self.policy = policy
        self.model = model
        self.nobody_left = nobody_left
        self._by_synset: dict[str, Policy] = {}

    @property
    def stamp(self) -> dict[str, str]:
        """The policy as the store keeps it: hash, kind, body."""
        return {"hash": self.policy.policy_hash, "kind": self.policy.kind, "body": self.policy.to_json()}

    def __call__(self, case: Case) -> Case | None:
        """A decision as the store takes it, or None where nothing changes or others have the say."""
        row = self.judge(case)
        return row if row is not None and _differs(row, case) else None

    def judge(self, case: Case) -> Case | None:
        """The decision, changed or not; None for an expert's, a dropped duplicate's, or without votes."""
        if case["expert"] in RULED or case["duplicate_of"]:
            return None
        if case["gold_answer"]:
            return _gold(case)
        policy = self._policy_of(case["wnid"])
        cast = case["n_yes"] + case["n_no"] + case["n_unsure"] + case["n_label"]
        if cast == 0:
            if case["outcome"] == "open":
                return None
            none = Decision(Outcome.MORE_VOTES, 0.5, "no votes are left", policy.first_votes)
            return _row(case, none, 0, band=None)
        label = None
        if case["choices"]:
            decision, label = self._of_several(policy, case)
        else:
            decision = self._of_two(policy, case["votes"], _tally(case))
        wants = case["expert_wants"] or 0
        if decision.outcome is Outcome.AMBIGUOUS and cast < wants:
            reason = f"{decision.reason}; an expert asked for {wants} votes"
            decision = Decision(Outcome.MORE_VOTES, decision.posterior, reason, wants)
        if self.nobody_left:
            decision = decision.without_more_votes(cast)
        if decision.outcome is not Outcome.MORE_VOTES:
            return _row(case, decision, 0, band=None, label=label)
        band = BANDS - 1
        if not case["choices"]:
            band = self._band(policy, case["votes"], _tally(case), decision.posterior)
        return _row(case, decision, wants, band=band, label=label)

    def p_yes(self, votes: Sequence[tuple[str, str, str]]) -> float | None:
        """Probability of yes given votes (annotator, role, answer); None without a model."""
        if self.model is None:
            return None
        log_odds = math.log(self.model.prior / (1 - self.model.prior))
        for name, role, answer in votes:
            log_odds += self.model.evidence(None if role == "anonymous" else name, answer)
        return _logistic(log_odds)

    def value(self, policy: Policy, votes: Sequence[tuple[str, str, str]], tally: Tally, p: float) -> float:
        """Chance that one more vote of an average annotator accepts or rejects the question."""
        p_yes = self.p_yes(votes)
        belief = p if p_yes is None else p_yes
        tpr, fpr = self._average
        says_yes = belief * tpr + (1 - belief) * fpr
        total = 0.0
        for answer, chance in (("yes", says_yes), ("no", 1 - says_yes)):
            after = replace(tally, **{answer: getattr(tally, answer) + 1})
            then = self._of_two(policy, [*votes, ("", "anonymous", answer)], after)
            if then.outcome in {Outcome.ACCEPTED, Outcome.REJECTED}:
                total += chance
        return total

    def _band(self, policy: Policy, votes: Sequence[tuple[str, str, str]], tally: Tally, p: float) -> int:
        return BANDS - 1 - min(BANDS - 1, int(BANDS * self.value(policy, votes, tally, p) + SLACK))

    def _of_two(self, policy: Policy, votes: Sequence[tuple[str, str, str]], tally: Tally) -> Decision:
        if type(policy).decide_answers is not Policy.decide_answers:
            return policy.decide_answers([answer for _, _, answer in votes])
        return decide(policy, tally, p_yes=self.p_yes(votes), strongest=self._strongest)

    def _of_several(self, policy: Policy, case: Case) -> tuple[Decision, str | None]:
        """The class named most against all others; what the policy would reject, nobody agrees on.

        Ties go to the class that comes first in the question. Annotators are taken to be equal.
        """
        named = Counter(answer for _, _, answer in case["votes"] if answer in case["choices"])
        if not named:
            return decide(policy, Tally(unsure=case["n_unsure"])), None
        top = min(named, key=lambda label: (-named[label], case["choices"].index(label)))
        skill = float(getattr(policy, "skill", ASSUMED_SKILL))
        step = math.log(skill * (len(case["choices"]) - 1) / (1 - skill))
        odds = [math.exp(step * (named[label] - named[top])) for label in case["choices"]]
        tally = Tally(named[top], named.total() - named[top], case["n_unsure"], case["n_skip"])
        decision = decide(policy, tally, p_yes=1 / sum(odds))
        if decision.outcome is Outcome.REJECTED:
            decision = replace(decision, outcome=Outcome.AMBIGUOUS)
        return replace(decision, reason=f"{top}: {decision.reason}"), top

    def _policy_of(self, wnid: str) -> Policy:
        if wnid not in self._by_synset:
            self._by_synset[wnid] = self.policy.for_synset(wnid)
        return self._by_synset[wnid]

    @cached_property
    def _strongest(self) -> tuple[float, float] | None:
        return None if self.model is None else self.model.strongest

    @cached_property
    def _average(self) -> tuple[float, float]:
        """P(yes | yes or no) of an average annotator where yes is true, and where no is."""
        if self.model is None:
            return ASSUMED_SKILL, 1 - ASSUMED_SKILL
        table = self.model.pooled
        return float(table[0, 0] / table[0, :2].sum()), float(table[1, 0] / table[1, :2].sum())


def _gold(case: Mapping[str, Any]) -> Case:
    """A gold question has its known answer whatever the votes say."""
    label = case["gold_answer"] if case["choices"] else None
    shows = label is not None or case["gold_answer"] == "yes"
    outcome, posterior = (Outcome.ACCEPTED, 1.0) if shows else (Outcome.REJECTED, 0.0)
    said = "hard negative" if case.get("control") else "gold answer"
    return _row(case, Decision(outcome, posterior, said, 0), 0, band=None, label=label)


def _tally(case: Mapping[str, Any]) -> Tally:
    return Tally(case["n_yes"], case["n_no"], case["n_unsure"], case["n_skip"])


def _row(
    case: Mapping[str, Any], decision: Decision, wants: int, *, band: int | None, label: str | None = None
) -> Case:
    outcome = decision.outcome.stored
    asking = decision.outcome is Outcome.MORE_VOTES
    return {
        "question_id": case["id"],
        "outcome": outcome,
        "posterior": decision.posterior,
        "n_yes": case["n_yes"],
        "n_no": case["n_no"],
        "n_unsure": case["n_unsure"],
        "reason": decision.reason,
        "votes_wanted": max(decision.votes_wanted, wants) if asking else case["votes_wanted"],
        "label": label if outcome == "accepted" else None,
        "band": band,
    }


def _differs(row: Mapping[str, Any], case: Mapping[str, Any]) -> bool:
    """Whether a judgement says something that the question's cache does not say yet."""
    if any(row[name] != case[name] for name in ("outcome", "votes_wanted", "label")):
        return True
    cached = case["posterior"]
    return cached is None or abs(cached - row["posterior"]) > SLACK


def _logistic(log_odds: float) -> float:
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1 + odds)
