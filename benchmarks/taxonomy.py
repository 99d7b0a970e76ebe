"""The taxonomy beside NLTK, measured in one run: ``python benchmarks/taxonomy.py [--rounds N]``.

Prints medians with their spread, and ratios; absolute numbers depend on the machine and on what else it
does, ratios hardly. Cold processes are timed by the clock; what runs within a process by its CPU time, short
things over and over until they take long enough to be measured. Both read the same installed files of WordNet
3.0, and every answer is compared. Linux only: memory is read from /proc.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from synsetlab.taxonomy import load
from synsetlab.taxonomy.compiling import open_reader
from synsetlab.taxonomy.paths import corpus_dir

if TYPE_CHECKING:
    from collections.abc import Callable

    from synsetlab.taxonomy import Taxonomy

ENTITY = "n00001740"
BELOW_ENTITY = 82_114
LONG_ENOUGH = 0.05
"""Seconds."""
COLD = {
    "NLTK": """
from pathlib import Path
import nltk.data
nltk.data.path.insert(0, {nltk_data!r})
from nltk.corpus import wordnet
entity = wordnet.synset("entity.n.01")
print(sum(1 for _ in entity.closure(lambda s: s.hyponyms() + s.instance_hyponyms())))
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")))
""",
    "synsetlab": """
from synsetlab.taxonomy import load
print(len(load().descendants("n00001740", instances=True)))
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")))
""",
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--pairs", type=int, default=10_000)
    given = options.parse_args()
    taxonomy = load()
    cold(given.rounds)
    with open_reader(corpus_dir()) as reader:
        warm(taxonomy, reader, given.rounds, given.pairs)
    searching(taxonomy, given.rounds)


def cold(rounds: int) -> None:
    """A process from its start to the closure of all nouns, and the memory it takes."""
    print("\nCold process: start, then every noun below entity (instances too)")
    times, memory = {name: [] for name in COLD}, {name: [] for name in COLD}
    for _ in range(rounds):
        for name, code in COLD.items():
            command = [sys.executable, "-c", code.format(nltk_data=str(corpus_dir().parent.parent))]
            begun = time.perf_counter()
            counted, _, peak = subprocess.check_output(command, text=True).partition("VmHWM:")
            times[name].append(time.perf_counter() - begun)
            assert int(counted) == BELOW_ENTITY
            memory[name].append(int(peak.split()[0]) / 1024)
    show("time", times, 1.0, "s")
    show("memory", memory, 1.0, "MiB")


def warm(taxonomy: Taxonomy, reader: Any, rounds: int, count: int) -> None:
    """Questions to a loaded taxonomy, NLTK's synsets all read before."""
    synsets = list(reader.all_synsets("n"))
    chooser = random.Random(0)
    pairs = [(chooser.choice(synsets), chooser.choice(synsets)) for _ in range(count)]
    wnids = [[f"n{synset.offset():08d}" for synset in side] for side in zip(*pairs, strict=True)]
    ones, others = map(taxonomy.indices, wnids)
    begun = time.process_time()
    first = [a.lowest_common_hypernyms(b) for a, b in pairs]
    took = time.process_time() - begun
    print(f"\nNLTK's first answers to {count:,} pairs take {took:.2f} s; it keeps parts of them.")
    theirs = [{f"n{s.offset():08d}" for s in synsets} for synsets in first]
    ours = taxonomy.lca_many(ones, others, by="depth")
    assert [{taxonomy.wnid(i) for i in ours.row(row)} for row in range(count)] == theirs
    print(f"Lowest common ancestors of {count:,} pairs, equal on every pair")
    compare(
        {
            "NLTK": lambda: [a.lowest_common_hypernyms(b) for a, b in pairs],
            "synsetlab": lambda: taxonomy.lca_many(ones, others, by="depth"),
            "synsetlab, from wnids": lambda: taxonomy.lca_many(*map(taxonomy.indices, wnids), by="depth"),
        },
        rounds,
    )
    similarities(taxonomy, pairs, wnids, rounds)
    entity = reader.synset("entity.n.01")
    print("\nEvery noun below entity, warm")
    compare(
        {
            "NLTK": lambda: set(entity.closure(lambda s: s.hyponyms() + s.instance_hyponyms())),
            "synsetlab": lambda: taxonomy.descendants(ENTITY, instances=True),
        },
        rounds,
    )
    one = taxonomy.index("n02110185")
    husky = synsets[one]
    print("\nAll paths from Siberian husky to the root, 100 times")
    compare(
        {
            "NLTK": lambda: [husky.hypernym_paths() for _ in range(100)],
            "synsetlab": lambda: [taxonomy.paths_to_root("n02110185") for _ in range(100)],
        },
        rounds,
    )
    print('\nLemmas that begin with "dog"')
    compare(
        {
            "NLTK": lambda: [name for name in reader.all_lemma_names("n") if name.startswith("dog")],
            "synsetlab, 20 best": lambda: taxonomy.search("dog", 20),
        },
        rounds,
    )


