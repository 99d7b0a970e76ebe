"""Folders, URL lists and manifests into a workspace: what comes in, what is refused, what changes nothing."""

from __future__ import annotations

import http.server
import io
import os
import threading

import pandas as pd
import pytest
from PIL import Image

from synsetlab import Workspace
from synsetlab.candidates.folder import import_folder
from synsetlab.candidates.manifest import import_manifest
from synsetlab.candidates.mapping import parse_pairs, read_map_file
from synsetlab.candidates.urls import import_urls
from synsetlab.dedup.stage import FINGERPRINT
from synsetlab.errors import InputError, MissingColumnError, UnknownSynsetError

HAT, SHOE = "n03497657", "n04199027"

pytestmark = pytest.mark.usefixtures("wordnet")


def picture(number: int, size: tuple[int, int] = (64, 48)) -> bytes:
    image = Image.effect_noise(size, 60 + number % 50).convert("RGB")
    image.putpixel((0, 0), (number % 256, number // 256, 7))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def workspace(tmp_path):
    with Workspace.create(tmp_path / "ws") as made:
        yield made


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for label in ("hat", "shoes"):
        (folder / label / "deeper").mkdir(parents=True)
        for number in range(3):
            (folder / label / f"{number}.png").write_bytes(picture(number + 10 * len(label)))
    (folder / "hat" / "deeper" / "more.jpg").write_bytes(picture(99))  # a PNG under another name
    (folder / "hat" / "cut.png").write_bytes(picture(5)[:-600])
    (folder / "hat" / "none.jpg").write_bytes(b"")
    (folder / "hat" / "notes.txt").write_text("not a picture")
    (folder / "LICENSE").write_text("CC0")
    return folder


MAPPING = {"hat": HAT, "shoes": SHOE}


def test_folder_comes_in_with_its_failures_listed(workspace, photos):
    report = import_folder(workspace, photos, MAPPING, fields={"licence": "CC0-1.0"}, fingerprint=FINGERPRINT)
    assert (report.found, report.new_images, report.new_candidates) == (9, 7, 7)
    assert [(row["origin"], row["reason"]) for row in report.failed] == [
        ("hat/cut.png", "truncated"),
        ("hat/none.jpg", "empty"),
    ]
    candidates = workspace.reader.candidates()
    assert set(candidates["licence"]) == {"CC0-1.0"}
    assert candidates.groupby("wnid").size().to_dict() == {HAT: 4, SHOE: 3}
    images = workspace.reader.images()
    assert set(images["format"]) == {"PNG"}
    assert images["phash"].str.fullmatch("[0-9a-f]{16}").all()
    for image in images["id"]:
        assert workspace.blobs.get(image)
        assert workspace.blobs.get_thumbnail(image)


def test_importing_twice_changes_nothing(workspace, photos):
    import_folder(workspace, photos, MAPPING, fingerprint=FINGERPRINT)
    before = {
        name: len(getattr(workspace.reader, name)())
        for name in ("images", "sources", "candidates", "failures")
    }
    again = import_folder(workspace, photos, MAPPING, fingerprint=FINGERPRINT)
    after = {name: len(getattr(workspace.reader, name)()) for name in before}
    assert after == before
    assert (again.new_images, again.new_candidates, again.known) == (0, 0, 7)


def test_a_file_that_was_mended_is_no_failure_any_more(workspace, photos):
    import_folder(workspace, photos, MAPPING)
    (photos / "hat" / "cut.png").write_bytes(picture(5))
    import_folder(workspace, photos, MAPPING)
    assert workspace.reader.failures()["origin"].tolist() == ["hat/none.jpg"]


def test_workers_do_not_change_the_result(tmp_path, photos):
    frames = []
    for workers in (1, 2):
        with Workspace.create(tmp_path / f"ws{workers}") as made:
            import_folder(made, photos, MAPPING, fingerprint=FINGERPRINT, workers=workers)
            frames.append(made.reader.images().drop(columns="imported_at"))
    pd.testing.assert_frame_equal(*frames)


def test_folders_named_by_wnid_need_no_mapping(workspace, tmp_path):
    (tmp_path / "in" / HAT).mkdir(parents=True)
    (tmp_path / "in" / HAT / "a.png").write_bytes(picture(1))
    assert import_folder(workspace, tmp_path / "in").new_candidates == 1


def test_the_synset_comes_with_its_place_in_wordnet(workspace, photos):
    import_folder(workspace, photos, MAPPING)
    hat = workspace.lookups.synset(HAT)
    assert hat["lemmas"] == ["hat", "chapeau", "lid"]
    assert hat["path"][0] == "entity"
    assert hat["path"][-2:] == ["headdress", "hat"]
    edges = workspace.reader.edges()
    assert (
        len(edges) == len(workspace.reader.synsets(chosen_only=False)) + edges["child"].duplicated().sum() - 1
    )


@pytest.mark.parametrize(
    ("mapping", "named"),
    [({"hat": HAT}, "shoes"), ({"hat": "n99999999", "shoes": SHOE}, "n99999999")],
    ids=["unmapped class", "unknown wnid"],
)
def test_nothing_is_written_when_a_class_has_no_synset(workspace, photos, mapping, named):
    with pytest.raises(InputError, match=named):
        import_folder(workspace, photos, mapping)
    assert len(workspace.reader.images()) == 0
    assert len(workspace.reader.synsets(chosen_only=False)) == 0


@pytest.mark.parametrize("what", ["missing", "empty", "a file"])
def test_folders_without_pictures(workspace, tmp_path, what):
    place = tmp_path / "in"
    if what == "empty":
        (place / "hat").mkdir(parents=True)
    elif what == "a file":
        place.write_text("")
    with pytest.raises(InputError, match="in"):
        import_folder(workspace, place, MAPPING)


def test_unreadable_names_and_loops(workspace, tmp_path):
    folder = tmp_path / "in" / "hat"
    folder.mkdir(parents=True)
    (folder / os.fsdecode(b"caf\xe9.png")).write_bytes(picture(3))
    (folder / "loop").symlink_to(folder.parent)
    report = import_folder(workspace, folder.parent, MAPPING)
    assert report.new_images == 1
    assert workspace.reader.sources()["origin"].tolist() == ["hat/caf\\xe9.png"]


def test_map_files(tmp_path):
    file = tmp_path / "map.csv"
    file.write_bytes(b"\xef\xbb\xbfclass,wnid,note\r\nhat,n03497657,\r\n")
    assert read_map_file(file) == {"hat": HAT}
    file.write_text("class,synset\nhat,x\n")
    with pytest.raises(MissingColumnError, match=r"'wnid'; it has: class, synset"):
        read_map_file(file)
    with pytest.raises(InputError, match="'hat'"):
        parse_pairs(["hat"])
    with pytest.raises(InputError, match="mapped to"):
        parse_pairs([f"hat={HAT}", f"hat={SHOE}"])


def test_manifest_rows(workspace, tmp_path):
    (tmp_path / "a.png").write_bytes(picture(1))
    rows = pd.DataFrame(
        {
            "path": ["a.png", "gone.png"],
            "wnid": [HAT, HAT],
            "license": ["CC BY 2.0", ""],
            "author": ["NA", ""],
            "landing page": ["https://example.org/1", ""],
        }
    )
    for file in (tmp_path / "rows.csv", tmp_path / "rows.parquet"):
        rows.to_csv(file, index=False) if file.suffix == ".csv" else rows.to_parquet(file)
        report = import_manifest(workspace, file)
        assert [(row["origin"], row["reason"]) for row in report.failed] == [("gone.png", "unreadable")]
    source = workspace.reader.sources().iloc[0]
    assert (source.licence, source.author, source.landing_page) == (
        "CC BY 2.0",
        "NA",
        "https://example.org/1",
    )


def test_manifest_without_a_needed_column(workspace, tmp_path):
    (tmp_path / "rows.csv").write_text("file,wnid\na.png,n03497657\n")
    with pytest.raises(MissingColumnError, match="it has: file, wnid"):
        import_manifest(workspace, tmp_path / "rows.csv")
    (tmp_path / "rows.csv").write_text("path,wnid\na.png,\n")
    with pytest.raises(InputError, match="row 2"):
        import_manifest(workspace, tmp_path / "rows.csv")


def test_manifest_with_a_text_that_no_database_keeps(workspace, tmp_path):
    (tmp_path / "a.png").write_bytes(picture(1))
    for column, cell in (("title", "a\0b"), ("path", "a.png\0")):
        rows = {"path": ["a.png"] * 2, "wnid": [HAT] * 2, "title": ["fine", "fine"]}
        rows[column][1] = cell
        pd.DataFrame(rows).to_parquet(tmp_path / "rows.parquet")
        with pytest.raises(InputError, match=rf"rows.parquet, row 3: the column '{column}' holds .* U\+0000"):
            import_manifest(workspace, tmp_path / "rows.parquet")
    assert workspace.reader.counts()["images"] == 0


def test_what_is_said_of_all_pictures_can_be_kept(workspace, photos):
    with pytest.raises(InputError, match=r"'author' holds the character U\+DCFF"):
        import_folder(workspace, photos, MAPPING, fields={"author": "Andr\udcff"})


@pytest.mark.skipif(os.name == "nt", reason="file names are text there")
def test_a_folder_whose_name_is_no_text_comes_in(workspace, photos):
    folder = photos.with_name("ph\udcff")
    photos.rename(folder)
    assert import_folder(workspace, folder, MAPPING).new_images == 7


def test_unknown_wnid_suggests(workspace, tmp_path):
    (tmp_path / "rows.csv").write_text("path,wnid\na.png,dog\n")
    with pytest.raises(UnknownSynsetError, match="n02084071"):
        import_manifest(workspace, tmp_path / "rows.csv")


class Pictures(http.server.BaseHTTPRequestHandler):
    """``/N.png`` is a picture, ``/moved`` leads to one, all else is 404; counts what was asked for."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/7.png")
            self.end_headers()
            return
        found = self.path.endswith(".png")
        self.send_response(200 if found else 404)
        self.end_headers()
        if found:
            self.wfile.write(picture(int(self.path[1:-4])))

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def web():
    handler = type("Handler", (Pictures,), {"asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler.asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_url_list(workspace, tmp_path, web):
    site, asked = web
    lines = [
        f"{HAT}_1\t{site}/1.png",
        f"{HAT}_2\t{site}/moved",
        f"{HAT}_3\t{site}/gone.jpg",
        f"{HAT}_4\thttp://127.0.0.1:1/refused.png",
        f"{HAT}_5\tfile:///etc/hostname",
        "no tab here",
    ]
    (tmp_path / "urls.txt").write_bytes(
        "\n".join(lines).encode() + b"\r\n" + f"{SHOE}_9\t{site}/2.png?\xe9".encode("latin-1")
    )
    report = import_urls(workspace, tmp_path / "urls.txt", fingerprint=FINGERPRINT)
    assert report.new_images == 2
    reasons = {row["reason"] for row in report.failed}
    assert reasons == {"http-404", "unreachable", "bad-line"}
    assert len(report.failed) == 5
    sources = workspace.reader.sources().set_index("origin")
    assert sources.loc[f"{site}/1.png", "name"] == f"{HAT}_1"
    before = len(asked)
    again = import_urls(workspace, tmp_path / "urls.txt", fingerprint=FINGERPRINT)
    assert (again.new_images, again.known) == (0, 2)
    assert f"{site}/1.png".removeprefix(site) not in asked[before:]


@pytest.mark.real_data
def test_a_thousand_photographs(workspace, shared_data, root):
    """The clothing photographs come in whole with the mapping that is kept in data/."""
    mapping = read_map_file(root / "data" / "clothing_classes.csv")
    report = import_folder(workspace, shared_data / "clothing", mapping, fingerprint=FINGERPRINT)
    assert (report.new_images, report.new_candidates, report.failed) == (1000, 1000, [])
    assert set(workspace.reader.candidates().groupby("wnid").size()) == {100}
