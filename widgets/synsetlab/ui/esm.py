"""Turn the plain ES modules of ``ui/js`` into the one text that anywidget wants.

anywidget evaluates a widget's module from a Blob URL, where relative imports cannot be resolved.
So each module that an entry imports is inlined once, as a function that returns its exports.
Only what our own modules use is understood: ``import { a, b } from "./x.js"`` on one or more lines,
``export function``, ``export async function``, ``export class`` and ``export const``. One panel may be
a part of another: the ``export default`` line of a module that is imported is left out.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

__all__ = ["link", "style"]

_FOLDER = Path(__file__).parent
_IMPORT = re.compile(r'^import\s*\{([^}]*)\}\s*from\s*"\./([\w-]+)\.js";?[ \t]*$', re.MULTILINE)
_EXPORT = re.compile(r"^export\s+((?:async\s+)?function\*?|class|const)\s+(\w+)", re.MULTILINE)

_DEFAULT = re.compile(r"^export default [^\n]*\n?", re.MULTILINE)


@cache
def link(name: str) -> str:
    """The module ``ui/js/<name>.js`` with everything it imports inlined.

    Raises
    ------
    ValueError
        A module imports itself through others: the text names the circle.
    """
    done: dict[str, str] = {}
    entry = _inline(name, done, ())
    return "\n".join([*done.values(), entry])


@cache
def style(*names: str) -> str:
    """The style sheets ``ui/css/<name>.css`` one after another, the tokens first."""
    return "\n".join((_FOLDER / "css" / f"{name}.css").read_text("utf-8") for name in ("tokens", *names))


def _inline(name: str, done: dict[str, str], trail: tuple[str, ...]) -> str:
    if name in trail:
        raise ValueError(f"ui/js: modules import each other in a circle: {' -> '.join((*trail, name))}")
    source = (_FOLDER / "js" / f"{name}.js").read_text("utf-8")
    for match in _IMPORT.finditer(source):
        wanted = match.group(2)
        if wanted not in done:
            body = _inline(wanted, done, (*trail, name))
            exports = ", ".join(found.group(2) for found in _EXPORT.finditer(body))
            text = _DEFAULT.sub("", _EXPORT.sub(r"\1 \2", body))
            done[wanted] = f"const {_module(wanted)} = (() => {{\n{text}\nreturn {{ {exports} }};\n}})();"
    return _IMPORT.sub(lambda m: f"const {{{_names(m.group(1))}}} = {_module(m.group(2))};", source)


def _names(listed: str) -> str:
    return listed.replace(" as ", ": ")


def _module(name: str) -> str:
    return "$" + name.replace("-", "_")
