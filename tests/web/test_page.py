"""The page / in a real browser."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import request, request_started
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI
from playwright.sync_api import Browser, Page, Request, Route, expect

from sandbox.control import Control
from tests.web.opening import opened_page

EVENTS = re.compile(r"/api/jobs/\w+/events")
LAST_WORDS = "told by Storyfarm's sandbox.)"
WAITING = "Waiting for someone in the channel to run the command."


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    with opened_page(browser, accept_downloads=True) as page:
        page.goto(site)
        yield page


@pytest.fixture
def nobody_paints(control: Control) -> None:
    """No picture comes, so that the wait lasts until its time is over."""
    control.habits = control.habits.changed({"person": False})


def ask(page: Page, prompt: str = "A goose runs for mayor") -> None:
    page.fill("#prompt", prompt)
    page.click("#generate")


def expect_told(page: Page) -> None:
    expect(page.locator("#gallery img")).to_have_count(4)
    expect(page.locator("#told")).to_be_visible()
    expect(page.locator("#wait")).to_be_hidden()


def job_of(page: Page, client: FlaskClient) -> dict[str, Any]:
    """The job that the page's address names."""
    page.wait_for_url("**/?job=*")
    found: dict[str, Any] = client.get(f"/api/jobs/{page.url.rpartition('=')[2]}").get_json()
    return found


def as_stream(*events: tuple[str, dict[str, Any]]) -> str:
    """A stream that breaks off after these events; the browser comes back at once."""
    return "retry: 10\n\n" + "".join(
        f"id: {number}\nevent: {kind}\ndata: {json.dumps(data)}\n\n"
        for number, (kind, data) in enumerate(events, 1)
    )


def test_one_click_gives_a_story_and_four_pictures(page: Page) -> None:
    expect(page.locator("#sandbox-banner")).to_be_visible()
    ask(page)

    expect(page.locator("#story-title")).not_to_be_empty()
    expect(page.locator("#gallery img")).to_have_count(4)
    page.locator("#gallery img").first.scroll_into_view_if_needed()
    expect(page.locator("#gallery img").first).to_have_js_property("complete", value=True)
    assert page.locator("#gallery img").first.evaluate("image => image.naturalWidth") > 0
    assert page.locator("#gallery img").first.get_attribute("alt")
    expect(page.locator("#wait")).to_be_hidden()  # only then is the story whole
    assert len(page.locator("#story-text").inner_text().split()) > 200


def test_the_story_is_read_while_the_picture_is_awaited(
    page: Page, nobody_paints: None, client: FlaskClient
) -> None:
    ask(page, "A goose 🦢 and a Yorkie 🐕 run for mayor")

    expect(page.locator("#story-text")).to_contain_text("🐕 run for mayor")
    expect(page.locator("#wait progress")).to_have_count(2)
    expect(page.locator("#wait-image-hint")).to_contain_text(WAITING)
    expect(page.locator("#wait-image")).not_to_have_attribute("value", re.compile("."))
    expect(page.locator("#wait-story-hint")).to_contain_text("Written")
    expect(page.locator("#told")).to_be_hidden()
    told = job_of(page, client)["result"]
    expect(page.locator("#story-title")).to_have_text(told["title"])
    assert page.locator("#story-text p").all_inner_texts() == told["story"].split("\n\n")


def test_the_unfinished_picture_is_seen(page: Page, control: Control) -> None:
    control.habits = control.habits.changed({"image_seconds": 5.0})
    ask(page)

    preview = page.locator("#preview img").first
    expect(preview).to_be_visible()
    assert preview.evaluate("image => image.naturalWidth") > 0
    expect(page.locator("#wait-image-hint")).to_contain_text("% done")
    expect(page.locator("#wait-image")).to_have_attribute("value", re.compile(r"^[01]"))
    expect_told(page)


def test_a_picture_that_comes_first_is_shown_at_once(page: Page, nobody_paints: None) -> None:
    picture = {"role": "picture", "url": "/static/favicon.svg", "alt": "A goose", "width": 64, "height": 64}
    early = as_stream(("picture", {"images": [picture]}))
    page.route(EVENTS, lambda route: route.fulfill(body=early, content_type="text/event-stream"), times=1)
    ask(page)

    expect(page.locator("#gallery img")).to_be_visible()
    expect(page.locator("#wait-image-hint")).to_contain_text("Painted")
    expect(page.locator("#wait")).to_be_visible()


