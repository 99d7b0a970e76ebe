"""Plans against closed forms, brute force, simulation and a real crowd."""

from __future__ import annotations

import json
from itertools import combinations, product
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, multivariate_normal, norm

from synsetlab.cli import main
from synsetlab.errors import InputError, MissingColumnError
from synsetlab.simulate.expectation import VoteLattice, evaluate_policy, majority_curve
from synsetlab.simulate.plan import BY_ANNOTATOR, Prices, plan_votes
from synsetlab.simulate.skills import SkillPool, learn_skills, read_skills
from synsetlab.voting.encoding import encode_votes, gold_items
from synsetlab.voting.files import read_table
from synsetlab.voting.policy import DynamicPolicy, FixedPolicy, Outcome, Policy, Tally, policy_from_json

if TYPE_CHECKING:
    from pathlib import Path


def pool_of(skills: list[float], correlation: float = 0.0) -> SkillPool:
    return SkillPool(np.array(skills), np.array(skills), correlation=correlation)


# ---- the majority


@pytest.mark.parametrize(
    ("skill", "expected"),
    [
        (0.6, [0.6, 0.648, 0.6826, 0.7102, 0.7334, 0.7535]),
        (0.7, [0.7, 0.784, 0.8369, 0.874, 0.9012, 0.9218]),
        (0.8, [0.8, 0.896, 0.9421, 0.9667, 0.9804, 0.9883]),
        (0.9, [0.9, 0.972, 0.9914, 0.9973, 0.9991, 0.9997]),
    ],
)
def test_the_majority_of_equals(skill: float, expected: list[float]) -> None:
    curve = majority_curve(VoteLattice(SkillPool.of(skill), 11), 0.3)
    assert curve[::2] == pytest.approx(expected, abs=5e-5)
    assert curve[1::2] == pytest.approx(curve[:10:2])  # a tie counts half: an even vote adds nothing


def test_the_majority_of_different_annotators_is_the_mean_poisson_binomial() -> None:
    skills = [0.95, 0.9, 0.7, 0.65, 0.5]
    curve = majority_curve(VoteLattice(pool_of(skills), 5), 0.5)
    for size in range(1, 6):
        worth = []
        for chosen in combinations(skills, size):
            for right in product([0, 1], repeat=size):
                chance = np.prod([p if hit else 1 - p for p, hit in zip(chosen, right, strict=True)])
                share = sum(right) / size
                worth.append(chance * (1.0 if share > 0.5 else 0.5 if share == 0.5 else 0.0))
        assert curve[size - 1] == pytest.approx(sum(worth) / comb(5, size))


def test_a_spread_of_skills_drawn_anew_is_their_mean() -> None:
    plain = majority_curve(VoteLattice(SkillPool.of(0.75), 9), 0.5)
    spread = majority_curve(VoteLattice(SkillPool.of(0.75, 0.15), 9), 0.5)
    assert spread == pytest.approx(plain)


def test_the_nodes_of_a_beta_distribution_have_its_moments() -> None:
    pool = SkillPool.of(0.8, 0.1)
    total = 0.8 * 0.2 / 0.01 - 1
    law = beta(0.8 * total, 0.2 * total)
    for power in range(1, 8):
        assert pool.weight is not None
        assert pool.weight @ pool.sensitivity**power == pytest.approx(law.moment(power))
    assert pool.spread == pytest.approx(0.1)
    assert sum(pool.accuracy) / 2 == pytest.approx(0.8)


def test_correlation_keeps_the_skill_and_couples_the_errors() -> None:
    rho, skill = 0.35, 0.8
    lattice = VoteLattice(SkillPool.of(skill, correlation=rho), 5)
    assert lattice.on_yes[1, 1] == pytest.approx(skill, abs=1e-9)
    both = multivariate_normal(cov=[[1, rho], [rho, 1]]).cdf([norm.ppf(skill)] * 2)
    assert lattice.on_yes[2, 2] == pytest.approx(both, abs=1e-6)
    for m in range(6):
        assert sum(comb(m, k) * lattice.on_yes[m, k] for k in range(m + 1)) == pytest.approx(1)
    independent = majority_curve(VoteLattice(SkillPool.of(skill), 5), 0.5)
    assert majority_curve(lattice, 0.5)[4] < independent[4]


# ---- policies