def similarities(taxonomy: Taxonomy, pairs: list[Any], wnids: list[list[str]], rounds: int) -> None:
    """Similarity of a part of the pairs, which NLTK takes long for."""
    from synsetlab.taxonomy.similarity import Distances, path, wu_palmer

    few = min(len(pairs), 1_000)
    ours = [side[:few] for side in wnids]
    distances = Distances(taxonomy)
    for name, run, theirs in (
        ("Path", path, "path_similarity"),
        ("Wu-Palmer", wu_palmer, "wup_similarity"),
    ):
        expected = [getattr(a, theirs)(b) for a, b in pairs[:few]]
        found = run(taxonomy, *ours, distances=distances)
        assert max(abs(found - expected)) < 1e-12
        print(f"\n{name} similarity of {few:,} pairs, equal on every pair")
        compare(
            {
                "NLTK": lambda theirs=theirs: [getattr(a, theirs)(b) for a, b in pairs[:few]],
                "synsetlab, from wnids": lambda run=run: run(taxonomy, *ours, distances=distances),
            },
            rounds,
        )


def searching(taxonomy: Taxonomy, rounds: int) -> None:
    """Search as you type; no peer has it."""
    print("\nSearch, 20 answers")
    for text in (
        "s",
        "sib",
        "siberian hu",
        "shirt",
        "sled dog",
        "dog n northeastern",
        "sibirian husky",
        "dgo",
        "of the small a",
    ):
        times = [timed(lambda text=text: taxonomy.search(text, 20)) for _ in range(max(rounds, 5))]
        low, high = min(times) * 1000, max(times) * 1000
        print(f"  {text:20} {statistics.median(times) * 1000:8.2f} ms  ({low:.2f} to {high:.2f})")
    for kind, texts in typed(taxonomy).items():
        times = sorted(min(clocked(taxonomy, text) for _ in range(3)) for text in texts)
        percentile = times[int(0.99 * len(times))]
        print(
            f"  {len(texts)} {kind:16} {statistics.median(times) * 1000:8.2f} ms  "
            f"(99 % below {percentile * 1000:.2f}, slowest {times[-1] * 1000:.2f})"
        )


def typed(taxonomy: Taxonomy) -> dict[str, list[str]]:
    """What people may type: lemmas, their beginnings, lemmas with a slip, some words of a gloss."""
    chooser = random.Random(1)
    wnids = chooser.sample(list(taxonomy), 400)
    lemmas = [chooser.choice(taxonomy.lemmas(wnid)).lower() for wnid in wnids]
    glosses = [taxonomy.gloss(wnid).split() for wnid in wnids]
    return {
        "lemmas": lemmas,
        "beginnings": [lemma[: chooser.randint(1, 6)] for lemma in lemmas],
        "slips": [slip(lemma, chooser) for lemma in lemmas],
        "words of glosses": [
            " ".join(chooser.sample(words, min(chooser.randint(1, 8), len(words)))) for words in glosses
        ],
    }


def slip(word: str, chooser: random.Random) -> str:
    """A letter left out, doubled or exchanged with the next."""
    place = chooser.randrange(len(word))
    before, here, after = word[:place], word[place : place + 2], word[place + 2 :]
    return before + chooser.choice((here[1:], here[:1] + here, here[::-1])) + after


def clocked(taxonomy: Taxonomy, text: str) -> float:
    begun = time.process_time()
    taxonomy.search(text, 20)
    return time.process_time() - begun


def compare(contenders: dict[str, Callable[[], object]], rounds: int) -> None:
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            times[name].append(timed(run))
    show("time", times, 1000.0, "ms")


def timed(run: Callable[[], object]) -> float:
    """Seconds of CPU that one run takes, averaged over as many as take `LONG_ENOUGH`."""
    runs, begun = 0, time.process_time()
    while True:
        run()
        runs += 1
        took = time.process_time() - begun
        if took >= LONG_ENOUGH:
            return took / runs


def show(what: str, measured: dict[str, list[float]], scale: float, unit: str) -> None:
    first = statistics.median(next(iter(measured.values())))
    for name, values in measured.items():
        middle = statistics.median(values)
        spread = f"{min(values) * scale:.4g} to {max(values) * scale:.4g}"
        ratio = f"{first / middle:.1f} x" if middle != first else ""
        print(f"  {what:8} {name:24} {middle * scale:10.4g} {unit:4} ({spread})  {ratio}")


if __name__ == "__main__":
    main()
