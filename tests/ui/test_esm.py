"""The linker: many plain modules become the one text that anywidget loads."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from synsetlab.doctor import find_node
from synsetlab.ui import esm

if TYPE_CHECKING:
    from collections.abc import Iterator

JS = Path(esm.__file__).parent / "js"
ENTRIES = sorted(path.stem for path in JS.glob("*.js") if "export default" in path.read_text("utf-8"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "js").mkdir()
    monkeypatch.setattr(esm, "_FOLDER", tmp_path)
    esm.link.cache_clear()
    yield tmp_path / "js"
    esm.link.cache_clear()


def run(text: str) -> object:
    """What the linked text's default export is, as a real engine sees it."""
    node = find_node()
    if node is None:
        pytest.skip("Node.js is not installed")
    script = f"{text}".replace("export default", "const answer =") + "\nconsole.log(JSON.stringify(answer));"
    done = subprocess.run(
        [str(node), "--input-type=module", "-e", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_each_module_is_there_once_and_runs(folder: Path) -> None:
    (folder / "base.js").write_text("let n = 0;\nexport const one = () => (n += 1);\nexport class Two {}\n")
    (folder / "left.js").write_text(
        'import { one } from "./base.js";\nexport function left() { return one(); }\n'
    )
    (folder / "right.js").write_text(
        'import {\n  one as first,\n} from "./base.js";\nexport async function right() { return first(); }\n'
    )
    (folder / "entry.js").write_text(
        'import { left } from "./left.js";\nimport { right } from "./right.js";\n'
        "export default [left(), await right(), left()];\n"
    )
    text = esm.link("entry")
    assert text.count("let n = 0") == 1
    assert run(text) == [1, 2, 3]


def test_names_that_are_not_exported_do_not_meet(folder: Path) -> None:
    (folder / "a.js").write_text('const secret = "a";\nexport function a() { return secret; }\n')
    (folder / "b.js").write_text('const secret = "b";\nexport function b() { return secret; }\n')
    (folder / "entry.js").write_text(
        'import { a } from "./a.js";\nimport { b } from "./b.js";\nexport default [a(), b()];\n'
    )
    assert run(esm.link("entry")) == ["a", "b"]


def test_a_circle_is_named(folder: Path) -> None:
    (folder / "a.js").write_text('import { b } from "./b.js";\nexport const a = b;\n')
    (folder / "b.js").write_text('import { a } from "./a.js";\nexport const b = a;\n')
    with pytest.raises(ValueError, match="a -> b -> a"):
        esm.link("a")


@pytest.mark.parametrize("name", ENTRIES)
def test_a_linked_panel_imports_nothing_and_fetches_nothing(name: str) -> None:
    text = re.sub(r"/\*.*?\*/", "", esm.link(name), flags=re.DOTALL)
    assert not re.search(r"^import\s*[{*\"']", text, re.MULTILINE)
    assert not re.search(r"\bimport\(|XMLHttpRequest|new WebSocket|https?://", text)
    # The grid asks the page's own server for thumbnails, by a path that Python gave it.
    asked = re.findall(r"(?<![.\w])fetch\([^,]*", text)
    assert asked == (["fetch(route + key"] if name == "grid" else [])


def test_styles_load_nothing_from_elsewhere() -> None:
    for path in (JS.parent / "css").glob("*.css"):
        assert not re.search(r"@import|https?://|url\((?!\"?data:)", path.read_text("utf-8")), path.name


def test_modules_stay_short() -> None:
    long = {
        path.name: count
        for path in JS.glob("*.js")
        if (count := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert not long
