"""python -m bench.books: how long books and picture sets take beside what their parts must take.

The service and the sandbox are processes of their own; the sandbox needs a fixed time for each call, and
draws small plain pictures. "At least" is, for a book of twelve pages, the plan's time and that of one
picture, since all pages can be painted at once with IMAGE_CONCURRENCY=12 and the hero's picture is there from
the start; for a set of twelve pictures, the main character's time and that of one other. Through a
midjourney-proxy the main character is upscaled in between, which takes the sandbox a quarter of a picture's
time; the proxy calls the hook, or is looked at only.
"""

from __future__ import annotations

import io
import time
from statistics import median

import requests
from PIL import Image

from bench.jobs.engines import SQLITE
from bench.jobs.services import Setup, running
from bench.machine import machine
from bench.report import markdown

BOOKS = 5
PAGES = 12
PLAN_SECONDS, PICTURE_SECONDS = 2.0, 4.0
LIMIT = 1.1
_LOOK_SECONDS = 0.02
_NO_PROXY = {"http": ""}
_PROXY = {
    "MIDJOURNEY_PROXY_URL": "http://proxy.example:8080/mj",  # the sandbox stands in for it
    "MIDJOURNEY_PROXY_SECRET": "sandbox-secret",
    "IMAGE_PROVIDERS": "midjourney-proxy",
}


def main() -> None:
    print(machine())
    habits = {"story_seconds": PLAN_SECONDS, "image_seconds": PICTURE_SECONDS, "picture_pixels": 64}
    with running(Setup(engine=SQLITE, habits=habits)) as service:
        hero = io.BytesIO()
        Image.new("RGB", (64, 64), "crimson").save(hero, "PNG")
        upload = requests.post(
            f"{service.url}/api/uploads", files={"file": hero.getvalue()}, timeout=30, proxies=_NO_PROXY
        )
        took = [_book(service.url, upload.json()["imageUrl"]) for _ in range(BOOKS)]
        sets = _sets(service.url)
    proxied = []
    for hook in ("{url}", ""):
        through = _PROXY | {"MIDJOURNEY_PROXY_HOOK": hook}
        with running(Setup(engine=SQLITE, habits=habits, settings=through)) as service:
            proxied.append(_sets(service.url))
    head = ("what", "how many", "at least s", "median s", "slowest s", "slowest / least", "target")
    rows = [
        _row("book of 12 pages", PLAN_SECONDS + PICTURE_SECONDS, took),
        _row("set of 12 pictures", 2 * PICTURE_SECONDS, sets),
        _row("the same through a midjourney-proxy that calls the hook", 2.25 * PICTURE_SECONDS, proxied[0]),
        _row("the same through one that is only looked at", 2.25 * PICTURE_SECONDS, proxied[1]),
    ]
    print(markdown(head, rows))


def _row(what: str, least: float, took: list[float]) -> tuple[str, ...]:
    ratio = max(took) / least
    met = "met" if ratio <= LIMIT else "missed"
    times = (f"{least:.1f}", f"{median(took):.2f}", f"{max(took):.2f}", f"{ratio:.3f}")
    return (what, str(len(took)), *times, met)


def _book(url: str, hero: str) -> float:
    """Seconds from the order to the last page's picture. Raises RuntimeError if a page is missing."""
    wish = {"character": {"name": "Mia", "imageUrl": hero}, "prompt": "Mia finds a kite", "pages": PAGES}
    started = time.monotonic()
    with requests.Session() as session:
        session.trust_env = False
        book = session.post(f"{url}/api/stories/generate", json=wish, timeout=60).json()["data"]
        place = f"{url}/api/stories/illustrations/job/{book['metadata']['illustrationJobId']}"
        while (job := session.get(place, timeout=30).json())["status"] in ("queued", "processing"):
            time.sleep(_LOOK_SECONDS)
    seconds = time.monotonic() - started
    if job["status"] != "completed" or not all(page["characterReferenced"] for page in job["results"]):
        raise RuntimeError(f"A page is missing: {job['error']}")
    return seconds


def _sets(url: str) -> list[float]:
    return [_set(url, f"set {number}") for number in range(BOOKS)]


def _set(url: str, name: str) -> float:
    """Seconds from the order to the last picture of one main character, five others and six backgrounds."""
    others = [{"name": f"Friend {number}", "prompt": "a friend"} for number in range(5)]
    places = [{"name": f"Place {number}", "prompt": "a place"} for number in range(6)]
    cast = [{"name": "Mia", "prompt": "a girl", "main": True}, *others]
    wish = {"studentTaskId": name, "characters": cast, "backgrounds": places}
    started = time.monotonic()
    with requests.Session() as session:
        session.trust_env = False
        session.post(f"{url}/api/v1/imagine/generate", json=wish, timeout=60).raise_for_status()
        while not (status := session.get(f"{url}/api/v1/imagine/status/{name}", timeout=30).json())[
            "completed"
        ]:
            time.sleep(_LOOK_SECONDS)
    seconds = time.monotonic() - started
    if not all(each["status"] == "done" for each in (*status["character"], *status["background"])):
        raise RuntimeError(f"A picture is missing: {status['error']}")
    return seconds


if __name__ == "__main__":
    main()
