"""What each role may ask of the writer, and in whose name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from synsetlab.errors import NotAllowedError
from synsetlab.store.names import ROLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from synsetlab.store.capability import Capability

__all__ = ["PERMITS", "Permit", "check_permit"]

NUMBER = "number"
"""The first argument is the annotator's number, and must be their own."""
NAME = "name"
"""The first argument is the annotator's name, likewise."""
BY = "by"
"""The argument `by` says who decides, and must be their own name."""
ROWS = "rows"
"""Each row of the first argument says so in ``decided_by``."""
MOVES = "moves"
"""Each verdict in the rows of the first argument says so, and `by` does."""


class Permit(NamedTuple):
    """Who may ask for an operation."""

    role: str
    """The least role."""
    whose: str = ""
    """How the operation says in whose name it is; empty: in nobody's."""
    writes: bool = True
    repeatable: bool = True
    """Asked for twice it does no more than once: it may be sent again when an answer was lost."""


def _reads(part: str, names: str, role: str, whose: str = "") -> dict[str, Permit]:
    return {f"{part}.{name}": Permit(role, whose, writes=False) for name in names.split()}


PERMITS: dict[str, Permit] = {
    **_reads("lookups", "synset cards examples", "annotator"),
    **_reads("lookups", "own_answers synset_progress", "annotator", NUMBER),
    **_reads("own_work", "pages page noted", "annotator", NUMBER),
    **_reads("team", "own_day own_gold", "annotator", NUMBER),
    **_reads("team", "annotator", "annotator", NAME),
    **_reads("team", "pictures", "annotator"),
    **_reads("reader", "synsets", "annotator"),
    **_reads("lookups", "question_ids votes_on questions_about said_before near", "expert"),
    **_reads("own_work", "problems", "curator"),
    "setting": Permit("annotator", writes=False),
    "question_key": Permit("annotator", writes=False),
    "renew": Permit("viewer", writes=False),
    "own_work.note": Permit("annotator", NUMBER, repeatable=False),
    "decide": Permit("annotator"),
    "writer.ensure_annotator": Permit("annotator", NAME),
    "writer.record_votes": Permit("annotator", NUMBER),
    "writer.claim": Permit("annotator", NUMBER),
    "writer.release_leases": Permit("annotator", NUMBER),
    "writer.record_expert_verdicts": Permit("expert", ROWS),
    "writer.relabel": Permit("expert", MOVES, repeatable=False),
    "writer.add_duplicate_verdicts": Permit("curator", ROWS, repeatable=False),
    "writer.judge_annotator": Permit("curator", BY, repeatable=False),
    "writer.start_import": Permit("curator", repeatable=False),
    "writer.finish_import": Permit("curator"),
    "writer.add_synsets": Permit("curator"),
    "writer.set_rules": Permit("curator"),
    "writer.add_images": Permit("curator"),
    "writer.add_failures": Permit("curator"),
    "writer.set_phashes": Permit("curator"),
    "writer.replace_clusters": Permit("curator"),
    "writer.set_vote_policy": Permit("curator"),
    "writer.add_questions": Permit("curator"),
    "writer.rebuild_counters": Permit("curator"),
    "writer.rebuild": Permit("curator"),
    "writer.record_decisions": Permit("curator", repeatable=False),
    "writer.set_gold": Permit("curator"),
    "writer.record_release": Permit("curator"),
}
"""Operations by name; what is not listed cannot be asked for."""

SETTINGS = ("workspace_id", "vote_policy", "quiz")
"""Settings that a kernel may read; never ``secret``, of which it gets what it needs derived."""


def check_permit(
    capability: Capability, number: int | None, operation: str, args: Sequence[Any], named: dict[str, Any]
) -> Permit:
    """Raise NotAllowedError unless the capability reaches so far; `number` is its annotator's, or None."""
    permit = PERMITS.get(operation)
    if permit is None or ROLES.index(capability.role) < ROLES.index(permit.role):
        raise NotAllowedError(
            f"{capability.annotator} ({capability.role}) may not do this: {operation}.",
            f"It takes the role {permit.role}." if permit else "",
        )
    if permit.whose == NUMBER:
        own = number is not None and bool(args) and args[0] == number
    elif permit.whose == NAME:
        own = bool(args) and args[0] == capability.annotator
    else:
        deciders = [named["by"]] if permit.whose in {BY, MOVES} and "by" in named else []
        if permit.whose == ROWS:
            deciders += [row.get("decided_by") for row in args[0]]
        if permit.whose == MOVES:
            deciders += [row[part].get("decided_by") for row in args[0] for part in ("reject", "accept")]
        own = all(name == capability.annotator for name in deciders)
        own = own and (permit.whose not in {BY, MOVES} or "by" in named)
    if not own:
        raise NotAllowedError(f"{capability.annotator} asked for {operation} in another's name.")
    if operation == "setting" and args and args[0] not in SETTINGS:
        raise NotAllowedError(f"The setting {args[0]!r} is not for kernels.")
    return permit
