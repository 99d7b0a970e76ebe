"""The pages of releases: anyone asks, a curator decides, links end, what was fetched is on record."""

from __future__ import annotations

import asyncio
import errno
import html
import re
import urllib.parse
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import MagicMock, Mock

import httpx
import pytest

from synsetlab import Workspace
from synsetlab.release.access import offer_release
from synsetlab.release.freeze import freeze
from synsetlab.release.notices import NOTICES
from synsetlab.server import data
from synsetlab.server.process import ServerProcess
from synsetlab.voting.consensus import run_consensus
from synsetlab.voting.policy import FixedPolicy

DOG = "n02084071"
IMAGE = {"format": "JPEG", "width": 4, "height": 3, "bytes": 9, "mean_color": "#000000"}
ADA = {
    "person": "Ada <b>Lovelace</b>",
    "email": "ada@maths.example.edu",
    "institution": "Analytical Engines",
    "purpose": "To see how well engines know a dog.",
    "accept": "yes",
}
ODD = ("犬.tar", "two\nlines.tar", 'x"; filename="evil.exe.tar')
"""Names of files that stand in no header as they are."""


@pytest.fixture(scope="module")
def offered(served_workspace, tmp_path_factory):
    """A release of three pictures, offered as ``dogs`` by the workspace that is served."""
    folder = tmp_path_factory.mktemp("offered")
    with Workspace.create(folder / "ws") as made:
        dog = {"wnid": DOG, "lemmas": ["dog"], "gloss": "a dog", "path": ["entity", "dog"], "chosen": True}
        made.writer.add_synsets([dog], [])
        run = made.writer.start_import("folder", "made up")
        ids = [made.blobs.put(f"dog {number}".encode()) for number in range(3)]
        images = [{"id": one, "phash": one[:16], "phash_name": "none", **IMAGE} for one in ids]
        made.writer.add_images(images, [], [{"image_id": one, "wnid": DOG, "import_id": run} for one in ids])
        questions = made.reader.questions()["id"]
        for name in ("ann", "bob", "eve"):
            votes = [{"id": str(uuid.uuid4()), "question_id": int(q), "answer": "yes"} for q in questions]
            made.writer.record_votes(made.writer.ensure_annotator(name), votes)
        run_consensus(made, FixedPolicy(votes=3), fit=False)
        freeze(made, folder / "release", seed=1)
    (folder / "shards").mkdir()
    (folder / "shards" / "a b.tar").write_bytes(bytes(range(256)) * 8)
    for name in ODD:
        (folder / "shards" / name).write_bytes(b"odd")
    terms = "Be <i>kind</i> to dogs."
    with Workspace.open(served_workspace) as workspace:
        return offer_release(
            workspace,
            folder / "release",
            name="dogs",
            terms=terms,
            pictures=folder / "shards",
            domains=["example.edu"],
        )


@pytest.fixture
def anyone(server):
    with httpx.Client(base_url=server.base, timeout=120) as client:
        yield client


@pytest.fixture
def access(served_workspace):
    with Workspace.open(served_workspace) as workspace:
        yield workspace.access


def post(client, path, page=None, **fields):
    form = client.get(page or path)
    token = re.search(r'name="_xsrf" value="([^"]+)"', form.text)[1]
    terms = re.search(r'name="terms" value="([^"]+)"', form.text)
    return client.post(path, data={"_xsrf": token, **({"terms": terms[1]} if terms else {}), **fields})


def ask(client, **other) -> str:
    answer = post(client, "data/dogs", **{**ADA, **other})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].lstrip("/")


def links(page: str) -> dict[str, str]:
    found = re.findall(r'<a href="/([^"]+)" download>([^<]+)<', page)
    return {name: html.unescape(link) for link, name in found}


def test_asking_deciding_fetching_and_ending(anyone, visit, offered, access):
    assert "dogs" in anyone.get("data").text
    shown = anyone.get("data/dogs").text
    assert "Be &lt;i&gt;kind&lt;/i&gt; to dogs." in shown
    assert offered.identity in shown
    mine = ask(anyone)
    waiting = anyone.get(mine)
    assert "waits" in waiting.text
    assert links(waiting.text) == {}
    curator = visit("maria")
    page = curator.get("requests").text
    assert "Ada &lt;b&gt;Lovelace&lt;/b&gt;" in page
    number = access.requests("waiting")[0].id
    done = post(curator, "requests", do="approve", request=number, days="30", reason="Cite us.")
    assert done.status_code == 200
    approved = anyone.get(mine).text
    assert "Cite us." in approved
    files = links(approved)
    assert {"images.parquet", "SHA256SUMS", "pictures/a b.tar"} <= set(files)
    with httpx.Client(base_url=anyone.base_url, timeout=60) as bare:  # the link is enough, with no cookie
        got = bare.get(files["pictures/a b.tar"])
        assert got.content == bytes(range(256)) * 8
        part = bare.get(files["pictures/a b.tar"], headers={"Range": "bytes=2000-"})
        assert (part.status_code, part.content) == (206, got.content[2000:])
        assert part.headers["content-range"] == "bytes 2000-2047/2048"
        assert bare.get(files["pictures/a b.tar"], headers={"Range": "bytes=-8"}).content == got.content[-8:]
        beyond = bare.get(files["pictures/a b.tar"], headers={"Range": "bytes=4000-"})
        assert beyond.status_code == 416
        rows = [row for row in access.downloads() if row["request_id"] == number]
        assert [row["bytes"] for row in reversed(rows)] == [2048, 48, 8]
        assert {row["terms_sha256"] for row in rows} == {offered.terms_sha256}
        assert post(curator, "requests", do="revoke", request=number).status_code == 200
        assert bare.get(files["pictures/a b.tar"]).status_code == 403
    assert "was ended" in anyone.get(mine).text


