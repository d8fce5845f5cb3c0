"""The page /book in a real browser; its API is played by tests/web/book_api.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.book_api import BOOK, PICTURES, TEXTS, BookApi, painted, problem
from tests.web.opening import opened_page

PROMPT = "The first night in the hayloft"
PNG = {"name": "biscuit.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n"}
# Puts a file into the page as another program would: `how` is "drop" or "paste".
HAND_OVER = """([how, type]) => {
  const carried = new DataTransfer();
  carried.items.add(new File(["x"], "biscuit", { type }));
  const options = { bubbles: true, cancelable: true, dataTransfer: carried, clipboardData: carried };
  const event = how === "drop" ? new DragEvent("drop", options) : new ClipboardEvent("paste", options);
  document.body.dispatchEvent(event);
}"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with opened_page(browser, reduced_motion="reduce") as page:
        yield page


@pytest.fixture
def api(page: Page, site: str) -> BookApi:
    """What the page talks to; the page is open."""
    api = BookApi(page)
    page.goto(f"{site}/book")
    return api


def fill(page: Page) -> None:
    page.fill("#name", "Biscuit")
    page.fill("#prompt", PROMPT)


def order(page: Page) -> None:
    fill(page)
    page.click("#make")
    page.wait_for_url(f"**/book?story={BOOK}")


def order_written(page: Page, api: BookApi, *, illustrated: bool = True) -> None:
    order(page)
    api.is_written(illustrated=illustrated)
    expect(page.locator("#spreads > li")).to_have_count(6)


def order_finished(page: Page, api: BookApi) -> None:
    order_written(page, api)
    api.all_painted()
    expect(page.locator("#painting")).to_be_hidden()


def spread(page: Page, number: int) -> Locator:
    return page.get_by_role("listitem", name=f"Page {number}", exact=True)


def wish_of(api: BookApi, index: int = -1) -> dict[str, Any]:
    body = api.orders[index].post_data_json
    assert isinstance(body, dict)
    return body


def test_the_form_becomes_an_order(page: Page, api: BookApi) -> None:
    page.fill("#name", " Biscuit ")
    page.fill("#age", "4")
    page.get_by_role("button", name="brave").click()
    page.fill("#interests-input", "lanterns")
    page.fill("#prompt", PROMPT)
    page.locator("#pages").fill("3")
    page.select_option("#style", label="Pencil")
    page.select_option("#language", "German")
    page.uncheck("#paint")
    page.click("#make")
    page.wait_for_url(f"**/book?story={BOOK}")

    assert wish_of(api) == {
        "character": {"name": "Biscuit", "age": 4, "personality": ["brave"], "interests": ["lanterns"]},
        "prompt": PROMPT,
        "generateIllustrations": False,
        "pages": 3,
        "style": "pencil drawing, fine lines",
        "language": "German",
    }
    assert api.orders[0].headers["prefer"] == "respond-async"
    assert api.orders[0].headers["idempotency-key"]


def test_an_incomplete_form_is_not_sent_and_says_why(page: Page, api: BookApi) -> None:
    page.fill("#age", "121")
    page.click("#make")

    expect(page.locator("#name-fault")).to_contain_text("name")
    expect(page.locator("#age-fault")).to_contain_text("0 to 120")
    expect(page.locator("#prompt-fault")).not_to_be_empty()
    expect(page.locator("#name")).to_be_focused()
    page.fill("#name", "B" * 61)
    page.click("#make")
    expect(page.locator("#name-fault")).to_contain_text("at most 60")
    assert api.orders == []


def test_traits_are_typed_picked_and_removed(page: Page, api: BookApi) -> None:
    chosen = page.locator("#personality .chosen li span")
    page.focus("#personality-input")
    page.keyboard.type("stubborn,gentle")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="curious").click()
    expect(chosen).to_have_text(["stubborn", "gentle", "curious"])
    expect(page.locator("#personality .suggestions").get_by_text("curious")).to_be_hidden()

    page.get_by_role("button", name="Remove gentle").click()
    expect(page.locator("#personality-input")).to_be_focused()
    page.keyboard.press("Backspace")
    expect(chosen).to_have_text(["stubborn"])
    expect(page.locator("#personality .suggestions").get_by_text("curious")).to_be_visible()
    page.keyboard.type("Stubborn")
    page.keyboard.press("Enter")
    expect(chosen).to_have_text(["stubborn"])
    assert api.orders == []


