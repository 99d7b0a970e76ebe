"""The demo workspace: whole, judged mostly right, with work left for you; on both databases."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from synsetlab import Workspace
from synsetlab.errors import InputError, MissingColumnError, WorkspaceError
from synsetlab.release import freeze, verify_release
from synsetlab.simulate.demo import TARGETS
from synsetlab.simulate.labelling import read_truth
from synsetlab.simulate.working_hours import DAY, WorkingHours
from synsetlab.simulate.workspace import TRUTH, build_demo
from synsetlab.ui.workspace.keys import QuestionKeys
from synsetlab.ui.workspace.labelling import WorkspaceLabelling
from synsetlab.ui.workspace.review import WorkspaceReview
from synsetlab.voting.consensus import check_counters, run_consensus
from synsetlab.voting.policy import FixedPolicy

pytestmark = pytest.mark.wordnet


@pytest.fixture
def own_demo(demo, tmp_path):
    """One that may be changed."""
    return shutil.copytree(demo, tmp_path / "demo")


def test_what_it_holds(built_demo, demo_images):
    assert built_demo.synsets == 16
    assert built_demo.failed >= 1
    assert built_demo.clusters >= 5
    assert built_demo.images + built_demo.failed <= demo_images
    assert not built_demo.folder.with_name("demo.partial").exists()
    with Workspace.open(built_demo.folder) as workspace:
        assert check_counters(workspace) == []
        assert workspace.reader.failures()["reason"].isin(["truncated", "not-an-image", "empty"]).all()
        assert set(workspace.reader.candidates()["licence"]) == {"CC0-1.0"}


def test_its_votes_were_given_over_hours_and_by_day(demo):
    with Workspace.open(demo) as workspace:
        at = pd.to_datetime(workspace.reader.votes()["decided_at"], utc=True)
    assert at.max() < datetime.now(UTC)
    assert at.max() - at.min() > timedelta(hours=6)
    assert at.dt.floor("h").nunique() > 6
    assert at.dt.hour.between(DAY[0], DAY[1]).all()


def test_decisions_are_mostly_right(demo):
    truth = read_truth(demo / TRUTH)
    with Workspace.open(demo) as workspace:
        questions = workspace.reader.questions()
    decided = questions[questions["outcome"].isin(["accepted", "rejected"]) & questions["gold_answer"].isna()]
    plain = [
        (row["outcome"] == "accepted") == (known.truth == "yes")
        for row in decided.to_dict("records")
        if (known := truth[row["image_id"], row["wnid"]]).truth != "ambiguous"
    ]
    assert len(plain) > 60
    assert sum(plain) / len(plain) > 0.93


def test_four_synsets_are_left_for_you_and_examples_are_not_asked(own_demo):
    with Workspace.open(own_demo) as workspace:
        grid = WorkspaceLabelling(workspace, annotator="you")
        keys = QuestionKeys(workspace.question_key())
        seen = set()
        while page := grid.page(48):
            seen.add(grid.wnid)
            header = grid.header()
            shown = {example["key"] for example in header["examples"]}
            numbers = [keys.open(item["key"]) for item in page]
            asked = workspace.lookups.cards(numbers)
            assert not shown & {card["image_id"] for card in asked}
            assert grid.thumbnail(page[0]["key"])[:2] == b"\xff\xd8"
            events = [
                {
                    "id": f"{item['key'][:8]}-0000-4000-8000-{item['key'][4:]}",
                    "key": item["key"],
                    "answer": "yes",
                }
                for item in page
            ]
            assert grid.record(events) == [event["id"] for event in events]
            assert set(grid.my_answers([item["key"] for item in page])) == {item["key"] for item in page}
            grid.submit([item["key"] for item in page])
            assert set(numbers) <= set(workspace.reader.decisions()["question_id"])
        assert seen == set(TARGETS[-4:])
        assert grid.progress()["answered"] == grid.progress()["total"]


def test_the_review_panel_knows_why(own_demo):
    with Workspace.open(own_demo) as workspace:
        run_consensus(workspace, FixedPolicy())  # two of three is not enough for it
        source = WorkspaceReview(workspace, expert="maria")
        queue = source.queue()
        assert queue
        first = queue[0]
        detail = source.detail(first["question"])
        assert detail["policy"]
        assert len(detail["votes"]) == first["yes"] + first["no"] + first["unsure"]
        known = source.reliability()
        assert all(0 < known[vote["annotator"]]["right"] <= 1 for vote in detail["votes"])
        source.verdict(first["question"], "reject", "")
        assert first["question"] not in {item["question"] for item in source.queue()}
        assert source.undo() == {first["question"]: None}
        assert source.queue() == queue


@pytest.mark.postgres
@pytest.mark.slow
def test_the_same_demo_on_postgres(built_demo, demo_images, tmp_path, postgres):
    built = build_demo(tmp_path / "demo", images=demo_images, database=postgres())
    assert (built.images, built.clusters) == (built_demo.images, built_demo.clusters)
    # Cursors of the queue stay a little behind there, so that chance gives others the same question.
    assert built.votes == pytest.approx(built_demo.votes, rel=0.15)
    with Workspace.open(built.folder) as workspace:
        freeze(workspace, tmp_path / "release", seed=1)
    assert verify_release(tmp_path / "release") == []


def test_an_existing_folder_is_not_touched(tmp_path):
    (tmp_path / "demo").mkdir()
    with pytest.raises(WorkspaceError, match="exists already"):
        build_demo(tmp_path / "demo")
    assert not list((tmp_path / "demo").iterdir())


def test_truth_tables_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv"):
        read_truth(tmp_path / "none.csv")
    (tmp_path / "t.csv").write_text("image_id,wnid\n")
    with pytest.raises(MissingColumnError, match="truth"):
        read_truth(tmp_path / "t.csv")
    (tmp_path / "t.csv").write_text("image_id,wnid,truth\na,b,perhaps\n")
    with pytest.raises(InputError, match="perhaps"):
        read_truth(tmp_path / "t.csv")


@pytest.mark.parametrize("pages", [1, 30, 3000])
def test_however_many_pages_none_is_of_tomorrow_and_each_begins_after_the_last(pages):
    since = datetime.now(UTC) - timedelta(days=3)
    hours = WorkingHours(since, seed=1)
    times = [hours.page([1500, 700, 2100]) for _ in range(pages)]
    starts = [page[0] for page in times]
    assert starts == sorted(starts)
    assert all(page == sorted(page) for page in times)
    assert since < starts[0]
    assert times[-1][-1] <= datetime.now(UTC)
