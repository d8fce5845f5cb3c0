"""Stands in for the adventures' service in a browser: what it says is told by the test, step by step."""

from __future__ import annotations

import base64
import io
import json
import re
import time
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from PIL import Image
from playwright.sync_api import Page, Route, WebSocketRoute

from sandbox.painter import paint
from tests.web.book_api import problem

PREMISE = "You are a small Yorkie, and behind the hay bales you have found a door."
CHOICES = ("Knock three times.", "Sniff at the keyhole.", "Push the door open.")
NARRATIONS = (
    "The door is no higher than a bucket, and painted blue. You have been behind these bales a hundred "
    "times, and it was never here. Warm air comes out below it, and it smells of pancakes.\n\n"
    "Somewhere on the other side a clock strikes thirteen. Then a small voice says: “Is it her?” And "
    "another one: “Hush! Yorkies have ears like bats.” What do you do?",
    "You knock. At once it is quiet, as quiet as it only is when somebody holds their breath. A bolt is "
    "drawn, then a second one, and then, very slowly, a third.\n\n"
    "In the crack stands a mouse in an apron, with flour up to her elbows. “You are late,” she says. “The "
    "pancakes have been waiting since Tuesday.”",
    "The kitchen is as long as the barn, though the barn is not. Forty mice stand at forty pans, and not one "
    "of them looks up. On the wall hangs a picture of a Yorkie. It is a very good picture. It is of you.",
)
SIZE = 128
WAIT = 10


@lru_cache
def pixels(seed: int = 1) -> str:
    """A pixel-art PNG as base64."""
    picture = paint("a small blue door in a barn", seed, size=320).resize((SIZE, SIZE), Image.Resampling.BOX)
    buffer = io.BytesIO()
    picture.quantize(24).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def image(turn: int, **more: Any) -> dict[str, Any]:
    return {
        "url": f"/images/turn-{turn}.png",
        "mime": "image/png",
        "width": SIZE,
        "height": SIZE,
        "alt": f"Pixel art: a blue door, turn {turn}",
        **more,
    }


def turn(number: int, parent: int | None = None, **more: Any) -> dict[str, Any]:
    """A turn as the history has it."""
    return {
        "turn": number,
        "parent": parent if parent is not None or number == 1 else number - 1,
        "choice": None if number == 1 else CHOICES[(number - 2) % len(CHOICES)],
        "narration": NARRATIONS[(number - 1) % len(NARRATIONS)],
        "choices": list(CHOICES),
        "image": image(number),
        "problem": None,
        **more,
    }


def path(*numbers: int) -> list[dict[str, Any]]:
    """Turns, each of which follows the one before it."""
    return [turn(number, parent) for number, parent in zip(numbers, (None, *numbers), strict=False)]


