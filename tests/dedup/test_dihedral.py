from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from synsetlab.dedup.dihedral import canonical, forms, images
from synsetlab.dedup.phash import phash
from synsetlab.dedup.scan import scan

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image


def test_forms_are_the_hashes_of_the_turned_pictures(photo: Callable[..., Image.Image]) -> None:
    for seed in range(3):
        scene = photo(seed)
        hashes = forms(scene)
        assert hashes[0] == phash(scene)
        assert len(set(hashes)) == 8
        for turned in images(scene):
            assert min((phash(turned) ^ form).bit_count() for form in hashes) <= 2
        assert canonical(hashes) == canonical(hashes[::-1])


def test_turned_copies_are_found_only_when_asked_for(
    tmp_path: Path, photo: Callable[..., Image.Image]
) -> None:
    for number, turned in enumerate(images(photo(1))):
        turned.save(tmp_path / f"turned{number}.png")
    photo(2).save(tmp_path / "other.png")
    assert not scan([str(tmp_path)]).clusters
    (group,) = scan([str(tmp_path)], dihedral=True).clusters
    assert [Path(path).name for path in group] == [f"turned{number}.png" for number in range(8)]
