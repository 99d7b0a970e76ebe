"""Numbers counted in the database are those that counting rows gives; likewise what waits for an expert."""

from __future__ import annotations

import math
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from synsetlab.voting.consensus import run_consensus
from synsetlab.voting.policy import FixedPolicy

DOG, CAT = "n02084071", "n02121620"
START = datetime(2026, 5, 1, 12, tzinfo=UTC)


def event(question: int, answer: str | None, minute: int = 0, **more: object) -> dict[str, object]:
    at = START + timedelta(minutes=minute)
    return {
        "id": str(uuid.uuid4()),
        "question_id": question,
        "answer": answer,
        "decided_at": at,
        "active_ms": 500 + 10 * minute,
        **more,
    }


def accept(question: int) -> dict[str, object]:
    given = {"verdict": "accept", "reason": "", "decided_by": "eve"}
    return {"id": str(uuid.uuid4()), "question_id": question, **given}


@pytest.fixture
def voted(many):
    """60 questions with changed and retracted answers, a flag, gold, an example, a copy, someone excluded."""
    w = many.writer
    people = [w.ensure_annotator(name) for name in ("ann", "bob", "cas", "dan")]
    for number, person in enumerate(people):
        answers = ["yes" if (question * (number + 2) + number) % 5 else "no" for question in range(1, 51)]
        w.record_votes(person, [event(q, a, q + number) for q, a in enumerate(answers, 1)])
    w.record_votes(people[0], [event(1, "no", 70), event(2, "unsure", 71), event(3, "skip", 72)])
    wrong = event(52, "yes", 80)
    w.record_votes(people[1], [wrong])
    w.record_votes(people[1], [event(52, None, 81, retracts=wrong["id"])])
    w.judge_annotator("dan", "exclude", reason="asleep", by="cara")
    w.set_gold({5: "yes", 6: "no"})
    w.set_gold({7: "yes"}, examples=True)
    run_consensus(many, FixedPolicy(votes=3, min_confidence=0.6))
    images = many.reader.questions()["image_id"]
    w.add_duplicate_verdicts(
        [
            {
                "image_id": images[10],
                "cluster_id": images[10],
                "verdict": "drop",
                "duplicate_of": images[11],
                "decided_by": "eve",
            }
        ]
    )
    return many


def asked(workspace):
    questions = workspace.reader.questions()
    return questions[questions["duplicate_of"].isna() & ~questions["example"].astype(bool)]


def test_tallies_are_the_questions_alike_ones_together(voted):
    questions, tallies = asked(voted), voted.totals.tallies()
    assert tallies["questions"].sum() == len(questions) == 58
    for names in (["outcome"], ["n_yes", "n_no"], ["n_unsure", "n_label", "votes_wanted"]):
        counted = questions.groupby(names).size().to_dict()
        assert tallies.groupby(names)["questions"].sum().to_dict() == counted
    assert tallies.loc[tallies["gold"], "questions"].sum() == questions["gold_answer"].notna().sum() == 2
    beliefs = questions["posterior"].dropna().astype(float)
    assert tallies["beliefs"].sum() == len(beliefs) > 40
    assert math.isclose(tallies["belief"].sum(), beliefs.sum())
    doubts = [-p * math.log2(p) - (1 - p) * math.log2(1 - p) for p in beliefs if 0 < p < 1]
    assert math.isclose(tallies["doubt"].sum(), sum(doubts))


def test_answers_are_the_votes_that_count(voted):
    votes, answers = voted.reader.votes(), voted.totals.answers()
    assert len(answers) == len(votes) == 150
    for name in ("seq", "question_id", "annotator", "answer"):
        assert answers[name].tolist() == votes[name].tolist(), name
    assert answers["active_ms"].tolist() == votes["active_ms"].astype(float).tolist()
    assert voted.totals.gold() == {5: "yes", 6: "no", 7: "yes"}
    times = dict(zip(votes["seq"], votes["decided_at"], strict=True))
    some = answers["seq"].tolist()[::9]
    assert voted.totals.decided_at(some) == {seq: times[seq] for seq in some}


def test_what_was_given_and_when(voted):
    given = voted.totals.given()
    assert given == {
        "votes": 150,
        "annotators": 3,
        "first": START + timedelta(minutes=1),
        "last": START + timedelta(minutes=72),
    }
    log = voted.reader.votes(effective=False)
    told = log[log["answer"].notna() & ~log["excluded"].astype(bool) & (log["question_id"] != 52)]
    found = voted.totals.given_over_time(START, timedelta(minutes=10))
    places = [int((at - START) / timedelta(minutes=10)) for at in told["decided_at"]]
    counted = told.assign(place=places).groupby("place")["annotator"].agg(["size", "nunique"])
    assert found == {place: (row["size"], row["nunique"]) for place, row in counted.iterrows()}
    assert voted.totals.median_active_ms() == told["active_ms"].astype(float).median()


