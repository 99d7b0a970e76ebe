"""The graph of WordNet 3.0: against published facts, and against NLTK."""

from __future__ import annotations

import random
import subprocess
import sys

import numpy as np
import pytest

from synsetlab.errors import InputError, UnknownSynsetError, WordNetError
from synsetlab.taxonomy import Taxonomy, load
from synsetlab.taxonomy.facts import FACTS
from synsetlab.taxonomy.lists import read_wnids

DOG, CAT, POODLE, ENTITY, ANIMAL = "n02084071", "n02121620", "n02113335", "n00001740", "n00015388"
# Synsets at or below each, within the 21,841 of ImageNet's Fall 2011 release.
HIGH_LEVEL = {
    "n01627424": 94,  # amphibian
    ANIMAL: 3_822,
    "n02729837": 51,  # appliance
    "n01503061": 856,  # bird
    "n03122748": 946,  # covering
    "n03183080": 2_385,  # device
    "n03309808": 262,  # fabric
    "n02512053": 566,  # fish
    "n11669921": 462,  # flower
    "n13134947": 309,  # fruit
    "n12992868": 299,  # fungus
    "n03405725": 187,  # furniture
    "n09287968": 151,  # geological formation
    "n01905661": 728,  # invertebrate
    "n01861778": 1_138,  # mammal
    "n03800933": 157,  # musical instrument
    "n00017222": 3_776,  # plant
    "n01661091": 268,  # reptile
    "n00523513": 166,  # sport
    "n04341686": 1_239,  # structure
    "n04451818": 316,  # tool
    "n13104059": 993,  # tree
    "n04516672": 86,  # utensil
    "n07707451": 176,  # vegetable
    "n04524313": 481,  # vehicle
    "n00007846": 2_833,  # person
}


@pytest.fixture(scope="session")
def sample(taxonomy):
    """500 nouns, those with several parents and instances among them."""
    chooser = random.Random(11)
    several = [wnid for wnid in chooser.sample(list(taxonomy), 20_000) if len(taxonomy.parents(wnid)) > 1]
    return [*chooser.sample(list(taxonomy), 300), *several[:150], *taxonomy.instances("n09044862")[:50]]


# ---- published facts


def test_the_known_facts_hold(taxonomy):
    assert taxonomy.check() == FACTS


def test_a_wrong_fact_is_named(taxonomy):
    arrays = dict(taxonomy.arrays)
    arrays["depth_min"] = np.minimum(arrays["depth_min"], 17)
    with pytest.raises(WordNetError, match="greatest shortest path from the root: 17 instead of 18"):
        Taxonomy(arrays).check()


def test_the_hypernym_edges_are_the_published_ones(taxonomy, shared_data):
    lines = (shared_data / "taxonomy" / "wordnet.is_a.txt").read_text().splitlines()
    published = {tuple(line.split()) for line in lines}
    ours = {(wnid, child) for wnid in taxonomy for child in taxonomy.children(wnid)}
    assert len(published) == 75_850
    assert ours == published


def test_the_trimmed_hierarchy_of_ilsvrc(taxonomy, shared_data):
    rows = [
        line.split()
        for line in (shared_data / "taxonomy" / "ILSVRC2012_mapping.txt").read_text().splitlines()
    ]
    leaves = {wnid for number, wnid in rows if int(number) <= 1000}
    trimmed = taxonomy.induce(leaves)
    assert len(trimmed.edges) == 1_937
    assert trimmed.root_height == 18
    assert trimmed.ancestor_pairs == []
    assert set(trimmed.internal) == {wnid for number, wnid in rows if int(number) > 1000}
    assert len(trimmed.internal) == 860
    assert set(trimmed.nodes) == {wnid for _, wnid in rows}


def test_the_fall_2011_release(taxonomy, shared_data):
    wnids = read_wnids(shared_data / "taxonomy" / "imagenet22k_synsets.txt", taxonomy)
    assert len(wnids) == 21_841
    assert {wnid: len(taxonomy.subtree(wnid, within=wnids)) for wnid in HIGH_LEVEL} == HIGH_LEVEL
    assert len(taxonomy.induce(wnids).nodes) - len(wnids) == 1_705


# ---- NLTK


def test_texts_agree_with_nltk(taxonomy, reader, sample):
    for wnid in sample:
        synset = reader.synset_from_pos_and_offset("n", int(wnid[1:]))
        assert taxonomy.lemmas(wnid) == [name.replace("_", " ") for name in synset.lemma_names()]
        assert taxonomy.gloss(wnid) == " ".join(synset.definition().split())
        assert taxonomy.examples(wnid) == [" ".join(example.split()) for example in synset.examples()]


