"""From wherever WordNet 3.0 is, into the user's folder, in one step or not at all."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import tarfile
import zipfile

import nltk.data
import pytest

from synsetlab.errors import InputError, WordNetError
from synsetlab.taxonomy import corpus, install, load
from synsetlab.taxonomy.paths import corpus_dir, index_path

SYNSETLAB = [sys.executable, "-c", "import sys; from synsetlab.cli import main; sys.exit(main())"]
pytestmark = pytest.mark.usefixtures("data_home")


@pytest.fixture
def nothing_around(monkeypatch, tmp_path):
    """No NLTK data, no Debian package, no network."""
    monkeypatch.setattr(nltk.data, "path", [str(tmp_path / "nltk_data")])
    monkeypatch.setattr(install, "DEBIAN", tmp_path / "debian")
    offline = {name: install._SOURCES[name] for name in ("nltk data", "debian")}
    monkeypatch.setattr(install, "_SOURCES", offline)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def tar_of(folder, mode="w:gz", top="WordNet-3.0/dict"):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode, compresslevel=1) as tar:
        for name in names_in(folder):
            tar.add(folder / name, f"{top}/{name}")
    return packed.getvalue()


def debian_of(data: bytes) -> bytes:
    """A package as deb(5) says: an ar archive of three members, padded to even places."""
    members = [("debian-binary", b"2.0\n"), ("control.tar.xz", b"odd"), ("data.tar.gz", data)]
    parts = [b"!<arch>\n"]
    for name, content in members:
        header = f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode()
        parts.append(header + content + b"\n" * (len(content) % 2))
    return b"".join(parts)


@pytest.mark.parametrize("below", ["", "dict", "corpora/wordnet"])
def test_from_a_folder(wordnet, tmp_path, below):
    place = tmp_path / "given" / below
    shutil.copytree(wordnet, place, dirs_exist_ok=True)
    done = install.install(tmp_path / "given")
    assert (done.source, done.origin, done.made) == ("path", str(tmp_path / "given"), [])
    assert done.path == str(corpus_dir())
    assert names_in(corpus_dir().parent) == ["wordnet"]
    corpus.verify(corpus_dir())
    again = install.install()
    assert (again.source, again.origin) == ("installed", str(tmp_path / "given"))


def test_from_a_zip_whose_names_point_elsewhere(wordnet, tmp_path):
    archive = tmp_path / "wordnet.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name in names_in(wordnet):
            packed.write(wordnet / name, f"../../outside/{name}")
        packed.writestr("../../outside/../evil", "evil")
    install.install(archive)
    corpus.verify(corpus_dir())
    assert not (tmp_path.parent / "outside").exists()
    assert "evil" not in names_in(corpus_dir())


@pytest.mark.parametrize("kind", ["tar.gz", "deb"])
def test_from_a_tar_or_debian_package(wordnet, tmp_path, kind):
    packed = tar_of(wordnet)
    archive = tmp_path / f"wordnet.{kind}"
    archive.write_bytes(debian_of(packed) if kind == "deb" else packed)
    install.install(archive)
    corpus.verify(corpus_dir())


def test_a_place_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        install.install(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no archive", "no readable zip, tar or Debian package"),
        (b"!<arch>\nnonsense" * 9, "damaged Debian package"),
        (b"", "no readable zip, tar or Debian package"),
    ],
)
def test_a_file_that_is_no_archive(tmp_path, content, message):
    archive = tmp_path / "file"
    archive.write_bytes(content)
    with pytest.raises(WordNetError, match=message):
        install.install(archive)
    assert not corpus_dir().exists()


def test_a_folder_without_wordnet(tmp_path):
    with pytest.raises(WordNetError, match=r"no data\.noun"):
        install.install(tmp_path)


def test_another_version_leaves_what_was_there(wordnet, doctored):
    install.install(wordnet)
    before = corpus_dir().stat().st_ino
    other = doctored({"data.noun": lambda content: content.replace(b"WordNet 3.0", b"WordNet 2.1")})
    with pytest.raises(WordNetError, match=r"doctored holds WordNet of version 2\.1"):
        install.install(other)
    assert corpus_dir().stat().st_ino == before
    assert names_in(corpus_dir().parent) == ["wordnet"]


@pytest.mark.usefixtures("nothing_around")
def test_nothing_is_found_and_every_place_is_named():
    with pytest.raises(WordNetError, match="found nowhere") as caught:
        install.install()
    assert "--from" in caught.value.remedy


@pytest.mark.usefixtures("nothing_around")
def test_nltk_data_comes_before_debian_and_a_wrong_version_is_passed_over(wordnet, doctored, tmp_path):
    other = doctored({"data.noun": lambda content: content.replace(b"WordNet 3.0", b"WordNet 3.1")})
    nltk_data = tmp_path / "nltk_data" / "corpora"
    nltk_data.mkdir(parents=True)
    other.rename(nltk_data / "wordnet")
    shutil.copytree(wordnet, install.DEBIAN)
    done = install.install()
    assert done.source == "debian"
    [passed_over] = done.tried
    assert passed_over["source"] == "nltk data"
    assert "version 3.1" in passed_over["reason"]


@pytest.mark.usefixtures("nothing_around")
def test_a_damaged_installation_is_replaced(wordnet):
    install.install(wordnet)
    (corpus_dir() / "data.noun").write_bytes(b"gone")
    shutil.copytree(wordnet, install.DEBIAN)
    done = install.install()
    assert done.source == "debian"
    assert done.tried[0]["source"] == "installed"
    corpus.verify(corpus_dir())
    assert names_in(corpus_dir().parent) == ["wordnet"]


def test_load_without_wordnet_says_how_to_get_it():
    with pytest.raises(WordNetError, match="not installed") as caught:
        load()
    assert caught.value.remedy == "Get it with: synsetlab wordnet install"
    assert not install.status().installed


@pytest.mark.slow
def test_the_command_installs_and_compiles_for_a_new_user(wordnet, tmp_path):
    command = [*SYNSETLAB, "wordnet"]
    done = subprocess.run(
        [*command, "install", "--from", str(wordnet), "--json"], capture_output=True, text=True, check=True
    )
    said = json.loads(done.stdout)
    assert {"path", "source", "origin", "made", "tried", "version", "synsets", "index"} <= set(said)
    assert (said["synsets"], said["version"]) == (82_115, "3.0")
    assert "Compiling" in done.stderr
    assert "82115" not in done.stderr  # the progress bar is for terminals
    assert index_path().is_file()
    assert load().check()["noun synsets"] == 82_115
    found = json.loads(subprocess.check_output([*command, "status", "--json"], text=True))
    assert found["installed"]
    assert found["compiled"]


def test_status_of_a_new_user_is_a_failure():
    done = subprocess.run(
        [*SYNSETLAB, "wordnet", "status", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["installed"] is False
