"""Callbacks: signed, ended at their deadline, and never sent into our own network."""

from __future__ import annotations

import base64
import contextlib
import http.server
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from callback_client import CallbackClient, check_callback_url
from config import signing_key
from errors import InvalidRequest, ProviderError, ProviderTimeout
from public_http import PublicHttp, is_public

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
BODY = json.dumps({"id": "a1", "story": "Ein Hündchen 🐶"}, ensure_ascii=False).encode()
# A deadline that is never reached, and one that is. No test asserts how long anything takes.
LONG, SHORT = 60.0, 0.4
PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "192.0.0.192",
    "192.88.99.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "::",
    "::1",
    "fe80::1",
    "fec0::1",
    "fd00::1",
    "ff0e::1",
    "2001:db8::1",
    "2001:0:7f00:1::",
    "2002:7f00:1::",
    "3fff::1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "::ffff:127.0.0.1",
    "::ffff:0:127.0.0.1",
    "::127.0.0.1",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


class Server(http.server.ThreadingHTTPServer):
    """Answers each POST by `script`, and keeps what it got."""

    daemon_threads = True
    script: Callable[[Handler], None]

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.over = threading.Event()
        self.port = self.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/finished?token=very-secret"
        self.got: list[tuple[str, dict[str, str], bytes]] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what the tests are about."""


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), body))
        self.server.script(self)

    def log_message(self, *_args: Any) -> None:
        pass

    def say(self, content: bytes) -> None:
        self.wfile.write(content)
        self.wfile.flush()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    made.script = answering(204)
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.over.set()
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture(scope="module")
def client() -> CallbackClient:
    return CallbackClient(SECRET, allow_private=True)


@pytest.fixture(scope="module")
def careful() -> CallbackClient:
    return CallbackClient(SECRET, allow_private=False)


class WiredHttp(PublicHttp):
    """Sends through `sock`, wherever the address leads."""

    sock: socket.socket

    def _connect(self, host: str, port: int, deadline: float) -> socket.socket:
        return self.sock


class Wired(CallbackClient):
    def __init__(self) -> None:
        super().__init__(SECRET, allow_private=True)
        self.wire = self._http = WiredHttp(allow_private=True, most_bytes=65_536, only_head=True)


@pytest.fixture(scope="module")
def wired() -> Wired:
    return Wired()


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """`resolve(addresses, later)`: what every name means at first, and after that; gives the names asked."""

    def put(addresses: list[str], later: list[str] | None = None) -> list[str]:
        asked: list[str] = []

        def getaddrinfo(host: str, port: int, *_args: Any, **_kwargs: Any) -> list[Any]:
            asked.append(host)
            found = addresses if len(asked) == 1 or later is None else later
            return [
                (socket.AF_INET6 if ":" in item else socket.AF_INET, socket.SOCK_STREAM, 0, "", (item, port))
                for item in found
            ]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return put


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that are connected to, none of which can be reached."""
    made: list[str] = []

    def connect(_sock: socket.socket, place: tuple[str, int]) -> None:
        made.append(place[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket.socket, "connect", connect)
    return made


def answering(status: int, **headers: str) -> Callable[[Handler], None]:
    def script(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return script


def silent(handler: Handler) -> None:
    handler.server.over.wait(30)


def trickling(handler: Handler) -> None:
    """A header that never ends: each byte comes before a read times out."""
    handler.say(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not handler.server.over.wait(0.02):
        handler.say(b"x")


def not_yet(handler: Handler) -> None:
    while not handler.server.over.wait(0.02):
        handler.say(b"HTTP/1.1 100 Continue\r\n\r\n")


def post(client: CallbackClient, url: str, *, seconds: float = LONG, sent_at: datetime | None = None) -> None:
    client.post(
        url,
        message_id="msg_1",
        body=BODY,
        sent_at=sent_at or datetime.now(UTC),
        deadline=time.monotonic() + seconds,
    )


def failure(client: CallbackClient, url: str) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        post(client, url)
    return raised.value


def refusal(url: str, *, allow_private: bool = False) -> str:
    with pytest.raises(InvalidRequest) as raised:
        check_callback_url(url, allow_private=allow_private)
    assert (raised.value.code, raised.value.members) == ("invalid_field", {"field": "callback_url"})
    return raised.value.detail


def in_url(address: str) -> str:
    return f"https://[{address}]/" if ":" in address else f"https://{address}/"


# The address


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example/finished",
        "https://hooks.example:8443/a/b?token=1&x=%20",
        "https://xn--bcher-kva.example",
        "HTTPS://Hooks.Example./",
        "https://local.example/",
        "https://under_score.example/",
        "https://10.example/",
        *map(in_url, PUBLIC),
    ],
)
@pytest.mark.parametrize("allow_private", [False, True])
def test_an_address_on_the_internet_is_good(url: str, allow_private: bool) -> None:
    assert check_callback_url(url, allow_private=allow_private) == url


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://hooks.example/" + "x" * 2000, "2,022 characters"),
        ("", "ASCII"),
        ("https://hooks.example/a b", "ASCII"),
        ("https://hooks.example/a\r\nX: y", "ASCII"),
        ("https://hooks.example/\n", "ASCII"),
        ("https://bücher.example/", "ASCII"),
        ("https://１２７.0.0.1/", "ASCII"),
        ("https://hooks.example\\@127.0.0.1/", "ASCII"),
        ("hooks.example/finished", "https://"),
        ("//hooks.example/finished", "https://"),
        ("ftp://hooks.example/", "https://"),
        ("file:///etc/passwd", "https://"),
        ("https://me:secret@hooks.example/", "password"),
        ("https://me@hooks.example/", "password"),
        ("https://@hooks.example/", "password"),
        ("https://hooks.example/#part", "fragment"),
        ("https://hooks.example/#", "fragment"),
        ("https:///finished", "name a host"),
        ("https:hooks.example", "name a host"),
        ("https://*.example/", "name a host"),
        ("https://[fe80::1%25eth0]/", "name a host"),
        ("https://hooks.example:0/", "port"),
        ("https://hooks.example:65536/", "well-formed"),
        ("https://hooks.example:x/", "well-formed"),
        ("https://[::1/", "well-formed"),
        ("https://[v1.a]/", "well-formed"),
        ("https://hooks..example/", "well-formed"),
        (f"https://{'x' * 64}.example/", "well-formed"),
    ],
)
@pytest.mark.parametrize("allow_private", [False, True])
def test_what_is_no_good_address_is_refused_with_the_reason(
    url: str, fault: str, allow_private: bool
) -> None:
    assert fault in refusal(url, allow_private=allow_private)