POLICIES: list[Policy] = [
    FixedPolicy(votes=3),
    FixedPolicy(votes=4, min_confidence="2/3", curtail=True),
    DynamicPolicy(max_votes=6, prior=0.3),
]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.kind)
def test_a_policy_is_what_it_does_with_every_sequence(policy: Policy) -> None:
    """All sequences of six votes, one by one, with the skills of one ordered draw after another."""
    skills, prior, most = [0.9, 0.8, 0.6, 0.75, 0.55, 0.85], 0.3, 6
    found = evaluate_policy(policy, VoteLattice(pool_of(skills), most), prior)
    chance = right = experts = votes = 0.0
    # the order of annotators does not matter to a policy that counts: subsets, all orders alike
    lattice = VoteLattice(pool_of(skills), most)
    for truth, sequence in product((True, False), product((True, False), repeat=most)):
        hits = sum(said == truth for said in sequence)
        weight = (prior if truth else 1 - prior) * lattice.on_yes[most, hits]
        outcome, cast = follow(policy, sequence)
        chance += weight
        votes += weight * cast
        right += weight * (outcome is (Outcome.ACCEPTED if truth else Outcome.REJECTED))
        experts += weight * (outcome not in {Outcome.ACCEPTED, Outcome.REJECTED})
    assert chance == pytest.approx(1)
    assert (found.right, found.expert_share) == pytest.approx((right, experts))
    assert found.mean_votes == pytest.approx(votes)
    assert found.right + found.wrong_accept + found.wrong_reject + found.expert_share == pytest.approx(1)


def follow(policy: Policy, sequence: tuple[bool, ...]) -> tuple[Outcome, int]:
    wanted = policy.first_votes
    for cast in range(1, len(sequence) + 1):
        if cast >= wanted:
            yes = sum(sequence[:cast])
            decision = policy.decide(Tally(yes, cast - yes))
            if decision.outcome is not Outcome.MORE_VOTES:
                return decision.outcome, cast
            wanted = decision.votes_wanted
    return Outcome.MORE_VOTES, len(sequence)


def test_two_of_three_is_less_than_67_percent() -> None:
    lattice = VoteLattice(SkillPool.of(0.8), 3)
    strict = evaluate_policy(FixedPolicy(votes=3, min_confidence=0.67), lattice, 0.5)
    loose = evaluate_policy(FixedPolicy(votes=3, min_confidence="2/3"), lattice, 0.5)
    assert (strict.right, strict.expert_share) == pytest.approx((0.8**3, 1 - 0.8**3 - 0.2**3))
    assert (loose.right, loose.expert_share) == pytest.approx((0.896, 0))


def test_the_votes_may_be_fewer_than_the_policy_wants() -> None:
    found = evaluate_policy(FixedPolicy(votes=5), VoteLattice(SkillPool.of(0.8), 5), 0.5, votes=2)
    assert found.expert_share == pytest.approx(1)
    assert found.mean_votes == pytest.approx(2)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.55, 0.97), st.floats(0.05, 0.95), st.integers(1, 8), st.floats(0, 0.6))
def test_probabilities_add_up(skill: float, prior: float, votes: int, correlation: float) -> None:
    lattice = VoteLattice(SkillPool.of(skill, correlation=correlation), votes)
    found = evaluate_policy(DynamicPolicy(min_votes=1, max_votes=votes), lattice, prior)
    total = found.right + found.wrong_accept + found.wrong_reject + found.expert_share
    assert total == pytest.approx(1)
    assert found.mean_votes <= votes + 1e-9


# ---- the plan


def test_the_table_is_whole_and_its_costs_add_up() -> None:
    prices = Prices(vote=0.02, expert=0.7, wrong_accept=3, wrong_reject=1, expert_accuracy=0.98)
    plan = plan_votes(SkillPool.of(0.8, 0.05), prior=0.4, prices=prices, max_votes=5, draws=2000)
    table = plan.table()
    assert table.groupby("policy", sort=False).size().to_dict() == {
        "expert": 1, "majority": 5, "fixed": 5, "dynamic": 5, "cost": 5, BY_ANNOTATOR: 5,
    }  # fmt: skip
    assert table["price"].to_numpy() == pytest.approx(
        table["mean_votes"].to_numpy() * 0.02 + table["expert_share"].to_numpy() * 0.7
    )
    errors = table["wrong_accept"] * 3 + table["wrong_reject"]
    assert table["cost"].to_numpy() == pytest.approx((table["price"] + errors).to_numpy())
    wrong = table["wrong_accept"] + table["wrong_reject"]
    assert table["accuracy"].to_numpy() == pytest.approx((1 - wrong).to_numpy())
    exact = table["policy"] != BY_ANNOTATOR
    assert table.loc[exact, "standard_error"].isna().all()
    assert (table.loc[~exact, "cost_standard_error"] > 0).all()
    majority = table[table["policy"] == "majority"].set_index("votes")
    assert majority.loc[3, "accuracy"] == pytest.approx(0.896)


