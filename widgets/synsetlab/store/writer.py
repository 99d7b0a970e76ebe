"""The one door through which a workspace changes.

Every method is one transaction that takes the write lock at its start and is durable when it
returns: an acknowledgement that depends on it may then be sent. Rows are dicts keyed by column
names of `synsetlab.store.schema`. No policy lives here: what an answer *means* for a question is
decided by the stage that calls.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from synsetlab.errors import InputError
from synsetlab.store import schema as t
from synsetlab.store.decisions import DEFAULT_VOTES_WANTED, append_decisions, cases_of
from synsetlab.store.defaults import CONTROLS, LEASE_MINUTES, VOTE_POLICY
from synsetlab.store.engine import insert_new, put, update_by_id
from synsetlab.store.leases import claim
from synsetlab.store.names import clean_name, voting_role
from synsetlab.store.rebuild import rebuild
from synsetlab.store.storable import check_text
from synsetlab.store.tallies import microseconds, recount, restamp
from synsetlab.store.transactions import Transactions
from synsetlab.store.verdicts import (
    give_duplicate_verdicts,
    give_verdicts,
    relabel,
    take_back_duplicate_verdicts,
)
from synsetlab.store.votelog import append_votes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

__all__ = ["Writer"]

Row = dict[str, Any]
EVENTS_AT_ONCE = 5_000
VOTE_POLICIES = ("keep_last", "keep_first")
NEW_QUESTION = {
    "votes_wanted": DEFAULT_VOTES_WANTED,
    "example": False,
    "n_yes": 0,
    "n_no": 0,
    "n_unsure": 0,
    "n_skip": 0,
    "outcome": "open",
}


class Writer(Transactions):
    """Writes to one workspace; safe to share between threads."""

    def set_defaults(self, settings: dict[str, str]) -> None:
        """Set settings that are not set yet."""
        with self.transaction() as connection:
            insert_new(
                connection, t.Setting, [{"key": key, "value": value} for key, value in settings.items()]
            )

    def set_settings(self, settings: dict[str, str]) -> None:
        """Set settings, whatever they were."""
        with self.transaction() as connection:
            put(connection, t.Setting, [{"key": key, "value": value} for key, value in settings.items()])

    # -- select and collect -------------------------------------------------------------------

    def add_synsets(self, synsets: Sequence[Row], edges: Sequence[Row]) -> int:
        """Add synsets with their ancestors and edges; a known ancestor that is now chosen becomes so."""
        with self.transaction() as connection:
            rows = [{"rules_yes": "", "rules_no": "", **row} for row in synsets]
            new = insert_new(connection, t.Synset, rows)
            chosen = [row["wnid"] for row in synsets if row["chosen"]]
            connection.execute(sa.update(t.Synset).where(t.Synset.wnid.in_(chosen)).values(chosen=True))
            insert_new(connection, t.SynsetEdge, list(edges))
            return new

    def set_rules(self, wnid: str, rules_yes: str, rules_no: str) -> None:
        """Set what counts as a yes and what does not, in words for the annotators."""
        with self.transaction() as connection:
            change = (
                sa.update(t.Synset)
                .where(t.Synset.wnid == wnid)
                .values(rules_yes=rules_yes, rules_no=rules_no)
            )
            if connection.execute(change).rowcount == 0:
                raise InputError(f"The workspace has no synset {wnid!r}.")

    def start_import(self, kind: str, argument: str) -> int:
        """Open an import run; its id goes with every row that it brings."""
        with self.transaction() as connection:
            values = {"kind": kind, "argument": argument, "started_at": _now()}
            return int(
                connection.execute(
                    sa.insert(t.ImportRun).values(values).returning(t.ImportRun.id)
                ).scalar_one()
            )

    def finish_import(self, import_id: int) -> None:
        """Close an import run."""
        with self.transaction() as connection:
            run = sa.update(t.ImportRun).where(t.ImportRun.id == import_id)
            connection.execute(run.values(finished_at=_now()))

    def add_images(
        self, images: Sequence[Row], sources: Sequence[Row], candidates: Sequence[Row]
    ) -> dict[str, int]:
        """Add pictures, their sources and memberships; what is known already changes nothing.

        A question (picture, synset) is opened for each new membership. Returns how many of each were new.
        """
        with self.transaction() as connection:
            new = {
                "images": insert_new(connection, t.Image, [{"imported_at": _now(), **row} for row in images]),
                "sources": insert_new(
                    connection, t.Source, [{"retrieved_at": _now(), **row} for row in sources]
                ),
                "candidates": insert_new(connection, t.Candidate, list(candidates)),
            }
            now = microseconds()
            questions = [
                {"image_id": row["image_id"], "wnid": row["wnid"], **NEW_QUESTION, "queued_at": now}
                for row in candidates
            ]
            insert_new(connection, t.Question, questions)
            fetched = [row["origin"] for row in sources]
            connection.execute(sa.delete(t.ImportFailure).where(t.ImportFailure.origin.in_(fetched)))
            return new

    def add_failures(self, failures: Sequence[Row]) -> None:
        """List files and URLs that could not be brought in; the newest reason counts."""
        with self.transaction() as connection:
            origins = [row["origin"] for row in failures]
            connection.execute(sa.delete(t.ImportFailure).where(t.ImportFailure.origin.in_(origins)))
            insert_new(connection, t.ImportFailure, list(failures))

    # -- deduplicate --------------------------------------------------------------------------

    def set_phashes(self, rows: Sequence[Row]) -> None:
        """Set ``phash`` and ``phash_name`` of images: rows of id, phash, phash_name."""
        with self.transaction() as connection:
            update_by_id(connection, t.Image, list(rows))

    def replace_clusters(self, pairs: Sequence[Row], clusters: Sequence[Row]) -> None:
        """Replace the found pairs and clusters (a function of the hashes); verdicts stay as they are."""
        with self.transaction() as connection:
            connection.execute(sa.delete(t.DuplicatePair))
            connection.execute(sa.delete(t.DuplicateCluster))
            insert_new(connection, t.DuplicatePair, list(pairs))
            insert_new(connection, t.DuplicateCluster, list(clusters))

    def add_duplicate_verdicts(self, rows: Sequence[Row], policy: Row | None = None) -> None:
        """Append verdicts: rows of image_id, cluster_id, verdict, duplicate_of (or None), decided_by.

        They are given by `policy` (hash, kind, body), if there is one; else a row may say `policy_hash`.
        """
        if not rows:
            return
        given: Row = {"decided_at": _now(), "policy_hash": policy["hash"] if policy else None}
        with self.transaction() as connection:
            insert_new(connection, t.Policy, [policy] if policy else [])
            give_duplicate_verdicts(connection, [{**given, **row} for row in rows])

    def take_back_duplicate_verdicts(
        self, given: Mapping[str, tuple[int, int]], *, by: str
    ) -> dict[str, Row]:
        """Let stand again what stood before `by` gave verdicts.

        Parameters
        ----------
        given
            By image id: ``seq`` of the verdict, and of the row that stands because of it (itself, or the one
            that let it stand again).

        Returns
        -------
        dict
            By image id: ``verdict``, ``decided_by``, ``seq`` of the row that stands now and ``was``, the
            ``seq`` of the one that it repeats (None where nobody had judged: it is kept, by ``policy``).

        Raises
        ------
        InputError
            Someone has judged one of the pictures since: nothing is undone.
        """
        with self.transaction() as connection:
            return take_back_duplicate_verdicts(connection, given, by=clean_name(by), now=_now())

    # -- vote ---------------------------------------------------------------------------------

    def ensure_annotator(self, name: str, role: str | None = None) -> int:
        """The id of the annotator called `name`, made if need be; a known one keeps its role.

        `role` is ``annotator`` or ``anonymous``; None: what the name says (`voting_role`).
        """
        row = {"name": name, "role": role or voting_role(name), "created_at": _now()}
        with self.transaction() as connection:
            insert_new(connection, t.Annotator, [row])
            return int(
                connection.execute(sa.select(t.Annotator.id).where(t.Annotator.name == name)).scalar_one()
            )

    def record_votes(self, annotator_id: int, events: Sequence[Row]) -> list[str]:
        """Append events of one annotator to the vote log; returns the ids that are now safely in it.

        An event that is in the log already is acknowledged again and changes nothing; another one under
        its id is refused (InputError).
        See `synsetlab.store.votelog.append_votes` for the fields of an event.
        """
        acknowledged: list[str] = []
        for start in range(0, len(events), EVENTS_AT_ONCE):
            with self.transaction() as connection:
                part = events[start : start + EVENTS_AT_ONCE]
                (result,) = append_votes(connection, [(annotator_id, part)], _now())
                if isinstance(result, InputError):
                    raise result
                acknowledged += result
        return acknowledged

    def record_together(self, batches: Sequence[tuple[int, Sequence[Row]]]) -> list[list[str] | InputError]:
        """`record_votes` of several annotators in one transaction; each gets its ids, or its own error.

        What it raises itself (as where two events have one id) undoes all that it is `together` with.
        """
        with self.transaction(apart=False) as connection:
            return append_votes(connection, batches, _now())

    def set_vote_policy(self, keep: str) -> int:
        """Say which of an annotator's answers counts and count anew; returns how many tallies changed.

        `keep` is ``keep_last`` or ``keep_first``.
        """
        if keep not in VOTE_POLICIES:
            raise InputError(f"There is no vote policy {keep!r}.", f"Choose {' or '.join(VOTE_POLICIES)}.")
        with self.transaction() as connection:
            put(connection, t.Setting, [{"key": VOTE_POLICY, "value": keep}])
            return recount(connection, None)

    def judge_annotator(self, name: str, verdict: str, *, by: str, reason: str = "") -> int:
        """Take an annotator's votes out of consensus (``exclude``) or back in (``include``).

        The votes stay in the log; tallies of the questions they touched are counted anew. Returns how
        many tallies changed.

        Raises
        ------
        InputError
            There is no such annotator or verdict, or `by` is no name (`clean_name`).
        """
        if verdict not in {"exclude", "include"}:
            raise InputError(f"There is no verdict {verdict!r} on annotators.", "Use exclude or include.")
        check_text(reason, "The reason")
        said: Row = {"verdict": verdict, "reason": reason, "decided_by": clean_name(by)}
        with self.transaction() as connection:
            found = connection.execute(sa.select(t.Annotator.id).where(t.Annotator.name == name)).scalar()
            if found is None:
                raise InputError(f"The workspace has no annotator {name!r}.", "See: synsetlab votes export")
            row = {**said, "annotator_id": found, "decided_at": _now()}
            connection.execute(sa.insert(t.AnnotatorVerdict), [row])
            change = sa.update(t.Annotator).where(t.Annotator.id == found)
            connection.execute(change.values(excluded=verdict == "exclude"))
            touched = sa.select(t.Vote.question_id).where(t.Vote.annotator_id == found).distinct()
            return recount(connection, [row[0] for row in connection.execute(touched)])

    def add_questions(self, rows: Sequence[Row]) -> int:
        """Ask questions of pictures that are there: rows of image_id, wnid, and what else is set.

        ``choices`` makes it a question of which of several wnids; ``gold_answer`` with ``control``
        a hidden control. A picture has one question under a wnid: known ones stay as they are.
        """
        with self.transaction() as connection:
            columns = {name for row in rows for name in row}
            blank, new = dict.fromkeys(columns), {**NEW_QUESTION, "queued_at": microseconds()}
            return insert_new(connection, t.Question, [{**blank, **new, **row} for row in rows])

    def claim(
        self,
        annotator_id: int,
        wnid: str,
        size: int,
        *,
        batch: str,
        minutes: float = LEASE_MINUTES,
        controls: float = CONTROLS,
    ) -> list[int]:
        """Lease up to `size` open questions of `wnid` for `minutes`; see `synsetlab.store.leases.claim`.

        A lease is no vote: on SQLite no disk is waited for, and whoever loses power gets others.
        """
        with self.transaction(synced=False) as connection:
            terms: Row = {"batch": batch, "minutes": minutes, "controls": controls}
            return claim(connection, annotator_id, wnid, size, now=_now(), **terms)

    def release_leases(self, annotator_id: int, questions: Sequence[int]) -> None:
        """Give back questions that the annotator does not want to answer."""
        with self.transaction() as connection:
            restamp(connection, list(questions))
            mine = sa.delete(t.Lease).where(t.Lease.annotator_id == annotator_id)
            connection.execute(mine.where(t.Lease.question_id.in_(list(questions))))

    def rebuild_counters(self, *, dry_run: bool = False) -> int:
        """Count every question's votes anew from the log; returns how many questions were wrong."""
        with self.transaction() as connection:
            return recount(connection, None, dry_run=dry_run)

    def rebuild(self, *, dry_run: bool = False) -> dict[str, list[int]]:
        """Compare every cache with its log and, unless `dry_run`, mend it: `synsetlab.store.rebuild`."""
        with self.transaction() as connection:
            return rebuild(connection, dry_run=dry_run)

    # -- decide -------------------------------------------------------------------------------

    def record_decisions(self, policy: Row, rows: Sequence[Row]) -> None:
        """Append decisions made under `policy` (hash, kind, body) and cache their outcomes.

        Rows: question_id, outcome, posterior, n_yes, n_no, n_unsure, reason, votes_wanted (how
        many votes the question should have in all, for the queue), and optionally label (the class
        that was accepted) and band (how soon to ask on, 0 to 4).
        """
        with self.transaction() as connection:
            append_decisions(connection, policy, rows, _now())

    def decide(
        self, questions: Collection[int], policy: Row, judge: Callable[[Row], Row | None]
    ) -> list[Row]:
        """Let `judge` decide each of `questions` and record what it returns, in one transaction.

        `judge` gets a case (`synsetlab.store.decisions.cases_of`) and returns a row as
        `record_decisions` takes it, or None where nothing changes. Returns those rows.
        """
        with self.transaction() as connection:
            judged = [judge(case) for case in cases_of(connection, questions)]
            rows = [row for row in judged if row is not None]
            append_decisions(connection, policy, rows, _now())
            return rows

    def record_expert_verdicts(self, rows: Sequence[Row]) -> dict[int, str]:
        """Append expert verdicts and cache what they mean; returns the outcome by question.

        Rows: id, question_id, verdict, reason, decided_by, and votes_wanted with ``more-votes``.
        """
        with self.transaction() as connection:
            return give_verdicts(connection, rows, _now())

    def relabel(self, moves: Sequence[Row], wnid: str, *, by: str) -> dict[int, str]:
        """Reject each question and accept its picture for `wnid` instead; returns the outcomes of both.

        A picture that was no candidate of `wnid` becomes one, by an import run of its own kind. Rows of
        `moves`: question_id, image_id, reject (row of an expert verdict), accept (the same without its
        question, which may not exist yet).
        """
        with self.transaction() as connection:
            return relabel(connection, moves, wnid, by=by, question=NEW_QUESTION, now=_now())

    def set_gold(self, answers: dict[int, str], *, examples: bool = False) -> None:
        """Make questions gold questions with known answers.

        With `examples` they are shown beside the question, as what it means, and are not asked.
        """
        with self.transaction() as connection:
            rows = [{"id": q, "gold_answer": answer, "example": examples} for q, answer in answers.items()]
            update_by_id(connection, t.Question, rows)

    def record_release(self, policy: Row, row: Row) -> None:
        """Note a release that was frozen; the same release again changes nothing."""
        with self.transaction() as connection:
            insert_new(connection, t.Policy, [policy])
            insert_new(connection, t.Release, [{"policy_hash": policy["hash"], "frozen_at": _now(), **row}])


def _now() -> datetime:
    return datetime.now(UTC)
