"""Policies: what they decide, how they are written down, what they refuse."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synsetlab.errors import InputError
from synsetlab.voting import DynamicPolicy, FixedPolicy, Outcome, Tally, policy_from_json
from synsetlab.voting.policy import decide, parse_threshold

counts = st.integers(0, 8)
tallies = st.builds(Tally, yes=counts, no=counts, unsure=counts)


@pytest.mark.parametrize(
    ("share", "tally", "outcome"),
    [
        (0.67, Tally(3, 0), Outcome.ACCEPTED),
        (0.67, Tally(2, 1), Outcome.AMBIGUOUS),  # 2 of 3 is .6667, less than .67
        ("2/3", Tally(2, 1), Outcome.ACCEPTED),
        ("2/3", Tally(1, 2), Outcome.REJECTED),
        (0.67, Tally(0, 3), Outcome.REJECTED),
        (0.67, Tally(1, 1), Outcome.AMBIGUOUS),  # the third vote cannot bring .67 any more
        ("2/3", Tally(1, 1), Outcome.MORE_VOTES),
        ("2/3", Tally(2, 0), Outcome.MORE_VOTES),
        ("2/3", Tally(1, 0, 1), Outcome.MORE_VOTES),
        ("2/3", Tally(1, 1, 1), Outcome.AMBIGUOUS),
        ("2/3", Tally(0, 0, 2), Outcome.AMBIGUOUS),
        ("2/3", Tally(0, 0, 0, skip=5), Outcome.MORE_VOTES),
        ("2/3", Tally(3, 1), Outcome.ACCEPTED),  # a late vote counts
        ("2/3", Tally(2, 2), Outcome.AMBIGUOUS),
    ],
)
def test_fixed_policy(share: Any, tally: Tally, outcome: Outcome) -> None:
    assert FixedPolicy(votes=3, min_confidence=share).decide(tally).outcome is outcome


def test_the_default_is_three_votes_and_67_percent() -> None:
    policy = FixedPolicy()
    assert (policy.votes, policy.min_confidence) == (3, Fraction(67, 100))
    assert policy.first_votes == 3
    assert policy.decide(Tally()).votes_wanted == 3


@given(tallies, st.sampled_from(["2/3", "3/4", 0.67, 1]), st.integers(1, 9))
def test_curtailing_changes_no_outcome_but_saves_votes(tally: Tally, share: Any, votes: int) -> None:
    patient = FixedPolicy(votes=votes, min_confidence=share)
    quick = FixedPolicy(votes=votes, min_confidence=share, curtail=True)
    now = quick.decide(tally).outcome
    if now is Outcome.MORE_VOTES:
        assert patient.decide(tally).outcome is Outcome.MORE_VOTES
        return
    left = max(votes - tally.votes, 0)
    for more in range(left + 1):  # however the remaining votes fall
        final = Tally(tally.yes + more, tally.no + left - more, tally.unsure)
        assert patient.decide(final).outcome is now


@given(tallies)
def test_fixed_policy_is_even_handed(tally: Tally) -> None:
    mirror = {Outcome.ACCEPTED: Outcome.REJECTED, Outcome.REJECTED: Outcome.ACCEPTED}
    policy = FixedPolicy(votes=5, min_confidence="3/5")
    one = policy.decide(tally)
    other = policy.decide(Tally(tally.no, tally.yes, tally.unsure))
    assert other.outcome is mirror.get(one.outcome, one.outcome)
    assert other.posterior == pytest.approx(1 - one.posterior)


@pytest.mark.parametrize(("skill", "needed"), [(0.7, 4), (0.8, 3), (0.9, 2)])
def test_a_95_percent_target_needs_the_published_number_of_agreeing_votes(skill: float, needed: int) -> None:
    policy = DynamicPolicy(accept=0.95, reject=0.05, min_votes=1, max_votes=9, skill=skill)
    outcomes = [policy.decide(Tally(yes=n)).outcome for n in range(1, needed + 1)]
    assert outcomes == [Outcome.MORE_VOTES] * (needed - 1) + [Outcome.ACCEPTED]
    assert policy.decide(Tally(no=needed)).outcome is Outcome.REJECTED


def test_dynamic_policy_stops_at_the_most_votes_and_where_votes_cannot_help() -> None:
    policy = DynamicPolicy(min_votes=2, max_votes=7)
    assert policy.decide(Tally(2, 2)).outcome is Outcome.MORE_VOTES
    assert policy.decide(Tally(2, 2)).votes_wanted == 5
    assert policy.decide(Tally(3, 3)).outcome is Outcome.AMBIGUOUS  # one more vote gives .8
    assert "cannot decide" in policy.decide(Tally(3, 3)).reason
    assert policy.decide(Tally(4, 3)).outcome is Outcome.AMBIGUOUS
    assert policy.decide(Tally(1, 0)).outcome is Outcome.MORE_VOTES
    assert policy.decide(Tally()).votes_wanted == 2


def test_dynamic_policy_takes_a_posterior_from_outside_and_what_a_vote_can_bring() -> None:
    policy = DynamicPolicy(min_votes=2, max_votes=4)
    assert decide(policy, Tally(1, 0), p_yes=0.999).outcome is Outcome.MORE_VOTES  # too few votes
    assert decide(policy, Tally(1, 1), p_yes=0.95).outcome is Outcome.ACCEPTED
    assert decide(policy, Tally(1, 1), p_yes=0.05).outcome is Outcome.REJECTED
    assert decide(policy, Tally(1, 2), p_yes=0.5).outcome is Outcome.AMBIGUOUS
    assert decide(policy, Tally(1, 2), p_yes=0.5, strongest=(4.0, 1.0)).outcome is Outcome.MORE_VOTES
    assert decide(policy, Tally(9, 9), p_yes=1.0).outcome is Outcome.ACCEPTED
    with pytest.raises(InputError, match="no probability"):
        decide(policy, Tally(1, 1), p_yes=1.5)


@given(tallies, st.floats(0, 1))
def test_a_policy_always_comes_to_an_end(tally: Tally, p_yes: float) -> None:
    policies = (FixedPolicy(votes=5, min_confidence="3/5"), DynamicPolicy(max_votes=7))
    for policy, most in zip(policies, (5, 7), strict=True):
        decision = policy.decide(tally, p_yes=p_yes)
        if tally.votes >= most:
            assert decision.outcome is not Outcome.MORE_VOTES
        if decision.outcome is Outcome.MORE_VOTES:
            assert tally.votes < decision.votes_wanted <= most
        else:
            assert decision.votes_wanted == tally.votes


@pytest.mark.parametrize(
    "policy",
    [
        FixedPolicy(),
        FixedPolicy(votes=5, min_confidence="3/5", curtail=True),
        DynamicPolicy(),
        DynamicPolicy(accept="19/20", reject=0.02, prior=0.42, max_votes=11),
    ],
)
def test_policies_survive_their_json(policy: Any) -> None:
    again = policy_from_json(policy.to_json())
    assert again == policy
    assert again.policy_hash == policy.policy_hash
    assert policy_from_json(json.loads(policy.to_json())) == policy


def test_equal_policies_have_one_hash_and_others_another() -> None:
    assert FixedPolicy(min_confidence=0.75).policy_hash == FixedPolicy(min_confidence="3/4").policy_hash
    assert FixedPolicy(min_confidence=0.67).policy_hash != FixedPolicy(min_confidence="2/3").policy_hash
    assert FixedPolicy().to_json() == (
        '{"curtail":false,"kind":"fixed","min_confidence":"67/100","version":1,"votes":3}'
    )
    assert policy_from_json('{"kind":"fixed"}') == FixedPolicy()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("not json", "no JSON"),
        ("[]", "no policy of kind"),
        ('{"kind":"oracle"}', "Kinds are: fixed, dynamic"),
        ('{"kind":"fixed","quorum":3}', "'quorum'"),
        ('{"kind":"fixed","version":2}', "version 2"),
        ('{"kind":"fixed","votes":0}', "votes=0"),
        ('{"kind":"fixed","votes":2.5}', "votes=2.5"),
        ('{"kind":"fixed","votes":true}', "votes=True"),
        ('{"kind":"fixed","min_confidence":"1/2"}', "both sides"),
        ('{"kind":"fixed","min_confidence":1.2}', "between 0 and 1"),
        ('{"kind":"fixed","min_confidence":"2/0"}', "no number"),
        ('{"kind":"dynamic","accept":".1","reject":".2"}', "less than"),
        ('{"kind":"dynamic","prior":0}', "prior"),
        ('{"kind":"dynamic","skill":".5"}', "skill"),
        ('{"kind":"dynamic","max_votes":1}', "max_votes=1"),
    ],
)
def test_unusable_policies_say_why(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        policy_from_json(text)


def test_thresholds_are_exact() -> None:
    assert parse_threshold(0.67) == Fraction(67, 100)
    assert parse_threshold("2/3") == Fraction(2, 3)
    assert parse_threshold(" .5 ") == Fraction(1, 2)
    with pytest.raises(InputError, match="negative"):
        Tally(-1, 0)
