"""The writer as a process: kernels ask it by a capability, in their own name only, and survive its death."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import subprocess
import sys
import threading
import uuid

import pytest

from synsetlab.errors import InputError, NotAllowedError, WorkspaceError
from synsetlab.server.services import Services
from synsetlab.store.capability import Capability, capability_key, issue
from synsetlab.store.wire import Incoming, pack
from synsetlab.store.workspace import Workspace
from synsetlab.ui.workspace.definition_quiz import definition_quiz
from synsetlab.ui.workspace.labelling import WorkspaceLabelling
from synsetlab.voting.consensus import OnlineDecider, check_counters
from synsetlab.voting.queue import LabelQueue

DOG = "n02084071"
SECRET = "ab" * 32


def vote(question: int, answer: str = "yes") -> dict[str, object]:
    return {"id": str(uuid.uuid4()), "question_id": question, "answer": answer}


@pytest.fixture
def served(many):
    """A workspace with 60 questions, its services, and how to open it as an annotator's kernel does."""
    secret = many.setting("secret")
    with Services(many.folder) as services:

        def enter(name: str, role: str = "annotator", **terms: float) -> Workspace:
            with pytest.MonkeyPatch.context() as patch:
                for variable, value in services.environment(secret, name, role, **terms).items():
                    patch.setenv(variable, value)
                return Workspace.open(many.folder)

        yield many, services, enter


def test_an_annotator_labels_without_the_database(served):
    workspace, services, enter = served
    with enter("ann") as kernel:
        queue = LabelQueue(kernel, "ann", DOG, decide=OnlineDecider(kernel))
        page = queue.page(48)
        given = [vote(card["id"]) for card in page]
        assert queue.record(given) == [event["id"] for event in given]
        assert queue.record(given[:3]) == [event["id"] for event in given[:3]]
        assert queue.progress()["mine"] == 48
        answers = kernel.lookups.own_answers(queue.annotator_id, [page[0]["id"]])
        assert answers[page[0]["id"]][1] == "yes"
        os.kill(services.writer.pid, 9)
        more = queue.page(48)
        assert len(more) == 12
        queue.record([vote(card["id"], "no") for card in more])
        assert kernel.question_key() == workspace.question_key()
        with pytest.raises(InputError, match="no question 999999"):
            queue.record([vote(999999)])
    log = workspace.reader.votes(effective=False)
    assert len(log) == 60
    assert set(log["annotator"]) == {"ann"}
    assert check_counters(workspace) == []


def test_the_labelling_panel_needs_no_more_than_the_link(served):
    workspace, _, enter = served
    workspace.writer.set_rules(DOG, "any dog", "no wolf")
    workspace.writer.set_settings({"quiz": "on"})
    with enter("ann") as kernel:
        source = WorkspaceLabelling(kernel, annotator="ann")
        page = source.page(48)
        assert (len(page), source.header()["wnid"]) == (48, DOG)
        given = [
            {"id": str(uuid.uuid4()), "key": item["key"], "answer": "yes", "batch": "b"} for item in page[:5]
        ]
        assert source.record(given) == [event["id"] for event in given]
        assert set(source.my_answers([item["key"] for item in page])) == {item["key"] for item in page[:5]}
        assert definition_quiz(kernel, DOG) == definition_quiz(workspace, DOG)
        assert source.gold() == (0, 0)
        assert source.progress()["answered"] == 5
        source.report("bad-definition", "says nothing")
        source.submit([item["key"] for item in page[:5]])
        assert [row["batch"] for row in kernel.own_work.pages(1)] == ["b"]
        assert kernel.reader.synsets()["wnid"].tolist() == workspace.reader.synsets()["wnid"].tolist()
    assert [row["annotator"] for row in workspace.own_work.problems()] == ["ann"]


LABELLING = """
import sys
from synsetlab import Workspace
from synsetlab.ui import LabelingGrid, WorkspaceLabelling
with Workspace.open(sys.argv[1]) as workspace:
    source = WorkspaceLabelling(workspace, annotator="ann")
    grid = LabelingGrid(source=source)
    opened, _ = grid.answer({"type": "open", "keys": []})
    event = {"id": sys.argv[2], "key": opened["items"][0]["key"], "answer": "yes"}
    done, _ = grid.answer({"type": "votes", "owner": source.owner, "events": [event]})
print(*done["acked"], *(name for name in ("sqlalchemy", "pandas", "numpy", "scipy") if name in sys.modules))
"""


