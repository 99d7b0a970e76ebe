"""The desk: pages of viewers, experts and curators show the same without the database, and no role more."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid

import pytest

from synsetlab import Workspace
from synsetlab.errors import InputError, NotAllowedError
from synsetlab.server.services import Services
from synsetlab.store.capability import Capability
from synsetlab.store.names import ROLES
from synsetlab.store.permits import PERMITS, check_permit
from synsetlab.ui import (
    ConsensusDashboard,
    DuplicateReview,
    SynsetBrowser,
    VoteReview,
    WorkspaceDuplicates,
    WorkspaceReview,
)

pytestmark = pytest.mark.wordnet
POODLE = "n02113335"


@pytest.fixture(scope="module")
def served(tmp_path_factory, demo):
    """A demo workspace, its services, and how to open it as someone's kernel does."""
    folder = shutil.copytree(demo, tmp_path_factory.mktemp("desk") / "demo")
    with Workspace.open(folder) as workspace, Services(folder) as services:
        leave_undecided(workspace, 3)

        def enter(name: str, role: str) -> Workspace:
            with pytest.MonkeyPatch.context() as patch:
                for variable, value in services.environment(workspace.setting("secret"), name, role).items():
                    patch.setenv(variable, value)
                return Workspace.open(folder)

        yield workspace, services, enter


def leave_undecided(workspace: Workspace, number: int) -> None:
    """Have some questions that no vote can settle, whatever the demo's annotators said."""
    facts = workspace.reader.questions().query("outcome == 'accepted' and gold_answer.isna()")
    counted = ["id", "n_yes", "n_no", "n_unsure", "votes_wanted"]
    rows = facts[counted].head(number).rename(columns={"id": "question_id"}).to_dict("records")
    undecided = {"outcome": "ambiguous", "posterior": 0.5, "reason": "P(yes) 0.5 after all votes"}
    policy = {"hash": "0" * 64, "kind": "fixed", "body": '{"kind": "fixed", "votes": 7}'}
    workspace.writer.record_decisions(policy, [{**row, **undecided} for row in rows])


def panels(workspace: Workspace) -> dict[str, object]:
    return {
        "review": VoteReview(WorkspaceReview(workspace, expert="eve", audit=24)),
        "blind": VoteReview(WorkspaceReview(workspace, expert="eve"), blind=True),
        "duplicates": DuplicateReview(WorkspaceDuplicates(workspace, curator="eve")),
        "dashboard": ConsensusDashboard(workspace=workspace),
        "browse": SynsetBrowser(workspace=workspace),
    }


def test_every_panel_shows_the_same_without_the_database(served):
    workspace, _, enter = served
    with enter("eve", "expert") as kernel:
        here, there = panels(workspace), panels(kernel)
        messages = [
            *((name, {"type": "open", "filters": {}}) for name in here if name != "browse"),
            ("browse", {"type": "open", "filters": []}),
            ("review", {"type": "annotators"}),
            ("review", {"type": "log"}),
            ("review", {"type": "synsets", "ask": {"type": "open", "filters": []}}),
            ("dashboard", {"type": "left", "price": 0.02}),
            *(("dashboard", {"type": kind}) for kind in ("synsets", "annotators", "problems", "agreement")),
        ]
        queue = here["review"].source.queue()
        assert {item["reason"] for item in queue} >= {"ambiguous", "audit"}
        for item in queue[:40]:
            asked = {"type": "detail", "question": item["question"]}
            messages += [("review", asked), ("blind", asked)]
        wnids = workspace.reader.synsets()["wnid"].tolist()
        messages += [("dashboard", {"type": "cells", "wnid": wnid}) for wnid in wnids]
        for wnid in wnids:
            messages.append(("browse", {"type": "detail", "wnid": wnid, "languages": []}))
            assert here["browse"]._pictures.keys(wnid, 9) == there["browse"]._pictures.keys(wnid, 9)
        for name, message in messages:
            expected = here[name].answer(message)
            assert "error" not in expected[0], expected
            assert there[name].answer(message) == expected, message
    assert here["dashboard"].answer({"type": "open"})[0]["totals"]["votes"] > 100
    assert here["duplicates"].source.clusters()


