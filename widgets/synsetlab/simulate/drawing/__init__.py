"""Pictures drawn by code: objects lit as solids before varied backdrops, the same for the same seed."""

from __future__ import annotations

from synsetlab.simulate.drawing.catalogue import DRAWINGS, Drawing
from synsetlab.simulate.drawing.scene import Take, draw_scene

__all__ = ["DRAWINGS", "Drawing", "Take", "draw_scene"]
