"""The basket of SynsetBrowser: what is chosen, merged, undone, kept and taken up again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from tests.ui.conftest import (
    CANINE,
    CAP,
    COWBOY_HAT,
    DOG,
    DOMESTIC,
    HAT,
    HEADDRESS,
    HUSKY,
    NOBODY,
    ROOT,
    choose,
    said,
)

from synsetlab import Workspace
from synsetlab.errors import InputError, UnknownSynsetError
from synsetlab.taxonomy.selection import Objective, SelectionPolicy, Weights, antichain, select
from synsetlab.taxonomy.selection import choose as choose_by
from synsetlab.ui.browser import SynsetBrowser
from synsetlab.ui.browser_basket import Basket, level_below
from synsetlab.ui.workspace.browsing import Browsing

if TYPE_CHECKING:
    from pathlib import Path

    from synsetlab.taxonomy import Taxonomy


def test_python_hears_of_the_selection_and_can_set_it(panel: SynsetBrowser) -> None:
    heard = list[Any]()
    panel.observe(lambda change: heard.append(change["new"]), names=["selection"])
    choose(panel, HUSKY)
    panel.selection = [HUSKY, HAT, HUSKY]
    assert heard == [[HUSKY], [HUSKY, HAT]]
    rows = {
        node["wnid"]: node for node in said(panel.on_rows({"wnids": [DOG, HUSKY], "filters": []}))["nodes"]
    }
    assert (rows[DOG].get("on"), rows[DOG]["below"], rows[HUSKY]["on"]) == (None, 1, True)
    with pytest.raises(UnknownSynsetError):
        panel.selection = ["n99999999"]
    assert panel.selection == [HUSKY, HAT]


@pytest.mark.parametrize("policy", ["deepest", "shallowest", "first"])
@pytest.mark.parametrize("scope", ["children", "grandchildren", "leaves"])
def test_a_subtree_is_chosen_by_antichain(
    panel: SynsetBrowser, taxonomy: Taxonomy, scope: str, policy: str
) -> None:
    panel.selection = [DOG, HUSKY]
    choose(panel, DOG, scope, policy=policy)
    assert taxonomy.induce(panel.selection).ancestor_pairs == []
    wanted = {
        "children": taxonomy.children(DOG),
        "grandchildren": level_below(taxonomy, DOG, 2),
        "leaves": taxonomy.leaves(DOG),
    }[scope]
    assert panel.selection == antichain(taxonomy, [DOG, HUSKY, *wanted], policy).kept
    panel.undo()
    assert panel.selection == [DOG, HUSKY]


def test_two_levels_down_ends_where_the_tree_does(taxonomy: Taxonomy) -> None:
    level = level_below(taxonomy, DOG, 2)
    for wnid in level:
        near = any(DOG in taxonomy.parents(parent) for parent in taxonomy.parents(wnid))
        assert near or (DOG in taxonomy.parents(wnid) and not taxonomy.children(wnid))


def test_an_ancestor_of_a_chosen_synset_is_named_and_gives_way(panel: SynsetBrowser) -> None:
    facts = choose(panel, HAT) and choose(panel, COWBOY_HAT)
    assert facts["conflict_count"] == 1
    assert [named["name"] for named in facts["conflicts"][0]] == ["hat", "cowboy hat"]
    resolved = said(panel.on_resolve({"policy": "deepest"}))
    assert (panel.selection, resolved["removed"], resolved["names"]) == ([COWBOY_HAT], 1, ["hat"])
    panel.undo()
    panel.on_resolve({"policy": "shallowest"})
    assert panel.selection == [HAT]


def test_only_synsets_with_images_can_be_chosen_and_all_below_removed(taxonomy: Taxonomy) -> None:
    panel = SynsetBrowser(taxonomy, {COWBOY_HAT: {"candidates": 2}, CAP: {"target": 2}})
    choose(panel, HEADDRESS, "images", policy="deepest")
    assert panel.selection == [COWBOY_HAT]
    choose(panel, HEADDRESS)
    panel.on_choose({"wnid": HEADDRESS, "on": False, "scope": "below"})
    assert panel.selection == [HEADDRESS]


def test_the_basket_says_how_complete_it_is_and_what_it_is_worth(taxonomy: Taxonomy) -> None:
    policy = SelectionPolicy(roots=(HEADDRESS,), size=5, strategy="greedy", antichain="first")
    choice = choose_by(taxonomy, policy)
    counts = {
        HAT: {"accepted": 1, "target": 2},
        COWBOY_HAT: {"accepted": 3, "target": 2},
        CAP: {"accepted": 9},
    }
    panel = SynsetBrowser(taxonomy, counts)
    assert "worth" not in said(panel.on_open(NOBODY))
    panel.objective = choice.objective
    reply = choose(panel, COWBOY_HAT)
    assert (reply["complete"], reply["wanted"]) == (1, 1)
    reply = choose(panel, HAT)
    assert (reply["complete"], reply["wanted"]) == (1, 2)
    reply = choose(panel, CAP)
    assert (reply["complete"], reply["wanted"]) == (1, 2)
    panel.selection = list(choice.selection.wnids)
    worth = said(panel.on_open(NOBODY))["worth"]
    assert worth["value"] == choice.worth.value
    assert [term["name"] for term in worth["terms"]] == ["C_cov", "C_hier", "Q_label", "C_cost"]
    assert said(panel.on_clear({}))["worth"]["value"] == 0


def test_a_workspace_s_candidates_count_and_not_those_of_the_policy_s_file(
    taxonomy: Taxonomy, tmp_path: Path
) -> None:
    with Workspace.create(tmp_path / "own") as workspace:
        many = dict.fromkeys(taxonomy.subtree(HEADDRESS), 50.0)
        weights = Weights(n_min=2, d_low=0, d_high=30)
        objective = Objective(taxonomy, many, 5, weights=weights, candidates=many)
        hats = taxonomy.children(HAT)
        panel = SynsetBrowser(taxonomy, workspace=workspace, objective=objective, selection=hats)
        assert said(panel.on_open(NOBODY))["worth"]["value"] == objective(hats).value  # none here yet
        writer = workspace.writer
        synsets = [
            {"wnid": wnid, "lemmas": [wnid], "gloss": "", "path": [], "chosen": True} for wnid in hats[:2]
        ]
        writer.add_synsets(synsets, [])
        run = writer.start_import("test", "")
        images = ["a" * 64, "b" * 64]
        facts = {"format": "JPEG", "width": 4, "height": 3, "bytes": 9, "mean_color": "#000000"}
        writer.add_images(
            [{"id": image, "phash": None, "phash_name": None, **facts} for image in images],
            [],
            [{"image_id": image, "wnid": hats[0], "import_id": run} for image in images],
        )
        panel.refresh()
        reply = said(panel.on_open(NOBODY))
        assert reply["worth"]["terms"][1]["value"] == 1 / len(many)
        assert [merge["wnid"] for merge in reply["merges"]] == [HAT]


def test_chosen_ones_merge_into_one_above_them_and_come_back(panel: SynsetBrowser) -> None:
    panel.selection = [COWBOY_HAT, DOG, *(w for w in panel.taxonomy.children(HAT) if w != COWBOY_HAT)]
    before = list(panel.selection)
    assert [merge["wnid"] for merge in said(panel.on_open(NOBODY))["merges"]] == [HAT]
    reply = said(panel.on_merge({"wnid": HAT}))
    assert (reply["added"], reply["removed"], reply["merge_count"]) == (1, len(before) - 1, 0)
    assert panel.selection == [DOG, HAT]
    with pytest.raises(InputError, match="Nothing below hat is chosen any more"):
        panel.on_merge({"wnid": HAT})
    assert panel.undo()
    assert panel.selection == before


def test_the_selection_given_at_the_start_cannot_be_undone(taxonomy: Taxonomy) -> None:
    panel = SynsetBrowser(taxonomy, selection=[HAT])
    assert not panel.undo()
    assert panel.selection == [HAT]
    assert not panel.redo()


@settings(max_examples=20)
@given(st.lists(st.lists(st.sampled_from([DOG, HUSKY, CANINE, HAT, CAP, ROOT]), unique=True), max_size=8))
def test_the_index_equals_counting_anew_and_undo_and_redo_go_all_the_way(
    taxonomy: Taxonomy, steps: list[list[str]]
) -> None:
    basket = Basket(taxonomy)
    for chosen in steps:
        basket.replace(chosen)
        for wnid in (DOG, CANINE, DOMESTIC, HEADDRESS):
            inside = set(taxonomy.descendants(wnid)) & set(chosen)
            assert basket.below[taxonomy.index(wnid)] == len(inside)
    walked = list[list[str]]()
    while (before := basket.back()) is not None:
        basket.replace(before, remember=False)
        walked.append(list(before))
    assert walked == [[], *steps[:-1]][::-1][: len(steps)]
    assert not basket.below.any()
    while (after := basket.forth()) is not None:
        basket.replace(after, remember=False)
    assert list(basket.chosen) == (steps[-1] if steps else [])


def test_a_kept_selection_is_taken_up_again(taxonomy: Taxonomy, tmp_path: Path) -> None:
    place = tmp_path / "lists" / "mine.txt"
    panel = SynsetBrowser(taxonomy, keep=place)
    choose(panel, HUSKY)
    choose(panel, HAT)
    assert said(panel.on_save({}))["text"] == place.read_text("utf-8")
    assert place.read_text("utf-8").splitlines()[0] == f"{HUSKY}\tSiberian husky"
    again = SynsetBrowser(taxonomy, keep=place)
    assert again.selection == sorted([HAT, HUSKY])
    assert not again.undo()
    again.selection = []
    assert SynsetBrowser(taxonomy, keep=place).selection == []
    assert [path.name for path in place.parent.iterdir()] == ["mine.txt"]


def test_a_workspace_gives_counts_pictures_and_a_place_for_the_selection(
    taxonomy: Taxonomy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNSETLAB_ANNOTATOR", "../ann")
    with Workspace.create(tmp_path / "own") as workspace:
        panel = SynsetBrowser(taxonomy, workspace=workspace, target=5, keep=True)
        assert said(panel.on_open({"filters": []}))["has_counts"] is False
        assert said(panel.on_open({"filters": []}))["start"] is None
        choose(panel, HAT)
        kept = workspace.folder / "selections" / "..%2Fann.txt"
        assert kept.read_text("utf-8").startswith(HAT)
        assert panel.on_poll({}) == {"changed": False}
    with pytest.raises(InputError, match="needs a workspace"):
        SynsetBrowser(taxonomy, keep=True)


@pytest.mark.real_data
def test_the_folder_of_a_workspace_gives_target_languages_and_reasons(
    taxonomy: Taxonomy, tmp_path: Path, shared_data: Path
) -> None:
    with Workspace.create(tmp_path / "own") as workspace:
        bare = Browsing(workspace)
        assert (bare.target, bare.languages, bare.excluded) == (None, [], None)
        (workspace.folder / "languages").mkdir()
        table = workspace.folder / "languages" / "wn-data-nld.tab"
        table.write_bytes((shared_data / "omw" / "wn-data-nld.tab").read_bytes())
        select(taxonomy, SelectionPolicy(roots=(HEADDRESS,), size=1)).save(
            workspace.folder / "selection.json"
        )
        settings = workspace.folder / "synsetlab.toml"
        before = settings.read_text("utf-8")
        settings.write_text(f"{before}target = 7\n", "utf-8")
        panel = SynsetBrowser(taxonomy, workspace=workspace)
        assert said(panel.on_open(NOBODY))["languages"] == ["nld"]
        detail = said(panel.on_detail({"wnid": HUSKY, "languages": ["nld"]}))
        assert detail["words"] == {"nld": ["Siberische husky"]}
        assert said(panel.on_detail({"wnid": COWBOY_HAT, **NOBODY}))["rule"] == "size"
        assert panel._target == 7
        settings.write_text(f"{before}target = 'many'\n", "utf-8")
        with pytest.raises(InputError, match="target = 'many' is no whole number"):
            SynsetBrowser(taxonomy, workspace=workspace)
