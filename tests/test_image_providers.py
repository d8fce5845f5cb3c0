"""Where the pictures that image models give as an address are fetched from."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import responses

from errors import ProviderError
from image_providers import _fetch_drawn, _host_of
from images.fetching import Fetcher
from text.endpoint import Endpoint

OWN = "https://images.example"


@pytest.fixture
def fetch() -> Iterator[Callable[[str], bytes]]:
    """Gets what an image model at images.example gave as an address."""
    endpoint = Endpoint(base_url=f"{OWN}/v1", model="painter")
    own_host = Fetcher({_host_of(endpoint)})
    drawn = _fetch_drawn(own_host, endpoint)
    yield lambda url: drawn(url, time.monotonic() + 30)
    own_host.close()


@pytest.fixture
def internet() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def test_a_drawn_picture_is_fetched_from_its_models_own_host(
    fetch: Callable[[str], bytes], internet: responses.RequestsMock
) -> None:
    internet.get(f"{OWN}/files/dog.png", body=b"\x89PNG")

    assert fetch(f"{OWN}/files/dog.png") == b"\x89PNG"


def test_no_redirect_leads_away_from_it(
    fetch: Callable[[str], bytes], internet: responses.RequestsMock
) -> None:
    internet.get(f"{OWN}/files/dog.png", status=302, headers={"Location": "http://10.0.0.1/"})
    with pytest.raises(ProviderError) as raised:
        fetch(f"{OWN}/files/dog.png")

    assert raised.value.permanent


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "http://images.example/dog.png",
        "http://pictures.example/dog.png",
        "https://127.0.0.1/dog.png",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/dog.png",
        "https://images.example@10.0.0.1/dog.png",
        "",
    ],
)
def test_a_model_cannot_make_the_service_call_its_own_network(
    fetch: Callable[[str], bytes], monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    def connect(*_args: Any) -> None:
        raise AssertionError("Somebody was called.")

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "getaddrinfo", connect)
    with pytest.raises(ProviderError) as raised:
        fetch(url)

    assert (raised.value.code, raised.value.permanent) == ("picture_host", True)
