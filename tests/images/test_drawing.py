"""Pictures of an image model: asked for, checked, kept, recorded, and paid for once."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from prometheus_client import REGISTRY

from database import Database
from errors import ContentRefused, OutOfSpace, ProviderError, StoryfarmError
from images import attempts, records
from images.attempts import Attempt
from images.drawing import DrawingProvider, Drawn, OnPartial
from images.editing import check_image
from images.provider import ImageRequest, Progress, Reference, name_of
from images.records import Picture
from images.storage import open_storage
from ledger import Ledger
from prices import Prices
from tests.support import start_job
from text.model import Usage
from utils import new_id


def encoded(form: str = "PNG", colour: str = "green", size: tuple[int, int] = (6, 4)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, form)
    return buffer.getvalue()


class Api:
    """An ImageApi that shows `partials`, and then gives `drawn`, or fails."""

    def __init__(self) -> None:
        self.drawn = Drawn(encoded(), "painter-2026-08-01", Usage(1000, 500))
        self.partials: list[bytes] = []
        self.error: Exception | None = None
        self.asked: list[dict[str, Any]] = []

    def draw(
        self,
        prompt: str,
        *,
        references: Sequence[Reference],
        size: str,
        background: str,
        deadline: float,
        on_partial: OnPartial,
    ) -> Drawn:
        self.asked.append(
            {
                "prompt": prompt,
                "references": references,
                "size": size,
                "background": background,
                "seconds": deadline - time.monotonic(),
            }
        )
        for content in self.partials:
            on_partial(content)
        if self.error:
            raise self.error
        return self.drawn


class Studio:
    """A provider with all around it; `told` is its progress, `kept` how often it said that it kept one."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder / "images"
        self.storage = open_storage("", folder)
        self.api = Api()
        self.told: list[Progress] = []
        self.kept = 0
        self.counted: list[tuple[str, float]] = []
        self.provider = DrawingProvider(
            "openai",
            self.api,
            self.storage,
            Ledger(database),
            Prices({"painter": (10.0, 20.0)}),
            seconds=180,
            kept=self._count,
            count=lambda _tx, request, cost: self.counted.append((request.id, cost)),
        )
        with database.write() as tx:
            job = start_job(tx)
            attempt = attempts.new(new_id(), job.id, provider="openai", model="painter", likeness="none")
            attempts.insert(tx, attempt)
        self.request = ImageRequest(
            id=attempt.request_id, job_id=job.id, prompt="A dog.", size="1024x1024", attempt=attempt.id
        )

    @property
    def name(self) -> str:
        """What this provider's picture is called."""
        return name_of(self.request, "openai")

    def _count(self) -> None:
        self.kept += 1

    def draw(self, *, seconds: float = 60.0, **changes: Any) -> tuple[Picture, ...]:
        return self.provider.generate(
            replace(self.request, **changes),
            deadline=time.monotonic() + seconds,
            on_progress=self.told.append,
        )

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def rows(self) -> tuple[Picture, ...]:
        with self.database.read() as tx:
            return records.of_job(tx, self.request.job_id)

    def attempt(self) -> Attempt:
        with self.database.read() as tx:
            (found,) = attempts.of_request(tx, self.request.id)
            return found


@pytest.fixture
def studio(database: Database, tmp_path: Path) -> Studio:
    return Studio(database, tmp_path)


def test_a_picture_is_kept_under_its_wishs_own_name_and_recorded(studio: Studio) -> None:
    (picture,) = studio.draw(alt="A dog, seen from the side")

    assert picture.file == f"{studio.name}.png"
    assert studio.storage.get(picture.file) == studio.api.drawn.content
    assert studio.rows() == (picture,)
    assert (picture.id, picture.role, picture.position) == (studio.name, "picture", None)
    assert (picture.mime, picture.width, picture.height) == ("image/png", 6, 4)
    assert picture.size_bytes == len(studio.api.drawn.content)
    assert (picture.provider, picture.model) == ("openai", "painter-2026-08-01")
    assert picture.alt == "A dog, seen from the side"
    assert studio.kept == 1


