"""SPRT, cost, quorums, tables and overrides: what they decide, and what stopping early may not change."""

from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synsetlab.errors import InputError
from synsetlab.voting.policy import (
    KINDS,
    CostPolicy,
    DynamicPolicy,
    FixedPolicy,
    KOfNPolicy,
    LeaderPolicy,
    Outcome,
    PerSynsetPolicy,
    Policy,
    QuorumPolicy,
    SprtPolicy,
    TablePolicy,
    Tally,
    calibrate_prior,
    parse_price,
    policy_from_json,
    tally_answers,
)

CELLS = (
    (0.5, 0.2, 0.04, 0.02),
    (0.8, 0.5, 0.2),
    (0.96, 0.8),
    (0.98,),
)
TABLE = TablePolicy(cells=CELLS)
SOME = [
    FixedPolicy(votes=5, min_confidence="3/5"),
    DynamicPolicy(),
    LeaderPolicy(max_votes=7, confidence="19/20"),
    SprtPolicy(max_votes=9),
    CostPolicy(max_votes=7),
    QuorumPolicy(),
    KOfNPolicy(3, 5),
    TABLE,
    PerSynsetPolicy(QuorumPolicy(2, 3), {"n02084071": SprtPolicy()}),
]
KINDS_IDS = [policy.kind for policy in SOME]
counts = st.integers(0, 6)
tallies = st.builds(Tally, yes=counts, no=counts, unsure=st.integers(0, 3))
DECIDED = {Outcome.ACCEPTED, Outcome.REJECTED}


def test_every_kind_is_tried_here() -> None:
    assert sorted(KINDS_IDS) == sorted(KINDS)


@pytest.mark.parametrize("policy", SOME, ids=KINDS_IDS)
def test_a_policy_is_a_frozen_value_that_survives_its_json(policy: Policy) -> None:
    again = policy_from_json(policy.to_json())
    assert again == policy
    assert hash(again) == hash(policy)
    assert again.policy_hash == policy.policy_hash
    assert again.to_json() == policy.to_json()
    assert policy_from_json(json.loads(policy.to_json())) == policy
    with pytest.raises(FrozenInstanceError):
        policy.kind = "other"  # type: ignore[misc]


def test_no_two_of_them_have_one_hash() -> None:
    assert len({policy.policy_hash for policy in SOME}) == len(SOME)


@pytest.mark.parametrize(("accuracy", "needed"), [(0.85, 3), (0.9, 3)])
def test_sprt_needs_the_margin_of_the_formula(accuracy: float, needed: int) -> None:
    policy = SprtPolicy(alpha=0.01, beta=0.01, sensitivity=accuracy, specificity=accuracy)
    assert policy.decide(Tally(needed - 1)).outcome is Outcome.MORE_VOTES
    assert policy.decide(Tally(needed)).outcome is Outcome.ACCEPTED
    assert policy.decide(Tally(0, needed)).outcome is Outcome.REJECTED
    assert policy.decide(Tally(needed + 2, 2)).outcome is Outcome.ACCEPTED  # only the margin counts


def test_sprt_bounds_are_walds() -> None:
    policy = SprtPolicy(alpha=".02", beta=".1")
    accept, reject = policy.bounds
    assert accept / (1 - accept) == pytest.approx((1 - 0.1) / 0.02)
    assert reject / (1 - reject) == pytest.approx(0.1 / (1 - 0.02))
    few = SprtPolicy(alpha="1/5", beta="1/100", sensitivity=".9", specificity=".6")
    assert few.decide(Tally(1)).posterior == pytest.approx(0.9 / (0.9 + 0.4))
    assert SprtPolicy(prior="1/10").decide(Tally()).posterior == pytest.approx(0.1)


def test_sprt_gives_up_where_the_votes_left_cannot_decide() -> None:
    policy = SprtPolicy(alpha=".01", beta=".01", max_votes=5)
    assert policy.decide(Tally(2, 2)).outcome is Outcome.AMBIGUOUS
    assert policy.decide(Tally(2, 1)).outcome is Outcome.AMBIGUOUS  # 4 to 1 at best is a margin of 3: .985
    assert SprtPolicy(alpha=".05", beta=".05", max_votes=5).decide(Tally(2, 1)).outcome is Outcome.MORE_VOTES
    assert SprtPolicy(max_votes=None).decide(Tally(500, 500)).outcome is Outcome.MORE_VOTES