def test_a_labelling_page_loads_no_database_and_no_frames(served):
    workspace, services, _ = served
    event = str(uuid.uuid4())
    link = services.environment(workspace.setting("secret"), "ann", "annotator")
    command = [sys.executable, "-c", LABELLING, str(workspace.folder), event]
    environment = {**os.environ, **link}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [event]


def test_nothing_is_done_in_anothers_name_or_beyond_the_role(served):
    workspace, _, enter = served
    bob = workspace.writer.ensure_annotator("bob")
    with enter("ann") as kernel:
        own = kernel.writer.ensure_annotator("ann")
        refused = (
            lambda: kernel.writer.ensure_annotator("bob"),
            lambda: kernel.writer.record_votes(bob, [vote(1)]),
            lambda: kernel.writer.claim(bob, DOG, 4, batch="b"),
            lambda: kernel.writer.release_leases(bob, [1]),
            lambda: kernel.lookups.own_answers(bob, [1]),
            lambda: kernel.own_work.note(bob, "shortcut", "x"),
            lambda: kernel.lookups.votes_on(1),
            kernel.reader.votes,
            kernel.reader.counts,
            lambda: kernel.setting("secret"),
            lambda: kernel.writer.set_gold({1: "yes"}),
            lambda: kernel.writer.record_expert_verdicts([{"decided_by": "ann"}]),
            lambda: kernel.writer.record_decisions({}, []),
            lambda: kernel.writer.together().__enter__(),
            lambda: kernel._database.ask("engine.dispose"),
            lambda: kernel._database.ask("writer.transaction"),
        )
        for attempt in refused:
            with pytest.raises(NotAllowedError):
                attempt()
        assert kernel.writer.record_votes(own, [vote(1)])
    with enter("eva", "expert") as kernel:
        verdict = {"id": str(uuid.uuid4()), "question_id": 1, "verdict": "accept", "reason": ""}
        with pytest.raises(NotAllowedError):
            kernel.writer.record_expert_verdicts([{**verdict, "decided_by": "ann"}])
        assert kernel.writer.record_expert_verdicts([{**verdict, "decided_by": "eva"}]) == {1: "accepted"}
    assert len(workspace.reader.votes(effective=False)) == 1


WRONG_CLAIMS = [
    {"size": 0},
    {"size": -5},
    {"size": 513},
    {"size": 10**9},
    {"size": 6.0},
    {"minutes": 0},
    {"minutes": -1.0},
    {"minutes": 20.5},
    {"minutes": 1e12},
    {"minutes": float("nan")},
    {"minutes": float("inf")},
    {"minutes": "5"},
    {"controls": 1.0},
    {"controls": 0.0},
    {"batch": ""},
    {"batch": "b" * 65},
    {"batch": 7},
]


def test_a_kernel_claims_a_page_as_the_product_makes_them(served):
    workspace, _, enter = served
    gold = dict.fromkeys(workspace.reader.questions()["id"][:6], "yes")
    workspace.writer.set_gold(gold)
    with enter("ann") as kernel:
        own = kernel.writer.ensure_annotator("ann")
        for wrong in WRONG_CLAIMS:
            terms = {"size": 6, "batch": "b", **wrong}
            (name,) = wrong
            with pytest.raises((InputError, NotAllowedError), match=re.escape(f"{wrong[name]!r:.40}")):
                kernel.writer.claim(own, DOG, terms.pop("size"), **terms)
        assert workspace.reader.leases().empty
        page = kernel.writer.claim(own, DOG, 48, batch="b")
        assert len(set(page) & set(gold)) == 6
    # Whoever has the workspace itself may ask for what they like.
    assert workspace.writer.claim(own, DOG, 60, batch="c", minutes=-1, controls=0.5)


def test_the_role_of_votes_is_that_of_the_name(served):
    workspace, _, enter = served
    with enter("Zed") as kernel:
        with pytest.raises(NotAllowedError, match="role of votes"):
            kernel.writer.ensure_annotator("Zed", "anonymous")
        with pytest.raises(NotAllowedError, match="role of votes"):
            kernel.writer.ensure_annotator("Zed", role="anonymous")
        assert kernel.writer.ensure_annotator("Zed")
    with enter("anonymous:7f3a") as kernel:
        WorkspaceLabelling(kernel, annotator="anonymous:7f3a")
    roles = workspace.reader.annotators().set_index("name")["role"].to_dict()
    assert roles == {"Zed": "annotator", "anonymous:7f3a": "anonymous"}