def test_a_chosen_picture_goes_into_the_order(page: Page, api: BookApi) -> None:
    page.set_input_files("#picture", PNG)  # type: ignore[arg-type]
    expect(page.locator(".picked img")).to_be_visible()
    order(page)

    assert wish_of(api)["character"]["imageUrl"] == "/uploads/biscuit.png"
    assert b'name="file"; filename="biscuit.png"' in (api.uploads[0].post_data_buffer or b"")


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_a_picture_can_be_dropped_or_pasted_and_removed(page: Page, api: BookApi, how: str) -> None:
    page.evaluate(HAND_OVER, [how, "image/webp"])
    expect(page.locator("#picture-note")).to_contain_text("after this one")
    page.click(".picked .remove")
    expect(page.locator(".picked")).to_be_hidden()
    expect(page.locator("#picture")).to_be_focused()
    order(page)

    assert len(api.uploads) == 1
    assert "imageUrl" not in wish_of(api)["character"]


def test_a_file_that_cannot_be_used_is_refused_at_once(page: Page, api: BookApi, tmp_path: Path) -> None:
    page.set_input_files("#picture", {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"x"})
    expect(page.locator("#picture-fault")).to_contain_text("no PNG, JPEG or WebP")
    large = tmp_path / "a.png"
    large.write_bytes(b"x" * (10 * 1024 * 1024 + 1))
    page.set_input_files("#picture", large)
    expect(page.locator("#picture-fault")).to_contain_text("larger than 10 MB")
    assert api.uploads == []


def test_a_picture_that_was_not_taken_can_be_sent_again(page: Page, api: BookApi) -> None:
    api.refuse_next["/uploads"] = problem("The storage is full just now.", status=503)
    page.set_input_files("#picture", PNG)  # type: ignore[arg-type]
    expect(page.locator("#picture-fault")).to_contain_text("storage is full")
    fill(page)
    page.click("#make")
    expect(page.locator(".picked .remove")).to_be_focused()
    assert api.orders == []

    page.click("#picture-again")
    expect(page.locator("#picture-note")).to_contain_text("after this one")
    page.click("#make")
    page.wait_for_url(f"**/book?story={BOOK}")
    assert wish_of(api)["character"]["imageUrl"] == "/uploads/biscuit.png"


def test_the_draft_survives_a_reload(page: Page, api: BookApi) -> None:
    fill(page)
    page.get_by_role("button", name="shy").click()
    page.locator("#pages").fill("9")
    page.uncheck("#paint")
    page.set_input_files("#picture", PNG)  # type: ignore[arg-type]
    expect(page.locator("#picture-note")).to_contain_text("after this one")
    page.reload()

    expect(page.locator("#name")).to_have_value("Biscuit")
    expect(page.locator("#prompt")).to_have_value(PROMPT)
    expect(page.locator("#prompt-count")).to_contain_text(f"{len(PROMPT)} of 2,000")
    expect(page.locator("#personality .chosen li span")).to_have_text(["shy"])
    expect(page.locator("#pages-count")).to_have_text("9")
    expect(page.locator("#paint")).not_to_be_checked()
    expect(page.locator(".picked img")).to_have_attribute("src", "/uploads/biscuit.png")


def test_the_words_come_first_and_the_pictures_as_they_are_ready(page: Page, api: BookApi) -> None:
    order(page)
    api.tell(BOOK, "progress", progress=35, message="Page 3 of 6 is being written.")
    expect(page.locator("#wait-book-hint")).to_have_text("Page 3 of 6 is being written.")
    expect(page.locator("#wait-book")).to_have_attribute("value", "0.35")
    expect(page.locator("#wish")).to_be_hidden()

    api.is_written()
    expect(page.locator("#book-title")).to_have_text("Biscuit and the Smallest Light")
    expect(page.locator("#book-title")).to_be_focused()
    assert page.locator(".words").all_inner_texts() == list(TEXTS)
    expect(page.locator("#wait")).to_be_hidden()
    expect(spread(page, 2)).to_contain_text("Waiting for its turn.")

    api.painted(0)
    api.painted(3)
    expect(page.locator("#cover-plate img")).to_be_visible()
    expect(spread(page, 3).get_by_role("img")).to_have_attribute("alt", "A Yorkie, page-3")
    expect(page.locator("#announcer")).to_have_text("The picture of page 3 is here.")
    expect(spread(page, 2)).to_contain_text("Waiting for its turn.")
    api.all_painted()
    expect(page.locator("#spreads .thumbnail img:visible")).to_have_count(6)
    expect(page.locator("#painting")).to_be_hidden()
    assert page.title() == "Biscuit and the Smallest Light · Storyfarm"


