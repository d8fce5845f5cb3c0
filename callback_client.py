"""Posts finished jobs, signed, to addresses that requests named, and never into our own network."""

from __future__ import annotations

import http.client
import io
import re
import socket
import ssl
import time
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from standardwebhooks.webhooks import Webhook
from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from errors import InvalidRequest, ProviderError, ProviderTimeout
from utils import remaining

_MOST_CHARACTERS = 2000
_MOST_BYTES = 65_536  # of an answer, of which only the head is wanted
_PIECE = 16_384  # the largest TLS record: each gets what is left of the time
_CONNECT_SECONDS = 10.0
_MOST_ADDRESSES = 4
_LONGEST_PAUSE = 86_400.0
_PORTS = {"https": 443, "http": 80}
_LOCAL_NAMES = (".localhost", ".local", ".internal")
_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")
_URL = re.compile(r"[A-Za-z0-9:/?#\[\]@!$&'()*+,;=%._~-]+")  # RFC 3986, section 2
_NAT64 = ip_network("64:ff9b::/96")
_GLOBAL_UNICAST = ip_network("2000::/3")
# What `is_global` lets pass: multicast and reserved, IETF protocols, 6to4 and its relays, Teredo, examples,
# and the address at which Azure's virtual machines reach their own host.
_NOT_PUBLIC = [
    *map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/3", "168.63.129.16/32")),
    *map(ip_network, ("2001::/23", "2002::/16", "3fff::/20")),
]


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet; one inside another counts as the inner one."""
    ip = ip_address(address)
    if ip.version == 6:
        if ip.ipv4_mapped or ip in _NAT64:
            ip = IPv4Address(int(ip) & 0xFFFFFFFF)
        elif ip not in _GLOBAL_UNICAST:
            return False
    return ip.is_global and not any(ip in network for network in _NOT_PUBLIC)


def check_callback_url(url: str, *, allow_private: bool) -> str:
    """`url`, if a job may be posted there as far as can be said without asking DNS.

    `allow_private`: http and addresses of our own network are good too. Raises InvalidRequest.
    """
    _parse(url, allow_private)
    return url


class CallbackClient:
    """Posts with the signature that https://www.standardwebhooks.com describes.

    `secret`: as `config.signing_key` takes it, but not empty. Every post has a connection of its own, so any
    number of threads may post at once, and nothing is left to close.
    """

    def __init__(self, secret: str, *, allow_private: bool) -> None:
        self._webhook = Webhook(secret)
        self._allow_private = allow_private
        self._tls = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)

    def post(self, url: str, *, message_id: str, body: bytes, sent_at: datetime, deadline: float) -> None:
        """Post `body` (JSON) once, without following redirects; any 2xx is success.

        `message_id` is the same for each attempt, `sent_at` (with a time zone) is the attempt's own time.
        Raises ProviderError (permanent for a forbidden address or 410 Gone) or ProviderTimeout.
        """
        try:
            target = _parse(url, self._allow_private)
        except InvalidRequest as error:
            raise ProviderError(error.detail, code="callback_failed", permanent=True) from error
        headers = self._headers(message_id, body, sent_at.astimezone(UTC))
        response = None
        with suppress(OSError, http.client.HTTPException):
            response = self._send(target, headers, body, deadline)
        if response is None:
            # Raised out here, since the libraries' own errors can hold what the other side sent.
            raise _no_answer(deadline)
        if not 200 <= response.status < 300:
            raise ProviderError(
                f"The callback's address answered {response.status}.",
                code="callback_failed",
                permanent=response.status == 410,
                retry_after=_retry_after(response.headers.get("Retry-After", "")),
            )

    def _headers(self, message_id: str, body: bytes, sent_at: datetime) -> dict[str, str]:
        return {
            "Content-Type": "application/json",
            "User-Agent": "Storyfarm",
            "Connection": "close",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(sent_at.timestamp())),
            "webhook-signature": self._webhook.sign(message_id, sent_at, body.decode()),
        }

    def _send(
        self, target: Url, headers: dict[str, str], body: bytes, deadline: float
    ) -> http.client.HTTPResponse:
        host = target.host or ""
        sock = self._connect(host.strip("[]"), target.port or _PORTS[target.scheme or ""], deadline)
        if target.scheme == "https":
            sock.settimeout(_left(deadline))
            sock = self._tls.wrap_socket(sock, server_hostname=host.strip("[]").rstrip("."))
        with sock:
            connection = http.client.HTTPConnection(host)
            connection.sock = _Wire(sock, deadline)
            connection.request("POST", target.request_uri, body, {"Host": target.netloc or "", **headers})
            return connection.getresponse()

    def _connect(self, host: str, port: int, deadline: float) -> socket.socket:
        """A connection to one of the host's addresses, all of which were looked at first.

        DNS is asked once: a name that means something else a moment later (DNS rebinding) gains nothing.
        """
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        if not self._allow_private and not all(is_public(str(place[0])) for *_, place in places):
            raise ProviderError(
                "The callback's address is not on the public internet.",
                code="callback_failed",
                permanent=True,
            )
        places = places[:_MOST_ADDRESSES]
        for family, kind, protocol, _, place in places:
            with suppress(OSError):
                sock = socket.socket(family, kind, protocol)
                try:
                    sock.settimeout(min(_CONNECT_SECONDS, _left(deadline)) / len(places))
                    sock.connect(place)
                except OSError:
                    sock.close()
                    raise
                return sock
        raise ConnectionError


class _Wire(io.RawIOBase):
    """A socket as http.client uses one: with one deadline for all that comes and goes, and a limit.

    A socket's timeout starts anew with every byte, so that a server which trickles could hold us for ever.
    """

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline, self._room = sock, deadline, _MOST_BYTES

    def sendall(self, content: bytes) -> None:
        for start in range(0, len(content), _PIECE):
            self._sock.settimeout(_left(self._deadline))
            self._sock.sendall(content[start : start + _PIECE])

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._room:
            return 0
        self._sock.settimeout(_left(self._deadline))
        count = self._sock.recv_into(buffer, min(len(buffer), self._room))
        self._room -= count
        return count

    def close(self) -> None:
        """Left to whoever opened the socket: http.client flushes what it has just closed."""


def _parse(url: str, allow_private: bool) -> Url:
    if len(url) > _MOST_CHARACTERS:
        raise _invalid(f"has {len(url):,} characters; at most {_MOST_CHARACTERS:,} are allowed")
    if not _URL.fullmatch(url):
        raise _invalid("must be a URL in ASCII, with all other characters percent-encoded")
    try:
        target, authority = parse_url(url), urlsplit(url).netloc
        host = (target.host or "").lower()
        host.encode("idna")  # as getaddrinfo does
        address = _address(host)
    except (LocationParseError, ValueError) as error:
        raise _invalid("is not a well-formed URL; it must look like https://example.com/finished") from error
    if target.scheme != "https" and not (allow_private and target.scheme == "http"):
        raise _invalid("must start with https://" + (" or http://" if allow_private else ""))
    if "@" in authority:
        raise _invalid("must not hold a user or a password")
    if not _HOST.fullmatch(host) or target.port == 0:
        raise _invalid("must name a host, and a port from 1 to 65535 if any")
    if "#" in url:
        raise _invalid("must not have a fragment (the part behind #)")
    local = f".{host.rstrip('.')}".endswith(_LOCAL_NAMES)
    if not allow_private and (local or (address and not is_public(address))):
        raise _invalid("must name a host on the public internet")
    return target


def _address(host: str) -> str:
    """The IP address that a host spells out, "" for a name. Raises ValueError."""
    if host.startswith("["):
        return str(ip_address(host.strip("[]")))
    with suppress(OSError):
        return socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))  # also 127.1, 0x7f000001, 2130706433
    return ""


def _invalid(fault: str) -> InvalidRequest:
    return InvalidRequest(f"callback_url {fault}.", code="invalid_field", field="callback_url")


def _left(deadline: float) -> float:
    """Seconds left. Raises TimeoutError if there are none, since a timeout of 0 would mean not to wait."""
    if left := remaining(deadline):
        return left
    raise TimeoutError


def _no_answer(deadline: float) -> ProviderError | ProviderTimeout:
    if remaining(deadline) < 0.1:
        return ProviderTimeout("The callback's address did not answer in time.", code="callback_timeout")
    return ProviderError(
        "The callback's address could not be reached. Is it right, and is its certificate valid?",
        code="callback_failed",
    )


def _retry_after(text: str) -> float | None:
    """Seconds from a Retry-After header, which has a number or a date; never more than a day."""
    seconds = None
    with suppress(ValueError, TypeError, OverflowError):
        seconds = float(text) if text.isdecimal() else parsedate_to_datetime(text).timestamp() - time.time()
    return None if seconds is None else min(max(0.0, seconds), _LONGEST_PAUSE)
