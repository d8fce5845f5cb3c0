"""Discord: posts commands through the webhook, and hears the channel through a bot on its own thread."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast

import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

import metrics
from midjourney.channel import Mark
from midjourney.messages import Attachment, Author, ChannelMessage, Embed

log = structlog.get_logger()

# Guilds, guild messages and message content: without the last Discord blanks what we came for.
_INTENTS = discord.Intents(guilds=True, guild_messages=True, message_content=True)
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
# A wrong token or a missing intent is mended by a person: 1000 identifies in 24 hours reset the token.
_HOPELESS_PAUSE = 300.0
_HEALTHY_SECONDS = 60.0
_MOST_MISSED = 5_000
# Discord takes about one reaction in 0.3 s for a channel; when there are more, the oldest are left out.
_MOST_SAYINGS = 20
_SAYING_PAUSE = 0.3


Saying = Callable[["_Client"], Awaitable[object]]


class Ears(Protocol):
    """What the listener tells: midjourney.captures.Captures."""

    def hear(self, message: ChannelMessage, *, in_order: bool = True) -> None: ...
    def say_caught_up(self) -> None: ...
    def say_interrupted(self) -> None: ...
    def resume_after(self, channel_id: int) -> float | int: ...


@dataclass(frozen=True, kw_only=True)
class DiscordAccount:
    """Where Discord is, who we are there, and who MidJourney is."""

    token: str
    api_url: str
    gateway_url: str
    midjourney_ids: frozenset[int]


class DiscordListener:
    """Hears the channel on a thread of its own, and comes back whenever discord.py gives up.

    `find_channel` gives the id of the channel to hear; it is asked until it knows.
    States: stopped, connecting, catching_up, listening, interrupted, waiting (before another try).
    """

    def __init__(self, account: DiscordAccount, ears: Ears, find_channel: Callable[[], int]) -> None:
        self._account = account
        self._ears = ears
        self._find_channel = find_channel
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: _Client | None = None
        self._stopping = threading.Event()
        self._sayings: deque[Saying] = deque(maxlen=_MOST_SAYINGS)
        self.state = "stopped"
        self.fault = ""
        self.restarts = 0

    def start(self) -> None:
        self._thread = threading.Thread(target=self._supervise, name="discord", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Log out and end the thread, within ten seconds."""
        self._stopping.set()
        loop, client = self._loop, self._client
        if loop and client and not loop.is_closed():
            asyncio.run_coroutine_threadsafe(client.close(), loop)
        if self._thread:
            self._thread.join(10)
        self.state = "stopped"

    @property
    def is_alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    @property
    def deaf(self) -> str:
        """Why waiting for a picture is in vain, for people; empty if it is not."""
        return self.fault

    def mark(self, channel_id: int, message_id: int, mark: Mark) -> None:
        """React to a message, if Discord lets us; see midjourney.channel.Channel."""
        self._sayings.append(lambda client: client.mark(channel_id, message_id, mark))

    def reply(self, channel_id: int, message_id: int, text: str) -> None:
        """Answer a message, if Discord lets us."""
        self._sayings.append(lambda client: client.reply(channel_id, message_id, text))

    def _supervise(self) -> None:
        """A malformed dispatch, among other things, ends discord.py's client for good: start it anew."""
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            started = time.monotonic()
            self.state = "connecting"
            try:
                self._run_client()
                self.fault = ""
            except discord.LoginFailure:
                self._is_hopeless("Discord refused the bot's token. Check DISCORD_BOT_TOKEN.")
            except discord.PrivilegedIntentsRequired:
                self._is_hopeless(
                    "the bot may not read messages. Enable the message content intent in Discord's "
                    "developer portal (Bot, Privileged Gateway Intents)."
                )
            except Exception as error:  # noqa: BLE001  (whatever it was, the channel must be heard again)
                log.warning("listener.broke", error=type(error).__name__)
            self._ears.say_interrupted()
            if self._stopping.is_set():
                break
            if time.monotonic() - started > _HEALTHY_SECONDS:
                pause = _FIRST_PAUSE
            self.state = "waiting"
            self.restarts += 1
            metrics.LISTENER_RESTARTS.inc()
            wait = _HOPELESS_PAUSE if self.fault else pause * (1 - 0.25 * random.random())  # noqa: S311
            log.info("listener.restarts", pause_s=round(wait, 1), restarts=self.restarts)
            self._stopping.wait(wait)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _is_hopeless(self, fault: str) -> None:
        self.fault = fault
        log.error("listener.cannot_hear", fault=fault)

    def _run_client(self) -> None:
        channel_id = self._find_channel()
        # discord.py has no other way to talk to another address than Discord's.
        Route.BASE = self._account.api_url
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(self._account.gateway_url)
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            self._client = _Client(self, self._account, self._ears, channel_id, self._sayings)
            try:
                runner.run(self._client.run_until_closed())
            finally:
                self._loop = self._client = None


def start_discord_listener(
    account: DiscordAccount, ears: Ears, find_channel: Callable[[], int]
) -> DiscordListener:
    """A listener that is at work already; its owner calls `stop`."""
    listener = DiscordListener(account, ears, find_channel)
    listener.start()
    return listener