@pytest.mark.parametrize(("form", "ending"), [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp")])
def test_a_pictures_type_is_read_from_its_bytes(studio: Studio, form: str, ending: str) -> None:
    studio.api.drawn = replace(studio.api.drawn, content=encoded(form))
    (picture,) = studio.draw()

    assert picture.file.endswith(f".{ending}")


def test_the_model_is_told_all_that_was_wished(studio: Studio) -> None:
    seen = Reference("Mia", check_image(encoded()))
    studio.draw(style="ink on paper", references=(seen,), background="transparent")
    (asked,) = studio.api.asked

    assert asked["prompt"] == "A dog.\nStyle: ink on paper"
    assert (asked["references"], asked["size"], asked["background"]) == ((seen,), "1024x1024", "transparent")
    assert studio.rows()[0].prompt == "A dog.\nStyle: ink on paper"


def test_without_words_for_others_the_prompt_is_what_it_shows(studio: Studio) -> None:
    (picture,) = studio.draw(prompt="word " * 200)

    assert picture.alt.startswith("word word")
    assert len(picture.alt) <= 300


def test_one_picture_gets_no_more_time_than_one_may_take(studio: Studio) -> None:
    studio.draw(seconds=3600)
    studio.draw(seconds=20, id=new_id())
    long, short = (asked["seconds"] for asked in studio.api.asked)

    assert 20 < long <= 180
    assert short <= 20


def test_what_it_took_and_cost_is_recorded_and_counted(studio: Studio) -> None:
    labels = {"provider": "openai", "model": "painter-2026-08-01"}
    before = REGISTRY.get_sample_value("storyfarm_cost_dollars_total", labels) or 0.0
    studio.draw()
    attempt = studio.attempt()

    assert (attempt.prompt_tokens, attempt.completion_tokens) == (1000, 500)
    assert attempt.cost == pytest.approx(0.02)
    assert attempt.model == "painter-2026-08-01"
    assert REGISTRY.get_sample_value("storyfarm_cost_dollars_total", labels) == pytest.approx(before + 0.02)


def test_the_cost_of_an_unknown_model_is_unknown(studio: Studio) -> None:
    studio.api.drawn = replace(studio.api.drawn, model="other")
    studio.draw()

    assert studio.attempt().cost is None
    assert studio.counted == [(studio.request.id, 0.0)]


def test_every_drawing_is_counted_for_its_job_even_one_that_is_no_picture(studio: Studio) -> None:
    studio.draw()
    studio.api.drawn = replace(studio.api.drawn, content=b"no picture")
    with pytest.raises(ProviderError):
        studio.draw()

    assert [request_id for request_id, _ in studio.counted] == [studio.request.id] * 2
    assert [cost for _, cost in studio.counted] == pytest.approx([0.02, 0.02])


def test_without_a_record_of_the_call_the_picture_is_kept_all_the_same(studio: Studio) -> None:
    (picture,) = studio.draw(attempt="")

    assert studio.rows() == (picture,)
    assert studio.attempt().cost is None


@pytest.mark.parametrize("content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", encoded()[:40]])
def test_what_is_no_picture_was_paid_for_and_is_a_failure(studio: Studio, content: bytes) -> None:
    studio.api.drawn = replace(studio.api.drawn, content=content)
    with pytest.raises(ProviderError) as raised:
        studio.draw()

    assert raised.value.code == "not_a_picture"
    assert studio.attempt().cost == pytest.approx(0.02)
    assert (studio.files(), studio.rows(), studio.kept) == ([], (), 0)


def test_a_picture_that_cannot_be_kept_was_paid_for_and_has_no_row(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_name: str, _content: bytes) -> None:
        raise OutOfSpace("Full.")

    monkeypatch.setattr(studio.storage, "put", full)
    with pytest.raises(OutOfSpace):
        studio.draw()

    assert studio.attempt().cost == pytest.approx(0.02)
    assert studio.rows() == ()


@pytest.mark.parametrize("error", [ContentRefused("No."), ProviderError("No.")], ids=lambda error: error.code)
def test_a_failure_keeps_nothing_and_is_told_unchanged(studio: Studio, error: StoryfarmError) -> None:
    studio.api.partials, studio.api.error = [encoded()], error
    with pytest.raises(type(error)) as raised:
        studio.draw()

    assert raised.value is error
    assert (studio.files(), studio.rows(), studio.kept) == ([], (), 0)


# Unfinished states


def test_unfinished_states_are_shown_and_removed_when_the_picture_is_there(studio: Studio) -> None:
    studio.api.partials = [encoded(colour="red"), encoded("JPEG", "blue")]
    shown: list[tuple[int | None, bytes]] = []

    def look(progress: Progress) -> None:
        if progress.preview:
            name = progress.preview.removeprefix("/images/")
            shown.append((progress.percent, studio.storage.get(name)))

    studio.provider.generate(studio.request, deadline=time.monotonic() + 60, on_progress=look)

    assert shown == [(33, studio.api.partials[0]), (67, studio.api.partials[1])]
    assert studio.files() == [f"{studio.name}.png"]


def test_before_the_first_state_it_is_said_that_it_is_painted(studio: Studio) -> None:
    studio.draw()

    assert studio.told == [Progress(None, "The picture is being painted.")]


def test_no_more_states_are_shown_than_were_asked_for(studio: Studio) -> None:
    studio.api.partials = [encoded()] * 5
    studio.draw()

    assert len([progress for progress in studio.told if progress.preview]) == 2
    assert studio.files() == [f"{studio.name}.png"]


def test_a_state_that_is_no_picture_is_not_shown_and_does_no_harm(studio: Studio) -> None:
    studio.api.partials = [b"<svg/>", b"", encoded()]
    studio.draw()

    assert [progress.percent for progress in studio.told if progress.preview] == [33]
    assert studio.files() == [f"{studio.name}.png"]


def test_whatever_becomes_of_the_job_a_picture_that_is_being_drawn_is_kept(studio: Studio) -> None:
    class Lost(Exception):
        pass

    def leave(progress: Progress) -> None:
        if progress.preview:
            raise Lost

    studio.api.partials = [encoded()]
    studio.provider.generate(studio.request, deadline=time.monotonic() + 60, on_progress=leave)

    assert studio.files() == [f"{studio.name}.png"]


def test_a_state_that_cannot_be_removed_does_not_cost_the_picture(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_path: Path, **_options: bool) -> None:
        raise PermissionError

    monkeypatch.setattr("pathlib.Path.unlink", fail)
    studio.api.partials = [encoded()]

    assert len(studio.draw()) == 1
    assert len(studio.files()) == 2
