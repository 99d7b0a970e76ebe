"""The server's pages in a real Chromium: what is asked of whom, what is shown, and how it looks ready."""

from __future__ import annotations

import os
import signal

import psutil
import pytest

READY = "html[data-state=ready]"


@pytest.fixture
def visitors(browser, server):
    """Open a page of a new visitor who has given a name."""
    contexts = []

    def come(name: str, **options):
        context = browser.new_context(viewport={"width": 1280, "height": 800}, **options)
        contexts.append(context)
        page = context.new_page()
        page.goto(server.base + "name")
        page.wait_for_selector("#name:focus")
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        page.wait_for_url(server.base)
        return page

    yield come
    for context in contexts:
        context.close()


def open_app(page, server, path="label"):
    page.goto(server.base + path)
    page.wait_for_selector(READY)
    return page


def who(page) -> list[str]:
    return page.inner_text("#who").split("|")


def kernel_is_gone(pid: int) -> bool:
    try:
        psutil.Process(pid).wait(60)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return True


def test_the_printed_url_leads_through_the_name_to_the_panel_once(page, server):
    page.goto(server.url)
    page.wait_for_url("**/name?next=%2Flabel")
    page.fill("#name", "Zoë")
    page.click("text=Continue")
    page.wait_for_url(server.url)
    page.wait_for_selector(READY)
    assert who(page)[0] == "Zoë"
    again = page.context.new_page()
    again.goto(server.url)
    again.wait_for_selector(READY)
    assert (again.url, who(again)[0]) == (server.url, "Zoë")


def test_nothing_is_fetched_from_outside_and_no_policy_is_broken(visitors, server):
    page = visitors("ada")
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda socket: asked.append(socket.url.replace("ws://", "http://", 1)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in ("", "label", "review"):
        page.goto(server.base + path)
        if path:
            page.wait_for_selector(READY)
            page.wait_for_selector("#rendered_cells .sl button")
    assert len(asked) > 50
    assert any("/channels" in url for url in asked)
    assert {url for url in asked if not url.removeprefix("blob:").startswith(server.base)} == set()
    assert complaints == []


def test_two_visitors_are_two_annotators_in_their_kernels(visitors, server):
    alice, bob = visitors("alice"), visitors("bob")
    open_app(alice, server)
    open_app(bob, server)
    for page, name in ((alice, "alice"), (bob, "bob")):
        page.click("button:text('who')")
        page.wait_for_selector("output:not(:empty)")
        assert f'"who":"{name}"' in page.inner_text("output")
        assert who(page)[0] == name
    assert who(alice)[5] != who(bob)[5]


def test_a_failing_handler_tells_the_page_a_number_and_the_log_the_rest(visitors, server):
    page, frames = visitors("ada"), []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: frames.append(_text(data))))
    open_app(page, server)
    page.click("button:text('fail')")
    page.wait_for_selector("output:not(:empty)")
    assert "Something went wrong (error " in page.inner_text("output")
    page.click("button:text('who')")
    page.wait_for_selector("output:has-text('ada')")
    received = "".join(frames)
    assert "Something went wrong" in received
    assert "the-hidden-text" not in received
    assert "the-printed-text" not in received
    assert "Traceback" not in received
    assert "the-hidden-text" in server.log()


def _text(data: str | bytes) -> str:
    return data if isinstance(data, str) else data.decode("utf-8", "replace")


def test_a_killed_kernel_leaves_a_page_that_can_be_reloaded(visitors, server):
    page = open_app(visitors("ada"), server)
    killed = int(who(page)[5])
    os.kill(killed, signal.SIGKILL)
    page.reload()
    page.wait_for_selector(READY)
    assert int(who(page)[5]) != killed
    page.click("button:text('who')")
    page.wait_for_selector("output:has-text('ada')")
    assert server.alive


def test_closing_the_page_ends_its_kernel(visitors, server):
    page = open_app(visitors("ada"), server)
    pid = int(who(page)[5])
    page.close(run_before_unload=True)
    assert kernel_is_gone(pid)


def test_the_skeleton_is_there_until_the_panel_is(visitors, server):
    page = visitors("ada")
    page.goto(server.base + "label", wait_until="commit")
    page.wait_for_selector("#waiting:has-text('Starting')")
    page.wait_for_selector(READY)
    assert page.locator("#waiting").count() == 0
    assert page.locator("#rendered_cells .sl").is_visible()
    assert page.locator("#failed").is_hidden()


def test_a_notebook_that_fails_says_so_and_offers_a_way_on(visitors, server):
    page = visitors("ada")
    page.goto(server.base + "browse")
    page.wait_for_selector("html[data-state=error]")
    assert page.locator("#failed").is_visible()
    assert "the-secret-text" not in page.content()
    with page.expect_navigation():
        page.click("text=Try again")
    page.wait_for_selector("html[data-state=error]")
    page.click("#failed >> text=Home")
    page.wait_for_url(server.base)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_follows_the_system_on_every_page(visitors, server, scheme):
    page = visitors("ada", color_scheme=scheme)
    for path in ("", "name", "label", "no-such-page"):
        page.goto(server.base + path)
        if path == "label":
            page.wait_for_selector(READY)
            assert page.evaluate("document.body.dataset.jpThemeLight") == str(scheme == "light").lower()
        assert page.evaluate("document.documentElement.dataset.slTheme") == scheme
        red = page.evaluate("Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])")
        assert (red > 128) == (scheme == "light"), path


@pytest.mark.parametrize("width", [360, 1280])
def test_the_panel_has_the_whole_width_and_the_bar_stays(visitors, server, width):
    page = visitors("a visitor with quite a long name")
    page.set_viewport_size({"width": width, "height": 700})
    for path in ("", "name", "label", "no-such-page"):
        page.goto(server.base + path)
        if path == "label":
            page.wait_for_selector(READY)
            panel = page.locator("#rendered_cells .sl").bounding_box()
            assert (panel["x"], panel["width"]) == (0, width)
            assert panel["y"] >= page.locator("header.bar").bounding_box()["height"]
            assert panel["y"] + panel["height"] <= 700, "its last line is below the window"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        for link in page.locator("header.bar a").all():
            box = link.bounding_box()
            assert 0 <= box["x"] <= box["x"] + box["width"] <= width, (path, link.inner_text())


def test_the_name_can_be_changed_and_forgotten(visitors, server):
    page = visitors("ada")
    page.click("header >> text=ada")
    assert page.input_value("#name") == "ada"
    page.fill("#name", "  grace   hopper ")
    page.click("text=Continue")
    page.wait_for_url(server.base)
    assert page.inner_text("header .visitor") == "grace hopper"
    page.click("header .visitor")
    page.click("text=forget me")
    page.wait_for_url("**/name")
    page.goto(server.url)
    page.wait_for_url("**/name?next=%2Flabel")


def test_home_can_be_used_with_the_keyboard_alone(visitors, server):
    page = visitors("ada")
    for _ in range(2):
        page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.textContent.trim()")
    assert focused == "Label"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url(server.url)
