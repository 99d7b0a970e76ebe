"""SynsetBrowser without a page: WordNet, a panel over it, and what is asked of it often."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from synsetlab.taxonomy import Taxonomy, load
from synsetlab.ui.browser import SynsetBrowser

if TYPE_CHECKING:
    from pathlib import Path

    from synsetlab.ui.base import Reply

ROOT, ANIMAL, DOG, HUSKY = "n00001740", "n00015388", "n02084071", "n02110185"
CANINE, DOMESTIC = "n02083346", "n01317541"
"""The two hypernyms of dog."""
HAT, COWBOY_HAT, HEADDRESS, CAP = "n03497657", "n03124170", "n03502509", "n02954340"
NOBODY: dict[str, Any] = {"filters": [], "languages": []}


@pytest.fixture(scope="module")
def taxonomy(wordnet: Path) -> Taxonomy:
    return load()


@pytest.fixture
def panel(taxonomy: Taxonomy) -> SynsetBrowser:
    return SynsetBrowser(taxonomy)


def said(reply: Reply) -> dict[str, Any]:
    """The fields of a reply."""
    assert isinstance(reply, dict)
    return reply


def choose(panel: SynsetBrowser, wnid: str, scope: str = "self", **more: Any) -> dict[str, Any]:
    return said(panel.on_choose({"wnid": wnid, "on": True, "scope": scope, "policy": None, **more}))


def fitting(panel: SynsetBrowser, *filters: str) -> set[str]:
    """wnids that the filters leave, not those above them."""
    reply = said(panel.on_open({"filters": list(filters)}))
    nodes = [node for level in reply["levels"].values() for node in level]
    return {node["wnid"] for node in nodes if not node.get("way")}
