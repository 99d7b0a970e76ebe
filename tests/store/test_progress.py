"""How far each synset is, for everyone and for one: counted as one would by hand."""

from __future__ import annotations

import uuid

import pytest

from synsetlab.store import progress

DOG = "n02084071"


def answer(workspace, annotator: int, questions: list[int], what: str = "yes") -> None:
    workspace.writer.record_votes(
        annotator, [{"id": str(uuid.uuid4()), "question_id": q, "answer": what} for q in questions]
    )


def of_dogs(workspace, annotator: int) -> dict[str, int]:
    rows = {row["wnid"]: row for row in workspace.lookups.synset_progress(annotator)}
    return {name: rows[DOG][name] for name in ("questions", "decided", "mine", "for_me")}


def by_hand(workspace, annotator: int) -> dict[str, int]:
    questions = workspace.reader.questions()
    dogs = questions[questions["wnid"] == DOG]
    log = workspace.reader.votes(effective=False)
    met = set(log.loc[log["annotator_id"] == annotator, "question_id"])
    shown = dogs[~dogs["example"].astype(bool) & dogs["duplicate_of"].isna() & ~dogs["id"].isin(met)]
    hidden = shown[shown["gold_answer"].notna()]
    given = shown["n_yes"] + shown["n_no"] + shown["n_unsure"] + shown["n_label"]
    wants = shown["gold_answer"].isna() & (shown["outcome"] == "open") & (given < shown["votes_wanted"])
    to_ask = int(wants.sum())
    return {
        "questions": len(dogs),
        "decided": int((dogs["outcome"] != "open").sum()),
        "mine": len(met & set(dogs["id"])),
        "for_me": to_ask + len(hidden) if to_ask else 0,
    }


@pytest.fixture
def worked(many):
    """Examples, hidden gold, dropped duplicates, and answers of three, of which some decide."""
    ann, bob, eve = (many.writer.ensure_annotator(name) for name in ("ann", "bob", "eve"))
    questions = many.reader.questions()
    dogs = questions[questions["wnid"] == DOG].sort_values("id")
    ids, images = [int(q) for q in dogs["id"]], list(dogs["image_id"])
    many.writer.set_gold({ids[0]: "yes", ids[1]: "no"}, examples=True)
    many.writer.set_gold({ids[2]: "yes", ids[3]: "no"})
    many.writer.add_duplicate_verdicts(
        [
            {"image_id": images[n], "cluster_id": "c", "verdict": "drop", "duplicate_of": images[9]}
            | {"decided_by": "x"}
            for n in (4, 5, 6)
        ]
    )
    answer(many, ann, [ids[2], ids[4], *ids[10:30]])
    answer(many, bob, ids[10:25])
    answer(many, eve, ids[10:20])
    return many, ann, bob


def test_progress_is_what_one_counts_by_hand(worked):
    workspace, ann, bob = worked
    nobody = workspace.writer.ensure_annotator("nobody")
    for annotator in (ann, bob, nobody):
        assert of_dogs(workspace, annotator) == by_hand(workspace, annotator)
    assert of_dogs(workspace, ann)["mine"] == 22
    counts = workspace.reader.counts()
    questions = workspace.reader.questions()
    asked = questions[questions["duplicate_of"].isna() & ~questions["example"].astype(bool)]
    assert {name: counts[name] for name in ("open", "accepted")} == {
        name: int((asked["outcome"] == name).sum()) for name in ("open", "accepted")
    }


def test_in_a_large_workspace_ones_own_answers_count_at_once(worked, monkeypatch):
    workspace, ann, bob = worked
    monkeypatch.setattr(progress, "LARGE", 1)
    monkeypatch.setattr(progress, "KEPT", 1e9)
    before = of_dogs(workspace, ann), of_dogs(workspace, bob)
    left = workspace.writer.claim(ann, DOG, 5, batch="b", controls=0.0)
    answer(workspace, ann, left)
    after = of_dogs(workspace, ann)
    assert after["mine"] == before[0]["mine"] + len(left)
    assert after["for_me"] == before[0]["for_me"] - len(left)
    assert of_dogs(workspace, bob) == before[1]
