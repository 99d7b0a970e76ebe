"""ILSVRC's development kit: ids, ``meta.mat``, and the ``meta.bin`` that torchvision makes of it."""

from __future__ import annotations

import io
import pickle
import zipfile
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from synsetlab.errors import WordNetError
from synsetlab.release.tables import iterate_table

if TYPE_CHECKING:
    from synsetlab.release.exports.layout import Export
    from synsetlab.taxonomy.nouns import Taxonomy

__all__ = ["Numbered", "meta_bin", "meta_mat", "number_synsets"]

MAT_HEADER = 116
"""Bytes of text at the start of a MAT-file (version 5)."""


@dataclass(frozen=True)
class Numbered:
    """A synset with its devkit id; `children` are ids."""

    id: int
    wnid: str
    words: str
    gloss: str
    children: list[int]
    height: int
    train: int


def number_synsets(export: Export, train: dict[str, int]) -> list[Numbered]:
    """The release's synsets as ILSVRC numbers them.

    The classes have 1 to K in the order of their wnids and, as in ILSVRC, no children (a class under
    another class keeps its place in ``wordnet.is_a.txt``); roots and the other ancestors follow. Heights
    are those in all of WordNet 3.0, as in ILSVRC: longest path to a leaf. Where WordNet is not installed, and
    for synsets that it lacks, they are those in the release's graph.
    """
    below: dict[str, list[str]] = {wnid: [] for wnid in export.synsets}
    above: set[str] = set()
    for parent, child in iterate_table(export.folder / "edges.parquet", ("parent", "child")):
        below.setdefault(parent, []).append(child)
        above.add(child)

    taxonomy = _wordnet()

    @cache
    def height(wnid: str) -> int:
        if taxonomy is not None and wnid in taxonomy:
            return taxonomy.height(wnid)
        return max((1 + height(child) for child in below.get(wnid, ())), default=0)

    inner = sorted(set(export.synsets) - set(export.classes), key=lambda wnid: (wnid in above, wnid))
    order = [*export.classes, *inner]
    ids = {wnid: number for number, wnid in enumerate(order, start=1)}
    return [
        Numbered(
            ids[wnid],
            wnid,
            export.synsets[wnid]["lemmas"],
            export.synsets[wnid]["gloss"],
            [] if wnid in export.index else sorted(ids[child] for child in below[wnid] if child in ids),
            height(wnid),
            train.get(wnid, 0),
        )
        for wnid in order
    ]


def _wordnet() -> Taxonomy | None:
    from synsetlab.taxonomy import load  # noqa: PLC0415 - only devkits need it

    try:
        return load()
    except WordNetError:
        return None


def meta_mat(synsets: list[Numbered]) -> bytes:
    """``data/meta.mat`` of the 2012 devkit: the struct array ``synsets``, row i has id i."""
    import numpy as np  # noqa: PLC0415 - heavy, and only devkits need them
    from scipy.io import savemat  # noqa: PLC0415

    names = ("ILSVRC2012_ID", "WNID", "words", "gloss", "num_children", "children", "wordnet_height",
             "num_train_images")  # fmt: skip
    table = np.empty((len(synsets), 1), dtype=[(name, object) for name in names])
    for row, synset in enumerate(synsets):
        numbers = [float(value) for value in (synset.id, len(synset.children), synset.height, synset.train)]
        children = np.array([synset.children], dtype=np.float64).reshape(1, -1)
        texts = (synset.wnid, synset.words, synset.gloss)
        table[row, 0] = (numbers[0], *texts, numbers[1], children, numbers[2], numbers[3])
    file = io.BytesIO()
    savemat(file, {"synsets": table})  # type: ignore[arg-type]  # the stubs know no files
    # SciPy writes the time and the platform into the header's text.
    return b"MATLAB 5.0 MAT-file".ljust(MAT_HEADER) + file.getvalue()[MAT_HEADER:]


def meta_bin(synsets: list[Numbered], val: list[str]) -> bytes:
    """``meta.bin`` of torchvision's ImageNet: words by wnid of the classes, and val's wnids by file name.

    What ``torch.save`` writes for such a pair (a zip of a pickle of protocol 2), made without torch, in
    the plain types that ``torch.load(..., weights_only=True)`` accepts.
    """
    words = {row.wnid: tuple(row.words.split(", ")) for row in synsets if not row.children}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, data in {
            "data.pkl": _pickle((words, val)),
            "byteorder": b"little",
            "version": b"3\n",
        }.items():
            info = zipfile.ZipInfo(f"meta/{name}")
            info.create_system = 3
            archive.writestr(info, data)
    return file.getvalue()


def _pickle(value: Any) -> bytes:
    out = io.BytesIO()
    pickler = pickle.Pickler(out, protocol=2)
    pickler.fast = True  # no memo: bytes depend on values, not on which strings are the same object
    pickler.dump(value)
    return out.getvalue()
