"""The page /play in a real browser; its socket and its API are played by tests/web/play_api.py."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.web.opening import opened_page
from tests.web.play_api import CHOICES, NARRATIONS, PREMISE, PlayApi, image, path, pixels, turn

EVIL = "<img src=x onerror=document.title='broken'><b>bold</b>"
SESSION = "0123456789abcdef"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with opened_page(browser, reduced_motion="reduce", viewport={"width": 1280, "height": 900}) as page:
        yield page


@pytest.fixture
def api(page: Page, site: str) -> PlayApi:
    """What the page talks to; the page is open with an adventure of two turns, and one may choose."""
    api = PlayApi(page)
    api.turns = path(1, 2)
    api.state = "choosing"
    api.now = 2
    page.goto(f"{site}/play?session={SESSION}")
    expect(choices(page).first).to_be_enabled()
    return api


def choices(page: Page) -> Locator:
    return page.locator("#choices button")


def last_words(page: Page) -> Locator:
    return page.locator("#turns > li").last.locator(".story")


def spoken(page: Page) -> list[str]:
    return page.locator("#spoken p").all_text_contents()


def test_an_adventure_begins_and_its_words_come_in_as_they_are_told(page: Page, site: str) -> None:
    api = PlayApi(page)
    api.title = ""
    page.goto(f"{site}/play")
    page.get_by_role("button", name="You have inherited a bakery.").click()
    expect(page.locator("#premise")).to_have_value(re.compile("^You have inherited a bakery"))
    page.fill("#premise", PREMISE)
    page.fill("#style", "a funny farce")
    page.fill("#audience", "the whole family")
    page.keyboard.press("Enter")
    api.wait_for({"start": {"premise": PREMISE, "style": "a funny farce", "audience": "the whole family"}})
    expect(page.locator("#begin")).to_have_text("Beginning…")
    assert re.search(r"/play\?session=[0-9a-f]{32}$", page.url)
    assert page.url.rpartition("=")[2] in api.addresses[0]

    api.begin(1)
    first, rest = NARRATIONS[0][:40], NARRATIONS[0][40:]
    api.narrate(*re.findall(".{1,7}", first, re.S))
    expect(last_words(page)).to_have_text(first.rstrip())
    kept = last_words(page).locator("p").first.element_handle()
    api.narrate(*re.findall(".{1,9}", rest, re.S))
    expect(last_words(page).locator("p")).to_have_text(NARRATIONS[0].split("\n\n"))
    assert last_words(page).locator("p").first.evaluate("(now, kept) => now === kept", kept)
    expect(page.locator(".picture-note")).to_have_text("The picture is being drawn…")
    api.title = "The Blue Door"
    api.offer()

    expect(choices(page)).to_have_text([f"{number}{text}" for number, text in enumerate(CHOICES, 1)])
    expect(page.locator("#adventure-title")).to_have_text("The Blue Door")
    expect(page.locator("#choosing-title")).to_be_focused()
    expect(page.locator("#start")).to_be_hidden()


def test_one_chooses_with_the_mouse_or_a_number_and_not_while_a_turn_is_told(
    page: Page, api: PlayApi
) -> None:
    choices(page).nth(1).click()
    api.wait_for({"choice": CHOICES[1]})
    api.begin(3, CHOICES[1])
    expect(page.locator("#choosing-title")).to_have_text("The story goes on…")
    expect(page.locator("#choosing-note")).to_have_text("You can choose as soon as this turn is told.")
    for button in choices(page).all():
        expect(button).to_be_disabled()
    expect(page.locator("#undo")).to_be_disabled()
    expect(page.locator("#turns h3").last).to_have_text(CHOICES[1])
    page.keyboard.press("3")
    api.narrate(NARRATIONS[2])
    api.offer("Wait.", "Run.")
    expect(choices(page)).to_have_text(["1Wait.", "2Run."])

    page.keyboard.press("4")  # there is no fourth
    page.keyboard.press("Control+1")
    page.keyboard.press("2")
    api.wait_for({"choice": "Run."})
    assert api.received == [{"choice": CHOICES[1]}, {"choice": "Run."}]


def test_an_own_answer_is_sent_with_enter_and_kept_until_it_is_taken(page: Page, api: PlayApi) -> None:
    answer = page.get_by_label("Or do something else")
    answer.fill("x" * 501)
    answer.press("Enter")
    expect(page.locator("#answer-fault")).to_have_text("That is too long: at most 500 characters.")
    answer.fill("")
    page.keyboard.type("I sing 1 of 3 songs.")
    page.keyboard.press("Enter")
    api.wait_for({"choice": "I sing 1 of 3 songs."})
    api.complain("rate_limited", "Too many messages.")
    expect(page.locator("#answer-fault")).to_have_text("Too many messages. Wait a moment, then do it again.")
    expect(answer).to_have_value("I sing 1 of 3 songs.")
    expect(choices(page).first).to_be_enabled()

    page.keyboard.press("Enter")
    api.begin(3, "I sing 1 of 3 songs.")
    expect(answer).to_have_value("")
    page.keyboard.type("And then I")
    api.narrate("The mice listen. ")
    api.offer()
    expect(choices(page).first).to_be_enabled()
    expect(page.locator("#announcer")).to_have_text("You can choose now.")
    expect(answer).to_be_focused()
    expect(answer).to_have_value("And then I")
    assert len(api.received) == 2


def test_a_picture_is_shown_in_square_pixels_with_its_words(page: Page, api: PlayApi) -> None:
    api.begin(3, CHOICES[0])
    api.narrate(NARRATIONS[2])
    api.offer()
    expect(page.locator("#turns > li").last.locator(".picture")).to_have_attribute("data-shows", "wait")
    api.begin(4, CHOICES[1])  # the picture of the turn before comes while the next one is told
    api.tell("image", turn=3, image=pixels(3), **image(3, alt="A mouse in an apron"))

    shown = page.get_by_role("img", name="A mouse in an apron")
    expect(shown).to_have_attribute("src", re.compile("^data:image/png;base64,"))
    expect(shown).to_have_js_property("complete", value=True)
    assert shown.evaluate("image => image.naturalWidth") == 128
    assert shown.evaluate("image => image.getBoundingClientRect().width") == 256
    assert shown.evaluate("image => getComputedStyle(image).imageRendering") == "pixelated"
    assert page.locator("#turns > li").nth(2).locator("img").get_attribute("alt") == "A mouse in an apron"


def test_a_picture_that_failed_is_said_and_drawn_again_while_the_story_goes_on(
    page: Page, api: PlayApi
) -> None:
    api.begin(3, CHOICES[0])
    api.narrate(NARRATIONS[2])
    api.offer()
    api.tell("error", code="image_failed", error="The painter did not answer in time.", retry=True)
    api.tell("state", state="choosing")
    failed = page.locator("#turns > li").last.locator(".picture")
    expect(failed.locator(".picture-note")).to_have_text(
        "The picture could not be drawn. The painter did not answer in time."
    )
    expect(choices(page).first).to_be_enabled()
    failed.get_by_role("button", name="Try again").click()
    api.wait_for({"retry": "image"})
    api.tell("state", state="illustrating")
    expect(failed.locator(".picture-note")).to_have_text("The picture is being drawn…")
    api.tell("image", image=pixels(3), **image(3))

    expect(failed.get_by_role("img")).to_be_visible()
    expect(failed.locator(".picture-note")).to_be_hidden()


def test_a_turn_that_broke_off_is_told_again_from_its_beginning(page: Page, api: PlayApi) -> None:
    api.begin(3, CHOICES[0])
    api.narrate("The kitchen is as lo")
    api.tell("error", code="narration_failed", error="The text model did not answer.", retry=True)
    api.tell("state", state="waiting")
    expect(page.locator("#choosing-title")).to_have_text("The story broke off")
    expect(page.locator("#turn-fault-text")).to_have_text("The text model did not answer.")
    page.locator("#turn-retry").click()
    api.wait_for({"retry": "narration"})
    api.begin(3)
    api.narrate("Forty mice look up.")

    expect(last_words(page)).to_have_text("Forty mice look up.")
    expect(page.locator("#turns h3").last).to_have_text(CHOICES[0])
    expect(page.locator("#turn-fault")).to_be_hidden()


def test_undo_other_paths_and_saves_ask_for_what_they_say(page: Page, api: PlayApi) -> None:
    page.get_by_role("button", name="Undo").click()
    api.wait_for({"undo": True})
    api.turns = path(1)
    api.others = [
        {"turn": 2, "parent": 1, "choice": "Knock."},
        {"turn": 3, "parent": 2, "choice": "Bow deeply."},
    ]
    api.show_history()
    expect(page.locator("#turns > li")).to_have_count(1)
    expect(page.locator("#choosing-title")).to_be_focused()
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    page.get_by_text("Other paths (2)").click()
    page.get_by_role("button", name="Turn 3 Bow deeply.").click()
    api.wait_for({"branch": {"turn": 3}})
    api.turns = path(1, 2, 3)
    api.others = []
    api.show_history()
    expect(page.locator("#paths")).to_be_hidden()
    page.get_by_role("button", name="Go back to here, turn 2").click()
    api.wait_for({"branch": {"turn": 2}})
    api.show_history()

    page.get_by_role("button", name="Save and load").click()
    page.get_by_label("Name for where you are now").fill("Before the pancakes")
    page.keyboard.press("Enter")
    api.wait_for({"save": {"name": "Before the pancakes"}})
    api.saves = [{"name": "Before the pancakes", "turn": 3}]
    api.show_history()
    expect(page.locator("#save-list li")).to_have_text([re.compile("Before the pancakes.*At turn 3")])
    page.get_by_role("button", name="Load “Before the pancakes”").click()
    api.wait_for({"load": {"name": "Before the pancakes"}})
    expect(page.locator("#saves")).to_be_hidden()


def test_a_broken_connection_comes_back_without_a_word_lost_or_doubled(page: Page, api: PlayApi) -> None:
    assert api.after(0) is None
    api.begin(3, CHOICES[0])
    api.narrate("Forty mice ", "stand at ")
    expect(last_words(page)).to_have_text("Forty mice stand at")
    seen = api.seq
    api.drop(1011)
    api.narrate("forty pans, ")  # while nobody listens
    expect(page.locator("#link-text")).to_have_text("The connection broke. Trying again…")
    expect(page.locator("#link-note")).to_be_visible()
    api.wait_for_sockets(2)
    assert api.after() == str(seen)
    expect(last_words(page)).to_have_text("Forty mice stand at forty pans,")
    expect(page.locator("#link-note")).to_be_hidden()
    api.again(api.events[-1])
    api.again(api.events[-2])
    api.narrate("and sing.")

    expect(last_words(page)).to_have_text("Forty mice stand at forty pans, and sing.")


def test_it_comes_back_at_once_with_the_network_and_a_refusal_is_final(page: Page, api: PlayApi) -> None:
    page.context.set_offline(True)
    expect(page.locator("#link-text")).to_have_text(
        "There is no network. The adventure goes on when it is back."
    )
    expect(choices(page).first).to_be_disabled()
    page.context.set_offline(False)
    expect(choices(page).first).to_be_enabled()

    api.refused = (1008, "The page is from another site.")
    api.drop(1011)
    expect(page.locator("#link-text")).to_have_text(
        "The farm does not take this connection. The page is from another site."
    )
    tried = len(api.addresses)
    api.refused = None
    page.get_by_role("button", name="Connect again").click()
    expect(choices(page).first).to_be_enabled()
    assert len(api.addresses) == tried + 1


def test_the_history_shows_all_turns_and_pictures_to_whoever_joins(page: Page, site: str) -> None:
    api = PlayApi(page)
    api.state = "illustrating"
    api.turns = path(1, 2, 4)
    api.turns[1].update(image=None, problem="The painter was away.")
    api.turns[2].update(image=None)
    page.goto(f"{site}/play?session={SESSION}")
    turns = page.locator("#turns > li")
    expect(turns).to_have_count(3)
    expect(turns.nth(0).get_by_role("img")).to_have_attribute("src", "/images/turn-1.png")
    expect(turns.nth(1).locator(".picture-note")).to_contain_text("The painter was away.")
    expect(turns.nth(1).get_by_role("button", name="Try again")).to_have_count(0)
    expect(turns.nth(2).locator(".picture-note")).to_have_text("The picture is being drawn…")
    expect(page.locator("#adventure-title")).to_have_text(api.title)
    expect(choices(page).first).to_be_enabled()
    assert turns.nth(2).evaluate("turn => turn.getBoundingClientRect().top < innerHeight")
    assert spoken(page) == []

    page.reload()
    expect(turns).to_have_count(3)
    assert api.after() is None


def test_own_adventures_are_gone_on_with_exported_and_deleted(page: Page, site: str) -> None:
    api = PlayApi(page)
    about = {"state": "choosing", "updated_at": "2026-01-02T03:04:05Z"}
    api.adventures = [
        {"session": "aaaaaaaa", "title": "The Blue Door", "turns": 3, **about},
        {"session": "bbbbbbbb", "title": "The Lighthouse", "turns": 1, **about},
    ]
    page.goto(f"{site}/play")
    page.get_by_role("button", name="Delete “The Lighthouse”").click()
    page.get_by_role("button", name="Delete “The Lighthouse” for good").click()
    expect(page.locator("#adventure-list li")).to_have_count(1)
    api.turns = path(1, 2, 3)
    api.state = "choosing"
    page.get_by_role("button", name="The Blue Door 3 turns").click()
    expect(page.locator("#turns > li")).to_have_count(3)
    assert page.url.endswith("?session=aaaaaaaa")
    assert api.deleted == ["bbbbbbbb"]

    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Markdown").click()
    assert download.value.url.endswith("/api/adventure/aaaaaaaa/export?format=md")
    page.go_back()
    expect(page.locator("#start")).to_be_visible()


def test_listeners_hear_whole_sentences_once(page: Page, api: PlayApi) -> None:
    api.begin(3, CHOICES[0])
    api.narrate("The kitchen is as long ", "as the barn. ", "“Who are")
    expect(last_words(page)).to_have_text("The kitchen is as long as the barn. “Who are")
    assert spoken(page) == ["The kitchen is as long as the barn."]
    api.narrate(" you?” asks the mouse.", "\n\n", "And you")
    expect(last_words(page)).to_contain_text("And you")
    assert spoken(page)[1:] == ["“Who are you?” asks the mouse."]
    api.narrate(" bark")
    api.offer()
    expect(choices(page).first).to_be_enabled()

    assert " ".join(spoken(page)) == (
        "The kitchen is as long as the barn. “Who are you?” asks the mouse. And you bark"
    )
    assert page.locator("[aria-live] .story").count() == 0


def test_what_a_model_writes_is_never_html(page: Page, site: str) -> None:
    api = PlayApi(page)
    api.title = EVIL
    api.state = "choosing"
    api.turns = [
        turn(1, narration=EVIL, choices=[EVIL, "Go."], image=None, problem=EVIL),
        turn(2, choice=EVIL, image=image(2, alt=EVIL)),
    ]
    api.saves = [{"name": EVIL, "turn": 1}]
    api.others = [{"turn": 3, "parent": 1, "choice": EVIL}]
    page.goto(f"{site}/play?session={SESSION}")
    expect(page.locator("#adventure-title")).to_have_text(EVIL)
    api.begin(4, EVIL)
    api.narrate(*re.findall(".{1,5}", EVIL))
    api.offer(EVIL, EVIL)
    expect(choices(page).first).to_have_text(f"1{EVIL}")
    api.complain("invalid_field", EVIL)

    expect(page.locator("#answer-fault")).to_have_text(EVIL)
    expect(last_words(page)).to_have_text(EVIL)
    expect(page.locator("#turns h3").last).to_have_text(EVIL)
    assert page.locator("main b, dialog b, #spoken b, main img[src=x]").count() == 0


def test_a_start_that_is_refused_is_said_at_the_form_and_can_be_mended(page: Page, site: str) -> None:
    api = PlayApi(page)
    page.goto(f"{site}/play")
    page.locator("#begin").click()
    expect(page.locator("#premise-fault")).to_have_text("Say in a sentence or two how it begins.")
    page.fill("#premise", "Nothing good.")
    page.locator("#begin").click()
    api.wait_for({"start": {"premise": "Nothing good."}})
    api.complain("refused", "The premise was refused by the text model.")
    expect(page.locator("#premise-fault")).to_have_text("The premise was refused by the text model.")
    expect(page.locator("#begin")).to_have_text("Begin the adventure")
    page.fill("#premise", PREMISE)
    page.locator("#begin").click()
    api.wait_for({"start": {"premise": PREMISE}})
    api.tell("news", turn=0, headline="Of a kind that this page does not know.")
    api.begin(1)
    api.narrate("A door!")

    expect(last_words(page)).to_have_text("A door!")
    assert len(api.addresses) == 1


def test_a_first_turn_that_cannot_be_told_leaves_its_words_to_be_changed(page: Page, site: str) -> None:
    api = PlayApi(page)
    page.goto(f"{site}/play")
    page.fill("#premise", "Nothing good.")
    page.fill("#language", "English")
    page.locator("#begin").click()
    api.wait_for({"start": {"premise": "Nothing good.", "language": "English"}})
    api.begin(1)
    expect(page.locator("#start")).to_be_hidden()
    api.tell("error", code="narration_failed", error="The text model declined to write this.", retry=True)
    api.tell("state", state="waiting")

    expect(page.locator("#premise")).to_have_value("Nothing good.")
    expect(page.locator("#language")).to_have_value("English")
    expect(page.locator("#premise")).to_be_focused()
    expect(page.locator("#premise-fault")).to_have_text("The text model declined to write this.")
    page.fill("#premise", PREMISE)
    page.locator("#begin").click()
    api.wait_for({"start": {"premise": PREMISE, "language": "English"}})
    api.begin(2)
    api.narrate("A door!")

    expect(page.locator("#turns > li")).to_have_count(1)
    expect(last_words(page)).to_have_text("A door!")
    expect(page.locator("#turns .story").first).to_have_attribute("lang", "en")


def test_the_view_follows_the_story_only_for_those_at_its_end(browser: Browser, site: str) -> None:
    with opened_page(browser, reduced_motion="reduce", viewport={"width": 390, "height": 700}) as page:
        api = PlayApi(page)
        api.turns = path(1, 2, 3)
        api.state = "choosing"
        page.goto(f"{site}/play?session={SESSION}")
        expect(choices(page).first).to_be_enabled()
        page.keyboard.press("1")
        api.wait_for({"choice": CHOICES[0]})
        api.begin(4, CHOICES[0])
        api.narrate(*re.findall(".{1,20}", NARRATIONS[0] * 3))
        expect(last_words(page)).to_contain_text("What do you do?")
        end = "document.getElementById('turns').getBoundingClientRect().bottom"
        expect(page.locator("#turns > li").last).to_be_in_viewport()
        page.wait_for_function(f"{end} <= innerHeight")

        page.evaluate("scrollTo({ top: 300, behavior: 'instant' })")
        page.wait_for_function("scrollY === 300")
        api.narrate(*re.findall(".{1,20}", NARRATIONS[1]))
        api.offer()
        expect(choices(page).first).to_be_enabled()
        assert page.evaluate("scrollY") == 300


def test_the_policy_of_the_page_lets_it_open_a_socket_to_its_own_host(page: Page, site: str) -> None:
    with page.expect_websocket() as opening:
        page.goto(f"{site}/play?session={SESSION}")

    assert opening.value.url.endswith(f"/ws/adventure/{SESSION}")
    assert not opening.value.is_closed()


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (800, "dark"), (1400, "light")])
def test_nothing_runs_over_the_edge(browser: Browser, site: str, width: int, scheme: str) -> None:
    with opened_page(browser, viewport={"width": width, "height": 740}, color_scheme=scheme) as page:
        api = PlayApi(page)
        api.title = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen"
        api.state = "choosing"
        api.turns = path(1, 2)
        api.turns[1].update(choice="y" * 200, choices=["z" * 120, "Go."])
        api.saves = [{"name": "x" * 60, "turn": 1}]
        api.others = [{"turn": 3, "parent": 1, "choice": "w" * 200}]
        page.goto(f"{site}/play")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        rows = page.locator(".pages a").evaluate_all("all => new Set(all.map(a => a.offsetTop)).size")
        assert rows == 1
        page.goto(f"{site}/play?session={SESSION}")
        expect(choices(page).first).to_be_enabled()
        page.locator("#paths summary").click()
        page.locator("#exports summary").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
