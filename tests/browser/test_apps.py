"""The apps as people use them: a real server and workspace, real kernels that die, real Chromium."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import expect

import synsetlab
from synsetlab import Workspace
from synsetlab.errors import SynsetlabError
from synsetlab.ui.workspace.keys import QuestionKeys
from synsetlab.voting.consensus import check_counters

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import BrowserContext, Locator, Page

pytestmark = pytest.mark.slow

PACKAGE = Path(synsetlab.__file__).parent


# ---- labelling


def test_a_page_is_labelled_by_mouse_and_submitted(labelling: Any, site: Any) -> None:
    grid = labelling("mouse")
    keys = grid.keys()
    assert len(keys) == 48
    for index, clicks in [(0, 1), (1, 2), (2, 3), (3, 4)]:  # yes, no, unsure, and round to none
        for _ in range(clicks):
            grid.tile(index).click()
    shown = grid.saved(answered=3)
    assert shown == {keys[0]: "yes", keys[1]: "no", keys[2]: "unsure"}
    assert site.standing("mouse") == shown
    grid.root.locator('[data-do="rest"]').click()
    grid.page.locator('[data-choice="yes"]').click()
    shown = grid.saved(answered=48)
    assert list(shown.values()).count("yes") == 46
    grid.root.locator('[data-do="submit"]').click()
    grid.wait(state="ready", submitting="false", answered=0)
    assert site.standing("mouse") == shown
    assert not set(grid.keys()) & set(shown)


def test_a_page_is_labelled_and_submitted_by_keys_alone(labelling: Any, site: Any) -> None:
    grid = labelling("keys")
    keys = grid.keys()
    grid.press("y", "n", "u")  # each goes on to the next picture
    grid.press("ArrowRight", "ArrowLeft", "y", "z")  # taken back
    grid.press("ArrowLeft", "y")  # unsure becomes yes
    shown = grid.saved(answered=3)
    assert shown == {keys[0]: "yes", keys[1]: "no", keys[2]: "yes"}
    assert site.standing("keys") == shown
    grid.press("ArrowDown", "Home", "Shift+End", "n")  # a row at once
    row = grid.saved()
    assert set(row.values()) == {"yes", "no"}
    assert len(row) > 6
    assert site.standing("keys") == row
    grid.press("Control+a", "n", "Escape", "Control+Enter")
    grid.wait(state="ready", submitting="false", answered=0)
    assert site.standing("keys") == dict.fromkeys(keys, "no")
    assert not set(grid.keys()) & set(keys)


def test_what_was_sent_when_the_kernel_died_is_saved_once_after_a_reload(labelling: Any, site: Any) -> None:
    grid = labelling("kernel")
    grid.press("y", "n", "u", "y", "n")
    shown = grid.saved(answered=5)
    site.kill_kernel("kernel")
    grid.press("y", "y", "n")
    grid.wait(connection="offline", pending=3)
    banner = grid.root.get_by_role("alert").filter(has_text="Not connected.")
    expect(banner).to_contain_text("3 answers are kept in this browser")
    assert grid.acknowledged() == shown
    assert site.standing("kernel") == shown
    grid.tile(8).click()  # one goes on working all the same
    grid.wait(pending=4, answered=9)
    waiting = grid.unsaved()
    assert len(waiting) == 4
    grid.reload()
    assert grid.warned == 1
    grid.ready()
    grid.saved(connection="online")
    assert site.standing("kernel") == {**shown, **waiting}
    grid.press("n")
    more = grid.saved()
    assert site.standing("kernel") == {**shown, **waiting, **more}


def test_what_was_sent_when_the_server_died_is_saved_once_after_it_is_back(
    own_folder: Path, serve: Any, contexts: Callable[..., BrowserContext], grid_of: Any, ends: Any
) -> None:
    with serve(own_folder, "--as", "you") as server:
        base = server.base
        grid = grid_of(contexts().new_page(), base).open()
        kernels = ends(psutil.Process(server.pid).children(recursive=True))
        grid.press("y", "n", "u")
        shown = grid.saved(answered=3)
        os.kill(server.pid, signal.SIGKILL)
        assert server.stop() == -signal.SIGKILL
    grid.press("y", "n", "n", "y")
    grid.wait(connection="offline", pending=4)
    assert grid.acknowledged() == shown
    waiting = grid.unsaved()
    assert kernels.all_within(60), "kernels outlive a server that was killed"
    with serve(own_folder, "--as", "you", "--port", str(urlsplit(base).port)) as again:
        assert again.base == base
        grid.reload()
        grid.ready()
        grid.saved(connection="online")
        with Workspace.open(own_folder) as workspace:
            votes = workspace.reader.votes(effective=False)
            assert check_counters(workspace) == []
            keys = QuestionKeys(workspace.question_key())
        mine = votes[votes["annotator"] == "you"]
        assert mine["answer"].notna().all()
        assert mine["question_id"].is_unique
        expected = {**shown, **waiting}
        assert dict(zip(map(keys.seal, mine["question_id"]), mine["answer"], strict=True)) == expected


def test_two_tabs_of_one_person_make_one_set_of_votes(labelling: Any, site: Any, grid_of: Any) -> None:
    one = labelling("tabs")
    two = grid_of(one.page.context.new_page()).open()
    keys = one.keys()
    assert two.keys() == keys  # a question is leased to a person, not to a tab
    one.tile(0).click()
    one.saved(answered=1)
    two.page.bring_to_front()
    two.tile(1).click()
    two.tile(1).click()
    two.saved(answered=1)
    assert site.standing("tabs") == {keys[0]: "yes", keys[1]: "no"}
    with Workspace.open(site.folder) as workspace:
        assert check_counters(workspace) == []


def test_the_later_of_two_tabs_wins_where_both_answer(labelling: Any, site: Any, grid_of: Any) -> None:
    one = labelling("both tabs")
    two = grid_of(one.page.context.new_page()).open()
    key = one.keys()[0]
    one.tile(0).click()
    one.saved(answered=1)
    two.page.bring_to_front()
    two.tile(0).click()
    two.tile(0).click()
    two.saved(answered=1)
    with Workspace.open(site.folder) as workspace:
        votes = workspace.reader.votes()
        assert check_counters(workspace) == []
        (question,) = votes.loc[votes["annotator"] == "both tabs", "question_id"]
        assert QuestionKeys(workspace.question_key()).seal(question) == key
    assert set(votes.loc[votes["annotator"] == "both tabs", "answer"]) == {"no"}


def test_a_second_tab_delivers_what_the_first_could_not(labelling: Any, site: Any, grid_of: Any) -> None:
    one = labelling("relay")
    one.press("y")
    shown = one.saved(answered=1)
    site.kill_kernel("relay")
    one.press("n", "u")
    one.wait(connection="offline", pending=2)
    waiting = one.unsaved()
    two = grid_of(one.page.context.new_page()).open()
    two.saved(connection="online")
    assert site.standing("relay") == {**shown, **waiting}
    one.page.bring_to_front()
    one.reload()
    one.ready()
    one.saved(connection="online")
    assert site.standing("relay") == {**shown, **waiting}


def test_two_people_are_two_names_in_the_database(labelling: Any, site: Any) -> None:
    ada, bob = labelling("Ada Lovelace"), labelling("Böb <script>")
    ada.press("y", "y")
    bob.press("n")
    answers = [ada.saved(answered=2), bob.saved(answered=1)]
    assert [site.standing(name) for name in ("Ada Lovelace", "Böb <script>")] == answers
    assert bob.page.locator("header .visitor").inner_text() == "Böb <script>"


# ---- reviewing


@pytest.fixture
def reviewing(come: Callable[..., Page], site: Any) -> Callable[[str], Locator]:
    """A new visitor opens the review queue."""

    def visit(name: str) -> Locator:
        page = come(name)
        page.goto(site.base + "review")
        root = page.locator(".sl-review")
        expect(root).to_have_attribute("data-state", "ready")
        return root

    return visit


# Rows exist only near the list's window: it is scrolled from end to end.
LISTED = """async (list) => {
  const found = new Set();
  for (let top = 0; top < list.scrollHeight; top += list.clientHeight) {
    list.scrollTop = top;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    for (const item of list.querySelectorAll(".sl-item")) found.add(item.dataset.question);
  }
  return [...found];
}"""


def current(root: Locator) -> str:
    return root.get_attribute("data-question") or ""


def test_verdicts_by_mouse_and_by_keys_reach_the_database_and_can_be_undone(
    reviewing: Callable[[str], Locator], site: Any
) -> None:
    root = reviewing("expert")
    page = root.page
    first = current(root)
    assert site.question(first)["outcome"] == "ambiguous"
    expect(root).to_have_attribute("data-detail", first)
    with Workspace.open(site.folder) as workspace:
        given = workspace.reader.votes().query(f"question_id == {first}")
    expect(root.locator(".sl-votes tbody tr")).to_have_count(len(given))

    def settled(decided: int) -> None:
        expect(root).to_have_attribute("data-decided", str(decided))
        expect(root).to_have_attribute("data-pending", "0")

    page.keyboard.press("y")  # before anything was clicked
    settled(1)
    assert site.question(first)["outcome"] == "accepted"
    second = current(root)
    assert second != first
    root.get_by_role("button", name="Reject").click()
    settled(2)
    assert site.question(second)["outcome"] == "rejected"
    page.keyboard.press("z")
    settled(1)
    assert site.question(second)["outcome"] == "ambiguous"
    assert current(root) == second
    page.keyboard.press("x")
    page.keyboard.press("1")
    settled(2)
    assert site.question(second)["outcome"] == "excluded"
    third = current(root)
    page.keyboard.press("m")
    settled(3)
    question = site.question(third)
    had = sum(question[name] for name in ("n_yes", "n_no", "n_unsure"))
    assert (question["outcome"], question["votes_wanted"]) == ("open", had + 3)
    root.get_by_role("button", name="Undo").click()
    settled(2)
    assert site.question(third)["outcome"] == "ambiguous"
    with Workspace.open(site.folder) as workspace:
        log = workspace.reader.expert_verdicts()
        assert check_counters(workspace) == []
    assert set(log["decided_by"]) == {"expert"}
    assert list(log["verdict"]) == ["accept", "reject", "undo", "exclude", "more-votes", "undo"]


def test_a_decided_question_is_gone_from_the_queue_of_the_next_visitor(
    reviewing: Callable[[str], Locator], site: Any
) -> None:
    root = reviewing("second expert")
    with Workspace.open(site.folder) as workspace:
        waiting = workspace.reader.questions().query("outcome == 'ambiguous'")["id"].astype(str)
    root.locator("[data-reason=ambiguous]").click()
    queue = root.locator(".sl-queue-list")
    expect(queue).to_have_attribute("data-count", str(len(waiting)))
    assert sorted(queue.evaluate(LISTED)) == sorted(waiting)


# ---- nothing from outside


def test_no_request_leaves_the_server(come: Callable[..., Page], site: Any) -> None:
    page = come("homebody")
    outside: list[str] = []
    asked: list[str] = []
    broken: list[str] = []

    def gate(route: Any, request: Any) -> None:
        asked.append(request.url)
        if request.url.startswith((site.base, "blob:" + site.base, "data:")):
            route.continue_()
        else:
            outside.append(request.url)
            route.abort()

    page.route("**/*", gate)
    page.on("websocket", lambda socket: asked.append(socket.url))
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.goto(site.base)
    for path, ready in [
        ("label", ".sl-grid[data-state=ready]"),
        ("review", ".sl-review[data-state]:not([data-state=loading])"),
        ("browse", ".sl-browser[data-state=ready]"),
        ("duplicates", ".sl-duplicates[data-state]:not([data-state=loading])"),
        ("dashboard", ".sl-dashboard[data-state=ready]"),
    ]:
        page.goto(site.base + path)
        page.locator(ready).wait_for()
    own = urlsplit(site.base).netloc
    foreign = {url for url in asked if urlsplit(url.removeprefix("blob:")).netloc not in {own, ""}}
    assert len(asked) > 50
    assert (outside, foreign, broken) == ([], set(), [])


@pytest.mark.parametrize("folder", ["ui/js", "ui/css", "server/templates", "server/static"])
def test_no_source_of_a_page_names_a_place_outside(folder: str) -> None:
    files = [file for file in (PACKAGE / folder).rglob("*") if file.is_file()]
    assert files
    address = re.compile(r"""(?:https?:)?//[\w-]+(?:\.[\w-]+)+|@import\s+url|url\(\s*["']?https?:""")
    names = {"http://www.w3.org"}  # of XML namespaces: nothing is fetched from there
    found = {
        (file.name, hit)
        for file in files
        for hit in address.findall(file.read_text("utf-8"))
        if hit not in names
    }
    assert found == set()


