import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synsetlab.errors import InputError
from synsetlab.server.identity import HEADER
from synsetlab.server.kernels import ALLOWED_MESSAGES, ThisPython, kernel_environment
from synsetlab.server.pages import APPS, NOTEBOOKS, collect
from synsetlab.store.names import clean_name, outside_name, same_but_case


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("ada", "ada"),
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("Zoë", "Zoë"),
        ("Zoe\u0308", "Zoë"),
        ("佐藤 花子", "佐藤 花子"),
        ("<b>x</b>", "<b>x</b>"),
        ("x" * 64, "x" * 64),
    ],
)
def test_a_name_is_kept_in_one_form(given_name, kept):
    assert clean_name(given_name) == kept


@pytest.mark.parametrize("bad", ["", "   ", "\n", "x" * 65, "a\u200bb", "a\x00b", "\u202egod", "a\ud800"])
def test_a_name_that_cannot_be_shown_is_refused(bad):
    with pytest.raises(InputError):
        clean_name(bad)


@given(st.text(max_size=80))
def test_a_clean_name_stays_as_it_is(text):
    try:
        name = clean_name(text)
    except InputError:
        return
    assert clean_name(name) == name
    assert 1 <= len(name) <= 64
    assert name.isprintable()


@pytest.mark.parametrize("name", ["ada", "Ada Lovelace", "Zo\xeb", "\uff41da"])
def test_a_name_from_outside_is_taken_as_it_is(name):
    assert outside_name(name) == name


@pytest.mark.parametrize("name", ["", " ada", "ada\u2028", "ada  l", "Zoe\u0308", "\u212aim", "a\u200bda"])
def test_a_name_from_outside_is_not_made_another(name):
    with pytest.raises(InputError):
        outside_name(name)


@pytest.mark.parametrize(
    ("name", "same"),
    [("ADA", True), ("aDa", True), ("\uff41da", False), ("\xaada", False), ("ad\xe0", False)],
)
def test_names_from_outside_are_the_same_but_for_the_case_of_a_to_z(name, same):
    assert same_but_case("ada", name) is same
    assert not same_but_case("\xe9va", "\xc9va")


def test_a_kernel_is_told_what_it_needs_and_nothing_else():
    told = kernel_environment(
        {
            "PATH": "/bin",
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "SYNSETLAB_WORKSPACE": "/ws",
            "PGHOST": "db",
            "AWS_SECRET_ACCESS_KEY": "s",
            "GITHUB_TOKEN": "s",
            "ADMIN_DB": "s",
            "JUPYTER_TOKEN": "s",
            "HTTP_X_SYNSETLAB_ANNOTATOR": "Zo%C3%AB",
            "HTTP_X_SYNSETLAB_ROLE": "expert",
            "HTTP_X_SYNSETLAB_EPOCH": "3.1",
            "HTTP_COOKIE": "s",
        }
    )
    assert told == {
        "PATH": "/bin",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "SYNSETLAB_WORKSPACE": "/ws",
        "PGHOST": "db",
        "SYNSETLAB_ANNOTATOR": "Zoë",
        "SYNSETLAB_ROLE": "expert",
    }


def test_the_annotator_comes_from_the_server_not_from_its_environment():
    told = kernel_environment({"SYNSETLAB_ANNOTATOR": "someone", "SYNSETLAB_ROLE": "admin"})
    assert (told["SYNSETLAB_ANNOTATOR"], told["SYNSETLAB_ROLE"]) == ("", "")
    assert HEADER == "X-Synsetlab-Annotator"


def test_a_page_may_not_run_code_or_stop_its_kernel():
    assert not {name for name in ALLOWED_MESSAGES if name.startswith(("execute", "shutdown", "interrupt"))}


def test_there_is_one_kernel_and_it_is_this_python():
    import sys

    manager = ThisPython()
    assert list(manager.get_all_specs()) == ["python3"]
    assert manager.get_kernel_spec("python3").argv[0] == sys.executable


def test_the_packaged_notebooks_are_those_of_the_repository(root):
    """The apps are the notebooks that people read, not copies that drift from them."""
    for app in APPS:
        packaged, read = NOTEBOOKS / app.notebook, root / "notebooks" / app.notebook
        assert json.loads(packaged.read_text("utf-8"))["cells"]
        if read.exists():
            assert packaged.read_bytes() == read.read_bytes(), f"copy {read.name} to {packaged}"


def test_own_notebooks_go_before_the_packaged_ones(tmp_path):
    own, place = tmp_path / "own", tmp_path / "place"
    own.mkdir()
    place.mkdir()
    with pytest.raises(InputError, match="none of the apps' notebooks"):
        collect(place, own)
    (own / APPS[0].notebook).write_text("mine")
    collect(place, own)
    assert (place / APPS[0].notebook).read_text() == "mine"
    assert (place / APPS[1].notebook).read_bytes() == (NOTEBOOKS / APPS[1].notebook).read_bytes()
