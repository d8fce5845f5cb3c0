"""The page /write in a real browser; its API is played by tests/web/write_api.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.web.book_api import problem
from tests.web.opening import opened_page
from tests.web.write_api import PREMISE, SETUP, TITLES, WriteApi, outline, story, written

EVIL = "<img src=x onerror=document.title='broken'><b>bold</b>"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with opened_page(browser, reduced_motion="reduce", viewport={"width": 1280, "height": 900}) as page:
        yield page


@pytest.fixture
def api(page: Page, site: str) -> WriteApi:
    """What the page talks to; the page is open with a new story."""
    api = WriteApi(page)
    page.goto(f"{site}/write")
    expect(page.locator("#setup-persona")).to_be_visible()
    return api


@pytest.fixture
def opened(page: Page, site: str) -> WriteApi:
    """The same, with a project in which everything is there, at its story."""
    api = WriteApi(page)
    api.project(**written())
    page.goto(f"{site}/write?project=p1")
    expect(page.locator("#story")).to_have_value(story(0, 1, 2))
    return api


def open_phase(page: Page, name: str) -> None:
    page.locator("#stepper").get_by_role("button", name=name).click()


def main_action(page: Page) -> Locator:
    return page.locator("#main-action")


def scene_card(page: Page, number: int) -> Locator:
    return page.get_by_role("listitem", name=f"Scene {number}", exact=True)


def titles(page: Page) -> list[str]:
    return [each.input_value() for each in page.locator(".scene-head input").all()]


def drag(page: Page, handle: Locator, over: Locator) -> None:
    """Takes something by its handle and lets it fall on the upper half of something else."""
    over.scroll_into_view_if_needed()
    handle.scroll_into_view_if_needed()
    handle.hover()
    page.mouse.down()
    box = over.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 60)
    page.mouse.move(box["x"] + 20, box["y"] + 30)
    page.mouse.up()


def is_saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_text("Saved")


def run(*events: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"type": "RUN_STARTED", "threadId": "t", "runId": "r"},
        *events,
        {"type": "RUN_FINISHED", "threadId": "t", "runId": "r"},
    ]


def lose_changes(route: Route) -> None:
    if route.request.method == "PUT":
        route.abort()
    else:
        route.fallback()


def said(text: str) -> list[dict[str, Any]]:
    message = {"messageId": "m1"}
    return [
        {"type": "TEXT_MESSAGE_START", "role": "assistant", **message},
        *({"type": "TEXT_MESSAGE_CONTENT", "delta": part, **message} for part in re.findall(".{1,9}", text)),
        {"type": "TEXT_MESSAGE_END", **message},
    ]


def called(tool: str, *between: dict[str, Any]) -> list[dict[str, Any]]:
    call = {"toolCallId": "c1"}
    return [
        {"type": "TOOL_CALL_START", "toolCallName": tool, "parentMessageId": "m1", **call},
        {"type": "TOOL_CALL_ARGS", "delta": "{}", **call},
        {"type": "TOOL_CALL_END", **call},
        *between,
        {"type": "TOOL_CALL_RESULT", "messageId": "m2", "content": "done", **call},
    ]


def test_an_idea_becomes_a_finished_story_through_all_phases(page: Page, api: WriteApi) -> None:
    page.fill("#idea", "A girl writes to the sea")
    page.click("#enhance")
    page.get_by_role("button", name="Take this one").nth(1).click()
    expect(page.locator("#idea")).to_have_value("A better idea, number 2.")
    page.click("#fill")
    expect(page.locator("#setup-persona")).to_have_value(SETUP["persona"])
    expect(page.get_by_label("Short")).to_be_checked()

    main_action(page).click()
    expect(page.locator("#premise")).to_have_value(PREMISE)
    expect(page.locator("#premise-count")).to_have_text("29 words")
    expect(page.locator("#phase-premise-title")).to_be_focused()
    main_action(page).click()
    expect(page.locator(".scene-card")).to_have_count(5)
    assert titles(page) == list(TITLES)
    main_action(page).click()
    main_action(page).click()
    expect(page.locator("#story")).to_have_value(story(0, 1))
    expect(page.locator("#story-count")).to_have_text("69 of about 1,000 words")
    main_action(page).click()
    expect(page.locator("#story")).to_have_value(story(0, 1, 2, 3))
    expect(page.locator("#story-note")).to_have_text("The story is complete.")
    main_action(page).click()
    expect(page.locator("#phase-export-title")).to_be_focused()
    with page.expect_download() as download:
        page.locator("#formats").get_by_role("button", name="PDF").click()

    assert download.value.suggested_filename == "story.pdf"
    assert api.bodies("export")[0]["story"] == story(0, 1, 2, 3)
    (premise,) = api.bodies("generate-premise")
    assert premise == SETUP
    (start,) = api.bodies("generate-start")
    assert start["premise"] == PREMISE
    assert start["outline"] == outline()
    (follow,) = api.bodies("continue")
    assert (follow["story_text"], follow["summary"], follow["scenes_told"]) == (
        story(0, 1),
        "Nell writes.",
        1,
    )
    is_saved(page)
    kept = api.projects["p1"]
    assert kept["title"] == "Idea 2"
    assert kept["data"]["story"] == story(0, 1, 2, 3)
    assert kept["data"]["is_complete"] is True


def test_suggestions_are_taken_with_the_keyboard_and_free_text_is_as_good(page: Page, api: WriteApi) -> None:
    page.focus("#setup-writing_style")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#setup-writing_style")).to_have_value("Casual")
    expect(page.locator("#setup-writing_style")).to_be_focused()
    page.fill("#setup-story_tone", "like rain on a tin roof")
    expect(page.locator(".lengths small")).to_have_text(
        ["about 1,000 words", "about 5,000 words", "about 10,000 words", "about $0.42"]
    )
    page.fill("#own-length", "3000")
    is_saved(page)

    setup = api.projects["p1"]["data"]["setup"]
    assert setup == {
        "writing_style": "Casual",
        "story_tone": "like rain on a tin roof",
        "story_length": "3000 words",
    }


def test_what_is_missing_or_wrong_is_said_at_its_field(page: Page, api: WriteApi) -> None:
    main_action(page).click()
    expect(page.locator("#setup-persona")).to_be_focused()
    expect(page.locator("#setup-persona-fault")).to_contain_text("fill this in")
    assert api.bodies("generate-premise") == []

    page.get_by_role("button", name="The lighthouse").click()
    expect(page.locator("#setup-persona-fault")).to_be_empty()
    fault = {"field": "content_rating", "detail": "content_rating is not for children."}
    api.refuse_next["POST generate-premise"] = problem("Two fields.", status=400, fields=[fault])
    main_action(page).click()
    expect(page.locator("#setup-content_rating-fault")).to_have_text("content_rating is not for children.")
    expect(page.locator("#setup-content_rating")).to_be_focused()
    expect(page.locator("#trouble")).to_be_hidden()


def test_the_whole_story_streams_in_is_stopped_and_resumed(page: Page, opened: WriteApi) -> None:
    opened.held |= {"generate-full", "resume"}
    page.get_by_role("button", name="Write it all anew").click()
    expect(page.locator("#work")).to_be_visible()
    opened.tell("progress", progress=30, message="Round 3 of about 8, 2,140 words so far.", round=3, rounds=8)
    opened.tell("text", part="story", offset=0, text=story(0))
    expect(page.locator("#story")).to_have_value(story(0))
    expect(page.locator("#work-message")).to_have_text("Round 3 of about 8, 2,140 words so far.")
    expect(page.locator("#story")).not_to_be_editable()
    opened.tell("text", part="story", offset=len(story(0)), text="\n\nAnd th")
    opened.tell("text", part="story", offset=len(story(0)) + 2, text="But then")
    expect(page.locator("#story")).to_have_value(f"{story(0)}\n\nBut then")
    page.click("#work-stop")
    expect(page.locator("#work")).to_be_hidden()
    expect(page.locator("#story")).to_have_value(f"{story(0)}\n\nBut then")
    expect(page.locator("#story")).to_be_editable()

    main_action(page).get_by_text("Resume").click()
    expect(page.locator("#work")).to_be_visible()
    opened.tell("text", part="story", offset=len(story(0)), text="\n\nAnd then")
    expect(page.locator("#story")).to_have_value(f"{story(0)}\n\nAnd then")
    opened.end(result={"premise": PREMISE, "outline": outline(), "story": story(0, 1), "is_complete": True})
    expect(page.locator("#story")).to_have_value(story(0, 1))
    assert opened.orders[-1][0] != "generate-full"
    assert opened.bodies("task/j1/resume") == [{}]


def test_undo_and_redo_reach_over_what_was_generated(page: Page, opened: WriteApi) -> None:
    undo = page.get_by_role("button", name="Undo")
    page.focus("#story")
    page.keyboard.press("Control+End")
    page.keyboard.type(" Mine.")
    main_action(page).click()
    expect(page.locator("#story")).to_have_value(f"{story(0, 1, 2)} Mine.\n\n{story(2, 3)}")
    expect(main_action(page)).to_have_text("On to the export")

    undo.click()
    expect(page.locator("#story")).to_have_value(f"{story(0, 1, 2)} Mine.")
    expect(main_action(page)).to_have_text("Continue")
    page.focus("#story")
    page.keyboard.press("Control+z")
    expect(page.locator("#story")).to_have_value(story(0, 1, 2))
    page.keyboard.press("Control+Shift+Z")
    page.keyboard.press("Control+Shift+Z")
    expect(page.locator("#story")).to_have_value(f"{story(0, 1, 2)} Mine.\n\n{story(2, 3)}")
    expect(page.locator("#announcer")).to_have_text("Redone: the next part of the story.")
    expect(page.get_by_role("button", name="Redo")).to_be_disabled()


def test_what_was_made_from_an_earlier_premise_is_marked_and_made_anew_or_kept(
    page: Page, api: WriteApi
) -> None:
    page.get_by_role("button", name="The lighthouse").click()
    for _ in range(4):
        expect(main_action(page)).to_have_attribute("aria-disabled", "false")
        main_action(page).click()
    expect(page.locator("#story")).to_have_value(story(0, 1))
    expect(page.locator(".stale:visible")).to_have_count(0)

    open_phase(page, "Premise")
    page.fill("#premise", "The sea has a secretary.")
    expect(page.locator(".stale:visible")).to_have_count(0)
    expect(page.locator("#stepper").get_by_role("button", name="Outline")).to_contain_text(
        "made from an earlier version"
    )
    open_phase(page, "Outline")
    stale = page.locator("#phase-outline .stale")
    expect(stale).to_contain_text("This outline was made from an earlier premise.")
    api.results["generate-outline"] = {"outline": outline("The Secretary"), "is_structured": True}
    stale.get_by_role("button", name="Make it anew").click()
    expect(page.locator(".scene-card")).to_have_count(1)
    expect(stale).to_be_hidden()
    assert api.bodies("generate-outline")[-1]["premise"] == "The sea has a secretary."
    open_phase(page, "Writing")
    stale = page.locator("#phase-writing .stale")
    expect(stale).to_contain_text("This story was made from an earlier premise and outline.")
    stale.get_by_role("button", name="Keep it").click()
    expect(stale).to_be_hidden()
    expect(page.locator("#story")).to_have_value(story(0, 1))


def test_scenes_are_moved_added_removed_and_keep_their_pictures(page: Page, site: str) -> None:
    api = WriteApi(page)
    api.project(**written(phase="outline", shots={"1": api.shot(1), "2": api.shot(2)}))
    page.goto(f"{site}/write?project=p1")
    expect(page.locator(".scene-card")).to_have_count(5)
    scene_card(page, 1).get_by_role("button", name="Move scene 1 down").click()
    assert titles(page)[:2] == [TITLES[1], TITLES[0]]
    expect(scene_card(page, 2).get_by_role("button", name="Move scene 2 down")).to_be_focused()
    scene_card(page, 2).locator(".handle").focus()
    page.keyboard.press("ArrowDown")
    assert titles(page)[:3] == [TITLES[1], TITLES[2], TITLES[0]]
    drag(page, scene_card(page, 5).locator(".handle"), scene_card(page, 3))
    drag(page, scene_card(page, 3).locator(".handle"), scene_card(page, 1))
    assert titles(page) == [TITLES[4], TITLES[1], TITLES[2], TITLES[0], TITLES[3]]
    page.get_by_role("button", name="Remove scene 2").click()
    page.get_by_role("button", name="Add a scene").click()
    page.keyboard.type("An Ending")
    assert titles(page) == [TITLES[4], TITLES[2], TITLES[0], TITLES[3], "An Ending"]
    is_saved(page)

    shots = api.projects["p1"]["data"]["shots"]
    assert {number: shot["scene_title"] for number, shot in shots.items()} == {"3": TITLES[0]}
    for _ in range(3):
        page.keyboard.press("Control+z")
    expect(page.locator(".scene-card")).to_have_count(5)
    is_saved(page)
    shots = api.projects["p1"]["data"]["shots"]
    assert {number: shot["scene_title"] for number, shot in shots.items()} == {"2": TITLES[1], "4": TITLES[0]}


def test_one_scene_or_the_whole_outline_is_refined_by_an_instruction(page: Page, opened: WriteApi) -> None:
    open_phase(page, "Outline")
    scene_card(page, 2).get_by_role("button", name="Refine this scene").click()
    page.get_by_label("How shall this scene change?").and_(page.locator(":focus")).fill("at night")
    page.keyboard.press("Control+Enter")
    expect(scene_card(page, 2).get_by_label("What happens")).to_have_value(f"at night: {TITLES[1]}")
    expect(scene_card(page, 1).get_by_label("What happens")).to_have_value(re.compile("on the rocks"))
    page.fill("#refine-all-text", "more herring")
    page.get_by_role("button", name="Refine", exact=True).first.click()

    expect(scene_card(page, 1).get_by_label("What happens")).to_have_value(f"more herring: {TITLES[0]}")
    one, whole = opened.bodies("refine-outline")
    assert one["scene_number"] == 2
    assert "scene_number" not in whole


def test_scenes_are_illustrated_one_after_the_other_and_drawn_again(page: Page, opened: WriteApi) -> None:
    opened.held.add("generate-images")
    page.click("#illustrate")
    row = page.locator("#plates > li")
    expect(row.nth(1)).to_contain_text("Waiting for its turn.")
    now = {"percent": 40, "message": "Mixing blues.", "preview": "/images/scene-2~40.png"}
    opened.tell("progress", progress=10, message="0 of 5 scenes are drawn.", scenes={"2": now})
    expect(row.nth(1)).to_contain_text("Mixing blues. 40 %")
    opened.drawn(1)
    expect(row.nth(0).get_by_role("img")).to_have_attribute("alt", "Scene 1: the lighthouse")
    opened.drawn(2, error={"code": "refused", "detail": "The painter's rules do not allow this scene."})
    expect(row.nth(1)).to_contain_text("rules do not allow")
    expect(page.locator("#drawing-message")).to_have_text("2 of 5 drawn.")
    for number in (3, 4, 5):
        opened.drawn(number)
    opened.end(result={"results": []})
    expect(page.locator("#drawing")).to_be_hidden()
    row.nth(2).get_by_role("button", name="Draw again…").click()
    row.nth(2).get_by_label("What the picture shows").fill("A seal with spectacles")
    row.nth(2).get_by_role("button", name="Draw it").click()
    expect(row.nth(2).locator("img").first).to_have_attribute("src", "/images/again.png")

    assert opened.bodies("regenerate-images") == [
        {"task_id": "j1", "scene_number": 3, "image_prompt": "A seal with spectacles"}
    ]
    open_phase(page, "Outline")
    opened.results["generate-outline"] = {"outline": outline("A New Beginning", TITLES[0])}
    page.get_by_role("button", name="Make another outline").click()
    expect(page.locator(".scene-card")).to_have_count(2)
    open_phase(page, "Writing")
    expect(row.nth(0).get_by_role("img")).to_have_count(0)
    expect(row.nth(1).get_by_role("img")).to_have_attribute("src", "/images/scene-1.png")
    page.get_by_label("Read", exact=True).check()
    expect(page.locator("#reading img")).to_have_count(1)
    page.locator("#reading .thumbnail").first.click()
    expect(page.locator("#lightbox-picture")).to_have_attribute("src", "/images/scene-1.png")


def test_work_is_saved_by_itself_and_is_there_after_a_reload(page: Page, api: WriteApi) -> None:
    page.get_by_role("button", name="The lighthouse").click()
    page.fill("#title", "Letters")
    is_saved(page)
    page.wait_for_url("**/write?project=p1")
    open_phase(page, "Premise")
    page.fill("#premise", PREMISE)
    expect(page.locator("#saved")).to_have_text("Saving…")
    is_saved(page)
    assert api.projects["p1"]["version"] == 2
    page.reload()

    expect(page.locator("#premise")).to_have_value(PREMISE)
    expect(page.locator("#title")).to_have_value("Letters")
    assert api.projects["p1"]["data"]["setup"] == SETUP


def test_what_could_not_be_saved_is_tried_again_and_survives_a_reload(page: Page, opened: WriteApi) -> None:
    page.route("**/api/story/projects/p1", lose_changes)
    page.fill("#story", "Not saved anywhere else.")
    expect(page.locator("#saved")).to_have_text("Not saved yet — trying again")
    page.reload()
    expect(page.locator("#story")).to_have_value("Not saved anywhere else.")
    assert opened.projects["p1"]["data"]["story"] == story(0, 1, 2)

    page.unroute("**/api/story/projects/p1")
    page.keyboard.press("Control+s")
    is_saved(page)
    assert opened.projects["p1"]["data"]["story"] == "Not saved anywhere else."


@pytest.mark.parametrize("choice", ["Keep mine", "Take the other"])
def test_two_versions_are_shown_and_one_is_chosen(page: Page, opened: WriteApi, choice: str) -> None:
    opened.projects["p1"].update(version=5, title="Theirs", data=written(story="Their words."))
    page.fill("#story", "My own words here.")
    dialog = page.get_by_role("dialog", name="also changed elsewhere")
    expect(dialog.locator("#conflict-mine")).to_contain_text(
        "“The Sea Writes Back”, 4 words, changed just now"
    )
    expect(dialog.locator("#conflict-other")).to_contain_text(
        re.compile("“Theirs”, 2 words, saved Jan 2, 2026")
    )
    dialog.get_by_role("button", name=choice).click()

    is_saved(page)
    if choice == "Keep mine":
        assert opened.projects["p1"]["data"]["story"] == "My own words here."
        assert opened.projects["p1"]["version"] == 6
    else:
        expect(page.locator("#story")).to_have_value("Their words.")
        expect(page.locator("#title")).to_have_value("Theirs")
        assert opened.projects["p1"]["version"] == 5
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#story")).to_have_value("My own words here.")


def test_a_reload_takes_up_what_is_at_work(page: Page, opened: WriteApi) -> None:
    opened.held |= {"continue", "generate-images"}
    page.click("#illustrate")
    main_action(page).click()
    expect(page.locator("#work")).to_be_visible()
    opened.tell("text", part="continuation", offset=0, text="It was")
    expect(page.locator("#story")).to_have_value(f"{story(0, 1, 2)}\n\nIt was")
    page.reload()
    expect(page.locator("#story")).to_have_value(f"{story(0, 1, 2)}\n\nIt was")
    expect(page.locator("#drawing")).to_be_visible()
    opened.tell("text", part="continuation", offset=6, text=" humming.")
    opened.end(
        result={"continuation": "It was humming.", "is_complete": True, "summary": "", "scenes_told": 5}
    )

    expect(page.locator("#work")).to_be_hidden()
    expect(page.locator("#story")).to_have_value(f"{story(0, 1, 2)}\n\nIt was humming.")
    assert len(opened.bodies("continue")) == len(opened.bodies("generate-images")) == 1


def test_a_lost_answer_is_asked_for_again_with_the_same_key(page: Page, opened: WriteApi) -> None:
    opened.lose_next.add("continue")
    main_action(page).click()
    expect(page.locator("#error")).to_contain_text("could not be reached")
    expect(page.locator("#retry")).to_be_visible()
    page.click("#retry")
    expect(page.locator("#story")).to_have_value(f"{story(0, 1, 2)}\n\n{story(2, 3)}")
    expect(page.locator("#trouble")).to_be_hidden()

    first, second = (
        request.headers["idempotency-key"] for path, request in opened.orders if path == "continue"
    )
    assert first == second


def test_a_job_that_fails_says_why_and_keeps_what_came(page: Page, opened: WriteApi) -> None:
    opened.held.add("continue")
    main_action(page).click()
    opened_job = page.locator("#work")
    expect(opened_job).to_be_visible()
    opened.tell("text", part="continuation", offset=0, text="Half a sen")
    opened.end(state="failed", error=problem("The model stopped answering.", status=502))

    expect(page.locator("#error-detail")).to_have_text("The model stopped answering.")
    expect(page.locator("#story")).to_have_value(f"{story(0, 1, 2)}\n\nHalf a sen")
    expect(page.locator("#story")).to_be_editable()


def test_the_keyboard_is_enough(page: Page, api: WriteApi) -> None:
    page.get_by_role("button", name="The lighthouse").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#premise")).to_have_value(PREMISE)
    page.keyboard.press("Alt+4")
    expect(page.locator("#phase-writing-title")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    page.focus("#story")
    page.keyboard.type("Why?")
    expect(page.locator("#story")).to_have_value("Why?")
    page.keyboard.press("Alt+2")
    expect(page.locator("#phase-premise-title")).to_be_focused()
    page.keyboard.press("Control+s")
    is_saved(page)
    assert api.projects["p1"]["data"]["story"] == "Why?"


def test_stories_are_listed_renamed_deleted_and_begun(page: Page, opened: WriteApi) -> None:
    opened.project("p2", "Another One", **written(story="Two words."))
    page.click("#open-projects")
    projects = page.get_by_role("dialog", name="My stories")
    expect(projects.locator(".project-open")).to_have_text(
        [re.compile("Sea Writes.*open now"), re.compile("Another One.*2 words")]
    )
    projects.get_by_role("button", name="Rename “Another One”").click()
    page.keyboard.type("The Second")
    page.keyboard.press("Enter")
    expect(projects.get_by_text("The Second")).to_be_visible()
    projects.get_by_role("button", name=re.compile("The Second Writing")).click()
    expect(page.locator("#story")).to_have_value("Two words.")
    page.wait_for_url("**/write?project=p2")
    page.click("#open-projects")
    projects.get_by_role("button", name="Delete “The Second”").click()
    projects.get_by_role("button", name="Delete “The Second” for good").click()
    expect(page.locator("#title")).to_have_value("")
    expect(projects.locator(".project-open")).to_have_count(1)
    page.go_back()

    assert list(opened.projects) == ["p1"]
    assert opened.projects["p1"]["title"] == "The Sea Writes Back"


def test_the_assistant_answers_and_its_changes_can_be_undone(page: Page, opened: WriteApi) -> None:
    delta = {
        "type": "STATE_DELTA",
        "delta": [
            {"op": "replace", "path": "/premise", "value": "The sea itself writes."},
            {"op": "replace", "path": "/phase", "value": "premise"},
        ],
    }
    opened.turns = [run(*said("Gladly: now the sea itself writes."), *called("generate_premise", delta))]
    page.fill("#chat-text", "Make it more surprising")
    page.keyboard.press("Enter")
    expect(page.locator("#talk .said").last).to_have_text("Gladly: now the sea itself writes.")
    expect(page.locator(".said-tool")).to_have_text("The premise is written.")
    expect(page.locator("#premise")).to_be_visible()
    expect(page.locator("#premise")).to_have_value("The sea itself writes.")
    (asked,) = opened.bodies("/agui")
    assert asked["state"]["premise"] == PREMISE
    assert asked["state"]["phase"] == "writing"
    assert [each["content"] for each in asked["messages"]] == ["Make it more surprising"]
    is_saved(page)
    assert opened.projects["p1"]["data"]["made_from"]["premise"].startswith("setup:")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#premise")).to_have_value(PREMISE)

    opened.turns = [
        run(*called("export")),
        [{"type": "RUN_ERROR", "message": "The quota is used up.", "code": "quota"}],
    ]
    page.get_by_role("button", name="Make an outline from it").click()
    expect(page.locator("#phase-export-title")).to_be_visible()
    page.get_by_role("button", name="Export my story").click()
    expect(page.locator(".said-fault")).to_contain_text("The quota is used up.")


def test_a_job_that_the_assistant_begins_is_followed(page: Page, opened: WriteApi) -> None:
    job = opened.job("continue")
    begun = {"type": "CUSTOM", "name": "job", "value": {"id": job}}
    told = {"op": "add", "path": "/story", "value": f"{story(0, 1, 2)}\n\nAnd"}
    opened.turns = [run(*called("continue_writing", begun, {"type": "STATE_DELTA", "delta": [told]}))]
    page.get_by_role("button", name="Go on with the story").click()
    opened.tell("text", part="continuation", offset=0, text="And then")
    expect(page.locator("#story")).to_have_value(f"{story(0, 1, 2)}\n\nAnd then")
    opened.end(
        result={
            "continuation": "And then it was Sunday.",
            "is_complete": False,
            "summary": "",
            "scenes_told": 3,
        }
    )

    expect(page.locator("#story")).to_have_value(f"{story(0, 1, 2)}\n\nAnd then it was Sunday.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#story")).to_have_value(story(0, 1, 2))
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_what_a_model_writes_is_never_html(page: Page, site: str) -> None:
    api = WriteApi(page)
    evil = written(
        premise=EVIL,
        story=f"{EVIL}\n\nAnd more.",
        outline=outline(EVIL),
        shots={"1": api.shot(1, error={"detail": EVIL})},
    )
    api.project(title=EVIL, **evil)
    api.turns = [run(*said(EVIL))]
    page.goto(f"{site}/write?project=p1")
    expect(page.locator("#story")).to_have_value(f"{EVIL}\n\nAnd more.")
    expect(page.locator("#plates h4")).to_have_text(f"1. {EVIL}")
    page.get_by_role("button", name="What could happen next?").click()
    expect(page.locator("#talk .said").last).to_have_text(EVIL)
    page.get_by_label("Read", exact=True).check()
    expect(page.locator("#reading p").first).to_have_text(EVIL)
    page.click("#open-projects")

    expect(page.locator(".project-open strong")).to_have_text(EVIL)
    assert page.locator("main b, dialog b, main img[src=x]").count() == 0


def test_an_unknown_story_is_said_and_leaves_a_new_one(page: Page, site: str) -> None:
    WriteApi(page)
    page.goto(f"{site}/write?project=gone")

    expect(page.locator("#error-title")).to_have_text("There is no such story")
    expect(page.locator("#setup-persona")).to_be_visible()
    expect(page.locator("#loading")).to_be_hidden()


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (800, "dark"), (1400, "light")])
def test_nothing_runs_over_the_edge(browser: Browser, site: str, width: int, scheme: str) -> None:
    with opened_page(browser, viewport={"width": width, "height": 740}, color_scheme=scheme) as page:
        api = WriteApi(page)
        shots = {"1": api.shot(1)}
        api.project(
            title="Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen", **written(shots=shots)
        )
        page.goto(f"{site}/write?project=p1")
        for name in ("Setup", "Premise", "Outline", "Writing", "Export"):
            open_phase(page, name)
            expect(page.locator("#setup-persona, .phase:visible")).not_to_have_count(0)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, name
