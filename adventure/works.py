"""What an adventure's jobs do: a turn is told, its picture is painted; both tell the players as they go."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from access.caller import Caller
from adventure import rows as adventures
from adventure.machine import Happening, State
from adventure.rows import Adventure, Event, Turn
from adventure.telling import Told, tell_turn
from database import Database
from errors import Conflict, ContentRefused, NotFound, ProviderError, StoryfarmError
from images import records
from images.pixels import pixel_art
from images.provider import ImageProvider, ImageRequest, Reference
from images.records import Picture, kept_as
from images.references import load_image
from images.storage import Storage
from jobs import rows
from jobs.notifier import Notifier
from jobs.rows import Job
from jobs.work import Task
from ledger import Entry, Ledger, Write
from text.model import TextModel
from utils import clip, derived_id

log = structlog.get_logger()

TURN, PICTURE = "adventure-turn", "adventure-picture"
PIXELS = "pixels"
# What is new of a narration goes out so often; the first of it at once.
_TEXT_SECONDS = 0.05
_CHECK_SECONDS = 1.0
_STYLE = "pixel art, 16-bit adventure game, clear shapes, limited palette"


def topic(session: str) -> str:
    """The notifier's topic for what players of an adventure are told."""
    return f"adventure:{session}"


def new_turn_job(adventure: str, caller: Caller, number: int, *, timeout: float) -> Job:
    """The job that tells a turn; it is not recorded yet."""
    request = {"adventure": adventure, "turn": number, "timeout": timeout, "plan": caller.plan}
    return rows.new(TURN, request, owner=caller.owner, message="Waiting in line.")


def new_picture_job(adventure: str, owner: str, number: int, prompt: str, *, job_id: str = "") -> Job:
    """The job that paints a turn; it is not recorded yet."""
    request = {"adventure": adventure, "turn": number, "prompt": prompt}
    job = rows.new(PICTURE, request, owner=owner, message="Waiting in line.")
    return rows.named(job, job_id) if job_id else job


class Narrator:
    """The work of turns. `order` records a picture's job, and what is given, as begun by this turn's job."""

    def __init__(
        self,
        text: TextModel,
        database: Database,
        ledger: Ledger,
        notifier: Notifier,
        *,
        order: Callable[[Job, Job, Write], object],
    ) -> None:
        self._text = text
        self._database = database
        self._ledger = ledger
        self._notifier = notifier
        self._order = order

    def tell(self, task: Task) -> None:
        """Tell the turn, unless it is told. Raises what the text model raises; the players are told first."""
        request = task.job.request
        session, number = request["adventure"], request["turn"]
        with self._database.read() as tx:
            found, turns = adventures.find(tx, session), adventures.all_turns(tx, session)
        if found is None or number not in turns:
            raise NotFound("The adventure was deleted meanwhile.")
        if turns[number].told is None:
            claim = Claim.of(task)
            telling = _Telling(task, claim, self._ledger, self._notifier)
            try:
                told = self._tell(task, found, turns, telling)
            except StoryfarmError as error:
                self._write(session, partial(_fail_told, claim=claim, error=error))
                raise
            lacking = told.narration[len(telling.told) :]
            self._write(session, partial(_keep_told, claim=claim, told=told, lacking=lacking))
        task.complete()

    def _tell(self, task: Task, adventure: Adventure, turns: dict[int, Turn], telling: _Telling) -> Told:
        number = task.job.request["turn"]
        turn = turns[number]
        before = [_past(each) for each in adventures.path_to(turns, turn.parent) if each.told]
        if task.job.attempts > 1:  # told half by a process that died: what was shown does not count
            begun = [Event("begin", number, {"choice": turn.choice})]
            self._write(adventure.id, partial(_tell, claim=Claim.of(task), events=begun))
        return tell_turn(
            self._text,
            adventure.setup,
            before,
            turn.choice,
            deadline=time.monotonic() + float(task.job.request["timeout"]),
            on_text=telling.show,
            on_picture=partial(self._order_picture, task, adventure),
        )

    def _order_picture(self, task: Task, adventure: Adventure, prompt: str) -> None:
        """A turn has one picture: where one is ordered already, nothing is."""
        number = task.job.request["turn"]
        job_id = derived_id(task.job.id, PICTURE)
        job = new_picture_job(adventure.id, adventure.owner, number, prompt, job_id=job_id)
        try:
            self._order(job, task.job, partial(_begin_picture, claim=Claim.of(task), job_id=job.id))
        except (IntegrityError, _NotWanted):
            log.info("adventure.no_picture_wanted", adventure=adventure.id, turn=number)
        except StoryfarmError as error:
            self._write(adventure.id, partial(_fail_painted, claim=Claim.of(task), error=error))

    def _write(self, session: str, *writes: Callable[[Connection], object]) -> None:
        self._ledger.write(*writes)
        self._notifier.notify(topic(session))


