"""An index of hashes in a folder: memory-mapped, grown by what is added, searched without loading it.

A segment holds hashes in the order of their ids, and four sorted copies of them, rotated so that each of
four 16-bit blocks is at the top once. A look-up goes to the runs whose block is near enough (Norouzi,
Punjani, Fleet 2012, section 3.2: with r = 4 s + a, the first a + 1 blocks within s bits, the others within
s - 1).

The manifest names the segments and is replaced in one step after they are on disk: who is killed leaves the
index as it was. Segments are merged as they grow, so there are about log2(n) of them.
"""

from __future__ import annotations

import itertools
import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from synsetlab.dedup.files import shown
from synsetlab.dedup.hamming import MAX_PAIRS, MEMORY, Pairs, checked, ordered_pairs, pairs_within, query
from synsetlab.dedup.phash import IMAGEHASH
from synsetlab.errors import InputError, SynsetlabError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]
    Indices = npt.NDArray[np.int64]

__all__ = ["HammingIndex"]

_MANIFEST: Final = "index.json"
_BLOCKS: Final = 4
_WIDTH: Final = 16
_CANDIDATES: Final = 1 << 22  # compared at a time


class HammingIndex:
    """Hashes on disk; ids are 0, 1, 2, ... in the order they were added.

    Parameters
    ----------
    folder
        Where the index lies.
    hash_name
        What kind of hashes it holds; those of another kind are refused. None takes what the index has,
        or ImageHash's for a new one.
    create
        Make the index if the folder has none.

    Raises
    ------
    InputError
        There is no index, it is damaged, or it holds hashes of another kind; a new one's folder holds files.
    """

    def __init__(
        self, folder: str | os.PathLike[str], *, hash_name: str | None = None, create: bool = False
    ) -> None:
        self.folder = Path(folder)
        manifest = self.folder / _MANIFEST
        if not manifest.is_file():
            if not create:
                raise InputError(
                    f"{shown(str(folder))} holds no index of hashes.",
                    "Make one: synsetlab dedup index add, or create=True.",
                )
            self._make_folder()
            self._write_manifest(hash_name or IMAGEHASH, [])
        self._read_manifest()
        if hash_name is not None and hash_name != self.hash_name:
            raise InputError(
                f"{shown(str(folder))} holds {self.hash_name} hashes, not {hash_name}; "
                "they cannot be compared.",
                "Use an index for each kind of hash.",
            )

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            others = sorted(path.name for path in self.folder.iterdir())
        except OSError as error:
            raise InputError(
                f"{shown(str(self.folder))} cannot be made: {error.strerror or error}.",
                "Choose another place.",
            ) from error
        if others:  # an index removes segments of its own: it shares its folder with nobody's files
            raise InputError(
                f"{shown(str(self.folder))} holds {shown(others[0])} and no index of hashes.",
                "Name a folder that is new or empty.",
            )

    def __len__(self) -> int:
        return sum(size for _, size in self._segments)

    @property
    def hashes(self) -> Hashes:
        """All hashes by id: a memory map where there is one segment, else a copy."""
        parts = [self._load(name, "ids") for name, _ in self._segments]
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint64)

    def add(self, hashes: npt.ArrayLike, *, hash_name: str | None = None) -> range:
        """Add hashes and return their ids; what is there already is only touched where segments merge.

        Raises
        ------
        InputError
            Not uint64, or hashes of another kind.
        SynsetlabError
            Another process is adding.
        """
        new = checked(hashes, 0)
        if hash_name is not None and hash_name != self.hash_name:
            raise InputError(
                f"{hash_name} hashes cannot be added to {self.hash_name} ones.",
                "Use an index for each kind of hash.",
            )
        with self._writing():
            self._read_manifest()
            first = len(self)
            if not new.size:
                return range(first, first)
            kept = list(self._segments)
            parts = [new]
            while kept and kept[-1][1] < 2 * sum(part.size for part in parts):
                parts.insert(0, self._load(kept.pop()[0], "ids"))
            merged = np.concatenate(parts)
            number = 1 + max((int(name) for name, _ in self._segments), default=0)
            name = f"{number:08}"
            self._write_segment(name, merged)
            self._write_manifest(self.hash_name, [*kept, (name, int(merged.size))])
            self._read_manifest()
            self._sweep()
            return range(first, first + new.size)

    def query(self, hashes: npt.ArrayLike, radius: int, *, max_pairs: int = MAX_PAIRS) -> Pairs:
        """All (id, position in `hashes`, distance) at most `radius` apart, sorted by id, then position.

        Few hashes are looked up; for many, everything is sorted once, which is then faster.
        """
        asked = checked(hashes, radius)
        values, inverse = np.unique(asked, return_inverse=True)
        masks = [_flips(radius // _BLOCKS - (block > radius % _BLOCKS)) for block in range(_BLOCKS)]
        looks = sum(mask.size for mask in masks)
        # Bits of a picture's hash are skewed: radii beyond 12 mean most of the runs.
        if radius > 12 or values.size * looks > (40 if radius < 5 else 200) << _WIDTH:
            return query(self.hashes, asked, radius, max_pairs=max_pairs)
        ids, places = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        first = 0
        for name, size in self._segments:
            found, which = self._look_up(name, values, masks, radius)
            for i, j in _expand(self._load(name, "w0"), found, which):
                ids.append(np.asarray(self._load(name, "order")[i], dtype=np.int64) + first)
                places.append(j)
            first += size
        i, j = np.concatenate(ids), np.concatenate(places)
        counts = np.bincount(inverse, minlength=values.size)
        if int(counts[j].sum()) > max_pairs:
            raise SynsetlabError(
                f"{int(counts[j].sum()):,} pairs lie within distance {radius}, more than {max_pairs:,}.",
                "Lower the distance, or ask for fewer hashes at a time.",
            )
        members = np.argsort(inverse, kind="stable")
        starts = np.cumsum(counts) - counts
        which = np.repeat(np.arange(j.size), counts[j])
        step = np.arange(which.size) - np.repeat(np.cumsum(counts[j]) - counts[j], counts[j])
        position = members[starts[j[which]] + step]
        everything = self.hashes
        distance = np.bitwise_count(np.asarray(everything[i[which]]) ^ asked[position])
        return ordered_pairs(i[which], position.astype(np.int64), distance)

    def pairs(
        self, radius: int, *, since: int = 0, max_pairs: int = MAX_PAIRS, memory: int = MEMORY
    ) -> Pairs:
        """All pairs of ids within `radius`; with `since`, those whose later id is at least that.

        After ``new = index.add(hashes)``, ``index.pairs(radius, since=new.start)`` are the pairs it brought.
        """
        everything = self.hashes
        if not 0 <= since <= everything.size:
            raise InputError(
                f"There is no id {since}: the index holds {everything.size:,} hashes.", "Give 0 or an id."
            )
        if not since:
            return pairs_within(everything, radius, max_pairs=max_pairs, memory=memory)
        old, new = everything[:since], everything[since:]
        across = query(old, new, radius, max_pairs=max_pairs, memory=memory)
        inside = pairs_within(new, radius, max_pairs=max_pairs, memory=memory)
        return ordered_pairs(
            np.concatenate([across.i, inside.i + since]),
            np.concatenate([across.j + since, inside.j + since]),
            np.concatenate([across.distance, inside.distance]),
        )

    def _look_up(self, name: str, values: Hashes, masks: list[Hashes], radius: int) -> tuple[Hashes, Indices]:
        """Distinct (hash of the segment, position in `values`) within `radius`."""
        found, which = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
        for block, flips in enumerate(masks):
            words = self._load(name, f"w{block}")
            turned = _rotate(values, block)
            keys = ((turned >> np.uint64(48))[:, None] ^ flips[None, :]).ravel() << np.uint64(48)
            asker = np.repeat(np.arange(values.size), flips.size)
            begin = np.searchsorted(words, keys, side="left")
            end = np.searchsorted(words, keys | np.uint64((1 << 48) - 1), side="right")
            for part in _batches(end - begin):
                sizes = (end - begin)[part]
                who = np.repeat(asker[part], sizes)
                place = np.repeat(begin[part] - (np.cumsum(sizes) - sizes), sizes) + np.arange(who.size)
                candidates = np.asarray(words[place])
                near = np.flatnonzero(np.bitwise_count(candidates ^ turned[who]) <= radius)
                found.append(_rotate(candidates[near], _BLOCKS - block))
                which.append(who[near])
        hashes, askers = np.concatenate(found), np.concatenate(which)
        order = np.lexsort((hashes, askers))
        hashes, askers = hashes[order], askers[order]
        new = np.ones(hashes.size, dtype=np.bool_)
        new[1:] = (hashes[1:] != hashes[:-1]) | (askers[1:] != askers[:-1])
        return hashes[new], askers[new]

    # ------------------------------------------------------------ files

    def _load(self, name: str, part: str) -> npt.NDArray[Any]:
        path = self.folder / f"{name}.{part}.npy"
        try:
            loaded: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise InputError(
                f"The index lacks {shown(str(path))}: {error}.", "Make the index again."
            ) from error
        return loaded

    def _write_segment(self, name: str, hashes: Hashes) -> None:
        order = np.argsort(hashes, kind="stable")
        parts = {"ids": hashes, "order": order.astype(np.uint32 if hashes.size < 1 << 32 else np.int64)}
        for block in range(_BLOCKS):
            parts[f"w{block}"] = np.sort(_rotate(hashes, block))
        for part, values in parts.items():
            with (self.folder / f"{name}.{part}.npy").open("wb") as file:
                np.save(file, values)
                file.flush()
                os.fsync(file.fileno())

    def _write_manifest(self, hash_name: str, segments: list[tuple[str, int]]) -> None:
        beside = self.folder / f".{_MANIFEST}.{os.getpid()}"
        with beside.open("w", encoding="utf-8") as file:
            json.dump({"format": 1, "hash": hash_name, "segments": segments}, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.folder / _MANIFEST)

    def _read_manifest(self) -> None:
        path = self.folder / _MANIFEST
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            if manifest["format"] != 1:
                raise ValueError(f"format {manifest['format']!r}")
            self.hash_name = str(manifest["hash"])
            self._segments = [(str(name), int(size)) for name, size in manifest["segments"]]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{shown(str(path))} is not the manifest of an index ({error}).", "Make the index again."
            ) from error

    def _sweep(self) -> None:
        """Remove segments that the manifest does not name: merged ones, and those of a writer that died."""
        named = {name for name, _ in self._segments}
        for path in self.folder.glob("[0-9]" * 8 + ".*"):
            if path.name.split(".")[0] not in named:
                path.unlink(missing_ok=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            import fcntl  # noqa: PLC0415 - not on every system
        except ImportError:
            yield
            return
        with (self.folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(
                    lock, fcntl.LOCK_EX | fcntl.LOCK_NB
                )  # the system lets go of it when a process dies
            except OSError as error:
                raise SynsetlabError(
                    f"Another process is adding to {shown(str(self.folder))}.", "Wait for it, then add again."
                ) from error
            yield


def _rotate(hashes: Hashes, block: int) -> Hashes:
    bits = block % _BLOCKS * _WIDTH
    if not bits:
        return hashes
    return (hashes << np.uint64(bits)) | (hashes >> np.uint64(64 - bits))


def _flips(most: int) -> Hashes:
    """All 16-bit masks of at most `most` bits; none where `most` is negative."""
    masks = [
        sum(1 << bit for bit in bits)
        for count in range(most + 1)
        for bits in itertools.combinations(range(_WIDTH), count)
    ]
    return np.array(masks, dtype=np.uint64)


def _batches(sizes: Indices) -> Iterator[slice]:
    ends = np.cumsum(sizes)
    begin = 0
    while begin < sizes.size:
        before = int(ends[begin - 1]) if begin else 0
        end = max(begin + 1, int(np.searchsorted(ends, before + _CANDIDATES, side="right")))
        yield slice(begin, end)
        begin = end


def _expand(ordered: Hashes, found: Hashes, which: Indices) -> Iterator[tuple[Indices, Indices]]:
    """Every place of each found hash in the sorted words, with who asked."""
    begin = np.searchsorted(ordered, found, side="left")
    sizes = np.searchsorted(ordered, found, side="right") - begin
    for part in _batches(sizes):
        many = sizes[part]
        place = np.repeat(begin[part] - (np.cumsum(many) - many), many)
        yield place + np.arange(place.size), np.repeat(which[part], many)
