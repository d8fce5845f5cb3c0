"""Bringing captured pictures home: fetched, checked, cut in four, kept once."""

from __future__ import annotations

import io
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import responses
from PIL import Image

from database import Database
from errors import NotFound, OutOfSpace
from images import records
from images.fetching import Fetcher
from images.records import Picture
from images.storage import Storage, open_storage
from jobs.notifier import Notifier
from ledger import Ledger
from midjourney import commands
from midjourney.captures import topic
from midjourney.commands import CommandRecord, CommandState
from midjourney.keeping import Keeper
from tests.support import start_job

ID = "0123456789abcdef0123456789abcdef"
URL = "https://cdn.discordapp.com/attachments/1/2/dog.png"
COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))
SECONDS = 20.0


def png(size: tuple[int, int] = (8, 8)) -> bytes:
    """A grid of four colours."""
    image = Image.new("RGB", size)
    for number, colour in enumerate(COLOURS):
        left, top = number % 2 * size[0] // 2, number // 2 * size[1] // 2
        image.paste(colour, (left, top, left + size[0] // 2, top + size[1] // 2))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def bomb(width: int, height: int) -> bytes:
    """The beginning of a PNG that claims this size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    checked = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + checked + struct.pack(">I", 10) + b"IDAT" + bytes(14)


class Home:
    """A keeper with all around it; `told` holds what it told."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.notifier = Notifier()
        self.storage: Storage = open_storage("", folder)
        self.told: list[tuple[str, bool]] = []
        self.counted: list[tuple[str, str]] = []
        self.keeper = Keeper(
            database,
            Ledger(database),
            self.notifier,
            Fetcher(["cdn.discordapp.com"]),
            self.storage,
            told=lambda id, kept: self.told.append((id, kept)),
            count=lambda _tx, job_id, id: self.counted.append((job_id, id)),
        )

    def captured(self, *, is_grid: bool = True, url: str = URL) -> str:
        """A command whose picture is known; gives its job's id."""
        with self.database.write() as tx:
            job_id = start_job(tx).id
            record = CommandRecord(
                id=ID,
                job_id=job_id,
                state=CommandState.CAPTURED,
                seed=7,
                prompt="a dog --ar 1:1 --seed 7",
                line="/imagine prompt: a dog --ar 1:1 --seed 7",
                source_url=url,
                is_grid=int(is_grid),
                created_at=time.time(),
            )
            commands.insert(tx, record)
        return job_id

    def collect(self) -> CommandRecord:
        """Collect, and wait until that has come to an end."""
        with self.notifier.listen(topic(ID)) as waiter:
            self.keeper.collect(ID)
            assert waiter.wait(time.monotonic() + SECONDS), "Nobody was told."
        return self.finish()

    def finish(self) -> CommandRecord:
        """The command, once no thread works on it any more."""
        deadline = time.monotonic() + SECONDS
        while self.keeper._at_work:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        with self.database.read() as tx:
            record = commands.load(tx, ID)
        assert record is not None
        return record

    def pictures(self, job_id: str) -> tuple[Picture, ...]:
        with self.database.read() as tx:
            return records.of_job(tx, job_id)


@pytest.fixture
def home(database: Database, tmp_path: Path) -> Iterator[Home]:
    home = Home(database, tmp_path)
    yield home
    home.keeper.stop()


@pytest.fixture
def cdn() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def colour_of(content: bytes) -> object:
    with Image.open(io.BytesIO(content)) as image:
        return image.convert("RGB").getpixel((1, 1))


def test_a_grid_is_kept_whole_and_in_four(home: Home, cdn: responses.RequestsMock) -> None:
    cdn.get(URL, body=png())
    job_id = home.captured()
    record = home.collect()
    kept = home.pictures(job_id)

    assert record.state is CommandState.DONE
    assert home.told == [(ID, True)]
    assert [picture.role for picture in kept] == ["grid"] + ["picture"] * 4
    assert [picture.position for picture in kept] == [None, 1, 2, 3, 4]
    assert [picture.file for picture in kept] == [f"{ID}.png", *(f"{ID}-{n}.png" for n in range(1, 5))]
    assert [(picture.width, picture.height) for picture in kept] == [(8, 8)] + [(4, 4)] * 4
    assert [colour_of(home.storage.get(picture.file)) for picture in kept[1:]] == list(COLOURS)
    assert home.storage.get(f"{ID}.png") == png()
    assert {(p.alt, p.prompt, p.seed, p.source_url, p.provider) for p in kept} == {
        ("a dog", "a dog --ar 1:1 --seed 7", 7, URL, "midjourney")
    }


def test_a_grid_is_counted_once_however_often_it_is_kept(home: Home, cdn: responses.RequestsMock) -> None:
    cdn.get(URL, body=png())
    job_id = home.captured()
    with home.database.read() as tx:
        record = commands.load(tx, ID)
    assert record is not None
    for _ in range(2):  # the second time as a process does that was behind
        home.keeper.keep(record, deadline=time.monotonic() + SECONDS)

    assert home.counted == [(job_id, ID)]


def test_a_single_picture_is_kept_as_it_is(home: Home, cdn: responses.RequestsMock) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (5, 7)).save(buffer, "WEBP")
    cdn.get(URL, body=buffer.getvalue(), content_type="text/html")
    job_id = home.captured(is_grid=False)
    home.collect()
    (kept,) = home.pictures(job_id)

    assert (kept.role, kept.position, kept.file, kept.mime) == ("picture", None, f"{ID}.webp", "image/webp")
    assert (kept.width, kept.height) == (5, 7)
    assert home.storage.get(kept.file) == buffer.getvalue()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (
            {"body": b"<svg xmlns='http://www.w3.org/2000/svg'/>", "content_type": "image/png"},
            "not_a_picture",
        ),
        ({"body": png()[:60]}, "not_a_picture"),
        ({"body": b""}, "not_a_picture"),
        ({"status": 404}, "picture_gone"),
        ({"status": 403}, "picture_gone"),
        ({"status": 302, "headers": {"Location": "http://169.254.169.254/"}}, "picture_fetch"),
    ],
)
def test_what_will_never_be_a_picture_fails_the_command(
    home: Home, cdn: responses.RequestsMock, answer: dict[str, object], code: str
) -> None:
    cdn.get(URL, **answer)
    job_id = home.captured()
    record = home.collect()

    assert record.state is CommandState.FAILED
    assert record.error is not None
    assert record.error["code"] == code
    assert home.told == [(ID, False)]
    assert home.pictures(job_id) == ()
    assert len(cdn.calls) == 1