def approved(anyone, curator, access) -> tuple[int, dict[str, str]]:
    """A new request that was approved: its number, and the links by the names in them."""
    mine = ask(anyone)
    number = access.requests("waiting")[0].id
    assert post(curator, "requests", do="approve", request=number).status_code == 200
    found = links(anyone.get(mine).text).values()
    return number, {urllib.parse.unquote(link.split("/", 5)[5]): link for link in found}


def test_files_of_any_name_are_fetched_under_it(anyone, visit, offered, access):
    number, files = approved(anyone, visit("maria"), access)
    said = {}
    for name in ODD:
        got = anyone.get(files[f"pictures/{name}"])
        assert (got.status_code, got.content) == (200, b"odd"), name
        said[name] = got.headers["content-disposition"]
    assert list(said.values()) == [
        "attachment; filename=\"_.tar\"; filename*=UTF-8''%E7%8A%AC.tar",
        "attachment; filename=\"two_lines.tar\"; filename*=UTF-8''two%0Alines.tar",
        'attachment; filename="x__ filename__evil.exe.tar"; '
        "filename*=UTF-8''x%22%3B%20filename%3D%22evil.exe.tar",
    ]
    rows = [row["file"] for row in access.downloads() if row["request_id"] == number]
    assert sorted(rows) == sorted(f"pictures/{name}" for name in ODD)


def test_what_cannot_be_sent_is_not_on_record(monkeypatch):
    path, access, handler = Mock(), Mock(), MagicMock()
    path.open.side_effect = PermissionError(errno.EACCES, "Permission denied")
    monkeypatch.setattr(data, "signed_request", Mock(return_value=(Mock(), Mock())))
    monkeypatch.setattr(data, "find_file", Mock(return_value=path))
    handler.settings = {"synsetlab_workspace": Mock(access=access)}
    handler._range.return_value = (0, 3)
    with pytest.raises(PermissionError):
        asyncio.run(data.DataFile.get(handler, "1", "2", "signed", "images.parquet"))
    access.note_download.assert_not_called()


def test_a_person_is_forgotten_in_the_file_of_notices_too(anyone, visit, offered, access, served_workspace):
    curator = visit("maria")
    number, _ = approved(anyone, curator, access)
    place = served_workspace / NOTICES
    about = [line for line in place.read_text("utf-8").splitlines() if f'"request": {number}' in line]
    assert "ada@maths.example.edu" in "".join(about)
    assert "names nobody now" in post(curator, "requests", do="forget", request=number, sure="yes").text
    about = [line for line in place.read_text("utf-8").splitlines() if f'"request": {number}' in line]
    assert len(about) == 2
    assert not any(word in "".join(about) for word in ("Ada", "ada@", "Engines", "engines"))


def test_links_cannot_be_made_up(anyone, offered, access):
    mine = ask(anyone)
    number = access.requests("waiting")[0].id
    for path in (
        f"data/file/{number}/9999999999/{'A' * 43}/images.parquet",
        f"data/file/{number}/9999999999/{'A' * 43}/../../synsetlab.toml",
        "data/file/999999/9999999999/" + "A" * 43 + "/images.parquet",
    ):
        assert anyone.get(path).status_code in (403, 404), path
    assert anyone.get("data/request/" + "x" * 32).status_code == 404
    assert anyone.get("data/nothing").status_code == 404
    assert anyone.get(mine).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"email": "ada@elsewhere.org"}, "elsewhere.org may not ask"),
        ({"purpose": "fun"}, "too short"),
        ({"accept": ""}, "tick that you accept"),
        ({"terms": "0" * 64}, "terms were changed"),
    ],
)
def test_requests_that_cannot_be_are_shown_again(anyone, offered, access, change, said):
    before = len(access.requests())
    answer = post(anyone, "data/dogs", **{**ADA, **change})
    assert answer.status_code == 400
    assert said in answer.text
    assert "Analytical Engines" in answer.text  # what was typed is not lost
    assert len(access.requests()) == before


def test_of_many_requests_at_once_a_few_are_taken(offered, served_workspace):
    with ServerProcess(served_workspace) as fresh, httpx.Client(base_url=fresh.base, timeout=120) as client:
        for _ in range(12):  # what is refused costs nothing
            assert post(client, "data/dogs", **{**ADA, "purpose": "fun"}).status_code == 400
        form = {"_xsrf": client.cookies["_xsrf"], "terms": offered.terms_sha256, **ADA}
        with ThreadPoolExecutor(40) as pool:
            asked = [pool.submit(client.post, "data/dogs", data=form) for _ in range(40)]
            codes = Counter(one.result().status_code for one in asked)
    assert set(codes) == {303, 429}
    assert 10 <= codes[303] <= 12  # ten, and one or two more where 40 requests take seconds


def test_strangers_see_no_requests(anyone):
    answer = anyone.get("requests")
    assert answer.status_code == 302
    assert re.search("name|sign-in", answer.headers["location"])
    assert anyone.post("requests", data={"do": "approve", "request": "1"}).status_code == 403


def test_verdicts_that_cannot_be_are_told(visit, offered):
    curator = visit("maria")
    for fields, said in (
        ({"do": "approve", "request": "999"}, "no request 999"),
        ({"do": "approve", "request": "x"}, "not a number"),
        ({"do": "bless", "request": "1"}, "bless"),
    ):
        answer = post(curator, "requests", page="data/dogs", **fields)
        assert answer.status_code == 400
        assert said in answer.text
