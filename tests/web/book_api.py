"""Stands in for the book's API in a browser: what it answers is told by the test, step by step."""

from __future__ import annotations

import io
import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, Request, Route

from sandbox.painter import paint, preview
from tests.web.jobs_api import answer_job, answer_stream

BOOK = "b00c"
PICTURES = "9a1e"
SIZE = 320
TEXTS = (
    "Biscuit had never slept in the hayloft before. The ladder was steep, the hay was deep, and somewhere "
    "in the dark something small went tick, tick, tick.",
    "“Who is there?” whispered Biscuit. Nobody answered. But between two beams hung a light, no bigger than "
    "a grain of corn, and it blinked exactly as often as Biscuit did.",
    "They played blinking until the moon was high. Then the light said its name. It was so quiet a name that "
    "only a Yorkie could hear it.",
    "A wind came over the meadow and shook the barn. The light grew pale. “I have lost my way,” it said.",
    "So Biscuit took the lantern that nobody used any more, and opened its little door. “Ride in here. I "
    "know every path, even backwards.”",
    "At the pond a hundred lights were waiting. They danced until morning, and Biscuit, who had never "
    "slept in the hayloft before, still had not slept in it.",
)


@lru_cache(maxsize=64)
def painted(prompt: str, seed: int = 0, fraction: float = 1.0) -> bytes:
    """A PNG; below 1 the fraction of it that is painted."""
    picture = paint(prompt, seed, size=SIZE)
    if fraction < 1:
        picture = preview(picture, fraction)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def image(name: str, alt: str = "") -> dict[str, Any]:
    """A version of a picture as the API tells it; `name` is also its id."""
    return {
        "id": name,
        "url": f"/images/{name}.png",
        "width": SIZE,
        "height": SIZE,
        "alt": alt or f"A Yorkie, {name}",
        "provider": "sandbox",
        "model": "painter",
        "createdAt": "2026-01-02T03:04:05Z",
    }


def problem(detail: str, *, status: int = 502, **more: Any) -> dict[str, Any]:
    return {"title": "That did not work", "status": status, "code": "broke", "detail": detail, **more}


