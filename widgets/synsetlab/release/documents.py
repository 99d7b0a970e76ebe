"""The pages of a release that people read: terms, datasheet, changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synsetlab.canonical import canonical_json

if TYPE_CHECKING:
    from datetime import date

    from synsetlab.release.audit import Audit
    from synsetlab.release.plan import Plan
    from synsetlab.release.policy import ReleasePolicy
    from synsetlab.release.rows import Facts

__all__ = ["datasheet", "describe_changes", "terms"]


def terms(policy: ReleasePolicy, facts: Facts) -> str:
    """``TERMS.md``: what may be done with the pictures, and with what was written about them."""
    lines = [
        f"# Terms of {policy.name} {policy.version}",
        "",
        "Each picture stays under its own licence, with its own author: see the columns licence, author and",
        "landing_page of images.parquet, and licences.parquet for every source. Name the author wherever you",
        "show a picture.",
        "",
        "| licence | pictures |",
        "|---|---|",
    ]
    for licence, number in sorted(facts.licences.items(), key=lambda row: (-row[1], row[0])):
        lines.append(f"| {_cell(licence) or 'not known'} | {number} |")
    own = policy.licence or "not stated"
    lines += ["", f"Votes, decisions, splits and tables: {own}."]
    if policy.terms:
        lines += ["", policy.terms.strip()]
    return "\n".join(lines) + "\n"


def datasheet(
    policy: ReleasePolicy, plan: Plan, facts: Facts, *, day: date, seed: int, audit: Audit | None
) -> str:
    """``DATASHEET.md``: the questions of Gebru et al., "Datasheets for Datasets", as far as known."""
    parts = [
        [f"# {policy.name} {policy.version}", f"Frozen on {day.isoformat()}."],
        ["## Motivation", policy.description.strip() or _by_hand("why and for whom it was made")],
        ["## Composition", *_composition(policy, plan, facts)],
        ["## Collection", *_collection(facts)],
        ["## Labelling and cleaning", *_labelling(policy, plan, facts, seed, audit)],
        [
            "## Uses",
            _by_hand("what it was made for, and what it should not be used for"),
            "People may be recognisable in the pictures. Classes are WordNet 3.0 synsets: some are "
            "offensive to those whom they name, and none was made for deciding about people.",
        ],
        ["## Distribution", "See TERMS.md. The identity in release.json names exactly this release."],
        ["## Maintenance", *_maintenance(policy, plan)],
    ]
    return "\n\n".join(paragraph for part in parts for paragraph in part) + "\n"


def describe_changes(
    policy: ReleasePolicy, previous: str | None, changes: dict[str, Any] | None
) -> tuple[str, str]:
    """``CHANGES.md`` for people and ``changes.json`` for machines."""
    title = f"# Changes in {policy.name} {policy.version}"
    if changes is None:
        return f"{title}\n\nThis is the first release.\n", canonical_json({"previous": None}) + "\n"
    lines = [title, "", f"Since {previous}:", ""]
    lines += [
        f"- {changes['added']} images added",
        f"- {len(changes['removed'])} images removed",
        f"- {len(changes['relabelled'])} images relabelled",
        f"- {len(changes['policy'])} policy fields changed",
    ]
    if changes["removed"]:
        lines += ["", "| removed | reason | on |", "|---|---|---|"]
        lines += [
            f"| {row['image_id']} | {_cell(row['reason'])} | {row['date']} |" for row in changes["removed"]
        ]
    if changes["classes"]:
        lines += ["", "| class | before | now |", "|---|---|---|"]
        lines += [f"| {row['wnid']} | {row['old']} | {row['new']} |" for row in changes["classes"]]
    for name, (old, new) in changes["policy"].items():
        lines += ["", f"`{name}`: {canonical_json(old)} became {canonical_json(new)}"]
    return "\n".join(lines) + "\n", canonical_json(changes) + "\n"


def _composition(policy: ReleasePolicy, plan: Plan, facts: Facts) -> list[str]:
    sizes = sorted(facts.classes.values())
    middle = sizes[len(sizes) // 2] if sizes else 0
    lines = [
        f"{facts.pictures} photographs in {len(sizes)} classes, {sum(sizes)} labels in all; a class has "
        f"{sizes[0] if sizes else 0} to {sizes[-1] if sizes else 0} images, in the middle {middle}.",
        "| split | labels |\n|---|---|\n"
        + "\n".join(f"| {name} | {number} |" for name, number in facts.splits.items()),
    ]
    if policy.sealed:
        lines.append(
            f"The labels of {', '.join(policy.sealed)} are sealed: only their salted hashes are here."
        )
    if plan.left_out:
        lines.append(f"Left out because they were too small: {len(plan.left_out)} classes.")
    if plan.merged:
        pairs = ", ".join(f"{small} into {large}" for small, large in sorted(plan.merged.items()))
        lines.append(f"Merged because they were too small: {pairs}.")
    if plan.short:
        lines.append(f"{len(plan.short)} times a class has fewer images in a split than the policy asks.")
    return lines


def _collection(facts: Facts) -> list[str]:
    days = f"retrieved from {facts.days[0]} to {facts.days[1]}" if facts.days else "of unknown date"
    named = {name or "not named": number for name, number in facts.providers.items()}
    from_where = ", ".join(
        f"{_cell(name)} ({number})"
        for name, number in sorted(named.items(), key=lambda row: (-row[1], row[0]))
    )
    return [f"The photographs were {days}. Providers: {from_where or 'none'}.",
            f"{facts.without_author} of them name no author."]  # fmt: skip


def _labelling(policy: ReleasePolicy, plan: Plan, facts: Facts, seed: int, audit: Audit | None) -> list[str]:
    lines = [
        f"{facts.annotators} annotators were asked whether a picture shows a class; {facts.votes} of their "
        f"answers are in votes.parquet, under pseudonyms. What was decided of them, by which policy or by an "
        "expert, is in decisions.parquet. Near-duplicates were sought by perceptual hash; copies that were "
        "dropped are not here, and what is left of a cluster lies in one split.",
        f"Splits were dealt with seed {seed}.",
    ]
    if audit is None:
        return [*lines, "The precision of the labels was not audited."]
    return [
        *lines,
        f"Experts looked at {audit.images} images of {audit.synsets} classes, found {audit.correct} right: "
        f"a precision of {audit.precision:.4f} (95 % interval {audit.low:.4f} to {audit.high:.4f}; mean over "
        f"classes {audit.mean_of_synsets:.4f}).",
    ]


def _maintenance(policy: ReleasePolicy, plan: Plan) -> list[str]:
    lines = [
        "Later versions add images; none changes its split, none vanishes without a tombstone that says why. "
        f"Taken down so far: {len(plan.tombstones)}.",
        f"Contact: {policy.contact}" if policy.contact else _by_hand("whom to write to"),
    ]
    return [*lines, f"Cite as: {policy.citation}"] if policy.citation else lines


def _by_hand(what: str) -> str:
    return f"Not stated: {what}."


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
