"""Search: what people type finds what they mean."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synsetlab.errors import InputError
from synsetlab.taxonomy.languages import Language
from synsetlab.taxonomy.words import base_forms, edit_distance, fold, near_spellings, squeeze, tokens

KINDS = ["exact", "base", "prefix", "word", "spelling", "gloss"]


@pytest.mark.parametrize(
    ("text", "wnid", "kind"),
    [
        ("dog", "n02084071", "exact"),
        ("DOG", "n02084071", "exact"),
        ("siberian husky", "n02110185", "exact"),
        ("Siberian_Husky", "n02110185", "exact"),
        ("  siberian   husky ", "n02110185", "exact"),
        ("siberian hu", "n02110185", "prefix"),
        ("dogs", "n02084071", "base"),
        ("geese", "n01855672", "base"),
        ("huskies", "n02109961", "base"),
        ("retriever golden", "n02099601", "word"),
        ("tshirt", "n03595614", "word"),
        ("t shirt", "n03595614", "word"),
        ("goldenretriever", "n02099601", "word"),
        ("sibirian husky", "n02110185", "spelling"),
        ("goldenretreiver", "n02099601", "spelling"),
        ("golden retreiver", "n02099601", "spelling"),
        ("dgo", "n02084071", "spelling"),
        ("huskie", "n02109961", "spelling"),
        ("elefant", "n02503517", "spelling"),
        ("bannana", "n12352287", "spelling"),
        ("schnauser", "n02096756", "spelling"),
        ("café", "n02935658", "exact"),
        ("n02084071", "n02084071", "exact"),
        ("02084071-n", "n02084071", "exact"),
        ("n0208407", "n02084071", "prefix"),
        ("barked all night", None, None),
        ("northeastern siberia sled dog", "n02110185", "gloss"),
        ("breed of sled dog developed in northeastern siberia; they", "n02110185", "gloss"),
    ],
)
def test_the_first_answer(taxonomy, text, wnid, kind):
    found = taxonomy.search(text, 5)
    assert (found[0].wnid, found[0].kind) == (wnid, kind) if wnid else found == []


def test_senses_come_in_wordnets_order(taxonomy, reader):
    found = [match.wnid for match in taxonomy.search("dog", 50) if match.kind == "exact"]
    assert found == [f"n{synset.offset():08d}" for synset in reader.synsets("dog", "n")]


@pytest.mark.parametrize("text", ["", "   ", "xyzzyq", "!!", "n02084442", "\u3042", "\x00", "ß"])
def test_nothing_is_found_without_an_error(taxonomy, text):
    assert taxonomy.search(text) == []


@given(text=st.text(max_size=12) | st.sampled_from(["c", "ca", "dog h", "water s", "a b c", "-", "' "]))
def test_answers_are_ranked_distinct_and_within_the_limit(taxonomy, text):
    found = taxonomy.search(text, 15)
    assert len(found) <= 15
    assert len({match.wnid for match in found}) == len(found)
    scores = [match.score for match in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)
    kinds = [KINDS.index(match.kind) for match in found]
    assert kinds == sorted(kinds)
    assert taxonomy.search(text, 15) == found


@given(index=st.integers(0, 82_114), data=st.data())
def test_every_lemma_is_found_by_itself(taxonomy, index, data):
    wnid = taxonomy.wnid(index)
    lemma = data.draw(st.sampled_from(taxonomy.lemmas(wnid)))
    assert wnid in [match.wnid for match in taxonomy.search(lemma, 100) if match.kind == "exact"]


@given(data=st.data())
def test_glosses_are_found_by_all_their_words_in_any_order(taxonomy, data):
    wnid = taxonomy.wnid(data.draw(st.integers(0, 82_114)))
    words = tokens(fold(taxonomy.gloss(wnid)))
    some = data.draw(st.lists(st.sampled_from(words or ["dog"]), min_size=1, max_size=6))
    searcher = taxonomy._searcher
    found = {taxonomy.wnid(place) for place in searcher._told(some, unfinished=False).tolist()}
    assert wnid in found or not words
    assert all(set(some) <= set(tokens(fold(taxonomy.gloss(each)))) for each in list(found)[:50])
    assert found <= {taxonomy.wnid(place) for place in searcher._told(some, unfinished=True).tolist()}


# ---- other languages


def test_other_languages(taxonomy, shared_data):
    italian = Language.read(shared_data / "omw" / "wn-data-ita.tab", taxonomy)
    assert italian.search("Cane")[0].wnid == "n02084071"
    assert "cane" in italian.lemmas("n02084071")
    assert italian.lemmas("n00000000") == []
    chinese = Language.read(shared_data / "omw" / "wn-data-cmn.tab", taxonomy)
    assert "n02084071" in [match.wnid for match in chinese.search("狗")]
    assert chinese.search(" ") == []


def test_a_table_of_something_else(taxonomy, tmp_path):
    file = tmp_path / "table.tab"
    file.write_text("wnid\tname\nn02084071\tdog\n")
    with pytest.raises(InputError, match="no lemma of a WordNet"):
        Language.read(file, taxonomy)


# ---- words


def test_folding():
    assert fold(" Domestic__dog\t") == "domestic dog"
    assert squeeze("t-shirt") == "tshirt"
    assert base_forms("boxes") == ["box", "boxe"]
    assert base_forms("women") == ["woman"]


@cache
def slips(one, other):
    """The distance by its definition."""
    if not one or not other:
        return len(one) + len(other)
    ways = [slips(one[1:], other) + 1, slips(one, other[1:]) + 1]
    ways.append(slips(one[1:], other[1:]) + (one[0] != other[0]))
    if len(one) > 1 and one[:2] == other[1::-1] and len(other) > 1:
        ways.append(slips(one[2:], other[2:]) + 1)
    return min(ways)


WORD = st.text("abc", min_size=1, max_size=6)


@given(WORD, WORD)
def test_the_distance_of_words(one, other):
    distance = edit_distance(one, other, 10)
    assert distance == edit_distance(other, one, 10)
    assert (distance == 0) == (one == other)
    assert distance <= max(len(one), len(other))
    assert (distance == 1) == (other in near_spellings(one))
    assert distance == slips(one, other)
    for limit in range(4):
        assert edit_distance(one, other, limit) == min(distance, limit + 1)


@pytest.mark.parametrize(
    ("language", "query", "wnid", "kind"),
    [
        ("ita", "Cane", "n02084071", "exact"),
        ("ita", "gattto", "n02121620", "spelling"),
        ("fra", "husky", "n02109961", "exact"),
        ("fra", "sibérien husky", "n02110185", "word"),
        ("fra", "ELEPHANT", "n02503517", "exact"),
        ("nld", "siberische_husky", "n02110185", "exact"),
        ("nld", "siberische hus", "n02110185", "prefix"),
        ("cmn", "狗", "n02084071", "exact"),
    ],
)
def test_other_languages_rank_and_forgive(taxonomy, shared_data, *, language, query, wnid, kind):
    table = Language.read(shared_data / "omw" / f"wn-data-{language}.tab", taxonomy)
    found = table.search(query, 20)
    assert next(match.kind for match in found if match.wnid == wnid) == kind
    assert [match.score for match in found] == sorted((match.score for match in found), reverse=True)
    assert len({match.wnid for match in found}) == len(found)
    if kind == "exact":
        assert found[0].wnid == wnid
    assert table.search("  ") == []
    assert len(table.search(query, 1)) == 1
    for few in (3, 20):  # of many that begin so, the same come first whether few or all are looked at
        assert table.search(query[:1], few) == table.search(query[:1], 10**6)[:few]


def test_few_unfinished_lemmas_do_not_hide_a_slip(taxonomy):
    found = {match.wnid: match.kind for match in taxonomy.search("aple", limit=10)}
    assert "prefix" in found.values()
    assert found["n07739125"] == "spelling"  # apple