def test_a_kernel_has_only_its_own_questions_decided_and_hears_nothing_of_them(served):
    workspace, _, enter = served
    for name in ("bob", "cy", "dee"):
        other = workspace.writer.ensure_annotator(name)
        workspace.writer.record_votes(other, [vote(1), vote(2)])
    with enter("ann") as kernel:
        assert kernel._database.ask("decide", [1, 2]) is None
        own = kernel.writer.ensure_annotator("ann")
        assert kernel._database.ask("decide", [1, 2, 10**6]) is None
        assert set(workspace.reader.questions()["outcome"]) == {"open"}
        kernel.writer.record_votes(own, [vote(2)])
        assert OnlineDecider(kernel)([1, 2, 3]) is None
    outcomes = workspace.reader.questions().set_index("id")["outcome"]
    assert (outcomes[1], outcomes[2]) == ("open", "accepted")


def test_a_capability_ends_and_is_not_renewed_for_who_was_signed_out(served):
    workspace, _, enter = served
    with enter("ann", seconds=-1) as late, pytest.raises(NotAllowedError, match="has ended"):
        late.writer.ensure_annotator("ann")
    with enter("ann") as kernel:
        kernel.writer.ensure_annotator("ann")
        fresh = Capability.read(kernel._database.ask("renew"), capability_key(workspace.setting("secret")))
        assert (fresh.annotator, fresh.role) == ("ann", "annotator")
        workspace.accounts.admit("curator", "admin")
        with pytest.raises(NotAllowedError, match="signed out"):
            kernel._database.ask("renew")


def test_what_is_no_capability():
    key = capability_key(SECRET)
    good = issue(SECRET, "ann", "annotator")
    assert Capability.read(good, key).annotator == "ann"
    body, _, signature = good.partition(".")
    other = issue(SECRET, "bob", "admin").partition(".")
    for bad in ("", ".", "x.y", body, f"{other[0]}.{signature}", f"{body}.{signature[:-2]}", "é." + good):
        with pytest.raises(NotAllowedError):
            Capability.read(bad, key)
    with pytest.raises(NotAllowedError):
        Capability.read(good, hashlib.sha256(b"another").digest())


def test_whoever_says_something_else_is_sent_away_and_others_are_served(served):
    _, services, enter = served
    for said in (b"GET / HTTP/1.1\r\n\r\n", pack({"do": "setting", "args": ["secret"]}), b"\0\0\0\x03abc"):
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.settimeout(30)
            stranger.connect(services.writer.path)
            stranger.sendall(said)
            answer = stranger.recv(4096)
            assert answer == b"" or next(Incoming().feed(answer))["error"][0] == "NotAllowedError"
    with enter("ann") as kernel:
        assert kernel.lookups.synset(DOG)["lemmas"] == ["dog"]


def test_votes_that_are_none_are_refused_and_the_writer_lives(served):
    _, services, enter = served
    with enter("ann") as kernel:
        own = kernel.writer.ensure_annotator("ann")
        pid = services.writer.pid
        for args in ([], [own], [own, 5], [own, None], [own, "yes"], [own, {"a": 1}], [own, [5]]):
            with pytest.raises(WorkspaceError):
                kernel._database.ask("writer.record_votes", *args)
        assert kernel.writer.record_votes(own, [vote(1)])
        assert services.writer.pid == pid


@pytest.mark.slow
def test_many_kernels_at_once(served):
    workspace, _, enter = served
    kernels = [enter(f"worker {number}") for number in range(6)]
    given: list[int] = []

    def work(kernel: Workspace, name: str) -> None:
        queue = LabelQueue(kernel, name, DOG, decide=OnlineDecider(kernel))
        while page := queue.page(7):
            given.append(len(queue.record([vote(card["id"]) for card in page])))

    threads = [
        threading.Thread(target=work, args=(kernel, f"worker {number}"))
        for number, kernel in enumerate(kernels)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for kernel in kernels:
        kernel.close()
    log = workspace.reader.votes(effective=False)
    assert sum(given) == len(log)
    assert not log.duplicated(["annotator_id", "question_id"]).any()
    assert log.groupby("question_id").size().between(2, 3).all()
    assert check_counters(workspace) == []
