"""Votes and decisions for other tools: CSV as crowdsourcing libraries read it, and Label Studio's tasks."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from synsetlab.release.exports.layout import compact
from synsetlab.release.tables import SCHEMAS, iterate_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from synsetlab.release.exports.layout import Export

__all__ = ["write_label_studio", "write_votes"]

VOTES = ("task", "worker", "label", "image_id", "wnid", "is_gold", "active_ms")
CONFIG = """<View>
  <Header value="$words"/>
  <Text name="gloss" value="$gloss"/>
  <Image name="image" value="$image"/>
  <Choices name="answer" toName="image" choice="single" required="true">
    <Choice value="yes"/>
    <Choice value="no"/>
    <Choice value="unsure"/>
    <Choice value="skip"/>
  </Choices>
</View>"""


def write_votes(export: Export) -> None:
    """``votes.csv`` (task, worker, label, ...), ``decisions.csv`` and ``annotators.csv``.

    A task is IMAGE_ID/WNID. Votes on sealed pictures are not in a release.
    """
    columns = ("image_id", "wnid", "annotator", "answer", "is_gold", "active_ms")
    votes = iterate_table(export.folder / "votes.parquet", columns)
    rows: Iterator[tuple[Any, ...]] = (
        (f"{image}/{wnid}", worker, answer, image, wnid, str(is_gold).lower(), active)
        for image, wnid, worker, answer, is_gold, active in votes
    )
    export.write_csv("votes.csv", VOTES, rows)
    header = tuple(SCHEMAS["decisions"])
    decisions = iterate_table(export.folder / "decisions.parquet", header)
    rows = ((f"{row[0]}/{row[1]}", *row) for row in decisions)
    export.write_csv("decisions.csv", ("task", *header), rows)
    header = tuple(SCHEMAS["annotators"])
    export.write_csv("annotators.csv", header, iterate_table(export.folder / "annotators.parquet", header))


def write_label_studio(export: Export) -> None:
    """``tasks.json``, one task a question with each vote as an annotation, and the labeling ``config.xml``.

    An image is the address it came from, or ``/data/local-files/?d=IMAGE_ID``. What was decided is the
    task's prediction.
    """
    export.write_lines("config.xml", [CONFIG])
    export.write_lines("tasks.json", _tasks(export), end="")


def _tasks(export: Export) -> Iterator[str]:
    columns = ("image_id", "wnid", "annotator", "answer", "is_gold", "active_ms")
    numbers = {name: place for place, (name,) in enumerate(
        iterate_table(export.folder / "annotators.parquet", ("annotator",)), start=1)}  # fmt: skip
    addresses = dict(iterate_table(export.folder / "images.parquet", ("image_id", "url")))
    decided = _Decisions(export)
    votes = iterate_table(export.folder / "votes.parquet", columns)
    yield "["
    comma = "\n"
    annotation = 0
    for task, ((image, wnid), rows) in enumerate(groupby(votes, key=lambda row: row[:2]), start=1):
        annotations = []
        for _, _, worker, answer, is_gold, active in rows:
            annotation += 1
            annotations.append(
                {
                    "id": annotation,
                    "completed_by": numbers[worker],
                    "ground_truth": False,
                    "was_cancelled": answer == "skip",
                    "lead_time": None if active is None else active / 1000,
                    "result": [_result(f"v{annotation}", answer)],
                    "meta": {"annotator": worker, "is_gold": is_gold},
                }
            )
        synset = export.synsets.get(wnid, {"lemmas": wnid, "gloss": ""})
        data = {
            "image": addresses.get(image) or f"/data/local-files/?d={image}",
            "image_id": image,
            "wnid": wnid,
            "words": synset["lemmas"],
            "gloss": synset["gloss"],
        }
        outcome = decided.of(image, wnid)
        yield comma + compact({"id": task, "data": data, "annotations": annotations, "predictions": outcome})
        comma = ",\n"
    yield "\n]\n"


class _Decisions:
    """Decisions alongside the votes: both tables are in the order of image id and wnid."""

    def __init__(self, export: Export) -> None:
        columns = ("image_id", "wnid", "outcome", "posterior", "decided_by", "policy_hash")
        self._rows = iterate_table(export.folder / "decisions.parquet", columns)
        self._next: tuple[Any, ...] | None = next(self._rows, None)

    def of(self, image: str, wnid: str) -> list[dict[str, Any]]:
        while self._next is not None and self._next[:2] < (image, wnid):
            self._next = next(self._rows, None)
        if self._next is None or self._next[:2] != (image, wnid):
            return []
        _, _, outcome, posterior, decided_by, policy = self._next
        answer = {"accepted": "yes", "rejected": "no"}.get(outcome)
        return [
            {
                "model_version": f"{decided_by} {policy or ''}".strip(),
                "score": posterior,
                "result": [_result("decision", answer)] if answer else [],
            }
        ]


def _result(name: str, answer: str) -> dict[str, Any]:
    return {
        "id": name,
        "from_name": "answer",
        "to_name": "image",
        "type": "choices",
        "value": {"choices": [answer]},
    }
