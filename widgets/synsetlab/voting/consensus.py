"""From the vote log of a workspace to decisions: fit the annotators, judge every open question."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from synsetlab.errors import InputError
from synsetlab.store.defaults import MODEL, MODEL_VERSION, POLICY
from synsetlab.voting.judge import Judge
from synsetlab.voting.policy import DynamicPolicy, LeaderPolicy, PerSynsetPolicy, Policy, policy_from_json

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    import pandas as pd

    from synsetlab.store.workspace import Workspace
    from synsetlab.voting.posterior import AnswerModel

__all__ = [
    "Consensus",
    "OnlineDecider",
    "check_counters",
    "decide_questions",
    "fit_annotators",
    "policy_in_force",
    "run_consensus",
    "stored_model",
]

PILOT_VOTES = 30
PILOT_ANNOTATORS = 3
"""Below these a fitted model of the annotators would say more about chance than about them."""

QUESTIONS_AT_ONCE = 5_000
TELLING = ("yes", "no", "unsure")

SENTENCES = {
    "exclusion": "Annotators counted, or left out, against the last verdict on them: {n}.",
    "counters": "Questions whose counters differ from the vote log: {n}.",
    "outcomes": "Questions whose outcomes differ from the logs: {n}, the first is {first}.",
    "bands": "Questions in a band of the queue that is not theirs: {n}, the first is {first}.",
    "leases": "Leases on questions that are not asked of their annotator: {n}, the first is {first}.",
    "duplicates": "Pictures dropped, or kept, against the last verdict on them: {n}.",
}


@dataclass(slots=True)
class Consensus:
    """What a run decided."""

    policy_hash: str
    fitted: bool
    """Whether annotators' skills were fitted, or assumed to be equal."""
    changed: int = 0
    """Questions whose outcome, or number of votes wanted, changed."""
    outcomes: dict[str, int] = field(default_factory=dict)
    """Questions by outcome, among those that have votes."""


def run_consensus(
    workspace: Workspace, policy: Policy, *, fit: bool = True, nobody_left: bool = False
) -> Consensus:
    """Judge every question that has votes under `policy` and record what changed.

    Questions with a standing verdict of an expert are left alone, and so are dropped duplicates; a
    gold question has its known answer whatever the votes say. With `fit`, annotators'
    confusion matrices are fitted over all synsets (`fit_annotators`) and give the posterior;
    without, or with too few votes, the policy's own. The policy and the fitted model are kept
    for the decisions between runs (`decide_questions`). With `nobody_left`, what is still
    open is exhausted and goes to the expert.

    Raises
    ------
    InputError
        The policy, or one of its exceptions, only plays logs (kind ``leader``).
    """
    _refuse_replay_only(policy)
    questions = workspace.reader.questions()
    votes = workspace.reader.votes()
    model = fit_annotators(votes, questions) if fit else None
    judge = Judge(policy, model, nobody_left=nobody_left)
    report = Consensus(policy.policy_hash, fitted=model is not None)
    rows = []
    for case in _cases(workspace, questions, votes):
        row = judge.judge(case)
        if row is None:
            continue
        report.outcomes[row["outcome"]] = report.outcomes.get(row["outcome"], 0) + 1
        if judge(case) is not None:
            rows.append(row)
    report.changed = len(rows)
    workspace.writer.record_decisions(judge.stamp, rows)
    _keep(workspace, policy, model)
    return report


def _refuse_replay_only(policy: Policy) -> None:
    """A workspace keeps one fit of its annotators; a `LeaderPolicy` needs many, and a warm-up."""
    parts = [policy]
    if isinstance(policy, PerSynsetPolicy):
        parts = [policy.default, *(own for _, own in sorted(dict(policy.overrides).items()))]
    if any(isinstance(part, LeaderPolicy) for part in parts):
        raise InputError(
            "A policy of kind 'leader' plays a log (votes stop); a workspace cannot decide by it.",
            "Use --policy dynamic: docs/stopping.md tells them apart.",
        )


def decide_questions(
    workspace: Workspace,
    questions: Collection[int],
    policy: Policy | None = None,
    *,
    model: AnswerModel | None = None,
) -> Consensus:
    """Judge only `questions`, at once, as the next run would under the same policy and model.

    Parameters
    ----------
    questions
        Ids, such as those that a batch of votes has just touched; the cost is that of their votes.
    policy
        None: the one of the last run (`policy_in_force`).
    model
        None: the one that the last run fitted, if it did (`stored_model`).
    """
    judge = Judge(policy or policy_in_force(workspace), model or stored_model(workspace))
    return _decide(workspace, questions, judge)


