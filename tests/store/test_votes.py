"""The vote log: idempotent, append-only, counted, and safe from kill -9."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import uuid

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from synsetlab.errors import InputError
from synsetlab.store import free_questions
from synsetlab.store.reader import effective_votes
from synsetlab.store.schema import Question, Vote
from synsetlab.store.workspace import Workspace

DOG = "n02084071"


def vote(question: int, answer: str | None = "yes", **more):
    return {"id": str(uuid.uuid4()), "question_id": question, "answer": answer, **more}


@pytest.fixture
def asked(filled):
    """A filled workspace, an annotator's id, and the ids of their ten questions."""
    annotator = filled.writer.ensure_annotator("ann")
    return filled, annotator, filled.writer.claim(annotator, DOG, 48, batch="b")


def tally(workspace, question: int) -> tuple[int, int, int]:
    row = workspace.reader.questions().set_index("id").loc[question]
    return int(row.n_yes), int(row.n_no), int(row.n_unsure)


def test_the_same_event_twice_is_one_vote_and_acknowledged_twice(asked):
    workspace, annotator, questions = asked
    event = vote(questions[0])
    assert workspace.writer.record_votes(annotator, [event]) == [event["id"]]
    assert workspace.writer.record_votes(annotator, [event, event]) == [event["id"]] * 2
    assert len(workspace.reader.votes(effective=False)) == 1
    assert tally(workspace, questions[0]) == (1, 0, 0)


@pytest.mark.parametrize("another", [{"question": 1}, {"answer": "no"}, {"by": "bob"}])
def test_another_event_under_the_id_of_one_is_refused(asked, another):
    """It would be told that it is safe, and be nowhere."""
    workspace, annotator, questions = asked
    first = vote(questions[0])
    workspace.writer.record_votes(annotator, [first])
    by = workspace.writer.ensure_annotator(another.get("by", "ann"))
    question = questions[another.get("question", 0)]
    second = {**first, "question_id": question, "answer": another.get("answer", "yes")}
    with pytest.raises(InputError, match=f"{first['id']}.* is another event's"):
        workspace.writer.record_votes(by, [vote(questions[2]), second])
    assert workspace.reader.votes(effective=False)["id"].tolist() == [first["id"]]


def test_last_answer_counts_and_a_retraction_brings_the_former_back(asked):
    workspace, annotator, questions = asked
    first, second = vote(questions[0], "yes"), vote(questions[0], "no")
    workspace.writer.record_votes(annotator, [first, second])
    assert tally(workspace, questions[0]) == (0, 1, 0)
    workspace.writer.record_votes(annotator, [vote(questions[0], None, retracts=second["id"])])
    assert tally(workspace, questions[0]) == (1, 0, 0)
    assert len(workspace.reader.votes(effective=False)) == 3


def test_statistics_do_not_make_sqlite_read_the_whole_log_for_one_question(many_on_sqlite):
    many = many_on_sqlite
    annotator = many.writer.ensure_annotator("ann")
    leased = many.writer.claim(annotator, DOG, 60, batch="b")
    many.writer.record_votes(annotator, [vote(question) for question in leased])
    with many.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        statement = effective_votes(Vote.question_id == leased[0])
        text = str(statement.compile(connection, compile_kwargs={"literal_binds": True}))
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
    assert any("ix_vote_annotator_id_retracts" in step for step in plan), plan
    assert not any(step.startswith("SCAN vote") for step in plan), plan


def test_a_retraction_that_overtakes_its_answer(asked):
    workspace, annotator, questions = asked
    answer = vote(questions[0])
    workspace.writer.record_votes(annotator, [vote(questions[0], None, retracts=answer["id"])])
    workspace.writer.record_votes(annotator, [answer])
    assert tally(workspace, questions[0]) == (0, 0, 0)


def test_nobody_retracts_anothers_vote(asked):
    workspace, annotator, questions = asked
    other = workspace.writer.ensure_annotator("bob")
    answer = vote(questions[0])
    workspace.writer.record_votes(annotator, [answer])
    workspace.writer.record_votes(other, [vote(questions[0], None, retracts=answer["id"])])
    assert tally(workspace, questions[0]) == (1, 0, 0)


