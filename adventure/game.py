"""What players may do: each message becomes a change of the adventure, and where it costs, a job."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from access.amounts import Amount
from access.caller import Caller
from access.desk import Desk, Order
from access.idempotency import Key
from adventure import rows as adventures
from adventure.machine import Happening, State
from adventure.messages import Said, Start
from adventure.rows import MOST_TURNS, Adventure, Event, Turn
from adventure.works import broken, fail_picture, fail_turn, new_picture_job, new_turn_job, topic
from database import Database
from errors import Conflict, NotFound
from jobs import rows
from jobs.notifier import Notifier
from ledger import Ledger, Write


class Game:
    """`amount_of_turn` is what a turn with its picture takes at most. `cancel` ends a job."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        notifier: Notifier,
        desk: Desk,
        *,
        cancel: Callable[[str], object],
        timeout: float,
        amount_of_turn: Amount,
        amount_of_picture: Amount,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._notifier = notifier
        self._desk = desk
        self._cancel = cancel
        self._timeout = timeout
        self._amount_of_turn = amount_of_turn
        self._amount_of_picture = amount_of_picture

    def check_owner(self, session: str, caller: Caller) -> None:
        """Raises NotFound if the adventure is somebody else's; one that is not there may be begun."""
        with self._database.read() as tx:
            found = adventures.find(tx, session)
        if found and found.owner != caller.owner:
            raise NotFound("There is no adventure with this id.")

    def turn_of(self, caller: Caller, key: Key) -> int | None:
        """The turn that an earlier message with this key has begun. Raises Conflict if it was another one."""
        job = self._desk.find(Order(caller=caller, key=key))
        return int(job.request["turn"]) if job else None

    def do(self, session: str, caller: Caller, said: Said, *, key: Key | None = None) -> None:
        """Do what the player says. Raises Conflict, NotFound, InvalidRequest, QuotaExceeded or Busy."""
        self.heal(session)
        order = Order(caller=caller, key=key, in_background=True)
        if said.start:
            self._start(session, order, said.start)
        elif said.choice is not None:
            self._next(session, order, said.choice)
        elif said.retry:
            self._retry(session, order, said.retry)
        else:
            self._ledger.write(partial(_steer, session=session, owner=caller.owner, said=said))
        self._notifier.notify(topic(session))

    def remove(self, session: str, caller: Caller) -> None:
        """Delete an adventure; what is being told or painted of it ends. Raises NotFound."""
        with self._database.read() as tx:
            adventures.load(tx, session, caller.owner)
            turns = adventures.all_turns(tx, session).values()
            ids = [id for turn in turns for id in (turn.job_id, turn.picture_job_id) if id]
            open_ids = [id for id in ids if not _has_ended(tx, id)]
        for job_id in open_ids:
            self._cancel(job_id)
        self._ledger.write(partial(adventures.remove, id=session))
        self._notifier.notify(topic(session))

    def heal(self, session: str) -> None:
        """Tell the players of a turn or a picture whose job has ended without a word."""
        with self._database.read() as tx:
            found = adventures.find(tx, session)
            if found is None or found.state not in (State.NARRATING, State.ILLUSTRATING):
                return
            turn = adventures.turn(tx, session, found.head)
            is_text = found.state is State.NARRATING
            job_id = turn and (turn.job_id if is_text else turn.picture_job_id)
            if not turn or not job_id or not _has_ended(tx, job_id):
                return
        fail = fail_turn if is_text else fail_picture
        self._ledger.write(
            partial(_fail_if_still, fail=fail, before=found, number=turn.number, job_id=job_id)
        )
        self._notifier.notify(topic(session))

    def _start(self, session: str, order: Order, start: Start) -> None:
        """Begin an adventure, or one whose first turn could not be told with other words."""
        caller = order.caller
        with self._database.read() as tx:
            found = adventures.find(tx, session)
            head = adventures.turn(tx, session, found.head) if found else None
        if found and found.owner != caller.owner:
            raise NotFound("There is no adventure with this id.")
        if found and head and (head.told or head.parent):
            raise Conflict("This adventure has begun already. Choose what to do.", code="already_started")
        setup = start.model_dump()
        if found:
            prepare: Write = partial(adventures.set_up, id=session, setup=setup)
        else:
            prepare = partial(adventures.create, id=session, owner=caller.owner, setup=setup)
        self._tell(session, order, "", found.turns + 1 if found else 1, prepare)

    def _next(self, session: str, order: Order, choice: str) -> None:
        with self._database.read() as tx:
            found = adventures.load(tx, session, order.caller.owner)
            head = adventures.turn(tx, session, found.head)
        if found.state is State.NARRATING:
            raise _busy()
        if head is None or not (head.told or head.parent):
            raise Conflict("The adventure has not begun: send a start.", code="not_started")
        self._tell(session, order, choice, found.turns + 1)

    def _tell(self, session: str, order: Order, choice: str, number: int, *before: Write) -> None:
        """Begin the turn `number`. Its job is recorded with it, or neither is."""
        job = new_turn_job(session, order.caller, number, timeout=self._timeout)
        turn = Turn(adventure=session, number=number, parent=0, choice=choice, job_id=job.id)
        begin = partial(_begin, owner=order.caller.owner, turn=turn)
        try:
            self._desk.queue(job, replace(order, amount=self._amount_of_turn), also=[*before, begin])
        except IntegrityError as error:  # two messages at the same moment
            raise _busy() from error

    def _retry(self, session: str, order: Order, what: str) -> None:
        caller = order.caller
        with self._database.read() as tx:
            found = adventures.load(tx, session, caller.owner)
            turn = adventures.turn(tx, session, found.head)
        if turn is None:
            raise Conflict("There is nothing to try again.", code="no_such_turn")
        if what == "narration":
            if turn.told:
                raise Conflict("This turn is told already.", code="invalid_field", field="retry")
            job = new_turn_job(session, caller, turn.number, timeout=self._timeout)
            again = partial(_again, session=session, number=turn.number, job_id=job.id)
            self._desk.queue(job, replace(order, amount=self._amount_of_turn), also=[again])
            return
        if not turn.told or turn.picture or turn.picture_job_id:
            raise _no_picture_failed()
        job = new_picture_job(session, caller.owner, turn.number, turn.told["image_prompt"])
        again = partial(_paint_again, session=session, number=turn.number, job_id=job.id)
        self._desk.queue(job, replace(order, amount=self._amount_of_picture), also=[again])


