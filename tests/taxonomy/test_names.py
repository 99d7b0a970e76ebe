"""Names of classes: ranked candidates, never a decision."""

from __future__ import annotations

import pytest

from synsetlab.taxonomy.languages import Language
from synsetlab.taxonomy.names import candidates_of, is_ambiguous, readings

CRANE_BIRD, CRANE_MACHINE, DOG = "n02012849", "n03126707", "n02084071"


@pytest.mark.parametrize(
    ("name", "synonyms", "hints"),
    [
        ("tench, Tinca tinca", ["tench", "Tinca tinca"], []),
        ("001.Black_footed_Albatross", ["Black_footed_Albatross"], []),
        ("crane (bird)", ["crane"], ["bird"]),
        ("GoldenRetriever", ["Golden Retriever"], []),
        ("7up", ["7up"], []),
        ("?!", [], []),
        ("", [], []),
    ],
)
def test_readings(name, synonyms, hints):
    assert readings(name) == (synonyms, hints)


def test_an_ambiguous_name_has_all_its_meanings(taxonomy):
    found = candidates_of(taxonomy, "crane")
    assert {CRANE_BIRD, CRANE_MACHINE} <= {each.wnid for each in found[:2]}
    assert is_ambiguous(found)
    assert all(each.gloss and each.lemmas and 0 < each.score <= 1 for each in found)
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)


@pytest.mark.parametrize(
    ("name", "wnid"),
    [
        ("crane (bird)", CRANE_BIRD),
        ("mouse (computer)", "n03793489"),
        ("T-shirt", "n03595614"),
        ("tench, Tinca tinca", "n01440764"),
        ("001.Black_footed_Albatross", "n02058747"),
        ("GoldenRetriever", "n02099601"),
        ("hot dog", "n07697537"),
        ("sibirian huskys", "n02110185"),
        ("dog.n.01", DOG),
        ("Dog.n.01", DOG),
        (f" {DOG} ", DOG),
    ],
)
def test_the_best_candidate(taxonomy, name, wnid):
    assert candidates_of(taxonomy, name)[0].wnid == wnid


@pytest.mark.parametrize("name", ["qqqzx", "", "   ", "...", "dog.n.99"])
def test_no_candidate_is_made_up(taxonomy, name):
    found = candidates_of(taxonomy, name)
    assert [each for each in found if each.score > 0.9] == []
    if name != "dog.n.99":
        assert found == []


def test_senses_are_numbered_as_nltk_does(taxonomy, reader):
    for lemma in ("dog", "crane", "hot_dog", "bank"):
        names = [f"n{synset.offset():08d}" for synset in reader.synsets(lemma, "n")]
        ours = taxonomy.senses(lemma.replace("_", " "))
        assert ours == [wnid for wnid in names if wnid in ours]
        assert candidates_of(taxonomy, f"{lemma}.n.01")[0].wnid == names[0]


def test_only_among_given_classes(taxonomy):
    assert [each.wnid for each in candidates_of(taxonomy, "crane", within={CRANE_BIRD})] == [CRANE_BIRD]
    assert candidates_of(taxonomy, "dog.n.01", within=set()) == []


def test_names_in_another_language(taxonomy, shared_data):
    language = Language.read(shared_data / "omw" / "wn-data-ita.tab", taxonomy)
    assert candidates_of(taxonomy, "cane", language=language)[0].wnid == DOG