def test_quorums_differ_by_verdict() -> None:
    policy = QuorumPolicy(accept=3, reject=2)
    assert policy.max_votes == 4
    assert policy.decide(Tally(2, 1)).outcome is Outcome.MORE_VOTES
    assert policy.decide(Tally(3, 1)).outcome is Outcome.ACCEPTED
    assert policy.decide(Tally(0, 2)).outcome is Outcome.REJECTED
    assert policy.decide(Tally(2, 1, 1)).outcome is Outcome.AMBIGUOUS
    assert policy.decide(Tally(1, 1, 1)).outcome is Outcome.MORE_VOTES  # one more no rejects
    assert policy.decide(Tally(1, 0, 3)).outcome is Outcome.AMBIGUOUS
    assert policy.decide(Tally(3, 2)).outcome is Outcome.AMBIGUOUS  # late votes brought both


def test_k_of_the_first_n_knows_the_order() -> None:
    policy = KOfNPolicy(2, 3)
    assert policy.decide_answers(["yes", "skip", "yes"]).outcome is Outcome.ACCEPTED
    assert policy.decide_answers(["yes", "no", "no", "yes", "yes"]).outcome is Outcome.REJECTED
    assert policy.decide_answers(["yes", "unsure", "no", "yes"]).outcome is Outcome.AMBIGUOUS
    assert policy.decide_answers([]).outcome is Outcome.MORE_VOTES
    assert KOfNPolicy(3, 3).decide(Tally(1, 1)).outcome is Outcome.AMBIGUOUS
    with pytest.raises(InputError, match="no answer 'maybe'"):
        policy.decide_answers(["yes", "yes", "yes", "maybe"])


@pytest.mark.parametrize(
    "policy", [QuorumPolicy(3, 2), QuorumPolicy(2, 4, 6), KOfNPolicy(3, 5), KOfNPolicy(2, 2)]
)
def test_giving_up_on_a_quorum_gives_up_nothing(policy: QuorumPolicy | KOfNPolicy) -> None:
    most = policy.n if isinstance(policy, KOfNPolicy) else policy.max_votes or 0
    for length in range(most + 1):
        for answers in product(("yes", "no", "unsure"), repeat=length):
            now = policy.decide(tally_answers(answers)).outcome
            later = {
                policy.decide(tally_answers([*answers[:stop], *more])).outcome
                for stop in [length]
                for left in range(most - length + 1)
                for more in product(("yes", "no", "unsure"), repeat=left)
            }
            if now is Outcome.AMBIGUOUS and length < most:
                assert not later & DECIDED
            if now is Outcome.MORE_VOTES:
                assert later & DECIDED


def futile_too_soon(policy: Policy, tally: Tally, most: int) -> bool:
    """Whether a verdict could still be reached although the policy has given up."""
    left = most - tally.votes
    return any(
        policy.decide(Tally(tally.yes + yes, tally.no + more - yes, tally.unsure)).outcome in DECIDED
        for more in range(1, left + 1)
        for yes in range(more + 1)
    )


@given(
    tallies,
    st.sampled_from(
        [
            DynamicPolicy(),
            DynamicPolicy(accept="99/100", reject="1/50", max_votes=9, prior="1/5"),
            SprtPolicy(max_votes=9),
            SprtPolicy(alpha=".01", beta=".2", sensitivity=".9", specificity=".6", max_votes=8),
            LeaderPolicy(max_votes=7),
            TABLE,
            TablePolicy(cells=CELLS, accept="97/100", min_votes=2),
        ]
    ),
)
def test_futility_never_gives_up_what_could_still_be_decided(tally: Tally, policy: Any) -> None:
    decision = policy.decide(tally)
    if decision.outcome is Outcome.AMBIGUOUS and tally.votes < policy.max_votes:
        assert not futile_too_soon(policy, tally, policy.max_votes)
    if decision.outcome is Outcome.MORE_VOTES:
        assert tally.votes < decision.votes_wanted <= policy.max_votes


@given(tallies, st.sampled_from([policy for policy in SOME if policy.kind not in {"cost"}]))
def test_one_more_yes_never_lowers_the_confidence(tally: Tally, policy: Policy) -> None:
    if isinstance(policy, TablePolicy) and tally.votes >= 3:
        return  # beyond the table counts are scaled back to its edge
    more = Tally(tally.yes + 1, tally.no, tally.unsure)
    assert policy.decide(more).posterior >= policy.decide(tally).posterior - 1e-12


