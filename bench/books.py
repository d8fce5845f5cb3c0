"""python -m bench.books: how long a book of twelve pages takes beside what its parts must take.

The service and the sandbox are processes of their own; the sandbox needs a fixed time for each call, and
draws small plain pictures. "At least" is the plan's time and that of one picture, since all pages can be
painted at once with IMAGE_CONCURRENCY=12 and the hero's picture is there from the start.
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
    least = PLAN_SECONDS + PICTURE_SECONDS
    row = (str(BOOKS), str(PAGES), f"{least:.1f}", f"{median(took):.2f}", f"{max(took):.2f}")
    head = ("books", "pages", "at least s", "median s", "slowest s", "slowest / least", "target")
    ratio = max(took) / least
    met = "met" if ratio <= LIMIT else "missed"
    print(markdown(head, [(*row, f"{ratio:.3f}", met)], names=0))


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


if __name__ == "__main__":
    main()