def _has_ended(tx: Connection, job_id: str) -> bool:
    try:
        return rows.load(tx, job_id).has_ended
    except NotFound:
        return True


def _fail_if_still(
    tx: Connection, fail: Callable[..., None], before: Adventure, number: int, job_id: str
) -> None:
    found = adventures.find(tx, before.id, for_update=True)
    turn = adventures.turn(tx, before.id, number)
    if not found or not turn or (found.state, found.head) != (before.state, before.head):
        return
    if job_id in (turn.job_id, turn.picture_job_id):
        fail(tx, found, turn, broken(job_id))


def _begin(tx: Connection, owner: str, turn: Turn) -> None:
    """The turn begins, behind the one that the player is at. Raises Conflict if another is being told."""
    found = adventures.load(tx, turn.adventure, owner, for_update=True)
    if found.turns >= MOST_TURNS:
        raise Conflict(
            f"This adventure has {MOST_TURNS} turns; begin another one.",
            code="too_many_turns",
            limit=MOST_TURNS,
        )
    head = adventures.turn(tx, found.id, found.head)
    # A turn that could not be told is left behind.
    parent = found.head if not head or head.told else head.parent
    changes = {"head": turn.number, "turns": turn.number}
    if found.turns + 1 != turn.number or not adventures.move(tx, found, Happening.CHOSEN, **changes):
        raise _busy()
    adventures.add_turn(tx, replace(turn, parent=parent))
    adventures.forget_events(tx, found.id, turn.number)
    adventures.tell(tx, found.id, [Event("begin", turn.number, {"choice": turn.choice})])


def _again(tx: Connection, session: str, number: int, job_id: str) -> None:
    """The turn that the player is at, and that could not be told, is begun anew."""
    found = adventures.find(tx, session, for_update=True)
    turn = adventures.turn(tx, session, number)
    is_it = found and turn and found.head == number and not turn.told
    if not found or not turn or not is_it or not adventures.move(tx, found, Happening.CHOSEN):
        raise _busy()
    adventures.change_turn(tx, session, number, job_id=job_id, problem=None)
    adventures.tell(tx, session, [Event("begin", number, {"choice": turn.choice})])


def _paint_again(tx: Connection, session: str, number: int, job_id: str) -> None:
    found = adventures.find(tx, session, for_update=True)
    turn = adventures.turn(tx, session, number)
    if not found or not turn or turn.picture or turn.picture_job_id:
        raise _no_picture_failed()
    if found.head != number or not adventures.move(tx, found, Happening.REPAINTING):
        raise _busy()
    adventures.change_turn(tx, session, number, picture_job_id=job_id, problem=None)
    adventures.tell(tx, session, [Event("state", number, {"state": State.ILLUSTRATING})])


def _steer(tx: Connection, session: str, owner: str, said: Said) -> None:
    """Undo, branch, save and load: nothing is paid for."""
    found = adventures.load(tx, session, owner, for_update=True)
    if said.save:
        turn = adventures.turn(tx, session, found.head)
        if turn is None or turn.told is None:
            raise Conflict("Only a turn that is told can be saved.", code="busy_turn")
        adventures.save(tx, session, said.save.name, found.head)
    else:
        _go_to(tx, found, _target(tx, found, said))
    adventures.forget_histories(tx, session)
    adventures.tell(tx, session, [Event("history", found.head, {})])


def _target(tx: Connection, found: Adventure, said: Said) -> int:
    """The turn that the player wants to be at."""
    if said.branch:
        turn = adventures.turn(tx, found.id, said.branch.turn)
        if turn is None or turn.told is None:
            raise Conflict(f"There is no turn {said.branch.turn} to go back to.", code="no_such_turn")
        return turn.number
    if said.load:
        saved = {each["name"]: each["turn"] for each in adventures.saves(tx, found.id)}
        if said.load.name not in saved:
            raise Conflict(f"There is no save named {said.load.name}.", code="no_such_save")
        return int(saved[said.load.name])
    head = adventures.turn(tx, found.id, found.head)
    if head is None or not head.parent:
        raise Conflict("There is nothing to undo.", code="no_such_turn")
    return head.parent


def _go_to(tx: Connection, found: Adventure, number: int) -> None:
    turn = adventures.turn(tx, found.id, number)
    is_painted = turn is None or bool(turn.picture) or not turn.picture_job_id
    happening = Happening.MOVED if is_painted else Happening.MOVED_EARLY
    if not adventures.move(tx, found, happening, head=number):
        raise _busy()


def _no_picture_failed() -> Conflict:
    return Conflict("There is no picture that failed.", code="invalid_field", field="retry")


def _busy() -> Conflict:
    return Conflict("A turn is being told. Wait until you can choose.", code="busy_turn")
