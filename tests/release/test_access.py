"""Who may have a release: offers, requests, decisions, links that end, what was fetched."""

from __future__ import annotations

import csv
import errno
import json
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from synsetlab import Workspace
from synsetlab.cli import main
from synsetlab.errors import InputError, ReleaseError, WorkspaceError
from synsetlab.release import access
from synsetlab.release.freeze import freeze
from synsetlab.release.notices import LOCK, NOTICES
from synsetlab.store.lock import alone
from synsetlab.store.schema_access import AccessEvent, Download

ADA = {
    "person": "Ada Lovelace",
    "email": "ada@maths.Example.EDU",
    "institution": "Analytical Engines",
    "purpose": "To see how well engines tell dogs from cats.",
}


@pytest.fixture(scope="module")
def frozen(tmp_path_factory, build_voted):
    """A small workspace and its release, made once; each test has a copy."""
    folder = tmp_path_factory.mktemp("frozen")
    with build_voted(folder / "ws", images=24) as made:
        freeze(made, folder / "release", seed=1)
    return folder


@pytest.fixture
def voted(frozen, tmp_path):
    shutil.copytree(frozen / "ws", tmp_path / "ws")
    with Workspace.open(tmp_path / "ws") as opened:
        yield opened


@pytest.fixture
def released(frozen, tmp_path):
    shutil.copytree(frozen / "release", tmp_path / "release")
    return tmp_path / "release"


@pytest.fixture
def offered(voted, released):
    terms = "Only for research.\n"
    return access.offer_release(voted, released, name="pets", terms=terms, domains=["example.edu"])


def ask(workspace, offer, **other):
    return access.ask_for_release(workspace, offer.name, offer.terms_sha256, **{**ADA, **other})


def link(workspace, request, offer, file="images.parquet", seconds=3600):
    expires = int(time.time()) + seconds
    secret = workspace.setting("secret")
    return file, expires, access.signature(secret, request.id, offer.identity, file, expires)


# ---- offers


def test_an_offer_takes_the_releases_own_terms_and_name(voted, released):
    offer = access.offer_release(voted, released)
    assert offer.terms == (released / "TERMS.md").read_text("utf-8")
    assert offer.name.endswith("-1.0.0")
    assert (offer.approval, offer.domains, offer.days) == (True, [], access.DAYS)


def test_a_damaged_release_is_not_offered(voted, released):
    (released / "DATASHEET.md").write_text("changed")
    with pytest.raises(ReleaseError, match=r"DATASHEET\.md"):
        access.offer_release(voted, released)
    assert voted.access.offers() == []


def test_offering_again_changes_the_terms_for_whoever_asks_then(voted, released, offered):
    _, first = ask(voted, offered)
    again = access.offer_release(voted, released, name="pets", terms="Other terms.", domains=["example.edu"])
    with pytest.raises(InputError, match="changed meanwhile"):
        ask(voted, offered)
    _, second = ask(voted, again)
    assert voted.access.terms(first.terms_sha256) == "Only for research.\n"
    assert voted.access.terms(second.terms_sha256) == "Other terms."


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": "No Spaces"}, "No Spaces"),
        ({"terms": " \n"}, "terms are empty"),
        ({"domains": ["not a domain"]}, "not a domain"),
        ({"domains": ["a..b"]}, r"a\.\.b"),
        ({"days": 0}, "not 0"),
    ],
)
def test_offers_that_cannot_be(voted, released, values, said):
    with pytest.raises(InputError, match=said):
        access.offer_release(voted, released, **values)
    assert voted.access.offers() == []


# ---- requests


@pytest.mark.parametrize(
    "address", ["ada@example.edu", "ada@maths.example.edu", "a.d+a@EXAMPLE.EDU", "ada@ＥＸＡＭＰＬＥ.edu"]
)
def test_addresses_that_may_ask(address):
    assert access.check_email(address, ["example.edu"]).endswith("example.edu")


@pytest.mark.parametrize(
    "address",
    [
        "ada",
        "ada@",
        "ada@edu",
        "@example.edu",
        "a da@example.edu",
        "ada@notexample.edu",
        "ada@example.edu.evil.org",
    ],
)
def test_addresses_that_may_not(address):
    with pytest.raises(InputError):
        access.check_email(address, ["example.edu"])


def test_a_whole_ending_may_ask():
    assert access.check_email("ada@example.edu", ["ac.uk", "edu"]) == "ada@example.edu"
    with pytest.raises(InputError):
        access.check_email("ada@example.edu.org", ["ac.uk", "edu"])


