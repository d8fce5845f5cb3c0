"""Text models at any OpenAI-compatible API: complete and stream chat answers.

The common denominator is POST {base}/chat/completions (OpenAI, Azure, Gemini, HuggingFace, Ollama, vLLM ...).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests
import structlog
import urllib3
from sseclient import SSEClient

from errors import ContentRefused, ProviderError, StoryfarmError
from http_session import retrying
from openai_http import OpenAIHttp
from text.endpoint import LIMIT_NAMES, Endpoint
from text.failures import UnsupportedField, error_in
from text.json_object import object_in
from text.model import Completion, Message, Outcome, Schema, Usage
from utils import remaining

log = structlog.get_logger()

_MOST_BYTES = 8_000_000


class OpenAIClient:
    """A TextModel. `threads`: how many threads may call at once without waiting for a connection."""

    def __init__(self, endpoint: Endpoint, *, threads: int = 64) -> None:
        self.provider, self.model = endpoint.provider, endpoint.model
        self._http = OpenAIHttp(endpoint, threads=threads, most_bytes=_MOST_BYTES, late_code="story_timeout")
        self._lock = threading.Lock()
        # What a 400 has taught about this server and model: other names for fields, or fields to leave out.
        self._limit_name = endpoint.limit_name
        self._left_out: frozenset[str] = frozenset()
        self._chat = self._http.prepare("POST", "/chat/completions")
        self._models = self._http.prepare("GET", "/models")

    def complete(
        self, messages: Sequence[Message], *, schema: Schema | None = None, max_tokens: int, deadline: float
    ) -> Completion:
        """See TextModel.complete. At most three attempts, all of them before `deadline`."""
        started = time.monotonic()
        try:
            with self._http.counted(""):
                return retrying(deadline)(self._complete, messages, schema, max_tokens, deadline)
        except StoryfarmError as error:
            log.warning(
                "text.failed",
                provider=self.provider,
                code=error.code,
                text_s=round(time.monotonic() - started, 3),
            )
            raise

    def stream(
        self, messages: Sequence[Message], *, schema: Schema | None = None, max_tokens: int, deadline: float
    ) -> Generator[str, None, Completion]:
        """See TextModel.stream. Attempts are repeated only until the answer begins."""
        with self._http.counted(""):
            response = retrying(deadline)(self._open_stream, messages, schema, max_tokens, deadline)
            with response:
                ending = _Ending(model=self.model)
                pieces = []
                for piece in self._read_stream(response, deadline, ending):
                    pieces.append(piece)
                    yield piece
        text = "".join(pieces)
        return Completion(
            text=text,
            outcome=_outcome(ending.finish, ""),
            provider=self.provider,
            model=ending.model,
            usage=ending.usage,
            value=object_in(text) if schema is not None else None,
        )

    def models(self, *, deadline: float) -> list[dict[str, Any]]:
        """The models that the server lists, at OpenAI with a `shutdown_date`. Costs nothing."""
        body = self._http.read_json(self._http.send(self._models.copy(), deadline, stream=False))
        listed = body.get("data") if isinstance(body, dict) else None
        if not isinstance(listed, list):
            raise ProviderError("The text model's server did not list its models.", code="bad_answer")
        return [item for item in listed if isinstance(item, dict)]

    def close(self) -> None:
        self._http.close()

    def _complete(
        self, messages: Sequence[Message], schema: Schema | None, max_tokens: int, deadline: float
    ) -> Completion:
        body = self._http.read_json(self._post(messages, schema, max_tokens, deadline, stream=False))
        return self._completion(body, with_schema=schema is not None)

    def _open_stream(
        self, messages: Sequence[Message], schema: Schema | None, max_tokens: int, deadline: float
    ) -> requests.Response:
        return self._post(messages, schema, max_tokens, deadline, stream=True)

    def _post(
        self,
        messages: Sequence[Message],
        schema: Schema | None,
        max_tokens: int,
        deadline: float,
        *,
        stream: bool,
    ) -> requests.Response:
        """The answer, asked for once more if a 400 names a field that the server does not know."""
        try:
            request = self._request(messages, schema, max_tokens, stream=stream)
            return self._http.send(request, deadline, stream=stream)
        except UnsupportedField as unsupported:
            if not self._learn(unsupported.field):
                raise
        request = self._request(messages, schema, max_tokens, stream=stream)
        return self._http.send(request, deadline, stream=stream)

    def _request(
        self, messages: Sequence[Message], schema: Schema | None, max_tokens: int, *, stream: bool
    ) -> requests.PreparedRequest:
        body: dict[str, Any] = {
            "model": self.model,
            "messages": list(messages),
            self._limit_name: max_tokens,
        }
        if schema is not None:
            form = {"name": schema.name, "strict": True, "schema": schema.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        return self._http.post_json(
            self._chat, {name: value for name, value in body.items() if name not in self._left_out}
        )

    def _learn(self, field: str) -> bool:
        """Do without `field` from now on; False if that is not possible."""
        with self._lock:
            if field in LIMIT_NAMES:
                other = LIMIT_NAMES[1 - LIMIT_NAMES.index(field)]
                if other in self._left_out or self._limit_name == other:
                    return True
                self._limit_name = other
            elif field in ("response_format", "stream_options"):
                self._left_out |= {field}
            else:
                return False
        log.info("text.learned", field=field, provider=self.provider, model=self.model)
        return True

    def _completion(self, body: Any, *, with_schema: bool) -> Completion:
        try:
            choice = body["choices"][0]
            message = choice["message"]
            text, refusal = _text(message, "content"), _text(message, "refusal")
            finish = _text(choice, "finish_reason")
            usage = _usage(body.get("usage") or {})
        except (LookupError, TypeError, AttributeError, ValueError, OverflowError) as error:
            if isinstance(body, dict) and body.get("error"):
                raise error_in(500, body) from error
            raise ProviderError("The text model's answer has an unknown shape.", code="bad_answer") from error
        return Completion(
            text=refusal or text,
            outcome=_outcome(finish, refusal),
            provider=self.provider,
            model=str(body.get("model") or self.model),
            usage=usage,
            value=object_in(text) if with_schema else None,
        )

    def _read_stream(self, response: requests.Response, deadline: float, ending: _Ending) -> Iterator[str]:
        try:
            for event in SSEClient(self._http.chunks(response, deadline)).events():
                if event.data == "[DONE]":
                    break
                if delta := _delta(event.data, ending):
                    yield delta
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            if remaining(deadline) < 0.1:
                raise self._http.late() from error
            raise ProviderError(
                "The text model's stream broke off.", code="stream_broken", permanent=True
            ) from error
        except UnicodeDecodeError as error:
            raise ProviderError("The text model's stream is not readable.", code="bad_answer") from error
        if ending.finish == "content_filter":
            raise ContentRefused("The provider's content filter stopped the text.", code="content_filtered")
        if not ending.finish:
            raise ProviderError(
                "The text model's stream ended too early.", code="stream_broken", permanent=True
            )


def _text(fields: dict[str, Any], name: str) -> str:
    """The text in a field, "" for null or none; raises TypeError for what is no text."""
    value = fields.get(name)
    if not isinstance(value, str | None):
        raise TypeError(name)
    return value or ""


def _outcome(finish: str, refusal: str) -> Outcome:
    if refusal:
        return Outcome.REFUSED
    return {"length": Outcome.CUT, "content_filter": Outcome.FILTERED}.get(finish, Outcome.DONE)


@dataclass
class _Ending:
    """What a stream says besides its text."""

    model: str
    finish: str = ""
    usage: Usage = field(default_factory=Usage)


def _delta(data: str, ending: _Ending) -> str:
    """The text of one event: '{"choices": [{"delta": {"content": "Once"}}]}'."""
    try:
        body = json.loads(data)
        if body.get("error"):
            raise error_in(500, body)
        choice = (body.get("choices") or [{}])[0]
        delta = choice.get("delta") or {}
        text, refusal = _text(delta, "content"), _text(delta, "refusal")
        ending.finish = _text(choice, "finish_reason") or ending.finish
        ending.model = _text(body, "model") or ending.model
        if body.get("usage"):
            ending.usage = _usage(body["usage"])
    except (LookupError, TypeError, AttributeError, ValueError, OverflowError, RecursionError) as error:
        raise ProviderError("The text model's stream is not readable.", code="bad_answer") from error
    if refusal:
        raise ContentRefused("The text model declined to write this.", code="content_refused")
    return text


def _usage(used: dict[str, Any]) -> Usage:
    return Usage(int(used.get("prompt_tokens") or 0), int(used.get("completion_tokens") or 0))
