"""SynsetBrowser without a page: messages in, answers out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.ui.conftest import (
    ANIMAL,
    CAP,
    COWBOY_HAT,
    DOG,
    HAT,
    HEADDRESS,
    HUSKY,
    NOBODY,
    ROOT,
    fitting,
    said,
)

from synsetlab.errors import InputError, UnknownSynsetError, WordNetError
from synsetlab.taxonomy.selection import Excluded
from synsetlab.ui.browser import SynsetBrowser
from synsetlab.ui.browser_basket import Basket
from synsetlab.ui.browser_counts import CountTable
from synsetlab.ui.browser_map import SelectionMap
from synsetlab.ui.browser_near import confusable
from synsetlab.ui.browser_words import Words

if TYPE_CHECKING:
    from pathlib import Path

    from synsetlab.taxonomy import Taxonomy


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