def test_domains_in_other_scripts():
    assert access.check_domains(["Bücher.example", " @uni.edu ", ""]) == ["uni.edu", "xn--bcher-kva.example"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"person": "  "}, "name is missing"),
        ({"purpose": "fun"}, "too short"),
        ({"institution": "x" * 201}, "201"),
        ({"person": "a\x07b"}, "control"),
        ({"person": "a\x1cb"}, "control"),
        ({"purpose": "To see \x1b[2J how dogs look."}, "control"),
        ({"institution": "\u202e"}, "institution is missing"),
        ({"email": "ada@else.where.org"}, r"else\.where\.org"),
    ],
)
def test_requests_that_cannot_be(voted, offered, values, said):
    with pytest.raises(InputError, match=said):
        ask(voted, offered, **values)
    assert voted.access.requests() == []


def test_what_is_not_seen_is_not_kept(voted, offered):
    _, asked = ask(voted, offered, person="Ada\u202e ecal\u200b", purpose="To see dogs,\r\n\ufeffand cats.")
    assert (asked.person, asked.purpose) == ("Ada ecal", "To see dogs,\nand cats.")
    decided = access.decide_request(voted, asked.id, "decline", by=None, reason="No\x1b[2J,\n\u202esorry")
    assert decided.reason == "No[2J, sorry"


def test_a_request_waits_is_approved_and_revoked(voted, offered):
    token, asked = ask(voted, offered)
    assert (asked.state, asked.until, asked.email) == ("waiting", None, "ada@maths.example.edu")
    assert access.signed_request(voted, asked.id, *link(voted, asked, offered)) is None
    approved = access.decide_request(voted, asked.id, "approve", by=None, days=30, reason=" go \n on ")
    assert (approved.state, approved.reason) == ("approved", "go on")
    assert timedelta(days=29) < approved.until - datetime.now(UTC) < timedelta(days=31)
    assert voted.access.request_of(token) == approved
    file, expires, signed = link(voted, asked, offered)
    assert access.signed_request(voted, asked.id, file, expires, signed) == (approved, offered)
    access.decide_request(voted, asked.id, "revoke", by=None)
    assert access.signed_request(voted, asked.id, file, expires, signed) is None
    kinds = [event["kind"] for event in voted.access.events(asked.id)]
    assert kinds == ["revoked", "approved", "requested"]


def test_an_approval_ends_by_itself(voted, offered):
    _, asked = ask(voted, offered)
    past = datetime.now(UTC) - timedelta(seconds=1)
    voted.access.decide(asked.id, "approved", by=None, until=past)
    assert access.signed_request(voted, asked.id, *link(voted, asked, offered)) is None


def test_a_withdrawn_release_cannot_be_asked_for_or_fetched(voted, offered):
    _, asked = ask(voted, offered)
    access.decide_request(voted, asked.id, "approve", by=None)
    voted.access.withdraw("pets")
    assert access.signed_request(voted, asked.id, *link(voted, asked, offered)) is None
    with pytest.raises(InputError, match="cannot be asked"):
        ask(voted, voted.access.offer("pets"))
    with pytest.raises(InputError, match="pets"):
        voted.access.withdraw("pets")


def test_without_approval_the_terms_are_enough(voted, released):
    offer = access.offer_release(voted, released, name="open", approval=False, days=3)
    _, asked = ask(voted, offer)
    assert asked.state == "approved"
    assert access.signed_request(voted, asked.id, *link(voted, asked, offer)) is not None


def test_links_cannot_be_altered(voted, offered):
    _, asked = ask(voted, offered)
    _, other = ask(voted, offered, person="Bob")
    for number in (asked.id, other.id):
        access.decide_request(voted, number, "approve", by=None)
    file, expires, signed = link(voted, asked, offered)
    assert access.signed_request(voted, asked.id, file, expires, signed)
    assert access.signed_request(voted, other.id, file, expires, signed) is None
    assert access.signed_request(voted, asked.id, "votes.parquet", expires, signed) is None
    assert access.signed_request(voted, asked.id, file, expires + 1, signed) is None
    assert access.signed_request(voted, asked.id, file, expires, signed[:-1]) is None
    assert access.signed_request(voted, asked.id, file, expires, "é") is None
    assert access.signed_request(voted, 99, file, expires, signed) is None
    late = link(voted, asked, offered, seconds=-1)
    assert access.signed_request(voted, asked.id, *late) is None