class _Client(discord.Client):
    def __init__(
        self,
        listener: DiscordListener,
        account: DiscordAccount,
        ears: Ears,
        channel_id: int,
        sayings: deque[Saying],
    ) -> None:
        super().__init__(
            intents=_INTENTS,
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            allowed_mentions=discord.AllowedMentions.none(),
            guild_ready_timeout=0.5,
        )
        self._listener = listener
        self._account = account
        self._ears = ears
        self._channel_id = channel_id
        self._sayings = sayings
        self._in_order = False

    async def run_until_closed(self) -> None:
        speaker = asyncio.create_task(self._speak())
        try:
            async with self:
                await self.start(self._account.token)
        finally:
            speaker.cancel()

    async def on_ready(self) -> None:
        await self._catch_up()

    async def on_resumed(self) -> None:
        await self._catch_up()

    async def on_disconnect(self) -> None:
        self._in_order = False
        self._ears.say_interrupted()
        if self._listener.state == "listening":
            self._listener.state = "interrupted"

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        """Messages are heard here and now: discord.py would start a task for each of them."""
        if event == "message":
            self._hear(args[0], in_order=self._in_order)
        elif event == "raw_message_edit":
            self._hear(args[0].message, in_order=False)
        else:
            super().dispatch(event, *args, **kwargs)

    def _hear(self, message: discord.Message, *, in_order: bool) -> None:
        if message.channel.id == self._channel_id:
            self._ears.hear(self._copy(message), in_order=in_order)

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        log.exception("listener.event_failed", on=event_method)

    async def _catch_up(self) -> None:
        """Read what was said while nobody listened; live messages that come meanwhile are heard as well."""
        self._listener.state = "catching_up"
        self._listener.fault = ""
        # Of what is missed between here and the end, the history has everything.
        after = await asyncio.to_thread(self._ears.resume_after, self._channel_id)
        snowflake = after if isinstance(after, int) else _snowflake_at(after)
        channel = cast(discord.TextChannel, self.get_channel(self._channel_id))
        if channel is None:
            channel = cast(discord.TextChannel, await self.fetch_channel(self._channel_id))
        missed = 0
        async for message in channel.history(
            after=discord.Object(snowflake), oldest_first=True, limit=_MOST_MISSED
        ):
            self._ears.hear(self._copy(message), in_order=True)
            missed += 1
        self._in_order = True
        self._ears.say_caught_up()
        self._listener.state = "listening"
        log.info("listener.listening", channel=self._channel_id, missed=missed)

    async def mark(self, channel_id: int, message_id: int, mark: Mark) -> None:
        message = self.get_partial_messageable(channel_id).get_partial_message(message_id)
        await message.add_reaction(mark.value)

    async def reply(self, channel_id: int, message_id: int, text: str) -> None:
        message = self.get_partial_messageable(channel_id).get_partial_message(message_id)
        await message.reply(text, mention_author=False)

    async def _speak(self) -> None:
        """Say what is to be said, at the pace that Discord allows."""
        while True:
            await asyncio.sleep(_SAYING_PAUSE)
            if not self._sayings or not self.is_ready():
                continue
            try:
                await self._sayings.popleft()(self)
            except discord.Forbidden:
                log.info("listener.may_not_speak", hint="Add Reactions and Send Messages are not allowed.")
                return
            except (discord.HTTPException, discord.ClientException, OSError) as error:
                log.debug("listener.saying_failed", error=type(error).__name__)

    def _copy(self, message: discord.Message) -> ChannelMessage:
        reference = message.reference
        return ChannelMessage(
            id=message.id,
            channel_id=message.channel.id,
            author=self._author(message),
            content=message.content,
            sent_at=message.created_at.timestamp(),
            attachments=tuple(
                Attachment(
                    id=item.id,
                    filename=item.filename,
                    url=item.url,
                    size=item.size,
                    content_type=item.content_type or "",
                )
                for item in message.attachments
            ),
            embeds=tuple(_copy_embed(embed) for embed in message.embeds),
            buttons=_button_ids(message),
            reply_to=reference.message_id if reference else None,
        )

    def _author(self, message: discord.Message) -> Author:
        if message.author.id in self._account.midjourney_ids:
            return Author.MIDJOURNEY
        if message.webhook_id is not None:
            return Author.WEBHOOK
        return Author.OTHER if message.author.bot else Author.PERSON


def _copy_embed(embed: discord.Embed) -> Embed:
    return Embed(
        title=embed.title or "",
        description=embed.description or "",
        footer=embed.footer.text or "",
        color=embed.color.value if embed.color else None,
    )


def _button_ids(message: discord.Message) -> tuple[str, ...]:
    rows = (row for row in message.components if isinstance(row, discord.ActionRow))
    return tuple(
        item.custom_id
        for row in rows
        for item in row.children
        if isinstance(item, discord.Button) and item.custom_id
    )


def _snowflake_at(moment: float) -> int:
    """The lowest id of a message at `moment` (epoch seconds): Discord's epoch is 2015."""
    return (int(moment * 1000) - 1_420_070_400_000) << 22