class _Telling:
    """Tells the players a narration as it grows; `told` is what they were told."""

    def __init__(self, task: Task, claim: Claim, ledger: Ledger, notifier: Notifier) -> None:
        self._task = task
        self._claim = claim
        self._ledger = ledger
        self._notifier = notifier
        self._told_at = 0.0
        self._checked_at = time.monotonic()
        self.told = ""

    def show(self, text: str) -> None:
        """What there is of the narration. Raises Lost if the job was cancelled."""
        now = time.monotonic()
        if now - self._told_at < _TEXT_SECONDS:
            return
        if now - self._checked_at >= _CHECK_SECONDS:
            self._task.check()
            self._checked_at = now
        event = Event("narration", self._claim.number, {"text": text[len(self.told) :]})
        self.told, self._told_at = text, now
        tell = partial(_tell, claim=self._claim, events=[event])
        notify = partial(self._notifier.notify, topic(self._claim.session))
        self._ledger.put(Entry(writes=[tell], effects=[notify]))


class Painter:
    """The work of pictures, `side` pixels wide and high. They may take `seconds` with one provider."""

    def __init__(
        self,
        images: ImageProvider,
        database: Database,
        ledger: Ledger,
        notifier: Notifier,
        storage: Storage,
        *,
        size: str,
        side: int,
        colours: int,
        seconds: float,
    ) -> None:
        self._images = images
        self._database = database
        self._ledger = ledger
        self._notifier = notifier
        self._storage = storage
        self._size = size
        self._side = side
        self._colours = colours
        self._seconds = seconds

    def paint(self, task: Task) -> None:
        """Paint the turn's picture. If that fails the story goes on, and the players are told why."""
        claim = Claim.of(task)
        try:
            picture = self._painted(task)
        except StoryfarmError as error:
            self._write(claim.session, partial(_fail_painted, claim=claim, error=error))
            raise
        self._write(claim.session, partial(_keep_picture, claim=claim, picture=picture))
        task.complete()

    def _painted(self, task: Task) -> Picture:
        job = task.job
        request = job.request
        with self._database.read() as tx:
            found = adventures.find(tx, request["adventure"])
            turns = adventures.all_turns(tx, request["adventure"])
            album = records.of_album(tx, found.album) if found else ()
        if found is None or request["turn"] not in turns:
            raise NotFound("The adventure was deleted meanwhile.")
        path = adventures.path_to(turns, request["turn"])
        asked = ImageRequest(
            id=derived_id(job.id, "picture"),
            job_id=job.id,
            prompt=request["prompt"],
            style=_STYLE,
            references=self._references(path[:-1], album),
            size=self._size,
            alt=request["prompt"],
        )
        kept = self._images.generate(
            asked,
            deadline=time.monotonic() + 2 * self._seconds,
            on_progress=lambda progress: task.progress(progress.percent or 0, progress.message),
        )
        drawn = next(each for each in kept if each.role == "picture")
        slot = f"turn-{request['turn']}"
        self._ledger.write(lambda tx: records.place(tx, [drawn.id], found.album, slot))
        return self._pixels(job, drawn, found.album, slot)

    def _references(self, path: list[Turn], album: tuple[Picture, ...]) -> tuple[Reference, ...]:
        """The hero as first painted, and the scene before this one."""
        drawn = {each.slot: each for each in album if each.role == "picture" and not each.expired_at}
        there = [drawn[slot] for turn in path if (slot := f"turn-{turn.number}") in drawn]
        wanted = {"the hero": there[:1], "the scene before": there[1:][-1:]}
        loaded = [
            (name, load_image(self._storage, each)) for name, pictures in wanted.items() for each in pictures
        ]
        return tuple(Reference(name, image) for name, image in loaded if image)

    def _pixels(self, job: Job, drawn: Picture, album: str, slot: str) -> Picture:
        """The picture as pixel art, under a name that follows from it."""
        image = pixel_art(self._storage.get(drawn.file), side=self._side, colours=self._colours)
        name = derived_id(job.id, PIXELS)
        picture = replace(
            drawn,
            **kept_as(name, image),
            role=PIXELS,
            position=None,
            alt=clip(job.request["prompt"], 300),
            album=album,
            slot=slot,
        )
        with self._database.read() as tx:
            is_known = records.by_file(tx, picture.file) is not None
        if not is_known:
            self._storage.put(picture.file, image.content)
            self._ledger.write(lambda tx: records.insert(tx, [picture]))
        return picture

    def _write(self, session: str, *writes: Callable[[Connection], object]) -> None:
        self._ledger.write(*writes)
        self._notifier.notify(topic(session))


def _past(turn: Turn) -> dict[str, Any]:
    return {"choice": turn.choice, "told": turn.told}


