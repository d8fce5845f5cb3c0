"""Several image providers as one: who is asked, with what, and what is recorded of it."""

from __future__ import annotations

import io
import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from circuit import Circuit
from database import Database
from errors import ContentRefused, OutOfSpace, ProviderError, ProviderTimeout, StoryfarmError
from images import attempts, records
from images.attempts import Attempt
from images.chain import ImageChain, ImageLink
from images.editing import check_image
from images.provider import Capabilities, ImageRequest, OnProgress, Progress, Reference
from images.records import Picture
from ledger import Ledger
from tests.support import start_job
from utils import new_id

BLIND = Capabilities()
SEES = Capabilities(references=True, transparent=True)
CLEAR = Capabilities(transparent=True)


def reference(name: str = "Mia", colour: str = "green") -> Reference:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(buffer, "PNG")
    return Reference(name, check_image(buffer.getvalue()))


class Painter:
    """An ImageProvider that gives a picture, or `error`; `recorded`: what was recorded when it was asked."""

    def __init__(self, studio: Studio, error: BaseException | None = None) -> None:
        self.studio = studio
        self.error = error
        self.asked: list[ImageRequest] = []
        self.recorded: list[Attempt] = []
        self.seconds: list[float] = []

    def generate(
        self, request: ImageRequest, *, deadline: float, on_progress: OnProgress
    ) -> tuple[Picture, ...]:
        self.asked.append(request)
        self.seconds.append(deadline - time.monotonic())
        self.recorded.append(self.studio.attempts(request.id)[-1])
        on_progress(Progress(50, "Half of it is there."))
        if self.error:
            raise self.error
        kept = picture(request)
        self.studio.keep(kept)
        return (kept,)


def picture(request: ImageRequest) -> Picture:
    return Picture(
        id=request.id,
        job_id=request.job_id,
        file=f"{request.id}.png",
        role="picture",
        position=None,
        mime="image/png",
        width=8,
        height=8,
        sha256="",
        alt="",
        provider="a",
        request_id=request.id,
        model="painter",
        prompt=request.prompt,
        seed=None,
        source_url=None,
        created_at=time.time(),
    )