LOCAL = [
    *map(in_url, PRIVATE),
    "https://127.1/",
    "https://127.0.0.1./",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0X7F.1/",
    "https://017700000001/",
    "https://0/",
    "https://%31%32%37.0.0.1/",
    "https://localhost:8080/",
    "https://LOCALHOST./",
    "https://a.localhost/",
    "https://printer.local/",
    "https://metadata.google.internal/",
]


@pytest.mark.parametrize("url", LOCAL)
def test_an_address_in_our_own_network_is_refused(url: str) -> None:
    assert "public internet" in refusal(url)


@pytest.mark.parametrize("url", LOCAL)
def test_an_address_in_our_own_network_is_good_where_that_is_allowed(url: str) -> None:
    assert check_callback_url(url, allow_private=True) == url


def test_http_is_good_only_where_private_addresses_are() -> None:
    url = "http://hooks.example/"

    assert "https://" in refusal(url)
    assert check_callback_url(url, allow_private=True) == url


def test_the_check_asks_no_name_server(resolve: Callable[..., list[str]]) -> None:
    asked = resolve(["8.8.8.8"])
    check_callback_url("https://hooks.example/", allow_private=False)

    assert asked == []


@given(st.text() | st.text("htps:/[]0127.x@#%-local\\ ").map("https://{}".format), st.booleans())
def test_any_text_is_taken_as_it_is_or_refused(text: str, allow_private: bool) -> None:
    with contextlib.suppress(InvalidRequest):
        assert check_callback_url(text, allow_private=allow_private) == text


def spelled(number: int, style: int) -> str:
    """An IPv4 address in one of the ways that getaddrinfo understands."""
    return (
        str(ipaddress.IPv4Address(number)),
        str(number),
        hex(number),
        f"0{number:o}",
        f"{number >> 24}.{number & 0xFFFFFF}",
        f"{number >> 24:#x}.{number >> 16 & 255:#o}.{number & 0xFFFF}".replace("0o", "0"),
        f"[::ffff:{ipaddress.IPv4Address(number)}]",
        f"[64:ff9b::{ipaddress.IPv4Address(number)}]",
    )[style]


