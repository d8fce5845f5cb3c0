"""Reads what MidJourney and people write in the channel: a message in, an event out, no I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from utils import one_line


class Author(Enum):
    """Who wrote a message, as far as it matters to us."""

    MIDJOURNEY = "midjourney"
    WEBHOOK = "webhook"
    PERSON = "person"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Attachment:
    id: int
    filename: str
    url: str
    size: int
    content_type: str = ""


@dataclass(frozen=True, kw_only=True)
class Embed:
    title: str = ""
    description: str = ""
    footer: str = ""
    color: int | None = None


@dataclass(frozen=True, kw_only=True)
class ChannelMessage:
    """One message of the channel, copied at once: discord.py changes its own objects in place.

    `sent_at` is in epoch seconds, `buttons` holds the custom ids of the message's buttons.
    """

    id: int
    channel_id: int
    author: Author
    content: str
    sent_at: float
    attachments: tuple[Attachment, ...] = ()
    embeds: tuple[Embed, ...] = ()
    buttons: tuple[str, ...] = ()
    reply_to: int | None = None


class Kind(Enum):
    """What a message tells about one picture."""

    POSTED = "posted"  # our own command, seen in the channel
    STARTED = "started"
    PROGRESS = "progress"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"
    PLAIN_COMMAND = "plain_command"  # a person's /imagine that Discord took as mere text


@dataclass(frozen=True, kw_only=True)
class Event:
    """What one message tells.

    `painting_id` is MidJourney's job UUID, `percent` 0-100, `index` the picture's number in its grid,
    `reason` a sentence for people. `prompt` is the echoed prompt as it stands, parameters included.
    """

    kind: Kind
    message_id: int
    channel_id: int
    sent_at: float
    prompt: str = ""
    seed: int | None = None
    reply_to: int | None = None
    painting_id: str | None = None
    percent: int | None = None
    index: int | None = None
    is_grid: bool = False
    picture: Attachment | None = None
    reason: str = ""
    by_person: bool = False


# "**a small dog --seed 7** - <@1> (31%) (fast)": the prompt ends at the *last* "** - ", since it may hold
# stars and line breaks itself; the tail ends with its line, since promotion lines may follow.
# "Upscaling image #2 with **a small dog** - <@1> (Waiting to start)" has words in front.
_ECHO = re.compile(r"\*\*(?P<prompt>.*)\*\* - (?P<tail>[^\n]*)", re.DOTALL)
# "(31%)"
_PERCENT = re.compile(r"\((\d{1,3})%\)")
# "Image #3 <@1>"
_INDEX = re.compile(r"\bImage #([1-4])\b")
# "Upscaled (Subtle) by <@1> (fast)", "Image #3 <@1>": one picture; all other verbs give a grid of four
_SINGLE = re.compile(r"^(?:Upscaled\b|Image #\d)")
# "a small dog --ar 3:2 --seed 4294967295 --v 7": the last one counts
# "a small dog --seed 42949...": cut within the seed, which is another one then
_SEED = re.compile(r"--seed\s+(\d{1,10})\b(?!\.\.\.|…)")
# "mark_a_small_dog_0d4c7f86-2f5c-4e6e-9e0a-5b7a7d1c2e3f.png?ex=...": the last one in the name
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
# "MJ::JOB::upsample::1::0d4c7f86-2f5c-4e6e-9e0a-5b7a7d1c2e3f"
_GRID_BUTTON = re.compile(r"^MJ::JOB::upsample::[1-4]::")
# "/imagine a small dog --seed 7", "/imagine prompt: a small dog"
_PLAIN_COMMAND = re.compile(r"^/imagine\b")
# "failed: the prompt was banned", "Failed banned"
_OPERATOR_FAILED = re.compile(r"^failed\b[:\s]*(?P<why>.*)", re.IGNORECASE | re.DOTALL)
# The footer of an error: "/imagine a small dog --seed 7"
_FOOTER = re.compile(r"/imagine\s+(?:prompt:?\s*)?(?P<prompt>.*)", re.DOTALL)

_PICTURE_ENDINGS = (".png", ".webp", ".jpg", ".jpeg")
# The colours of MidJourney's error embeds: two reds, two yellows.
_ERROR_COLORS = frozenset({16711680, 15548997, 16776960, 16239475})
_ERROR_TITLES = (
    "invalid parameter",
    "invalid prompt",
    "invalid link",
    "empty prompt",
    "banned prompt",
    "queue full",
    "job action restricted",
    "duplicate images detected",
    "sorry!",
    "sorry, something went wrong",
    "slow down!",
    "request cancelled due to",
    "action needed to continue",
    "action required to continue",
    "pending mod message",
    "blocked",
    "credits exhausted",
    "subscription required",
    "subscription paused",
    "tos not accepted",
)
_NOT_AN_ERROR = "job queued"


def parse(message: ChannelMessage) -> Event | None:
    """What `message` tells, or None if it tells nothing about a picture."""
    if message.author is Author.MIDJOURNEY:
        return _failure(message) or _echo(message)
    if message.author is Author.WEBHOOK:
        return _own_command(message)
    if message.author is Author.PERSON:
        return _from_person(message)
    return None


def seed_of(prompt: str) -> int | None:
    """The seed that a prompt carries, None without one or beyond MidJourney's range (0..4294967295)."""
    found = _SEED.findall(prompt)
    return int(found[-1]) if found and int(found[-1]) <= 0xFFFFFFFF else None