def test_reading_is_not_disturbed_by_what_comes_above(browser: Browser, site: str, control: Control) -> None:
    control.habits = control.habits.changed({"image_seconds": 3.0})
    context = browser.new_context(viewport={"width": 900, "height": 500}, reduced_motion="reduce")
    page = context.new_page()
    page.goto(site)
    ask(page)
    expect(page.locator("#story-text")).to_contain_text(LAST_WORDS)
    paragraph = page.locator("#story-text p").nth(3)
    paragraph.evaluate("node => node.scrollIntoView()")
    place = "node => Math.round(node.getBoundingClientRect().top)"
    before = paragraph.evaluate(place)
    expect_told(page)

    assert abs(paragraph.evaluate(place) - before) <= 1
    context.close()


def test_a_reload_goes_on_with_the_wait(page: Page, nobody_paints: None) -> None:
    ask(page)
    expect(page.locator("#story-text")).to_contain_text(LAST_WORDS)
    story = page.locator("#story-text").inner_text()
    page.reload()

    expect(page.locator("#wait")).to_be_visible()
    expect(page.locator("#story-text")).to_have_text(story, use_inner_text=True)
    expect(page.locator("#prompt")).to_have_value("A goose runs for mayor")
    expect(page.locator("#elapsed")).not_to_have_text("0 s")


def test_the_address_brings_a_story_back(page: Page, browser: Browser) -> None:
    ask(page)
    expect_told(page)
    title = page.locator("#story-title").inner_text()
    page.reload()
    expect_told(page)

    context = browser.new_context()
    other = context.new_page()
    other.goto(page.url)
    expect_told(other)
    expect(other.locator("#story-title")).to_have_text(title)
    context.close()


def test_back_and_forward_leave_a_story_and_return_to_it(page: Page) -> None:
    ask(page, "A goose runs for mayor")
    expect_told(page)
    first = page.locator("#story-text").inner_text()
    ask(page, "The moon writes to the scarecrow")
    expect(page.locator("#story-text")).to_contain_text("scarecrow")
    expect_told(page)
    page.go_back()
    expect(page.locator("#story-text")).to_have_text(first, use_inner_text=True)
    page.go_back()
    expect(page.locator("#result")).to_be_hidden()
    page.go_forward()

    expect(page.locator("#story-text")).to_have_text(first, use_inner_text=True)


def test_an_unknown_story_leaves_the_form(page: Page, site: str) -> None:
    page.goto(f"{site}/?job=nobody-knows")

    expect(page.locator("#error")).to_contain_text("There is no such story")
    expect(page.locator("#retry")).to_be_hidden()
    expect(page.locator("#wait")).to_be_hidden()
    ask(page)
    expect_told(page)


def refuse(route: Route) -> None:
    route.fulfill(status=503, json={"title": "Busy", "status": 503}, headers={"Retry-After": "5"})


def drop(route: Route) -> None:
    route.abort()


def cut(route: Route) -> None:
    route.fulfill(
        body=as_stream(("state", {"state": "queued", "attempt": 0})), content_type="text/event-stream"
    )


@pytest.mark.parametrize("answer", [refuse, drop], ids=["refused", "unreachable"])
def test_without_a_stream_the_story_comes_all_the_same(page: Page, answer: Callable[[Route], None]) -> None:
    page.route(EVENTS, answer)
    ask(page)

    expect_told(page)
    assert len(page.locator("#story-text").inner_text().split()) > 200


def test_a_stream_that_breaks_goes_on_where_it_was(page: Page, app: OpenAPI) -> None:
    places: list[str | None] = []

    def note(*_: object, **__: object) -> None:
        if EVENTS.search(request.path):
            places.append(request.headers.get("Last-Event-ID"))

    page.route(EVENTS, cut, times=1)
    with request_started.connected_to(note, app):
        ask(page)
        expect_told(page)

    assert places == ["1"]