def test_votes_cannot_be_rewritten(asked):
    workspace, annotator, questions = asked
    workspace.writer.record_votes(annotator, [vote(questions[0])])
    for statement in ("UPDATE vote SET answer = 'no'", "DELETE FROM vote"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), workspace.engine.begin() as connection:
            connection.execute(sa.text(statement))


def test_bad_events_are_refused_whole(asked):
    workspace, annotator, questions = asked
    with pytest.raises(InputError, match="no question 999999"):
        workspace.writer.record_votes(annotator, [vote(questions[0]), vote(999_999)])
    with pytest.raises(InputError, match="'perhaps'"):
        workspace.writer.record_votes(annotator, [vote(questions[0], "perhaps")])
    assert len(workspace.reader.votes(effective=False)) == 0


def test_claims_are_disjoint_from_what_was_answered_and_stable_on_reload(asked):
    workspace, annotator, questions = asked
    assert len(questions) == 10
    assert workspace.writer.claim(annotator, DOG, 48, batch="again") == questions
    workspace.writer.record_votes(annotator, [vote(question) for question in questions[:4]])
    assert workspace.writer.claim(annotator, DOG, 48, batch="more") == questions[4:]


@pytest.mark.parametrize("page", [48, 1])
@pytest.mark.parametrize("how", ["skipped", "taken back", "of someone excluded"])
def test_what_was_answered_is_not_asked_again_where_no_answer_counts(asked, monkeypatch, how, page):
    workspace, annotator, questions = asked
    monkeypatch.setattr(
        free_questions, "SMALL_PART", 0
    )  # so that a page of one is found by another statement
    answers = [vote(question, "skip" if how == "skipped" else "yes") for question in questions[:4]]
    if how == "taken back":
        answers += [vote(each["question_id"], None, retracts=each["id"]) for each in answers]
    workspace.writer.record_votes(annotator, answers)
    if how == "of someone excluded":
        workspace.writer.judge_annotator("ann", "exclude", by="cara")
    workspace.writer.release_leases(annotator, questions[4:])
    left = []
    while len(left) < 10 and (found := workspace.writer.claim(annotator, DOG, page, batch="again")):
        left += found
        workspace.writer.record_votes(annotator, [vote(question) for question in found])
    assert sorted(left) == sorted(questions[4:])


def test_a_question_that_goes_on_to_another_band_meanwhile_is_on_a_page_once(asked, monkeypatch):
    """What another annotator's vote does on PostgreSQL between two statements of a claim."""
    workspace, annotator, questions = asked
    workspace.writer.record_votes(annotator, [vote(question) for question in questions[:4]])
    part, moved = free_questions._part, []

    def part_and_others_vote(asker, *place):
        found = part(asker, *place)
        if not moved:
            moved.extend(found.free)
            again = sa.update(Question).where(Question.id.in_(moved)).values(band=free_questions.UNTOUCHED)
            asker.connection.execute(again)
        return found

    monkeypatch.setattr(free_questions, "_part", part_and_others_vote)
    monkeypatch.setattr(free_questions, "AGAIN_US", float("inf"))  # what is found is not looked for anew
    other = workspace.writer.ensure_annotator("bob")
    page = workspace.writer.claim(other, DOG, 48, batch="c")
    assert sorted(page) == sorted(questions)
    assert page[:4] == moved, "still the most valuable first"


def test_a_question_keeps_its_place_in_the_queue_until_there_is_something_new_to_ask(asked):
    workspace, _, questions = asked

    def place():
        asked_of = sa.select(Question.band, Question.queued_at).where(Question.id == questions[0])
        with workspace.engine.connect() as connection:
            return connection.execute(asked_of).one()

    def say(name, answer, **more):
        event = vote(questions[0], answer, **more)
        workspace.writer.record_votes(workspace.writer.ensure_annotator(name), [event])
        return event["id"]

    untouched = place()
    say("a", "yes")
    started = place()
    assert started.band < untouched.band
    assert started.queued_at > untouched.queued_at
    answer = say("b", "no")
    assert place() == started, "nobody who passed it by may be asked now"
    say("c", "skip")
    skipped = place()
    assert skipped.band == started.band
    assert skipped.queued_at > started.queued_at
    say("b", None, retracts=answer)
    assert place().queued_at > skipped.queued_at