@pytest.mark.parametrize(
    ("number", "verdict", "days", "said"),
    [(7, "approve", None, "no request 7"), (1, "bless", None, "bless"), (1, "approve", 0, "not 0")],
)
def test_verdicts_that_cannot_be(number, verdict, days, said, request):
    workspace = request.getfixturevalue("voted")
    ask(workspace, request.getfixturevalue("offered"))
    with pytest.raises(InputError, match=said):
        access.decide_request(workspace, number, verdict, by=None, days=days)


def test_only_what_was_approved_can_be_revoked(voted, offered):
    _, asked = ask(voted, offered)
    with pytest.raises(InputError, match="waiting"):
        access.decide_request(voted, asked.id, "revoke", by=None)


# ---- what stays


def test_downloads_name_who_and_under_which_terms(voted, offered):
    _, asked = ask(voted, offered)
    voted.access.note_download(asked.id, offered.identity, "images.parquet", 12)
    (row,) = voted.access.downloads()
    assert (row["email"], row["file"], row["bytes"]) == ("ada@maths.example.edu", "images.parquet", 12)
    assert row["terms_sha256"] == asked.terms_sha256


def test_the_csv_of_downloads_holds_no_formula(voted, offered, tmp_path, capsys):
    bad = {"person": '=HYPERLINK("http://evil.example";"x")', "institution": "@SUM(1)"}
    _, asked = ask(voted, offered, **bad, email="-1+1@example.edu")
    voted.access.note_download(asked.id, offered.identity, "images.parquet", 12)
    place = tmp_path / "downloads.csv"
    assert main(["access", "log", "-o", str(place), "--json", "-w", str(voted.folder)]) == 0
    (told,) = json.loads(capsys.readouterr().out)["downloads"]
    assert {name: told[name] for name in bad} == bad
    with place.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    given = {name: row[name] for name in ("person", "institution", "email", "bytes")}
    assert given == {
        "person": "'" + bad["person"],
        "institution": "'@SUM(1)",
        "email": "'-1+1@example.edu",
        "bytes": "12",
    }


def test_a_person_can_be_forgotten(voted, offered):
    _, asked = ask(voted, offered)
    access.decide_request(voted, asked.id, "approve", by=None)
    voted.access.note_download(asked.id, offered.identity, "images.parquet", 12)
    voted.access.forget(asked.id, by=None)
    left = voted.access.request(asked.id)
    assert (left.person, left.email, left.institution, left.purpose) == ("", "", "", "")
    assert left.state == "revoked"
    assert len(voted.access.downloads()) == 1
    with pytest.raises(InputError, match="forgotten"):
        access.decide_request(voted, asked.id, "approve", by=None)


def test_forgetting_reaches_the_file_of_notices(voted, offered):
    _, asked = ask(voted, offered, purpose="To tell dogs\u2028from cats, on each of many lines.")
    _, other = ask(voted, offered, person="Grace Hopper", email="grace@example.edu")
    access.decide_request(voted, asked.id, "approve", by=None)
    place = voted.folder / NOTICES
    with place.open("ab") as file:
        file.write(b"no notice, of nobody\n")
    before = place.read_bytes().split(b"\n")
    access.forget_request(voted, asked.id, by=None)
    after = place.read_bytes().split(b"\n")
    assert b"Ada" not in place.read_bytes()
    assert b"ada@" not in place.read_bytes()
    assert [before[1], before[3], b""] == [after[1], after[3], after[4]]  # others' stay as they are
    told = [json.loads(after[at]) for at in (0, 2)]
    assert [(one["kind"], one["request"], one["to"], one["body"]) for one in told] == [
        ("requested", asked.id, "", ""),
        ("approved", asked.id, "", ""),
    ]
    assert place.stat().st_mode & 0o077 == 0
    access.decide_request(voted, other.id, "decline", by=None)
    assert json.loads(place.read_bytes().split(b"\n")[4])["to"] == "grace@example.edu"


def test_forgetting_where_nothing_was_noticed(voted, offered):
    _, asked = ask(voted, offered)
    (voted.folder / NOTICES).unlink()
    access.forget_request(voted, asked.id, by=None)
    assert not (voted.folder / NOTICES).exists()


def test_notices_that_cannot_be_rewritten_are_told_and_whole(voted, offered, monkeypatch):
    _, asked = ask(voted, offered)
    place = voted.folder / NOTICES
    before = place.read_bytes()
    with monkeypatch.context() as broken:
        broken.setattr("os.fsync", _full)
        with pytest.raises(WorkspaceError, match=f"made request {asked.id}: No space left") as refused:
            access.forget_request(voted, asked.id, by=None)
    assert str(voted.folder) not in refused.value.shown
    assert place.read_bytes() == before
    access.forget_request(voted, asked.id, by=None)  # as the remedy says
    assert b"Ada" not in place.read_bytes()


