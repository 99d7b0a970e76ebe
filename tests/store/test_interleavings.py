"""Several processes claim, vote, retract and let leases run out at once: nobody is asked twice, no question
closes with fewer votes than the policy asks, and no more are collected than it wants."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack

import pytest

from synsetlab.store.workspace import Workspace
from synsetlab.voting.consensus import check_counters, run_consensus
from synsetlab.voting.policy import FixedPolicy

DOG = "n02084071"
WANTED = 3

WORKER = """
import json, random, sys, uuid
from synsetlab import Workspace
from synsetlab.voting.consensus import OnlineDecider
from synsetlab.voting.queue import LabelQueue

folder, seed, wnid = sys.argv[1], int(sys.argv[2]), sys.argv[3]
rng = random.Random(seed)
answered, retracted = [], 0
with Workspace.open(folder) as workspace:
    queue = LabelQueue(workspace, f"worker {seed}", wnid, decide=OnlineDecider(workspace))
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(14):
        # Some pages are taken for no time at all: their leases have run out when others ask.
        minutes = rng.choice([20, 20, -1])
        page = workspace.writer.claim(queue.annotator_id, wnid, 6, batch=str(uuid.uuid4()), minutes=minutes)
        given = page if rng.random() < 0.7 else page[: len(page) // 2]
        events = [
            {"id": str(uuid.uuid4()), "question_id": q, "answer": rng.choice(["yes", "yes", "no"])}
            for q in given
        ]
        queue.record(events)
        answered += given
        if events and rng.random() < 0.3:
            taken = rng.choice(events)
            back = {"id": str(uuid.uuid4()), "question_id": taken["question_id"], "retracts": taken["id"]}
            queue.record([back])
            retracted += 1
print(json.dumps({"answered": answered, "retracted": retracted}), flush=True)
"""


def run_workers(folder, code: str, seeds: range) -> list[dict]:
    """Start them all, let them go at the same time, and read what each did."""
    command = [sys.executable, "-c", code, str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with ExitStack() as stack:  # where one fails the others are ended too, not left to the next test
        workers = []
        for seed in seeds:
            worker = stack.enter_context(subprocess.Popen([*command, str(seed), DOG], **pipes))
            stack.callback(worker.kill)
            workers.append(worker)
        for worker in workers:
            assert worker.stdout.readline() == "ready\n"
        for worker in workers:
            worker.stdin.write("go\n")
            worker.stdin.flush()
        said = [worker.communicate()[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * len(workers)
    return [json.loads(one) for one in said]


@pytest.mark.slow
def test_whatever_the_interleaving(filled):
    run_consensus(filled, FixedPolicy(votes=WANTED, min_confidence="2/3"), fit=False)
    folder = filled.folder
    filled.close()
    found = run_workers(folder, WORKER, range(4))
    for worker in found:
        assert len(worker["answered"]) == len(set(worker["answered"])), "asked twice"
    with Workspace.open(folder) as workspace:
        assert check_counters(workspace) == []
        log = workspace.reader.votes(effective=False)
        answers = log[log["answer"].notna()]
        assert not answers.duplicated(["annotator_id", "question_id"]).any()
        effective = Counter(workspace.reader.votes()["question_id"])
        taken_back = Counter(log.loc[log["retracts"].notna(), "question_id"])
        for question, outcome in zip(
            *(workspace.reader.questions()[c] for c in ("id", "outcome")), strict=True
        ):
            if outcome != "open":
                assert effective[question] >= WANTED, f"{question} was closed early"
        decided = workspace.reader.decisions()
        closed = decided[decided["outcome"] != "open"]
        assert (closed[["n_yes", "n_no", "n_unsure"]].sum(axis=1) >= WANTED).all()
        assert sum(len(worker["answered"]) for worker in found) == len(answers)
        assert sum(taken_back.values()) == sum(worker["retracted"] for worker in found)


@pytest.mark.slow
def test_no_more_is_collected_than_is_wanted(filled):
    """Without expiry and retraction the leases are counted exactly, in both databases."""
    run_consensus(filled, FixedPolicy(votes=WANTED, min_confidence="2/3"), fit=False)
    folder = filled.folder
    filled.close()
    code = WORKER.replace("[20, 20, -1]", "[20]").replace("< 0.3", "< 0").replace("< 0.7", "< 2")
    run_workers(folder, code, range(5))
    with Workspace.open(folder) as workspace:
        votes = Counter(workspace.reader.votes()["question_id"])
        assert sorted(votes) == sorted(workspace.reader.questions()["id"])
        assert max(votes.values()) <= WANTED
        assert min(votes.values()) == WANTED
