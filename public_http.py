"""HTTP to addresses that somebody else named: on the public internet, never in our own network."""

from __future__ import annotations

import http.client
import io
import re
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from errors import ProviderError, ProviderTimeout
from utils import remaining

_MOST_CHARACTERS = 2000
_PIECE = 16_384  # the largest TLS record: each gets what is left of the time
_CONNECT_SECONDS = 10.0
_MOST_ADDRESSES = 4
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


class Forbidden(ValueError):
    """An address that is not called; the text is the end of a sentence about it."""


@dataclass(frozen=True)
class Answer:
    """`content` is empty where only the head was wanted."""

    status: int
    headers: Message
    content: bytes


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet; one inside another counts as the inner one."""
    ip = ip_address(address)
    if ip.version == 6:
        if ip.ipv4_mapped or ip in _NAT64:
            ip = IPv4Address(int(ip) & 0xFFFFFFFF)
        elif ip not in _GLOBAL_UNICAST:
            return False
    return ip.is_global and not any(ip in network for network in _NOT_PUBLIC)


class PublicHttp:
    """Sends single requests, without following redirects.

    At most `most_bytes` of an answer are read, its head included; with `only_head` no more than that. Every
    request has a connection of its own, so any number of threads may send at once, and nothing is left to
    close. With `allow_private`, http and addresses of our own network are good too.
    """

    def __init__(self, *, allow_private: bool, most_bytes: int, only_head: bool = False) -> None:
        self._allow_private = allow_private
        self._most_bytes = most_bytes
        self._only_head = only_head
        self._tls = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: dict[str, str],
        body: bytes | None = None,
        deadline: float,
    ) -> Answer:
        """The answer to one request. Raises Forbidden, OSError or HTTPException.

        The libraries' own errors can hold what the other side sent, so they are not to be shown.
        """
        target = read_url(url, allow_private=self._allow_private)
        host = target.host or ""
        sock = self._connect(host.strip("[]"), target.port or _PORTS[target.scheme or ""], deadline)
        if target.scheme == "https":
            sock.settimeout(_left(deadline))
            sock = self._tls.wrap_socket(sock, server_hostname=host.strip("[]").rstrip("."))
        with sock:
            connection = http.client.HTTPConnection(host)
            connection.sock = _Wire(sock, deadline, self._most_bytes)
            own = {"Host": target.netloc or "", "User-Agent": "Storyfarm", "Connection": "close"}
            connection.request(method, target.request_uri, body, own | headers)
            response = connection.getresponse()
            content = b"" if self._only_head else response.read()
            return Answer(response.status, response.headers, content)

    def _connect(self, host: str, port: int, deadline: float) -> socket.socket:
        """A connection to one of the host's addresses, all of which were looked at first.

        DNS is asked once: a name that means something else a moment later (DNS rebinding) gains nothing.
        """
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        if not self._allow_private and not all(is_public(str(place[0])) for *_, place in places):
            raise Forbidden("is not on the public internet")
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

    def __init__(self, sock: socket.socket, deadline: float, room: int) -> None:
        self._sock, self._deadline, self._room = sock, deadline, room

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


def read_url(url: str, *, allow_private: bool) -> Url:
    """`url`, if it may be called as far as can be said without asking DNS. Raises Forbidden."""
    if len(url) > _MOST_CHARACTERS:
        raise Forbidden(f"has {len(url):,} characters; at most {_MOST_CHARACTERS:,} are allowed")
    if not _URL.fullmatch(url):
        raise Forbidden("must be a URL in ASCII, with all other characters percent-encoded")
    try:
        target, authority = parse_url(url), urlsplit(url).netloc
        host = (target.host or "").lower()
        host.encode("idna")  # as getaddrinfo does
        address = _address(host)
    except (LocationParseError, ValueError) as error:
        raise Forbidden("is not a well-formed URL; it must look like https://example.com/finished") from error
    if target.scheme != "https" and not (allow_private and target.scheme == "http"):
        raise Forbidden("must start with https://" + (" or http://" if allow_private else ""))
    if "@" in authority:
        raise Forbidden("must not hold a user or a password")
    if not _HOST.fullmatch(host) or target.port == 0:
        raise Forbidden("must name a host, and a port from 1 to 65535 if any")
    if "#" in url:
        raise Forbidden("must not have a fragment (the part behind #)")
    local = f".{host.rstrip('.')}".endswith(_LOCAL_NAMES)
    if not allow_private and (local or (address and not is_public(address))):
        raise Forbidden("must name a host on the public internet")
    return target


def _address(host: str) -> str:
    """The IP address that a host spells out, "" for a name. Raises ValueError."""
    if host.startswith("["):
        return str(ip_address(host.strip("[]")))
    with suppress(OSError):
        return socket.inet_ntoa(socket.inet_aton(host.rstrip(".")))  # also 127.1, 0x7f000001, 2130706433
    return ""


def _left(deadline: float) -> float:
    """Seconds left. Raises TimeoutError if there are none, since a timeout of 0 would mean not to wait."""
    if left := remaining(deadline):
        return left
    raise TimeoutError


def fetch_picture(sender: PublicHttp, url: str, deadline: float) -> bytes:
    """The bytes at `url`. Raises Forbidden, ProviderError or ProviderTimeout."""
    answer = None
    with suppress(OSError, http.client.HTTPException):
        answer = sender.send("GET", url, headers={"Accept": "image/*"}, deadline=deadline)
    if answer is None:
        if remaining(deadline) < 0.1:
            raise ProviderTimeout("The picture did not arrive in time.", code="image_timeout")
        raise ProviderError("The picture could not be fetched.", code="picture_fetch")
    if answer.status != 200:
        raise ProviderError(f"The picture's address answered {answer.status}.", code="picture_fetch")
    return answer.content
