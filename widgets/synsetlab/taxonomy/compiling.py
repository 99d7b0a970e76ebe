"""Compile WordNet's nouns from NLTK's reader into the arrays that `Taxonomy` reads."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import nltk.data
import numpy as np
from nltk.corpus.reader.wordnet import WordNetCorpusReader
from tqdm import tqdm

from synsetlab.taxonomy.arrays import Csr, Texts
from synsetlab.taxonomy.graph import closure, longest, merge, shortest
from synsetlab.taxonomy.words import fold, squeeze, tokens, trigrams

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import numpy.typing as npt

    Array = npt.NDArray[Any]

__all__ = ["compile_arrays", "open_reader"]


class _Reader(WordNetCorpusReader):  # type: ignore[misc]  # NLTK has no types
    """NLTK's reader without other languages."""

    def map_wn(self, version: str = "wordnet") -> None:
        """Skip the map to WordNet 3.0: these files are 3.0, and NLTK would open another copy."""


@contextlib.contextmanager
def open_reader(folder: Path) -> Iterator[Any]:
    """NLTK's reader on `folder`, which must lie two levels below an NLTK data folder."""
    root = str(folder.parent.parent)
    nltk.data.path.append(root)  # NLTK opens only files below its path
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The multilingual functions are not available")
            reader = _Reader(str(folder), None)
        yield reader
    finally:
        nltk.data.path.remove(root)


def compile_arrays(folder: Path, *, progress: bool = True) -> dict[str, Array]:
    """All arrays of the index, from the reader's noun synsets. Takes some ten seconds.

    Parameters
    ----------
    folder
        WordNet's files, laid out as ``.../corpora/wordnet``.
    progress
        Show a bar on stderr.
    """
    if progress:
        print("Compiling WordNet's nouns (once) ...", file=sys.stderr)  # noqa: T201 - progress belongs on stderr
    with open_reader(folder) as reader:
        synsets = _read_synsets(reader, progress)
        order = _read_senses(reader)
        irregular = _read_exceptions(reader)
    place = {synset["offset"]: i for i, synset in enumerate(synsets)}
    arrays: dict[str, Array] = {"offset": np.array(list(place), np.int32)}
    arrays |= _texts("lemma", ["\t".join(s["lemmas"]) for s in synsets])
    arrays |= _texts("gloss", [s["gloss"] for s in synsets])
    arrays |= _texts("example", ["\t".join(s["examples"]) for s in synsets])
    arrays |= _texts("plural", sorted(irregular, key=str.encode))
    arrays |= _texts("singular", [irregular[form] for form in sorted(irregular, key=str.encode)])
    arrays["uses"] = np.array([s["uses"] for s in synsets], np.int32)
    arrays |= _graph_arrays(synsets, place)
    arrays |= _search_arrays(synsets, {name: [place[o] for o in offsets] for name, offsets in order.items()})
    return arrays


def _read_synsets(reader: Any, progress: bool) -> list[dict[str, Any]]:
    """Every noun synset in the order of its offset."""
    counts = _read_counts(reader)
    found = []
    silent = None if progress else True  # None: silent where stderr is no terminal
    bar = tqdm(reader.all_synsets("n"), total=82_115, unit="synset", disable=silent, file=sys.stderr)
    for synset in bar:
        found.append(
            {
                "offset": synset.offset(),
                "lemmas": [name.replace("_", " ") for name in synset.lemma_names()],
                "gloss": _one_line(synset.definition()),
                "examples": [_one_line(example) for example in synset.examples()],
                "uses": sum(counts.get(lemma.key(), 0) for lemma in synset.lemmas()),
                "@": [parent.offset() for parent in synset.hypernyms()],
                "@i": [parent.offset() for parent in synset.instance_hypernyms()],
            }
        )
    return sorted(found, key=lambda synset: synset["offset"])


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _read_counts(reader: Any) -> dict[str, int]:
    """Occurrences of each sense key in WordNet's tagged texts: cntlist(5WN)."""
    with reader.open("cntlist.rev") as file:
        rows = (line.split() for line in file)
        return {row[0]: int(row[2]) for row in rows if row}


def _read_senses(reader: Any) -> dict[str, list[int]]:
    """Folded lemma -> offsets of its noun senses, most frequent first: index.noun of wndb(5WN)."""
    senses = {}
    with reader.open("index.noun") as file:
        for line in file:
            if not line.startswith(" "):
                fields = line.split()
                senses[fold(fields[0])] = [int(offset) for offset in fields[-int(fields[2]) :]]
    return senses