def test_a_question_is_leased_to_no_more_annotators_than_votes_it_wants(filled):
    given_out = [
        filled.writer.claim(filled.writer.ensure_annotator(name), DOG, 48, batch=name)
        for name in ("a", "b", "c", "d")
    ]
    assert [len(questions) for questions in given_out] == [10, 10, 10, 0]


def test_expired_leases_are_free_again(filled):
    names = [filled.writer.ensure_annotator(name) for name in ("a", "b", "c", "d")]
    for name in names[:3]:
        filled.writer.claim(name, DOG, 48, batch="x", minutes=-1)
    assert len(filled.writer.claim(names[3], DOG, 48, batch="x")) == 10


def test_dropped_duplicates_are_not_asked(filled):
    first, second = sorted(filled.reader.images()["id"])[:2]
    filled.writer.add_duplicate_verdicts(
        [
            {
                "image_id": second,
                "cluster_id": first,
                "verdict": "drop",
                "duplicate_of": first,
                "decided_by": "policy",
            }
        ]
    )
    annotator = filled.writer.ensure_annotator("ann")
    assert len(filled.writer.claim(annotator, DOG, 48, batch="x")) == 9
    filled.writer.add_duplicate_verdicts(
        [
            {
                "image_id": second,
                "cluster_id": first,
                "verdict": "keep",
                "duplicate_of": None,
                "decided_by": "you",
            }
        ]
    )
    assert len(filled.writer.claim(annotator, DOG, 48, batch="x")) == 10


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(
            st.integers(0, 2),
            st.integers(0, 9),
            st.sampled_from(["yes", "no", "unsure", "skip", "undo", "again"]),
        ),
        max_size=40,
    )
)
def test_counters_are_a_function_of_the_log(filled, steps):
    """Whatever is answered, undone and sent twice: the counters equal a fresh count."""
    annotators = [filled.writer.ensure_annotator(name) for name in ("a", "b", "c")]
    questions = filled.reader.questions()["id"].tolist()
    sent: dict[tuple[int, int], list[dict]] = {}
    for who, which, what in steps:
        history = sent.setdefault((who, which), [])
        if what == "undo":
            target = history[-1]["id"] if history else str(uuid.uuid4())
            filled.writer.record_votes(annotators[who], [vote(questions[which], None, retracts=target)])
        elif what == "again" and history:
            filled.writer.record_votes(annotators[who], [history[-1]])
        elif what != "again":
            history.append(vote(questions[which], what))
            filled.writer.record_votes(annotators[who], [history[-1]])
    assert filled.writer.rebuild_counters() == 0


SAID = st.tuples(
    st.integers(0, 2),
    st.integers(0, 3),
    st.sampled_from(["yes", "no", "skip", "undo", "undo before", "undo nothing", "again", "another's id"]),
)


class Talk:
    """What annotators say, event by event; with each whether it is to be refused."""

    def __init__(self, annotators: list[int], questions: list[int]) -> None:
        self.annotators, self.questions = annotators, questions
        self.answers: list[tuple[int, dict]] = []

    def events(self, who: int, which: int, what: str) -> list[tuple[int, dict, bool]]:
        annotator, question = self.annotators[who], self.questions[which]
        mine = [said for by, said in self.answers if by == annotator and said["question_id"] == question]
        event = vote(question, what if what in {"yes", "no", "skip"} else "yes")
        if what == "undo" and mine:
            return [(annotator, vote(question, None, retracts=mine[-1]["id"]), False)]
        if what == "undo nothing":
            return [(annotator, vote(question, None, retracts=str(uuid.uuid4())), False)]
        if what == "again" and mine:
            return [(annotator, mine[0], False)]
        if what == "another's id" and self.answers:
            by, first = self.answers[0]
            event["id"] = first["id"]
            return [(annotator, event, (annotator, event) != (by, first))]
        self.answers.append((annotator, event))
        before = vote(question, None, retracts=event["id"])
        return [*([(annotator, before, False)] if what == "undo before" else []), (annotator, event, False)]