def test_verdicts_are_given_and_taken_back(served):
    workspace, _, enter = served
    with enter("eve", "expert") as kernel:
        source = WorkspaceReview(kernel, expert="eve")
        first, second, third = (item["question"] for item in source.queue()[:3])
        source.verdict([first, second], "accept", "")
        source.verdict([third], "relabel", "", wnid=POODLE)
        outcomes = workspace.lookups.questions([int(name) for name in (first, second, third)])
        said = [outcomes[int(name)]["outcome"] for name in (first, second, third)]
        assert said == ["accepted", "accepted", "rejected"]
        assert POODLE in set(workspace.reader.synsets()["wnid"])
        assert [entry["verdict"] for entry in source.log()[:2]] == ["accept", "reject"]
        with pytest.raises(InputError, match="no question 999999"):
            source.verdict(["999999"], "accept", "")
        assert source.undo() == {third: None}
        assert source.undo() == {first: None, second: None}
        assert source.undo() is None
        assert workspace.lookups.standing([int(first), int(second), int(third)]) == {}


def test_duplicate_verdicts_are_taken_back_one_by_one_but_not_over_anothers(served):
    workspace, _, enter = served
    with enter("eve", "expert") as kernel:
        source = WorkspaceDuplicates(kernel, curator="eve")
        cluster = next(found for found in source.clusters() if len(found["copies"]) == 2)
        keep, other = (copy["key"] for copy in cluster["copies"])

        def stands() -> dict[str, tuple[str, str]]:
            rows = workspace.reader.duplicate_verdicts().to_dict("records")
            said = {row["image_id"]: (row["verdict"], row["decided_by"]) for row in rows}
            return {image: said[image] for image in (keep, other) if image in said}

        before = stands()
        source.decide(cluster["cluster"], {keep: "keep", other: "drop"})
        source.decide(cluster["cluster"], {other: "not-a-duplicate"})
        assert stands() == {keep: ("keep", "eve"), other: ("not-a-duplicate", "eve")}
        assert source.undo() == {"cluster": cluster["cluster"], "verdicts": {other: "drop"}}
        assert stands()[other] == ("drop", "eve")
        undone = source.undo()
        assert undone is not None
        assert set(undone["verdicts"].values()) == {None}
        assert {image: verdict for image, (verdict, _) in stands().items()} == {
            image: before.get(image, ("keep", "policy"))[0] for image in (keep, other)
        }
        source.decide(cluster["cluster"], {other: "not-a-duplicate"})
        last = WorkspaceDuplicates(workspace, curator="cara")
        last.clusters()
        last.decide(cluster["cluster"], {other: "keep"})
        with pytest.raises(InputError, match="cara has judged"):
            source.undo()
        assert stands()[other] == ("keep", "cara")


def test_no_role_is_told_more_than_its_pages_show(served):
    _, _, enter = served
    asked = {
        "browsing": lambda kernel: kernel.desk("browsing").counts(),
        "dashboard": lambda kernel: kernel.desk("dashboard").totals(),
        "review": lambda kernel: kernel.desk("review").queue(None, 0, 0),
        "duplicates": lambda kernel: kernel.desk("duplicates").clusters(),
        "votes": lambda kernel: kernel.lookups.votes_on(1),
        "frames": lambda kernel: kernel.reader.questions(),
        "secret": lambda kernel: kernel.setting("secret"),
        "raw": lambda kernel: kernel._desk.ask("dashboard._votes"),
        "write at the desk": lambda kernel: kernel._desk.ask(
            "writer.record_expert_verdicts", [{"decided_by": "eve"}]
        ),
    }
    told: dict[str, set[str]] = {}
    for role in ROLES:
        with enter("eve", role) as kernel:
            for what, ask in asked.items():
                try:
                    ask(kernel)
                except NotAllowedError:
                    continue
                told.setdefault(role, set()).add(what)
    everything = {"browsing", "dashboard", "review", "duplicates"}
    assert told == {
        "viewer": {"browsing", "dashboard"},
        "annotator": {"browsing"},
        "expert": everything,
        "curator": everything,
        "admin": everything,
    }


