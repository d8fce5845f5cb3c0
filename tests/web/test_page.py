"""The page / in a real browser."""

from __future__ import annotations

import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator

import pytest
from flask_openapi3 import OpenAPI
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from sandbox.control import Control

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def site(app: OpenAPI) -> Iterator[str]:
    """The application on a port of its own."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """The page, opened; a script's error or a breach of the content policy fails the test."""
    context = browser.new_context(viewport={"width": 1100, "height": 900}, accept_downloads=True)
    context.set_default_timeout(10_000)
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda line: faults.append(line.text) if "Content Security" in line.text else None)
    opened.goto(site)
    yield opened
    context.close()
    assert faults == []


def ask(page: Page, prompt: str = "A goose runs for mayor") -> None:
    page.fill("#prompt", prompt)
    page.click("#generate")


def test_one_click_gives_a_story_and_four_pictures(page: Page) -> None:
    expect(page.locator("#sandbox-banner")).to_be_visible()
    ask(page)

    expect(page.locator("#story-title")).not_to_be_empty()
    expect(page.locator("#gallery img")).to_have_count(4)
    page.locator("#gallery img").first.scroll_into_view_if_needed()
    expect(page.locator("#gallery img").first).to_have_js_property("complete", value=True)
    assert page.locator("#gallery img").first.evaluate("image => image.naturalWidth") > 0
    assert page.locator("#gallery img").first.get_attribute("alt")
    assert len(page.locator("#story-text").inner_text().split()) > 200


def test_the_wait_says_what_is_being_done(page: Page, control: Control) -> None:
    control.habits = control.habits.changed({"story_seconds": 1.5, "image_seconds": 2.0})
    ask(page)

    expect(page.locator("#wait")).to_be_visible()
    expect(page.locator("#wait progress")).to_have_count(2)
    expect(page.locator("#result")).to_be_visible()
    expect(page.locator("#wait")).to_be_hidden()


def test_the_keyboard_is_enough(page: Page) -> None:
    page.focus("#prompt")
    page.keyboard.type("The moon writes to the scarecrow")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#gallery img")).to_have_count(4)

    page.locator("#gallery button, #gallery a").nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog#lightbox")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    expect(page.locator("dialog#lightbox")).to_be_hidden()


def test_an_empty_prompt_is_not_sent(page: Page, control: Control) -> None:
    before = control.calls["chat"]
    page.click("#generate")

    expect(page.locator("#prompt-fault")).not_to_be_empty()
    assert control.calls["chat"] == before


def test_a_missing_picture_is_explained_and_can_be_tried_again(
    page: Page, fault: Callable[..., None]
) -> None:
    fault("webhook", "status", status=404)
    ask(page)

    expect(page.locator("#story-text")).not_to_be_empty()
    expect(page.locator("#problems")).to_contain_text("webhook")
    page.click("#retry")
    expect(page.locator("#gallery img")).to_have_count(4)


def test_when_all_fails_the_prompt_stays_and_can_be_sent_again(
    page: Page, fault: Callable[..., None]
) -> None:
    fault("chat", "status", status=401)
    fault("webhook", "status", status=404)
    ask(page, "A prompt that must not be lost")

    expect(page.locator("#error")).to_contain_text("OPENAI_API_KEY")
    assert page.input_value("#prompt") == "A prompt that must not be lost"
    page.click("#retry")
    expect(page.locator("#gallery img")).to_have_count(4)


def test_what_a_model_writes_is_never_html(page: Page) -> None:
    ask(page, "<img src=x onerror=document.title='broken'> <b>bold</b> <script>1</script>")

    expect(page.locator("#gallery img")).to_have_count(4)
    assert page.locator("#story-text img, #story-text b, #story-text script, #story-title b").count() == 0
    assert page.title() != "broken"


def test_the_download_holds_the_story_and_its_pictures(page: Page) -> None:
    ask(page)
    with page.expect_download() as download:
        page.click("#download")

    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.namelist() == ["story.md", *(f"picture-{n}.png" for n in range(1, 5))]


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (360, "dark"), (1400, "dark")])
def test_nothing_runs_over_the_edge(browser: Browser, site: str, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 740}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(site)
    ask(page)
    expect(page.locator("#gallery img")).to_have_count(4)

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_reduced_motion_stops_the_animations(browser: Browser, site: str, control: Control) -> None:
    control.habits = control.habits.changed({"image_seconds": 2.0})
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(site)
    ask(page)
    expect(page.locator("#wait")).to_be_visible()

    assert page.evaluate("document.getAnimations().filter(a => a.playState === 'running').length") == 0
    context.close()