class Studio:
    """A chain on a database, with what its describer was asked."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.ledger = Ledger(database)
        self.described: list[str] = []
        self.speechless: StoryfarmError | None = None
        self.told: list[str] = []
        self.cut_off: list[str] = []
        with database.write() as tx:
            job = start_job(tx)
        self.request = ImageRequest(id=new_id(), job_id=job.id, prompt="A dog.", style="ink")

    def painter(self, error: BaseException | None = None) -> Painter:
        return Painter(self, error)

    def chain(self, *links: tuple[Painter, Capabilities]) -> ImageChain:
        """Providers a, b, c ... with models painter-a, painter-b ..."""
        made = [
            ImageLink(name, f"painter-{name}", painter, can, Circuit(name))
            for name, (painter, can) in zip("abc", links, strict=False)
        ]
        return ImageChain(
            made,
            self.database,
            self.ledger,
            describe=self.describe,
            cut_off=lambda _tx, request: self.cut_off.append(request.attempt),
        )

    def describe(self, reference: Reference, _deadline: float) -> str:
        self.described.append(reference.name)
        if self.speechless:
            raise self.speechless
        return f"{reference.name} looks like this: small."

    def draw(self, chain: ImageChain, *, seconds: float = 100.0, **changes: Any) -> tuple[Picture, ...]:
        return chain.generate(
            replace(self.request, **changes),
            deadline=time.monotonic() + seconds,
            on_progress=lambda progress: self.told.append(progress.message),
        )

    def keep(self, kept: Picture) -> None:
        self.ledger.write(lambda tx: records.insert(tx, [kept]))

    def attempts(self, request_id: str = "") -> list[Attempt]:
        with self.database.read() as tx:
            return attempts.of_request(tx, request_id or self.request.id)


@pytest.fixture
def studio(database: Database) -> Studio:
    return Studio(database)


# Who is asked


def test_the_first_one_is_asked_and_no_other(studio: Studio) -> None:
    a, b = studio.painter(), studio.painter()
    (kept,) = studio.draw(studio.chain((a, BLIND), (b, BLIND)))

    assert kept.id == studio.request.id
    assert (len(a.asked), len(b.asked)) == (1, 0)


@pytest.mark.parametrize(
    "error",
    [
        ProviderError("No.", code="bad_key", permanent=True),
        ProviderError("No.", code="rate_limited"),
        ProviderError("No.", code="not_a_picture"),
        ProviderTimeout("Late.", code="image_timeout"),
    ],
    ids=lambda error: error.code,
)
def test_whoever_fails_is_passed_over_and_that_is_said(studio: Studio, error: StoryfarmError) -> None:
    a, b = studio.painter(error), studio.painter()
    studio.draw(studio.chain((a, BLIND), (b, BLIND)))

    assert (len(a.asked), len(b.asked)) == (1, 1)
    assert "Another painter is asked." in studio.told


@pytest.mark.parametrize(
    "error",
    [
        ContentRefused("No."),
        OutOfSpace("Full."),
        ProviderError("The picture could not be kept.", code="storage_failed"),
        ProviderError("The storage is full.", code="out_of_space"),
        StoryfarmError("The database does not take anything.", code="database_stuck"),
    ],
    ids=lambda error: error.code,
)
def test_what_another_painter_cannot_help_ends_it_and_blames_nobody(
    studio: Studio, error: StoryfarmError
) -> None:
    a, b = studio.painter(error), studio.painter()
    chain = studio.chain((a, BLIND), (b, BLIND))
    for _ in range(4):
        with pytest.raises(type(error)) as raised:
            studio.draw(chain)
        assert raised.value is error

    assert (len(a.asked), len(b.asked)) == (4, 0)
    assert chain.states()["a"] == {"state": "closed"}


def test_a_bug_is_not_passed_over(studio: Studio) -> None:
    b = studio.painter()
    with pytest.raises(KeyError):
        studio.draw(studio.chain((studio.painter(KeyError("bug")), BLIND), (b, BLIND)))

    assert b.asked == []


def test_the_first_one_leaves_time_for_the_others(studio: Studio) -> None:
    a, b = studio.painter(ProviderError("No.")), studio.painter()
    studio.draw(studio.chain((a, BLIND), (b, BLIND)))

    assert a.seconds == [pytest.approx(60, abs=20)]
    assert b.seconds[0] > a.seconds[0]


def test_the_failure_of_all_tells_what_each_of_them_said(studio: Studio) -> None:
    a, b = studio.painter(ProviderError("No key.", code="bad_key")), studio.painter(ProviderTimeout("Late."))
    with pytest.raises(ProviderError) as raised:
        studio.draw(studio.chain((a, BLIND), (b, BLIND)))

    assert raised.value.code == "all_failed"
    assert [each["code"] for each in raised.value.members["attempts"]] == ["bad_key", "timeout"]


def test_whoever_fails_again_and_again_is_left_alone_for_a_while(studio: Studio) -> None:
    a, b = studio.painter(ProviderError("No.", code="unreachable")), studio.painter()
    chain = studio.chain((a, BLIND), (b, BLIND))
    for _ in range(5):
        studio.draw(chain, id=new_id())

    assert (len(a.asked), len(b.asked)) == (3, 5)
    assert chain.states()["a"]["state"] == "open"

    chain.reset()
    studio.draw(chain, id=new_id())
    assert len(a.asked) == 4


# By what they can do


def test_with_nobody_at_all_that_is_said(studio: Studio) -> None:
    with pytest.raises(ProviderError) as raised:
        studio.draw(studio.chain())

    assert raised.value.code == "no_provider"


def test_one_that_sees_gets_the_references_themselves(studio: Studio) -> None:
    editor = studio.painter()
    studio.draw(studio.chain((editor, SEES)), references=(reference(),))

    assert editor.asked[0].references == (reference(),)
    assert editor.asked[0].prompt == "A dog."
    assert studio.described == []
    assert studio.attempts()[0].likeness == "picture"


def test_one_that_does_not_see_gets_them_in_words(studio: Studio) -> None:
    blind = studio.painter()
    studio.draw(studio.chain((blind, BLIND)), references=(reference(), reference("Rex", "red")))

    assert blind.asked[0].references == ()
    assert blind.asked[0].prompt == "A dog. Mia looks like this: small. Rex looks like this: small."
    assert studio.attempts()[0].likeness == "words"


def test_each_one_gets_what_it_can_take(studio: Studio) -> None:
    sees, blind = studio.painter(ProviderError("No.")), studio.painter()
    studio.draw(studio.chain((sees, SEES), (blind, BLIND)), references=(reference(),))

    assert sees.asked[0].references
    assert not blind.asked[0].references
    assert [attempt.likeness for attempt in studio.attempts()] == ["picture", "words"]


@pytest.mark.parametrize("error", [ContentRefused("No."), ProviderError("No.")], ids=lambda error: error.code)
def test_what_nobody_can_put_into_words_is_drawn_without(studio: Studio, error: StoryfarmError) -> None:
    blind = studio.painter()
    studio.speechless = error
    studio.draw(studio.chain((blind, BLIND)), references=(reference(),))

    assert blind.asked[0].prompt == "A dog."
    assert studio.attempts()[0].likeness == "none"


def test_without_references_there_is_no_likeness(studio: Studio) -> None:
    studio.draw(studio.chain((studio.painter(), SEES)))

    assert studio.attempts()[0].likeness == "none"
    assert studio.described == []


def test_a_transparent_background_is_asked_of_those_who_can(studio: Studio) -> None:
    plain, clear = studio.painter(), studio.painter()
    studio.draw(studio.chain((plain, BLIND), (clear, CLEAR)), background="transparent")

    assert (len(plain.asked), clear.asked[0].background) == (0, "transparent")


def test_where_nobody_can_leave_out_the_background_there_is_one(studio: Studio) -> None:
    plain = studio.painter()
    studio.draw(studio.chain((plain, BLIND)), background="transparent")

    assert plain.asked[0].background == ""


# What is recorded


def test_a_call_is_recorded_before_it_is_made(studio: Studio) -> None:
    a = studio.painter()
    studio.draw(studio.chain((a, BLIND)))
    (before,), (after,) = a.recorded, studio.attempts()

    assert (before.state, before.provider, before.model, before.ended_at) == ("begun", "a", "painter-a", None)
    assert (before.job_id, before.request_id) == (studio.request.job_id, studio.request.id)
    assert a.asked[0].attempt == before.id == after.id
    assert (after.state, after.error) == ("done", None)
    assert after.ended_at
    assert after.ended_at >= after.started_at


def test_each_failure_is_recorded_with_its_call(studio: Studio) -> None:
    a, b = studio.painter(ProviderError("No key.", code="bad_key")), studio.painter()
    studio.draw(studio.chain((a, BLIND), (b, BLIND)))
    first, second = studio.attempts()

    assert (first.state, second.state) == ("failed", "done")
    assert first.error
    assert first.error["code"] == "bad_key"
    assert first.ended_at
    assert first.public() == {
        "provider": "a",
        "model": "painter-a",
        "state": "failed",
        "error": {"code": "bad_key", "detail": "No key."},
    }


def test_one_that_is_left_alone_is_not_recorded_as_called(studio: Studio) -> None:
    a, b = studio.painter(), studio.painter()
    chain = studio.chain((a, BLIND), (b, BLIND))
    with pytest.raises(ProviderError), chain.links[0].circuit.call():
        raise ProviderError("No.", code="bad_key")
    studio.draw(chain)

    assert [attempt.provider for attempt in studio.attempts()] == ["b"]


def test_a_picture_that_was_kept_earlier_is_not_paid_for_again(studio: Studio) -> None:
    a = studio.painter()
    chain = studio.chain((a, BLIND))
    first = studio.draw(chain)
    again = studio.draw(chain)

    assert len(a.asked) == 1
    assert [kept.id for kept in again] == [kept.id for kept in first]


def test_a_picture_for_another_wish_of_the_job_is_not_taken_for_this_one(studio: Studio) -> None:
    a = studio.painter()
    chain = studio.chain((a, BLIND))
    studio.draw(chain)
    studio.draw(chain, id=new_id())

    assert len(a.asked) == 2


def test_whoever_has_begun_it_before_a_crash_goes_on_with_it(studio: Studio) -> None:
    a, b = studio.painter(), studio.painter()
    goes_on = Capabilities(resumes=True)
    chain = studio.chain((a, BLIND), (b, goes_on))
    request_id = new_id()
    begun = attempts.new(request_id, studio.request.job_id, provider="b", model="painter", likeness="none")
    Ledger(studio.database).write(lambda tx: attempts.insert(tx, begun))

    studio.draw(chain, id=request_id)

    assert (len(a.asked), len(b.asked)) == (0, 1)


def test_a_call_that_was_cut_off_counts_and_the_picture_is_asked_for_again(studio: Studio) -> None:
    a = studio.painter()
    chain = studio.chain((a, BLIND))
    begun = attempts.new(
        studio.request.id, studio.request.job_id, provider="a", model="painter", likeness="none"
    )
    studio.ledger.write(lambda tx: attempts.insert(tx, begun))

    studio.draw(chain)
    studio.draw(chain)

    assert len(a.asked) == 1
    assert studio.cut_off == [begun.id]
    first, again = studio.attempts()
    assert (first.state, first.error and first.error["code"], again.state) == ("failed", "cut_off", "done")


def test_a_call_whose_end_is_written_in_that_moment_does_not_count_again(studio: Studio) -> None:
    begun = attempts.new(
        studio.request.id, studio.request.job_id, provider="a", model="painter", likeness="none"
    )
    studio.ledger.write(lambda tx: attempts.insert(tx, begun))
    studio.draw(studio.chain((studio.painter(), BLIND)))
    with studio.database.write() as tx:  # whoever was thought to be gone comes to its end
        is_first = attempts.note(tx, begun.id, cost=0.1)
        is_ended = attempts.end(tx, begun.id, attempts.DONE)

    assert (is_first, is_ended) == (False, False)
    assert studio.cut_off == [begun.id]
    assert studio.attempts()[0].state == "failed"


def test_a_caller_that_goes_away_blames_nobody(studio: Studio) -> None:
    class Lost(Exception):
        pass

    a, b = studio.painter(Lost()), studio.painter()
    chain = studio.chain((a, BLIND), (b, BLIND))
    for _ in range(4):
        with pytest.raises(Lost):
            studio.draw(chain)

    assert chain.states()["a"] == {"state": "closed"}
    assert b.asked == []


def test_many_pictures_at_once_have_a_record_each(studio: Studio) -> None:
    a = studio.painter()
    chain = studio.chain((a, BLIND))
    ids = [new_id() for _ in range(8)]
    threads = [threading.Thread(target=studio.draw, args=(chain,), kwargs={"id": each}) for each in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert [[attempt.state for attempt in studio.attempts(each)] for each in ids] == [["done"]] * 8
