"""Where a LabelingGrid gets its pictures and leaves its answers."""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from synsetlab.config import config_dir
from synsetlab.errors import InputError
from synsetlab.ui.pictures import FilePictures
from synsetlab.ui.votelog import VoteLog

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FolderSource", "GridSource", "asked_synset", "current_annotator"]

ENDINGS: Final = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff"),
    *(".avif", ".jp2", ".ppm", ".pgm", ".pnm"),
)


EARLIER: Final = 10
MOST_CLASSES: Final = 100
TAKEN: Final = ("yes", "no", "unsure", "skip")


class GridSource(Protocol):
    """What a grid needs: a question, pages of pictures to ask it of, a place for the answers.

    Keys are strings that name one question (for a workspace, the question's id). An event is
    ``{id, key, answer, retracts, shown_at, decided_at, active_ms, batch}``: `id` a UUID made by the
    page; either `answer` (yes, no, unsure, skip) or `retracts` (the id of an answer of the same
    annotator) is not None; times are ISO 8601 in UTC; `active_ms` as in docs of `LabelingGrid`.
    """

    @property
    def owner(self) -> str:
        """Names project and annotator. Answers that could not be delivered wait in the browser under it.

        They go to the next grid with the same owner, so a key must mean the same question in all of them.
        """
        ...

    def header(self) -> dict[str, Any]:
        """What is asked: ``question``, and as far as known ``wnid, lemmas, gloss, path, rules_yes, rules_no,
        examples=[{key, good}], wikipedia, choices=[{value, name, gloss}]``.
        """  # noqa: D205  # the list of keys is one sentence
        ...

    def page(self, size: int) -> Sequence[Mapping[str, Any]]:
        """The next at most `size` pictures, the same ones again until they are answered or submitted.

        Each: ``{key}`` and as far as known ``width, height, title, author, licence, landing_page``.
        An empty page: nothing is left. May be a lazy sequence; it is read in slices.
        """
        ...

    def thumbnail(self, key: str) -> bytes:
        """About 256 px, in a format that browsers show; raises a `SynsetlabError` that says why not."""
        ...

    def picture(self, key: str) -> bytes:
        """The picture in full, in a format that browsers show."""
        ...

    def record(self, events: Sequence[dict[str, Any]]) -> list[str]:
        """Commit the events, then return the ids that are safe; those recorded before are among them.

        Raises
        ------
        InputError
            An event can never be recorded. Any other error means that it may be tried again.
        """
        ...

    def my_answers(self, keys: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """The annotator's standing answers, ``{key: {"id": event id, "answer": answer}}``."""
        ...

    def progress(self) -> dict[str, int]:
        """For the status line: ``total`` and ``answered`` by this annotator."""
        ...

    def submit(self, keys: Sequence[str]) -> None:
        """The annotator is done with these; they are not shown again."""
        ...


class FolderSource:
    """Pictures in a folder, answers in memory or in a file; no workspace.

    Parameters
    ----------
    images
        A folder, read with all folders below it in order of name, or a list of files.
    question
        What is asked of each picture.
    annotator
        Who answers; None: see `current_annotator`.
    votes_file
        JSON Lines to which each event is appended before it counts as saved; an existing one is continued.
        None: the answers live as long as this object.
    rules_yes, rules_no
        When the answer is yes, and when it is no.
    examples
        File to whether it is a good example, shown beside the question.
    choices
        Names of classes, or class to its explanation: one of them is assigned to each picture,
        and the answers are these, unsure and skip.

    Raises
    ------
    InputError
        There is no such folder, or no picture in it.
    """

    def __init__(
        self,
        images: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        question: str = "",
        *,
        annotator: str | None = None,
        votes_file: str | os.PathLike[str] | None = None,
        rules_yes: str = "",
        rules_no: str = "",
        examples: Mapping[str | os.PathLike[str], bool] | None = None,
        choices: Sequence[str] | Mapping[str, str] | None = None,
    ) -> None:
        self.choices = _classes(choices)
        self.question = question or ("What does it show?" if self.choices else "Is this picture right?")
        self.annotator = annotator or current_annotator()
        self._rules = {"rules_yes": rules_yes, "rules_no": rules_no}
        self._files, place = _listed(images)
        self._folder = isinstance(images, str | os.PathLike)
        self._examples = {_text(str(path)): (str(path), good) for path, good in (examples or {}).items()}
        shown = {*self._files.values(), *(path for path, _ in self._examples.values())}
        self._pictures = FilePictures(None, allowed=shown)
        self._owner = hashlib.sha256("\0".join((place, self.question, self.annotator)).encode()).hexdigest()
        self._done: set[str] = set()
        self.log = VoteLog(votes_file)

    @property
    def owner(self) -> str:
        """Of this folder, question and annotator; it says nothing about where the folder is."""
        return f"folder-{self._owner[:32]}"

    def header(self) -> dict[str, Any]:
        """The question, its rules and examples."""
        examples = [{"key": key, "good": good} for key, (_, good) in self._examples.items()]
        classes = [{"value": name, "name": name, "gloss": gloss} for name, gloss in self.choices.items()]
        return {"question": self.question, **self._rules, "examples": examples, "choices": classes}

    def page(self, size: int) -> Sequence[Mapping[str, Any]]:
        """The first `size` files that were not submitted."""
        left = (key for key in self._files if key not in self._done)
        return [self._item(key) for key, _ in zip(left, range(size), strict=False)]

    def earlier(self) -> list[dict[str, Any]]:
        """The last ten pages with answers of this annotator, the latest first."""
        pages = self.log.pages(self.annotator)[-EARLIER:]
        return [{**page, "name": self.question, "open": len(page.pop("keys"))} for page in reversed(pages)]

    def reopen(self, batch: str) -> list[dict[str, Any]]:
        """The pictures answered on that page."""
        pages = {page["batch"]: page["keys"] for page in self.log.pages(self.annotator)}
        return [self._item(key) for key in pages.get(batch, ()) if key in self._files]

    def preferences(self) -> dict[str, Any]:
        """How this annotator likes to work, from the user's data folder."""
        try:
            kept = json.loads(_preferences_file().read_text("utf-8")).get(self.annotator, {})
        except (OSError, ValueError, AttributeError):
            return {}  # none were kept, or they cannot be read: then it is as usual
        return kept if isinstance(kept, dict) else {}

    def remember(self, preferences: dict[str, Any]) -> None:
        """Keep them there."""
        file = _preferences_file()
        try:
            all_of_them = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            all_of_them = {}
        written = file.with_suffix(f".{os.getpid()}.new")
        written.write_text(json.dumps({**all_of_them, self.annotator: preferences}), "utf-8")
        written.replace(file)

    def thumbnail(self, key: str) -> bytes:
        """At most 256 px; the last few hundred are kept."""
        return self._pictures.thumbnail(self._path(key))

    def warm(self, count: int) -> None:
        """Make the first `count` thumbnails, in the background."""
        self._pictures.warm([path for path, _ in zip(self._files.values(), range(count), strict=False)])

    def picture(self, key: str) -> bytes:
        """The file itself where a browser can show it, else a JPEG."""
        return self._pictures.picture(self._path(key))

    def record(self, events: Sequence[dict[str, Any]]) -> list[str]:
        """Append to the log."""
        for event in events:
            self._path(event["key"])
        return self.log.append(events, self.annotator)

    def my_answers(self, keys: Sequence[str]) -> dict[str, dict[str, str]]:
        """From the log."""
        return self.log.answers(self.annotator, keys)

    def progress(self) -> dict[str, int]:
        """All files, and how many of them this annotator has answered."""
        return {"total": len(self._files), "answered": len(self.my_answers(list(self._files)))}

    def submit(self, keys: Sequence[str]) -> None:
        """Leave these out of further pages."""
        self._done.update(keys)

    def _item(self, key: str) -> dict[str, Any]:
        return {"key": key, "title": self._title(key)}

    def _title(self, key: str) -> str:
        return key if self._folder else key.rpartition("/")[2]

    def keys(self) -> list[str]:
        """The names of all files."""
        return list(self._files)

    def _path(self, key: str) -> str:
        if key in self._files:
            return self._files[key]
        if key in self._examples:
            return self._examples[key][0]
        raise InputError(f"There is no picture {key!r} in this grid.", "Reload the page.")


def _classes(choices: Sequence[str] | Mapping[str, str] | None) -> dict[str, str]:
    """Each class with its explanation."""
    if not choices:
        return {}
    if isinstance(choices, str):
        raise InputError(f"choices={choices!r} is one text.", "Give a list of at least two classes.")
    named = dict(choices) if isinstance(choices, Mapping) else dict.fromkeys(choices, "")
    if len(named) < 2 or len(named) > MOST_CLASSES or len(named) < len(choices):
        raise InputError(
            f"{len(choices)} classes cannot be told apart here.", f"Give 2 to {MOST_CLASSES} different names."
        )
    wrong = next(
        (name for name in named if not isinstance(name, str) or not name.strip() or name in TAKEN), None
    )
    if wrong is not None:
        raise InputError(f"{wrong!r} cannot be a class.", f"Use names other than {', '.join(TAKEN)}.")
    return named


def _preferences_file() -> Path:
    return config_dir() / "grid.json"


def current_annotator() -> str:
    """Who sits here: ``$SYNSETLAB_ANNOTATOR`` (set by ``synsetlab serve``), else the name of the account."""
    return os.environ.get("SYNSETLAB_ANNOTATOR") or getpass.getuser()


def asked_synset() -> str | None:
    """The synset in the address of the page, ``?wnid=n02084071``; None where there is none."""
    asked = urllib.parse.parse_qs(os.environ.get("QUERY_STRING", "")).get("wnid", [])
    return asked[0] if len(asked) == 1 else None


def _listed(images: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> tuple[dict[str, str], str]:
    """Path of each picture by its name, and a text that names the whole of them."""
    if not isinstance(images, str | os.PathLike):
        files = {_text(str(path)): str(path) for path in images}
        if not files:
            raise InputError("The list of images is empty.", "Give a folder, or the files to show.")
        return files, "\0".join(files)
    folder = Path(images)
    if not folder.is_dir():
        raise InputError(
            f"There is no folder {os.fspath(images)!r}.", "Give the folder that holds the pictures."
        )
    found = {}
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        above = _text(str(Path(place).relative_to(folder)))
        prefix = "" if above == "." else f"{above}/"
        for name in sorted(names):
            if name.lower().endswith(ENDINGS) and not name.startswith("."):
                found[prefix + _text(name)] = f"{place}{os.sep}{name}"
    if not found:
        endings = ", ".join(ENDINGS)
        raise InputError(f"There are no pictures in {folder}.", f"Pictures are files that end in {endings}.")
    return found, _text(str(folder.resolve()))


def _text(path: str) -> str:
    """The path with slashes, as text that can be sent: bytes of a name that are no UTF-8 become U+FFFD."""
    return os.fsencode(path).decode("utf-8", "replace").replace(os.sep, "/")