@given(
    st.ip_addresses(v=4) | st.sampled_from([ipaddress.IPv4Address(x) for x in PRIVATE if "." in x[:4]]),
    st.integers(0, 7),
)
def test_an_address_is_judged_alike_however_it_is_spelled(address: ipaddress.IPv4Address, style: int) -> None:
    url = f"https://{spelled(int(address), style)}/"
    if is_public(str(address)):
        assert check_callback_url(url, allow_private=False) == url
    else:
        assert "public internet" in refusal(url)


@given(st.ip_addresses())
def test_an_address_that_is_private_or_for_many_is_never_public(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    inner = getattr(address, "ipv4_mapped", None) or address
    odd = inner.is_private or inner.is_multicast or inner.is_loopback or inner.is_link_local
    nat64 = address in ipaddress.ip_network("64:ff9b::/96")

    assert not (is_public(str(address)) and odd and not nat64)


# The post


def test_the_body_comes_signed(client: CallbackClient, server: Server) -> None:
    post(client, server.url)
    [(path, headers, body)] = server.got

    assert (path, body) == ("/finished?token=very-secret", BODY)
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"] == "Storyfarm"
    assert headers["Host"] == f"127.0.0.1:{server.port}"
    assert headers["webhook-id"] == "msg_1"
    assert Webhook(SECRET).verify(body, headers) == json.loads(BODY)


def test_the_signature_holds_in_any_time_zone(client: CallbackClient, server: Server) -> None:
    post(client, server.url, sent_at=datetime.now(timezone(timedelta(hours=9))))
    [(_, headers, body)] = server.got

    assert Webhook(SECRET).verify(body, headers)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_success(client: CallbackClient, server: Server, status: int) -> None:
    server.script = answering(status)
    post(client, server.url)

    assert len(server.got) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429, 500, 503])
def test_any_other_answer_is_a_failure_and_only_gone_is_permanent(
    client: CallbackClient, server: Server, status: int
) -> None:
    server.script = answering(status)
    error = failure(client, server.url)

    assert (error.code, error.permanent) == ("callback_failed", status == 410)
    assert str(status) in error.detail
    assert len(server.got) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_not_followed(
    client: CallbackClient, server: Server, status: int
) -> None:
    server.script = answering(status, Location=server.url)
    error = failure(client, server.url)

    assert (error.code, error.permanent) == ("callback_failed", False)
    assert len(server.got) == 1


@pytest.mark.parametrize(
    ("asked", "pause"),
    [("7", 7.0), ("0", 0.0), ("999999999", 86_400.0), ("9" * 400, 86_400.0), ("soon", None), ("nan", None)],
)
def test_the_pause_that_it_asks_for_is_passed_on(
    client: CallbackClient, server: Server, asked: str, pause: float | None
) -> None:
    server.script = answering(503, Retry_After=asked)

    assert failure(client, server.url).retry_after == pause


def test_the_pause_may_be_a_date(client: CallbackClient, server: Server) -> None:
    past = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
    server.script = answering(429, Retry_After=past)

    assert failure(client, server.url).retry_after == 0.0


def test_an_error_tells_neither_the_address_nor_the_answer(client: CallbackClient, server: Server) -> None:
    def rude(handler: Handler) -> None:
        handler.say(b"HTTP/9 do not repeat this\r\n\r\n")

    server.script = rude
    error = failure(client, server.url)
    seen = f"{error!r} {error.__cause__!r} {error.__context__!r}"

    assert error.code == "callback_failed"
    assert "very-secret" not in seen
    assert "repeat" not in seen
    assert SECRET not in seen


@pytest.mark.parametrize("script", [silent, trickling, not_yet])
@pytest.mark.timeout(15)
def test_a_server_that_hangs_is_left_at_the_deadline(
    client: CallbackClient, server: Server, script: Callable[[Handler], None]
) -> None:
    server.script = script
    with pytest.raises(ProviderTimeout) as raised:
        post(client, server.url, seconds=SHORT)

    assert raised.value.code == "callback_timeout"
    assert len(server.got) == 1