def test_what_is_recommended_is_the_cheapest_that_meets_the_target() -> None:
    plan = plan_votes(SkillPool.of(0.85, 0.05), target=0.97, draws=2000)
    good = [row for row in plan.rows if row.accuracy - 2 * (row.standard_error or 0) >= 0.97]
    assert plan.recommended is not None
    assert plan.recommended.cost == pytest.approx(min(row.cost for row in good))
    blind = Prices(expert_accuracy=0.5)
    assert plan_votes(SkillPool.of(0.6), target=0.999, prices=blind, draws=500).recommended is None


def test_the_simulation_agrees_with_the_formula_where_there_is_one() -> None:
    plan = plan_votes(SkillPool.of(0.8), prior=0.3, draws=40_000, seed=3)
    exact = {row.votes: row for row in plan.rows if row.policy == "dynamic"}
    simulated = {row.votes: row for row in plan.rows if row.policy == BY_ANNOTATOR}
    assert exact.keys() == simulated.keys()
    for votes, row in simulated.items():
        assert abs(row.accuracy - exact[votes].accuracy) < 4.5 * (row.standard_error or 0) + 1e-9
        assert abs(row.cost - exact[votes].cost) < 4.5 * (row.cost_standard_error or 0) + 1e-9


def test_to_know_who_is_good_is_worth_something() -> None:
    plan = plan_votes(SkillPool.of(0.8, 0.15), draws=20_000)
    last = {row.policy: row for row in plan.rows if row.votes == 11}
    assert last[BY_ANNOTATOR].cost < last["dynamic"].cost


def test_the_same_seed_gives_the_same_plan() -> None:
    pool = SkillPool.of(0.8, 0.1, correlation=0.2)
    assert plan_votes(pool, draws=500, seed=4).rows == plan_votes(pool, draws=500, seed=4).rows


def test_a_small_crowd_limits_the_votes() -> None:
    plan = plan_votes(pool_of([0.9, 0.8, 0.7]), draws=500)
    assert max(row.votes for row in plan.rows) == len(plan.p_majority) == 3


def test_a_crowd_at_chance_is_planned_without_certainty() -> None:
    plan = plan_votes(SkillPool.of(0.5), max_votes=3, draws=500)
    assert dict(plan.skipped).keys() == {"dynamic", "cost"}
    assert plan.recommended is not None
    assert plan.recommended.policy == "expert"


