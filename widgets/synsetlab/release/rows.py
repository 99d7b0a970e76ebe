"""The rows of a release's tables, streamed from a snapshot in the order of their keys."""

from __future__ import annotations

import csv
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any

from synsetlab.release.identity import derive, label_hash
from synsetlab.release.members import ByImage, memberships
from synsetlab.release.tables import SCHEMAS, TableWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from synsetlab.release.plan import Plan
    from synsetlab.release.policy import ReleasePolicy
    from synsetlab.store.snapshot import Snapshot

__all__ = ["SEALED_COLUMNS", "Facts", "write_tables"]

SEALED_COLUMNS = ("image", "wnid", "image_id", "salt")
"""Of the sealed file; ``image`` is the export name."""
EXTENSIONS = {"JPEG": "JPEG", "PNG": "PNG", "GIF": "GIF", "WEBP": "WEBP", "BMP": "BMP", "TIFF": "TIFF"}
RULED = {"accept", "reject", "exclude"}


@dataclass
class Facts:
    """Counts that are known when the tables are written."""

    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    splits: dict[str, int] = field(default_factory=dict)
    """Rows of ``images`` in each split, also 0."""
    classes: Counter[str] = field(default_factory=Counter)
    """Rows of each class, sealed ones too."""
    open_classes: Counter[str] = field(default_factory=Counter)
    pictures: int = 0
    """Distinct images."""
    licences: Counter[str] = field(default_factory=Counter)
    """Distinct images by the licence of their first source that has one."""
    providers: Counter[str] = field(default_factory=Counter)
    without_author: int = 0
    days: tuple[str, str] | None = None
    """First and last day of retrieval."""
    votes: int = 0
    annotators: int = 0
    withheld: set[str] = field(default_factory=set)
    """Images whose votes and decisions would give away a sealed label."""
    used_policies: set[str] = field(default_factory=set)
    boxes: dict[str, int] | None = None
    """Pictures with boxes, and boxes that were passed over; None where there are none."""


def write_tables(  # noqa: PLR0917 - what is read, then where to write
    snapshot: Snapshot, policy: ReleasePolicy, plan: Plan, folder: Path, sealed: Path, progress: Any = None
) -> Facts:
    """Write all tables of a release into `folder`, and the sealed labels, if any, to the file `sealed`."""
    facts = Facts(splits=dict.fromkeys(policy.splits, 0))
    _write_images(snapshot, policy, plan, folder, sealed, facts, progress)
    votes = _Votes(snapshot.setting("secret"))
    tables: dict[str, Iterable[dict[str, Any]]] = {
        "votes": votes.rows(snapshot, plan.tombstones.keys(), facts),
        "annotators": votes.annotators(),
        "decisions": _decisions(snapshot, plan.tombstones.keys(), facts),
        "policies": _policies(snapshot, facts),
        "synsets": _synsets(snapshot, facts),
        "edges": _edges(snapshot),
        "tombstones": [vars(stone) for stone in plan.tombstones.values()],
    }
    for name, rows in tables.items():
        with TableWriter(name, folder / f"{name}.parquet") as writer:
            for row in rows:
                writer.add(row)
        facts.tables[name] = writer.describe()
    facts.votes, facts.annotators = facts.tables["votes"]["rows"], facts.tables["annotators"]["rows"]
    facts.tables = {name: facts.tables[name] for name in SCHEMAS if name in facts.tables}
    return facts


def _write_images(  # noqa: PLR0917 - the two tables and the file that are written in one pass
    snapshot: Snapshot,
    policy: ReleasePolicy,
    plan: Plan,
    folder: Path,
    sealed: Path,
    facts: Facts,
    progress: Any,
) -> None:
    with ExitStack() as stack:
        images = stack.enter_context(TableWriter("images", folder / "images.parquet"))
        licences = stack.enter_context(TableWriter("licences", folder / "licences.parquet"))
        file = stack.enter_context(sealed.open("w", encoding="utf-8", newline=""))
        labels = csv.writer(file, lineterminator="\n")
        labels.writerow(SEALED_COLUMNS)
        by_image = ByImage(snapshot.sources())
        release = _Images(snapshot, policy, plan, facts)
        for block in release.blocks(progress):
            sources = by_image.at(block[0]["image_id"])
            is_sealed = block[0]["split"] in policy.sealed
            source = _best(sources)
            for row in sorted(block, key=lambda row: (row["wnid"] or "", row["label_hash"] or "")):
                images.add({**row, **_credit(source, is_sealed)})
                if is_sealed:
                    labels.writerow([row["export_name"], row["true_wnid"], row["image_id"], row["salt"]])
            for row in _licences(sources, is_sealed):
                licences.add(row)
            _count(facts, sources, source)
    facts.tables["images"], facts.tables["licences"] = images.describe(), licences.describe()
    facts.withheld = release.withheld(snapshot)


