"""What each role may ask of the writer and the desk, and in whose name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from synsetlab.errors import InputError, NotAllowedError
from synsetlab.store.defaults import CONTROLS, LEASE_MINUTES
from synsetlab.store.names import ROLES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
    voters: bool = True
    """Whether annotators may, whose votes must not lean on those of others."""

    def reaches(self, role: str) -> bool:
        """Whether `role` may."""
        return ROLES.index(role) >= ROLES.index(self.role) and (self.voters or role != "annotator")


def _reads(part: str, names: str, role: str, whose: str = "", *, voters: bool = True) -> dict[str, Permit]:
    return {f"{part}.{name}": Permit(role, whose, writes=False, voters=voters) for name in names.split()}


PERMITS: dict[str, Permit] = {
    "renew": Permit("viewer", writes=False),
    # A labelling page.
    **_reads("lookups", "synset cards examples", "annotator"),
    **_reads("lookups", "own_answers synset_progress", "annotator", NUMBER),
    **_reads("own_work", "pages page noted", "annotator", NUMBER),
    **_reads("team", "own_day own_gold", "annotator", NUMBER),
    **_reads("team", "annotator", "annotator", NAME),
    **_reads("team", "pictures", "annotator"),
    **_reads("reader", "synsets", "annotator"),
    "setting": Permit("annotator", writes=False),
    "question_key": Permit("annotator", writes=False),
    "own_work.note": Permit("annotator", NUMBER, repeatable=False),
    "decide": Permit("annotator"),
    "writer.ensure_annotator": Permit("annotator", NAME),
    "writer.record_votes": Permit("annotator", NUMBER),
    "writer.claim": Permit("annotator", NUMBER),
    "writer.release_leases": Permit("annotator", NUMBER),
    # The other pages, of which the desk tells what others did (`synsetlab.ui.workspace.desk`).
    **_reads("browsing", "counts version accepted", "viewer"),
    **_reads(
        "dashboard",
        "totals votes_over_time left synsets cells annotators problems agreement_over_time",
        "viewer",
        voters=False,
    ),
    **_reads("review", "queue detail reliability log", "expert"),
    **_reads("duplicates", "clusters standing rows_for", "expert"),
    **_reads("lookups", "questions standing question_ids", "expert"),
    "choose": Permit("expert"),
    "writer.record_expert_verdicts": Permit("expert", ROWS),
    "writer.relabel": Permit("expert", MOVES, repeatable=False),
    "writer.add_duplicate_verdicts": Permit("expert", ROWS, repeatable=False),
    "writer.take_back_duplicate_verdicts": Permit("expert", BY, repeatable=False),
}
"""Operations by name; what is not listed cannot be asked for."""

LARGEST_PAGE = 512
"""Questions that a page of someone's own notebook may claim; those of the product have 48."""

LONGEST_BATCH = 64
"""Characters of a page's name."""

SETTINGS = ("workspace_id", "vote_policy", "quiz")
"""Settings that a kernel may read; never ``secret``, of which it gets what it needs derived."""


def check_permit(
    capability: Capability, number: int | None, operation: str, args: Sequence[Any], named: dict[str, Any]
) -> Permit:
    """The permit of an operation; `number` is that of the capability's annotator, or None.

    Raises
    ------
    NotAllowedError
        The capability does not reach so far.
    InputError
        A number is none that a page asks for.
    """
    permit = PERMITS.get(operation)
    if permit is None or not permit.reaches(capability.role):
        raise NotAllowedError(
            f"{capability.annotator} ({capability.role}) may not do this: {operation}.",
            f"It takes the role {permit.role}." if permit else "",
        )
    own = True
    if permit.whose == NUMBER:
        own = number is not None and bool(args) and args[0] == number
    elif permit.whose == NAME:
        own = bool(args) and args[0] == capability.annotator
    elif permit.whose:
        deciders = _deciders(permit.whose, args, named)
        own = bool(deciders) and set(deciders) == {capability.annotator}
    if not own:
        raise NotAllowedError(f"{capability.annotator} asked for {operation} in another's name.")
    if operation in _TERMS:
        _TERMS[operation](*args, **named)
    if operation == "setting" and args and args[0] not in SETTINGS:
        raise NotAllowedError(f"The setting {args[0]!r} is not for kernels.")
    return permit


def _deciders(whose: str, args: Sequence[Any], named: dict[str, Any]) -> list[Any]:
    """In whose names verdicts are."""
    if whose == BY:
        return [named.get("by")]
    rows = args[0] if args else []  # by name they would not be looked at
    if not rows or whose == ROWS:
        return [row.get("decided_by") for row in rows]
    return [named.get("by"), *(row[part].get("decided_by") for row in rows for part in ("reject", "accept"))]


def _claim(
    _annotator: Any,
    _wnid: Any,
    size: Any,
    *,
    batch: Any,
    minutes: Any = LEASE_MINUTES,
    controls: Any = CONTROLS,
) -> None:
    """A page as the product hands it out: more of it would empty the team's queue."""
    if type(size) is not int or not 1 <= size <= LARGEST_PAGE:
        most = f"Ask for 1 to {LARGEST_PAGE}."
        raise InputError(f"A page of {size!r:.40} questions cannot be claimed.", most)
    if type(minutes) not in {int, float} or not 0 < minutes <= LEASE_MINUTES:
        raise InputError(
            f"Questions cannot be kept for {minutes!r:.40} minutes.",
            f"Ask for more than 0, at most {LEASE_MINUTES:g}.",
        )
    if controls != CONTROLS:
        raise NotAllowedError(
            f"The share of hidden controls on a page cannot be chosen: {controls!r:.40}.", "Leave it out."
        )
    if not isinstance(batch, str) or not 1 <= len(batch) <= LONGEST_BATCH:
        raise InputError(
            f"{batch!r:.40} cannot be the name of a page.", f"Use 1 to {LONGEST_BATCH} characters."
        )


def _ensure_annotator(_name: Any, *role: Any, **named: Any) -> None:
    """The name alone: it says the role."""
    if role or named:
        asked = [*role, *named.values()]
        raise NotAllowedError(f"The role of votes cannot be chosen: {asked!r:.40}.", "Leave it out.")


_TERMS: dict[str, Callable[..., None]] = {
    "writer.claim": _claim,
    "writer.ensure_annotator": _ensure_annotator,
}
"""What else an operation's arguments must be; wrong ones are refused by the same names and places."""
