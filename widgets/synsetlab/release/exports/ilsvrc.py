"""The layout of ILSVRC2012: archives and devkit, or the tree that comes of extracting them."""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from synsetlab.release.exports.boxes import voc
from synsetlab.release.exports.devkit import Numbered, meta_bin, meta_mat, number_synsets
from synsetlab.release.exports.tars import TarFile, member_end, pack
from synsetlab.release.tables import iterate_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from synsetlab.release.exports.layout import Export, Row

__all__ = [
    "TRAIN",
    "flat_name",
    "image_sets",
    "numbered_rows",
    "train_name",
    "write_ilsvrc",
    "write_torchvision",
]

TRAIN = "train"
"""The split whose pictures are filed by class; the others are numbered and flat."""
DEVKIT = "ILSVRC2012_devkit_t12"
README = """{name} {version}, in the layout of the ILSVRC2012 development kit.

data/meta.mat: the struct array "synsets"; row i has ILSVRC2012_ID i. 1 to {classes} are the classes, in the
order of their wnids; those above are their hypernyms. wordnet_height is the longest path to a leaf in all
of WordNet 3.0, or in the graph of this release for synsets that WordNet lacks and where it was not installed.
data/ILSVRC2012_validation_ground_truth.txt: an ILSVRC2012_ID a line, in the order of the pictures' names.
data/ILSVRC2012_SPLIT_images.txt: the picture, as the release calls it, that each numbered file is.

Identity of the release: {identity}
"""


def train_name(row: Row) -> str:
    """ILSVRC's name of a training picture; whatever its format, the ending is JPEG."""
    return f"{Path(row['export_name']).stem}.JPEG"


def flat_name(split: str, number: int) -> str:
    """ILSVRC's name of a picture of another split, without its ending; numbers start at 1."""
    return f"ILSVRC2012_{split}_{number:08d}"


def numbered_rows(export: Export, split: str) -> Iterator[tuple[int, Row]]:
    """Rows of a split with their numbers: by image id, which tells nothing about the class."""
    return enumerate(export.rows(split), start=1)


def write_ilsvrc(export: Export) -> None:
    """Train tar of tars, other splits flat, devkit, lists, and VOC XML where there are boxes."""
    if TRAIN in export.splits:
        export.write(f"ILSVRC2012_img_{TRAIN}.tar", partial(_train_tar, export))
    for split in _others(export):
        export.write(f"ILSVRC2012_img_{split}.tar", partial(_flat_tar, export, split))
    _write_about(export, archive=True)
    _write_annotations(export)


def write_torchvision(export: Export) -> None:
    """``train/WNID/``, ``val/WNID/`` and ``meta.bin``: what torchvision's ImageNet makes of the archives.

    Sealed splits are flat.
    """
    for row in export.rows_by_class(TRAIN) if TRAIN in export.splits else ():
        export.place(row, f"{TRAIN}/{row['wnid']}/{train_name(row)}")
    for split in _others(export):
        for number, row in numbered_rows(export, split):
            home = f"{split}/{row['wnid']}" if row["wnid"] else split
            export.place(row, f"{home}/{flat_name(split, number)}.JPEG")
    _write_about(export, archive=False)
    _write_annotations(export)


def image_sets(export: Export, home: str) -> None:
    """Lists of a split's pictures without endings, each with its number."""
    for split in export.splits:
        if split == TRAIN:
            rows = export.rows_by_class(split)
            names = (f"{row['wnid']}/{Path(row['export_name']).stem}" for row in rows)
            file = f"{home}/train_cls.txt"
        else:
            names = (flat_name(split, number) for number, _ in numbered_rows(export, split))
            file = f"{home}/{split}.txt"
        export.write_lines(file, (f"{name} {number}" for number, name in enumerate(names, start=1)))


def _others(export: Export) -> list[str]:
    return [split for split in export.splits if split != TRAIN]


def _train_tar(export: Export, aside: Path) -> None:
    """A tar of one tar a class. A killed run leaves it in `parts`; its whole classes are kept."""
    part, inner = export.part("train.tar"), export.part("class.tar")
    with part.open("r+b" if part.exists() else "w+b") as out:
        end, complete = 0, True
        tar: TarFile | None = None
        for wnid, rows in groupby(export.rows_by_class(TRAIN), key=lambda row: row["wnid"]):
            found = member_end(out, end, f"{wnid}.tar") if complete else None
            if found is not None:
                end = found
                continue
            if tar is None:
                complete = False
                out.truncate(end)
                out.seek(end)
                tar = TarFile(out)
            with inner.open("wb") as file, TarFile(file) as of_class:
                for row in rows:
                    of_class.add(train_name(row), export.read(row))
            tar.add_file(f"{wnid}.tar", inner)
        if tar is None:
            out.truncate(end)
            out.seek(end)
            tar = TarFile(out)
        tar.close()
    inner.unlink(missing_ok=True)
    part.replace(aside)


