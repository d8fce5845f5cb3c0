"""Picture sets: who belongs to one, what it was asked for, and which set a name stands for."""

from __future__ import annotations

import re
import time
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, select

from errors import Conflict, NotFound
from jobs import rows
from jobs.rows import Job
from tables import picture_sets
from utils import one_line

SET, PICTURE = "fairytale", "fairytale-picture"
_IMAGE_ID = re.compile(r"(?P<set>[0-9a-f]{32})-[cb](?:[1-9]\d?)")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One picture of a set. `key` is c1, c2 ... for characters and b1, b2 ... for backgrounds."""

    key: str
    name: str
    prompt: str
    is_main: bool = False

    @property
    def is_character(self) -> bool:
        return self.key.startswith("c")


@dataclass(frozen=True, kw_only=True)
class SetRequest:
    """What the caller wants. `words` come from the chosen options, `sketch` is an upload's file, or "".

    `provider` is asked first, "" for the usual order; `blur` softens the backgrounds.
    """

    name: str
    tale: str
    figures: tuple[Figure, ...]
    words: tuple[str, ...] = ()
    style: str = ""
    sketch: str = ""
    provider: str = ""
    blur: bool = False


def new_set(request: SetRequest, *, owner: str) -> Job:
    """The job that paints this set; it is not recorded yet."""
    return rows.new(SET, asdict(request), owner=owner, message="Waiting in line.")


def new_picture(
    picture_set: Job, key: str, action: str, *, prompt: str = "", index: int | None = None
) -> Job:
    """The job that changes one picture: regenerate, or upscale or variation of picture `index` (1-4)."""
    request = {"set": picture_set.id, "key": key, "action": action, "prompt": prompt, "index": index}
    return rows.new(PICTURE, request, owner=picture_set.owner, message="Waiting in line.")


def figures_of(picture_set: Job) -> list[Figure]:
    return [Figure(**each) for each in picture_set.request["figures"]]


def image_id(picture_set: Job, figure: Figure) -> str:
    """How clients name one picture of a set."""
    return f"{picture_set.id}-{figure.key}"


def find_picture(tx: Connection, id: str, owner: str) -> tuple[Job, Figure]:
    """The owner's set and its figure that an image id names. Raises NotFound."""
    if match := _IMAGE_ID.fullmatch(id):
        picture_set = rows.load_own(tx, match["set"], owner)
        for figure in figures_of(picture_set) if picture_set.kind == SET else ():
            if image_id(picture_set, figure) == id:
                return picture_set, figure
    raise NotFound("There is no picture with this imageId.")


def take_name(tx: Connection, job: Job) -> None:
    """The set's name stands for this job from now on. Raises Conflict while another one of it is in work."""
    owner, name = job.owner, job.request["name"]
    check_name(tx, owner, name)
    tx.execute(picture_sets.delete().where(picture_sets.c.owner == owner, picture_sets.c.name == name))
    values = {"owner": owner, "name": name, "job_id": job.id, "created_at": time.time()}
    tx.execute(picture_sets.insert(), values)


def named(tx: Connection, owner: str, name: str) -> Job:
    """The set that the name stands for. Raises NotFound."""
    wanted = select(picture_sets.c.job_id).where(picture_sets.c.owner == owner, picture_sets.c.name == name)
    known = tx.execute(wanted).scalar_one_or_none()
    if known is None:
        raise NotFound("There are no pictures with this studentTaskId.")
    return rows.load(tx, known)


def check_free(tx: Connection, change: Job) -> None:
    """Raises Conflict if the picture is being painted, by its set or by another job than `change`."""
    set_id, key = change.request["set"], change.request["key"]
    rows.lock(tx, set_id)
    picture_set = rows.load(tx, set_id)
    is_in_work = not picture_set.has_ended and key not in (picture_set.result or {}).get("entries", {})
    changes = rows.unfinished(tx, PICTURE, set=set_id, key=key)
    if is_in_work or any(each.id != change.id for each in changes):
        raise Conflict(
            "This picture is being painted already. Change it when it is done.",
            code="picture_in_work",
            field="imageId",
        )


def check_name(tx: Connection, owner: str, name: str) -> None:
    """Raises Conflict while a set of this name is in work."""
    is_it = (picture_sets.c.owner == owner, picture_sets.c.name == name)
    known = tx.execute(select(picture_sets.c.job_id).where(*is_it)).scalar_one_or_none()
    if known and not rows.load(tx, known).has_ended:
        raise Conflict(
            f"The pictures of studentTaskId {one_line(name)[:60]} are being painted already.",
            code="set_in_work",
            field="studentTaskId",
        )


def prompt_of(request: dict[str, Any], figure: Figure, prompt: str = "") -> str:
    """What is asked of the painter for one figure; `prompt` in place of its own."""
    wish = prompt or figure.prompt
    if not figure.is_character:
        return f"{wish}. The scenery of a fairy tale, wide, without people or animals, without text."
    words = ", ".join(request["words"]) if figure.is_main else ""
    return (
        f"{figure.name}: {wish}{', ' + words if words else ''}. A character of a fairy tale, one figure, "
        "full body, on a plain light background, without text."
    )