def test_the_version_is_another_after_every_change(voted):
    images = voted.reader.questions()["image_id"]
    verdict = accept(9)
    copy = {"image_id": images[20], "cluster_id": images[20], "verdict": "drop", "decided_by": "eve"}
    changes = (
        lambda: voted.writer.record_votes(1, [event(55, "yes")]),
        lambda: voted.writer.judge_annotator("cas", "exclude", by="cara"),
        lambda: voted.writer.record_expert_verdicts([verdict]),
        lambda: voted.writer.add_duplicate_verdicts([{**copy, "duplicate_of": images[21]}]),
        lambda: voted.writer.set_gold({30: "yes"}),
        lambda: voted.writer.add_images([], [], [{"image_id": images[3], "wnid": CAT, "import_id": 1}]),
        lambda: run_consensus(voted, FixedPolicy(votes=3, min_confidence=0.9)),
        lambda: voted.writer.set_vote_policy("keep_first"),
    )
    seen = [voted.totals.version()]
    assert voted.totals.version() == seen[0]
    for change in changes:
        change()
        seen.append(voted.totals.version())
    assert len(set(seen)) == len(seen)


def test_a_workspace_without_votes(many):
    assert not many.totals.anyone_voted()
    assert many.totals.given() == {"votes": 0, "annotators": 0, "first": None, "last": None}
    assert many.totals.answers().empty
    assert many.totals.median_active_ms() is None
    assert many.totals.given_over_time(START, timedelta(hours=1)) == {}
    assert many.totals.tallies()["questions"].tolist() == [60]
    assert many.waiting.escalated(None, 2, 1 / 3) == []
    assert many.waiting.settled(None) == []
    ann = many.writer.ensure_annotator("ann")
    many.writer.record_votes(ann, [event(1, "skip")])
    assert not many.totals.anyone_voted()
    many.writer.record_votes(ann, [event(2, "unsure")])
    assert many.totals.anyone_voted()


def test_pictures_of_one_synset_are_counted_and_others_named(voted):
    images = voted.reader.questions()["image_id"]
    voted.writer.add_images(
        [], [], [{"image_id": images[n], "wnid": CAT, "import_id": 1} for n in (0, 1, 10)]
    )
    questions = voted.reader.questions()
    kept = questions[questions["duplicate_of"].isna()]
    twice = kept["image_id"].isin(images[[0, 1]])
    alone, shared = voted.totals.by_synset()
    assert {(wnid, outcome): number for wnid, outcome, number in alone} == (
        kept[~twice].groupby(["wnid", "outcome"]).size().to_dict()
    )
    rows = kept[twice][["wnid", "image_id", "outcome"]]
    assert shared == list(rows.itertuples(index=False, name=None))
    assert len(shared) == 4


def test_what_waits_for_an_expert(voted):
    questions = asked(voted).set_index("id")
    found = {row["id"]: row["why"] for row in voted.waiting.escalated(None, 1, 1 / 3)}
    settled = set(voted.waiting.settled(None))
    for number, row in questions.iterrows():
        decided = row["outcome"] in {"accepted", "rejected"} and row["gold_answer"] is None
        against = min(row["n_yes"], row["n_no"])
        disputed = decided and against >= 1 and 3 * against >= row["n_yes"] + row["n_no"]
        why = "flagged" if row["n_skip"] else "ambiguous" if row["outcome"] == "ambiguous" else ""
        assert found.get(number, "") == (why or ("disputed" if disputed else "")), number
        assert (number in settled) == (decided and not row["n_skip"]), number
    assert {"ambiguous", "disputed"} <= set(found.values())
    assert found[3] == "flagged"
    assert voted.waiting.escalated(CAT, 1, 1 / 3) == []
    verdict = accept(3)
    voted.writer.record_expert_verdicts([verdict])
    assert 3 not in {row["id"] for row in voted.waiting.escalated(None, 1, 1 / 3)}
    voted.writer.record_expert_verdicts([{**verdict, "id": str(uuid.uuid4()), "verdict": "undo"}])
    assert 3 in {row["id"] for row in voted.waiting.escalated(None, 1, 1 / 3)}
    votes = voted.reader.votes()
    mine = votes[votes["question_id"] == 3]["annotator"].tolist()
    assert voted.waiting.voters([3, 52]) == {3: mine}
    assert [entry["stands"] for entry in voted.lookups.expert_log(9)] == [False, False]


def test_accepted_pictures_come_with_the_surest_first(voted):
    rows = voted.reader.questions()
    rows = rows[(rows["outcome"] == "accepted") & rows["duplicate_of"].isna()]
    rows = rows.assign(surest=-rows["posterior"].astype(float))
    expected = rows.sort_values(["surest", "id"])["image_id"].tolist()
    assert voted.reader.accepted(DOG, 5) == expected[:5]
    assert voted.reader.accepted(CAT, 5) == []