def _flat_tar(export: Export, split: str, aside: Path) -> None:
    with aside.open("wb") as out, TarFile(out) as tar:
        for number, row in numbered_rows(export, split):
            tar.add(f"{flat_name(split, number)}.JPEG", export.read(row))


def _write_about(export: Export, *, archive: bool) -> None:
    """Devkit, ``meta.bin``, lists of synsets and addresses."""
    counts: Counter[str] = Counter()
    labels: dict[str, list[str]] = {split: [] for split in _others(export)}
    if not export.dry:
        for wnid, split, name, last in _labels(export):
            if split == TRAIN:
                counts[wnid] += 1
            elif wnid or name != last:
                labels[split].append(wnid)
    synsets = number_synsets(export, counts)
    kit = _devkit(export, synsets, labels)
    for name, data in kit.items():
        export.write_bytes(f"{DEVKIT}/{name}", partial(bytes, data))
    if archive:
        whole = {f"{DEVKIT}/{name}": data for name, data in kit.items()}
        export.write(f"{DEVKIT}.tar.gz", partial(pack, whole))
    val = [] if "val" in export.sealed else labels.get("val", [])
    export.write_bytes("meta.bin", lambda: meta_bin(synsets, val))
    by_wnid = export.synsets.values()
    export.write_lines("synsets.txt", export.classes)
    export.write_lines("words.txt", (f"{row['wnid']}\t{_line(row['lemmas'])}" for row in by_wnid))
    export.write_lines("gloss.txt", (f"{row['wnid']}\t{_line(row['gloss'])}" for row in by_wnid))
    edges = iterate_table(export.folder / "edges.parquet", ("parent", "child"))
    export.write_lines("wordnet.is_a.txt", (" ".join(edge) for edge in edges))
    export.write_lines("urls.txt", _urls(export))
    image_sets(export, "ImageSets/CLS-LOC")


def _labels(export: Export) -> Iterator[tuple[str, str, str, str]]:
    last = ""
    columns = ("wnid", "split", "export_name")
    for wnid, split, name in iterate_table(export.folder / "images.parquet", columns):
        yield wnid or "", split, name, last
        last = name


def _devkit(export: Export, synsets: list[Numbered], labels: dict[str, list[str]]) -> dict[str, bytes]:
    ids = {row.wnid: row.id for row in synsets}
    policy = export.release["policy"]
    about = README.format(
        name=policy.get("name", "dataset"),
        version=export.release["version"],
        classes=len(export.classes),
        identity=export.release["identity"],
    )
    kit = {"readme.txt": about.encode(), "data/meta.mat": meta_mat(synsets) if not export.dry else b""}
    for split, wnids in labels.items():
        if split not in export.sealed:
            name = "validation" if split == "val" else split
            lines = "".join(f"{ids.get(wnid, 0)}\n" for wnid in wnids)
            kit[f"data/ILSVRC2012_{name}_ground_truth.txt"] = lines.encode()
        names = [] if export.dry else [row["export_name"] for row in export.rows(split)]
        kit[f"data/ILSVRC2012_{split}_images.txt"] = "".join(f"{name}\n" for name in names).encode()
    return dict(sorted(kit.items()))


def _urls(export: Export) -> Iterator[str]:
    for row in export.rows():
        if row["url"] and row["wnid"]:
            yield f"{Path(row['export_name']).stem}\t{row['url']}"


def _line(text: str) -> str:
    return " ".join(text.split())


def _write_annotations(export: Export) -> None:
    if not export.boxes:
        return
    database = "ILSVRC_2012"
    numbers = dict.fromkeys(export.splits, 0)
    for row in export.rows():
        numbers[row["split"]] += 1
        boxes = export.boxes.get(row["image_id"]) if row["wnid"] else None
        if not boxes:
            continue
        if row["split"] == TRAIN:
            folder, name = row["wnid"], Path(row["export_name"]).stem
            path = f"Annotations/{TRAIN}/{folder}/{name}.xml"
        else:
            folder, name = row["split"], flat_name(row["split"], numbers[row["split"]])
            path = f"Annotations/{folder}/{name}.xml"
        text = voc(row, folder, name, boxes, database)
        export.write_bytes(path, partial(str.encode, text))
