"""Fetches pictures from the hosts where they may lie, and from no others."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

import requests

from errors import ProviderError, ProviderTimeout
from http_session import no_longer_than, open_session, retrying, send
from utils import remaining

MAX_BYTES = 50_000_000
_CHUNK = 65_536


class Fetcher:
    """Downloads pictures. `hosts`: the only hosts (with port, if any) that are ever asked.

    `plain` are those of them that may be asked without encryption, as our own machine always may.
    """

    def __init__(self, hosts: Collection[str], *, plain: Collection[str] = (), threads: int = 32) -> None:
        self._hosts = frozenset(hosts)
        self._plain = frozenset(plain)
        self._session = open_session(threads)

    def fetch(self, url: str, *, deadline: float) -> bytes:
        """The bytes at `url`, without following redirects, at most MAX_BYTES.

        Raises ProviderError (permanent for a foreign host, a dead URL or too many bytes) or ProviderTimeout.
        """
        self._check(url)
        return retrying(deadline)(self._download, url, deadline)

    def _check(self, url: str) -> None:
        if not self._may_be_asked(url):
            raise ProviderError(
                "The picture lies on a host that pictures are not fetched from.",
                code="picture_host",
                permanent=True,
            )

    def _may_be_asked(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
        except ValueError:  # "https://[..."
            return False
        host = parts.netloc.lower()
        is_plain = parts.scheme == "http" and (
            parts.hostname in ("127.0.0.1", "localhost") or host in self._plain
        )
        return (parts.scheme == "https" or is_plain) and host in self._hosts

    def _download(self, url: str, deadline: float) -> bytes:
        try:
            request = requests.Request("GET", url).prepare()
            with send(self._session, request, no_longer_than(deadline, 20)) as response:
                if response.status_code != 200:
                    raise ProviderError(
                        f"The picture's address answered {response.status_code}.",
                        code="picture_gone" if response.status_code in (403, 404, 410) else "picture_fetch",
                        permanent=response.status_code in (301, 302, 303, 307, 308, 403, 404, 410),
                    )
                return _read(response, deadline)
        except requests.RequestException as error:
            raise ProviderError("The picture could not be fetched.", code="picture_fetch") from error

    def close(self) -> None:
        self._session.close()


def _read(response: requests.Response, deadline: float) -> bytes:
    content = bytearray()
    for chunk in response.iter_content(_CHUNK):
        content += chunk
        if len(content) > MAX_BYTES:
            raise ProviderError(
                f"The picture is larger than {MAX_BYTES // 1_000_000} MB.",
                code="picture_too_large",
                permanent=True,
            )
        if not remaining(deadline):
            raise ProviderTimeout("The picture did not arrive in time.", code="image_timeout")
    return bytes(content)
