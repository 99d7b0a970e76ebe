"""The apps that the server shows, and where their notebooks are."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from synsetlab.errors import InputError
from synsetlab.store.names import ROLES

__all__ = ["APPS", "NOTEBOOKS", "App", "apps_for", "collect"]

NOTEBOOKS = Path(__file__).parent / "apps"
"""The notebooks travel in the package, so that a wheel can serve them; a test holds them equal to
those of the same name in the repository's ``notebooks/``."""


@dataclass(frozen=True)
class App:
    """One page of the site that is a notebook."""

    path: str
    """Path in the URL, without slashes."""
    title: str
    summary: str
    """What it is for, on the home page."""
    action: str
    """Text of the button that opens it."""
    notebook: str
    """File name in `NOTEBOOKS`."""
    roles: frozenset[str]
    """Who may open it."""


_EVERYONE = frozenset(ROLES)
_VOTERS = _EVERYONE - {"viewer"}
_EXPERTS = _VOTERS - {"annotator"}
# Who still votes sees nobody else's votes: the review queue and the numbers about annotators show them.

APPS = (
    App(
        "label",
        "Label",
        "Look at a page of pictures and say which show the synset.",
        "Start labelling",
        "04_label_images.ipynb",
        _VOTERS,
    ),
    App(
        "review",
        "Review",
        "Decide what the votes could not: ambiguous and flagged pictures.",
        "Open the queue",
        "05_review_votes.ipynb",
        _EXPERTS,
    ),
    App(
        "duplicates",
        "Duplicates",
        "Look at copies side by side and say which stay.",
        "Compare copies",
        "review_duplicates.ipynb",
        _EXPERTS,
    ),
    App(
        "dashboard",
        "Progress",
        "Votes per hour, what is left and what it costs, synsets, annotators and how far they agree.",
        "See how it goes",
        "08_dashboard.ipynb",
        _EXPERTS | {"viewer"},
    ),
    App(
        "browse",
        "Browse",
        "Search WordNet's nouns, see how many pictures each synset has, choose classes.",
        "Open the tree",
        "browse_synsets.ipynb",
        _EVERYONE,
    ),
)


def apps_for(role: str) -> tuple[App, ...]:
    """The apps that `role` may open, in their order."""
    return tuple(app for app in APPS if role in app.roles)


def collect(place: Path, own: Path | None = None) -> None:
    """Copy the apps' notebooks to `place`, those that the folder `own` has from there.

    Raises
    ------
    InputError
        `own` holds none of them.
    """
    mine = {app.notebook for app in APPS if own and (own / app.notebook).is_file()}
    if own and not mine:
        names = ", ".join(app.notebook for app in APPS)
        raise InputError(f"{own} holds none of the apps' notebooks.", f"They are named: {names}.")
    for app in APPS:
        folder = own if own and app.notebook in mine else NOTEBOOKS
        shutil.copyfile(folder / app.notebook, place / app.notebook)
