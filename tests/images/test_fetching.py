"""Fetching pictures: from known hosts only, within a deadline, never more than fits."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import requests
import responses

from errors import ProviderError, ProviderTimeout
from images import fetching
from images.fetching import Fetcher

URL = "https://cdn.discordapp.com/attachments/1/2/dog.png?ex=1&is=2&hm=3"
SECONDS = 20.0


@pytest.fixture
def cdn() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    fetcher = Fetcher(["cdn.discordapp.com", "127.0.0.1:9000"])
    yield fetcher
    fetcher.close()


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, none of which is made."""
    made: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", made.append)
    return made


def fetch(fetcher: Fetcher, url: str = URL, *, seconds: float = SECONDS) -> bytes:
    return fetcher.fetch(url, deadline=time.monotonic() + seconds)


def failure(fetcher: Fetcher, url: str = URL) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        fetch(fetcher, url)
    return caught.value


def test_it_fetches_the_bytes(fetcher: Fetcher, cdn: responses.RequestsMock) -> None:
    cdn.get(URL, body=b"\x89PNG")

    assert fetch(fetcher) == b"\x89PNG"


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/dog.png",
        "http://cdn.discordapp.com/dog.png",
        "https://cdn.discordapp.com.evil.example/dog.png",
        "https://cdn.discordapp.com@evil.example/dog.png",
        "https://evil.example#@cdn.discordapp.com/dog.png",
        "https://evil@cdn.discordapp.com/dog.png",
        "https://cdn.discordapp.com:8443/dog.png",
        "http://127.0.0.1:9001/dog.png",
        "http://127.0.0.1/dog.png",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]:9000/dog.png",
        "https://[cdn.discordapp.com/dog.png",
        "file:///etc/passwd",
        "ftp://cdn.discordapp.com/dog.png",
        "//cdn.discordapp.com/dog.png",
        "cdn.discordapp.com/dog.png",
        "",
    ],
)
def test_no_other_host_is_ever_asked(fetcher: Fetcher, cdn: responses.RequestsMock, url: str) -> None:
    error = failure(fetcher, url)

    assert (error.code, error.permanent) == ("picture_host", True)
    assert len(cdn.calls) == 0


def test_a_host_is_known_whatever_its_case(fetcher: Fetcher, cdn: responses.RequestsMock) -> None:
    cdn.get("https://cdn.discordapp.com/dog.png", body=b"x")

    assert fetch(fetcher, "https://CDN.discordapp.com/dog.png") == b"x"


def test_the_sandbox_may_be_asked_without_tls(fetcher: Fetcher, cdn: responses.RequestsMock) -> None:
    cdn.get("http://127.0.0.1:9000/dog.png", body=b"x")

    assert fetch(fetcher, "http://127.0.0.1:9000/dog.png") == b"x"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(fetcher: Fetcher, cdn: responses.RequestsMock, status: int) -> None:
    cdn.get(URL, status=status, headers={"Location": "https://evil.example/"})
    error = failure(fetcher)

    assert (error.code, error.permanent) == ("picture_fetch", True)
    assert len(cdn.calls) == 1


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_dead_address_is_not_asked_again(
    fetcher: Fetcher, cdn: responses.RequestsMock, status: int
) -> None:
    cdn.get(URL, status=status)
    error = failure(fetcher)

    assert (error.code, error.permanent) == ("picture_gone", True)
    assert len(cdn.calls) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_passing_fault_is_tried_again(
    fetcher: Fetcher, cdn: responses.RequestsMock, pauses: list[float], status: int
) -> None:
    cdn.get(URL, status=status)
    cdn.get(URL, status=status)
    cdn.get(URL, body=b"x")

    assert fetch(fetcher) == b"x"
    assert len(pauses) == 2
    assert 0 < pauses[0] <= 0.5 < pauses[1] <= 1.0


def test_a_fault_that_stays_is_told_after_three_times(fetcher: Fetcher, cdn: responses.RequestsMock) -> None:
    cdn.get(URL, status=503)
    error = failure(fetcher)

    assert (error.code, error.permanent) == ("picture_fetch", False)
    assert len(cdn.calls) == 3


@pytest.mark.parametrize(
    "fault", [requests.ConnectionError(), requests.ReadTimeout(), requests.exceptions.ChunkedEncodingError()]
)
def test_a_broken_connection_is_tried_again(
    fetcher: Fetcher, cdn: responses.RequestsMock, fault: Exception
) -> None:
    cdn.get(URL, body=fault)
    cdn.get(URL, body=b"x")

    assert fetch(fetcher) == b"x"


def test_too_many_bytes_are_not_taken(
    fetcher: Fetcher, cdn: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MAX_BYTES", 100_000)
    cdn.get(URL, body=bytes(100_001))
    error = failure(fetcher)

    assert (error.code, error.permanent) == ("picture_too_large", True)
    assert len(cdn.calls) == 1


def test_as_many_bytes_as_allowed_are_taken(
    fetcher: Fetcher, cdn: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MAX_BYTES", 100_000)
    cdn.get(URL, body=bytes(100_000))

    assert len(fetch(fetcher)) == 100_000


def test_nothing_is_asked_after_the_deadline(fetcher: Fetcher, cdn: responses.RequestsMock) -> None:
    with pytest.raises(ProviderTimeout):
        fetch(fetcher, seconds=0.0)

    assert len(cdn.calls) == 0


def test_a_picture_that_takes_too_long_is_given_up(
    fetcher: Fetcher, cdn: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    cdn.get(URL, body=bytes(200_000))
    monkeypatch.setattr(fetching, "remaining", lambda _deadline: 0.0)
    with pytest.raises(ProviderTimeout) as caught:
        fetch(fetcher)

    assert caught.value.code == "image_timeout"


def test_a_pause_that_would_outlast_the_deadline_is_not_begun(
    fetcher: Fetcher, cdn: responses.RequestsMock, pauses: list[float]
) -> None:
    cdn.get(URL, status=503)
    with pytest.raises(ProviderError):
        fetch(fetcher, seconds=0.3)

    assert pauses == []
    assert len(cdn.calls) == 1


def test_the_timeouts_of_a_call_end_with_the_deadline(fetcher: Fetcher, cdn: responses.RequestsMock) -> None:
    cdn.get(URL, body=b"x")
    fetch(fetcher, seconds=5.0)
    connect, read = cdn.calls[0].request.req_kwargs["timeout"]  # type: ignore[attr-defined]

    assert 0 < connect <= 5.0
    assert 0 < read <= 5.0