# ---- a workspace that cannot be used


def newer_database(folder: Path) -> None:
    with sqlite3.connect(folder / "workspace.sqlite") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()


def test_a_workspace_that_cannot_be_opened_is_refused_in_words(
    own_folder: Path, serve: Any, contexts: Callable[..., BrowserContext]
) -> None:
    with serve(own_folder, "--as", "you") as server:
        page = contexts().new_page()
        received: list[str] = []

        def keep(data: str | bytes) -> None:
            received.append(data if isinstance(data, str) else data.decode("utf-8", "replace"))

        page.on(
            "websocket", lambda socket: socket.on("framereceived", lambda data: received.append(str(data)))
        )
        said = (own_folder / "synsetlab.toml").read_text("utf-8")
        (own_folder / "synsetlab.toml").write_text("database = [", "utf-8")
        page.goto(server.base + "review")
        page.wait_for_selector("html[data-state=error]")
        failed = page.locator("#failed")
        expect(failed).to_be_visible()
        expect(failed).to_contain_text("could not start")
        for text in (page.content(), "".join(received)):
            assert "Traceback" not in text
            assert "WorkspaceError" not in text
            assert str(own_folder) not in text
        assert "synsetlab.toml cannot be read" in server.log()
        assert server.alive
        (own_folder / "synsetlab.toml").write_text(said, "utf-8")
    newer_database(own_folder)
    with pytest.raises(SynsetlabError, match="newer synsetlab"):
        serve(own_folder)