def test_each_picture_shows_how_far_it_is(page: Page, api: BookApi) -> None:
    order_written(page, api)
    api.paints(
        {
            2: {"percent": 40, "message": "Painting the light.", "preview": "/images/page-2~40.png"},
            3: {"message": "Mixing colours."},
        },
        progress=17,
    )

    expect(spread(page, 2)).to_contain_text("Painting the light. 40 %")
    expect(spread(page, 2).locator(".plate-preview img")).to_be_visible()
    expect(spread(page, 2).get_by_role("progressbar")).to_have_attribute("value", "40")
    expect(spread(page, 3)).to_contain_text("Mixing colours.")
    expect(spread(page, 3).get_by_role("progressbar")).not_to_have_attribute("value", re.compile("."))
    expect(spread(page, 4)).to_contain_text("Waiting for its turn.")
    expect(page.locator("#painting-bar")).to_have_attribute("value", "17")
    api.painted(2)
    expect(spread(page, 2).locator(".thumbnail img")).to_be_visible()
    expect(spread(page, 2).locator(".plate-preview img")).to_have_count(0)


def test_a_picture_that_failed_says_why_and_can_be_drawn_again(page: Page, api: BookApi) -> None:
    order_written(page, api)
    api.not_painted(4, "The painter's rules do not allow this scene.")
    expect(spread(page, 4)).to_contain_text("rules do not allow")
    api.all_painted()
    expect(page.locator("#announcer")).to_have_text(re.compile("One picture is missing"))
    spread(page, 4).get_by_role("button", name="Draw again", exact=True).click()
    expect(spread(page, 4)).to_contain_text("Waiting for its turn.")
    expect(spread(page, 4)).not_to_contain_text("rules do not allow")

    assert api.redraws[0].post_data_json == {}
    assert api.redraws[0].headers["idempotency-key"]
    api.painted(4, job="4d1")
    api.end("4d1")
    expect(spread(page, 4).locator(".thumbnail img")).to_be_visible()


def test_a_picture_is_drawn_again_with_another_scene_and_the_earlier_one_is_kept(
    page: Page, api: BookApi
) -> None:
    order_finished(page, api)
    here = spread(page, 2)
    here.get_by_role("button", name="Draw again…").click()
    expect(here.get_by_label("What the picture shows")).to_have_value("Biscuit in the hayloft, scene 2")
    here.get_by_label("What the picture shows").fill("Biscuit under a thousand stars")
    here.get_by_role("button", name="Draw it").click()
    expect(page.locator("#painting")).to_be_visible()
    expect(here.locator(".thumbnail img")).to_be_visible()
    expect(here.get_by_role("figure")).to_be_focused()
    api.painted(2, "second", job="2d1")
    api.end("2d1")
    expect(here.locator(".thumbnail img")).to_have_attribute("src", "/images/second.png")
    assert api.redraws[0].post_data_json == {"description": "Biscuit under a thousand stars"}

    here.get_by_text("Earlier versions (1)").click()
    here.get_by_role("button", name="Version 1").click()
    expect(here.locator(".thumbnail img")).to_have_attribute("src", "/images/page-2.png")
    expect(here.get_by_role("button", name="Version 1")).to_have_attribute("aria-pressed", "true")
    expect(here).to_contain_text("This is an earlier version.")
    here.get_by_role("button", name="Show the newest").click()
    expect(here.locator(".thumbnail img")).to_have_attribute("src", "/images/second.png")
    assert len(api.redraws) == 1


def test_a_new_picture_that_fails_leaves_the_one_before(page: Page, api: BookApi) -> None:
    order_finished(page, api)
    spread(page, 1).get_by_role("button", name="Draw again…").click()
    spread(page, 1).get_by_role("button", name="Draw it").click()
    expect(spread(page, 1)).to_contain_text("Waiting for its turn.")
    api.not_painted(1, "No paint is left.", job="1d1")
    api.end("1d1", "failed", error=problem("Not one of the pictures could be painted."))
    expect(page.locator("#painting")).to_be_hidden()

    expect(spread(page, 1)).to_contain_text("The new picture could not be painted. No paint is left.")
    expect(spread(page, 1).locator(".thumbnail img")).to_have_attribute("src", "/images/page-1.png")


