"""What is asked next: the most valuable first, each picture once, controls hidden, nobody starved."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import uuid

import pytest
import sqlalchemy as sa

from synsetlab import Workspace
from synsetlab.errors import InputError
from synsetlab.voting.consensus import OnlineDecider, check_counters, run_consensus
from synsetlab.voting.controls import add_hard_negatives, siblings
from synsetlab.voting.policy import DynamicPolicy, FixedPolicy
from synsetlab.voting.queue import LabelQueue
from synsetlab.voting.remaining import Forecast, remaining

DOG, CAT, PET = "n02084071", "n02121620", "n01317541"


def event(question: int, answer: str = "yes") -> dict:
    return {"id": str(uuid.uuid4()), "question_id": question, "answer": answer}


def say(workspace, who: str, answers: dict[int, str], wnid: str = DOG) -> None:
    LabelQueue(workspace, who, wnid).record([event(q, answer) for q, answer in answers.items()])


def ids(cards) -> list[int]:
    return [card["id"] for card in cards]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Dog and cat under pet, 100 pictures each: copy it before you write."""
    folder = tmp_path_factory.mktemp("queue") / "ws"
    with Workspace.create(folder) as made:
        names = {DOG: ("dog", True), CAT: ("cat", True), PET: ("pet", False)}
        made.writer.add_synsets(
            [
                {"wnid": w, "lemmas": [name], "gloss": "", "path": [], "chosen": chosen}
                for w, (name, chosen) in names.items()
            ],
            [{"parent": PET, "child": DOG}, {"parent": PET, "child": CAT}],
        )
        run = made.writer.start_import("folder", "made up")
        blank = {
            "format": "JPEG",
            "width": 4,
            "height": 3,
            "bytes": 9,
            "mean_color": "#000000",
            "phash": None,
        }
        for wnid in (DOG, CAT):
            pictures = [hashlib.sha256(f"{wnid}{n}".encode()).hexdigest() for n in range(100)]
            made.writer.add_images(
                [{"id": i, "phash_name": None, **blank} for i in pictures],
                [],
                [{"image_id": i, "wnid": wnid, "import_id": run} for i in pictures],
            )
    return folder


@pytest.fixture
def workspace(drawn, tmp_path):
    with Workspace.open(shutil.copytree(drawn, tmp_path / "ws")) as copy:
        yield copy


def of(workspace, wnid: str = DOG) -> list[int]:
    questions = workspace.reader.questions()
    return questions.loc[questions["wnid"] == wnid, "id"].tolist()


def test_what_one_more_vote_settles_comes_first(workspace):
    nearly, started = of(workspace)[60], of(workspace)[80]
    for who, answer in (("a", "yes"), ("b", "yes"), ("c", "no"), ("d", "yes")):
        say(workspace, who, {nearly: answer})
    say(workspace, "a", {started: "yes"})
    run_consensus(workspace, DynamicPolicy(accept="0.95", reject="0.01"), fit=False)
    for who in "uvwxyz":  # which of the others come first is chance
        queue = LabelQueue(workspace, who, DOG)
        page = ids(queue.page(2))
        assert page == [nearly, started]
        workspace.writer.release_leases(queue.annotator_id, page)


def test_annotators_are_spread_over_untouched_questions(workspace):
    first, second = (set(ids(LabelQueue(workspace, who, DOG).page(20))) for who in ("a", "b"))
    assert len(first) == len(second) == 20
    assert first != second


def test_a_page_is_the_same_when_it_is_loaded_again(workspace):
    workspace.writer.set_gold(dict.fromkeys(of(workspace)[:20], "yes"))
    queue = LabelQueue(workspace, "a", DOG)
    assert queue.page() == queue.page()


