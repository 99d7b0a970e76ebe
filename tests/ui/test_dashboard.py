"""ConsensusDashboard without a page: what it counts is what the workspace holds."""

from __future__ import annotations

import itertools
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from synsetlab import Workspace
from synsetlab.errors import InputError
from synsetlab.ui.dashboard import ConsensusDashboard
from synsetlab.ui.workspace.dashboard import MOST_BARS, stretches

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def workspace(demo: Path) -> Iterator[Workspace]:
    """Not to be changed."""
    with Workspace.open(demo) as opened:
        yield opened


@pytest.fixture
def panel(workspace: Workspace) -> ConsensusDashboard:
    return ConsensusDashboard(workspace=workspace, price_per_vote=0.02)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[ConsensusDashboard]:
    with Workspace.create(tmp_path / "empty") as made:
        yield ConsensusDashboard(workspace=made)


def test_totals_and_bars_count_every_vote_once(panel: ConsensusDashboard, workspace: Workspace) -> None:
    reply: Any = panel.on_open({})
    votes = workspace.reader.votes()
    totals = reply["totals"]
    assert totals["votes"] == len(votes) == sum(point["votes"] for point in reply["time"]["points"])
    assert totals["annotators"] == votes["annotator"].nunique()
    assert totals["questions"] == sum(
        totals[name] for name in ("open", "accepted", "rejected", "ambiguous", "excluded")
    )
    assert max(point["annotators"] for point in reply["time"]["points"]) <= totals["annotators"]


def test_the_cost_is_the_votes_left_at_the_price_of_the_page(panel: ConsensusDashboard) -> None:
    cheap, dear = (panel.on_left({"price": price}) for price in (0.01, 1))
    assert isinstance(cheap, dict)
    assert isinstance(dear, dict)
    assert dear["cost"] == pytest.approx(dear["votes"]) == pytest.approx(100 * cheap["cost"])
    assert dear["hours"] > 0
    own: Any = panel.on_left({})
    assert own["price"] == 0.02


@pytest.mark.parametrize("price", [-1, "1", True, float("nan"), float("inf"), None])
def test_what_is_no_price_is_refused(panel: ConsensusDashboard, price: Any) -> None:
    with pytest.raises(InputError, match="price"):
        panel.on_left({"price": price})


def test_synsets_add_up_and_their_tables_hold_all_their_pictures(
    panel: ConsensusDashboard, workspace: Workspace
) -> None:
    reply: Any = panel.on_synsets({})
    rows = reply["synsets"]
    assert {row["wnid"] for row in rows} == set(workspace.reader.synsets()["wnid"])
    known = [row["difficulty"] for row in rows if row["difficulty"] is not None]
    assert known == sorted(known, reverse=True)
    assert all(0 <= bits <= 1 for bits in known)
    for row in rows[:3]:
        outcomes = row["accepted"] + row["rejected"] + row["ambiguous"] + row["open"]
        assert outcomes == row["questions"]
        cells: Any = panel.on_cells({"wnid": row["wnid"]})
        assert sum(cell["questions"] for cell in cells["cells"]) == row["questions"]
    with pytest.raises(InputError, match="n00000001"):
        panel.on_cells({"wnid": "n00000001"})


def test_every_annotator_has_a_row_with_an_interval_around_the_estimate(
    panel: ConsensusDashboard, workspace: Workspace
) -> None:
    reply: Any = panel.on_annotators({})
    votes = workspace.reader.votes()
    told = votes[votes["answer"] != "skip"]["annotator"].value_counts().to_dict()
    assert {row["name"]: row["votes"] for row in reply["annotators"]} == told
    for row in reply["annotators"]:
        assert row["right_low"] <= row["right"] <= row["right_high"]


def test_agreement_has_a_point_for_every_share_of_the_questions(panel: ConsensusDashboard) -> None:
    reply: Any = panel.on_agreement({})
    points = reply["points"]
    assert points
    assert [point["at"] for point in points] == sorted(point["at"] for point in points)
    assert all(point["questions"] >= 10 and 0 <= point["percent"] <= 1 for point in points)


def test_an_empty_workspace_has_empty_answers_and_no_errors(empty: ConsensusDashboard) -> None:
    opened: Any = empty.on_open({})
    assert (opened["totals"]["votes"], opened["totals"]["last_vote"], opened["time"]["points"]) == (
        0,
        None,
        [],
    )
    left: Any = empty.on_left({})
    assert (left["votes"], left["cost"], left["hours"]) == (0, 0, None)
    assert empty.on_synsets({}) == {"synsets": []}
    assert empty.on_annotators({}) == {"annotators": []}
    assert empty.on_agreement({}) == {"points": []}


def test_new_votes_are_seen_at_the_next_look(demo: Path, tmp_path: Path) -> None:
    shutil.copytree(demo, tmp_path / "demo")
    with Workspace.open(tmp_path / "demo") as workspace:
        panel = ConsensusDashboard(workspace=workspace)
        before: Any = panel.on_open({})
        panel.on_annotators({})
        number = int(workspace.reader.questions()["id"].iloc[0])
        new = workspace.writer.ensure_annotator("somebody new")
        event = {"id": "1" * 36, "question_id": number, "answer": "yes", "decided_at": datetime.now(UTC)}
        workspace.writer.record_votes(new, [event])
        after: Any = panel.on_open({})
        assert after["totals"]["votes"] == before["totals"]["votes"] + 1
        rows: Any = panel.on_annotators({})
        assert "somebody new" in {row["name"] for row in rows["annotators"]}


def test_a_source_or_a_workspace_is_needed(workspace: Workspace) -> None:
    with pytest.raises(InputError, match="source or a workspace"):
        ConsensusDashboard()
    with pytest.raises(InputError, match="price"):
        ConsensusDashboard(workspace=workspace, price_per_vote=-0.1)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
def test_stretches_are_few_equal_and_hold_all_times(seconds: list[int]) -> None:
    start = datetime(2024, 2, 28, tzinfo=UTC)
    times = [start + timedelta(seconds=s) for s in seconds]
    unit, starts = stretches(min(times), max(times))
    assert len(starts) <= MOST_BARS
    assert unit
    assert starts[0] <= min(times)
    assert starts[-1] <= max(times)
    if len(starts) > 1:
        length = starts[1] - starts[0]
        assert min(times) < starts[1]
        assert max(times) < starts[-1] + length
        assert {b - a for a, b in itertools.pairwise(starts)} == {length}