class BookApi:
    """Answers what the page asks. `orders`, `redraws` and `cancelled` tell what it has asked for.

    `refuse_next`: problems by the end of a path, each answered once.
    """

    def __init__(self, page: Page, *, pages: int = 6) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.book: dict[str, Any] | None = None
        self.pages = pages
        self.orders: list[Request] = []
        self.redraws: list[Request] = []
        self.uploads: list[Request] = []
        self.cancelled: list[str] = []
        self.refuse_next: dict[str, dict[str, Any]] = {}
        self.lose_next_order = False
        page.context.route(re.compile(r"/api/(stories|jobs|uploads)"), self._answer)
        page.context.route(re.compile(r"/(images|uploads)/"), self._picture)

    # What happens at the farm

    def job(self, job_id: str, kind: str, state: str = "running") -> dict[str, Any]:
        self.jobs[job_id] = {
            "id": job_id,
            "kind": kind,
            "state": state,
            "progress": None,
            "message": "",
            "result": None,
            "error": None,
            "created_at": "2026-01-02T03:04:05Z",
        }
        self.events[job_id] = []
        self.tell(job_id, "state", state=state, attempt=1)
        return self.jobs[job_id]

    def tell(self, job_id: str, kind: str, **data: Any) -> None:
        events = self.events[job_id]
        events.append({"number": len(events) + 1, "kind": kind, "data": data})

    def end(self, job_id: str, state: str = "completed", **more: Any) -> None:
        self.jobs[job_id].update(state=state, **more)
        self.tell(job_id, "done", state=state)

    def is_written(self, *, illustrated: bool = True) -> dict[str, Any]:
        """The words are there; the pictures are begun."""
        self.book = {
            "id": BOOK,
            "title": "Biscuit and the Smallest Light",
            "story": "\n\n".join(TEXTS[: self.pages]),
            "character": {"name": "Biscuit", "age": 4, "imageUrl": None},
            "pages": [self._page(number) for number in range(1, self.pages + 1)],
            "metadata": {
                "illustrationJobId": PICTURES if illustrated else None,
                "illustrationsPending": illustrated,
            },
        }
        if illustrated:
            self.job(PICTURES, "illustrations")
        if BOOK in self.jobs:
            self.end(BOOK)
        return self.book

    def _page(self, number: int) -> dict[str, Any]:
        return {
            "pageNumber": number,
            "text": TEXTS[number - 1],
            "description": f"Biscuit in the hayloft, scene {number}",
            "imageUrl": None,
            "error": None,
            "model": "",
            "versions": [],
        }

    def paints(self, pages: dict[int, dict[str, Any]], *, job: str = PICTURES, progress: int = 30) -> None:
        told = {
            str(number): {"percent": None, "message": "", "preview": None, **news}
            for number, news in pages.items()
        }
        self.tell(
            job, "progress", progress=progress, message=f"{progress} percent of the paint is dry.", pages=told
        )

    def painted(self, number: int, name: str = "", *, job: str = PICTURES) -> None:
        """The picture of a page, or of the character (0), is there."""
        assert self.book is not None
        made = image(name or f"page-{number}")
        if number:
            page = self.book["pages"][number - 1]
            page["versions"].append(made)
            page.update(imageUrl=made["url"], error=None)
        else:
            self.book["character"]["imageUrl"] = made["url"]
        self.tell(job, "picture", pageNumber=number, image=made)

    def not_painted(self, number: int, detail: str, *, job: str = PICTURES) -> None:
        assert self.book is not None
        why = {"code": "refused", "title": "The painter refused", "detail": detail}
        if not self.book["pages"][number - 1]["imageUrl"]:
            self.book["pages"][number - 1]["error"] = why
        self.tell(job, "problem", pageNumber=number, **why)

    def all_painted(self) -> None:
        assert self.book is not None
        for page in self.book["pages"]:
            if not page["imageUrl"] and not page["error"]:
                self.painted(page["pageNumber"])
        self.pictures_end()

    def pictures_end(self, state: str = "completed", **more: Any) -> None:
        assert self.book is not None
        self.book["metadata"]["illustrationsPending"] = False
        self.end(PICTURES, state, **more)

    # What the page is answered

    def _answer(self, route: Route) -> None:
        request = route.request
        path = urlsplit(request.url).path
        for end in list(self.refuse_next):
            if path.endswith(end):
                why = self.refuse_next.pop(end)
                route.fulfill(status=why["status"], json=why, content_type="application/problem+json")
                return
        steps = path.removeprefix("/api/").split("/")
        match steps:
            case ["uploads"]:
                self.uploads.append(request)
                route.fulfill(
                    status=201, json={"imageUrl": "/uploads/biscuit.png", "width": SIZE, "height": SIZE}
                )
            case ["stories", "generate"]:
                self._order(route)
            case ["stories", book] if request.method == "GET":
                self._book(route, book)
            case ["stories", _, "pages", number, "illustration"]:
                self._redraw(route, int(number))
            case ["jobs", job, "cancel"]:
                self.cancelled.append(job)
                self.end(job, "cancelled")
                if job == PICTURES and self.book:
                    self.book["metadata"]["illustrationsPending"] = False
                route.fulfill(json=self.jobs[job])
            case ["jobs", job, "events"] if job in self.jobs:
                answer_stream(route, self.events[job])
            case ["jobs", job] if job in self.jobs:
                answer_job(route, self.jobs[job], self.events[job])
            case _:
                route.fulfill(status=404, json=problem("There is no such thing.", status=404))

    def _order(self, route: Route) -> None:
        self.orders.append(route.request)
        job = self.jobs.get(BOOK) or self.job(BOOK, "storybook")
        if self.lose_next_order:
            self.lose_next_order = False
            route.abort()
            return
        route.fulfill(status=202, json=job, headers={"Location": f"/api/jobs/{BOOK}"})

    def _book(self, route: Route, book: str) -> None:
        if book != BOOK:
            route.fulfill(status=404, json=problem("There is no such story.", status=404))
        elif self.book is None:
            route.fulfill(
                status=409, json=problem("It is still being written.", status=409, code="not_written_yet")
            )
        else:
            route.fulfill(json={"success": True, "data": self.book})

    def _redraw(self, route: Route, number: int) -> None:
        self.redraws.append(route.request)
        job = f"{number}d{len(self.redraws)}"
        self.job(job, "illustrations")
        route.fulfill(status=202, json={"success": True, "data": {"illustrationJobId": job}})

    def _picture(self, route: Route) -> None:
        name = urlsplit(route.request.url).path.rpartition("/")[2].removesuffix(".png")
        stem, _, percent = name.partition("~")
        seed = sum(map(ord, stem))
        route.fulfill(
            body=painted(f"{stem} a Yorkie in the hayloft at night", seed, int(percent or 100) / 100),
            content_type="image/png",
        )
