"""Only WordNet 3.0 passes."""

from __future__ import annotations

import re

import pytest

from synsetlab.errors import WordNetError
from synsetlab.taxonomy import corpus

DOG = b"02084071 05 n 03 dog 0"


def replaced(old: bytes, new: bytes):
    def change(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new, 1)

    return change


def test_the_installed_files_are_wordnet_3_0(wordnet):
    corpus.verify(wordnet)


def test_another_version_is_refused_by_its_version_line(doctored):
    folder = doctored({"data.noun": replaced(b"WordNet 3.0 Copyright", b"WordNet 3.1 Copyright")})
    with pytest.raises(WordNetError, match=r"version 3\.1, not 3\.0") as caught:
        corpus.verify(folder)
    assert "wordnet install --from" in caught.value.remedy


def test_the_contents_of_another_version_are_refused_whatever_the_version_line_says(doctored):
    def without_a_synset(content: bytes) -> bytes:
        return re.sub(rb"(?m)^" + DOG + rb".*\n", b"", content)

    with pytest.raises(WordNetError, match="82,114 noun synsets instead of 82,115"):
        corpus.verify(doctored({"data.noun": without_a_synset}))


def test_moved_synsets_are_refused(doctored):
    with pytest.raises(WordNetError, match="line endings"):
        corpus.verify(doctored({"data.noun": lambda content: content.replace(b"\n", b"\r\n")}))


def test_one_other_hypernym_is_refused(doctored):
    # Dog's first hypernym becomes entity; every byte stays where it was.
    def change(content: bytes) -> bytes:
        line = next(line for line in content.splitlines() if line.startswith(DOG))
        assert b"@ 02083346 n" in line
        return replaced(line, line.replace(b"@ 02083346 n", b"@ 00001740 n"))(content)

    with pytest.raises(WordNetError, match="synsets or hypernyms are not those of"):
        corpus.verify(doctored({"data.noun": change}))


def test_missing_files_are_named(doctored):
    with pytest.raises(WordNetError, match=r"lacks cntlist\.rev, data\.verb"):
        corpus.verify(doctored({}, without=("data.verb", "cntlist.rev")))


def test_what_debian_leaves_out_is_made_once(doctored):
    folder = doctored({}, without=("lexnames", "index.sense"))
    assert corpus.complete(folder) == ["lexnames", "index.sense"]
    lexnames = (folder / "lexnames").read_text().splitlines()
    assert len(lexnames) == 45
    assert lexnames[5] == "05\tnoun.animal\t1"
    assert lexnames[29] == "29\tverb.body\t2"
    assert lexnames[44] == "44\tadj.ppl\t3"
    senses = (folder / "index.sense").read_text().splitlines()
    assert senses == sorted(senses)
    assert "dog%1:05:00:: 02084071 1 42" in senses
    assert "above%5:00:00:preceding:00 00125993 1 13" in senses
    assert corpus.complete(folder) == []


def test_the_sense_index_names_every_sense_as_nltk_does(wordnet, reader):
    keys = {line.split()[0] for line in (wordnet / "index.sense").read_text().splitlines()}
    lemmas = [lemma for synset in list(reader.all_synsets("a"))[:3000] for lemma in synset.lemmas()]
    assert {lemma.key() for lemma in lemmas} <= keys
    assert reader.lemma_from_key("dog%1:05:00::").synset().offset() == 2084071
