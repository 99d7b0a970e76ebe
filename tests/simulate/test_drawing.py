from __future__ import annotations

import io

import numpy as np
import pytest

from synsetlab.simulate.drawing import DRAWINGS, Take, draw_scene
from synsetlab.simulate.drawing.backdrops import BACKDROPS
from synsetlab.simulate.drawing.colour import rgb, to_image
from synsetlab.simulate.drawing.sprite import Light, Sprite

LIGHT = Light((-0.5, -0.6, 0.62), rgb("#ffffff"), rgb("#8090a0"))
NAMES = {d.wnid: d.name.replace(" ", "-") for d in DRAWINGS.values()}


@pytest.mark.parametrize("wnid", DRAWINGS, ids=NAMES.get)
def test_object_fills_its_sprite_at_any_pose(wnid: str) -> None:
    for pixels, angle, mirror in ((60, 0.0, False), (140, 0.3, True)):
        sprite = Sprite(pixels, LIGHT, angle=angle, mirror=mirror)
        DRAWINGS[wnid].paint(sprite, np.random.default_rng(5))
        assert np.isfinite(sprite.colour).all()
        assert sprite.alpha.min() >= 0
        assert 0.98 < sprite.alpha.max() <= 1 + 1e-6
        rows = np.flatnonzero(sprite.alpha.max(axis=1) > 0.5)
        columns = np.flatnonzero(sprite.alpha.max(axis=0) > 0.5)
        assert max(np.ptp(rows), np.ptp(columns)) > 0.6 * pixels


@pytest.mark.parametrize("wnid", DRAWINGS, ids=NAMES.get)
def test_object_looks_different_each_time(wnid: str) -> None:
    sprites = []
    for seed in (1, 2):
        sprite = Sprite(80, LIGHT)
        DRAWINGS[wnid].paint(sprite, np.random.default_rng(seed))
        sprites.append(sprite.colour)
    assert float(np.abs(sprites[0] - sprites[1]).mean()) > 0.002


def test_light_from_the_left_brightens_the_left_side_even_when_turned_and_mirrored() -> None:
    left = Light((-0.9, 0.0, 0.44), rgb("#ffffff"), rgb("#000000"))
    for angle, mirror in ((0.0, False), (1.3, False), (2.2, True)):
        sprite = Sprite(80, left, angle=angle, mirror=mirror)
        sprite.paint(sprite.ellipsoid(0, 0, 0.9, 0.9), rgb("#a0a0a0"), gloss=0)
        assert sprite.colour[:, :40].sum() > 1.5 * sprite.colour[:, 40:].sum()
        cushion = Sprite(80, left, angle=angle, mirror=mirror)
        square = [(-0.6, -0.6), (0.6, -0.6), (0.6, 0.6), (-0.6, 0.6)]
        cushion.paint(cushion.puff(square, 0.5), rgb("#a0a0a0"), gloss=0)
        assert cushion.colour[:, :40].sum() > cushion.colour[:, 40:].sum()


@pytest.mark.parametrize("name", sorted(BACKDROPS))
def test_backdrop_fills_the_picture(name: str) -> None:
    backdrop = BACKDROPS[name]((60, 90), np.random.default_rng(3))
    assert backdrop.colour.shape == (60, 90, 3)
    assert np.isfinite(backdrop.colour).all()
    assert np.asarray(to_image(backdrop.colour)).std() > 1


def test_every_drawing_has_a_backdrop_and_is_confused_with_what_can_be_drawn() -> None:
    for drawing in DRAWINGS.values():
        assert set(drawing.settings) <= set(BACKDROPS)
        assert drawing.wnid not in drawing.confused
        assert drawing.confused
        assert set(drawing.confused) <= set(DRAWINGS)
        if drawing.half_way:
            other = DRAWINGS[drawing.half_way.other]
            assert other.half_way is not None
            assert other.half_way.other == drawing.wnid


@pytest.mark.parametrize(
    "take",
    [Take(), Take(tiny=True), Take(hidden=True), Take(blurred=True)],
    ids=["plain", "tiny", "hidden", "blurred"],
)
def test_same_state_gives_the_same_pixels(take: Take) -> None:
    for wnid in ("n07739125", "n04128499", "n06874185"):
        first, again, other = (draw_scene(wnid, np.random.default_rng(s), take) for s in (8, 8, 9))
        assert first.mode == "RGB"
        assert 320 <= first.width <= 640
        assert first.tobytes() == again.tobytes()
        assert first.tobytes() != other.tobytes()


def test_blurred_scenes_have_no_detail() -> None:
    def detail(take: Take) -> int:
        buffer = io.BytesIO()
        draw_scene("n01443537", np.random.default_rng(4), take).convert("L").resize((128, 96)).save(
            buffer, "PNG"
        )
        return buffer.tell()

    assert detail(Take(blurred=True)) < 0.8 * detail(Take())


def test_unknown_synset() -> None:
    with pytest.raises(KeyError):
        draw_scene("n00000000", np.random.default_rng(0))


@pytest.mark.wordnet
def test_every_wnid_is_the_synset_meant(wordnet: object) -> None:
    from synsetlab.taxonomy import load

    taxonomy = load()
    for drawing in DRAWINGS.values():
        assert drawing.name in [lemma.replace("_", " ") for lemma in taxonomy.lemmas(drawing.wnid)]
    # The fruit, not the tree that bears it; the animal, not the swimming stroke.
    for wnid, above in {
        "n07739125": "n07705931",  # apple: edible fruit
        "n07747607": "n07747055",  # orange: citrus
        "n02274259": "n02274024",  # butterfly: lepidopterous insect
        "n06874185": "n06791372",  # traffic light: signal
        "n02814860": "n04460130",  # beacon: tower
    }.items():
        assert above in {str(w) for w in taxonomy.ancestors(wnid)}