def test_costs_weigh_votes_against_mistakes() -> None:
    cheap = CostPolicy(vote_price="1/1000", wrong_accept=1, wrong_reject=1, expert_price=2)
    dear = CostPolicy(vote_price="1/2", wrong_accept=1, wrong_reject=1, expert_price=2)
    assert cheap.decide(Tally(2, 0)).outcome is Outcome.MORE_VOTES
    assert dear.decide(Tally(1, 0)).outcome is Outcome.ACCEPTED
    assert dear.decide(Tally(0, 1)).outcome is Outcome.REJECTED
    sees = CostPolicy(vote_price=1, expert_price=".01")
    assert sees.decide(Tally(1, 1)).outcome is Outcome.AMBIGUOUS  # the expert is cheapest
    careful = CostPolicy(vote_price=1, wrong_accept=10, wrong_reject=1, expert_price=5)
    assert careful.decide(Tally(1, 0)).outcome is Outcome.REJECTED  # .8 x 1 is less than .2 x 10


def test_cost_looks_further_than_one_vote() -> None:
    policy = CostPolicy(vote_price=".01", expert_price=1, skill=".7", max_votes=9)
    one = CostPolicy(vote_price=".01", expert_price=1, skill=".7", max_votes=2)
    # after one yes another vote cannot change the verdict, so alone it is worth nothing; three can
    assert one.decide(Tally(1)).outcome is Outcome.ACCEPTED
    assert policy.decide(Tally(1)).outcome is Outcome.MORE_VOTES


@given(tallies, st.integers(1, 5))
def test_cost_agrees_with_all_futures_written_out(tally: Tally, left: int) -> None:
    policy = CostPolicy(vote_price="1/50", expert_price="3/10", skill="3/4", max_votes=tally.votes + left)

    def best(p_yes: float, votes: int) -> float:
        stop = min(1 - p_yes, p_yes, 0.3)
        if votes == 0:
            return stop
        says_yes = p_yes * 0.75 + (1 - p_yes) * 0.25
        up, down = p_yes * 0.75 / says_yes, p_yes * 0.25 / (1 - says_yes)
        on = 0.02 + says_yes * best(up, votes - 1) + (1 - says_yes) * best(down, votes - 1)
        return min(stop, on)

    p_yes = 1 / (1 + 3.0 ** (tally.no - tally.yes))
    gain = min(1 - p_yes, p_yes, 0.3) - best(p_yes, left)
    going_on = policy.decide(tally).outcome is Outcome.MORE_VOTES
    assert going_on == (gain > 0) or gain == pytest.approx(0, abs=1e-9)


def test_a_table_decides_by_its_cells() -> None:
    assert TABLE.max_votes == 3
    assert TABLE.decide(Tally(2)).outcome is Outcome.ACCEPTED
    assert TABLE.decide(Tally(0, 2)).outcome is Outcome.REJECTED
    assert TABLE.decide(Tally(1, 1)).outcome is Outcome.AMBIGUOUS  # .8 and .2 are what one more brings
    assert TABLE.decide(Tally(1)).outcome is Outcome.MORE_VOTES
    assert TABLE.decide(Tally(1, 2)).outcome is Outcome.AMBIGUOUS
    assert TABLE.decide(Tally(6)).outcome is Outcome.ACCEPTED  # beyond its edge shares count
    assert TABLE.decide(Tally(0, 0, 3)).outcome is Outcome.AMBIGUOUS


def test_overrides_hold_for_their_synset_only() -> None:
    strict, loose = FixedPolicy(votes=5), QuorumPolicy(1, 1)
    policy = PerSynsetPolicy(loose, {"n02084071": strict, "n01503061": loose})
    assert policy.for_synset("n02084071") == strict
    assert policy.for_synset("n00001740") == loose
    assert policy.decide(Tally(1)).outcome is Outcome.ACCEPTED
    assert policy.first_votes == 1
    assert strict.for_synset("n02084071") is strict
    swapped = PerSynsetPolicy(loose, {"n01503061": loose, "n02084071": strict})
    assert swapped.policy_hash == policy.policy_hash


@pytest.mark.parametrize(("skill", "needed"), [(0.7, 4), (0.8, 3), (0.9, 2)])
def test_leader_without_a_model_needs_the_published_number_of_votes(skill: float, needed: int) -> None:
    policy = LeaderPolicy(confidence=".95", min_votes=1, skill=skill)
    assert policy.decide(Tally(needed - 1)).outcome is Outcome.MORE_VOTES
    assert policy.decide(Tally(needed)).outcome is Outcome.ACCEPTED
    assert policy.decide(Tally(0, needed)).outcome is Outcome.REJECTED


