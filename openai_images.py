"""Image models at any OpenAI-compatible API: /images/generations, and /images/edits with references."""

from __future__ import annotations

import base64
import binascii
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import requests
import structlog
import urllib3
from sseclient import SSEClient

from errors import ContentRefused, ProviderError
from http_session import retrying
from images.drawing import PARTIALS, Drawn, OnPartial
from images.editing import ENDINGS
from images.provider import Reference
from openai_http import OpenAIHttp
from text.endpoint import Endpoint
from text.failures import UnsupportedField, error_in
from text.model import Usage
from utils import remaining

log = structlog.get_logger()

_MOST_BYTES = 120_000_000  # base64 of a large picture, and its unfinished states
_MOST_REFERENCES = 16
# What a server may not know; the rest it must.
OPTIONAL = ("background", "output_format", "stream", "partial_images", "response_format")
_STREAMING = ("stream", "partial_images")
_EVENTS = {
    "image_generation.partial_image": False,
    "image_edit.partial_image": False,
    "image_generation.completed": True,
    "image_edit.completed": True,
}

# (url, deadline) -> bytes; raises ProviderError.
Fetch = Callable[[str, float], bytes]


class OpenAIImages:
    """An ImageApi. `left_out`: fields that this server is known not to take; others it teaches by a 400.

    A call whose answer got lost may have been paid for, so it is not repeated; one that was answered with
    a failure is. `fetch` gets pictures that come as an address.
    """

    def __init__(
        self, endpoint: Endpoint, *, threads: int, fetch: Fetch, left_out: frozenset[str] = frozenset()
    ) -> None:
        self._endpoint = endpoint
        self._fetch = fetch
        self._http = OpenAIHttp(endpoint, threads=threads, most_bytes=_MOST_BYTES, late_code="image_timeout")
        self._lock = threading.Lock()
        self._left_out = left_out
        self._generations = self._http.prepare("POST", "/images/generations")

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
        """See ImageApi.draw. At most three attempts, all of them before `deadline`."""
        fields: dict[str, Any] = {"model": self._endpoint.model, "prompt": prompt, "n": 1}
        if size:
            fields["size"] = size
        if background:
            fields |= {"background": background, "output_format": "png"}
        fields |= {"stream": True, "partial_images": PARTIALS}
        with self._http.counted(".images"):
            response = retrying(deadline)(self._post, fields, references[:_MOST_REFERENCES], deadline)
            with response:
                return self._read(response, deadline, on_partial)

    def close(self) -> None:
        self._http.close()

    def _post(
        self, fields: dict[str, Any], references: Sequence[Reference], deadline: float
    ) -> requests.Response:
        """The answer, asked for anew for each field that a 400 names as unknown."""
        for _ in OPTIONAL:
            kept = {name: value for name, value in fields.items() if name not in self._left_out}
            request = self._edit(kept, references) if references else self._generation(kept)
            try:
                return self._http.send(request, deadline, stream=bool(kept.get("stream")))
            except UnsupportedField as unsupported:
                if not self._learn(unsupported.field):
                    raise
            except ProviderError as error:
                if error.code == "unreachable":
                    error.permanent = True  # it may have been paid for
                raise
        raise ProviderError(
            f"{self._endpoint.advice.who} refused the request.", code="bad_request", permanent=True
        )

    def _generation(self, fields: dict[str, Any]) -> requests.PreparedRequest:
        return self._http.post_json(self._generations, fields)

    def _edit(self, fields: dict[str, Any], references: Sequence[Reference]) -> requests.PreparedRequest:
        name = "image" if len(references) == 1 else "image[]"
        files = [
            (name, (f"reference-{number}.{ENDINGS[each.image.mime]}", each.image.content, each.image.mime))
            for number, each in enumerate(references, 1)
        ]
        texts = {
            key: str(value).lower() if isinstance(value, bool) else str(value)
            for key, value in fields.items()
        }
        url = self._endpoint.url("/images/edits")
        return requests.Request(
            "POST", url, headers=self._endpoint.headers(), data=texts, files=files
        ).prepare()

    def _learn(self, field: str) -> bool:
        if field not in OPTIONAL:
            return False
        with self._lock:
            # Unfinished states come in streams only.
            self._left_out |= {"stream", "partial_images"} if field in _STREAMING else {field}
        log.info("images.learned", field=field, provider=self._endpoint.provider)
        return True

    def _read(self, response: requests.Response, deadline: float, on_partial: OnPartial) -> Drawn:
        if not response.headers.get("Content-Type", "").startswith("text/event-stream"):
            if not response._content:  # asked for as a stream, and not one
                response._content = self._whole(response, deadline)
            return self._drawn(self._http.read_json(response), deadline)
        try:
            for body in self._events(response, deadline):
                if body is None:  # it ended well, and yet without a picture
                    raise _no_picture()
                is_last = _EVENTS[body["type"]]
                if is_last:
                    return self._drawn(
                        {"data": [body], "usage": body.get("usage"), "model": body.get("model")}, deadline
                    )
                if unfinished := _glimpse(body):
                    on_partial(unfinished)
        except (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeDecodeError) as error:
            if remaining(deadline) < 0.1:
                raise self._http.late() from error
            raise self._broken() from error
        raise self._broken()

    def _whole(self, response: requests.Response, deadline: float) -> bytes:
        try:
            return b"".join(self._http.chunks(response, deadline))
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            if remaining(deadline) < 0.1:
                raise self._http.late() from error
            raise self._broken() from error

    def _events(self, response: requests.Response, deadline: float) -> Iterator[dict[str, Any] | None]:
        """The stream's events that tell of pictures; None at its end."""
        for event in SSEClient(self._http.chunks(response, deadline)).events():
            if event.data == "[DONE]":
                yield None
                return
            try:
                body = json.loads(event.data)
            except (ValueError, RecursionError) as error:
                raise self._broken() from error
            if isinstance(body, dict) and body.get("error"):
                raise error_in(500, body, advice=self._endpoint.advice)
            if isinstance(body, dict) and str(body.get("type")) in _EVENTS:
                yield body

    def _drawn(self, body: Any, deadline: float) -> Drawn:
        data = body.get("data") if isinstance(body, dict) else None
        if isinstance(body, dict) and body.get("error"):
            raise error_in(500, body, advice=self._endpoint.advice)
        if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
            raise ProviderError(
                f"{self._endpoint.advice.who} gave an answer of unknown shape.", code="bad_answer"
            )
        if not data or not (data[0].get("b64_json") or data[0].get("url")):
            raise _no_picture()
        usage = _usage(body.get("usage"))
        model = str(body.get("model") or self._endpoint.model)
        if data[0].get("b64_json"):
            return Drawn(_bytes(data[0]), model, usage)
        url = str(data[0]["url"])
        return Drawn(self._fetch(url, deadline), model, usage, source_url=url.partition("?")[0][:2000])

    def _broken(self) -> ProviderError:
        return ProviderError(
            f"The answer of {self._endpoint.advice.who.lower()} broke off.",
            code="stream_broken",
            permanent=True,
        )


def _no_picture() -> ContentRefused:
    """No picture in an answer that is well is how image models refuse a prompt."""
    return ContentRefused("The image model gave no picture for this prompt. Try other words.")


def _bytes(fields: dict[str, Any]) -> bytes:
    try:
        return base64.b64decode(str(fields.get("b64_json") or ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProviderError("The picture's bytes are not base64.", code="bad_answer") from error


def _glimpse(fields: dict[str, Any]) -> bytes:
    """The bytes of an unfinished state; one that cannot be read must not cost the picture."""
    try:
        return _bytes(fields)
    except ProviderError:
        return b""


def _usage(used: Any) -> Usage:
    """Image models count "input_tokens" and "output_tokens"; most compatible servers say nothing."""
    if not isinstance(used, dict):
        return Usage()
    counts = (used.get("input_tokens"), used.get("output_tokens"))
    return Usage(*(count if isinstance(count, int) else 0 for count in counts))
