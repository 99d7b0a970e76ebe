"""SynsetBrowser without a page: messages in, answers out, the basket and its counts."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from synsetlab import Workspace
from synsetlab.errors import InputError, MissingColumnError, UnknownSynsetError, WordNetError
from synsetlab.taxonomy import Taxonomy, load
from synsetlab.taxonomy.selection import Excluded, Objective, SelectionPolicy, Weights, antichain, select
from synsetlab.taxonomy.selection import choose as choose_by
from synsetlab.ui.browser import SynsetBrowser
from synsetlab.ui.browser_basket import Basket, level_below
from synsetlab.ui.browser_counts import CountTable, Progress, SynsetCounts
from synsetlab.ui.browser_map import SelectionMap
from synsetlab.ui.browser_near import confusable
from synsetlab.ui.browser_words import Words
from synsetlab.ui.workspace.browsing import Browsing

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


def below(table: CountTable, taxonomy: Taxonomy, wnid: str) -> Progress | None:
    found = table.below_of(taxonomy.index(wnid))
    return None if found is None else Progress(*found)


def choose(panel: SynsetBrowser, wnid: str, scope: str = "self", **more: Any) -> dict[str, Any]:
    return said(panel.on_choose({"wnid": wnid, "on": True, "scope": scope, "policy": None, **more}))


def fitting(panel: SynsetBrowser, *filters: str) -> set[str]:
    """wnids that the filters leave, not those above them."""
    reply = said(panel.on_open({"filters": list(filters)}))
    nodes = [node for level in reply["levels"].values() for node in level]
    return {node["wnid"] for node in nodes if not node.get("way")}


# ---- counts


def test_a_synset_with_two_hypernyms_counts_once_above_both(taxonomy: Taxonomy) -> None:
    counts = {HUSKY: {"candidates": 5, "accepted": 2, "target": 4}, DOG: {"candidates": 1, "review": 1}}
    table = CountTable(counts, taxonomy)
    for wnid in (CANINE, DOMESTIC, ANIMAL, ROOT):
        assert below(table, taxonomy, wnid) == Progress(6, 2, 4, 1, 2)
    assert below(table, taxonomy, HAT) is None
    assert table.own_of(taxonomy.index(ANIMAL)) is None


def test_an_image_of_two_synsets_counts_once_where_they_meet(taxonomy: Taxonomy) -> None:
    rows = [(HUSKY, "a", True), (DOG, "a", True), (DOG, "b", False), (HAT, "a", False), (DOG, "b", False)]
    frame = pd.DataFrame(rows, columns=["wnid", "image_id", "accepted"])
    table = CountTable(frame, taxonomy, target=3)
    assert table.own_of(taxonomy.index(DOG)) == [2, 1, 3, 0, 1]
    assert below(table, taxonomy, DOG) == Progress(2, 1, 6, 0, 2)
    assert below(table, taxonomy, ROOT) == Progress(2, 1, 9, 0, 2)


def test_a_surplus_of_one_class_does_not_fill_another(taxonomy: Taxonomy) -> None:
    table = CountTable({HAT: {"accepted": 9, "target": 5}, CAP: {"target": 5}}, taxonomy)
    assert below(table, taxonomy, HEADDRESS) == Progress(0, 9, 10, 0, 5)


@settings(max_examples=30)
@given(st.data())
def test_distinct_images_equal_counting_sets(taxonomy: Taxonomy, data: st.DataObject) -> None:
    wnids = taxonomy.subtree(DOG)[:40]
    pairs = data.draw(st.lists(st.tuples(st.sampled_from(wnids), st.integers(0, 9)), min_size=1, max_size=40))
    frame = pd.DataFrame([(wnid, str(image)) for wnid, image in pairs], columns=["wnid", "image_id"])
    table = CountTable(frame, taxonomy)
    for wnid in {*wnids[:10], DOG, CANINE}:
        inside = set(taxonomy.subtree(wnid))
        expected = len({image for one, image in pairs if one in inside})
        assert table.below[taxonomy.index(wnid), 0] == expected


@settings(max_examples=30)
@given(st.data())
def test_images_counted_where_they_are_give_the_same_table(taxonomy: Taxonomy, data: st.DataObject) -> None:
    wnids = taxonomy.subtree(DOG)[:12]
    one = st.tuples(st.sampled_from(wnids), st.integers(0, 9))
    outcomes = data.draw(st.dictionaries(one, st.sampled_from(["accepted", "ambiguous", "open"]), min_size=1))
    rows = [
        (wnid, image, found == "accepted", found == "ambiguous") for (wnid, image), found in outcomes.items()
    ]
    often = {image for image, number in Counter(image for _, image, *_ in rows).items() if number > 1}
    alone: dict[str, dict[str, int]] = {}
    for wnid, image, accepted, review in rows:
        if image not in often:
            row = alone.setdefault(wnid, {"candidates": 0, "accepted": 0, "review": 0})
            row["candidates"] += 1
            row["accepted"] += accepted
            row["review"] += review
    counted = CountTable(SynsetCounts(alone, [row for row in rows if row[1] in often]), taxonomy, target=2)
    frame = pd.DataFrame(rows, columns=["wnid", "image_id", "accepted", "review"])
    expected = CountTable(frame, taxonomy, target=2)
    for name in ("own", "below", "known", "known_below"):
        assert np.array_equal(getattr(counted, name), getattr(expected, name)), name


def test_counts_come_from_a_frame_with_missing_cells_as_from_a_mapping(taxonomy: Taxonomy) -> None:
    frame = pd.DataFrame({"wnid": [HAT, CAP], "accepted": [2, None], "target": ["4", "9"]})
    mapping = {HAT: {"accepted": 2, "target": 4}, CAP: {"target": 9}}
    assert np.array_equal(CountTable(frame, taxonomy).own, CountTable(mapping, taxonomy).own)
    again = CountTable(frame.set_index("wnid"), taxonomy)
    assert again.own_of(taxonomy.index(CAP)) == [0, 0, 9, 0, 0]
    assert not CountTable(frame[:0], taxonomy)


@pytest.mark.parametrize(
    ("counts", "error", "words"),
    [
        (pd.DataFrame({"wnid": [HAT], "images": [1]}), MissingColumnError, "wnid, images"),
        (pd.DataFrame({"image_id": ["a"], "accepted": [1]}), MissingColumnError, "wnid"),
        (pd.DataFrame({"wnid": [HAT], "image_id": ["a"], "accepted": ["maybe"]}), InputError, "'maybe'"),
        ({HAT: {"accepted": "many"}}, InputError, f"accepted of {HAT} is 'many'"),
        ({HAT: {"accepted": -1}}, InputError, "cannot be less than 0"),
        ({"n99999999": {"accepted": 1}}, UnknownSynsetError, "n99999999"),
    ],
)
def test_counts_that_cannot_be_used_are_refused_by_name(
    taxonomy: Taxonomy, counts: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        CountTable(counts, taxonomy)


def test_counts_that_are_refused_leave_those_before(taxonomy: Taxonomy) -> None:
    panel = SynsetBrowser(taxonomy, {HAT: {"accepted": 1}})
    with pytest.raises(InputError):
        panel.counts = {HAT: {"accepted": "many"}}
    assert panel.counts == {HAT: {"accepted": 1}}
    assert said(panel.on_rows({"wnids": [HAT], "filters": []}))["nodes"][0]["own"][1] == 1


def test_a_function_is_asked_again_only_when_its_version_changed(taxonomy: Taxonomy) -> None:
    class Live:
        asked, now = 0, 1

        def version(self) -> int:
            return self.now

        def __call__(self) -> dict[str, Any]:
            self.asked += 1
            return {HAT: {"accepted": self.now}}

    live = Live()
    panel = SynsetBrowser(taxonomy, live)
    assert said(panel.on_open({"filters": []}))["live"]
    assert panel.on_poll({}) == {"changed": False}
    assert live.asked == 1
    live.now = 2
    assert panel.on_poll({}) == {"changed": True}
    assert said(panel.on_detail({"wnid": HAT, **NOBODY}))["own"] == [0, 2, 0, 0, 0]


# ---- the tree


def test_the_root_comes_first_with_one_level_and_children_are_sorted_by_name(panel: SynsetBrowser) -> None:
    reply = said(panel.on_open({"filters": []}))
    assert reply["root"]["name"] == "entity"
    assert set(reply["levels"]) == {ROOT}
    names = [node["name"] for node in reply["levels"][ROOT]]
    assert names == sorted(names, key=str.casefold)
    assert reply["filters"] == ["chosen", "leaves"]


def test_reveal_opens_all_levels_of_a_path_at_once(panel: SynsetBrowser, taxonomy: Taxonomy) -> None:
    reply = said(panel.on_reveal({"wnid": HUSKY}))
    assert reply["path"] == taxonomy.paths_to_root(HUSKY)[0]
    assert set(reply["levels"]) == set(reply["path"][:-1])
    other = taxonomy.paths_to_root(HUSKY)[-1]
    assert said(panel.on_reveal({"path": other}))["path"] == other


def test_an_instance_can_be_revealed_though_trees_leave_instances_out(panel: SynsetBrowser) -> None:
    plato = said(panel.on_search({"text": "plato", **NOBODY}))["results"][0]["wnid"]
    reply = said(panel.on_reveal({"wnid": plato}))
    assert plato in {node["wnid"] for node in reply["levels"][reply["path"][-2]]}


def test_all_of_a_subtree_is_sent_once_and_small(panel: SynsetBrowser, taxonomy: Taxonomy) -> None:
    reply = said(panel.on_expand({"wnid": ANIMAL, "filters": []}))
    assert len(reply["nodes"]) == taxonomy.subtree_size(ANIMAL) == 3999
    assert {node["wnid"] for node in reply["nodes"]} == set(taxonomy.subtree(ANIMAL))
    sent = len(json.dumps(reply))
    print(f"\n{sent:,} bytes for a subtree of 3,999 synsets, {sent / 3999:.0f} each")
    assert sent < 600_000
    with pytest.raises(InputError, match="open at once"):
        panel.on_expand({"wnid": ROOT, "filters": []})


def test_a_screenful_of_wordnet_is_small(panel: SynsetBrowser) -> None:
    sent = [
        panel.on_open({"filters": []}),
        panel.on_reveal({"wnid": HUSKY}),
        panel.on_search({"text": "hus", **NOBODY}),
        panel.on_detail({"wnid": HUSKY, **NOBODY}),
        panel.on_map({"wnid": HUSKY}),
    ]
    size = sum(len(json.dumps(reply)) for reply in sent)
    print(f"\n{size:,} bytes to open, search, go to and read about the Siberian husky")
    assert size < 60_000


def test_detail_has_every_path_what_is_near_and_selects_the_synset(
    panel: SynsetBrowser, taxonomy: Taxonomy
) -> None:
    detail = said(panel.on_detail({"wnid": DOG, **NOBODY}))
    assert [[step["wnid"] for step in path] for path in detail["paths"]] == taxonomy.paths_to_root(DOG)
    assert len(detail["paths"]) == 2
    assert panel.selected == DOG
    assert (detail["lemmas"][0], detail["children"], detail["leaves"]) == (
        "dog",
        18,
        len(taxonomy.leaves(DOG)),
    )


def test_what_shares_a_word_or_is_told_alike_can_be_confused(taxonomy: Taxonomy) -> None:
    near = {other.wnid: other.why for other in confusable(taxonomy, HUSKY)}
    eskimo_dog = taxonomy.search("eskimo dog")[0].wnid
    assert "husky" in near[eskimo_dog]
    words = {other.wnid: other.why for other in confusable(taxonomy, "n03126707")}
    assert any(why == "also called crane" for why in words.values())  # the bird
    related = {*taxonomy.ancestors(DOG), *taxonomy.descendants(DOG), DOG}
    assert not related & {other.wnid for other in confusable(taxonomy, DOG)}


# ---- filters


def test_filters_keep_what_fits_all_of_them_and_what_lies_above(taxonomy: Taxonomy) -> None:
    counts = {
        HAT: {"candidates": 3, "accepted": 1, "target": 2},
        COWBOY_HAT: {"candidates": 3, "accepted": 2, "target": 2, "review": 1},
        CAP: {"target": 2},
    }
    panel = SynsetBrowser(taxonomy, counts, selection=[COWBOY_HAT], excluded={CAP: "few images"})
    assert fitting(panel, "chosen") == {COWBOY_HAT}
    assert fitting(panel, "images") == {HAT, COWBOY_HAT}
    assert fitting(panel, "below") == {HAT, CAP}
    assert fitting(panel, "review") == {COWBOY_HAT}
    assert fitting(panel, "excluded") == {CAP}
    assert fitting(panel, "images", "below") == {HAT}
    assert fitting(panel, "images", "leaves") == {COWBOY_HAT}
    reply = said(panel.on_open({"filters": ["review", "below"]}))
    assert (reply["root"], reply["matched"]) == (None, 0)
    assert (
        said(panel.on_search({"text": "hat", "filters": ["below"], "languages": []}))["results"][0]["wnid"]
        == HAT
    )


def test_what_a_filter_leaves_is_opened_from_above_as_far_as_it_is_few(taxonomy: Taxonomy) -> None:
    few = SynsetBrowser(taxonomy, selection=[HUSKY, HAT])
    reply = said(few.on_open({"filters": ["chosen"]}))
    assert reply["whole"]
    assert set(reply["levels"]) == {*taxonomy.ancestors(HUSKY), *taxonomy.ancestors(HAT)}
    many = said(SynsetBrowser(taxonomy, selection=taxonomy.leaves(ANIMAL)).on_open({"filters": ["chosen"]}))
    assert not many["whole"]
    assert ANIMAL in many["levels"]
    assert 100 < sum(len(nodes) for nodes in many["levels"].values()) < 1000
    reachable = [ROOT]
    for wnid in reachable:
        reachable += [node["wnid"] for node in many["levels"].get(wnid, ()) if node["wnid"] not in reachable]
    assert set(many["levels"]) <= set(reachable)
    assert not said(few.on_open({"filters": []}))["whole"]


def test_a_row_says_why_it_is_kept_out(taxonomy: Taxonomy) -> None:
    excluded = [
        Excluded(HAT, "candidates", "has 12 candidates, fewer than 500"),
        Excluded(CAP, "safety", "x"),
    ]
    panel = SynsetBrowser(taxonomy, excluded=excluded)
    detail = said(panel.on_detail({"wnid": HAT, **NOBODY}))
    assert (detail["rule"], detail["why"]) == ("candidates", "has 12 candidates, fewer than 500")
    panel.excluded = [CAP]
    assert "why" not in said(panel.on_detail({"wnid": HAT, **NOBODY}))
    with pytest.raises(UnknownSynsetError):
        panel.excluded = {"n99999999": "gone"}
    assert panel.excluded == [CAP]


# ---- the basket


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


# ---- the map


def test_the_map_has_distinct_classes_as_areas_and_their_completeness(taxonomy: Taxonomy) -> None:
    basket = Basket(taxonomy)
    basket.replace([HUSKY, HAT, COWBOY_HAT])
    table = CountTable({HUSKY: {"accepted": 1, "target": 4}, HAT: {"accepted": 9, "target": 4}}, taxonomy)
    shown = SelectionMap(taxonomy, basket, table).at(ROOT)
    assert (shown["of"], shown["weight"], shown["up"]) == ("chosen", 3, None)
    assert {cell["weight"] for cell in shown["groups"]} <= {1, 2, 3}
    animals = SelectionMap(taxonomy, basket, table).at(HUSKY)
    assert animals["weight"] == 3  # the husky alone is no map: shown within what has branches
    hats = SelectionMap(taxonomy, basket, table)
    assert hats.at(HEADDRESS)["part"] == pytest.approx(0.625)


def test_the_map_of_all_wordnet_is_small(taxonomy: Taxonomy) -> None:
    basket, table = Basket(taxonomy), CountTable(None, taxonomy)
    chart = SelectionMap(taxonomy, basket, table)
    sizes = [len(json.dumps(chart.at(wnid))) for wnid in (ROOT, ANIMAL, DOG, HUSKY, "n09918248")]
    print(f"\nmaps of {sizes} bytes")
    assert max(sizes) < 25_000
    basket.replace(taxonomy.leaves(ANIMAL))
    table = CountTable({wnid: {"accepted": 1, "target": 2} for wnid in basket.chosen}, taxonomy)
    shown = SelectionMap(taxonomy, basket, table).at(ANIMAL)
    assert shown["weight"] == len(basket.chosen)
    assert shown["part"] == 0.5


# ---- languages


@pytest.mark.real_data
def test_words_of_other_languages_find_their_synsets(taxonomy: Taxonomy, shared_data: Path) -> None:
    words = Words(sorted((shared_data / "omw").glob("*.tab")), taxonomy)
    assert words.codes == ["cmn", "fra", "ita", "nld"]  # each is read when it is asked for, no sooner
    found = words.search("Siberische hus", ["nld"], 5)[0]
    assert (found.wnid, found.language, found.word) == (HUSKY, "nld", "Siberische husky")
    assert words.search("siberian husky", ["nld"], 5)[0] == (HUSKY, 1.0, "", "")
    assert words.lemmas(HUSKY, ["nld", "xxx"]) == {"nld": ["Siberische husky"]}
    panel = SynsetBrowser(taxonomy, languages={"it": shared_data / "omw" / "wn-data-ita.tab"})
    assert "cane" in said(panel.on_detail({"wnid": DOG, "languages": ["it"]}))["words"]["it"]


def test_a_table_that_does_not_tell_its_language_is_refused(taxonomy: Taxonomy, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"does not tell its language"):
        Words([tmp_path / "my words.tab"], taxonomy)
    missing = SynsetBrowser(taxonomy, languages={"it": tmp_path / "absent.tab"})
    with pytest.raises(InputError, match=r"absent\.tab cannot be read"):
        missing.on_search({"text": "cane", "languages": ["it"], "filters": []})


# ---- what must not pass


@pytest.mark.parametrize(
    "message",
    [
        {"type": "detail", "wnid": 7, **NOBODY},
        {"type": "detail"},
        {"type": "choose", "wnid": HAT, "on": "yes", "scope": "self", "policy": None},
        {"type": "choose", "wnid": HAT, "on": True, "scope": "all", "policy": None},
        {"type": "choose", "wnid": HAT, "on": True, "scope": "leaves", "policy": "best"},
        {"type": "choose", "wnid": ROOT, "on": True, "scope": "leaves", "policy": "deepest"},
        {"type": "resolve", "policy": None},
        {"type": "rows", "wnids": [HAT] * 201, "filters": []},
        {"type": "open", "filters": ["secret"]},
        {"type": "open", "filters": "all"},
        {"type": "reveal", "path": ROOT},
        {"type": "search", "text": "hat", "filters": [], "languages": [1]},
    ],
)
def test_what_a_page_must_not_send_is_refused_in_words(panel: SynsetBrowser, message: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        getattr(panel, f"on_{message['type']}")(message)


def test_an_unknown_argument_is_refused() -> None:
    with pytest.raises(TypeError, match="colour"):
        SynsetBrowser(colour="red")


def test_pictures_are_read_only_where_they_were_given(taxonomy: Taxonomy, tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"not to be read")
    panel = SynsetBrowser(taxonomy, pictures={HAT: [tmp_path / "absent.jpg"]})
    reply = panel.on_thumbnails({"keys": [str(tmp_path / "secret.jpg"), str(tmp_path / "absent.jpg")]})
    assert isinstance(reply, tuple)
    fields, payload = reply
    assert (fields["keys"], payload) == ([], [])
    assert len(fields["missing"]) == 2


def test_wordnet_that_is_absent_is_said_when_the_panel_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNSETLAB_DATA", str(tmp_path))
    panel = SynsetBrowser()
    with pytest.raises(WordNetError) as caught:
        panel.on_open({"filters": []})
    assert "synsetlab wordnet install" in caught.value.remedy