def _full(_descriptor):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_notice_waits_for_the_file_to_be_replaced(voted, offered):
    """Else it would go to the file that is thrown away."""
    _, asked = ask(voted, offered)
    with ThreadPoolExecutor(1) as pool:
        with alone(voted.folder / LOCK):
            writing = pool.submit(access.decide_request, voted, asked.id, "approve", by=None)
            with pytest.raises(TimeoutError):
                writing.result(timeout=0.5)
        writing.result(timeout=60)
    assert len((voted.folder / NOTICES).read_bytes().splitlines()) == 2


def test_the_log_cannot_be_changed(voted, offered):
    _, asked = ask(voted, offered)
    voted.access.note_download(asked.id, offered.identity, "images.parquet", 12)
    for table in (AccessEvent, Download):
        for statement in (sa.delete(table), sa.update(table).values(request_id=asked.id)):
            with pytest.raises(sa.exc.DBAPIError, match="append-only"), voted.writer.transaction() as change:
                change.execute(statement)


def test_the_files_are_those_of_the_sums(offered, released):
    files = {file.name: file for file in access.release_files(offered)}
    assert set(files) == {path.name for path in released.iterdir()}
    assert all(file.bytes == (released / name).stat().st_size for name, file in files.items())
    assert access.find_file(offered, "images.parquet") == released / "images.parquet"
    for name in ("../ws/synsetlab.toml", "/etc/passwd", "", ".", "nothing.txt"):
        assert access.find_file(offered, name) is None, name
    shutil.rmtree(released)
    with pytest.raises(ReleaseError, match="cannot be read"):
        access.release_files(offered)


def test_pictures_go_with_it(voted, released, tmp_path):
    shards = tmp_path / "shards"
    (shards / "train").mkdir(parents=True)
    (shards / "train" / "0.tar").write_bytes(b"tar")
    (shards / ".part").write_bytes(b"half")
    (shards / "out.tar").symlink_to(tmp_path / "ws" / "synsetlab.toml")
    offer = access.offer_release(voted, released, name="pets", pictures=shards)
    names = [file.name for file in access.release_files(offer) if file.name.startswith("pictures/")]
    assert names == ["pictures/train/0.tar"]
    assert access.find_file(offer, "pictures/train/0.tar") == shards / "train" / "0.tar"
    for name in ("pictures/.part", "pictures/out.tar", "pictures/../ws/synsetlab.toml", "pictures/"):
        assert access.find_file(offer, name) is None, name
    (shards / "train" / "0.tar").unlink()
    for folder, said in ((shards, "0 files"), (tmp_path / "none", "not a folder")):
        with pytest.raises(InputError, match=said):
            access.offer_release(voted, released, name="pets", pictures=folder)


# ---- notices


def test_notices_go_to_a_file(voted, offered):
    _, asked = ask(voted, offered)
    access.decide_request(voted, asked.id, "approve", by=None)
    access.decide_request(voted, asked.id, "revoke", by=None, reason="Broken terms.")
    lines = (voted.folder / NOTICES).read_text("utf-8").splitlines()
    told = [json.loads(line) for line in lines]
    assert [notice["kind"] for notice in told] == ["requested", "approved", "revoked"]
    assert [notice["to"] for notice in told] == ["", "ada@maths.example.edu", "ada@maths.example.edu"]
    assert "Broken terms." in told[2]["body"]
    assert ADA["purpose"] in told[0]["body"]
    assert (voted.folder / NOTICES).stat().st_mode & 0o077 == 0


def test_a_notifier_of_ones_own(voted, offered, tmp_path, monkeypatch):
    (tmp_path / "my_lab.py").write_text("sent = []\ndef tell(notice):\n    sent.append(notice)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with (voted.folder / "synsetlab.toml").open("a") as file:
        file.write('notifier = "my_lab:tell"\n')
    _, asked = ask(voted, offered)
    import my_lab

    assert [(notice.kind, notice.request) for notice in my_lab.sent] == [("requested", asked.id)]
    assert not (voted.folder / NOTICES).exists()


def test_a_notifier_that_fails_stops_nothing(voted, offered, caplog):
    with (voted.folder / "synsetlab.toml").open("a") as file:
        file.write('notifier = "no_such_module:tell"\n')
    _, asked = ask(voted, offered)
    assert asked.state == "waiting"
    assert "no_such_module" in caplog.text
