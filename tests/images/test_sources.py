"""The picture that a request points at: what may be pointed at, and what is never fetched."""

from __future__ import annotations

import base64
import http.server
import io
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from database import Database
from errors import Busy, InvalidRequest, ProviderError, ProviderTimeout, StoryfarmError, TooLarge
from images.sources import ImageSource, read_data_url
from images.storage import Folder
from images.uploads import MAX_BYTES, Upload, Uploads
from ledger import Ledger
from public_http import PublicHttp, fetch_picture

BASE = "https://farm.example"
FIELD = "character.imageUrl"
URL = "https://pictures.example/dog.png"
ID = "0123456789abcdef0123456789abcdef"


def encoded(form: str = "PNG", size: tuple[int, int] = (9, 6)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "green").save(buffer, form)
    return buffer.getvalue()


PICTURE = encoded()


class Internet:
    """Stands in for everything that can be fetched: gives `content`, or fails."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.content = PICTURE
        self.error: Exception | None = None

    def __call__(self, url: str, deadline: float) -> bytes:
        assert deadline > time.monotonic()
        self.asked.append(url)
        if self.error:
            raise self.error
        return self.content


@pytest.fixture
def internet() -> Internet:
    return Internet()


@pytest.fixture
def uploads(database: Database, tmp_path: Path) -> Uploads:
    return Uploads(database, Ledger(database), Folder(tmp_path / "images"))


@pytest.fixture
def source(uploads: Uploads, internet: Internet) -> ImageSource:
    return ImageSource(uploads, internet)


def get(source: ImageSource, url: str) -> Upload:
    return source.keep(url, owner="local", base_url=BASE, field=FIELD, deadline=time.monotonic() + 60)


def refusal(source: ImageSource, url: str) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as raised:
        get(source, url)
    assert raised.value.members["field"] == FIELD
    assert FIELD in raised.value.detail
    return raised.value


def data_url(content: bytes = PICTURE, head: str = "data:image/png;base64,") -> str:
    return head + base64.b64encode(content).decode()


# Uploads of ours


@pytest.mark.parametrize("base", ["", BASE])
def test_an_upload_is_read_whether_or_not_our_address_stands_before_it(
    source: ImageSource, uploads: Uploads, internet: Internet, base: str
) -> None:
    kept = uploads.keep(encoded("WEBP"), owner="local")

    assert get(source, base + kept.path).mime == "image/webp"
    assert internet.asked == []


def test_an_upload_that_is_not_kept_any_more_is_said_to_be_none(source: ImageSource) -> None:
    error = refusal(source, f"/uploads/{ID}.png")

    assert error.code == "no_such_upload"
    assert "too old" in error.detail


def test_an_upload_of_somebody_elses_service_is_fetched_like_any_picture(
    source: ImageSource, internet: Internet
) -> None:
    url = f"https://other.example/uploads/{ID}.png"
    get(source, url)

    assert internet.asked == [url]


@pytest.mark.parametrize(
    "url",
    [
        "/uploads/../../etc/passwd",
        f"/uploads/../images/{ID}.png",
        f"/uploads/{ID}.svg",
        f"/uploads/{ID}.png/",
        f"/uploads/{ID}.png\n",
        f"/uploads/{ID}.png?x=1",
        f"/images/{ID}.png",
        f"//farm.example/uploads/{ID}.png",
        f"uploads/{ID}.png",
        "../secret.png",
        "/etc/passwd",
        "file:///etc/passwd",
        "file:/etc/passwd",
        "ftp://pictures.example/dog.png",
        "gopher://pictures.example/",
        "http://pictures.example/dog.png",
        f"http://farm.example/uploads/{ID}.png",
        "javascript:alert(1)",
        "data:text/html,<script>",
        "data:image/svg+xml;base64,PHN2Zz4=",
        "data:image/gif;base64,R0lGODlh",
        "dog.png",
        " https://pictures.example/dog.png",
        "https:" + "/" * 3000,
        "",
    ],
)
def test_what_is_neither_an_upload_nor_data_nor_https_is_never_fetched(
    source: ImageSource, internet: Internet, url: str
) -> None:
    assert refusal(source, url).code == "invalid_field"
    assert internet.asked == []


# Data URLs


@pytest.mark.parametrize("kind", ["png", "jpeg", "jpg", "webp", "PNG"])
def test_a_data_url_is_read_by_its_bytes_whatever_it_says(source: ImageSource, kind: str) -> None:
    assert get(source, data_url(encoded("JPEG"), f"data:image/{kind};base64,")).mime == "image/jpeg"


def test_a_data_url_may_be_percent_encoded(source: ImageSource) -> None:
    url = "data:image/png," + "".join(f"%{byte:02x}" for byte in PICTURE)

    assert get(source, url).width == 9


@pytest.mark.parametrize("body", ["not base64!", "a", "====", "iVBO\nRw0K", "é"])
def test_a_data_url_without_base64_is_refused(source: ImageSource, body: str) -> None:
    assert refusal(source, f"data:image/png;base64,{body}").code == "invalid_field"


@pytest.mark.parametrize("content", [b"", b"<svg/>", PICTURE[:40]])
def test_a_data_url_of_something_else_is_refused(source: ImageSource, content: bytes) -> None:
    assert refusal(source, data_url(content)).code == "not_a_picture"


def test_a_data_url_that_is_too_large_is_refused(source: ImageSource) -> None:
    assert isinstance(refusal(source, data_url(bytes(MAX_BYTES + 1))), TooLarge)


@pytest.mark.parametrize("url", ["dog.png", "data:,", "data:text/plain,x", "data:image/png", ""])
def test_what_is_no_data_url_of_a_picture_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        read_data_url(url, "file")

    assert raised.value.members["field"] == "file"


# Addresses on the internet


@pytest.mark.parametrize("url", [URL, "HTTPS://pictures.example/dog"])
def test_a_picture_on_the_internet_is_fetched_and_encoded_anew(
    source: ImageSource, uploads: Uploads, internet: Internet, url: str
) -> None:
    internet.content = PICTURE + b"<script>"

    kept = get(source, url)

    assert b"<script>" not in uploads.content(kept.file)
    assert internet.asked == [url]


def test_something_else_on_the_internet_is_refused(source: ImageSource, internet: Internet) -> None:
    internet.content = b"<!doctype html>"

    assert refusal(source, URL).code == "not_a_picture"


def test_a_picture_on_the_internet_that_is_too_large_is_refused(
    source: ImageSource, internet: Internet
) -> None:
    internet.content = PICTURE + bytes(MAX_BYTES)

    assert isinstance(refusal(source, URL), TooLarge)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ValueError("must name a host on the public internet"), "invalid_field"),
        (ProviderError("The picture could not be fetched.", code="picture_fetch"), "picture_fetch"),
        (ProviderTimeout("The picture did not arrive in time.", code="image_timeout"), "image_timeout"),
    ],
)
def test_what_cannot_be_fetched_is_a_fault_of_the_request(
    source: ImageSource, internet: Internet, error: Exception, code: str
) -> None:
    internet.error = error
    fault = refusal(source, URL)

    assert fault.code == code
    assert str(error) in fault.detail


# Fetching itself


class Server(http.server.ThreadingHTTPServer):
    """Answers every GET with `answer`: (status, headers, body)."""

    daemon_threads = True
    answer: tuple[int, dict[str, str], bytes] = (200, {}, PICTURE)

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/dog.png"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        status, headers, body = self.server.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def fetch(url: str, *, allow_private: bool = True, most_bytes: int = 100_000, seconds: float = 30) -> bytes:
    sender = PublicHttp(allow_private=allow_private, most_bytes=most_bytes)
    return fetch_picture(sender, url, time.monotonic() + seconds)


def fault(url: str, **how: Any) -> StoryfarmError:
    with pytest.raises(StoryfarmError) as raised:
        fetch(url, **how)
    return raised.value


def test_the_bytes_are_fetched(server: Server) -> None:
    assert fetch(server.url) == PICTURE
    assert server.asked == ["/dog.png"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(server: Server, status: int) -> None:
    server.answer = (status, {"Location": "/secret", "Content-Length": "0"}, b"")

    assert fault(server.url).code == "picture_fetch"
    assert server.asked == ["/dog.png"]


@pytest.mark.parametrize("status", [204, 403, 404, 500, 503])
def test_any_other_answer_is_a_failure_that_tells_the_status(server: Server, status: int) -> None:
    server.answer = (status, {"Content-Length": "0"}, b"")

    assert str(status) in fault(server.url).detail


def test_more_bytes_than_are_taken_are_not_read(server: Server) -> None:
    server.answer = (200, {"Content-Length": "50000"}, bytes(50_000))

    assert fault(server.url, most_bytes=10_000).code == "picture_fetch"


def test_a_length_that_is_not_told_does_not_let_more_in(server: Server) -> None:
    server.answer = (200, {}, bytes(50_000))

    assert len(fetch(server.url, most_bytes=10_000)) < 10_000


def test_an_answer_that_breaks_off_is_a_failure(server: Server) -> None:
    server.answer = (200, {"Content-Length": "5000"}, bytes(100))

    assert fault(server.url).code == "picture_fetch"


def test_without_any_time_left_it_is_a_timeout(server: Server) -> None:
    error = fault(server.url, seconds=0)

    assert isinstance(error, ProviderTimeout)
    assert error.code == "image_timeout"


def test_a_server_that_is_not_there_is_a_failure() -> None:
    assert fault("http://127.0.0.1:1/dog.png").code == "picture_fetch"


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/dog.png",
        "https://2130706433/dog.png",
        "https://0x7f.1/dog.png",
        "https://[::1]/dog.png",
        "https://[::ffff:10.0.0.1]/dog.png",
        "https://10.0.0.1/dog.png",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/dog.png",
        "https://metadata.google.internal/",
        "https://user:password@pictures.example/dog.png",
        "https://pictures.example/dog.png#page",
        "https://pictures.example:0/dog.png",
        "https://pictures .example/dog.png",
    ],
)
def test_an_address_of_our_own_network_is_a_fault_of_the_request_and_nobody_is_called(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    def connect(*_args: Any) -> None:
        raise AssertionError("Somebody was called.")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", connect)
    source = ImageSource(uploads, partial(fetch_picture, PublicHttp(allow_private=False, most_bytes=1000)))

    assert refusal(source, url).code == "invalid_field"


def test_a_name_that_means_an_address_of_our_own_network_is_not_called(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: places)
    source = ImageSource(uploads, partial(fetch_picture, PublicHttp(allow_private=False, most_bytes=1000)))

    assert "not on the public internet" in refusal(source, URL).detail


def test_more_addresses_than_can_be_fetched_at_once_are_put_off(
    source: ImageSource, internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "_places", threading.BoundedSemaphore(1))
    with source._places, pytest.raises(Busy):
        get(source, URL)

    assert internet.asked == []
    internet.error = ProviderError("No.", code="picture_fetch")
    for _ in range(2):  # a place is free again after a failure
        refusal(source, URL)
