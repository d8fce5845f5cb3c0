"""Putting reference pictures into words: once for each picture, whoever asks."""

from __future__ import annotations

import base64
import io
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from database import Database
from errors import ContentRefused, ProviderError, StoryfarmError
from images.describing import Describer, forget_old
from images.editing import check_image
from images.provider import Reference
from ledger import Ledger
from tables import descriptors
from text.model import Completion, Message, Outcome, Schema
from utils import remaining

SECONDS = 60.0


def reference(name: str = "Mia", *, colour: str = "green", size: tuple[int, int] = (9, 9)) -> Reference:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return Reference(name, check_image(buffer.getvalue()))


class Model:
    """A TextModel that says `text`; `before` is called first."""

    def __init__(self, text: str = "A small girl with a red cap.", outcome: Outcome = Outcome.DONE) -> None:
        self.text, self.outcome = text, outcome
        self.before: Callable[[], None] = lambda: None
        self.error: StoryfarmError | None = None
        self.asked: list[Sequence[Message]] = []
        self.deadline = 0.0

    def complete(
        self, messages: Sequence[Message], *, schema: Schema | None = None, max_tokens: int, deadline: float
    ) -> Completion:
        self.asked.append(messages)
        self.deadline = deadline
        self.before()
        if self.error:
            raise self.error
        return Completion(text=self.text, outcome=self.outcome, provider="a", model="teller")

    def stream(self, *_args: Any, **_kwargs: Any) -> Any:
        raise NotImplementedError


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
def describer(model: Model, database: Database) -> Describer:
    return Describer(model, database, Ledger(database))


def describe(describer: Describer, wanted: Reference | None = None, *, seconds: float = SECONDS) -> str:
    return describer.describe(wanted or reference(), time.monotonic() + seconds)


def kept(database: Database) -> list[Any]:
    with database.read() as tx:
        return list(tx.execute(select(descriptors)))


def test_a_picture_is_put_into_words_with_its_name(describer: Describer, database: Database) -> None:
    assert describe(describer) == "Mia looks like this: A small girl with a red cap."
    (row,) = kept(database)
    assert (row.sha256, row.text, row.model) == (
        reference().image.sha256,
        "A small girl with a red cap.",
        "teller",
    )


def test_the_model_sees_the_picture_made_small(describer: Describer, model: Model) -> None:
    describe(describer, reference(size=(3000, 1500)))
    ((system, user),) = model.asked

    assert system["role"] == "system"
    words, seen = user["content"]
    assert "Mia" in words["text"]
    head, _, content = seen["image_url"]["url"].partition(",")
    assert head == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(content))) as image:
        assert image.size == (768, 384)


def test_the_same_picture_is_described_once_whatever_it_is_called(
    describer: Describer, model: Model, database: Database
) -> None:
    describe(describer)
    later = Describer(model, database, Ledger(database))

    assert describe(later, reference("Lina")) == "Lina looks like this: A small girl with a red cap."
    assert len(model.asked) == 1


def test_each_picture_is_described_for_itself(describer: Describer, model: Model) -> None:
    describe(describer)
    describe(describer, reference(colour="red"))

    assert len(model.asked) == 2


def together(describer: Describer, count: int) -> tuple[list[str], list[StoryfarmError]]:
    """What `count` threads get that ask for the same picture."""
    said: list[str] = []
    failed: list[StoryfarmError] = []

    def ask() -> None:
        try:
            said.append(describe(describer))
        except StoryfarmError as error:
            failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return said, failed


def test_of_many_who_need_it_at_once_one_pays(describer: Describer, model: Model) -> None:
    is_asked, may_answer = threading.Event(), threading.Event()

    def wait() -> None:
        is_asked.set()
        assert may_answer.wait(30)

    model.before = wait
    first = threading.Thread(target=describe, args=(describer,))
    first.start()
    assert is_asked.wait(30)
    others = threading.Thread(target=together, args=(describer, 8))
    others.start()
    may_answer.set()
    first.join(30)
    others.join(30)

    assert len(model.asked) == 1