class _Images:
    """Rows of ``images``, picture by picture."""

    def __init__(self, snapshot: Snapshot, policy: ReleasePolicy, plan: Plan, facts: Facts) -> None:
        self._rows = memberships(snapshot, policy, plan.tombstones.keys())
        self._plan, self._policy, self._facts = plan, policy, facts
        self._secret = snapshot.setting("secret")
        self._sealed_images: set[str] = set()
        self._sealed_clusters: set[str] = set()

    def blocks(self, progress: Any) -> Iterator[list[dict[str, Any]]]:
        """The rows of each picture of the release."""
        members, inside = self._plan.members, self._plan.in_release
        names = list(self._policy.splits)
        columns = zip(inside.tolist(), members.label.tolist(), members.split.tolist(), strict=True)
        rows: Iterable[Any] = zip(self._rows, columns, strict=True)
        if progress is not None:
            rows = progress(rows, desc="freeze", total=inside.size)
        block: list[dict[str, Any]] = []
        for row, (wanted, label, split) in rows:
            if not wanted:
                continue
            if block and block[0]["image_id"] != row["image_id"]:
                yield block
                block = []
            block.append(self._finish(row, members.classes[label], names[split]))
        if block:
            yield block

    def _finish(self, row: dict[str, Any], wnid: str, split: str) -> dict[str, Any]:
        image, asked = row["image_id"], row["wnid"]
        votes = 0 if row["label"] else row["n_yes"] + row["n_no"] + row["n_unsure"]
        extension = EXTENSIONS.get(row["format"], row["format"])
        row["cluster_id"] = row["cluster_id"] or image
        row["split"] = split
        row["selection_frequency"] = row["n_yes"] / votes if votes else None
        self._facts.splits[split] += 1
        self._facts.classes[wnid] += 1
        if split not in self._policy.sealed:
            self._facts.open_classes[wnid] += 1
            name = f"{wnid}_{row['question_id']}.{extension}"
            return {**row, "wnid": wnid, "asked_wnid": asked, "label_hash": None, "export_name": name}
        self._sealed_images.add(image)
        self._sealed_clusters.add(row["cluster_id"])
        # No version or seed goes in: the same label has the same hash in every release.
        salt = derive(self._secret, "label", image, wnid)
        name = f"{split}_{derive(self._secret, 'name', image)[:16]}.{extension}"
        hashed = label_hash(salt, image, wnid)
        closed = {"wnid": None, "asked_wnid": None, "label_hash": hashed, "export_name": name}
        return {**row, **closed, "true_wnid": wnid, "salt": salt}

    def withheld(self, snapshot: Snapshot) -> set[str]:
        """Sealed pictures and their duplicates."""
        if not self._sealed_images:
            return set()
        clusters = snapshot.reader.clusters()
        copies = clusters.loc[clusters["cluster_id"].isin(self._sealed_clusters), "image_id"]
        return self._sealed_images | set(copies)


class _Votes:
    """Rows of ``votes``, with what they say about the annotators on the way."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._names: dict[str, str] = {}
        self._records: dict[str, Counter[str]] = {}

    def rows(self, snapshot: Snapshot, gone: Any, facts: Facts) -> Iterator[dict[str, Any]]:
        """Votes that count, annotators as pseudonyms that only the workspace's secret could undo."""
        block: dict[str, dict[str, Any]] = {}
        last: tuple[str, str] = ("", "")
        for row in snapshot.answers():
            if row["image_id"] in gone:
                continue
            if (row["image_id"], row["wnid"]) != last:
                yield from self._finish(block, facts)
                block, last = {}, (row["image_id"], row["wnid"])
            block[self._pseudonym(row["annotator"])] = row  # of several answers the last row counts
        yield from self._finish(block, facts)

    def _finish(self, block: dict[str, dict[str, Any]], facts: Facts) -> Iterator[dict[str, Any]]:
        for annotator, row in sorted(block.items()):
            self._record(self._records.setdefault(annotator, Counter()), row)
            if row["image_id"] not in facts.withheld:
                row["is_gold"] = bool(row["is_gold"])
                yield {**row, "annotator": annotator}

    def _pseudonym(self, name: str) -> str:
        if name not in self._names:
            self._names[name] = "a-" + derive(self._secret, "annotator", name)[:12]
        return self._names[name]

    @staticmethod
    def _record(record: Counter[str], row: dict[str, Any]) -> None:
        record["votes"] += 1
        said = {"yes": "accepted", "no": "rejected"}.get(row["answer"])
        if said is None:
            return
        if row["outcome"] in {"accepted", "rejected"}:
            record["decided"] += 1
            record["agreed"] += said == row["outcome"]
        if row["gold_answer"] in {"yes", "no"}:
            record["gold"] += 1
            record["gold_right"] += row["answer"] == row["gold_answer"]

    def annotators(self) -> Iterator[dict[str, Any]]:
        """Rows of ``annotators``; to be read after the votes."""
        for annotator, record in sorted(self._records.items()):
            yield {
                "annotator": annotator,
                **{name: record[name] for name in ("votes", "decided", "agreed", "gold", "gold_right")},
                "agreement": record["agreed"] / record["decided"] if record["decided"] else None,
                "gold_accuracy": record["gold_right"] / record["gold"] if record["gold"] else None,
            }