def test_perfect_annotators_need_one_vote() -> None:
    plan = plan_votes(pool_of([1.0, 1.0, 1.0]), target=0.99, draws=500)
    assert plan.recommended is not None
    assert (plan.recommended.votes, plan.recommended.accuracy) == (1, 1.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prior": 1.0}, "prior=1.0"),
        ({"target": 0.0}, "target=0.0"),
        ({"draws": 1}, "1 draws"),
        ({"max_votes": 0}, "0 votes"),
        ({"min_confidence": "1/3"}, "both sides"),
    ],
)
def test_numbers_outside_their_range_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        plan_votes(SkillPool.of(0.8), **change)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((1.2,), "1.2"), ((0.9, 0.4), "standard deviation of 0.4"), ((0.9, -0.1), "-0.1")],
)
def test_skills_that_cannot_be_are_refused(arguments: tuple[float, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        SkillPool.of(*arguments)
    with pytest.raises(InputError, match="correlation=1"):
        SkillPool.of(0.8, correlation=1)
    with pytest.raises(InputError, match="price vote=-1"):
        Prices(vote=-1)


# ---- skills from files and votes


def test_skills_are_read(tmp_path: Path) -> None:
    file = tmp_path / "skills.csv"
    file.write_bytes(b"\xef\xbb\xbfworker,accuracy\r\nann,0.9\r\nben,.75\r\n")
    pool = read_skills(file)
    assert pool.sensitivity.tolist() == pool.specificity.tolist() == [0.9, 0.75]
    assert pool.most_votes == 2
    file.write_text("specificity,sensitivity\n0.6,0.9\n")
    assert read_skills(file).accuracy == (0.9, 0.6)
    for content, message in (("skill\n1.5\n", "row 1: skill is '1.5'"), ("skill\n", "no annotators")):
        file.write_text(content)
        with pytest.raises(InputError, match=message):
            read_skills(file)
    file.write_text("worker,age\nann,30\n")
    with pytest.raises(MissingColumnError, match="skill"):
        read_skills(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_skills(tmp_path / "absent.csv")


@pytest.mark.real_data
def test_a_plan_learned_from_bluebirds_foretells_its_majority(shared_data: Path) -> None:
    folder = shared_data / "votes" / "bluebirds"
    votes = encode_votes(read_table(folder / "answer.csv"), task="question", label="answer")
    learned = learn_skills(votes, gold_items(read_table(folder / "truth.csv")))
    assert learned.prior == pytest.approx(48 / 108)
    assert sum(learned.pool.accuracy) / 2 == pytest.approx(0.624, abs=0.001)
    assert 0.05 < learned.pool.correlation < 0.2
    curve = majority_curve(VoteLattice(learned.pool, 39), learned.prior)
    # measured with so many votes of each picture; 108 pictures: a standard error of .04
    for count, measured in ((3, 0.679), (7, 0.732), (15, 0.772), (39, 0.759)):
        assert curve[count - 1] == pytest.approx(measured, abs=0.04)
    independent = learn_skills(votes, gold_items(read_table(folder / "truth.csv")), correlation=0)
    assert majority_curve(VoteLattice(independent.pool, 39), learned.prior)[38] > curve[38] + 0.02
    alike = SkillPool.of(sum(learned.pool.accuracy) / 2)
    assert majority_curve(VoteLattice(alike, 39), learned.prior)[38] > 0.93  # what the textbook says


def test_votes_of_other_than_two_classes_are_refused() -> None:
    import pandas as pd

    table = pd.DataFrame(
        [("t", "a", "x"), ("t", "b", "y"), ("u", "a", "z")], columns=["task", "worker", "label"]
    )
    with pytest.raises(InputError, match="3 classes"):
        learn_skills(encode_votes(table))
    with pytest.raises(InputError, match="'maybe' is no class"):
        learn_skills(encode_votes(table[:2]), yes="maybe")
    assert learn_skills(encode_votes(table[:2])).pool.correlation == 0


# ---- the command


def run_json(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> dict[str, Any]:
    assert main(["votes", "plan", *map(str, arguments), "--json"]) == code
    body: dict[str, Any] = json.loads(capsys.readouterr().out)
    return body


def test_the_command_plans(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    body = run_json(capsys, "--skill", 0.9, "--draws", 500)
    curve = {row["votes"]: row["probability"] for row in body["p_majority"]}
    assert curve[3] == pytest.approx(0.972)
    assert sorted(curve) == list(range(1, 12))
    assert body["recommended"] in body["plans"]
    for row in body["plans"][1:]:
        assert policy_from_json(row["definition"]).body() == row["definition"]
    (tmp_path / "policy.json").write_text('{"kind": "fixed", "votes": 2, "min_confidence": "3/4"}')
    own = run_json(capsys, "--skill", 0.8, "--draws", 500, "--policy", tmp_path / "policy.json")["plans"][-1]
    assert (own["policy"], own["votes"]) == ("given", 2)
    assert own["expert_share"] == pytest.approx(0.32)


def test_the_command_learns_from_votes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = ["task,worker,label"]
    truth = rng.random(300) < 0.3
    for task, yes in enumerate(truth):
        for worker in rng.choice(10, 5, replace=False):
            lines.append(f"t{task},w{worker},{'yes' if yes == (rng.random() < 0.85) else 'no'}")
    lines.append("t0,w99,unsure")
    file = tmp_path / "votes.csv"
    file.write_text("\n".join(lines) + "\n")
    body = run_json(capsys, "--votes", file, "--draws", 500)
    assert body["prior"] == pytest.approx(0.3, abs=0.06)
    assert body["skill"]["mean"] == pytest.approx(0.85, abs=0.03)
    assert body["correlation"] < 0.1
    assert run_json(capsys, "--votes", file, "--prior", 0.6, "--draws", 500)["prior"] == 0.6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--skill", "0.8", "--skills", "x.csv"], "one place"),
        (["--gold", "x.csv"], "--votes FILE"),
        (["--skill", "1.2"], "0<x<1"),
        (["--policy", "absent.json"], "absent.json"),
        (["--min-confidence", "most"], "'most'"),
    ],
)
def test_what_the_command_refuses(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    error = run_json(capsys, *arguments, code=2)["error"]
    assert message in error["message"] + error["remedy"]


def test_people_get_a_table_and_an_advice(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["votes", "plan", "--draws", "500"]) == 0
    out = capsys.readouterr().out
    assert "Cheapest: cost" in out
    assert main(["votes", "plan", "--draws", "500", "--expert-accuracy", "0.5", "--target", "0.9999"]) == 0
    assert "No policy reaches" in capsys.readouterr().out
