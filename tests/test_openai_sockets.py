"""The client of OpenAI-compatible servers on real sockets, and on bytes that are cut anywhere."""

from __future__ import annotations

import contextlib
import http.server
import io
import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from errors import ContentRefused, ProviderError, ProviderTimeout, StoryfarmError
from images.drawing import Drawn
from openai_client import OpenAIClient
from openai_images import OpenAIImages
from text.endpoint import Endpoint
from text.model import Completion

KEY = "sk-very-secret-0123456789"
MESSAGES = [{"role": "user", "content": "Prompt: a dog"}]
ANSWER = json.dumps(
    {"choices": [{"message": {"content": "Once upon a time"}, "finish_reason": "stop"}], "usage": {}}
).encode()
# A deadline that is never reached, and one that is. No test asserts how long anything takes.
LONG, SHORT = 60.0, 0.4


class Server(http.server.ThreadingHTTPServer):
    """Answers each POST by the next of `scripts`, and the last one again and again."""

    daemon_threads = True
    scripts: list[Callable[[Handler], None]]
    asked = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what the tests are about."""


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        script = self.server.scripts[min(self.server.asked, len(self.server.scripts) - 1)]
        self.server.asked += 1
        script(self)

    def log_message(self, *_args: Any) -> None:
        pass

    def begin(self, length: int | None, kind: str = "application/json", status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if length is not None:
            self.send_header("Content-Length", str(length))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.flush()

    def say(self, content: bytes) -> None:
        self.wfile.write(content)
        self.wfile.flush()

    def hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.over.set()
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def client(server: Server) -> Iterator[OpenAIClient]:
    made = OpenAIClient(Endpoint(base_url=server.url, key=KEY, model="gpt-6-luna"))
    yield made
    made.close()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("http_session._pause", lambda _state: 0.0)


def good(handler: Handler) -> None:
    handler.begin(len(ANSWER))
    handler.say(ANSWER)


def silent(handler: Handler) -> None:
    handler.server.over.wait(30)


def dropped_before_the_answer(handler: Handler) -> None:
    handler.hang_up()


def dropped_inside_the_answer(handler: Handler) -> None:
    handler.begin(len(ANSWER))
    handler.say(ANSWER[:20])
    handler.hang_up()


def silent_behind_the_headers(handler: Handler) -> None:
    handler.begin(len(ANSWER))
    silent(handler)


def trickling(handler: Handler) -> None:
    """A byte every now and then, for ever: each comes before a read times out."""
    handler.begin(1_000_000)
    while not handler.server.over.wait(0.02):
        handler.say(b" ")


def trickling_stream(handler: Handler) -> None:
    handler.begin(None, "text/event-stream")
    while not handler.server.over.wait(0.02):
        handler.say(b'data: {"choices": [{"delta": {"content": "x"}}]}\n\n')


def cut_stream(handler: Handler) -> None:
    handler.begin(None, "text/event-stream")
    handler.say(b'data: {"choices": [{"delta": {"content": "Once"}}]}\n\n')


def dropped_stream(handler: Handler) -> None:
    handler.begin(1_000_000, "text/event-stream")
    handler.say(b'data: {"choices": [{"delta": {"content": "Once"}}]}\n\n')
    handler.hang_up()


def silent_stream(handler: Handler) -> None:
    handler.begin(None, "text/event-stream")
    handler.say(b'data: {"choices": [{"delta": {"content": "Once"}}]}\n\n')
    silent(handler)


def complete(client: OpenAIClient, seconds: float) -> Completion:
    return client.complete(MESSAGES, max_tokens=500, deadline=time.monotonic() + seconds)


def streamed(client: OpenAIClient, seconds: float) -> tuple[list[str], StoryfarmError]:
    pieces: list[str] = []
    with pytest.raises(StoryfarmError) as raised:
        pieces.extend(client.stream(MESSAGES, max_tokens=500, deadline=time.monotonic() + seconds))
    return pieces, raised.value


def test_a_good_answer_comes_over_a_real_socket(client: OpenAIClient, server: Server) -> None:
    server.scripts = [good]

    assert complete(client, LONG).text == "Once upon a time"


def test_connections_are_used_again(client: OpenAIClient, server: Server) -> None:
    ports = []

    def noting(handler: Handler) -> None:
        ports.append(handler.client_address[1])
        good(handler)

    server.scripts = [noting]
    complete(client, LONG)
    complete(client, LONG)

    assert len(ports) == 2
    assert len(set(ports)) == 1


def test_a_server_that_hangs_is_left_at_the_deadline(client: OpenAIClient, server: Server) -> None:
    server.scripts = [silent]
    with pytest.raises(ProviderTimeout) as raised:
        complete(client, SHORT)

    assert raised.value.code == "story_timeout"
    assert server.asked == 1


@pytest.mark.timeout(15)
def test_time_that_went_by_before_the_headers_is_not_given_again(
    client: OpenAIClient, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openai_http.no_longer_than", lambda _deadline, _read: (60.0, 60.0))
    server.scripts = [silent_behind_the_headers]
    with pytest.raises(ProviderTimeout):
        complete(client, SHORT)


def test_an_answer_that_trickles_is_left_at_the_deadline(client: OpenAIClient, server: Server) -> None:
    server.scripts = [trickling]
    with pytest.raises(ProviderTimeout) as raised:
        complete(client, SHORT)

    assert raised.value.code == "story_timeout"


@pytest.mark.parametrize("fault", [dropped_before_the_answer, dropped_inside_the_answer])
def test_a_connection_that_drops_is_tried_again(
    client: OpenAIClient, server: Server, fault: Callable[[Handler], None]
) -> None:
    server.scripts = [fault, good]

    assert complete(client, LONG).text == "Once upon a time"
    assert server.asked == 2


@pytest.mark.parametrize("fault", [dropped_before_the_answer, dropped_inside_the_answer])
def test_a_connection_that_drops_every_time_is_a_failure(
    client: OpenAIClient, server: Server, fault: Callable[[Handler], None]
) -> None:
    server.scripts = [fault]
    with pytest.raises(ProviderError) as raised:
        complete(client, LONG)

    assert (raised.value.code, raised.value.permanent) == ("unreachable", False)
    assert server.asked == 3


def test_a_refused_connection_is_a_failure_that_says_what_to_check() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = OpenAIClient(Endpoint(base_url=f"http://127.0.0.1:{port}/v1", key=KEY, model="gpt-6-luna"))
    with contextlib.closing(client), pytest.raises(ProviderError) as raised:
        complete(client, LONG)

    assert raised.value.code == "unreachable"
    assert "address" in raised.value.detail
    assert KEY not in f"{raised.value!r} {raised.value.__cause__!r}"


def test_a_server_that_is_not_there_cannot_list_its_models() -> None:
    client = OpenAIClient(Endpoint(base_url="http://127.0.0.1:1/v1", key=KEY, model="gpt-6-luna"))
    with contextlib.closing(client), pytest.raises(ProviderError):
        client.models(deadline=time.monotonic() + LONG)


def test_a_stream_that_trickles_is_left_at_the_deadline(client: OpenAIClient, server: Server) -> None:
    server.scripts = [trickling_stream]
    pieces, error = streamed(client, SHORT)

    assert set(pieces) == {"x"}
    assert isinstance(error, ProviderTimeout)


@pytest.mark.parametrize("fault", [cut_stream, dropped_stream])
def test_a_stream_that_breaks_off_is_not_tried_again(
    client: OpenAIClient, server: Server, fault: Callable[[Handler], None]
) -> None:
    server.scripts = [fault, good]
    pieces, error = streamed(client, LONG)

    assert pieces == ["Once"]
    assert isinstance(error, ProviderError)
    assert (error.code, error.permanent) == ("stream_broken", True)
    assert server.asked == 1


def test_a_stream_that_falls_silent_is_left_at_the_deadline(client: OpenAIClient, server: Server) -> None:
    server.scripts = [silent_stream]
    pieces, error = streamed(client, SHORT)

    assert pieces == ["Once"]
    assert (type(error), error.code) == (ProviderTimeout, "story_timeout")


def test_a_stream_gives_its_pieces_before_it_ends(client: OpenAIClient, server: Server) -> None:
    read = threading.Event()

    def waiting(handler: Handler) -> None:
        handler.begin(None, "text/event-stream")
        handler.say(b'data: {"choices": [{"delta": {"content": "Once"}}]}\n\n')
        assert read.wait(30)
        handler.say(b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n')

    server.scripts = [waiting]
    stream = client.stream(MESSAGES, max_tokens=500, deadline=time.monotonic() + LONG)
    assert next(stream) == "Once"
    read.set()
    assert list(stream) == []


# Pictures


@pytest.fixture
def painter(server: Server) -> Iterator[OpenAIImages]:
    endpoint = Endpoint(base_url=server.url, key=KEY, model="painter")
    made = OpenAIImages(endpoint, threads=2, fetch=lambda _url, _deadline: b"")
    yield made
    made.close()


def draw(painter: OpenAIImages, seconds: float) -> Drawn:
    return painter.draw(
        "a dog",
        references=(),
        size="",
        background="",
        deadline=time.monotonic() + seconds,
        on_partial=lambda _content: None,
    )


@pytest.mark.parametrize(
    "fault", [silent, silent_behind_the_headers, trickling, trickling_stream, silent_stream]
)
def test_a_picture_that_does_not_come_is_left_at_the_deadline(
    painter: OpenAIImages, server: Server, fault: Callable[[Handler], None]
) -> None:
    server.scripts = [fault]
    with pytest.raises(ProviderTimeout) as raised:
        draw(painter, SHORT)

    assert raised.value.code == "image_timeout"
    assert server.asked == 1


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (dropped_before_the_answer, "unreachable"),
        (dropped_inside_the_answer, "stream_broken"),
        (cut_stream, "stream_broken"),
        (dropped_stream, "stream_broken"),
    ],
)
def test_a_picture_whose_connection_drops_is_not_paid_for_again(
    painter: OpenAIImages, server: Server, fault: Callable[[Handler], None], code: str
) -> None:
    server.scripts = [fault]
    with pytest.raises(ProviderError) as raised:
        draw(painter, LONG)

    assert (raised.value.code, raised.value.permanent) == (code, True)
    assert server.asked == 1


def test_unfinished_pictures_are_seen_before_the_last_one_comes(
    painter: OpenAIImages, server: Server
) -> None:
    seen = threading.Event()

    def waiting(handler: Handler) -> None:
        handler.begin(None, "text/event-stream")
        handler.say(b'data: {"type": "image_generation.partial_image", "b64_json": "aGFsZg=="}\n\n')
        assert seen.wait(30)
        handler.say(b'data: {"type": "image_generation.completed", "b64_json": "d2hvbGU="}\n\n')

    server.scripts = [waiting]
    shown: list[bytes] = []

    def show(content: bytes) -> None:
        shown.append(content)
        seen.set()

    drawn = painter.draw(
        "a dog",
        references=(),
        size="",
        background="",
        deadline=time.monotonic() + LONG,
        on_partial=show,
    )

    assert (shown, drawn.content) == ([b"half"], b"whole")


# Bytes that are cut anywhere


class Pieces(io.RawIOBase):
    """A body that comes in the given pieces, whatever amount is asked for."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = [piece for piece in pieces if piece]

    def read1(self, _amount: int = -1) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


