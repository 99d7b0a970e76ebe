"""ModelEvaluation in Chromium: from a class to its pictures, and back to review."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from tests.browser.panels.test_panels import CONTRAST

from synsetlab import Workspace
from synsetlab.benchmark import release_truth
from synsetlab.benchmark.leaderboard import Leaderboard, Target
from synsetlab.release import ReleasePolicy, freeze
from synsetlab.simulate.classifier import predict_by_neighbours
from synsetlab.ui.evaluation import ModelEvaluation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Page


@pytest.fixture
def workspace(demo: Path, tmp_path: Path) -> Iterator[Workspace]:
    shutil.copytree(demo, tmp_path / "ws")
    with Workspace.open(tmp_path / "ws") as opened:
        yield opened


@pytest.fixture
def panel(workspace: Workspace, tmp_path: Path) -> ModelEvaluation:
    freeze(workspace, tmp_path / "v1", policy=ReleasePolicy(splits={"train": 0.5, "val": 0.5}), seed=7)
    near = predict_by_neighbours(tmp_path / "v1", workspace)
    swapped = near.rename(columns={"top1": "top2", "top2": "top1"})
    near.to_csv(tmp_path / "near.csv", index=False)
    truth, board = release_truth(tmp_path / "v1", "val"), Leaderboard(tmp_path / "board")
    target = Target.of_release(tmp_path / "v1", "val")
    board.submit(target, truth, tmp_path / "near.csv", model="near", user="ann", on="2026-01-02")
    return ModelEvaluation(
        workspace=workspace, release=tmp_path / "v1", predictions={"near": near, "swapped": swapped},
        board=board, options={"expert": "eva"},
    )  # fmt: skip


@pytest.mark.parametrize("look", [(360, "dark"), (1280, "light")], ids=str)
def test_wrong_pictures_are_found_by_class_and_sent_back(
    stage: Callable[..., Any],
    page: Page,
    panel: ModelEvaluation,
    workspace: Workspace,
    look: tuple[int, str],
) -> None:
    width, theme = look
    page.set_viewport_size({"width": width, "height": 900})
    shown = stage(panel, theme=theme)
    root = shown.ready()
    expect(root).to_have_attribute("data-model", "near")
    expect(page.locator("svg.chart circle")).to_have_count(1)
    page.locator("[data-part=models] tbody button", has_text="swapped").click()
    expect(root).to_have_attribute("data-model", "swapped")
    first = page.locator("[data-part=classes] tbody tr").first
    wrong = int(first.locator("td").nth(1).inner_text())
    first.get_by_role("button").click()
    tiles = page.locator(".sl-wrong-place[data-wnid] .sl-tile")
    expect(tiles).to_have_count(wrong)
    expect(page.locator('.sl-thumb[data-state="ready"]')).to_have_count(wrong)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) == []
    tiles.first.get_by_role("button", name="View").click()
    expect(page.locator("dialog img[src]")).to_be_visible()
    page.keyboard.press("Escape")
    send = page.locator("[data-do=send]")
    expect(send).to_be_disabled()
    tiles.first.locator(".sl-pick").press("Enter")
    page.get_by_label("Reason").fill("looks like something else")
    send.click()
    expect(page.locator('.sl-tile[data-asked="true"]')).to_have_count(1)
    verdicts = workspace.reader.expert_verdicts()
    assert verdicts[["verdict", "decided_by", "reason"]].to_numpy().tolist() == [
        ["more-votes", "eva", "looks like something else"]
    ]
    assert (shown.crashes, shown.foreign) == ([], [])
