"""The panels in Chromium: their real modules and styles, their real Python handlers, real photographs."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from playwright.sync_api import expect

from synsetlab import Workspace
from synsetlab.errors import InputError
from synsetlab.ui.browser import SynsetBrowser
from synsetlab.ui.dashboard import ConsensusDashboard
from synsetlab.ui.duplicates import DuplicateReview
from synsetlab.ui.grid import LabelingGrid
from synsetlab.ui.review import VoteReview
from synsetlab.ui.workspace.labelling import WorkspaceLabelling

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from synsetlab.ui.base import Panel


@pytest.fixture
def votes(shared_data: Path) -> pd.DataFrame:
    """Votes made up for thirty photographs."""
    rng = random.Random(5)
    rows = []
    for name in ("shirt", "hat", "skirt"):
        for path in sorted((shared_data / "clothing" / name).glob("*.jpg"))[:10]:
            labels = rng.sample(["yes", "yes", "yes", "no", "no", "no"], 6)
            rows += [(f"{name}/{path.name}", f"w{i}", label) for i, label in enumerate(labels)]
    return pd.DataFrame(rows, columns=["task", "worker", "label"])


@pytest.fixture
def panels(
    votes: pd.DataFrame, shared_data: Path, wordnet: Path, demo: Path, request: pytest.FixtureRequest
) -> dict[str, Callable[[], Panel]]:
    """Each panel with something to show."""

    def dashboard() -> Panel:
        workspace = Workspace.open(demo)
        request.addfinalizer(workspace.close)
        return ConsensusDashboard(workspace=workspace, price_per_vote=0.05)

    hats = sorted((shared_data / "clothing" / "hat").glob("*.jpg"))[:8]
    counts = {"n03497657": {"candidates": 4318, "accepted": 972, "target": 1200}}
    return {
        "browser": lambda: SynsetBrowser(counts=counts, pictures={"n03497657": hats}, selected="n03497657"),
        "review": lambda: VoteReview.from_frame(votes, images=shared_data / "clothing", question="shirt"),
        "duplicates": lambda: DuplicateReview(folder=shared_data / "duplicates"),
        "dashboard": dashboard,
    }


def painted(page: Page, name: str) -> None:
    """Until what takes longest is there."""
    last = "[data-fresh=true]" if name == "dashboard" else '.sl-thumb[data-state="ready"]'
    page.locator(last).first.wait_for()


# ---- VoteReview


def test_a_review_is_done_by_keys_alone_and_taken_back(
    stage: Callable[..., Any], page: Page, votes: pd.DataFrame, shared_data: Path
) -> None:
    shown = stage(VoteReview.from_frame(votes, images=shared_data / "clothing", question="shirt"))
    shown.ready()
    total = len(shown.panel.source.queue())
    page.locator(".sl-queue-list").focus()
    for key in ("y", "n", "m", "x"):
        page.keyboard.press(key)
    expect(page.get_by_role("menu")).to_be_visible()
    page.keyboard.press("4")
    expect(page.get_by_role("menu")).to_be_hidden()
    expect(shown.root).to_have_attribute("data-pending", "0")
    expect(shown.root).to_have_attribute("data-decided", "4")
    expect(page.locator(".sl-queue-list")).to_be_focused()
    given = shown.panel.verdicts
    assert given["verdict"].tolist() == ["accept", "reject", "more-votes", "exclude"]
    assert given["reason"].tolist() == ["", "", "", "private"]
    page.keyboard.press("z")
    expect(shown.root).to_have_attribute("data-decided", "3")
    assert len(shown.panel.verdicts) == 3
    page.keyboard.press("ArrowUp")
    expect(page.locator(".sl-stamp")).to_contain_text("more votes")
    for _ in range(total - 2):  # this one anew, then those that are left
        page.keyboard.press("y")
    expect(shown.root).to_have_attribute("data-decided", str(total))
    expect(shown.root).to_have_attribute("data-pending", "0")
    assert shown.panel.verdicts["verdict"].value_counts().to_dict() == {"accept": total - 1, "reject": 1}


def test_filters_look_at_more_questions_than_are_sent(
    stage: Callable[..., Any],
    page: Page,
    votes: pd.DataFrame,
    shared_data: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("synsetlab.ui.review.ITEMS_SENT", 4)
    settled = votes["task"].isin(votes["task"].unique()[-5:])
    votes.loc[settled, "label"] = "yes"
    review = VoteReview.from_frame(votes, images=shared_data / "clothing", audit=3)
    waiting = review.source.queue()
    assert [item["reason"] for item in waiting[:4]] == ["ambiguous"] * 4
    audited = [item["question"] for item in waiting if item["reason"] == "audit"]
    shown = stage(review)
    shown.ready()
    rows = page.locator(".sl-queue-list")
    expect(rows).to_have_attribute("data-count", "4")
    expect(page.locator(".sl-queue h2")).to_contain_text("the first 4 are here")
    page.locator("[data-reason=audit]").click()
    expect(rows).to_have_attribute("data-count", str(len(audited)))
    expect(shown.root).to_have_attribute("data-question", audited[0])
    expect(page.locator("[data-reason=audit]")).to_be_focused()
    page.locator("[data-reason='']").click()
    expect(rows).to_have_attribute("data-count", "4")
    page.locator("[data-do=filters]").click()
    agreed = [item for item in waiting if (item["agreement"] or 0) > 0.8]
    page.locator("[data-filter=agreement]").select_option("nearly")
    expect(rows).to_have_attribute("data-count", str(min(4, len(agreed))))
    page.locator("[data-do=clear-filters]").click()
    expect(rows).to_have_attribute("data-count", "4")
    page.locator("[data-filter=outcome]").select_option("ambiguous")
    expect(shown.root).to_have_attribute("data-state", "ready")
    expect(shown.root).to_have_attribute("data-detail", waiting[0]["question"])
    page.locator(".sl-queue-list").focus()
    for _ in range(5):  # when those that were sent are decided, the next ones that fit come
        page.keyboard.press("y")
        expect(shown.root).to_have_attribute("data-pending", "0")
        expect(shown.root).to_have_attribute("data-state", "ready")
    assert len(review.verdicts) == 5


def test_a_fast_reviewer_is_not_thrown_back(
    stage: Callable[..., Any], page: Page, votes: pd.DataFrame, shared_data: Path
) -> None:
    shown = stage(VoteReview.from_frame(votes, images=shared_data / "clothing"))
    shown.ready()
    page.locator(".sl-queue-list").focus()
    for _ in range(12):
        page.keyboard.press("ArrowDown")
    wanted = shown.panel.source.queue()[12]["question"]
    expect(shown.root).to_have_attribute("data-question", wanted)
    expect(shown.root).to_have_attribute("data-detail", wanted)
    shown.tell()
    expect(shown.root).to_have_attribute("data-question", wanted)
    shown.panel.question = shown.panel.source.queue()[2]["question"]
    shown.tell()
    expect(shown.root).to_have_attribute("data-detail", shown.panel.question)


def test_the_picture_is_made_larger_by_keys_wheel_and_double_click(
    stage: Callable[..., Any], page: Page, votes: pd.DataFrame, shared_data: Path
) -> None:
    shown = stage(VoteReview.from_frame(votes, images=shared_data / "clothing"))
    shown.ready()
    frame = page.locator(".sl-frame")
    page.locator(".sl-queue-list").focus()
    page.locator(".sl-stage[data-picture]").wait_for()
    page.keyboard.press("+")
    page.keyboard.press("+")
    expect(frame).to_have_attribute("data-zoom", "1.96")
    box = frame.bounding_box()
    assert box
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + 80)
    page.mouse.up()
    expect(frame.locator("img")).to_have_css("transform", "matrix(1.96, 0, 0, 1.96, 30, 20)")
    page.keyboard.press("0")
    expect(frame).to_have_attribute("data-zoom", "1.00")
    page.mouse.wheel(0, -100)  # a page under the picture can be scrolled
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    expect(frame).to_have_attribute("data-zoom", "1.15")
    page.keyboard.press("ArrowDown")
    expect(frame).not_to_have_attribute("data-zoom", "1.15")  # the next picture begins as it is
    page.locator(".sl-stage[data-picture]").wait_for()
    frame.dblclick()
    expect(frame).to_have_attribute("data-zoom", "2.50")


@pytest.mark.parametrize("name", ["browser", "review", "duplicates", "dashboard"])
def test_a_panel_whose_kernel_is_gone_says_so_and_takes_it_back(
    stage: Callable[..., Any], page: Page, panels: dict[str, Callable[[], Panel]], name: str
) -> None:
    page.clock.install()
    shown = stage(panels[name]())
    shown.ready()
    painted(page, name)
    expect(shown.root).to_have_attribute("data-connection", "online")
    page.evaluate("window.cut = true")
    page.clock.run_for(15_000)
    banner = page.locator(".sl-banner")
    expect(banner).to_contain_text("Not connected")
    expect(banner.get_by_role("button", name="Reload the page")).to_be_visible()
    page.evaluate("window.cut = false")
    page.clock.run_for(4_000)
    expect(shown.root).to_have_attribute("data-connection", "online")
    expect(banner).to_be_hidden()


def test_a_verdict_that_gets_no_answer_brings_the_banner_at_once(
    stage: Callable[..., Any], page: Page, votes: pd.DataFrame, shared_data: Path
) -> None:
    page.clock.install()
    shown = stage(VoteReview.from_frame(votes, images=shared_data / "clothing"))
    shown.ready()
    expect(shown.root).to_have_attribute("data-annotators", re.compile(r"\d"))
    page.evaluate("window.cut = true")
    page.locator(".sl-queue-list").focus()
    page.keyboard.press("y")
    page.clock.run_for(8_000)
    expect(page.locator(".sl-banner")).to_contain_text("Not connected")


def test_a_verdict_that_python_refuses_is_unmarked_and_the_error_painted(
    stage: Callable[..., Any],
    page: Page,
    votes: pd.DataFrame,
    shared_data: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    review = VoteReview.from_frame(votes, images=shared_data / "clothing")
    shown = stage(review)
    shown.ready()

    def refuse(*_: Any, **__: Any) -> None:
        raise InputError("The disk is full.", "Make room, then try again.")

    monkeypatch.setattr(review.source, "verdict", refuse)
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("alert")).to_contain_text("The disk is full.")
    expect(page.get_by_role("alert")).to_contain_text("Make room")
    expect(shown.root).to_have_attribute("data-decided", "0")


def test_a_picture_that_is_gone_is_said_where_it_would_be(
    stage: Callable[..., Any], page: Page, tmp_path: Path
) -> None:
    table = pd.DataFrame(
        [("gone.jpg", "a", "yes"), ("gone.jpg", "b", "no")], columns=["task", "worker", "label"]
    )
    shown = stage(VoteReview.from_frame(table, images=tmp_path))
    shown.ready()
    expect(page.locator(".sl-stage").get_by_role("alert")).to_contain_text("no picture 'gone.jpg'")
    expect(page.locator(".sl-item .sl-thumb")).to_have_attribute("data-state", "missing")
    expect(page.locator(".sl-votes tbody tr")).to_have_count(2)


def test_an_empty_queue_says_so(stage: Callable[..., Any], page: Page, tmp_path: Path) -> None:
    table = pd.DataFrame([("a.jpg", "a", "yes")], columns=["task", "worker", "label"])
    stage(VoteReview.from_frame(table, images=tmp_path)).ready("empty")
    expect(page.locator(".sl-empty")).to_contain_text("Nothing to review")


# ---- DuplicateReview


def test_duplicates_are_decided_by_keys_alone(
    stage: Callable[..., Any], page: Page, shared_data: Path
) -> None:
    shown = stage(DuplicateReview(folder=shared_data / "duplicates"))
    shown.ready()
    clusters = shown.panel.source.clusters()
    page.locator(".sl-queue-list").focus()
    page.keyboard.press("a")
    expect(shown.root).to_have_attribute("data-pending", "0")
    expect(shown.root).to_have_attribute("data-decided", "1")
    expect(shown.root).to_have_attribute("data-cluster", clusters[1]["cluster"])
    first = shown.panel.verdicts
    assert set(first["image"]) == {copy["key"] for copy in clusters[0]["copies"]}
    assert (first["verdict"] == first["suggested"]).all()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("o")
    expect(shown.root).to_have_attribute("data-decided", "2")
    expect(shown.root).to_have_attribute("data-pending", "0")
    kept = shown.panel.verdicts.set_index("image")["verdict"]
    assert kept[clusters[1]["copies"][1]["key"]] == "keep"
    assert kept[clusters[1]["copies"][0]["key"]] == "drop"
    page.keyboard.press("z")
    expect(shown.root).to_have_attribute("data-decided", "1")
    expect(shown.root).to_have_attribute("data-cluster", clusters[1]["cluster"])


def test_the_last_copy_cannot_be_dropped_and_the_page_says_why(
    stage: Callable[..., Any], page: Page, shared_data: Path
) -> None:
    shown = stage(DuplicateReview(folder=shared_data / "duplicates" / "mixed_images"))
    shown.ready()
    page.locator(".sl-card").first.get_by_role("button", name="Drop").click()
    expect(page.get_by_role("alert")).to_contain_text("No copy of this picture would stay.")
    expect(page.locator(".sl-card").first).to_have_attribute("data-standing", "keep")
    assert shown.panel.verdicts.empty


def test_the_reference_blinks_in_the_place_of_a_copy(
    stage: Callable[..., Any], page: Page, shared_data: Path
) -> None:
    stage(DuplicateReview(folder=shared_data / "duplicates" / "mixed_images")).ready()
    page.locator(".sl-card").nth(1).click()
    expect(page.locator(".sl-card .sl-thumb[data-sharp]")).to_have_count(2)
    sources = "(images) => images.map((image) => image.src)"
    images = page.locator(".sl-card img")
    before = images.evaluate_all(sources)
    page.keyboard.down("b")
    assert images.evaluate_all(sources) == [before[0], before[0]]
    page.keyboard.up("b")
    assert images.evaluate_all(sources) == before
    assert before[0] != before[1]


# ---- all of them


@pytest.mark.parametrize("name", ["browser", "review", "duplicates", "dashboard"])
@pytest.mark.parametrize("width", [360, 820, 1600])
def test_nothing_is_cut_off_at_any_width_and_names_are_there_for_all_controls(
    stage: Callable[..., Any], page: Page, panels: dict[str, Callable[[], Panel]], name: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    stage(panels[name](), theme="dark").ready()
    painted(page, name)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wider = page.evaluate(
        """() => [...document.querySelectorAll(".sl-panel button")].filter((button) => {
            const box = button.getBoundingClientRect();
            const root = button.closest(".sl-panel").getBoundingClientRect();
            if (button.closest(".sl-filters, .sl-scroll")) return false;  // scroll sideways
            return box.width && (box.right > root.right + 1 || box.left < root.left - 1);
        }).map((button) => button.textContent)"""
    )
    assert wider == []
    nameless = page.evaluate(
        """() => {
            const kinds = ".sl-panel :is(button, input, [role=tree], [role=listbox])";
            const controls = document.querySelectorAll(kinds);
            const named = (element) => element.textContent.trim() || element.getAttribute("aria-label");
            return [...controls].filter((element) => !named(element)).length;
        }"""
    )
    assert nameless == 0


STYLES = """() => [...document.querySelectorAll(".sl-panel, .sl-panel *")].map((element) => {
  const style = getComputedStyle(element);
  const of = ["display", "margin", "padding", "border", "font", "color", "backgroundColor", "gridTemplate"];
  return [element.tagName, element.className, ...of.map((name) => style[name])].join(" | ");
})"""


@pytest.mark.parametrize("name", ["browser", "review", "duplicates", "dashboard"])
def test_another_panel_on_the_page_changes_no_style(
    stage: Callable[..., Any], page: Page, panels: dict[str, Callable[[], Panel]], name: str
) -> None:
    page.set_viewport_size({"width": 1300, "height": 900})
    page.emulate_media(reduced_motion="reduce")
    stage(panels[name]()).ready()
    painted(page, name)
    page.wait_for_function("!document.querySelector('.sl-thumb[data-state=loading]')")
    before = page.evaluate(STYLES)
    for other in (SynsetBrowser, VoteReview, DuplicateReview, ConsensusDashboard, LabelingGrid):
        page.add_style_tag(content=str(other._css))
        changed = [pair for pair in zip(before, page.evaluate(STYLES), strict=True) if len({*pair}) > 1]
        assert changed == [], other.__name__


@pytest.mark.parametrize("name", ["browser", "review", "duplicates", "dashboard"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_enough_contrast(
    stage: Callable[..., Any],
    page: Page,
    panels: dict[str, Callable[[], Panel]],
    name: str,
    theme: str,
) -> None:
    stage(panels[name](), theme=theme).ready()
    painted(page, name)
    assert page.evaluate(CONTRAST) == []


CONTRAST = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll(".sl-panel *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const style = getComputedStyle(element);
    if (!own || !element.checkVisibility() || element.closest(":disabled, .decided")) continue;
    const [a, b] = [light(numbers(style.color)), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const text = element.textContent.slice(0, 30);
    if (ratio < 4.5) poor.push(`${element.className} ${text}: ${ratio.toFixed(2)}`);
  }
  return [...new Set(poor)];
}"""


