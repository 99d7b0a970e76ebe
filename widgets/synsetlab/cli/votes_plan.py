"""``synsetlab votes plan``: accuracy and cost of policies before anyone is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from synsetlab.cli.common import SEED, emit, json_option, print_table
from synsetlab.cli.votes_files import known_answers

if TYPE_CHECKING:
    from synsetlab.simulate.plan import VotePlan
    from synsetlab.simulate.skills import Learned

__all__ = ["plan_command"]

SHARE = click.FloatRange(0, 1)
PRICE = click.FloatRange(0)
UNIT = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command("plan")
@click.option("--skill", type=UNIT, help="Mean accuracy of the annotators.  [default: 0.85]")
@click.option("--skill-sd", type=SHARE, help="Standard deviation of their accuracies.  [default: 0]")
@click.option(
    "--skills",
    type=click.Path(dir_okay=False),
    help="CSV with a row an annotator: skill, or sensitivity and specificity.",
)
@click.option(
    "--votes", type=click.Path(dir_okay=False), help="Learn skills, prior and correlation from votes."
)
@click.option("--gold", type=click.Path(dir_okay=False), help="Known answers for --votes: task,label.")
@click.option("--yes", metavar="LABEL", help="What means yes in --votes; else yes, or the last in order.")
@click.option("--task-column", default="task", show_default=True, help="Column with what was asked.")
@click.option("--worker-column", default="worker", show_default=True, help="Column with who answered.")
@click.option("--label-column", default="label", show_default=True, help="Column with the answer.")
@click.option("--correlation", type=SHARE, help="Of errors on one question.  [default: 0, or as learned]")
@click.option("--prior", type=UNIT, help="Share of candidates that are right.  [default: 0.5, or as learned]")
@click.option("--vote-price", type=PRICE, default=0.01, show_default=True, help="Price of a vote.")
@click.option("--expert-price", type=PRICE, default=0.5, show_default=True, help="Price of an expert's look.")
@click.option("--wrong-accept", type=PRICE, default=1.0, show_default=True, help="Price of a wrong accept.")
@click.option("--wrong-reject", type=PRICE, default=1.0, show_default=True, help="Price of a wrong reject.")
@click.option(
    "--expert-accuracy", type=SHARE, default=1.0, show_default=True, help="How often the expert is right."
)
@click.option("--target", type=UNIT, default=0.95, show_default=True, help="Accuracy wanted.")
@click.option(
    "--max-votes", type=click.IntRange(1, 51), default=11, show_default=True, help="Most votes a question."
)
@click.option(
    "--min-confidence", default="0.67", show_default=True, help='Least share of the fixed policy, as "2/3".'
)
@click.option("--policy", type=click.Path(dir_okay=False), help="A policy of your own to plan too (JSON).")
@click.option(
    "--draws",
    type=click.IntRange(100, 10_000_000),
    default=20_000,
    show_default=True,
    help="Questions simulated where there is no formula.",
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the simulation.")
@json_option
def plan_command(*, as_json: bool, **given: Any) -> None:
    """Say what accuracy, expert share and cost to expect, and the cheapest policy that meets a target.

    \b
    Examples:
      synsetlab votes plan --skill 0.85 --skill-sd 0.08 --prior 0.4 --target 0.97
      synsetlab votes plan --votes pilot.csv --gold gold.csv --expert-price 1 --json

    docs/planning.md says what each figure means. All but dynamic-by-annotator is exact.

    JSON: target, prior, skill {mean, sd, sensitivity, specificity, annotators}, correlation, prices
    {vote, expert, wrong_accept, wrong_reject, expert_accuracy}, draws, seed, plans [policy, votes,
    mean_votes, accuracy, decided_accuracy, expert_share, wrong_accept, wrong_reject, cost, price,
    standard_error, cost_standard_error, definition], recommended {policy, votes, mean_votes, accuracy,
    decided_accuracy, expert_share, wrong_accept, wrong_reject, cost, price, standard_error,
    cost_standard_error, definition} or null, reason, p_majority [votes, probability], skipped [policy,
    reason].
    """
    from synsetlab.simulate.plan import Prices, plan_votes

    learned = _learned(given)
    prices = Prices(
        given["vote_price"],
        given["expert_price"],
        given["wrong_accept"],
        given["wrong_reject"],
        given["expert_accuracy"],
    )
    plan = plan_votes(
        learned.pool,
        prior=learned.prior,
        prices=prices,
        target=given["target"],
        max_votes=given["max_votes"],
        min_confidence=given["min_confidence"],
        policies=_own_policy(given["policy"]),
        draws=given["draws"],
        seed=given["seed"],
    )
    report = _payload(plan, learned, prices, given)
    if as_json:
        emit(report)
        return
    _print(report)


def _learned(given: dict[str, Any]) -> Learned:
    """The annotators and the prior that the options mean."""
    from synsetlab.errors import InputError
    from synsetlab.simulate.skills import Learned, SkillPool, learn_skills, read_skills

    file, rows = given["votes"], given["skills"]
    mean, sd, correlation = given["skill"], given["skill_sd"], given["correlation"]
    if sum((file is not None, rows is not None, mean is not None or sd is not None)) > 1:
        raise InputError(
            "Skills come from one place.", "Give --skill and --skill-sd, or --skills, or --votes."
        )
    if file is None:
        if given["gold"] is not None or given["yes"] is not None:
            raise InputError(
                "--gold and --yes say how to learn from votes.", "Give the votes with --votes FILE."
            )
        correlation = correlation or 0.0
        pool = (
            read_skills(rows, correlation=correlation)
            if rows is not None
            else SkillPool.of(0.85 if mean is None else mean, sd or 0.0, correlation=correlation)
        )
        return Learned(pool, 0.5 if given["prior"] is None else given["prior"])
    from synsetlab.voting.encoding import encode_votes
    from synsetlab.voting.files import read_table

    votes = encode_votes(
        read_table(file),
        task=given["task_column"],
        worker=given["worker_column"],
        label=given["label_column"],
        not_classes=("unsure", "skip"),
        place=file,
    )
    found = learn_skills(
        votes, known_answers(given["gold"]) or None, yes=given["yes"], correlation=correlation
    )
    return found if given["prior"] is None else Learned(found.pool, given["prior"])


def _own_policy(file: str | None) -> dict[str, Any]:
    from pathlib import Path

    from synsetlab.errors import InputError
    from synsetlab.voting.policy import policy_from_json

    if file is None:
        return {}
    try:
        return {"given": policy_from_json(Path(file).read_text("utf-8-sig"))}
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}.", "Give a policy as JSON.") from None


def _payload(plan: VotePlan, learned: Learned, prices: Any, given: dict[str, Any]) -> dict[str, Any]:
    from dataclasses import asdict

    sensitivity, specificity = learned.pool.accuracy
    none = f"No policy reaches an accuracy of {plan.target:g} with at most {given['max_votes']} votes."
    return {
        "target": plan.target,
        "prior": learned.prior,
        "skill": {
            "mean": (sensitivity + specificity) / 2,
            "sd": learned.pool.spread,
            "sensitivity": sensitivity,
            "specificity": specificity,
            "annotators": len(learned.pool.sensitivity) if given["votes"] or given["skills"] else None,
        },
        "correlation": learned.pool.correlation,
        "prices": asdict(prices),
        "draws": given["draws"],
        "seed": given["seed"],
        "plans": [asdict(row) for row in plan.rows],
        "recommended": asdict(plan.recommended) if plan.recommended else None,
        "reason": None if plan.recommended else none,
        "p_majority": [
            {"votes": votes, "probability": float(value)} for votes, value in enumerate(plan.p_majority, 1)
        ],
        "skipped": [{"policy": policy, "reason": reason} for policy, reason in plan.skipped],
    }


def _print(report: dict[str, Any]) -> None:
    header = ["policy", "votes", "mean_votes", "accuracy", "expert_share", "cost"]
    skill = report["skill"]
    click.echo(
        f"skill {skill['mean']:.3f} (sd {skill['sd']:.3f}), correlation {report['correlation']:.3f}, "
        f"prior {report['prior']:.3f}, target {report['target']:g}\n"
    )
    print_table(
        header,
        [
            [f"{row[n]:.4f}" if isinstance(row[n], float) else row[n] for n in header]
            for row in report["plans"]
        ],
    )
    click.echo(
        "\nP(majority right): "
        + "  ".join(f"{p['votes']}: {p['probability']:.4f}" for p in report["p_majority"])
    )
    for skipped in report["skipped"]:
        click.echo(f"Without {skipped['policy']}: {skipped['reason']}.")
    best = report["recommended"]
    if best is None:
        click.echo(report["reason"])
        return
    click.echo(
        f"\nCheapest: {best['policy']}, at most {best['votes']} votes: accuracy {best['accuracy']:.4f}, "
        f"{best['mean_votes']:.2f} votes and {best['expert_share']:.1%} to the expert, "
        f"cost {best['cost']:.4f} a question."
    )
