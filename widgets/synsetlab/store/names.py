"""What a person may be called, and which roles there are."""

from __future__ import annotations

import string
import unicodedata

from synsetlab.errors import InputError

__all__ = [
    "RESERVED",
    "ROLES",
    "clean_name",
    "clean_role",
    "outside_name",
    "same_but_case",
    "same_name",
    "voting_role",
]

ROLES = ("viewer", "annotator", "expert", "curator", "admin")
"""Each may do what those before it may, but a viewer gives no votes and an annotator sees none of others."""

NAME_LENGTH = 64
RESERVED = "erased-"
"""How the pseudonyms of forgotten people begin."""


def clean_name(text: str) -> str:
    """`text` as a person's name: NFC, single spaces, 1 to 64 printable characters.

    Raises
    ------
    InputError
        It is empty, too long, or holds a character that cannot be seen.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name:
        raise InputError("A name is needed.", "Your votes are kept under it.")
    if len(name) > NAME_LENGTH:
        raise InputError(f"A name has at most {NAME_LENGTH} characters; this one has {len(name)}.")
    if not name.isprintable():
        raise InputError("The name holds a character that cannot be seen.", "Type it in plain letters.")
    return name


def outside_name(text: str) -> str:
    """`text`, which a proxy or a hub calls a person, if it is a name as names are kept here.

    It is not made one: two people of the proxy must not become one here.

    Raises
    ------
    InputError
        It is none, or would be another text as one.
    """
    if clean_name(text) != text:
        raise InputError(
            f"The name {text!a} cannot be used here.",
            "Names are in Unicode's form NFC, and have single spaces between words.",
        )
    return text


def clean_role(role: str) -> str:
    """`role`, if there is such a role.

    Raises
    ------
    InputError
        There is not.
    """
    if role not in ROLES:
        raise InputError(f"There is no role {role!r:.40}.", f"Roles are: {', '.join(ROLES)}.")
    return role


def same_name(name: str) -> str:
    """`name` without case, compatibility forms and spare blanks: two with the same one are one person's."""
    plain = unicodedata.normalize("NFKC", " ".join(name.split()))
    return unicodedata.normalize("NFKC", plain.casefold())


def voting_role(name: str) -> str:
    """The role under which votes of `name` are kept: ``anonymous`` for that, alone or before a colon."""
    return "anonymous" if name.partition(":")[0] == "anonymous" else "annotator"


def same_but_case(name: str, other: str) -> bool:
    """Whether two names differ at most in the case of the letters A to Z, as many directories let them."""
    return name.translate(_LOWER) == other.translate(_LOWER)


_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