def _read_exceptions(reader: Any) -> dict[str, str]:
    """Irregular plural -> its base forms, tab-separated: noun.exc of morphy(7WN)."""
    with reader.open("noun.exc") as file:
        rows = (fold(line).split(" ") for line in file if line.strip())
        return {row[0]: "\t".join(row[1:]) for row in rows}


def _graph_arrays(synsets: list[dict[str, Any]], place: dict[int, int]) -> dict[str, Array]:
    """Edges, their reversals, closures, depths and heights. Edges point from a synset to its hypernym."""
    count = len(synsets)
    arrays: dict[str, Array] = {}
    graphs = {}
    for name, symbol in (("hypernym", "@"), ("instance_of", "@i")):
        pairs = [(i, place[parent]) for i, synset in enumerate(synsets) for parent in synset[symbol]]
        children, parents = np.array(pairs, np.int32).T
        graphs[name] = Csr.from_pairs(children, parents, count)
    up = merge(graphs["hypernym"], graphs["instance_of"])
    down = up.transpose(count)
    graphs["hyponym"] = graphs["hypernym"].transpose(count)
    graphs["instance"] = graphs["instance_of"].transpose(count)
    graphs["upwards"] = closure(up)
    graphs["downwards"] = graphs["upwards"].transpose(count)
    graphs["hyponyms"] = closure(graphs["hyponym"])
    for name, graph in graphs.items():
        arrays |= _rows(name, graph)
    arrays["depth_min"] = shortest(up, down).astype(np.uint8)
    arrays["depth_max"] = longest(up, down).astype(np.uint8)
    arrays["height"] = longest(down, up).astype(np.uint8)
    return arrays


def _search_arrays(synsets: list[dict[str, Any]], senses: dict[str, list[int]]) -> dict[str, Array]:
    """Lemmas with their synsets; words with the lemmas and glosses they stand in; trigrams of words.

    A lemma of several words is also found as one word without the spaces (``goldenretriever``).
    """
    names = sorted(senses, key=str.encode)
    arrays = _texts("name", names)
    arrays |= _lists("name_synset", [senses[name] for name in names])
    arrays["name_rank"] = np.array([min(r, 255) for n in names for r in range(len(senses[n]))], np.uint8)
    word_names: dict[str, list[int]] = defaultdict(list)
    for i, name in enumerate(names):
        for word in dict.fromkeys((*tokens(name), squeeze(name))):
            word_names[word].append(i)
    arrays |= _postings("word", word_names)
    gloss_synsets: dict[str, list[int]] = defaultdict(list)
    for i, synset in enumerate(synsets):
        for word in dict.fromkeys(tokens(fold(synset["gloss"]))):
            gloss_synsets[word].append(i)
    arrays |= _postings("gloss_word", gloss_synsets)
    blob = arrays["word_text"]
    ends = blob == ord("\n")
    owners = np.cumsum(ends) - ends
    # Window i of the words after a leading newline has letter i of the words in its middle.
    codes = trigrams(np.concatenate([np.frombuffer(b"\n", np.uint8), blob]))
    owners = owners[: codes.size]
    whole = codes >= 0
    arrays |= _trigram_rows(codes[whole], owners[whole])
    return arrays


def _trigram_rows(codes: Array, owners: Array) -> dict[str, Array]:
    keys = np.unique((codes.astype(np.int64) << 32) | owners)
    distinct, rows = np.unique(keys >> 32, return_inverse=True)
    rows_csr = Csr.from_pairs(rows, keys & 0xFFFFFFFF, distinct.size)
    return {"trigram": distinct.astype(np.int32)} | _rows("trigram_word", rows_csr)


def _postings(name: str, places: dict[str, list[int]]) -> dict[str, Array]:
    words = sorted(places, key=str.encode)
    return _texts(name, words) | _lists(f"{name}_place", [places[word] for word in words])


def _texts(name: str, strings: Iterable[str]) -> dict[str, Array]:
    packed = Texts.pack(list(strings))
    return {f"{name}_text": packed.blob, f"{name}_text_start": packed.start}


def _lists(name: str, lists: list[list[int]]) -> dict[str, Array]:
    start = np.zeros(len(lists) + 1, np.int32)
    np.cumsum([len(row) for row in lists], out=start[1:])
    return _rows(name, Csr(start, np.array([i for row in lists for i in row], np.int32)))


def _rows(name: str, graph: Csr) -> dict[str, Array]:
    return {f"{name}_start": graph.start, f"{name}_values": graph.values}
