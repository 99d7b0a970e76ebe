"""Freeze a workspace: a function of (workspace state, policy, seed), written all at once or not at all."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synsetlab.canonical import canonical_json
from synsetlab.errors import InputError, ReleaseError
from synsetlab.release.audit import AUDIT_COLUMNS, Audit, draw_audit, read_audit
from synsetlab.release.boxes import write_boxes
from synsetlab.release.diff import compare_images, compare_policies
from synsetlab.release.documents import datasheet, describe_changes, terms
from synsetlab.release.folder import appear, place_file, refuse_existing, sum_file, workplace, write_sums
from synsetlab.release.gates import Block, find_blocks
from synsetlab.release.identity import FORMAT, derive, identity_of
from synsetlab.release.plan import Plan, plan_release
from synsetlab.release.policy import ReleasePolicy
from synsetlab.release.previous import Previous, read_takedowns
from synsetlab.release.rows import Facts, write_tables
from synsetlab.release.sealed import refuse_foreign, sealed_path
from synsetlab.release.verify import read_release, verify_release
from synsetlab.store.snapshot import Snapshot

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from synsetlab.store.workspace import Workspace

__all__ = ["Frozen", "check_gates", "check_release", "freeze", "write_audit_sample"]


@dataclass(frozen=True)
class Frozen:
    """A release that was written: where, its identity, its counts."""

    folder: Path
    identity: str
    version: str
    images: int
    classes: int
    splits: dict[str, int]
    """Images in each split of the policy, also where there are none."""
    sealed: Path | None = None
    """The file with the sealed labels, if any are."""


@dataclass(frozen=True)
class _Inputs:
    """What a release is a function of, besides the workspace; every option of `freeze`."""

    policy: ReleasePolicy
    seed: int = 0
    previous: Previous = field(default_factory=Previous)
    takedowns: str | os.PathLike[str] | None = None
    audit: str | os.PathLike[str] | None = None
    boxes: str | os.PathLike[str] | None = None


def freeze(
    workspace: Workspace,
    folder: str | os.PathLike[str],
    *,
    policy: ReleasePolicy | None = None,
    seed: int = 0,
    day: date | None = None,
    previous: str | os.PathLike[str] | None = None,
    takedowns: str | os.PathLike[str] | None = None,
    audit: str | os.PathLike[str] | None = None,
    boxes: str | os.PathLike[str] | None = None,
    sealed: str | os.PathLike[str] | None = None,
    progress: Any = None,
) -> Frozen:
    """Freeze the accepted images of `workspace` into `folder`, which must not exist.

    No clock is read: `day` is by default that of the last event in the workspace. The same
    workspace state, policy, seed and files give byte-identical files.

    Parameters
    ----------
    previous
        Folder of the release that this one follows: its images keep their splits.
    takedowns
        CSV with the columns image, reason, date: they are left out, and a tombstone says why.
    audit
        CSV with the columns image, wnid, correct: see `write_audit_sample`.
    boxes
        CSV with the columns image (id, or name in the previous release), wnid, xmin, ymin, xmax, ymax, in
        whole pixels. Pictures that it does not name keep the boxes of the previous release; pictures that
        are not in this one, and sealed ones, are passed over.
    sealed
        Where to keep the labels of sealed splits; by default ``<folder>.sealed.csv``.
    progress
        As ``tqdm.auto.tqdm``.

    Raises
    ------
    ReleaseError
        The policy's gates block the release, or `folder` exists.
    InputError
        A file cannot be used, or the policy cannot follow the previous release.
    """
    target = Path(folder)
    inputs = replace(_inputs(policy, seed, previous, takedowns, audit), boxes=boxes)
    unfinished = _written_but_not_noted(workspace, target, inputs, sealed)
    if unfinished is not None:
        return unfinished
    refuse_existing(target)
    keys = Path(sealed) if sealed is not None else sealed_path(target)
    if inputs.policy.sealed:
        refuse_foreign(keys)
    with _looked_at(workspace, inputs) as (snapshot, plan, audited):
        blocks = find_blocks(snapshot, inputs.policy, plan, inputs.previous, audited)
        if blocks:
            listed = "\n".join(f"- {block.message}" for block in blocks)
            remedies = "\n".join(dict.fromkeys(block.remedy for block in blocks if block.remedy))
            raise ReleaseError(
                f"The release is blocked:\n{listed}", f"{remedies}\nSee: synsetlab freeze --check"
            )
        day = day or _last_day(snapshot)
        with workplace(target) as aside:
            inside, labels = aside / "release", aside / "sealed.csv"
            inside.mkdir()
            facts = write_tables(snapshot, inputs.policy, plan, inside, labels, progress)
            boxed = write_boxes(inputs.boxes, inputs.previous.folder, inside)
            if boxed is not None:
                facts.tables["boxes"], facts.boxes = boxed
            release = _describe(snapshot, inputs, day, plan, facts, inside, audited)
            write_sums(inside)
            if inputs.policy.sealed:
                place_file(labels, keys)
            appear(inside, target)
    return _note(workspace, target, release, keys)


def check_gates(
    workspace: Workspace,
    policy: ReleasePolicy | None = None,
    *,
    seed: int = 0,
    previous: str | os.PathLike[str] | None = None,
    takedowns: str | os.PathLike[str] | None = None,
    audit: str | os.PathLike[str] | None = None,
) -> list[Block]:
    """What blocks a release, gate by gate; empty when nothing does. The options are those of `freeze`."""
    inputs = _inputs(policy, seed, previous, takedowns, audit)
    with _looked_at(workspace, inputs) as (snapshot, plan, audited):
        return find_blocks(snapshot, inputs.policy, plan, inputs.previous, audited)


def check_release(workspace: Workspace, policy: ReleasePolicy | None = None, **options: Any) -> list[str]:
    """What blocks a release: sentences for people; empty when nothing does. Options as for `check_gates`."""
    return [block.message for block in check_gates(workspace, policy, **options)]


def write_audit_sample(
    workspace: Workspace,
    file: str | os.PathLike[str],
    policy: ReleasePolicy | None = None,
    *,
    seed: int = 0,
    previous: str | os.PathLike[str] | None = None,
    takedowns: str | os.PathLike[str] | None = None,
) -> int:
    """Draw what experts are to look at before a release, as a CSV; returns its number of rows.

    Its columns are image, wnid and an empty ``correct``, to be filled in with yes, no or unsure.
    """
    import csv  # noqa: PLC0415 - only where a sample is drawn

    inputs = _inputs(policy, seed, previous, takedowns, None)
    with _looked_at(workspace, inputs) as (snapshot, plan, _):
        rows = draw_audit(snapshot, inputs.policy, plan, seed)
    try:
        with Path(file).open("x", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, AUDIT_COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise InputError(
            f"{file} cannot be written: {error.strerror}.", "Name a file that does not exist yet."
        ) from error
    return len(rows)


def _inputs(
    policy: ReleasePolicy | None,
    seed: int,
    previous: str | os.PathLike[str] | None,
    takedowns: str | os.PathLike[str] | None,
    audit: str | os.PathLike[str] | None,
) -> _Inputs:
    policy = policy or ReleasePolicy()
    before = Previous.read(previous)
    before.check_policy(policy)
    return _Inputs(policy, seed, before, takedowns, audit)


@contextmanager
def _looked_at(workspace: Workspace, inputs: _Inputs) -> Iterator[tuple[Snapshot, Plan, Audit | None]]:
    policy = inputs.policy
    gone = {}
    if inputs.takedowns is not None:
        gone = read_takedowns(inputs.takedowns, inputs.previous, policy.version)
    with Snapshot(workspace.engine) as snapshot:
        plan = plan_release(snapshot, policy, inputs.seed, inputs.previous, gone)
        audited = None
        if inputs.audit is not None:
            audited = read_audit(inputs.audit, snapshot, policy, plan)
        yield snapshot, plan, audited


def _describe(  # noqa: PLR0917 - all that a release is made of
    snapshot: Snapshot,
    inputs: _Inputs,
    day: date,
    plan: Plan,
    facts: Facts,
    inside: Path,
    audit: Audit | None,
) -> dict[str, Any]:
    """Write the documents and ``release.json``; returns the latter."""
    policy = inputs.policy
    pages = {
        "TERMS.md": terms(policy, facts),
        "DATASHEET.md": datasheet(policy, plan, facts, day=day, seed=inputs.seed, audit=audit),
    }
    title = f"{inputs.previous.release.get('version')} ({inputs.previous.identity})"
    pages["CHANGES.md"], pages["changes.json"] = describe_changes(
        policy, title, _changes(inputs, plan, inside)
    )
    for name, text in pages.items():
        (inside / name).write_text(text, "utf-8", newline="\n")
    release: dict[str, Any] = {
        "format": FORMAT,
        "name": policy.name,
        "version": policy.version,
        "date": day.isoformat(),
        "seed": inputs.seed,
        "policy": asdict(policy),
        "policy_hash": policy.hash,
        "previous": inputs.previous.identity,
        "previous_version": inputs.previous.release.get("version"),
        "wordnet": "3.0",
        "workspace": derive(snapshot.setting("secret"), "workspace"),
        "images": sum(facts.splits.values()),
        "pictures": facts.pictures,
        "classes": len(facts.classes),
        "splits": facts.splits,
        "short": plan.short,
        "left_out": plan.left_out,
        "merged": plan.merged,
        "audit": audit.as_dict() if audit is not None else None,
        "tables": facts.tables,
        "documents": {name: sum_file(inside / name) for name in sorted(pages)},
    }
    if facts.boxes is not None:
        release["boxes"] = facts.boxes
    release["identity"] = identity_of(release)
    (inside / "release.json").write_text(canonical_json(release) + "\n", "utf-8", newline="\n")
    return release


def _changes(inputs: _Inputs, plan: Plan, inside: Path) -> dict[str, Any] | None:
    previous = inputs.previous
    if previous.folder is None:
        return None
    found = compare_images(previous.folder, inside)
    stones = plan.tombstones
    return {
        "previous": previous.identity,
        "added": len(found.added),
        "removed": [
            {"image_id": image, "reason": stones[image].reason, "date": stones[image].date}
            for image in found.removed
        ],
        "relabelled": found.relabelled,
        "classes": found.classes(),
        "policy": compare_policies(previous.release["policy"], asdict(inputs.policy)),
    }


def _last_day(snapshot: Snapshot) -> date:
    last = snapshot.last_event()
    if last is None:
        raise InputError(
            "The workspace has no events to take a date from.", "Give one with --date YYYY-MM-DD"
        )
    return last.astimezone(UTC).date()


def _note(workspace: Workspace, target: Path, release: dict[str, Any], keys: Path) -> Frozen:
    policy = ReleasePolicy(**release["policy"])
    row = {
        "identity": release["identity"],
        "version": policy.version,
        "folder": str(target.resolve()),
        "seed": release["seed"],
    }
    workspace.writer.record_release({"hash": policy.hash, "kind": "release", "body": policy.as_json()}, row)
    return Frozen(
        target,
        release["identity"],
        policy.version,
        release["images"],
        release["classes"],
        release["splits"],
        keys if policy.sealed else None,
    )


def _written_but_not_noted(
    workspace: Workspace, target: Path, inputs: _Inputs, sealed: str | os.PathLike[str] | None
) -> Frozen | None:
    """A run that was killed between the two: its release is whole, only the workspace does not know it."""
    if not (target / "release.json").is_file():
        return None
    try:
        release = read_release(target)
    except ReleaseError:
        return None
    ours = {
        "workspace": derive(workspace.setting("secret"), "workspace"),
        "policy_hash": inputs.policy.hash,
        "seed": inputs.seed,
        "previous": inputs.previous.identity,
    }
    known = set(workspace.reader.releases()["identity"])
    if {name: release.get(name) for name in ours} != ours or release["identity"] in known:
        return None
    if verify_release(target):
        return None
    return _note(workspace, target, release, Path(sealed) if sealed is not None else sealed_path(target))
