"""When to stop asking, and what the votes then mean: policies as frozen, hashed values.

A policy turns what is known about one question into a `Decision`; it reads nothing else and
changes nothing, so that every decision can be made again from the vote log.

Shares and probabilities are compared exactly and may be given as fractions. It matters: 2 of 3 is
.6667, which is *less* than .67, so that ``FixedPolicy(votes=3, min_confidence=0.67)`` sends every
question on which three annotators do not all agree to the expert, while ``min_confidence="2/3"``
accepts 2 of 3.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from fractions import Fraction
from typing import Any, TypeVar

from synsetlab.errors import InputError
from synsetlab.voting.policies.base import (
    Decision,
    Outcome,
    Policy,
    Tally,
    Threshold,
    parse_price,
    parse_threshold,
    tally_answers,
)
from synsetlab.voting.policies.cost import CostPolicy
from synsetlab.voting.policies.dynamic import DynamicPolicy
from synsetlab.voting.policies.fixed import FixedPolicy
from synsetlab.voting.policies.leader import LeaderPolicy
from synsetlab.voting.policies.per_synset import PerSynsetPolicy
from synsetlab.voting.policies.quorum import KOfNPolicy, QuorumPolicy
from synsetlab.voting.policies.sprt import SprtPolicy
from synsetlab.voting.policies.table import TablePolicy

__all__ = [
    "KINDS",
    "CostPolicy",
    "Decision",
    "DynamicPolicy",
    "FixedPolicy",
    "KOfNPolicy",
    "LeaderPolicy",
    "Outcome",
    "PerSynsetPolicy",
    "Policy",
    "QuorumPolicy",
    "SprtPolicy",
    "TablePolicy",
    "Tally",
    "Threshold",
    "calibrate_prior",
    "decide",
    "parse_price",
    "parse_threshold",
    "policy_from_json",
    "tally_answers",
]

KINDS: dict[str, type[Policy]] = {
    kind.kind: kind
    for kind in (
        FixedPolicy,
        DynamicPolicy,
        LeaderPolicy,
        SprtPolicy,
        CostPolicy,
        TablePolicy,
        QuorumPolicy,
        KOfNPolicy,
        PerSynsetPolicy,
    )
}
"""The policies by the word that JSON uses."""

SomePolicy = TypeVar("SomePolicy", bound=Policy)


def decide(
    policy: Policy,
    tally: Tally,
    *,
    p_yes: float | None = None,
    strongest: tuple[float, float] | None = None,
) -> Decision:
    """Judge one question under a policy.

    Parameters
    ----------
    policy
        The policy.
    tally
        The effective votes.
    p_yes
        Posterior of yes under a fitted model of the annotators (`YesPosterior.p_yes`), if there is
        one; a policy that counts does not look at it.
    strongest
        Largest evidence that one more vote can bring for yes and for no, natural log, both
        positive (`AnswerModel.strongest`): decides when asking on is futile.
    """
    return policy.decide(tally, p_yes=p_yes, strongest=strongest)


def calibrate_prior(policy: SomePolicy, *, shown: float, of: float) -> SomePolicy:
    """The same policy with the prior that a pilot gives: ``(shown + 1/2) / (of + 1)``.

    Parameters
    ----------
    policy
        One that has a prior; overrides of single synsets are left alone.
    shown, of
        How many pictures of the pilot show the synset, and how many there are: counted from gold
        answers, or the sum of the posteriors that a fitted model gives them.

    Raises
    ------
    InputError
        The policy has no prior, or the numbers do not fit.
    """
    if "prior" not in {field.name for field in fields(policy)}:
        raise InputError(f"A {policy.kind} policy has no prior to calibrate.")
    if not 0 <= shown <= of or of == 0:
        raise InputError(f"{shown} of {of} pictures is no share.", "Give a pilot of one picture or more.")
    exact = (Fraction(str(shown)) + Fraction(1, 2)) / (Fraction(str(of)) + 1)
    changed: dict[str, Any] = {"prior": exact.limit_denominator(1_000_000)}
    return replace(policy, **changed)


def policy_from_json(text: str | Mapping[str, Any]) -> Policy:
    """The policy that `to_json` wrote, or that a person wrote in the same form; defaults may be left out.

    Raises
    ------
    InputError
        It is no JSON object, its kind or version is not known, or a field is unknown or unusable.
    """
    try:
        body = json.loads(text) if isinstance(text, str) else dict(text)
    except (TypeError, ValueError) as error:
        raise InputError(f"The policy is no JSON object: {error}.") from None
    kind = body.get("kind") if isinstance(body, dict) else body
    if not isinstance(kind, str) or kind not in KINDS:
        raise InputError(f"There is no policy of kind {kind!r}.", f"Kinds are: {', '.join(KINDS)}.")
    made = KINDS[kind]
    if (version := body.get("version", 1)) != 1:
        raise InputError(f"The policy has version {version!r}.", "This synsetlab reads version 1.")
    given = {name: value for name, value in body.items() if name not in {"kind", "version"}}
    known = [field.name for field in fields(made)]
    unknown = [name for name in given if name not in known]
    if unknown:
        raise InputError(
            f"A {made.kind} policy has no {', '.join(map(repr, unknown))}.", f"It has: {', '.join(known)}."
        )
    return made(**(_with_policies(given) if made is PerSynsetPolicy else given))


def _with_policies(body: dict[str, Any]) -> dict[str, Any]:
    """The body of a per-synset policy with policies in place of their JSON."""
    read = dict(body)
    if "default" in read:
        read["default"] = policy_from_json(read["default"])
    if "overrides" in read:
        overrides = read["overrides"]
        if not isinstance(overrides, Mapping):
            raise InputError("per-synset policy: overrides must be an object: a policy by wnid.")
        read["overrides"] = {wnid: policy_from_json(body) for wnid, body in overrides.items()}
    return read
