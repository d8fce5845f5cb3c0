"""Reading the channel: every form of message in which MidJourney and people speak."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from midjourney.messages import Attachment, Author, ChannelMessage, Embed, Event, Kind, parse, seed_of

JOB = "0d4c7f86-2f5c-4e6e-9e0a-5b7a7d1c2e3f"
OTHER_JOB = "7a3b1c00-1111-4222-8333-944455556666"
SIGNED = "?ex=6a0b1c2d&is=6a09caad&hm=5f3e"
CDN = "https://cdn.discordapp.com/attachments/1/2"


def attachment(filename: str, content_type: str = "", *, id: int = 5) -> Attachment:
    url = f"{CDN}/{filename}{SIGNED}"
    return Attachment(id=id, filename=filename, url=url, size=9, content_type=content_type)


FINAL = attachment(f"mark_a_small_dog_{JOB}.png", "image/png")
PREVIEW = attachment(f"{JOB}_grid_0.webp", "image/webp")
VIDEO = attachment(f"mark_a_small_dog_{JOB}.mp4", "video/mp4")


def message(content: str = "", author: Author = Author.MIDJOURNEY, **more: Any) -> ChannelMessage:
    values: dict[str, Any] = {"id": 40, "channel_id": 2, "sent_at": 1000.5}
    return ChannelMessage(content=content, author=author, **values | more)


def read(content: str = "", *files: Attachment, **more: Any) -> Event:
    event = parse(message(content, attachments=files, **more))
    assert event is not None, f"Nothing was read in {content!r}"
    return event


# What MidJourney writes without a picture, and what it tells: kind and percent.
UNDERWAY = [
    ("**a dog --seed 7** - <@1> (Waiting to start)", Kind.STARTED, None),
    ("**a dog --seed 7** - <@1> (0%) (fast)", Kind.PROGRESS, 0),
    ("**a dog --seed 7** - <@1> (15%) (relaxed)", Kind.PROGRESS, 15),
    ("**a dog --seed 7** - <@1> (93%) (turbo, stealth)", Kind.PROGRESS, 93),
    ("**a dog --seed 7** - <@1> (31%) (fast, stealth)", Kind.PROGRESS, 31),
    ("**a dog --seed 7** - <@1> (999%) (fast)", Kind.PROGRESS, 100),
    ("**a dog --seed 7** - <@1> (paused) (fast)", Kind.PROGRESS, None),
    ("**a dog --seed 7** - <@1> (Stopped)", Kind.STOPPED, None),
    ("**a dog --seed 7** - <@1> (46%) (Stopped)", Kind.STOPPED, 46),
    ("**a dog --seed 7** - Displaying... <@1> (fast)", Kind.PROGRESS, None),
    ("**a dog --seed 7** - Animating... <@1> (fast)", Kind.PROGRESS, None),
    ("**a dog --seed 7** - Upscaling by <@1> (31%) (fast)", Kind.PROGRESS, 31),
    ("Upscaling image #2 with **a dog --seed 7** - <@1> (Waiting to start)", Kind.STARTED, None),
    (
        "Making variations for image #1 with prompt **a dog --seed 7** - <@1> (Waiting to start)",
        Kind.STARTED,
        None,
    ),
    ("Rerolling **a dog --seed 7** - <@1> (Waiting to start)", Kind.STARTED, None),
]


@pytest.mark.parametrize(("content", "kind", "percent"), UNDERWAY)
def test_it_reads_what_is_underway(content: str, kind: Kind, percent: int | None) -> None:
    event = read(content)

    assert (event.kind, event.percent) == (kind, percent)
    assert (event.prompt, event.seed) == ("a dog --seed 7", 7)
    assert (event.message_id, event.channel_id, event.sent_at) == (40, 2, 1000.5)
    assert not event.by_person


def test_a_stopped_picture_says_why() -> None:
    assert "stopped" in read("**a dog** - <@1> (Stopped)").reason
    assert read("**a dog** - <@1> (Waiting to start)").reason == ""


# What stands behind the prompt of a finished picture: is it a grid of four, and which picture of its grid?
FINISHED = [
    ("<@1> (fast)", True, None),
    ("<@1> (relaxed)", True, None),
    ("<@1> (turbo)", True, None),
    ("<@1> (fast, stealth)", True, None),
    ("<@1> (relaxed, stealth)", True, None),
    ("<@1> (Open on website for full quality) (fast)", True, None),
    (
        f"<@1> [(Open on website for full quality)](<https://midjourney.com/jobs/{OTHER_JOB}>) (fast)",
        True,
        None,
    ),
    (
        "<@1> (fast)\n-# Create, explore, and organize on [midjourney.com](<https://midjourney.com/imagine>)",
        True,
        None,
    ),
    ("Image #1 <@1>", False, 1),
    ("Image #4 <@1>", False, 4),
    ("Upscaled by <@1> (fast)", False, None),
    *(
        (f"Upscaled ({how}) by <@1> (fast)", False, None)
        for how in ("2x", "4x", "Subtle", "Creative", "Light", "Beta", "Max")
    ),
    ("Variations by <@1> (fast)", True, None),
    *((f"Variations ({how}) by <@1> (fast)", True, None) for how in ("Strong", "Subtle", "Region")),
    ("Remix by <@1> (fast)", True, None),
    *((f"Remix ({how}) by <@1> (fast)", True, None) for how in ("Strong", "Subtle", "Region")),
    ("Pan Left by <@1> (fast)", True, None),
    ("Zoom Out by <@1> (fast)", True, None),
    ("Remaster by <@1> (fast)", True, None),
]


@pytest.mark.parametrize(("tail", "is_grid", "index"), FINISHED)
def test_it_reads_what_is_finished(tail: str, is_grid: bool, index: int | None) -> None:
    event = read(f"**a dog --ar 3:2 --seed 4294967295 --v 7** - {tail}", FINAL)

    assert event.kind is Kind.FINISHED
    assert event.prompt == "a dog --ar 3:2 --seed 4294967295 --v 7"
    assert event.seed == 4294967295
    assert (event.is_grid, event.index) == (is_grid, index)
    assert event.picture == FINAL
    assert event.painting_id == JOB
    assert event.percent is None
    assert event.reason == ""


PROMPTS = [
    "a dog\nand a cat\n\non a farm",
    "a *small* dog",
    "a **very** small dog",
    "*",
    "ends with a star*",
    "**",
    "a_dog_with_underscores",
    "a `dog` in ```code```",
    "<https://s.mj.run/abcdefghijk> a dog",
    "https://example.org/a-b.png?x=1&y=2 a dog",
    "a dog** - <@1> (fast) --seed 9",
    "a dog ** - cat ** - bird",
    "(31%) (Waiting to start) (Stopped)",
    "Image #3 Upscaled by",
    "ein Hund, Ölfarbe, 犬 🐕‍🦺",
    "",
]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_the_prompt_may_hold_anything(prompt: str) -> None:
    event = read(f"**{prompt}** - <@1> (fast)", FINAL)

    assert (event.kind, event.prompt, event.index) == (Kind.FINISHED, prompt, None)
    assert event.is_grid


@pytest.mark.parametrize("prompt", PROMPTS)
def test_words_in_front_do_not_belong_to_the_prompt(prompt: str) -> None:
    assert read(f"Rerolling **{prompt}** - <@1> (Waiting to start)").prompt == prompt


@given(prompt=st.text())
def test_any_prompt_comes_back_as_it_was_echoed(prompt: str) -> None:
    event = read(
        f"**{prompt}** - <@1> (fast)\n-# Create on [midjourney.com](<https://midjourney.com>)", FINAL
    )

    assert (event.kind, event.prompt) == (Kind.FINISHED, prompt)


PIECES = (
    "** - ,<@1>,(31%),(٣%),--seed ,7,99999999999,\n,(Stopped),failed,:,/imagine,Image #2,Banned prompt,a,**"
    f",MJ::JOB::upsample::1::,{JOB}"
).split(",")
TELLING = st.text() | st.lists(st.sampled_from(PIECES)).map("".join)
ATTACHMENTS = st.builds(attachment, TELLING, st.sampled_from(["", "image/png"]))
EMBEDS = st.builds(Embed, title=TELLING, footer=TELLING, color=st.none() | st.integers(0, 0xFFFFFF))
MESSAGES = st.builds(
    message,
    TELLING,
    st.sampled_from(Author),
    attachments=st.tuples(ATTACHMENTS),
    embeds=st.tuples(EMBEDS),
    buttons=st.tuples(TELLING),
    reply_to=st.none() | st.integers(0, 2**63),
)


@given(heard=MESSAGES)
def test_no_text_breaks_the_reading(heard: ChannelMessage) -> None:
    event = parse(heard)

    if event is not None:
        assert event.percent is None or 0 <= event.percent <= 100
        assert event.seed is None or 0 <= event.seed <= 0xFFFFFFFF
        assert len(event.reason) <= 500


@pytest.mark.parametrize(
    ("prompt", "seed"),
    [
        ("a dog", None),
        ("a dog --seed 0", 0),
        ("a dog --seed 4294967295", 4294967295),
        ("a dog --seed 4294967296", None),
        ("a dog --seed 99999999999", None),
        ("a dog --seed 1 and --seed 22 --v 7", 22),
        ("a dog --seed   5", 5),
        ("a dog --seed five", None),
        ("a dog --seed", None),
        ("a dog --seed 12345...", None),
        ("a dog --seed 12345…", None),
    ],
)
def test_the_last_whole_seed_counts(prompt: str, seed: int | None) -> None:
    assert seed_of(prompt) == seed


def test_a_preview_is_progress_and_names_the_painting() -> None:
    event = read("**a dog** - <@1> (31%) (fast)", PREVIEW)

    assert (event.kind, event.percent, event.painting_id) == (Kind.PROGRESS, 31, JOB)


@pytest.mark.parametrize(
    ("filename", "content_type"),
    [
        ("dog.png", ""),
        ("dog.PNG", ""),
        ("dog.webp", ""),
        ("dog.jpg", ""),
        ("dog.jpeg", ""),
        ("dog", "image/png"),
    ],
)
def test_pictures_are_known_by_type_or_by_ending(filename: str, content_type: str) -> None:
    picture = attachment(filename, content_type)

    assert read("**a dog** - <@1> (fast)", picture).picture == picture


@pytest.mark.parametrize("tail", ["<@1> (fast)", "Animate (High motion) by <@1> (fast)"])
def test_a_video_is_no_picture(tail: str) -> None:
    assert parse(message(f"**a dog** - {tail}", attachments=(VIDEO,))) is None


def test_the_picture_is_found_beside_a_video() -> None:
    assert read("**a dog** - <@1> (fast)", VIDEO, FINAL).picture == FINAL


def test_an_echo_without_a_picture_finishes_nothing() -> None:
    assert parse(message("**a dog** - <@1> (fast)")) is None


@pytest.mark.parametrize(
    "content",
    ["", "Displaying...", "Animating...", "hello", "**bold** words", "a dog - <@1> (fast)", "**a dog**"],
)
def test_a_message_without_an_echo_tells_nothing(content: str) -> None:
    assert parse(message(content, attachments=(FINAL,))) is None


@pytest.mark.parametrize(
    ("button", "painting"),
    [
        (f"MJ::JOB::upsample::1::{JOB}", JOB),
        (f"MJ::JOB::variation::4::{JOB}", JOB),
        (f"MJ::JOB::reroll::0::{JOB}::SOLO", JOB),
        (f"MJ::JOB::upsample_v7_2x_subtle::1::{JOB}::SOLO", JOB),
        (f"MJ::JOB::low_variation::1::{JOB}::SOLO", JOB),
        (f"MJ::CancelJob::ByJobid::{JOB.upper()}", JOB),
        ("MJ::BOOKMARK", None),
    ],
)
def test_the_painting_is_named_by_the_buttons_if_no_file_does(button: str, painting: str | None) -> None:
    event = read("**a dog** - <@1> (fast)", attachment("dog.png"), buttons=(button,))

    assert event.painting_id == painting


def test_the_file_names_the_painting_before_the_buttons_do() -> None:
    event = read("**a dog** - <@1> (fast)", FINAL, buttons=(f"MJ::JOB::upsample::1::{OTHER_JOB}",))

    assert event.painting_id == JOB


def test_a_uuid_in_the_prompt_is_not_the_painting() -> None:
    event = read("**a dog** - <@1> (fast)", attachment(f"mark_{OTHER_JOB}_{JOB}.png"))

    assert event.painting_id == JOB


def test_the_painting_is_not_read_from_the_signature_of_the_url() -> None:
    url = f"{CDN}/dog.png?ex={OTHER_JOB}"
    event = read("**a dog** - <@1> (fast)", Attachment(id=5, filename="dog.png", url=url, size=9))

    assert event.painting_id is None


def test_a_message_with_four_upsample_buttons_is_a_grid_whatever_it_says() -> None:
    buttons = tuple(f"MJ::JOB::upsample::{n}::{JOB}" for n in range(1, 5))

    assert read("**a dog** - Upscaled by <@1> (fast)", FINAL, buttons=buttons).is_grid


def test_the_buttons_of_an_upscale_do_not_make_a_grid() -> None:
    button = f"MJ::JOB::upsample_v7_2x_subtle::1::{JOB}::SOLO"

    assert not read("**a dog** - Image #2 <@1>", FINAL, buttons=(button,)).is_grid


def test_a_single_picture_says_to_which_grid_it_belongs() -> None:
    assert read("**a dog** - Image #2 <@1>", FINAL, reply_to=77).reply_to == 77


ERROR_TITLES = [
    "Invalid parameter",
    "Invalid prompt",
    "Invalid link",
    "Empty prompt",
    "Banned prompt",
    "Banned prompt detected",
    "Queue full",
    "Job action restricted",
    "Duplicate images detected",
    "Sorry! Could not complete the job!",
    "Slow down!",
    "Request cancelled due to image filters",
    "Request cancelled due to output filters",
    "Action needed to continue",
    "Action required to continue",
    "Pending mod message",
    "Blocked",
    "Credits exhausted",
    "Subscription required",
    "Subscription paused",
    "Tos not accepted",
    "Sorry, something went wrong",
]


@pytest.mark.parametrize("title", ERROR_TITLES)
def test_an_error_is_known_by_its_title(title: str) -> None:
    embed = Embed(title=title, description="Please\nchange it.", footer="/imagine a dog --seed 7")
    event = read("", embeds=(embed,))

    assert event.kind is Kind.FAILED
    assert event.reason == f"MidJourney: {title}. Please change it."
    assert (event.prompt, event.seed) == ("a dog --seed 7", 7)


@pytest.mark.parametrize("color", [16711680, 15548997, 16776960, 16239475])
def test_an_unknown_error_is_known_by_its_color(color: int) -> None:
    event = read("", embeds=(Embed(title="Something new", color=color),))

    assert (event.kind, event.prompt, event.seed) == (Kind.FAILED, "", None)
    assert "Something new" in event.reason


@pytest.mark.parametrize("color", [None, 16711680, 16776960])
def test_job_queued_is_not_an_error(color: int | None) -> None:
    embed = Embed(title="Job queued", description="It starts soon.", footer="/imagine a dog", color=color)

    assert parse(message("", embeds=(embed,))) is None


def test_an_error_behind_a_queued_job_is_read() -> None:
    embeds = (Embed(title="Job queued", color=16776960), Embed(title="Queue full"))

    assert read("", embeds=embeds).kind is Kind.FAILED


def test_an_embed_in_another_color_is_no_error() -> None:
    assert parse(message("", embeds=(Embed(title="Your settings", color=65280),))) is None


def test_a_filter_may_cancel_a_picture_by_an_update_of_its_progress() -> None:
    event = read(
        "**a dog --seed 7** - <@1> (62%) (fast)",
        PREVIEW,
        embeds=(Embed(title="Request cancelled due to output filters", color=16711680),),
    )

    assert (event.kind, event.message_id) == (Kind.FAILED, 40)


@pytest.mark.parametrize(
    "footer",
    ["/imagine a dog\non a farm", "/imagine prompt: a dog\non a farm", "Hm. /imagine  a dog\non a farm"],
)
def test_the_prompt_of_an_error_stands_in_its_footer(footer: str) -> None:
    assert read("", embeds=(Embed(title="Blocked", footer=footer),)).prompt == "a dog\non a farm"


def test_our_own_command_is_known_by_its_seed() -> None:
    content = "```\n/imagine prompt: a dog --seed 5, Uncle Mark's Yorkie Farm --seed 4242\n```"
    event = parse(message(content, Author.WEBHOOK))

    assert event is not None
    assert (event.kind, event.seed) == (Kind.POSTED, 4242)


def test_other_words_of_a_webhook_tell_nothing() -> None:
    assert parse(message("**a dog** - <@1> (fast)", Author.WEBHOOK, attachments=(FINAL,))) is None


def test_an_operator_hands_over_a_picture_in_a_reply() -> None:
    picture = attachment("IMG_0001.jpg")
    event = parse(message("here it is", Author.PERSON, reply_to=77, attachments=(VIDEO, picture)))

    assert event is not None
    assert (event.kind, event.reply_to, event.picture) == (Kind.FINISHED, 77, picture)
    assert event.by_person
    assert not event.is_grid


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("failed: the prompt was banned", "the prompt was banned"),
        ("Failed banned", "banned"),
        ("FAILED:\nno credits\nleft", "no credits left"),
        (" failed", "failed"),
        ("failed:", "failed"),
    ],
)
def test_an_operator_says_that_it_failed_in_a_reply(content: str, why: str) -> None:
    event = parse(message(content, Author.PERSON, reply_to=77))

    assert event is not None
    assert (event.kind, event.reply_to, event.by_person) == (Kind.FAILED, 77, True)
    assert event.reason == f"In the Discord channel: {why}"


def test_a_long_reason_of_an_operator_is_cut() -> None:
    event = parse(message("failed: " + "x" * 3000, Author.PERSON, reply_to=77))

    assert event is not None
    assert len(event.reason) < 400


@pytest.mark.parametrize("content", ["/imagine a dog", " /imagine prompt: a dog --seed 7", "/imagine"])
def test_an_imagine_as_plain_text_is_noticed(content: str) -> None:
    event = parse(message(content, Author.PERSON))

    assert event is not None
    assert event.kind is Kind.PLAIN_COMMAND


@pytest.mark.parametrize(
    ("content", "reply_to"),
    [
        ("failed: banned", None),
        ("it failed", 77),
        ("failedx", 77),
        ("thanks", 77),
        ("", None),
        ("/imagined", None),
        ("try /imagine a dog", None),
        ("**a dog** - <@1> (fast)", None),
    ],
)
def test_other_talk_of_people_tells_nothing(content: str, reply_to: int | None) -> None:
    assert parse(message(content, Author.PERSON, reply_to=reply_to)) is None


def test_a_picture_of_a_person_that_answers_nothing_tells_nothing() -> None:
    assert parse(message("my dog", Author.PERSON, attachments=(FINAL,))) is None


@pytest.mark.parametrize(
    "content", ["**a dog --seed 7** - <@1> (fast)", "/imagine a dog --seed 7", "failed: banned"]
)
def test_other_bots_are_ignored(content: str) -> None:
    embeds = (Embed(title="Blocked", color=16711680),)

    assert parse(message(content, Author.OTHER, attachments=(FINAL,), embeds=embeds, reply_to=77)) is None