def test_leader_names_the_class_that_is_sure_enough() -> None:
    policy = LeaderPolicy(confidence=".9", min_votes=2)
    assert policy.leading([0.05, 0.92, 0.03], 2) == 1
    assert policy.leading([0.05, 0.92, 0.03], 1) is None
    assert policy.leading([0.1, 0.8, 0.1], 5) is None


def test_an_outcome_knows_how_a_workspace_keeps_it() -> None:
    words = {str(outcome): outcome.stored for outcome in Outcome}
    assert words == {
        "accepted": "accepted",
        "rejected": "rejected",
        "more-votes": "open",
        "ambiguous": "ambiguous",
        "exhausted": "ambiguous",
        "withdrawn": "excluded",
    }
    asking = FixedPolicy().decide(Tally(1))
    assert asking.without_more_votes(1).outcome is Outcome.EXHAUSTED
    assert asking.without_more_votes(1).votes_wanted == 1
    done = FixedPolicy().decide(Tally(3))
    assert done.without_more_votes(3) is done


def test_the_prior_is_calibrated_on_a_pilot() -> None:
    assert calibrate_prior(DynamicPolicy(), shown=21, of=49).prior == Fraction(43, 100)
    assert calibrate_prior(SprtPolicy(), shown=0, of=9).prior == Fraction(1, 20)
    half = calibrate_prior(CostPolicy(), shown=4.25, of=10)
    assert math.isclose(half.prior, 4.75 / 11, abs_tol=1e-6)
    assert calibrate_prior(DynamicPolicy(), shown=21, of=49).policy_hash != DynamicPolicy().policy_hash
    with pytest.raises(InputError, match="no prior"):
        calibrate_prior(FixedPolicy(), shown=1, of=2)
    with pytest.raises(InputError, match="no share"):
        calibrate_prior(DynamicPolicy(), shown=3, of=2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("3", "no policy of kind|no JSON object"),
        ('{"kind":["fixed"]}', "no policy of kind"),
        ('{"kind":"sprt","alpha":0}', "alpha=0"),
        ('{"kind":"sprt","alpha":".6","beta":".5"}', "together must be below 1"),
        ('{"kind":"sprt","sensitivity":".4","specificity":".5"}', "together must exceed 1"),
        ('{"kind":"sprt","max_votes":0}', "max_votes=0"),
        ('{"kind":"cost","vote_price":-1}', "negative"),
        ('{"kind":"cost","skill":".5"}', "skill"),
        ('{"kind":"cost","prior":1}', "prior"),
        ('{"kind":"quorum","accept":0}', "accept=0"),
        ('{"kind":"quorum","accept":3,"reject":4,"max_votes":3}', "max_votes=3"),
        ('{"kind":"k-of-n","k":2,"n":4}', "both sides win"),
        ('{"kind":"table"}', "triangle"),
        ('{"kind":"table","cells":[[0.5,0.1],[0.9,0.2]]}', "triangle"),
        ('{"kind":"table","cells":[[0.5,0.1],[2]]}', "probability"),
        ('{"kind":"table","cells":3}', "rows of numbers"),
        ('{"kind":"table","cells":[[0.5,0.1],[0.9]],"max_votes":2}', "ends at 1"),
        ('{"kind":"table","cells":[[0.5,0.1],[0.9]],"accept":".1","reject":".2"}', "less than"),
        ('{"kind":"leader","confidence":".5"}', "between 1/2 and 1"),
        ('{"kind":"leader","weight_shape":0}', "more than 0"),
        ('{"kind":"leader","skill":1}', "skill"),
        ('{"kind":"leader","max_votes":1}', "max_votes=1"),
        ('{"kind":"per-synset","overrides":{"dog":{"kind":"fixed"}}}', "no wnid"),
        ('{"kind":"per-synset","overrides":[]}', "an object"),
        ('{"kind":"per-synset","default":{"kind":"per-synset"}}', "no policy of one synset"),
        ('{"kind":"per-synset","default":3}', "no policy of kind|no JSON object"),
    ],
)
def test_unusable_values_say_why(text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        policy_from_json(text)


def test_prices_are_exact() -> None:
    assert parse_price("0.015") == Fraction(3, 200)
    assert parse_price(12) == 12
    with pytest.raises(InputError, match="no number"):
        parse_price("five")
    for policy in (DynamicPolicy(), SprtPolicy(), LeaderPolicy(), CostPolicy()):
        with pytest.raises(InputError, match="no probability"):
            policy.decide(Tally(1), p_yes=1.5)