def test_controls_are_mixed_in_and_look_like_the_rest(workspace):
    """Six of 48: three gold, three pictures of a cat; at places that differ; in no way marked."""
    say(workspace, "x", dict.fromkeys(of(workspace, CAT), "yes"), CAT)
    run_consensus(workspace, FixedPolicy(votes=1), fit=False)
    gold = of(workspace)[:10]
    workspace.writer.set_gold(dict.fromkeys(gold, "yes"))
    assert add_hard_negatives(workspace, per_synset=10, seed=1) == {DOG: 10, CAT: 0}
    assert add_hard_negatives(workspace, per_synset=10, seed=1) == {DOG: 0, CAT: 0}
    facts = workspace.reader.questions().set_index("id")
    negatives = facts[facts["control"] == "sibling"].index.tolist()
    assert facts.loc[negatives, "outcome"].eq("rejected").all()
    places = set()
    keys = set()
    for who in "abc":
        page = LabelQueue(workspace, who, DOG).page()
        assert len(page) == 48
        hidden = [place for place, card in enumerate(page) if card["id"] in {*gold, *negatives}]
        assert sum(page[place]["id"] in gold for place in hidden) == 3
        assert len(hidden) == 6
        places.add(tuple(hidden))
        keys |= {tuple(card) for card in page}
        told = json.dumps(page)
        assert not any(word in told for word in ("gold", "control", "sibling", "posterior", "votes"))
        assert {card["wnid"] for card in page} == {DOG}
    assert len(places) == 3, "controls lie at the same places"
    assert len(keys) == 1, "cards differ in their fields"
    assert check_counters(workspace) == []
    assert LabelQueue(workspace, "d", DOG, controls=0).page()[0]["id"] not in gold
    with pytest.raises(InputError, match="no share"):
        LabelQueue(workspace, "d", DOG, controls=0.9)


def test_progress_does_not_tell_which_questions_are_gold(workspace):
    workspace.writer.set_gold(dict.fromkeys(of(workspace)[:10], "yes"))
    queue = LabelQueue(workspace, "a", DOG)
    totals = []
    for number in ids(queue.page()):
        queue.record([event(number)])
        counts = queue.progress()
        totals.append(counts["mine"] + counts["for_me"])
    assert set(totals) == {100}


def test_controls_are_never_all_there_is(workspace):
    workspace.writer.set_gold(dict.fromkeys(of(workspace)[:10], "yes"))
    queue = LabelQueue(workspace, "a", DOG)
    while page := queue.page():
        assert any(number not in of(workspace)[:10] for number in ids(page))
        queue.record([event(number) for number in ids(page)])
    assert queue.progress()["for_me"] == 0


def test_siblings_share_a_parent_and_are_not_above_each_other(workspace):
    edges = workspace.reader.edges()
    assert siblings(edges, [DOG, CAT, PET]) == {DOG: {CAT}, CAT: {DOG}, PET: set()}


def test_a_vanished_annotator_starves_nobody(workspace):
    """Pages that were taken and left come back to others whose cursors had passed them."""
    questions = of(workspace)
    for who in ("gone 1", "gone 2", "gone 3"):
        number = workspace.writer.ensure_annotator(who)
        assert len(workspace.writer.claim(number, DOG, 100, batch="x", minutes=20)) == 100
    queue = LabelQueue(workspace, "z", DOG)
    assert queue.page() == []
    with workspace.engine.begin() as connection:
        connection.execute(sa.text("UPDATE lease SET expires_at = '2020-01-01 00:00:00.000000'"))
    assert sorted(ids(queue.page(100))) == questions


def test_what_becomes_free_is_offered_to_who_had_passed_it(workspace):
    """A retraction, more votes wanted and a kept duplicate each bring a question back at once."""
    first, second, third = of(workspace)[:3]
    for who in "abc":
        say(workspace, who, dict.fromkeys(of(workspace), "unsure"))
    z = LabelQueue(workspace, "z", DOG)
    assert z.page() == []
    vote = workspace.reader.votes().query("question_id == @first and annotator == 'a'")["id"].iloc[0]
    LabelQueue(workspace, "a", DOG).record(
        [{"id": str(uuid.uuid4()), "question_id": first, "answer": None, "retracts": vote}]
    )
    assert ids(z.page()) == [first]
    rows = [{"id": str(uuid.uuid4()), "question_id": second, "verdict": "more-votes", "reason": ""}]
    workspace.writer.record_expert_verdicts([{**rows[0], "decided_by": "maria", "votes_wanted": 6}])
    assert set(ids(z.page())) == {first, second}
    assert third not in ids(z.page())