@dataclass(frozen=True)
class Claim:
    """In whose name the work on a turn is written: a job that lost its lease changes nothing any more."""

    session: str
    number: int
    job_id: str
    lease: str

    @classmethod
    def of(cls, task: Task) -> Claim:
        request = task.job.request
        return cls(request["adventure"], request["turn"], task.job.id, task.lease)


class _NotWanted(Conflict):
    """There is a picture already, or one on its way."""


def _held(tx: Connection, claim: Claim) -> tuple[Adventure, Turn] | None:
    """The adventure, locked, and its turn, if it is still this job's to tell or to paint it."""
    found = adventures.find(tx, claim.session, for_update=True)
    turn = adventures.turn(tx, claim.session, claim.number)
    if found is None or turn is None or claim.job_id not in (turn.job_id, turn.picture_job_id):
        return None
    return (found, turn) if rows.holds(tx, claim.job_id, claim.lease) else None


def _tell(tx: Connection, claim: Claim, events: list[Event]) -> None:
    if _held(tx, claim):
        adventures.tell(tx, claim.session, events)


def _keep_told(tx: Connection, claim: Claim, told: Told, lacking: str) -> None:
    """The turn is told: its choices are open. `lacking` is what the players were not told yet."""
    if not (held := _held(tx, claim)):
        return
    found, turn = held
    is_painted = bool(turn.picture_job_id) and not turn.picture
    if not adventures.move(tx, found, Happening.TOLD if is_painted else Happening.TOLD_BARE):
        return
    adventures.change_turn(tx, found.id, turn.number, told=told.as_json())
    adventures.name_it(tx, found.id, told.rest.title)
    told_now = [Event("narration", turn.number, {"text": lacking})] if lacking else []
    offered = Event("choices", turn.number, {"choices": told.rest.choices})
    state = State.ILLUSTRATING if is_painted else State.CHOOSING
    adventures.tell(tx, found.id, [*told_now, offered, Event("state", turn.number, {"state": state})])


def _fail_told(tx: Connection, claim: Claim, error: StoryfarmError) -> None:
    if held := _held(tx, claim):
        fail_turn(tx, *held, error)


def fail_turn(tx: Connection, found: Adventure, turn: Turn, error: StoryfarmError) -> None:
    """The turn could not be told; it can be asked for again."""
    if not adventures.move(tx, found, Happening.NOT_TOLD):
        return
    problem = error.problem()
    code = "refused" if isinstance(error, ContentRefused) else "narration_failed"
    if problem["code"] == "quota_exceeded":
        code = "quota_exceeded"
    adventures.change_turn(tx, found.id, turn.number, problem=problem)
    failed = Event("error", turn.number, {"code": code, "error": problem["detail"], "retry": True})
    adventures.tell(tx, found.id, [Event("state", turn.number, {"state": State.WAITING}), failed])


def _begin_picture(tx: Connection, claim: Claim, job_id: str) -> None:
    """The turn's picture is this job's now. Raises if there is one already, or the turn is not ours."""
    held = _held(tx, claim)
    if not held or held[1].picture or held[1].picture_job_id:
        raise _NotWanted("This turn has its picture.")
    adventures.change_turn(tx, claim.session, claim.number, picture_job_id=job_id)


def _keep_picture(tx: Connection, claim: Claim, picture: Picture) -> None:
    if not (held := _held(tx, claim)):
        return
    found, turn = held
    changes = {"problem": None} if turn.told else {}
    adventures.change_turn(tx, found.id, turn.number, picture=picture.file, **changes)
    events = [Event("image", turn.number, {"file": picture.file})]
    if found.head == turn.number and adventures.move(tx, found, Happening.PAINTED):
        events.append(Event("state", turn.number, {"state": State.CHOOSING}))
    adventures.tell(tx, found.id, events)


def _fail_painted(tx: Connection, claim: Claim, error: StoryfarmError) -> None:
    if held := _held(tx, claim):
        fail_picture(tx, *held, error)


def fail_picture(tx: Connection, found: Adventure, turn: Turn, error: StoryfarmError) -> None:
    """The story goes on without this picture; it can be asked for again."""
    problem = error.problem()
    adventures.change_turn(tx, found.id, turn.number, problem=problem, picture_job_id=None)
    failed = {"code": "image_failed", "error": problem["detail"], "retry": True}
    events = [Event("error", turn.number, failed)]
    if found.head == turn.number and adventures.move(tx, found, Happening.NOT_PAINTED):
        events.append(Event("state", turn.number, {"state": State.CHOOSING}))
    adventures.tell(tx, found.id, events)


def broken(job_id: str) -> StoryfarmError:
    """The failure of a turn whose job has ended without a word."""
    return ProviderError("The turn was given up before it was told.", code="job_ended", id=job_id)