def test_a_lost_connection_is_said_and_survived(page: Page, nobody_paints: None) -> None:
    page.clock.install()
    page.route("**/api/jobs/**", lambda route: route.abort())
    ask(page)
    page.wait_for_url("**/?job=*")
    expect(page.locator("#wait")).to_be_visible()
    asks(page, 4)
    expect(page.locator("#wait-note")).to_contain_text("reconnecting")

    page.unroute("**/api/jobs/**")
    asks(page, 1)
    expect(page.locator("#story-text")).not_to_be_empty()
    page.clock.run_for(1_000)
    expect(page.locator("#wait-note")).to_be_empty()


def test_a_farm_that_stays_away_can_be_looked_for_again(page: Page) -> None:
    page.clock.install()
    page.route("**/api/jobs/**", lambda route: route.abort())
    ask(page)
    page.wait_for_url("**/?job=*")
    address = page.url
    asks(page, 1)
    expect(page.get_by_text("reconnecting").first).to_be_visible()
    page.clock.fast_forward(95_000)
    expect(page.locator("#error")).to_contain_text("out of reach")
    expect(page.locator("#wait")).to_be_hidden()

    page.unroute("**/api/jobs/**")
    page.clock.resume()
    page.click("#retry")
    expect_told(page)
    assert page.url == address


def asks(page: Page, times: int) -> None:
    """Lets the page's clock run until it has asked for the job so often, in vain or not."""
    for _ in range(times):
        with page.expect_event("request", lambda each: "?after=" in each.url and "events" not in each.url):
            page.clock.run_for(2_500)


def test_another_attempt_is_mentioned(page: Page, nobody_paints: None) -> None:
    again = as_stream(
        ("state", {"state": "running", "attempt": 1}), ("state", {"state": "running", "attempt": 2})
    )
    page.route(EVENTS, lambda route: route.fulfill(body=again, content_type="text/event-stream"), times=1)
    ask(page)

    expect(page.locator("#wait-note")).to_contain_text("taken the story up again")


def test_stop_cancels_the_job_and_keeps_what_is_there(
    page: Page, nobody_paints: None, client: FlaskClient
) -> None:
    ask(page)
    expect(page.locator("#story-text")).to_contain_text(LAST_WORDS)
    page.click("#stop")

    expect(page.locator("#note")).to_contain_text("cancelled")
    expect(page.locator("#wait")).to_be_hidden()
    assert job_of(page, client)["state"] == "cancelled"
    assert len(page.locator("#story-text").inner_text().split()) > 200
    page.reload()
    expect(page.locator("#note")).to_contain_text("cancelled")
    expect(page.locator("#story-text")).not_to_be_empty()


def test_a_lost_answer_is_asked_for_again_and_makes_no_second_job(page: Page, client: FlaskClient) -> None:
    sent: list[Request] = []

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.on("request", lambda each: sent.append(each) if each.method == "POST" else None)
    page.route("**/api/generate-story", lose, times=1)
    ask(page, "A wish whose answer gets lost")
    expect(page.locator("#error")).to_contain_text("could not be reached")
    newest = client.get("/api/jobs?limit=1").get_json()["jobs"][0]["id"]
    page.click("#retry")

    expect_told(page)
    keys = [each.headers["idempotency-key"] for each in sent]
    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert job_of(page, client)["id"] == newest
    page.click("#generate")
    expect(page).not_to_have_url(re.compile(newest))
    assert sent[2].headers["idempotency-key"] != keys[0]


def test_a_full_farm_is_said_with_the_time_to_wait(page: Page) -> None:
    page.route("**/api/generate-story", refuse, times=1)
    ask(page)

    expect(page.locator("#error")).to_contain_text("busy")
    expect(page.locator("#retry")).to_contain_text("Try again in")
    expect(page.locator("#retry")).to_be_enabled()
    page.click("#retry")
    expect_told(page)


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


def test_a_late_picture_joins_its_story(page: Page, control: Control) -> None:
    control.habits = control.habits.changed({"image_seconds": 6.0})

    def hurry(route: Route) -> None:
        route.continue_(post_data={**(route.request.post_data_json or {}), "timeout": 4})

    page.route("**/api/generate-story", hurry)
    ask(page)

    expect(page.locator("#late")).to_contain_text("If it still arrives")
    expect(page.locator("#problems")).to_contain_text("did not come in time")
    expect(page.locator("#gallery img")).to_have_count(4)
    expect(page.locator("#late")).to_be_hidden()
    expect(page.locator("#problems")).to_be_hidden()


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
