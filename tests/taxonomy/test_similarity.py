"""Similarities: equal to NLTK's on every pair of a sample, and to their definitions."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from synsetlab.errors import InputError, UnknownSynsetError
from synsetlab.taxonomy import similarity

DOG, CAT, POODLE, ENTITY = "n02084071", "n02121620", "n02113335", "n00001740"


@pytest.fixture(scope="module")
def distances(taxonomy):
    return similarity.Distances(taxonomy)


@pytest.fixture(scope="module")
def pairs(taxonomy):
    """Pairs of all kinds: any two, several parents, near each other, the same."""
    chooser = random.Random(5)
    nouns = list(taxonomy)
    several = [wnid for wnid in chooser.sample(nouns, 20_000) if len(taxonomy.parents(wnid)) > 1]
    dogs = taxonomy.subtree(DOG)
    groups = (nouns, several, dogs)
    found = [(chooser.choice(group), chooser.choice(group)) for group in groups for _ in range(120)]
    return [*found, (ENTITY, DOG), (DOG, DOG), (DOG, POODLE), (ENTITY, ENTITY)]


def nltk_synset(reader, wnid):
    return reader.synset_from_pos_and_offset("n", int(wnid[1:]))


@pytest.mark.parametrize(("ours", "theirs"), [("path", "path_similarity"), ("wu_palmer", "wup_similarity")])
def test_path_and_wu_palmer_agree_with_nltk(taxonomy, reader, pairs, *, distances, ours, theirs):
    found = getattr(similarity, ours)(taxonomy, *zip(*pairs, strict=True), distances=distances)
    for (one, other), value in zip(pairs, found, strict=True):
        expected = getattr(nltk_synset(reader, one), theirs)(nltk_synset(reader, other))
        assert value == pytest.approx(expected, abs=1e-12), (one, other)


def test_lin_agrees_with_nltk_on_the_same_counts(taxonomy, reader, pairs):
    chooser = random.Random(6)
    counts = {wnid: chooser.randint(1, 50) for wnid in chooser.sample(list(taxonomy), 3_000)}
    content = similarity.counted_information(taxonomy, counts, smoothing=1)
    # NLTK keeps counts by offset and the sum at 0.
    per_offset = {int(wnid[1:]): math.exp(-value) for wnid, value in zip(taxonomy, content, strict=True)}
    theirs = {"n": {**per_offset, 0: 1.0}}
    found = similarity.lin(taxonomy, *zip(*pairs[:-1], strict=True), information=content)
    for (one, other), value in zip(pairs[:-1], found, strict=True):
        if ENTITY in (one, other):
            continue  # NLTK divides by the root's 0
        expected = nltk_synset(reader, one).lin_similarity(nltk_synset(reader, other), theirs)
        assert value == pytest.approx(expected, abs=1e-9), (one, other)


def test_intrinsic_information(taxonomy):
    content = similarity.intrinsic_information(taxonomy)
    assert content[taxonomy.index(ENTITY)] == 0
    leaf = taxonomy.index("n02110185")
    assert content[leaf] == 1
    dog = taxonomy.subtree_size(DOG, instances=True)
    assert content[taxonomy.index(DOG)] == pytest.approx(1 - math.log(dog) / math.log(82_115))
    # Nothing is more informative than what lies below it.
    upwards = taxonomy.graph["upwards"]
    below = np.repeat(np.arange(len(taxonomy)), upwards.lengths())
    assert (content[upwards.values] <= content[below]).all()


def test_counts_are_counted_once_whatever_the_paths(taxonomy):
    content = similarity.counted_information(taxonomy, {POODLE: 1, CAT: 1})  # dog has two parents
    at = taxonomy.index
    assert content[at(ENTITY)] == 0
    assert content[at("n02075296")] == 0  # carnivore: all
    assert content[at(DOG)] == pytest.approx(math.log(2))
    assert content[at("n02110185")] == math.inf
    values = similarity.lin(
        taxonomy, [POODLE, POODLE, POODLE], [CAT, POODLE, "n02110185"], information=content
    )
    assert values.tolist() == [0, 1, 0]


@pytest.mark.parametrize("counts", [{}, {DOG: 0}, {DOG: -1}, {DOG: math.nan}])
def test_counts_that_say_nothing(taxonomy, counts):
    with pytest.raises(InputError):
        similarity.counted_information(taxonomy, counts)


def test_columns(taxonomy, distances):
    assert similarity.path(taxonomy, [], [], distances=distances).size == 0
    assert similarity.wu_palmer(taxonomy, [], [], distances=distances).size == 0
    assert similarity.lin(taxonomy, [], []).size == 0
    with pytest.raises(InputError, match="2 synsets cannot be paired with 1"):
        similarity.path(taxonomy, [DOG, CAT], [DOG])
    with pytest.raises(UnknownSynsetError):
        similarity.lin(taxonomy, [DOG], ["n02084072"])


def test_measures_of_many_are_those_of_each(taxonomy):
    wnids = taxonomy.subtree(DOG)
    for given in (wnids, np.array(wnids), iter(wnids)):
        many = similarity.measure(taxonomy, given)
        assert many.depth_min.tolist() == [taxonomy.depth_min(wnid) for wnid in wnids]
        assert many.depth_max.tolist() == [taxonomy.depth_max(wnid) for wnid in wnids]
        assert many.height.tolist() == [taxonomy.height(wnid) for wnid in wnids]
        assert many.subtree_size.tolist() == [taxonomy.subtree_size(wnid) for wnid in wnids]