def test_edges_and_measures_agree_with_nltk(taxonomy, reader, sample):
    def wnids(synsets):
        return sorted(f"n{synset.offset():08d}" for synset in set(synsets))

    for wnid in sample:
        synset = reader.synset_from_pos_and_offset("n", int(wnid[1:]))
        assert taxonomy.parents(wnid) == wnids(synset.hypernyms() + synset.instance_hypernyms())
        assert taxonomy.children(wnid) == wnids(synset.hyponyms())
        assert taxonomy.instances(wnid) == wnids(synset.instance_hyponyms())
        assert taxonomy.depth_min(wnid) == synset.min_depth()
        assert taxonomy.depth_max(wnid) == synset.max_depth()
        paths = {tuple(f"n{step.offset():08d}" for step in path) for path in synset.hypernym_paths()}
        assert set(map(tuple, taxonomy.paths_to_root(wnid))) == paths
        assert taxonomy.ancestors(wnid) == sorted({step for path in paths for step in path} - {wnid})


@pytest.mark.parametrize("wnid", [DOG, "n09044862", "n04524313"])
def test_descendants_agree_with_nltk(taxonomy, reader, wnid):
    synset = reader.synset_from_pos_and_offset("n", int(wnid[1:]))
    plain = {f"n{s.offset():08d}" for s in synset.closure(lambda s: s.hyponyms())}
    both = {f"n{s.offset():08d}" for s in synset.closure(lambda s: s.hyponyms() + s.instance_hyponyms())}
    assert taxonomy.descendants(wnid) == sorted(plain)
    assert taxonomy.descendants(wnid, instances=True) == sorted(both)
    assert taxonomy.subtree_size(wnid) == len(plain) + 1
    assert taxonomy.subtree_size(wnid, instances=True) == len(both) + 1


def test_lowest_common_ancestors_agree_with_nltk(taxonomy, reader, sample):
    chooser = random.Random(12)
    pairs = [(chooser.choice(sample), chooser.choice(sample)) for _ in range(400)]
    ones, others = (taxonomy.indices(side) for side in zip(*pairs, strict=True))
    deepest = taxonomy.lca_many(ones, others, by="depth")
    lowest = taxonomy.lca_many(ones, others)
    for i, (one, other) in enumerate(pairs):
        a, b = (reader.synset_from_pos_and_offset("n", int(wnid[1:])) for wnid in (one, other))
        expected = {f"n{s.offset():08d}" for s in a.lowest_common_hypernyms(b)}
        assert {taxonomy.wnid(node) for node in deepest.row(i)} == expected
        single = taxonomy.lca(one, other)
        assert taxonomy.wnid(lowest.row(i)[0]) == single[0]
        assert expected <= set(single)  # the deepest have no common ancestor below them
        heights = [taxonomy.height(wnid) for wnid in single]
        assert heights == sorted(heights)
        assert not any(taxonomy.is_ancestor(x, y) for x in single for y in single)


# ---- definitions


def test_leaves_siblings_and_subtrees(taxonomy):
    subtree = taxonomy.subtree(DOG)
    assert taxonomy.leaves(DOG) == [wnid for wnid in subtree if not taxonomy.children(wnid)]
    assert subtree == sorted([DOG, *taxonomy.descendants(DOG)])
    assert taxonomy.leaves("n01322604") == ["n01322604"]  # puppy
    assert "n02085272" in taxonomy.siblings("n01322604")  # lapdog
    assert "n01322604" not in taxonomy.siblings("n01322604")
    assert taxonomy.siblings(ENTITY) == []
    assert taxonomy.subtree(DOG, within=[CAT, POODLE, DOG]) == [DOG, POODLE]


def test_a_synset_is_its_own_lowest_common_ancestor(taxonomy):
    assert taxonomy.lca(DOG, DOG) == [DOG]
    assert taxonomy.lca(DOG, POODLE) == [DOG]
    assert taxonomy.lca(DOG, CAT) == ["n02075296"]  # carnivore
    assert taxonomy.is_ancestor(DOG, POODLE)
    assert not taxonomy.is_ancestor(DOG, DOG)


def test_induce_names_what_breaks_the_antichain(taxonomy):
    induced = taxonomy.induce([DOG, POODLE, CAT, ANIMAL])
    assert set(induced.ancestor_pairs) == {(DOG, POODLE), (ANIMAL, DOG), (ANIMAL, POODLE), (ANIMAL, CAT)}
    assert DOG in induced.internal
    assert set(induced.nodes) == {POODLE, CAT, *taxonomy.ancestors(POODLE), *taxonomy.ancestors(CAT)}
    assert taxonomy.induce([]).nodes == []