@pytest.mark.timeout(15)
def test_a_server_that_never_begins_tls_is_left_at_the_deadline(client: CallbackClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(ProviderTimeout):
        post(client, f"https://127.0.0.1:{mute.getsockname()[1]}/", seconds=SHORT)


def test_nothing_is_sent_after_the_deadline(client: CallbackClient, server: Server) -> None:
    with pytest.raises(ProviderTimeout):
        post(client, server.url, seconds=0.0)

    assert server.got == []


def test_a_long_answer_is_not_read_to_its_end(client: CallbackClient, server: Server) -> None:
    def endless(handler: Handler) -> None:
        handler.say(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(OSError):
            while not handler.server.over.is_set():
                handler.say(bytes(65_536))

    server.script = endless
    post(client, server.url)

    assert len(server.got) == 1


def test_headers_without_end_are_not_read_to_their_end(client: CallbackClient, server: Server) -> None:
    def endless(handler: Handler) -> None:
        with contextlib.suppress(OSError):
            while not handler.server.over.is_set():
                handler.say(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)

    server.script = endless

    assert failure(client, server.url).code == "callback_failed"


@settings(deadline=None)
@given(st.binary() | st.binary().map(b"HTTP/1.1 200 OK\r\n".__add__))
def test_any_bytes_are_a_success_or_a_failure(wired: Wired, content: bytes) -> None:
    wired.wire.sock, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(content)
        theirs.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ProviderError):
            post(wired, "http://hooks.example/")


def test_a_refused_connection_is_a_failure(client: CallbackClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = failure(client, f"http://127.0.0.1:{port}/")

    assert (error.code, error.permanent) == ("callback_failed", False)


def test_a_name_that_nobody_knows_is_a_failure(
    client: CallbackClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_args: Any, **_kwargs: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert failure(client, "https://hooks.example/").code == "callback_failed"


def test_a_server_without_tls_gets_no_request(client: CallbackClient, server: Server) -> None:
    error = failure(client, server.url.replace("http:", "https:"))

    assert (error.code, error.permanent) == ("callback_failed", False)
    assert server.got == []


def test_a_certificate_must_be_valid_for_the_name(
    client: CallbackClient,
    server: Server,
    resolve: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = []

    class Tls:
        def wrap_socket(self, sock: socket.socket, *, server_hostname: str) -> socket.socket:
            names.append(server_hostname)
            return sock

    assert (client._http._tls.check_hostname, client._http._tls.verify_mode) == (True, ssl.CERT_REQUIRED)
    monkeypatch.setattr(client._http, "_tls", Tls())
    resolve(["127.0.0.1"])
    post(client, f"https://Hooks.Example.:{server.port}/")

    assert names == ["hooks.example"]
    assert len(server.got) == 1


# DNS


@pytest.mark.parametrize("others", [[], ["8.8.8.8"], ["::1"]])
def test_a_name_that_means_our_own_network_is_never_connected_to(
    careful: CallbackClient, resolve: Callable[..., list[str]], others: list[str]
) -> None:
    resolve([*others, "127.0.0.1"])
    with socket.create_server(("127.0.0.1", 0)) as own:
        own.setblocking(False)
        error = failure(careful, f"https://hooks.example:{own.getsockname()[1]}/")
        with pytest.raises(BlockingIOError):
            own.accept()

    assert (error.code, error.permanent) == ("callback_failed", True)
    assert "public internet" in error.detail


def test_a_name_that_changes_its_meaning_gains_nothing(
    careful: CallbackClient, resolve: Callable[..., list[str]], dialled: list[str]
) -> None:
    asked = resolve(["8.8.8.8"], later=["127.0.0.1"])
    failure(careful, "https://hooks.example/")

    assert (asked, dialled) == (["hooks.example"], ["8.8.8.8"])


def test_the_next_address_is_tried_but_not_without_end(
    careful: CallbackClient, resolve: Callable[..., list[str]], dialled: list[str]
) -> None:
    resolve([f"8.8.8.{last}" for last in range(100)])
    failure(careful, "https://hooks.example/")

    assert dialled == ["8.8.8.0", "8.8.8.1", "8.8.8.2", "8.8.8.3"]


def test_an_address_that_was_good_once_is_checked_again(careful: CallbackClient, server: Server) -> None:
    error = failure(careful, server.url)

    assert (error.code, error.permanent) == ("callback_failed", True)
    assert server.got == []


# The secret


@pytest.mark.parametrize("size", [24, 32, 64])
def test_a_secret_has_24_to_64_bytes(size: int) -> None:
    text = "whsec_" + base64.b64encode(bytes(size)).decode()

    assert signing_key(text) == text


def test_no_secret_is_good_too() -> None:
    assert signing_key("") == ""


@pytest.mark.parametrize(
    "text",
    [
        "whsec_",
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        base64.b64encode(bytes(32)).decode(),
        "whsec_" + "é" * 40,
        "whsec_" + "-" * 40,
        "whsec_" + base64.b64encode(bytes(32)).decode().rstrip("="),
        "sk-0123456789012345678901234567890123456789",
    ],
)
def test_what_is_no_secret_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (as config wants it)
        signing_key(text)