class PlayApi:
    """Answers what the page asks.

    `received`: the messages of all sockets. `addresses`: what these were opened with.
    `turns`, `saves`, `others`, `state`, `title`: what the history says.
    `refused`: the code and reason with which sockets are closed as soon as they are opened.
    `held`: whether a socket that is opened is told nothing.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.turns: list[dict[str, Any]] = []
        self.saves: list[dict[str, Any]] = []
        self.others: list[dict[str, Any]] = []
        self.state = "waiting"
        self.title = "The Door Behind the Hay"
        self.adventures: list[dict[str, Any]] = []
        self.received: list[dict[str, Any]] = []
        self.deleted: list[str] = []
        self.addresses: list[str] = []
        self.events: list[dict[str, Any]] = []
        self.sockets: list[WebSocketRoute] = []
        self.refused: tuple[int, str] | None = None
        self.seq = 0
        self.now = 1
        page.route_web_socket(re.compile(r"/ws/adventure/"), self._connected)
        page.context.route(re.compile(r"/api/adventures?\b"), self._answer)
        page.context.route(re.compile(r"/images/"), self._picture)

    # What happens at the farm

    def tell(self, kind: str, turn: int | None = None, **more: Any) -> None:
        """Says something to every socket, with the next number."""
        self.seq += 1
        event = self._message(kind, self.now if turn is None else turn, **more)
        self.events.append(event)
        self._say(event)

    def complain(self, code: str, error: str) -> None:
        """Says what is wrong with one message: without a number of its own."""
        self._say(self._message("error", self.now, code=code, error=error, retry=False))

    def begin(self, turn: int, choice: str | None = None) -> None:
        self.now = turn
        self.tell("state", state="narrating", choice=choice)

    def narrate(self, *pieces: str) -> None:
        for piece in pieces:
            self.tell("narration", text=piece)

    def offer(self, *choices: str, state: str = "illustrating") -> None:
        self.tell("choices", choices=list(choices or CHOICES))
        self.tell("state", state=state)

    def show_history(self) -> None:
        self.tell("history", **self._history())

    def again(self, event: dict[str, Any]) -> None:
        """Says the same once more, with the number that it had."""
        self._say(event)

    def drop(self, code: int = 1012, reason: str = "") -> None:
        """Closes all sockets."""
        for socket in self.sockets:
            socket.close(code=code, reason=reason)
        self.sockets.clear()

    # What the test looks at

    def wait_for(self, message: dict[str, Any]) -> None:
        self._wait(lambda: message in self.received, f"{message} in {self.received}")

    def wait_for_sockets(self, count: int) -> None:
        self._wait(lambda: len(self.addresses) >= count, f"{count} sockets, there were {self.addresses}")

    def after(self, index: int = -1) -> str | None:
        """What a socket was opened with."""
        return parse_qs(urlsplit(self.addresses[index]).query).get("after", [None])[0]

    def _wait(self, condition: Any, what: str) -> None:
        deadline = time.monotonic() + WAIT
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain for {what}"
            self.page.wait_for_timeout(10)

    # What the page is answered

    def _message(self, kind: str, turn: int, **more: Any) -> dict[str, Any]:
        return {"type": kind, "session": "s", "turn": turn, "seq": self.seq, **more}

    def _say(self, event: dict[str, Any]) -> None:
        for socket in self.sockets:
            socket.send(json.dumps(event))

    def _history(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "state": self.state,
            "setup": {"premise": PREMISE, "language": "English"} if self.turns else None,
            "turns": self.turns,
            "saves": self.saves,
            "others": self.others,
        }

    def _connected(self, socket: WebSocketRoute) -> None:
        self.addresses.append(socket.url)
        if self.refused:
            code, reason = self.refused
            socket.close(code=code, reason=reason)
            return
        socket.on_message(lambda text: self.received.append(json.loads(text)))
        self.sockets.append(socket)
        after = self.after()
        missed = [each for each in self.events if after is not None and each["seq"] > int(after)]
        now = self.turns[-1]["turn"] if self.turns else 0
        for event in missed if after is not None else [self._message("history", now, **self._history())]:
            socket.send(json.dumps(event))

    def _answer(self, route: Route) -> None:
        session = urlsplit(route.request.url).path.removeprefix("/api/adventure").strip("/")
        if route.request.method == "DELETE":
            self.deleted.append(session)
            self.adventures = [each for each in self.adventures if each["session"] != session]
            route.fulfill(status=204)
        elif session == "s":
            route.fulfill(json={"adventures": self.adventures})
        elif session.endswith("/export"):
            route.fulfill(
                body="The story", headers={"Content-Disposition": 'attachment; filename="story.md"'}
            )
        elif self.turns or self.events:
            route.fulfill(json={"type": "history", "seq": self.seq, **self._history()})
        else:
            why = problem("There is no such adventure.", status=404)
            route.fulfill(status=404, json=why, content_type="application/problem+json")

    def _picture(self, route: Route) -> None:
        number = int("".join(re.findall(r"\d", urlsplit(route.request.url).path)) or 0)
        route.fulfill(body=base64.b64decode(pixels(number)), content_type="image/png")
