"""The page /characters in a real browser, with the service itself and its sandbox."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask_openapi3 import OpenAPI
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Request, Route, expect

from sandbox.control import Control, Fault, Habits
from sandbox.server import Sandbox
from service import Service
from tests.serving import running
from tests.support import quick_settings, wait_until
from tests.web.opening import opened_page

HABITS = Habits(story_seconds=0.01, image_seconds=0.2, image_pixels=128, picture_pixels=64)
SLOW = HABITS.changed({"image_seconds": 60.0})


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox.bind(quick_settings(tmp_path_factory.mktemp("sandbox")))
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="module")
def app(farm: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAPI]:
    """The service with a painter that gives four pictures at once."""
    settings = quick_settings(
        tmp_path_factory.mktemp("data"),
        sandbox=farm.url,
        midjourney_proxy_url="http://proxy.example:8080/mj",
        midjourney_proxy_secret="sandbox-secret",
        image_providers=("midjourney-proxy", "openai-edit"),
    )
    with running(settings) as made:
        yield made


@pytest.fixture(autouse=True)
def control(farm: Sandbox, app: OpenAPI) -> Iterator[Control]:
    service: Service = app.extensions["storyfarm"]
    switches = farm.control
    switches.habits = HABITS
    switches.received.clear()
    yield switches
    switches.clear()
    switches.habits = HABITS
    service.image_providers.usual.reset()


@pytest.fixture(autouse=True)
def looking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("midjourney.proxy_running._PAUSES", (0.1, 0.3))


@pytest.fixture
def fault(control: Control) -> Callable[..., None]:
    def add(target: str, kind: str, times: int = 1, **details: Any) -> None:
        control.add(Fault(target, kind, times, details))

    return add


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    with opened_page(browser, reduced_motion="reduce", accept_downloads=True) as page:
        page.goto(f"{site}/characters")
        yield page


@pytest.fixture
def orders(page: Page) -> list[Request]:
    """What the page has ordered so far."""
    sent: list[Request] = []
    page.on("request", lambda asked: sent.append(asked) if asked.url.endswith("/generate") else None)
    return sent


def fill(page: Page) -> None:
    page.fill("#name", "Mia")
    page.fill("#look", "a brave girl with a lantern")


def add(page: Page, what: str, name: str, look: str) -> None:
    """Another character (`cast`) or background (`places`)."""
    page.locator(f"#{what} .add").click()
    row = page.locator(f"#{what} .figures > li").last
    row.get_by_label("Name").fill(name)
    row.locator("textarea").fill(look)


def order(page: Page) -> None:
    """Mia, Bo and the forest."""
    fill(page)
    add(page, "cast", "Bo", "a small grey cat")
    add(page, "places", "Forest", "a forest at night")
    page.click("#make")
    page.wait_for_url("**/characters?set=*")


def order_painted(page: Page, pictures: int = 3) -> None:
    order(page)
    expect(page.locator("#cards .thumbnail img:visible")).to_have_count(pictures)
    expect(page.locator("#painting")).to_be_hidden()


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("figure", name=f"{name}: picture", exact=True)


def shown(page: Page, name: str) -> str:
    return card(page, name).locator(".thumbnail img").get_attribute("src") or ""


def draw(page: Page) -> None:
    """A line across the sheet."""
    page.locator("#sketch-canvas").scroll_into_view_if_needed()
    box = page.locator("#sketch-canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 20, box["y"] + box["height"] - 20, steps=5)
    page.mouse.up()


def test_the_form_becomes_an_order(page: Page, orders: list[Request]) -> None:
    fill(page)
    page.get_by_role("group", name="Hair").get_by_role("button", name="Red curls").click()
    page.get_by_role("button", name="Freckles").click()
    page.get_by_role("button", name="Freckles").click()
    add(page, "cast", "Bo", "a small grey cat")
    page.locator("#cast .add").click()  # stays empty
    add(page, "places", "Forest", "a forest at night")
    page.check("#blur")
    page.select_option("#style", label="Pencil")
    page.click("#make")
    page.wait_for_url("**/characters?set=*")

    wish = orders[0].post_data_json
    assert isinstance(wish, dict)
    assert wish.pop("studentTaskId") == page.url.rpartition("=")[2]
    assert wish == {
        "characters": [
            {"name": "Mia", "prompt": "a brave girl with a lantern", "main": True},
            {"name": "Bo", "prompt": "a small grey cat"},
        ],
        "backgrounds": [{"name": "Forest", "prompt": "a forest at night"}],
        "optionIds": ["hair-red-curls"],
        "style": "pencil drawing, fine lines",
        "blur": True,
    }
    assert orders[0].headers["idempotency-key"]
    expect(page.locator("#painting")).to_be_hidden()


def test_an_incomplete_form_is_not_sent_and_says_why(page: Page, orders: list[Request]) -> None:
    page.fill("#look", "a" * 1001)
    add(page, "cast", "", "a small grey cat")
    page.click("#make")

    expect(page.locator("#name-fault")).to_contain_text("name")
    expect(page.locator("#look-fault")).to_contain_text("at most 1,000")
    expect(page.locator("#cast .figures .fault").first).to_contain_text("name")
    expect(page.locator("#name")).to_be_focused()
    assert orders == []


def test_figures_are_added_and_removed_with_the_keyboard(page: Page) -> None:
    page.focus("#cast .add")
    page.keyboard.press("Enter")
    page.keyboard.type("Bo")
    page.focus("#cast .add")
    page.keyboard.press("Enter")
    page.keyboard.type("Old Bear")
    page.get_by_role("button", name="Remove character 1").press("Enter")

    names = page.locator("#cast .figures input")
    expect(names).to_have_count(1)
    expect(names.first).to_have_value("Old Bear")
    expect(names.first).to_be_focused()
    page.get_by_role("button", name="Remove character 1").press("Enter")
    expect(page.locator("#cast .add")).to_be_focused()


def test_a_sketch_is_sent_as_a_picture(page: Page, orders: list[Request], control: Control) -> None:
    page.get_by_role("radio", name="Red").check(force=True)
    page.get_by_role("radio", name="Thick brush").check(force=True)
    draw(page)
    fill(page)
    page.click("#make")
    expect(card(page, "Mia").locator(".thumbnail img")).to_be_visible()

    wish = orders[0].post_data_json
    assert isinstance(wish, dict)
    head, _, content = wish["sketchImage"].partition(",")
    assert head == "data:image/png;base64"
    sketch = Image.open(io.BytesIO(base64.b64decode(content))).convert("RGB")
    assert (sketch.getpixel((400, 400)), sketch.getpixel((700, 100))) == ((194, 57, 46), (255, 255, 255))
    submitted = [call for call in control.received if call["target"] == "proxy.submit"]
    assert len(submitted[0]["references"]) == 1


@contextmanager
def fingers(page: Page) -> Iterator[Callable[..., None]]:
    """`touch("touchMove", (0.5, 0.5))`: where they are on the sheet now, as parts of its width and height."""
    page.locator("#sketch-canvas").scroll_into_view_if_needed()
    devtools = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        box = page.locator("#sketch-canvas").bounding_box()
        assert box is not None
        places = [
            {"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"], "id": number}
            for number, (x, y) in enumerate(points)
        ]
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    yield touch
    devtools.detach()


def test_a_finger_draws_and_does_not_move_the_page(browser: Browser, site: str) -> None:
    with opened_page(browser, viewport={"width": 390, "height": 740}, has_touch=True) as page:
        sent: list[Request] = []
        page.on("request", lambda asked: sent.append(asked) if asked.url.endswith("/generate") else None)
        page.goto(f"{site}/characters")
        expect(page.locator("#options")).to_be_visible()
        with fingers(page) as touch:
            before = page.evaluate("scrollY")
            touch("touchStart", (0.1, 0.1))
            for step in (0.3, 0.5, 0.7, 0.9):
                touch("touchMove", (step, step))
            touch("touchStart", (0.9, 0.9), (0.9, 0.1))  # a second finger draws nothing
            touch("touchMove", (0.9, 0.9), (0.8, 0.1))
            touch("touchEnd")
            expect(page.get_by_role("img", name="Sketch: one line")).to_be_visible()
            assert page.evaluate("scrollY") == before
        fill(page)
        page.click("#make")
        page.wait_for_url("**/characters?set=*")
        expect(page.locator("#painting")).to_be_hidden()

    wish = sent[0].post_data_json
    assert isinstance(wish, dict)
    content = base64.b64decode(wish["sketchImage"].partition(",")[2])
    sketch = Image.open(io.BytesIO(content)).convert("RGB")
    assert sketch.getpixel((400, 400)) != (255, 255, 255)
    assert sketch.getpixel((720, 80)) == (255, 255, 255)


def test_a_sketch_that_was_undone_is_not_sent(page: Page, orders: list[Request]) -> None:
    draw(page)
    expect(page.get_by_role("img", name="Sketch: one line")).to_be_visible()
    page.click("#sketch-undo")
    expect(page.get_by_role("img", name="Sketch: empty")).to_be_visible()
    expect(page.locator("#sketch-clear")).to_be_disabled()
    fill(page)
    page.click("#make")
    page.wait_for_url("**/characters?set=*")

    assert "sketchImage" not in (orders[0].post_data_json or {})
    expect(page.locator("#painting")).to_be_hidden()


def test_the_draft_survives_a_reload(page: Page) -> None:
    fill(page)
    page.get_by_role("button", name="Glasses").click()
    add(page, "cast", "Bo", "a small grey cat")
    add(page, "places", "Forest", "a forest at night")
    page.check("#blur")
    page.reload()

    expect(page.locator("#name")).to_have_value("Mia")
    expect(page.locator("#look-count")).to_contain_text("27 of 1,000")
    expect(page.get_by_role("button", name="Glasses")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#cast .figures input")).to_have_value("Bo")
    expect(page.locator("#places .figures textarea")).to_have_value("a forest at night")
    expect(page.locator("#blur")).to_be_checked()


def test_every_picture_has_a_card_and_the_main_character_is_the_first(page: Page, browser: Browser) -> None:
    order_painted(page)

    expect(page.locator("#cards figure h3[dir]")).to_have_text(["Mia", "Bo", "Forest"])
    expect(page.locator("#announcer")).to_contain_text("All pictures are painted.")
    mia = page.locator("#cards .is-main").bounding_box()
    bo = page.locator("#cards .portrait").nth(1).bounding_box()
    assert mia is not None
    assert bo is not None
    assert mia["width"] > 1.5 * bo["width"]
    page.reload()
    expect(page.locator("#cards .thumbnail img:visible")).to_have_count(3)
    with opened_page(browser) as other:
        other.goto(page.url)
        expect(other.locator("#cards .thumbnail img:visible")).to_have_count(3)


def test_a_set_is_stopped_and_its_pictures_can_be_painted_again(page: Page, control: Control) -> None:
    control.habits = SLOW
    order(page)
    expect(card(page, "Bo")).to_contain_text("Waiting for its turn.")
    expect(card(page, "Mia").get_by_role("progressbar")).to_be_visible()
    expect(page.locator("#painting-message")).to_have_text("0 of 3 pictures are done.")
    page.click("#stop-painting")
    expect(page.locator("#set-fault")).to_have_text("The set was cancelled.")
    expect(page.locator("#painting")).to_be_hidden()

    control.habits = HABITS
    card(page, "Bo").get_by_role("button", name="Paint again", exact=True).click()
    expect(card(page, "Bo").locator(".thumbnail img")).to_be_visible()
    expect(card(page, "Mia").get_by_role("button", name="Paint again", exact=True)).to_be_visible()


def test_one_that_was_refused_says_why_and_can_be_painted_with_other_words(page: Page) -> None:
    fill(page)
    page.fill("#look", "a girl covered in gore")
    page.click("#make")
    expect(card(page, "Mia")).to_contain_text("gore")
    expect(page.locator("#set-fault")).to_contain_text("Not one of the pictures")
    card(page, "Mia").get_by_role("button", name="Change the words…").click()
    expect(card(page, "Mia").get_by_label("What is to be painted")).to_have_value("a girl covered in gore")
    card(page, "Mia").get_by_label("What is to be painted").fill("a girl covered in hay")
    card(page, "Mia").get_by_role("button", name="Paint it").last.click()

    expect(card(page, "Mia").locator(".thumbnail img")).to_be_visible()
    expect(page.locator("#set-fault")).to_be_hidden()


def test_when_the_main_character_fails_the_page_says_what_that_means(page: Page) -> None:
    fill(page)
    page.fill("#look", "a girl covered in gore")
    add(page, "cast", "Bo", "a small grey cat")
    page.click("#make")

    expect(card(page, "Bo").locator(".thumbnail img")).to_be_visible()
    expect(card(page, "Mia")).to_contain_text("This picture could not be painted.")
    expect(page.locator("#set-fault")).to_contain_text("painted without it")
    expect(page.locator("#painting")).to_be_hidden()


@pytest.mark.parametrize("width", [360, 390])
def test_the_names_of_the_pages_fit_a_phone(browser: Browser, site: str, width: int) -> None:
    with opened_page(browser, viewport={"width": width, "height": 740}) as page:
        page.goto(f"{site}/characters")
        boxes = page.locator(".pages a").evaluate_all("all => all.map(each => each.getBoundingClientRect())")
        mark = page.locator(".wordmark").bounding_box()
        tagline = page.locator(".tagline").bounding_box()

        assert mark is not None
        assert tagline is not None
        assert len({box["top"] for box in boxes}) == 1
        assert max(box["right"] for box in boxes) <= width
        assert mark["y"] + mark["height"] <= boxes[0]["top"]
        assert boxes[0]["bottom"] <= tagline["y"]


def test_a_picture_is_painted_again_and_the_earlier_one_is_kept(page: Page) -> None:
    order_painted(page)
    first = shown(page, "Bo")
    bo = card(page, "Bo")
    bo.get_by_role("button", name="Paint again…").click()
    bo.get_by_label("What is to be painted").fill("a huge black cat")
    bo.get_by_role("button", name="Paint it").last.click()
    expect(bo).to_be_focused()
    expect(bo.get_by_text("Earlier versions (1)")).to_be_visible()
    expect(page.locator("#painting")).to_be_hidden()
    assert shown(page, "Bo") != first

    bo.get_by_text("Earlier versions (1)").click()
    bo.get_by_role("button", name="Version 1").click()
    assert shown(page, "Bo") == first
    expect(bo).to_contain_text("This is an earlier version.")


def test_one_of_four_is_chosen_and_one_is_varied(page: Page, control: Control) -> None:
    order_painted(page)
    mia = card(page, "Mia")
    control.received.clear()
    expect(mia.get_by_role("button", name="Choose picture")).to_have_count(0)
    mia.get_by_role("button", name="Picture 3", exact=True).click()
    expect(mia).to_contain_text("This is one of the four.")
    mia.get_by_role("button", name="Choose picture 3").click()
    expect(mia.get_by_text("Earlier versions (1)")).to_be_visible()
    expect(page.locator("#painting")).to_be_hidden()
    expect(mia.locator(".four-mark:visible")).to_have_count(1)
    expect(mia.locator(".four li").nth(2).get_by_text("Chosen")).to_be_visible()

    mia.get_by_role("button", name="Picture 2", exact=True).click()
    mia.get_by_role("button", name="Vary picture 2").click()
    expect(mia.get_by_text("Earlier versions (2)")).to_be_visible()
    expect(mia.locator(".four li").first.get_by_text("Chosen")).to_be_visible()
    asked = [call["body"] for call in control.received if call["target"] == "proxy.change"]
    assert [(body["action"], body["index"]) for body in asked] == [("UPSCALE", 3), ("VARIATION", 2)]


def test_a_change_that_fails_leaves_the_picture_and_says_why(page: Page, fault: Callable[..., None]) -> None:
    order_painted(page)
    first = shown(page, "Bo")
    bo = card(page, "Bo")
    bo.get_by_role("button", name="Paint again…").click()
    bo.get_by_label("What is to be painted").fill("a cat covered in gore")
    bo.get_by_role("button", name="Paint it").last.click()

    expect(bo).to_contain_text("The new picture could not be painted.")
    expect(page.locator("#painting")).to_be_hidden()
    assert shown(page, "Bo") == first


def test_a_picture_opens_large_and_gives_the_focus_back(page: Page) -> None:
    order_painted(page)
    page.locator(".is-main .thumbnail").click()
    expect(page.locator("#lightbox-caption")).to_have_text("Picture 1 of 3")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#lightbox-picture")).to_have_attribute("alt", "Bo: a small grey cat")
    page.keyboard.press("Escape")
    expect(page.locator(".is-main .thumbnail")).to_be_focused()


def test_all_pictures_are_downloaded_at_once(page: Page) -> None:
    order_painted(page)
    with page.expect_download() as download:
        page.click("#download")

    assert download.value.suggested_filename == "characters.zip"
    with zipfile.ZipFile(Path(download.value.path())) as archive:
        assert {"mia.png", "bo.png", "forest.png", "originals/mia.png"} <= set(archive.namelist())


def test_a_lost_connection_is_said_and_the_pictures_come_all_the_same(page: Page, control: Control) -> None:
    control.habits = SLOW.changed({"image_seconds": 3.0})
    order(page)
    page.route("**/imagine/status/*", lambda route: route.abort())
    expect(page.locator("#painting-message")).to_contain_text("connection", ignore_case=True)
    page.unroute("**/imagine/status/*")

    expect(page.locator("#cards .thumbnail img:visible")).to_have_count(3, timeout=20_000)


def test_an_order_whose_answer_got_lost_is_not_painted_twice(page: Page, orders: list[Request]) -> None:
    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/imagine/generate", lose, times=1)
    fill(page)
    page.click("#make")
    expect(page.locator("#error-title")).to_have_text("The farm could not be reached")
    page.click("#retry")
    page.wait_for_url("**/characters?set=*")

    expect(card(page, "Mia").locator(".thumbnail img")).to_be_visible()
    assert [each.headers["idempotency-key"] for each in orders] == [orders[0].headers["idempotency-key"]] * 2
    assert orders[0].post_data == orders[1].post_data


def test_it_asks_no_more_when_all_is_painted_or_nobody_looks(page: Page, control: Control) -> None:
    asked: list[str] = []
    page.on("request", lambda each: asked.append(each.url) if "/imagine/status/" in each.url else None)
    page.clock.install()
    control.habits = SLOW
    order(page)
    page.evaluate("""() => {
      Object.defineProperty(document, "hidden", { get: () => window.isHidden, configurable: true });
      window.isHidden = true;
    }""")
    page.clock.run_for(1500)
    before = len(asked)
    page.clock.run_for(10_000)
    assert len(asked) == before
    page.evaluate("window.isHidden = false; document.dispatchEvent(new Event('visibilitychange'))")
    wait_until(lambda: page.evaluate("1") and len(asked) > before)
    page.click("#stop-painting")


def test_names_and_words_are_never_html(page: Page) -> None:
    evil = "<img src=x onerror=document.title='broken'>"
    page.fill("#name", evil)
    page.fill("#look", "<b>bold</b>")
    page.click("#make")

    expect(page.locator("#set-title")).to_have_text(evil)
    expect(page.locator("#cards h3[dir]")).to_have_text(evil)
    expect(page.locator("#painting")).to_be_hidden()
    assert page.locator("#set b").count() == 0


def test_an_unknown_set_is_said_and_leads_to_the_form(page: Page, site: str) -> None:
    page.goto(f"{site}/characters?set=nobody")

    expect(page.locator("#error-title")).to_have_text("There are no such pictures")
    expect(page.locator("#wish")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (800, "dark"), (1400, "light")])
def test_nothing_runs_over_the_edge(browser: Browser, site: str, width: int, scheme: str) -> None:
    with opened_page(browser, viewport={"width": width, "height": 740}, color_scheme=scheme) as page:
        page.goto(f"{site}/characters")
        expect(page.locator("#options")).to_be_visible()
        add(page, "cast", "Donaudampfschifffahrtsgesellschaftskapitänsmützenträgerinnen", "a goose")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        order_painted(page, 4)

        assert page.evaluate("document.documentElement.scrollWidth") <= width
