"""Panels that follow each other's traits, without a page."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from traitlets import dlink

from synsetlab import Workspace
from synsetlab.errors import InputError
from synsetlab.ui import (
    ConsensusDashboard,
    LabelingGrid,
    SynsetBrowser,
    VoteReview,
    WorkspaceLabelling,
    WorkspaceReview,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOG, HAT, FOX = "n02084071", "n03497657", "n02119789"


@pytest.fixture
def workspace(tmp_path: Path, wordnet: Path) -> Iterator[Workspace]:
    with Workspace.create(tmp_path / "ws") as made:
        known = [(DOG, "dog"), (HAT, "hat")]
        made.writer.add_synsets(
            [{"wnid": w, "lemmas": [n], "gloss": "", "path": [], "chosen": True} for w, n in known], []
        )
        run = made.writer.start_import("folder", "made up")
        facts = {"format": "JPEG", "width": 4, "height": 3, "bytes": 9, "mean_color": "#000000"}
        pictures = [
            (hashlib.sha256(f"{wnid}{n}".encode()).hexdigest(), wnid) for wnid, _ in known for n in "ab"
        ]
        made.writer.add_images(
            [{"id": name, "phash": None, "phash_name": None, **facts} for name, _ in pictures],
            [],
            [{"image_id": name, "wnid": wnid, "import_id": run} for name, wnid in pictures],
        )
        yield made


def test_the_grid_asks_about_what_was_chosen_last_and_stays_where_that_cannot_be(
    workspace: Workspace,
) -> None:
    browser = SynsetBrowser(workspace=workspace)
    grid = LabelingGrid(source=WorkspaceLabelling(workspace, annotator="ada"))
    assert grid.synset == DOG
    dlink((browser, "selection"), (grid, "synset"), lambda chosen: chosen[-1] if chosen else grid.synset)
    browser.on_choose({"wnid": HAT, "on": True, "scope": "self", "policy": None})
    assert grid.synset == HAT
    assert grid.on_open({"keys": []})["header"]["lemmas"] == ["hat"]
    with pytest.raises(InputError, match="no synset"):
        browser.on_choose({"wnid": FOX, "on": True, "scope": "self", "policy": None})
    assert grid.synset == HAT
    assert grid.on_open({"keys": []})["count"] == 2
    browser.selection = []
    assert grid.synset == HAT


def test_the_class_on_the_dashboard_leads_tree_and_queue(workspace: Workspace) -> None:
    dashboard = ConsensusDashboard(workspace=workspace)
    browser = SynsetBrowser(workspace=workspace)
    review = VoteReview(WorkspaceReview(workspace, expert="maria"))
    dlink((dashboard, "synset"), (browser, "selected"))
    dlink((browser, "selected"), (review, "synset"))
    dashboard.on_synset({"wnid": HAT})  # a click on the page
    assert (browser.selected, review.synset) == (HAT, HAT)
    assert review.on_open({})["synset"] == HAT
    browser.on_detail({"wnid": DOG, "languages": []})
    assert review.synset == DOG
    dashboard.on_synset({"wnid": ""})
    assert review.synset == ""


@pytest.mark.parametrize("panel", ["dashboard", "review"])
def test_what_the_page_sends_as_a_synset_is_checked(workspace: Workspace, panel: str) -> None:
    made = {
        "dashboard": lambda: ConsensusDashboard(workspace=workspace),
        "review": lambda: VoteReview(WorkspaceReview(workspace, expert="maria")),
    }[panel]()
    for bad in ({}, {"wnid": 5}, {"wnid": "n" * 80}):
        with pytest.raises(InputError):
            made.on_synset(bad)
    assert made.synset == ""


def test_the_drawer_may_ask_the_synsets_but_not_choose_any(workspace: Workspace) -> None:
    review = VoteReview(WorkspaceReview(workspace, expert="maria"))
    fields, _ = review.on_synsets(
        {"ask": {"type": "search", "text": "kit fox", "languages": [], "filters": []}}
    )
    assert FOX in [found["wnid"] for found in fields["results"]]
    for ask in (
        {"type": "choose", "wnid": FOX},
        {"type": "save"},
        {"type": "__init__"},
        None,
        {"type": ["open"]},
    ):
        with pytest.raises(InputError):
            review.on_synsets({"ask": ask})
