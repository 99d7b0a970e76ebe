"""Can every value be read, and does what rows say together make sense? Counted by the database itself."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.store import schema as t
from synsetlab.store.defaults import VOTE_POLICY
from synsetlab.store.rebuild import LEASED

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

__all__ = ["REBUILD", "RESTORE", "misplaced_rows", "odd_answers", "unreadable_settings", "unreadable_values"]

REBUILD = "Set right with: synsetlab consensus rebuild"
RESTORE = "Restore a back-up with: synsetlab workspace restore FILE"
IMPORT = "Import them again: what is there stays."
CLUSTERS = "Find them anew with: synsetlab dedup run"
CONSENSUS = "Decide anew with: synsetlab consensus run"
KEEP = "Set it with: synsetlab consensus keep keep_last"

ANSWERS = ("yes", "no", "unsure", "skip")
MODEL = ("by_annotator", "pooled", "prior")
TIME = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]*"
Wrong = list[tuple[str, str]]
"""What is wrong, and its remedy."""


def unreadable_settings(connection: Connection) -> Wrong:
    """Facts about the workspace that are gone or cannot be meant, and policies that are no JSON."""
    settings = {
        str(key): str(value) for key, value in connection.execute(sa.select(t.Setting.key, t.Setting.value))
    }
    wrong: Wrong = []
    for key in ("workspace_id", "secret"):
        if key not in settings:
            wrong.append((f"setting has no {key}", RESTORE))
        elif not _is_hex(settings[key]):
            wrong.append((f"the setting {key} is not hexadecimal", RESTORE))
    if settings.get(VOTE_POLICY, "keep_last") not in {"keep_last", "keep_first"}:
        wrong.append((f"the setting {VOTE_POLICY} is {settings[VOTE_POLICY]!r}", KEEP))
    kept = (("policy", ("kind",)), ("answer_model", MODEL))
    wrong += [
        (f"the setting {key} cannot be read", CONSENSUS)
        for key, names in kept
        if settings.get(key) and not _is_object(settings[key], names)
    ]
    if not settings.get("answer_model_version", "0").isdecimal():
        wrong.append(("the setting answer_model_version is no number", CONSENSUS))
    bodies = connection.execute(sa.select(t.Policy.body))
    if bad := sum(not _is_object(str(row[0]), ()) for row in bodies):
        wrong.append((f"{bad} rows of policy have a body that cannot be read", RESTORE))
    return wrong


def unreadable_values(connection: Connection) -> Wrong:
    """Rows by column whose value is not of the column's kind; each table is read once, by the database."""
    wrong: Wrong = []
    for table in t.Base.metadata.sorted_tables:
        bad = {column.name: _unreadable(column, connection.dialect.name) for column in table.columns}
        asked = {name: how for name, how in bad.items() if how is not None}
        if not asked:
            continue
        counted = [sa.func.count(sa.case((how, 1))).label(name) for name, how in asked.items()]
        numbers = connection.execute(sa.select(*counted).select_from(table)).one()
        wrong += [
            (f"{number} rows of {table.name} have a {name} that cannot be read", RESTORE)
            for name, number in zip(asked, numbers, strict=True)
            if number
        ]
    return wrong


def _unreadable(column: sa.Column[Any], dialect: str) -> sa.ColumnElement[bool] | None:
    """When a value of the column is none of its kind; None where the database sees to it."""
    value: Any = sa.literal_column(f'{column.table.name}."{column.name}"')
    if isinstance(column.type, sa.JSON):  # all that we keep are lists
        if dialect == "postgresql":
            return sa.and_(value.is_not(None), sa.func.json_typeof(value) != "array")
        no_list = sa.case((sa.func.json_valid(value), sa.func.json_type(value) != "array"), else_=True)
        return sa.and_(value.is_not(None), no_list)
    if dialect == "postgresql":
        return None
    if isinstance(column.type, t.UtcDateTime):
        good = sa.and_(value.op("GLOB")(TIME), sa.func.strftime("%s", value).is_not(None))
        return sa.and_(value.is_not(None), sa.not_(good))
    for kind, names in (
        (sa.Boolean, ("integer",)),
        (sa.Integer, ("integer",)),
        (sa.Float, ("real", "integer")),
    ):
        if isinstance(column.type, kind):
            return sa.and_(value.is_not(None), sa.func.typeof(value).not_in(names))
    return None


def odd_answers(connection: Connection) -> Wrong:
    """Answers of votes and of gold questions that their question does not have; gold where none is."""
    question, vote = t.Question, t.Vote
    listed = sa.func.coalesce(sa.cast(question.choices, sa.Text), "")

    def is_choice(answer: Any) -> sa.ColumnElement[bool]:
        return listed.like('%"' + answer + '"%')

    gold = sa.select(sa.func.count()).where(
        question.gold_answer.is_not(None),
        sa.case(
            (question.choices.is_(None), question.gold_answer.not_in(("yes", "no"))),
            else_=sa.not_(is_choice(question.gold_answer)),
        ),
    )
    strange = sa.case(
        (question.choices.is_(None), vote.answer.not_in(ANSWERS)),
        else_=sa.and_(vote.answer.not_in(("unsure", "skip")), sa.not_(is_choice(vote.answer))),
    )
    joined = sa.select(sa.func.count()).select_from(vote).join(question, question.id == vote.question_id)
    counts = (
        (gold, "questions have a gold answer that is none of theirs"),
        (
            joined.where(vote.answer.is_not(None), strange),
            "votes give an answer that their question does not have",
        ),
        # Not the other way round: a question may become gold after it was voted on.
        (
            joined.where(vote.is_gold, question.gold_answer.is_(None)),
            "votes count as gold, and their question is none",
        ),
    )
    return [(f"{number} {what}", RESTORE) for asked, what in counts if (number := connection.scalar(asked))]


def misplaced_rows(connection: Connection) -> Wrong:
    """What rows of several tables say together, and hints of the queue that nothing would ever end."""
    question, candidate = t.Question, t.Candidate
    member = sa.exists().where(candidate.image_id == question.image_id, candidate.wnid == question.wnid)
    known = sa.exists().where(t.Source.image_id == t.Image.id)
    asked = sa.exists().where(question.image_id == t.Image.id)
    head = sa.exists().where(t.Image.id == t.DuplicateCluster.cluster_id)
    now = time.time_ns() // 1000
    later = now + int(LEASED.total_seconds() * 1e6)
    counts = (
        # Controls are asked of pictures that are no candidates.
        (
            question,
            (question.control.is_(None), question.choices.is_(None), ~member),
            "questions have no row of candidate",
            IMPORT,
        ),
        (t.Image, (asked, ~known), "pictures that are asked about have no row of source", IMPORT),
        (t.DuplicateCluster, (~head,), "rows of duplicate_cluster are in a cluster of nothing", CLUSTERS),
        (
            t.QueueCursor,
            (t.QueueCursor.queued_at > later,),
            "rows of queue_cursor are past everything",
            REBUILD,
        ),
    )
    wrong: Wrong = []
    for table, where, what, remedy in counts:
        number = connection.scalar(sa.select(sa.func.count()).select_from(table).where(*where))
        if number:
            wrong.append((f"{number} {what}", remedy))
    return wrong


def _is_hex(text: str) -> bool:
    try:
        return len(bytes.fromhex(text)) > 0
    except ValueError:
        return False


def _is_object(text: str, names: tuple[str, ...]) -> bool:
    try:
        found = json.loads(text)
    except ValueError:
        return False
    return isinstance(found, dict) and all(name in found for name in names)