def test_a_picture_with_too_many_pixels_is_not_fetched_again_and_again(
    home: Home, cdn: responses.RequestsMock
) -> None:
    cdn.get(URL, body=bomb(10_000, 10_000))
    home.captured()
    record = home.collect()

    assert record.state is CommandState.FAILED
    assert record.error is not None
    assert record.error["code"] == "picture_too_large"


def test_a_picture_elsewhere_is_never_asked_for(home: Home, cdn: responses.RequestsMock) -> None:
    home.captured(url="https://evil.example/dog.png")
    record = home.collect()

    assert record.state is CommandState.FAILED
    assert len(cdn.calls) == 0


def test_an_address_that_cannot_be_read_fails_the_command(home: Home) -> None:
    home.captured(url="https://[cdn.discordapp.com/dog.png")

    assert home.collect().state is CommandState.FAILED


def test_a_full_storage_leaves_it_captured_and_it_is_kept_later(
    home: Home, cdn: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    cdn.get(URL, body=png())
    job_id = home.captured()

    def full(name: str, content: bytes) -> None:
        raise OutOfSpace("The storage is full.")

    with monkeypatch.context() as patch:
        patch.setattr(home.storage, "put", full)
        waiting = home.collect()
    assert waiting.state is CommandState.CAPTURED
    assert waiting.error is not None
    assert waiting.error["code"] == "out_of_space"
    assert home.pictures(job_id) == ()

    kept = home.collect()
    assert (kept.state, kept.error) == (CommandState.DONE, None)
    assert len(home.pictures(job_id)) == 5
    assert home.told == [(ID, False), (ID, True)]


def test_a_full_storage_half_way_leaves_no_half_of_a_picture_behind(
    home: Home, cdn: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    cdn.get(URL, body=png())
    job_id = home.captured()
    put, left = home.storage.put, [3]

    def filling(name: str, content: bytes) -> None:
        if left[0] == 0:
            raise OutOfSpace("The storage is full.")
        left[0] -= 1
        put(name, content)

    with monkeypatch.context() as patch:
        patch.setattr(home.storage, "put", filling)
        home.collect()
    assert home.pictures(job_id) == ()

    home.collect()
    assert len(home.pictures(job_id)) == 5


def test_an_ill_cdn_is_asked_again_and_then_later(
    home: Home, cdn: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _seconds: None)
    cdn.get(URL, status=503)
    home.captured()

    assert home.collect().state is CommandState.CAPTURED
    assert len(cdn.calls) == 3


def test_no_picture_is_fetched_twice_at_once_or_again(
    home: Home, cdn: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    cdn.get(URL, body=png())
    home.captured()
    asked, go_on = threading.Event(), threading.Event()
    put = home.storage.put

    def slow(name: str, content: bytes) -> None:
        asked.set()
        assert go_on.wait(SECONDS)
        put(name, content)

    monkeypatch.setattr(home.storage, "put", slow)
    home.keeper.collect(ID)
    assert asked.wait(SECONDS)
    home.keeper.collect(ID)
    home.keeper.collect(ID)
    go_on.set()
    home.finish()
    home.keeper.collect(ID)
    home.finish()

    assert len(cdn.calls) == 1
    assert home.told == [(ID, True)]


def test_an_unknown_command_is_let_be(home: Home) -> None:
    home.keeper.collect("f" * 32)
    home.keeper.stop()

    assert home.told == []
    with pytest.raises(NotFound):
        home.storage.get(f"{'f' * 32}.png")


def test_a_bug_with_one_picture_leaves_the_others_alone(
    home: Home, cdn: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    cdn.get(URL, body=png())
    home.captured()

    def broken(content: bytes) -> None:
        raise KeyError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr("midjourney.keeping.cut_grid", broken)
        assert home.collect().state is CommandState.CAPTURED

    assert home.collect().state is CommandState.DONE