def test_an_order_for_a_picture_that_is_refused_is_said_at_its_page(page: Page, api: BookApi) -> None:
    order_finished(page, api)
    api.refuse_next["/pages/5/illustration"] = problem("All painters are busy.", status=503)
    spread(page, 5).get_by_role("button", name="Draw again…").click()
    spread(page, 5).get_by_role("button", name="Draw it").click()

    expect(spread(page, 5)).to_contain_text("All painters are busy.")
    expect(spread(page, 5).locator(".thumbnail img")).to_be_visible()
    expect(page.locator("#painting")).to_be_hidden()


def test_escape_leaves_the_scene_as_it_is(page: Page, api: BookApi) -> None:
    order_finished(page, api)
    again = spread(page, 2).get_by_role("button", name="Draw again…")
    again.press("Enter")
    expect(spread(page, 2).get_by_label("What the picture shows")).to_be_focused()
    page.keyboard.press("Escape")

    expect(spread(page, 2).get_by_label("What the picture shows")).to_be_hidden()
    expect(again).to_be_focused()
    assert api.redraws == []


def test_a_reload_goes_on_with_the_words(page: Page, api: BookApi) -> None:
    order(page)
    expect(page.locator("#wait")).to_be_visible()
    page.reload()
    expect(page.locator("#wait")).to_be_visible()
    expect(page.locator("#wish")).to_be_hidden()

    api.is_written()
    expect(page.locator("#spreads > li")).to_have_count(6)


def test_a_reload_goes_on_with_the_pictures(page: Page, api: BookApi) -> None:
    order_written(page, api)
    api.painted(1)
    api.paints({2: {"percent": 60, "message": "Painting."}})
    expect(spread(page, 1).locator(".thumbnail img")).to_be_visible()
    page.reload()

    expect(spread(page, 1).locator(".thumbnail img")).to_be_visible()
    expect(spread(page, 2)).to_contain_text("60 %")
    expect(spread(page, 1).get_by_text("Earlier versions")).to_be_hidden()
    api.all_painted()
    expect(page.locator("#spreads .thumbnail img:visible")).to_have_count(6)


def test_a_reload_goes_on_with_a_picture_that_is_drawn_again(page: Page, api: BookApi) -> None:
    order_finished(page, api)
    spread(page, 3).get_by_role("button", name="Draw again…").click()
    spread(page, 3).get_by_role("button", name="Draw it").click()
    expect(page.locator("#painting")).to_be_visible()
    page.reload()
    expect(spread(page, 3)).to_contain_text("Waiting for its turn.")

    api.painted(3, "second", job="3d1")
    api.end("3d1")
    expect(spread(page, 3).locator(".thumbnail img")).to_have_attribute("src", "/images/second.png")
    expect(page.locator("#painting")).to_be_hidden()


def test_the_address_brings_the_book_back_in_another_tab(page: Page, api: BookApi) -> None:
    order_finished(page, api)
    other = page.context.new_page()
    other.goto(page.url)

    expect(other.locator("#book-title")).to_have_text("Biscuit and the Smallest Light")
    expect(other.locator("#spreads .thumbnail img:visible")).to_have_count(6)
    expect(other.locator("#wish")).to_be_hidden()


def test_back_returns_to_the_form_and_forward_to_the_book(page: Page, api: BookApi) -> None:
    order_finished(page, api)
    page.click("#another")
    expect(page.locator("#name")).to_be_focused()
    expect(page.locator("#name")).to_have_value("Biscuit")
    expect(page.locator("#book")).to_be_hidden()
    page.go_back()
    expect(page.locator("#book-title")).to_be_visible()
    expect(page.locator("#wish")).to_be_hidden()
    page.go_back()

    expect(page.locator("#wish")).to_be_visible()
    expect(page.locator("#book")).to_be_hidden()


def test_an_unknown_book_leaves_the_form(page: Page, api: BookApi, site: str) -> None:
    page.goto(f"{site}/book?story=nobody-knows")

    expect(page.locator("#error")).to_contain_text("There is no such book")
    expect(page.locator("#retry")).to_be_hidden()
    order(page)
    expect(page.locator("#wait")).to_be_visible()


def test_stop_while_it_is_written_brings_the_form_back(page: Page, api: BookApi) -> None:
    order(page)
    page.click("#stop")

    expect(page.locator("#note")).to_contain_text("cancelled")
    expect(page.locator("#name")).to_have_value("Biscuit")
    expect(page.locator("#wait")).to_be_hidden()
    assert api.cancelled == [BOOK]