class PiecesAdapter(HTTPAdapter):
    def __init__(self, pieces: list[bytes]) -> None:
        super().__init__()
        self._body = Pieces(pieces)

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        raw = HTTPResponse(body=self._body, status=200, preload_content=False)
        return self.build_response(request, raw)


def read_in_pieces(content: bytes, places: list[int]) -> list[str]:
    """What a stream of `content` gives if it comes cut at `places`."""
    ends = sorted({place % (len(content) + 1) for place in places} | {0, len(content)})
    client = OpenAIClient(Endpoint(base_url="https://text.example/v1", key=KEY, model="gpt-6-luna"))
    pieces = [content[start:end] for start, end in itertools.pairwise(ends)]
    client._http._session.mount("https://", PiecesAdapter(pieces))
    with contextlib.closing(client):
        return list(client.stream(MESSAGES, max_tokens=500, deadline=time.monotonic() + LONG))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@settings(deadline=None)
@given(st.lists(TEXTS), st.lists(st.integers(0, 5000)), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_a_stream_is_the_same_wherever_its_bytes_are_cut(
    texts: list[str], places: list[int], line_end: str, ascii_only: bool
) -> None:
    deltas: list[dict[str, Any]] = [{"delta": {"content": text}} for text in texts]
    chunks = [{"choices": [choice]} for choice in [*deltas, {"delta": {}, "finish_reason": "stop"}]]
    lines = [f"data: {json.dumps(chunk, ensure_ascii=ascii_only)}{line_end * 2}" for chunk in chunks]
    content = "".join([*lines, f"data: [DONE]{line_end * 2}"]).encode()

    assert read_in_pieces(content, places) == texts


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_stream_may_come_byte_by_byte(line_end: str) -> None:
    chunk = json.dumps(
        {"choices": [{"delta": {"content": "Ölig 🐶"}, "finish_reason": "stop"}]}, ensure_ascii=False
    )
    content = f": hello{line_end * 2}data: {chunk}{line_end * 2}data: [DONE]{line_end * 2}".encode()

    assert read_in_pieces(content, list(range(len(content)))) == ["Ölig 🐶"]


@settings(deadline=None)
@given(st.binary(), st.lists(st.integers(0, 5000)))
def test_a_stream_of_any_bytes_is_a_failure_of_the_provider(content: bytes, places: list[int]) -> None:
    with pytest.raises((ProviderError, ContentRefused)):
        read_in_pieces(content, places)