def record(writer, batches: list[tuple[int, list[dict]]]) -> list[list[str] | InputError]:
    """Together, and one by one where that fails, as the service does."""
    with contextlib.suppress(InputError):
        return writer.record_together(batches)
    results: list[list[str] | InputError] = []
    for annotator, events in batches:
        try:
            results.append(writer.record_votes(annotator, events))
        except InputError as error:
            results.append(error)
    return results


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rounds=st.lists(st.lists(SAID, max_size=60), max_size=4),
    excluded=st.sets(st.integers(0, 2), max_size=2),
)
@example(rounds=[[(0, 0, "yes")]], excluded={0})
@example(rounds=[[(0, 0, "yes")], [(0, 0, "yes")]], excluded=set())
@example(rounds=[[(0, 0, "yes"), (0, 0, "yes")]], excluded=set())
@example(rounds=[[(0, 0, "yes"), (1, 1, "another's id")]], excluded=set())
@example(rounds=[[(0, 0, "undo nothing")]], excluded=set())
@example(rounds=[[(0, 1, "no"), (1, 1, "yes"), (0, 0, "another's id")], [(1, 1, "undo")]], excluded=set())
def test_what_comes_together_counts_as_the_log_does(filled, rounds, excluded):
    """Many events of several annotators in one transaction, some of whom do not count."""
    names = [str(uuid.uuid4()) for _ in range(3)]  # of whom the workspace knows nothing from the last time
    annotators = [filled.writer.ensure_annotator(name) for name in names]
    for number, name in enumerate(names):
        filled.writer.judge_annotator(name, "exclude" if number in excluded else "include", by="test")
    questions = filled.reader.questions()["id"].tolist()
    talk = Talk(annotators, questions)
    for together in rounds:
        events = [event for said in together for event in talk.events(*said)]
        results = record(filled.writer, [(annotator, [event]) for annotator, event, _ in events])
        for (_, event, refused), result in zip(events, results, strict=True):
            assert isinstance(result, InputError) if refused else result == [event["id"]]
    assert filled.writer.rebuild_counters() == 0


def test_a_retraction_names_the_question_of_its_answer(asked):
    workspace, annotator, questions = asked
    answer = vote(questions[0])
    workspace.writer.record_votes(annotator, [answer])
    with pytest.raises(InputError, match=f"{answer['id']} is on question {questions[0]}"):
        workspace.writer.record_votes(annotator, [vote(questions[1], None, retracts=answer["id"])])
    # Where it comes first nobody can know; then it takes nothing back.
    early = vote(questions[2])
    workspace.writer.record_votes(annotator, [vote(questions[1], None, retracts=early["id"])])
    workspace.writer.record_votes(annotator, [early])
    assert tally(workspace, questions[0]) == tally(workspace, questions[2]) == (1, 0, 0)
    assert workspace.writer.rebuild_counters() == 0


KILLED = """
import sys, uuid
from synsetlab import Workspace
ws = Workspace.open(sys.argv[1])
who = ws.writer.ensure_annotator(sys.argv[2])
questions = ws.reader.questions()["id"].tolist()
number = 0
while True:
    event = {"id": str(uuid.uuid4()), "question_id": questions[number % len(questions)], "answer": "yes"}
    ws.writer.record_votes(who, [event])
    print(event["id"], flush=True)
    number += 1
"""


def test_acknowledged_votes_survive_kill_nine(filled):
    """Three writers are killed while they write: every id they printed is in the log exactly once."""
    folder = filled.folder
    filled.close()
    writers = [
        subprocess.Popen([sys.executable, "-c", KILLED, str(folder), name], stdout=subprocess.PIPE, text=True)
        for name in ("a", "b", "c")
    ]
    acknowledged = []
    for writer in writers:
        acknowledged += [writer.stdout.readline().strip() for _ in range(20)]
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
    for writer in writers:
        rest = writer.communicate()[0].splitlines(keepends=True)
        acknowledged += [line.strip() for line in rest if line.endswith("\n")]
    with Workspace.open(folder) as again:
        log = again.reader.votes(effective=False)["id"].tolist()
        assert len(log) == len(set(log))
        assert set(acknowledged) <= set(log)
        assert again.writer.rebuild_counters() == 0