def test_stop_while_it_is_painted_keeps_what_is_there(page: Page, api: BookApi) -> None:
    order_written(page, api)
    api.painted(1)
    expect(spread(page, 1).locator(".thumbnail img")).to_be_visible()
    page.click("#stop-painting")

    expect(page.locator("#painting")).to_be_hidden()
    expect(spread(page, 1).locator(".thumbnail img")).to_be_visible()
    expect(spread(page, 2)).to_contain_text("There is no picture yet.")
    expect(spread(page, 2).get_by_role("button", name="Paint it")).to_be_visible()
    assert api.cancelled == [PICTURES]


def test_a_book_without_pictures_can_have_each_painted_later(page: Page, api: BookApi) -> None:
    order_written(page, api, illustrated=False)
    expect(page.locator("#painting")).to_be_hidden()
    expect(page.locator("#cover-plate")).to_be_hidden()
    spread(page, 1).get_by_role("button", name="Paint it").click()
    expect(page.locator("#painting")).to_be_visible()
    api.painted(1, job="1d1")
    api.end("1d1")

    expect(spread(page, 1).locator(".thumbnail img")).to_be_visible()
    expect(spread(page, 2).get_by_role("button", name="Paint it")).to_be_visible()


def test_painting_that_fails_as_a_whole_says_why_at_every_page(page: Page, api: BookApi) -> None:
    order_written(page, api)
    api.pictures_end("failed", error=problem("The painter's key is wrong."))

    expect(page.locator("#spreads").get_by_text("The painter's key is wrong.")).to_have_count(6)
    expect(page.locator("#painting")).to_be_hidden()


def test_a_book_that_fails_says_why_and_can_be_tried_again(page: Page, api: BookApi) -> None:
    order(page)
    api.end(BOOK, "failed", error=problem("The storyteller does not answer."))
    expect(page.locator("#error")).to_contain_text("The storyteller does not answer.")
    expect(page.locator("#error-kept")).to_contain_text("still in the form")
    expect(page.locator("#name")).to_have_value("Biscuit")
    page.reload()
    expect(page.locator("#error")).to_contain_text("The storyteller does not answer.")

    del api.jobs[BOOK]
    page.click("#retry")
    api.is_written()
    expect(page.locator("#spreads > li")).to_have_count(6)
    assert wish_of(api, 0) == wish_of(api, 1)


def test_what_the_service_finds_wrong_is_said_at_its_field(page: Page, api: BookApi) -> None:
    fields = [{"field": "character.interests.0", "detail": "Not that one, please."}]
    api.refuse_next["/generate"] = problem("Not that one, please.", status=422, fields=fields)
    fill(page)
    page.click("#make")

    expect(page.locator("#interests-fault")).to_have_text("Not that one, please.")
    expect(page.locator("#interests-input")).to_be_focused()
    expect(page.locator("#wish")).to_be_visible()


def test_a_picture_that_is_gone_from_the_service_is_said_at_its_place(page: Page, api: BookApi) -> None:
    page.set_input_files("#picture", PNG)  # type: ignore[arg-type]
    expect(page.locator("#picture-note")).to_contain_text("after this one")
    api.refuse_next["/generate"] = problem(
        "There is no such picture.", status=422, field="character.imageUrl"
    )
    fill(page)
    page.click("#make")

    expect(page.locator("#picture-fault")).to_have_text("There is no such picture.")
    expect(page.locator(".picked .remove")).to_be_focused()
    expect(page.locator("#error")).to_be_hidden()


def test_a_full_farm_is_said_and_the_order_goes_out_again(page: Page, api: BookApi) -> None:
    api.refuse_next["/generate"] = problem("Too many books at once.", status=503)
    fill(page)
    page.click("#make")
    expect(page.locator("#error")).to_contain_text("busy")
    page.click("#retry")

    page.wait_for_url(f"**/book?story={BOOK}")


def test_a_lost_answer_is_asked_for_again_with_the_same_key(page: Page, api: BookApi) -> None:
    api.lose_next_order = True
    fill(page)
    page.click("#make")
    expect(page.locator("#error")).to_contain_text("could not be reached")
    page.click("#retry")
    page.wait_for_url(f"**/book?story={BOOK}")

    first, second = (each.headers["idempotency-key"] for each in api.orders)
    assert first == second