def test_every_operation_of_the_desk_is_permitted_to_someone_and_there():
    from synsetlab.ui.workspace.desk import FACTS, DeskParts

    parts = DeskParts(None)  # type: ignore[arg-type]
    for operation in PERMITS:
        part, _, name = operation.rpartition(".")
        if part in FACTS and part != "browsing":
            assert callable(getattr(parts[part], name)), operation


@pytest.mark.parametrize(
    ("operation", "args", "named"),
    [
        ("writer.record_expert_verdicts", [[{"decided_by": "ann"}]], {}),
        ("writer.record_expert_verdicts", [], {"rows": [{"decided_by": "ann"}]}),
        ("writer.record_expert_verdicts", [[]], {}),
        ("writer.relabel", [[], POODLE], {}),
        ("writer.relabel", [[], POODLE], {"by": "ann"}),
        (
            "writer.relabel",
            [],
            {"moves": [{"reject": {"decided_by": "ann"}, "accept": {}}], "wnid": POODLE, "by": "eve"},
        ),
        (
            "writer.relabel",
            [[{"reject": {"decided_by": "ann"}, "accept": {"decided_by": "eve"}}], POODLE],
            {"by": "eve"},
        ),
        ("writer.add_duplicate_verdicts", [[{"decided_by": "policy"}]], {}),
        ("writer.take_back_duplicate_verdicts", [{"a": 1}], {"by": "ann"}),
        ("writer.take_back_duplicate_verdicts", [{"a": 1}, "eve"], {}),
    ],
)
def test_no_verdict_is_given_in_anothers_name(operation, args, named):
    eve = Capability("eve", "admin", expires_at=2e9)
    with pytest.raises(NotAllowedError, match="another's name"):
        check_permit(eve, None, operation, args, named)


PAGE = """
import sys
from synsetlab import Workspace
from synsetlab.ui import ConsensusDashboard, DuplicateReview, VoteReview, WorkspaceDuplicates, WorkspaceReview
with Workspace.open(sys.argv[1]) as workspace:
    for panel in (
        VoteReview(WorkspaceReview(workspace, audit=24)),
        DuplicateReview(WorkspaceDuplicates(workspace)),
        ConsensusDashboard(workspace=workspace),
    ):
        answer, _ = panel.answer({"type": "open"})
        assert "error" not in answer, answer
print(*(name for name in ("sqlalchemy", "pandas", "numpy", "scipy") if name in sys.modules))
"""


def test_their_pages_load_no_database_and_no_frames(served):
    workspace, services, _ = served
    environment = {**os.environ, **services.environment(workspace.setting("secret"), "eve", "expert")}
    command = [sys.executable, "-c", PAGE, str(workspace.folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_desk_comes_back_when_it_was_killed_and_the_writer_does_not_notice(served):
    _, services, enter = served
    with enter("eve", "expert") as kernel:
        before = kernel.desk("dashboard").totals()
        writer = services.writer.pid
        os.kill(services.desk.pid, 9)
        assert kernel.desk("dashboard").totals() == before
        assert services.writer.pid == writer
        rows = [
            {"id": str(uuid.uuid4()), "question_id": 1, "verdict": verdict, "reason": "", "decided_by": "eve"}
            for verdict in ("accept", "undo")
        ]
        for row in rows:
            kernel.writer.record_expert_verdicts([row])