def _echo(message: ChannelMessage) -> Event | None:
    match = _ECHO.search(message.content)
    if match is None:
        return None
    prompt, tail = match["prompt"], match["tail"]
    picture = next((item for item in message.attachments if _is_picture(item)), None)
    percent = _PERCENT.search(tail)
    index = _INDEX.search(tail)
    kind = _kind(tail, has_percent=percent is not None, has_picture=picture is not None)
    if kind is None:
        return None
    return Event(
        kind=kind,
        message_id=message.id,
        channel_id=message.channel_id,
        sent_at=message.sent_at,
        prompt=prompt,
        seed=seed_of(prompt),
        reply_to=message.reply_to,
        painting_id=_painting_id(message, picture),
        percent=min(100, int(percent[1])) if percent else None,
        index=int(index[1]) if index else None,
        is_grid=_is_grid(message, tail),
        picture=picture,
        reason="The picture was stopped in the Discord channel." if kind is Kind.STOPPED else "",
    )


def _kind(tail: str, *, has_percent: bool, has_picture: bool) -> Kind | None:
    if "(Stopped)" in tail:
        return Kind.STOPPED
    if "(Waiting to start)" in tail:
        return Kind.STARTED
    if has_percent or "(paused)" in tail or "Displaying..." in tail or "Animating..." in tail:
        return Kind.PROGRESS
    return Kind.FINISHED if has_picture else None


def _is_grid(message: ChannelMessage, tail: str) -> bool:
    if any(_GRID_BUTTON.match(button) for button in message.buttons):
        return True
    return not _SINGLE.match(tail.strip())


def _painting_id(message: ChannelMessage, picture: Attachment | None) -> str | None:
    """MidJourney's job UUID: in the file's name, else on a button."""
    places = [picture.filename, picture.url.partition("?")[0]] if picture else []
    for place in (*places, *message.buttons):
        if found := _UUID.findall(place):
            return str(found[-1]).lower()
    return None


def _is_picture(attachment: Attachment) -> bool:
    return attachment.content_type.startswith("image/") or attachment.filename.lower().endswith(
        _PICTURE_ENDINGS
    )


def _failure(message: ChannelMessage) -> Event | None:
    for embed in message.embeds:
        title = one_line(embed.title)
        if not _is_error(title.lower(), embed.color):
            continue
        footer = _FOOTER.search(embed.footer)
        prompt = footer["prompt"] if footer else ""
        return Event(
            kind=Kind.FAILED,
            message_id=message.id,
            channel_id=message.channel_id,
            sent_at=message.sent_at,
            prompt=prompt,
            seed=seed_of(prompt),
            reply_to=message.reply_to,
            reason=f"MidJourney: {title}. {one_line(embed.description)}".strip()[:500],
        )
    return None


def _is_error(title: str, color: int | None) -> bool:
    if title.startswith(_NOT_AN_ERROR):
        return False
    return title.startswith(_ERROR_TITLES) or (color in _ERROR_COLORS and bool(title))


def _own_command(message: ChannelMessage) -> Event | None:
    seed = seed_of(message.content)
    if seed is None:
        return None
    return Event(
        kind=Kind.POSTED,
        message_id=message.id,
        channel_id=message.channel_id,
        sent_at=message.sent_at,
        seed=seed,
    )


def _from_person(message: ChannelMessage) -> Event | None:
    """An operator's reply to one of our commands, or a command that did not register."""
    text = message.content.strip()
    if message.reply_to is None:
        kind = Kind.PLAIN_COMMAND if _PLAIN_COMMAND.match(text) else None
    elif picture := next((item for item in message.attachments if _is_picture(item)), None):
        return _event_of_reply(message, Kind.FINISHED, picture=picture)
    else:
        kind = Kind.FAILED if _OPERATOR_FAILED.match(text) else None
    if kind is None:
        return None
    why = _OPERATOR_FAILED.match(text)
    reason = one_line(why["why"])[:300] if why else ""
    return _event_of_reply(message, kind, reason=f"In the Discord channel: {reason or 'failed'}")


def _event_of_reply(
    message: ChannelMessage, kind: Kind, *, picture: Attachment | None = None, reason: str = ""
) -> Event:
    return Event(
        kind=kind,
        message_id=message.id,
        channel_id=message.channel_id,
        sent_at=message.sent_at,
        reply_to=message.reply_to,
        picture=picture,
        reason=reason,
        by_person=True,
    )