@pytest.mark.parametrize("name", ["browser", "review", "duplicates", "dashboard"])
def test_a_panel_that_is_closed_listens_no_more(
    stage: Callable[..., Any], page: Page, panels: dict[str, Callable[[], Panel]], name: str
) -> None:
    shown = stage(panels[name]())
    shown.ready()
    page.evaluate("window.end()")
    shown.panel.send({"type": "refresh"})
    shown.panel.send({"type": "counts"})
    shown.tell()
    assert shown.root.get_attribute("data-state") == "ready"


def test_what_annotators_report_is_on_the_dashboard(
    stage: Callable[..., Any], page: Page, own_folder: Path
) -> None:
    with Workspace.open(own_folder) as workspace:
        labelling = WorkspaceLabelling(workspace, annotator="ada")
        shown = stage(ConsensusDashboard(workspace=workspace))
        painted(page, "dashboard")
        expect(page.locator("[data-part=problems]")).to_be_hidden()
        labelling.report("not-visible", "It is an <b>idea</b>.")
        page.get_by_role("button", name="Refresh").click()
        row = page.locator(f'[data-part=problems] tr[data-key="{labelling.wnid}"]')
        expect(row).to_contain_text("not to be seen in pictures")
        expect(row).to_contain_text("It is an <b>idea</b>.")
        expect(row).to_contain_text("ada")
        row.get_by_role("button").click()
        expect(page.locator(".sl-cells-place")).to_have_attribute("data-wnid", labelling.wnid)
        expect(shown.root).to_have_attribute("data-fresh", "true")