def test_pictures_open_large_and_the_arrow_keys_walk_through_them(page: Page, api: BookApi) -> None:
    order_finished(page, api)
    picture = spread(page, 2).locator(".thumbnail")
    picture.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#lightbox-picture")).to_have_attribute("src", "/images/page-2.png")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#lightbox-picture")).to_have_attribute("src", "/images/page-3.png")
    page.keyboard.press("Escape")

    expect(page.locator("#lightbox")).to_be_hidden()
    expect(picture).to_be_focused()


def test_a_picture_that_is_gone_is_said_and_can_be_drawn_again(page: Page, api: BookApi) -> None:
    page.route("**/images/page-2.png", lambda route: route.fulfill(status=404))
    order_finished(page, api)

    expect(spread(page, 2)).to_contain_text("This picture could not be loaded.")
    expect(spread(page, 2).get_by_role("button", name="Draw again…")).to_be_visible()
    expect(spread(page, 1)).not_to_contain_text("could not be loaded")


def test_what_a_model_writes_is_never_html(page: Page, api: BookApi) -> None:
    order(page)
    book = api.is_written()
    evil = "<img src=x onerror=document.title='broken'><b>bold</b>"
    book["title"] = book["pages"][0]["text"] = evil
    api.not_painted(1, evil)

    expect(page.locator("#book-title")).to_have_text(evil)
    expect(page.locator(".words").first).to_have_text(evil)
    expect(spread(page, 1).locator(".plate-fault")).to_have_text(evil)
    assert page.locator("#book b").count() == 0


def test_a_printed_book_has_a_cover_and_a_sheet_for_each_page(page: Page, api: BookApi) -> None:
    order_finished(page, api)
    printed = page.pdf(prefer_css_page_size=True)

    assert len(re.findall(rb"/Type /Page\b", printed)) == 1 + 6


def test_the_pages_lead_to_each_other(page: Page, api: BookApi, site: str) -> None:
    pages = page.get_by_role("navigation", name="Pages")
    expect(pages.get_by_role("link", name="Book")).to_have_attribute("aria-current", "page")
    pages.get_by_role("link", name="Story").click()
    page.wait_for_url(f"{site}/")
    expect(pages.get_by_role("link", name="Story")).to_have_attribute("aria-current", "page")
    expect(page.locator("#prompt-count")).to_contain_text("0 of")
    pages.get_by_role("link", name="Book").click()
    page.wait_for_url(f"{site}/book")

    expect(page.locator("#prompt-count")).to_contain_text("0 of")


def test_the_service_itself_makes_the_book(browser: Browser, site: str) -> None:
    with opened_page(browser) as page:
        page.goto(f"{site}/book")
        page.set_input_files("#picture", {**PNG, "buffer": painted("a girl")})  # type: ignore[arg-type]
        expect(page.locator("#picture-note")).to_contain_text("after this one")
        page.locator("#pages").fill("3")
        fill(page)
        page.click("#make")
        expect(page.locator("#spreads .thumbnail img:visible")).to_have_count(3)
        expect(page.locator("#cover-plate img")).to_be_visible()
        expect(page.locator("#painting")).to_be_hidden()
        spread(page, 2).get_by_role("button", name="Draw again…").click()
        spread(page, 2).get_by_label("What the picture shows").fill("Biscuit waves from the roof")
        spread(page, 2).get_by_role("button", name="Draw it").click()

        expect(spread(page, 2).get_by_text("Earlier versions (1)")).to_be_visible()
        expect(page.locator("#painting")).to_be_hidden()
        page.reload()
        expect(spread(page, 2).get_by_text("Earlier versions (1)")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (800, "dark"), (1400, "light")])
def test_nothing_runs_over_the_edge(browser: Browser, site: str, width: int, scheme: str) -> None:
    with opened_page(browser, viewport={"width": width, "height": 740}, color_scheme=scheme) as page:
        api = BookApi(page)
        page.goto(f"{site}/book")
        page.fill("#interests-input", "Donaudampfschifffahrtsgesellschaftskapitänsmütze")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        order_finished(page, api)

        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_reduced_motion_stops_the_animations(page: Page, api: BookApi) -> None:
    order_written(page, api)
    api.paints({2: {"percent": 40, "message": "Painting.", "preview": "/images/page-2~40.png"}})
    expect(spread(page, 2).locator(".plate-preview img")).to_be_visible()

    assert page.evaluate("document.getAnimations().filter(a => a.playState === 'running').length") == 0