def test_someone_who_has_seen_nearly_all_finds_the_rest(workspace):
    rng = random.Random(5)
    unseen = set(rng.sample(of(workspace), 7))
    say(workspace, "a", {q: "yes" for q in of(workspace) if q not in unseen})
    queue = LabelQueue(workspace, "a", DOG)
    found = set(ids(queue.page(5)))
    queue.record([event(q) for q in found])
    found |= set(ids(queue.page(5)))
    assert found == unseen


def test_a_band_may_end_where_a_part_of_it_does(workspace):
    """64 that a answered are all of the band of what was started, and as many as are looked at at once."""
    say(workspace, "a", dict.fromkeys(of(workspace)[:64], "yes"))
    page = ids(LabelQueue(workspace, "a", DOG).page(32))
    assert len(page) == 32
    assert set(page) < set(of(workspace)[64:])


@pytest.mark.parametrize("size", [3, 10])
def test_a_long_beginning_that_was_seen_holds_up_no_page_and_hides_nothing(workspace, monkeypatch, size):
    """90 that a answered begin the band of what was started, 5 of b end it; 5 are untouched."""
    questions = of(workspace)
    say(workspace, "a", dict.fromkeys(questions[:90], "yes"))
    say(workspace, "b", dict.fromkeys(questions[90:95], "yes"))
    queue = LabelQueue(workspace, "a", DOG)
    pages = []
    while page := ids(queue.page(size)):
        pages.append(page)
        queue.record([event(q) for q in page])
    assert sorted(q for page in pages for q in page) == questions[90:]
    assert len(pages[0]) == size
    if size == 3:
        assert set(pages[0]) <= set(questions[95:])


def test_deciding_at_once_is_what_the_next_run_decides(workspace):
    policy = DynamicPolicy()
    run_consensus(workspace, policy, fit=False)
    for who in "abcd":
        queue = LabelQueue(workspace, who, DOG, decide=OnlineDecider(workspace))
        queue.record([event(q, random.Random(f"{who}{q}").choice(["yes", "no"])) for q in of(workspace)[:40]])
    before = workspace.reader.questions()
    assert (before["outcome"] != "open").sum() > 5
    assert run_consensus(workspace, policy, fit=False).changed == 0
    assert check_counters(workspace) == []


def test_votes_are_safe_where_deciding_fails(workspace, caplog):
    def broken(_questions):
        raise ValueError("no policy today")

    queue = LabelQueue(workspace, "a", DOG, decide=broken)
    given = event(of(workspace)[0])
    assert queue.record([given]) == [given["id"]]
    assert "no policy today" in caplog.text


def test_what_is_left_under_a_fixed_policy(workspace):
    run_consensus(workspace, FixedPolicy(votes=3, min_confidence="2/3"), fit=False)
    left = remaining(workspace, price_per_vote=0.5)
    assert (left.questions, left.votes, left.cost) == (200, 600, 300)
    assert left.expert_share == pytest.approx(0)
    say(workspace, "a", dict.fromkeys(of(workspace), "yes"))
    assert remaining(workspace).votes == 500
    with pytest.raises(InputError, match="no price"):
        remaining(workspace, price_per_vote=-1)


def test_forecast_of_a_dynamic_policy_by_hand():
    """From even odds with skill .8: two equal answers give 16/17 < .95, so at least three are needed."""
    forecast = Forecast(DynamicPolicy(accept="0.9", reject="0.1", min_votes=2, max_votes=2))
    votes, expert = forecast()
    assert votes == 2
    assert expert == pytest.approx(2 * 0.8 * 0.2)
    assert forecast(1, 0) == (1, pytest.approx(0.8 * 0.2 + 0.2 * 0.8))