class OnlineDecider:
    """The decision function for a `LabelQueue`: call it with the ids of questions that got votes.

    It keeps the fitted model between calls and reads it anew when another run has fitted.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._version: str | None = None
        self._judge: Judge | None = None

    def __call__(self, questions: Collection[int]) -> Consensus | None:
        """Decide what `questions` allow; a kernel without the database is not told what came of it."""
        if self._workspace.linked:
            # It knows no policy and no model: the writer does, and decides what the annotator voted on.
            self._workspace.ask("decide", [int(question) for question in questions])
            return None
        version = self._workspace.reader.setting(MODEL_VERSION) or ""
        if self._judge is None or version != self._version:
            self._judge = Judge(policy_in_force(self._workspace), stored_model(self._workspace))
            self._version = version
        return _decide(self._workspace, questions, self._judge)


def policy_in_force(workspace: Workspace) -> Policy:
    """The policy of the last run, or the default one where there was none."""
    text = workspace.reader.setting(POLICY)
    return policy_from_json(text) if text else DynamicPolicy()


def stored_model(workspace: Workspace) -> AnswerModel | None:
    """The model of the annotators that the last run fitted, or None if it did not."""
    text = workspace.reader.setting(MODEL)
    if not text:
        return None
    import numpy as np  # noqa: PLC0415 - only where a model was fitted

    from synsetlab.voting.posterior import AnswerModel  # noqa: PLC0415 - likewise

    kept = json.loads(text)
    tables = {name: np.array(table) for name, table in kept["by_annotator"].items()}
    return AnswerModel(np.array(kept["pooled"]), tables, kept["prior"])


def fit_annotators(votes: pd.DataFrame, questions: pd.DataFrame) -> AnswerModel | None:
    """Fit who can be believed how far, from effective votes over all synsets; None if these are too few.

    Gold answers are clamped, hard negatives are not: their answer is likely, not known. Anonymous
    annotators are left out: many may share such a name.
    """
    from synsetlab.voting.posterior import AnswerModel  # noqa: PLC0415 - scipy, only for a fit

    telling = votes[votes["answer"].isin(TELLING) & (votes["role"] != "anonymous")]
    both = {"yes", "no"} <= set(telling["answer"])
    if len(telling) < PILOT_VOTES or telling["annotator"].nunique() < PILOT_ANNOTATORS or not both:
        return None
    known = questions[
        questions["gold_answer"].isin(["yes", "no"])
        & questions["control"].isna()
        & questions["id"].isin(telling["question_id"])
    ]
    gold = {str(question): answer for question, answer in zip(known["id"], known["gold_answer"], strict=True)}
    tasks = telling.assign(
        task=telling["question_id"].astype(str), worker=telling["annotator"], label=telling["answer"]
    )
    return AnswerModel.fit(tasks[["task", "worker", "label"]], gold or None)


def check_counters(workspace: Workspace, *, repair: bool = False) -> list[str]:
    """What the caches say that the logs do not: sentences; empty when all agree.

    State is a pure function of the logs and of which vote counts: tallies of the effective votes;
    outcome, posterior, label and votes wanted of the standing expert verdict or else the last
    decision; leases of what is still to be answered. With `repair`, what is wrong is set right.
    """
    wrong = workspace.writer.rebuild(dry_run=not repair)
    return [SENTENCES[cache].format(n=len(found), first=found[0]) for cache, found in wrong.items() if found]


def _decide(workspace: Workspace, questions: Collection[int], judge: Judge) -> Consensus:
    report = Consensus(judge.policy.policy_hash, fitted=judge.model is not None)
    ids = sorted(set(questions))
    for start in range(0, len(ids), QUESTIONS_AT_ONCE):
        for row in workspace.writer.decide(ids[start : start + QUESTIONS_AT_ONCE], judge.stamp, judge):
            report.changed += 1
            report.outcomes[row["outcome"]] = report.outcomes.get(row["outcome"], 0) + 1
    return report


def _keep(workspace: Workspace, policy: Policy, model: AnswerModel | None) -> None:
    with workspace.writer.together():
        # Whoever is forgotten (`synsetlab.store.erasure`) waits for this row, or this for them.
        workspace.writer.set_settings({POLICY: policy.to_json()})
        text = ""
        if model is not None:
            known = set(workspace.reader.annotators()["name"])  # someone may have been forgotten meanwhile
            tables = {name: table.tolist() for name, table in model.by_annotator.items() if name in known}
            text = json.dumps({"pooled": model.pooled.tolist(), "prior": model.prior, "by_annotator": tables})
        runs = int(workspace.reader.setting(MODEL_VERSION) or 0)
        workspace.writer.set_settings({MODEL: text, MODEL_VERSION: str(runs + 1)})


def _cases(workspace: Workspace, questions: pd.DataFrame, votes: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The cases of all questions, as the store gives them for a few."""
    by_question: dict[int, list[tuple[str, str, str]]] = {}
    columns = (votes[name] for name in ("question_id", "annotator", "role", "answer"))
    for question, name, role, answer in zip(*columns, strict=True):
        by_question.setdefault(question, []).append((name, role, answer))
    verdicts = workspace.reader.standing_verdicts().set_index("question_id")
    stands = verdicts[["verdict", "votes_wanted"]].to_dict("index")
    for row in questions.to_dict("records"):
        case: dict[str, Any] = {str(name): None if value != value else value for name, value in row.items()}  # noqa: PLR0124 - NaN
        verdict = stands.get(case["id"], {})
        wants = verdict.get("votes_wanted")
        case["expert"] = verdict.get("verdict")
        case["expert_wants"] = None if wants is None or wants != wants else int(wants)  # noqa: PLR0124 - NaN
        case["votes"] = by_question.get(case["id"], [])
        yield case
