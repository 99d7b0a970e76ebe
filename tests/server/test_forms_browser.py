"""Forms in a real Chromium: pressed twice, sent with Enter, and what they say when something is missing."""

from __future__ import annotations

import pytest
from tests.server.conftest import PASSWORD
from tests.server.test_data_pages import access, anyone, ask, offered  # noqa: F401 - fixtures
from tests.server.test_serve_browser import visitors  # noqa: F401 - a fixture

REACHED = """button => {
  const box = button.getBoundingClientRect();
  return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2) === button;
}"""


def test_a_form_that_is_sent_twice_is_sent_once(page, team):
    page.goto(
        team.server.base + team.invite(team.people["admin"], "annotator").removeprefix(team.server.base)
    )
    page.fill("#name", "Dora")
    page.fill("#password", PASSWORD)
    page.dblclick("text=Join")
    page.wait_for_url(team.server.base)
    assert "Dora" in page.inner_text(".visitor")


def test_a_link_that_was_used_tells_who_used_it_what_to_do(page, team):
    link = team.invite(team.people["admin"], "annotator")
    team.join(link, "Dieter")
    page.goto(team.server.base + link.removeprefix(team.server.base))
    assert "sign in with the name and password" in page.inner_text("[role=alert]")


@pytest.mark.usefixtures("offered")
@pytest.mark.parametrize("width", [1400, 390])
def test_a_curator_decides_and_ends(visitors, anyone, access, width):  # noqa: F811
    ask(anyone, institution="A" * 199)
    number = access.requests("waiting")[0].id
    curator = visitors(f"curator {width}")
    curator.set_viewport_size({"width": width, "height": 900})
    curator.goto(curator.url + "requests")
    card = curator.locator(f"[aria-label='Request {number}']")
    word = card.get_by_label("A word to the person")
    word.fill("We know you.")
    word.press("Enter")
    assert word.input_value() == "We know you.", "Enter sent the form"
    assert curator.evaluate("document.documentElement.scrollWidth") <= width
    card.get_by_role("button", name="Approve").click()
    said = curator.locator("[role=status]").inner_text()
    assert f"Request {number} is approved" in said
    assert "hears of it" not in said, "nobody sends mail here"
    curator.get_by_label(f"More about request {number}").click()
    menu = curator.locator(".menu:visible")
    for name in ("Revoke", "Forget the person"):
        button = menu.get_by_role("button", name=name)
        button.scroll_into_view_if_needed()
        assert button.evaluate(REACHED), name
    menu.get_by_role("button", name="Forget the person").click()
    assert access.request(number).person, "forgotten without a word"
    menu.get_by_role("checkbox").check()
    menu.get_by_role("button", name="Forget the person").click()
    curator.locator("[role=status]", has_text="names nobody").wait_for()


def test_what_is_missing_is_in_sight(page, server, offered):  # noqa: F811
    page.set_viewport_size({"width": 390, "height": 667})
    page.goto(server.base + "data/dogs")
    page.fill("#person", "Ada")
    page.check("[name=accept]")
    page.click("text=Send the request")
    problem = page.locator("#problem")
    problem.wait_for()
    assert problem.evaluate("box => box === document.activeElement")
    assert 0 <= problem.bounding_box()["y"] <= 667 - problem.bounding_box()["height"]
    assert page.is_checked("[name=accept]")