def test_whoever_comes_while_the_next_one_asks_after_a_failure_waits_too(
    describer: Describer, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_line = threading.Semaphore(0)
    is_asked = [threading.Event(), threading.Event()]
    may_fail = [threading.Event(), threading.Event()]

    def coming(deadline: float) -> float:
        in_line.release()
        return remaining(deadline)

    def wait() -> None:
        number = len(model.asked) - 1
        is_asked[number].set()
        assert may_fail[number].wait(30)

    monkeypatch.setattr("images.describing.remaining", coming)
    model.before, model.error = wait, ProviderError("No.", code="unreachable")
    first, second = (threading.Thread(target=together, args=(describer, 1)) for _ in range(2))
    first.start()
    assert is_asked[0].wait(30)
    second.start()
    assert in_line.acquire(timeout=30)
    assert in_line.acquire(timeout=30)
    may_fail[0].set()
    first.join(30)
    assert is_asked[1].wait(30)

    assert describe(describer, seconds=0) == ""
    may_fail[1].set()
    second.join(30)
    assert len(model.asked) == 2


def test_a_failure_is_told_and_the_next_one_asks_again(describer: Describer, model: Model) -> None:
    model.error = ProviderError("No.", code="unreachable")
    with pytest.raises(ProviderError):
        describe(describer)
    model.error = None

    assert describe(describer)
    assert len(model.asked) == 2


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.FILTERED])
def test_a_refusal_is_told_and_never_taken_for_a_description(
    describer: Describer, model: Model, database: Database, outcome: Outcome
) -> None:
    model.outcome = outcome
    with pytest.raises(ContentRefused):
        describe(describer)

    assert kept(database) == []


@pytest.mark.parametrize("text", ["", "  \n ", "\u200b"])
def test_saying_nothing_is_a_failure(
    describer: Describer, model: Model, database: Database, text: str
) -> None:
    model.text = text
    with pytest.raises(ProviderError) as raised:
        describe(describer)

    assert raised.value.code == "bad_answer"
    assert kept(database) == []


def test_words_become_one_short_line_that_can_be_written(
    describer: Describer, model: Model, database: Database
) -> None:
    model.text = "A dog\ud83d\nwith\u202e spots. " + "Very long. " * 200
    words = describe(describer).removeprefix("Mia looks like this: ")

    assert len(words) <= 600
    assert words.startswith("A dog")
    assert words.isprintable()
    assert kept(database)[0].text == words


def test_whoever_cannot_wait_for_the_other_goes_without_words(describer: Describer, model: Model) -> None:
    is_asked, may_answer = threading.Event(), threading.Event()

    def wait() -> None:
        is_asked.set()
        assert may_answer.wait(30)

    model.before = wait
    first = threading.Thread(target=describe, args=(describer,))
    first.start()
    assert is_asked.wait(30)

    assert describe(describer, seconds=0) == ""
    may_answer.set()
    first.join(30)
    assert len(model.asked) == 1


def test_the_model_gets_less_time_than_there_is(describer: Describer, model: Model) -> None:
    before = time.monotonic()
    describe(describer, seconds=3600)

    assert model.deadline < before + 3600 / 2


def test_another_process_that_was_faster_does_no_harm(
    describer: Describer, model: Model, database: Database
) -> None:
    row = {"sha256": reference().image.sha256, "text": "Theirs.", "model": "x", "created_at": time.time()}

    def overtake() -> None:
        with database.write() as tx:
            tx.execute(descriptors.insert(), row)

    model.before = overtake

    assert describe(describer).endswith("A small girl with a red cap.")
    assert [row.text for row in kept(database)] == ["Theirs."]


def test_descriptions_are_forgotten_after_half_a_year(describer: Describer, database: Database) -> None:
    describe(describer)
    describe(describer, reference(colour="red"))
    with database.write() as tx:
        forget_old(tx)
    assert len(kept(database)) == 2
    with database.write() as tx:
        tx.execute(
            descriptors.update()
            .where(descriptors.c.sha256 == reference().image.sha256)
            .values(created_at=time.time() - 181 * 86_400)
        )
        forget_old(tx)

    assert [row.sha256 for row in kept(database)] == [reference(colour="red").image.sha256]
