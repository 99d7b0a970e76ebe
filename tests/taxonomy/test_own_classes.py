"""Classes outside WordNet answer every question as its own synsets do."""

from __future__ import annotations

import pytest

from synsetlab.errors import InputError, MissingColumnError, UnknownSynsetError
from synsetlab.taxonomy.facts import FACTS
from synsetlab.taxonomy.own_classes import OwnClass, OwnClasses
from synsetlab.taxonomy.selection import SelectionPolicy, select

DOG, POODLE, ROCKET = "n02084071", "n02113335", "n04099429"
ROBOT, TALKING = "x00000001", "x00000002"
TABLE = (
    "id,hypernym,lemmas,gloss\r\n"
    f"{TALKING},{ROBOT} {ROCKET},talking robot dog,it talks\r\n"
    f"{ROBOT},{DOG},robot_dog; robodog,\r\n"
)


@pytest.fixture(scope="module")
def extended(taxonomy, tmp_path_factory):
    file = tmp_path_factory.mktemp("own") / "own.csv"
    file.write_text("\ufeff" + TABLE, encoding="utf-8", newline="")
    return OwnClasses.read(file, taxonomy).attach(taxonomy)


def test_they_are_synsets_like_others(extended, taxonomy):
    assert len(extended) == len(taxonomy) + 2
    assert list(extended)[-2:] == [ROBOT, TALKING]
    assert extended.lemmas(ROBOT) == ["robot dog", "robodog"]
    assert extended.gloss(TALKING) == "it talks"
    assert extended.examples(ROBOT) == []
    assert extended.parents(TALKING) == [ROCKET, ROBOT]
    assert extended.children(DOG) == [*taxonomy.children(DOG), ROBOT]
    assert extended.siblings(ROBOT) == taxonomy.children(DOG)
    assert extended.subtree_size(DOG) == taxonomy.subtree_size(DOG) + 2
    assert extended.leaves(ROBOT) == [TALKING]


def test_measures_and_walks(extended, taxonomy):
    assert extended.depth_min(TALKING) == taxonomy.depth_min(ROCKET) + 1
    assert extended.depth_max(TALKING) == taxonomy.depth_max(DOG) + 2
    assert (extended.height(TALKING), extended.height(ROBOT)) == (0, 1)
    assert extended.height(ROCKET) == max(taxonomy.height(ROCKET), 1)
    above = {ROBOT, ROCKET, DOG, *taxonomy.ancestors(DOG), *taxonomy.ancestors(ROCKET)}
    assert extended.ancestors(TALKING) == sorted(above)
    assert all(path[-1] == TALKING for path in extended.paths_to_root(TALKING))
    assert len(extended.paths_to_root(TALKING)) == sum(
        len(taxonomy.paths_to_root(each)) for each in (DOG, ROCKET)
    )
    assert extended.lca(TALKING, POODLE) == [DOG]
    pair = extended.lca_many(extended.indices([TALKING]), extended.indices([POODLE]))
    assert extended.wnid(pair.row(0)[0]) == DOG
    assert extended.induce([TALKING, DOG]).ancestor_pairs == [(DOG, TALKING)]


def test_wordnets_part_stays_as_it_was(extended, taxonomy):
    assert extended.check() == FACTS
    assert extended.indices([DOG]).tolist() == taxonomy.indices([DOG]).tolist()
    for wnid in (POODLE, "n00001740", "n09044862"):
        assert extended.ancestors(wnid) == taxonomy.ancestors(wnid)
        assert extended.depth_max(wnid) == taxonomy.depth_max(wnid)
    assert ROBOT not in taxonomy
    with pytest.raises(UnknownSynsetError, match="no class that was attached"):
        taxonomy.require(ROBOT)


def test_they_are_found(extended):
    assert extended.search("robodog")[0].wnid == ROBOT
    assert extended.search("robot_dog")[0].wnid == ROBOT
    assert extended.search(DOG)[0].wnid == DOG
    assert extended.search("siberian husky")[0].wnid == "n02110185"
    assert extended.senses("robodog") == [ROBOT]


def test_they_are_selected(extended):
    chosen = select(extended, SelectionPolicy(roots=(DOG,), persons="keep"))
    assert TALKING in chosen
    assert ROBOT not in chosen
    assert "is an ancestor of x00000002 (talking robot dog)" in chosen.why(ROBOT)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["n02084072,n02084071,a,"], "no id of an own class"),
        (["x1,n02084071,a,"], "no id of an own class"),
        (["x00000001,n02084071,a,", "x00000001,n02084071,b,"], "given twice"),
        (["x00000001,,a,"], "needs a lemma and a hypernym"),
        (["x00000001,n02084071, ;,"], "needs a lemma and a hypernym"),
        (["x00000001,n02084442,a,"], "hypernym of x00000001: n02084442"),
        (["x00000001,x00000009,a,"], "hypernym of x00000001: x00000009"),
        (["x00000001,x00000002,a,", "x00000002,x00000001,b,"], "their own hypernyms"),
    ],
)
def test_classes_that_cannot_be_used(taxonomy, tmp_path, rows, message):
    file = tmp_path / "own.csv"
    file.write_text("\n".join(["id,hypernym,lemmas,gloss", *rows]))
    with pytest.raises(InputError, match=message) as caught:
        OwnClasses.read(file, taxonomy)
    assert str(file) in caught.value.message


def test_a_table_without_a_column(taxonomy, tmp_path):
    file = tmp_path / "own.csv"
    file.write_text("id,lemmas\nx00000001,a\n")
    with pytest.raises(MissingColumnError, match="hypernym"):
        OwnClasses.read(file, taxonomy)


def test_none_at_all(taxonomy):
    extended = OwnClasses([], taxonomy).attach(taxonomy)
    assert len(extended) == len(taxonomy)
    assert extended.subtree_size(DOG) == taxonomy.subtree_size(DOG)
    with pytest.raises(InputError, match="at once"):
        OwnClasses([OwnClass(ROBOT, (DOG,), ("a",))], extended).attach(extended)
