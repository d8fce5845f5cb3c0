"""Scenes drawn: a portrait of everybody who is in them first, then all scenes at once, each with its cast."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import structlog

from database import Database
from errors import StoryfarmError
from images import records
from images.editing import CheckedImage
from images.failures import all_failed
from images.provider import ImageProvider, ImageRequest, OnProgress, Reference
from images.records import Picture
from images.references import load_image, newest
from images.storage import Storage
from images.telling import Telling
from jobs import rows
from jobs.fan_out import do_all
from jobs.notifier import Notifier
from jobs.rows import Job
from jobs.work import Task
from ledger import Ledger
from utils import clip, derived_id, one_line

log = structlog.get_logger()

KIND = "writer-images"
# Providers take a handful of references, and each portrait costs as much as a scene.
MOST_PORTRAITS = 4

_ARTICLES = frozenset("a an the der die das el la los las le les il lo".split())  # noqa: SIM905  (for the eye)

# The painters: those that are usual, or one that is asked first.
Painters = Callable[[str], ImageProvider]


def new_images(request: dict[str, Any], *, owner: str) -> Job:
    """The job that draws scenes; it is not recorded yet.

    `request`: scenes, characters, provider, size ("1024x1024"), style, and album: the job whose portraits
    are used, "" for its own.
    """
    return rows.new(KIND, request, owner=owner, message="Waiting in line.")


def portraits_of(request: dict[str, Any]) -> list[dict[str, str]]:
    """The characters that get a portrait: those who are seen most. Two of one name are one."""
    known = {_slot_of(each["name"]): each for each in reversed(request["characters"])}
    cast = [(len(_scenes_with(each["name"], request["scenes"])), each) for each in reversed(known.values())]
    seen = sorted((pair for pair in cast if pair[0]), key=lambda pair: -pair[0])
    return [each for _, each in seen[:MOST_PORTRAITS]]


class SceneDrawer:
    """The work. A picture may take `seconds` with one provider, and twice that in all."""

    def __init__(
        self,
        painters: Painters,
        database: Database,
        ledger: Ledger,
        notifier: Notifier,
        storage: Storage,
        *,
        pool: ThreadPoolExecutor,
        seconds: float,
    ) -> None:
        self._painters = painters
        self._database = database
        self._ledger = ledger
        self._notifier = notifier
        self._storage = storage
        self._pool = pool
        self._seconds = seconds

    def draw(self, task: Task) -> None:
        """Draw what the job lacks. Raises ProviderError if not one scene could be drawn."""
        request = task.job.request
        numbers = [str(scene["scene_number"]) for scene in request["scenes"]]
        telling = Telling(task, numbers, kept="shots", shown="scenes", count="scenes are drawn.")
        telling.say("The scenes are waiting for a painter.")
        portraits = self._portraits(telling)
        missing = [scene for scene in request["scenes"] if telling.lacks(str(scene["scene_number"]))]
        parts = [partial(self._scene, telling, scene, portraits) for scene in missing]
        self._all(task, parts)
        failed = [shot["error"] for shot in task.result["shots"].values() if shot["error"]]
        if len(failed) == len(request["scenes"]):
            raise all_failed(failed)
        task.complete()

    def _all(self, task: Task, parts: Sequence[Callable[[], object]]) -> None:
        do_all(task, parts, pool=self._pool, notifier=self._notifier, patience=2 * self._seconds)

    def _portraits(self, telling: Telling) -> dict[str, CheckedImage]:
        """A picture of everybody who gets one, by name; whoever could not be painted is left out."""
        task = telling.task
        wanted = portraits_of(task.job.request)
        album = _album(task.job)
        with self._database.read() as tx:
            known = records.of_album(tx, album)
        # A scene drawn again has the portraits that there are: it is one picture, and costs one.
        is_again = album != task.job.id
        missing = [each for each in wanted if not is_again and not newest(known, _slot_of(each["name"]))]
        self._all(task, [partial(self._portrait, telling, each) for each in missing])
        with self._database.read() as tx:
            known = records.of_album(tx, album)
        found = {each["name"]: newest(known, _slot_of(each["name"])) for each in wanted}
        loaded = {name: load_image(self._storage, picture) for name, picture in found.items() if picture}
        return {name: image for name, image in loaded.items() if image}

    def _portrait(self, telling: Telling, character: dict[str, str]) -> None:
        task, name, slot = telling.task, character["name"], _slot_of(character["name"])
        look = f"{name}: {character['description']}" if character["description"] else name
        prompt = f"Portrait of {look} One figure, seen from head to toe, plain light background, no text."
        telling.say(f"A portrait of {name} comes first, so that {name} stays the same.")
        try:
            self._paint(task, slot, prompt, alt=look, references=(), on_progress=lambda _: task.check())
        except StoryfarmError as error:
            log.info("portrait.not_painted", job=task.job.id, code=error.code)

    def _scene(self, telling: Telling, scene: dict[str, Any], portraits: dict[str, CheckedImage]) -> None:
        task, number = telling.task, scene["scene_number"]
        slot = f"scene-{number}"
        request_id = derived_id(task.job.id, slot)
        cast = [Reference(name, image) for name, image in portraits.items() if _is_in(name, scene)]
        try:
            picture = self._paint(
                task,
                slot,
                _prompt(scene, task.job.request["characters"]),
                alt=scene["description"] or scene["title"],
                references=tuple(cast),
                on_progress=lambda progress: telling.show(str(number), progress),
            )
        except StoryfarmError as error:
            log.info("scene.not_drawn", job=task.job.id, scene=number, code=error.code)
            telling.failed(str(number), request_id, error, scene_number=number)
        else:
            shot = shot_of(scene, picture, None, "")
            telling.painted(str(number), request_id, picture, images=[picture.public("")], shot=shot)

    def _paint(
        self,
        task: Task,
        slot: str,
        prompt: str,
        *,
        alt: str,
        references: tuple[Reference, ...],
        on_progress: OnProgress,
    ) -> Picture:
        """The picture, kept and put into its place."""
        job = task.job
        asked = ImageRequest(
            id=derived_id(job.id, slot),
            job_id=job.id,
            prompt=clip(one_line(prompt), 3000),
            style=job.request["style"],
            references=references,
            size=job.request["size"],
            alt=clip(one_line(alt), 300),
        )
        kept = self._painters(job.request["provider"]).generate(
            asked, deadline=time.monotonic() + 2 * self._seconds, on_progress=on_progress
        )
        picture = next(each for each in kept if each.role == "picture")
        self._ledger.write(lambda tx: records.place(tx, [picture.id], _album(job), slot))
        return picture


def shot_of(
    scene: dict[str, Any], picture: Picture | None, error: dict[str, Any] | None, base_url: str
) -> dict[str, Any]:
    """One scene's picture as answers show it."""
    return {
        "scene_number": scene["scene_number"],
        "scene_title": scene["title"],
        "image_url": f"{base_url}/images/{picture.file}" if picture else None,
        "width": picture.width if picture else None,
        "height": picture.height if picture else None,
        "provider": picture.provider if picture else None,
        "model": picture.model if picture else None,
        "alt": picture.alt if picture else None,
        "error": error["detail"] if error else None,
    }