def test_no_pairs_have_no_common_ancestors(taxonomy):
    none = taxonomy.indices([])
    assert taxonomy.lca_many(none, none).values.size == 0
    with pytest.raises(InputError, match="by='width'"):
        taxonomy.lca_many(none, none, by="width")


def test_wnids_and_indices(taxonomy):
    wnids = list(taxonomy)
    assert wnids == sorted(wnids)
    assert len(wnids) == len(taxonomy)
    assert taxonomy.wnid(taxonomy.index(DOG)) == DOG
    assert DOG in taxonomy
    for other in (
        "dog",
        "n2084071",
        "n02084072",
        "n0208407\u0661",
        "02084071",
        "",
        "v02084071",
        "n02084071 ",
    ):
        assert other not in taxonomy
    assert 2084071 not in taxonomy
    assert taxonomy.indices(reversed(wnids)).tolist() == list(range(len(wnids)))[::-1]
    for other in ("n02084072", "dog", "n99999999", "n0208407\u0661", "v02084071"):
        with pytest.raises(UnknownSynsetError, match=other):
            taxonomy.indices([DOG, other])


# ---- what is not there


def test_a_word_instead_of_a_wnid_is_answered_with_synsets(taxonomy):
    for word in ("dog", "dog.n.01", "Dog"):
        with pytest.raises(UnknownSynsetError, match="is no wnid") as caught:
            taxonomy.require(word)
        assert "Did you mean n02084071 (dog, domestic dog, Canis familiaris)" in caught.value.remedy


@pytest.mark.parametrize("wnid", ["n02084442", "n00000000", "n99999999"])
def test_a_wnid_of_another_version_is_explained(taxonomy, wnid):
    with pytest.raises(UnknownSynsetError, match=r"offsets of version 3\.0; ids of other versions") as caught:
        taxonomy.require(wnid)
    assert "synsets search" in caught.value.remedy


@pytest.mark.parametrize(
    "call", ["lemmas", "gloss", "parents", "children", "ancestors", "descendants", "height", "leaves"]
)
def test_every_method_refuses_what_is_unknown(taxonomy, call):
    with pytest.raises(UnknownSynsetError):
        getattr(taxonomy, call)("n12345678")


# ---- lists in files


def test_lists_are_read_as_they_are_published(taxonomy, tmp_path):
    file = tmp_path / "wnids.txt"
    file.write_bytes(b"\xef\xbb\xbf# mine\r\nn02084071\r\n\r\nn02121620\tcat, true cat\r\nn02084071,dog\r\n")
    assert read_wnids(file, taxonomy) == [DOG, CAT]
    file.write_text(f"7 {DOG} {CAT}\n{POODLE}, {DOG}\n{CAT} {POODLE} cat\n")
    assert read_wnids(file, taxonomy, repetitions=True) == [DOG, CAT, POODLE, DOG, CAT]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"n02084071\ndog\n", r"wnids\.txt, line 2: 'dog' is no wnid"),
        (b"\n# nothing\n", "lists no wnids"),
        (b"n02084442\nn02084071\nx\n", r"line 1: n02084442 is no .* 2 of 3 are unknown; .*: line 3 'x'\."),
        (b"\xff\xfe\x00", "cannot be read as text"),
    ],
)
def test_lists_that_cannot_be_used(taxonomy, tmp_path, content, message):
    file = tmp_path / "wnids.txt"
    file.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_wnids(file, taxonomy)


# ---- the index


def test_load_gives_the_same_object_until_the_index_changes(taxonomy):
    assert load() is taxonomy


@pytest.mark.usefixtures("wordnet")
def test_the_cached_path_is_cheap():
    uses = f"t.lemmas('{DOG}'); t.search('sibirian husky'); t.lca('{DOG}', '{CAT}'); t.induce(['{DOG}'])"
    code = f"from synsetlab.taxonomy import load; t = load(); {uses}"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True
    )
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "numpy" in loaded
    assert not loaded & {"pandas", "nltk", "sqlalchemy", "tqdm", "scipy", "click", "dask"}


def test_an_index_needs_no_corpus_but_a_damaged_one_is_not_used(taxonomy, data_home):
    from synsetlab.taxonomy.arrays import write_arrays
    from synsetlab.taxonomy.paths import index_path

    meta = {"format": 1, "corpus": taxonomy.checksum, "stamp": [0, 0]}
    write_arrays(index_path(), meta, taxonomy.arrays)
    assert load().lemmas(DOG)[0] == "dog"
    assert load() is not taxonomy
    index_path().write_bytes(index_path().read_bytes()[:-1])
    with pytest.raises(WordNetError, match="not installed"):
        load()
