"""The sign-in card in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask_openapi3 import OpenAPI
from playwright.sync_api import Browser, Page, expect

from tests.serving import running
from tests.support import quick_settings
from tests.web.opening import opened_page
from tests.web.play_api import PlayApi, path

KEY = "mia-key-0123456789"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAPI]:
    settings = quick_settings(tmp_path_factory.mktemp("data"), api_keys=(("mia", "gold", KEY),))
    with running(settings) as made:
        yield made


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    with opened_page(browser, reduced_motion="reduce") as page:
        page.goto(site)
        yield page


def ask(page: Page) -> None:
    page.fill("#prompt", "A goose runs for mayor")
    page.keyboard.press("Control+Enter")


def test_a_call_that_needs_a_key_asks_for_it_and_then_goes_on(page: Page) -> None:
    expect(page.locator("#session")).to_have_text("Sign in")
    expect(page.locator("#sign-in")).to_be_hidden()
    ask(page)

    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    expect(page.get_by_label("Paste an API key or a token")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#sign-in-fault")).to_have_text("Paste a key or a token first.")
    page.keyboard.type("wrong-key-0123456789")
    page.keyboard.press("Enter")
    expect(page.locator("#sign-in-fault")).to_have_text("This API key is not known.")
    page.keyboard.type(KEY)  # in place of the wrong one, which is selected
    page.keyboard.press("Enter")

    expect(page.locator("#sign-in")).to_be_hidden()
    expect(page.locator("#told")).to_be_visible()
    expect(page.locator("#gallery img")).to_have_count(4)
    page.locator("#gallery img").first.scroll_into_view_if_needed()
    expect(page.locator("#gallery img").first).to_have_js_property("complete", value=True)
    assert page.locator("#gallery img").first.evaluate("image => image.naturalWidth") > 0
    assert page.evaluate("document.cookie") == ""

    page.reload()
    expect(page.locator("#told")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    expect(page.locator("#told")).to_be_hidden()


def test_who_does_not_sign_in_is_told_so_and_keeps_the_prompt(page: Page) -> None:
    ask(page)
    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    page.keyboard.press("Escape")

    expect(page.locator("#error-title")).to_have_text("Please sign in")
    expect(page.locator("#prompt")).to_have_value("A goose runs for mayor")
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.keyboard.type(KEY)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    expect(page.locator("#prompt")).to_have_value("A goose runs for mayor")


def test_an_adventure_whose_socket_wants_a_key_goes_on_with_it(page: Page, site: str) -> None:
    api = PlayApi(page)
    api.turns = path(1, 2)
    api.state = "choosing"
    api.refused = (4401, "")
    page.goto(f"{site}/play?session=0123456789abcdef")
    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#link-text")).to_have_text("Sign in to go on with this adventure.")
    page.get_by_role("button", name="Connect again").click()
    expect(page.get_by_role("dialog", name="Sign in")).to_be_visible()
    api.refused = None
    page.keyboard.type(KEY)
    page.keyboard.press("Enter")

    expect(page.locator("#choices button").first).to_be_enabled()
    expect(page.locator("#link-note")).to_be_hidden()