def _decisions(snapshot: Snapshot, gone: Any, facts: Facts) -> Iterator[dict[str, Any]]:
    """One row a question that is no longer open: the policy's outcome, or the expert's."""
    verdicts = {row["question_id"]: row for row in snapshot.reader.standing_verdicts().to_dict("records")}
    for row in snapshot.decided():
        if row["policy_hash"]:
            facts.used_policies.add(row["policy_hash"])
        if row["image_id"] in gone or row["image_id"] in facts.withheld:
            continue
        expert = verdicts.get(row["question_id"], {})
        ruled = expert.get("verdict") in RULED
        reason = (expert.get("reason") if ruled else row["reason"]) or ""
        yield {**row, "decided_by": "expert" if ruled else "policy", "reason": reason}


def _policies(snapshot: Snapshot, facts: Facts) -> Iterator[dict[str, Any]]:
    for row in snapshot.reader.policies().to_dict("records"):
        if row["hash"] in facts.used_policies:
            yield {str(name): value for name, value in row.items()}


def _synsets(snapshot: Snapshot, facts: Facts) -> Iterator[dict[str, Any]]:
    for row in snapshot.reader.synsets(chosen_only=False).to_dict("records"):
        wnid = row["wnid"]
        counted = {"is_class": wnid in facts.classes, "images": facts.open_classes[wnid]}
        yield {"wnid": wnid, "lemmas": ", ".join(row["lemmas"]), "gloss": row["gloss"], **counted}


def _edges(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    edges = snapshot.reader.edges()
    for parent, child in zip(edges["parent"], edges["child"], strict=True):
        yield {"parent": parent, "child": child}


def _best(sources: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The source to credit: the first with licence and author, else with a licence, else the first."""
    return min(
        sources,
        key=lambda source: (not source["licence"].strip(), not source["author"].strip()),
        default=None,
    )


def _credit(source: dict[str, Any] | None, is_sealed: bool) -> dict[str, Any]:
    if source is None:
        return dict.fromkeys(("url", "licence", "author", "landing_page", "retrieved_on"))
    origin = str(source["origin"])
    is_url = origin.startswith(("http://", "https://"))
    return {
        "url": origin if is_url and not is_sealed else None,
        "licence": source["licence"] or None,
        "author": source["author"] or None,
        "landing_page": source["landing_page"] or None,
        "retrieved_on": _day(source["retrieved_at"]),
    }


def _licences(sources: list[dict[str, Any]], is_sealed: bool) -> list[dict[str, Any]]:
    """Rows of ``licences``; where a picture lay and what it is called may tell what it shows."""
    rows = [{**source, "retrieved_on": _day(source["retrieved_at"])} for source in sources]
    if is_sealed:
        rows = [{**row, "origin": f"withheld-{n}", "title": ""} for n, row in enumerate(rows, start=1)]
    return sorted(rows, key=lambda row: str(row["origin"]))


def _count(facts: Facts, sources: list[dict[str, Any]], source: dict[str, Any] | None) -> None:
    facts.pictures += 1
    facts.licences[source["licence"].strip() if source else ""] += 1
    facts.providers[source["provider"].strip() if source else ""] += 1
    facts.without_author += not (source and source["author"].strip())
    for day in (_day(row["retrieved_at"]) for row in sources):
        first, last = facts.days or (day, day)
        facts.days = (min(first, day), max(last, day))


def _day(time: datetime) -> str:
    return time.astimezone(UTC).date().isoformat()
