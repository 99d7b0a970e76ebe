from __future__ import annotations

import io
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from synsetlab.dedup.judge import Policy, opinion, verdict
from synsetlab.dedup.look import Similarity, compare, glimpse

if TYPE_CHECKING:
    from collections.abc import Callable

SAME = Similarity(
    structure=0.99,
    spot=1,
    colour=1,
    spot_as_is=1,
    colour_as_is=1,
    saturation=1,
    plain=False,
)


def similarity(one: Image.Image, other: Image.Image) -> Similarity:
    return compare(glimpse(one), glimpse(other))


def reencoded(image: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return Image.open(out)


def on_white(shape: str, colour: str, print_: str | None = None) -> Image.Image:
    image = Image.new("RGB", (200, 200), "white")
    draw = ImageDraw.Draw(image)
    if shape == "stick":
        draw.rectangle((80, 30, 120, 170), fill=colour)
        draw.rectangle((86, 30, 114, 70), fill="black")
    else:
        draw.ellipse((50, 20, 150, 180), fill=colour)
        draw.line((60, 185, 140, 185), fill="black", width=10)
    if print_:
        draw.ellipse((80, 80, 120, 120), fill=print_)
    return image


def cropped(image: Image.Image, part: float) -> Image.Image:
    width, height = image.size
    return image.crop(
        (int(width * part), int(height * part), int(width * (1 - part)), int(height * (1 - part)))
    )


def test_copies_agree(photo: Callable[..., Image.Image]) -> None:
    scene = photo(1, 400, 300)
    for copy in (
        reencoded(scene, 30),
        scene.resize((200, 150)),
        ImageEnhance.Brightness(scene).enhance(1.2),
        ImageEnhance.Contrast(scene).enhance(0.8),
        scene.convert("L"),
        cropped(scene, 0.03),
        ImageOps.expand(scene, 8, "black"),
    ):
        assert verdict(6, similarity(scene, copy), Policy()) == "verified"
        assert verdict(2, similarity(scene, copy), Policy()) == "auto"
        assert verdict(8, similarity(scene, copy), Policy()) == "review"
        assert verdict(8, similarity(scene, copy), Policy(), related=True) == "verified"


def test_other_pictures_differ(photo: Callable[..., Image.Image]) -> None:
    for seed in range(2, 12):
        found = similarity(photo(1), photo(seed))
        assert verdict(5, found, Policy()) == "different"
        assert verdict(1, found, Policy()) == "review"


@pytest.mark.parametrize(
    "other",
    [
        on_white("lamp", "red"),
        on_white("stick", "blue"),  # another hue
        on_white("stick", "darkred"),  # what a tone curve would make of it
        on_white("stick", "grey"),  # what losing colour would make of it
        on_white("stick", "red", print_="yellow"),
    ],
)
def test_objects_on_white_are_not_joined(other: Image.Image) -> None:
    found = similarity(on_white("stick", "red"), other)
    assert verdict(0, found, Policy()) == "review"
    assert verdict(5, found, Policy()) in {"review", "different"}


def test_copies_on_white_are_joined() -> None:
    product = on_white("lamp", "tomato", print_="navy")
    for copy in (
        reencoded(product, 60),
        product.resize((90, 90)),
        product.convert("L"),
        ImageEnhance.Brightness(product).enhance(0.75),
    ):
        assert verdict(5, similarity(product, copy), Policy()) == "verified"


def test_a_flat_surface_is_judged_by_its_levels() -> None:
    flat = similarity(Image.new("RGB", (50, 50), "grey"), Image.new("RGB", (80, 50), "white"))
    assert math.isnan(flat.structure)
    assert verdict(0, flat, Policy()) == verdict(5, flat, Policy()) == "review"
    again = similarity(Image.new("RGB", (50, 50), "grey"), Image.new("RGB", (80, 50), "grey"))
    assert verdict(0, again, Policy()) == "auto"


def test_without_a_look_only_the_near_are_joined() -> None:
    assert [verdict(distance, None, Policy()) for distance in (0, 3, 4)] == ["auto", "auto", "review"]
    assert [verdict(2, None, Policy(), second=bits) for bits in (0, 12, 13)] == ["auto", "auto", "review"]


@pytest.mark.parametrize("strict", [False, True])
def test_limits_are_inclusive_or_strict(strict: bool) -> None:
    policy = Policy(strict=strict)
    unsure = replace(SAME, structure=0.85, spot_as_is=20)
    want = ["auto"] * (4 - strict) + ["review"] * (4 + strict)
    assert [verdict(distance, unsure, policy) for distance in range(8)] == want
    want = ["auto"] * (4 - strict) + ["verified"] * 3 + ["review"] * (1 + strict)
    assert [verdict(distance, SAME, policy) for distance in range(8)] == want


def test_a_bare_threshold_is_a_policy(photo: Callable[..., Image.Image]) -> None:
    rule = Policy(auto=10, strict=True, look=False)
    assert [verdict(distance, similarity(photo(1), photo(2)), rule) for distance in (9, 10)] == [
        "auto",
        "review",
    ]


def test_opinions() -> None:
    assert opinion(SAME, Policy()) == "same"
    assert opinion(replace(SAME, structure=0.8, spot_as_is=30), Policy()) == "unsure"
    assert opinion(replace(SAME, spot=40, spot_as_is=40), Policy()) == "unlike"
    assert opinion(replace(SAME, colour=60, colour_as_is=60, saturation=0.3), Policy()) == "other"
    assert opinion(replace(SAME, colour=40, colour_as_is=40), Policy()) == "unsure"  # a palette
    assert opinion(replace(SAME, structure=0.2, spot_as_is=30), Policy()) == "other"