def _album(job: Job) -> str:
    return job.request["album"] or job.id


def _slot_of(name: str) -> str:
    return f"character-{uuid.uuid5(uuid.NAMESPACE_OID, one_line(name).casefold()).hex[:12]}"


def _scenes_with(name: str, scenes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [scene for scene in scenes if _is_in(name, scene)]


def _is_in(name: str, scene: dict[str, Any]) -> bool:
    """Whether a scene speaks of somebody: by the whole name, or by its first word that is no article."""
    told = " ".join(
        [scene["title"], scene["description"], scene["image_prompt"], *scene["character_descriptions"]]
    )
    words = [word for word in re.findall(r"[^\W\d_]+", name) if word.casefold() not in _ARTICLES]
    calls = [one_line(name), *words[:1]]
    return any(re.search(rf"\b{re.escape(call)}\b", told, re.IGNORECASE) for call in calls if call)


def _prompt(scene: dict[str, Any], characters: list[dict[str, str]]) -> str:
    shown = scene["image_prompt"] or f"{scene['title']}. {scene['description']}"
    cast = [each for each in characters if _is_in(each["name"], scene)][:MOST_PORTRAITS]
    looks = " ".join(f"{each['name']}: {each['description']}" for each in cast if each["description"])
    return f"Illustration of a story, without any text or letters. {shown} {looks}"
