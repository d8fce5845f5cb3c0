"""Any OpenAI-compatible API over requests: complete and stream chat answers.

The common denominator is POST {base}/chat/completions (OpenAI, Ollama, llama.cpp, vLLM, LM Studio ...).
"""

from __future__ import annotations

import contextlib
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

import metrics
from errors import ContentRefused, ProviderError, ProviderTimeout, StoryfarmError
from http_session import no_longer_than, open_session, retrying, send
from text.failures import LIMIT_NAMES, UnsupportedField, error_in
from text.model import Completion, Message, Outcome, Schema, Usage
from utils import remaining

log = structlog.get_logger()

PROVIDER = "openai"
_MOST_BYTES = 8_000_000
# An answer that is not streamed is written before its first byte comes, so a read may take the whole time.
_READ_SECONDS = 600.0


class OpenAIClient:
    """A TextModel. `threads`: how many threads may call at once without waiting for a connection."""

    def __init__(self, base_url: str, api_key: str, model: str, *, threads: int = 64) -> None:
        self._base_url = base_url
        self._model = model
        self._session = open_session(threads)
        self._lock = threading.Lock()
        # What a 400 has taught about this server and model: other names for fields, or fields to leave out.
        self._limit_name = LIMIT_NAMES[0]
        self._left_out: frozenset[str] = frozenset()
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        if api_key:
            headers["Authorization"] = f"Bearer {api_key}"
        # Prepared once: preparing URL and headers for each call takes a quarter of a call's CPU time.
        self._chat = requests.Request("POST", f"{base_url}/chat/completions", headers=headers).prepare()
        self._models = requests.Request("GET", f"{base_url}/models", headers=headers).prepare()

    def complete(
        self, messages: Sequence[Message], *, schema: Schema | None = None, max_tokens: int, deadline: float
    ) -> Completion:
        """See TextModel.complete. At most three attempts, all of them before `deadline`."""
        started = time.monotonic()
        try:
            with _call_counted(started):
                return retrying(deadline)(self._complete, messages, schema, max_tokens, deadline)
        except StoryfarmError as error:
            log.warning("text.failed", code=error.code, text_s=round(time.monotonic() - started, 3))
            raise

    def stream(
        self, messages: Sequence[Message], *, schema: Schema | None = None, max_tokens: int, deadline: float
    ) -> Generator[str, None, Completion]:
        """See TextModel.stream. Attempts are repeated only until the answer begins."""
        with _call_counted(time.monotonic()):
            response = retrying(deadline)(self._open_stream, messages, schema, max_tokens, deadline)
            with response:
                ending = _Ending(model=self._model)
                pieces = []
                for piece in _read_stream(response, deadline, ending):
                    pieces.append(piece)
                    yield piece
        text = "".join(pieces)
        return Completion(
            text=text,
            outcome=_outcome(ending.finish, ""),
            provider=PROVIDER,
            model=ending.model,
            usage=ending.usage,
            value=_object(text) if schema is not None else None,
        )

    def models(self, *, deadline: float) -> list[dict[str, Any]]:
        """The models that the server lists, at OpenAI with a `shutdown_date`. Costs nothing."""
        response = self._send(self._models.copy(), deadline, stream=False)
        body = _json(response)
        listed = body.get("data") if isinstance(body, dict) else None
        if not isinstance(listed, list):
            raise ProviderError("The text model's server did not list its models.", code="bad_answer")
        return [item for item in listed if isinstance(item, dict)]

    def close(self) -> None:
        self._session.close()

    def _complete(
        self, messages: Sequence[Message], schema: Schema | None, max_tokens: int, deadline: float
    ) -> Completion:
        response = self._post(messages, schema, max_tokens, deadline, stream=False)
        return _completion(_json(response), with_schema=schema is not None, model=self._model)

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
            return self._send(self._request(messages, schema, max_tokens, stream=stream), deadline, stream)
        except UnsupportedField as unsupported:
            if not self._learn(unsupported.field):
                raise
        return self._send(self._request(messages, schema, max_tokens, stream=stream), deadline, stream)

    def _request(
        self, messages: Sequence[Message], schema: Schema | None, max_tokens: int, *, stream: bool
    ) -> requests.PreparedRequest:
        body: dict[str, Any] = {
            "model": self._model,
            "messages": list(messages),
            self._limit_name: max_tokens,
        }
        if schema is not None:
            form = {"name": schema.name, "strict": True, "schema": schema.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        if stream:
            body |= {"stream": True, "stream_options": {"include_usage": True}}
        request = self._chat.copy()
        kept = {name: value for name, value in body.items() if name not in self._left_out}
        request.prepare_body(json.dumps(kept).encode(), None)
        return request

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
        log.info("text.learned", field=field, model=self._model)
        return True

    def _send(self, request: requests.PreparedRequest, deadline: float, stream: bool) -> requests.Response:
        try:
            response = send(self._session, request, no_longer_than(deadline, _READ_SECONDS))
            if response.status_code == 200 and stream:
                return response
            with response:
                response._content = _read_all(response, deadline)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _connection_error(error, deadline) from error
        if response.status_code != 200:
            raise _error_of(response)
        return response


def _connection_error(error: Exception, deadline: float) -> ProviderError | ProviderTimeout:
    if remaining(deadline) < 0.1:
        return ProviderTimeout("The text model did not answer in time.", code="story_timeout")
    if isinstance(error, requests.ConnectTimeout | requests.ReadTimeout):
        return ProviderError("The text model could not be reached in time.", code="unreachable")
    return ProviderError(
        "The connection to the text model failed. Is its address right, and does it run?", code="unreachable"
    )


@contextlib.contextmanager
def _call_counted(started: float) -> Iterator[None]:
    outcome = "aborted"
    try:
        yield
        outcome = "ok"
    except StoryfarmError as error:
        outcome = error.code
        raise
    finally:
        metrics.PROVIDERS.labels(PROVIDER, outcome).observe(time.monotonic() - started)


def _read_all(response: requests.Response, deadline: float) -> bytes:
    return b"".join(_chunks(response, deadline))


def _json(response: requests.Response) -> Any:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError) as error:
        raise ProviderError(
            "The text model's server answered with something that is not JSON.", code="bad_answer"
        ) from error


def _completion(body: Any, *, with_schema: bool, model: str) -> Completion:
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
        provider=PROVIDER,
        model=str(body.get("model") or model),
        usage=usage,
        value=_object(text) if with_schema else None,
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


def _object(text: str) -> dict[str, Any] | None:
    """The JSON object in `text`; some servers ignore the schema, or wrap the object in a code fence."""
    try:
        value = json.loads(text[text.index("{") : text.rindex("}") + 1])
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


@dataclass
class _Ending:
    """What a stream says besides its text."""

    model: str
    finish: str = ""
    usage: Usage = field(default_factory=Usage)


def _read_stream(response: requests.Response, deadline: float, ending: _Ending) -> Iterator[str]:
    try:
        for event in SSEClient(_chunks(response, deadline)).events():
            if event.data == "[DONE]":
                break
            if delta := _delta(event.data, ending):
                yield delta
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        if remaining(deadline) < 0.1:
            raise ProviderTimeout("The text model did not finish in time.", code="story_timeout") from error
        raise ProviderError(
            "The text model's stream broke off.", code="stream_broken", permanent=True
        ) from error
    except UnicodeDecodeError as error:
        raise ProviderError("The text model's stream is not readable.", code="bad_answer") from error
    if ending.finish == "content_filter":
        raise ContentRefused("The provider's content filter stopped the text.", code="content_filtered")
    if not ending.finish:
        raise ProviderError("The text model's stream ended too early.", code="stream_broken", permanent=True)


def _chunks(response: requests.Response, deadline: float) -> Iterator[bytes]:
    """The bytes as they come, with a total deadline: a read's timeout starts anew with every byte.

    iter_content would hold them back on answers that are not chunked, and so outlast the deadline.
    """
    size = 0
    _wait_no_longer_than(deadline, response)
    while chunk := response.raw.read1(65_536, decode_content=True):
        _wait_no_longer_than(deadline, response)
        size += len(chunk)
        if size > _MOST_BYTES:
            raise ProviderError("The text model's answer was far too long.", code="bad_answer")
        if not remaining(deadline):
            raise ProviderTimeout("The text model did not finish in time.", code="story_timeout")
        yield chunk


def _wait_no_longer_than(deadline: float, response: requests.Response) -> None:
    """The read timeout was set when the request was sent; meanwhile less time is left."""
    sock = getattr(response.raw.connection, "sock", None)  # None if the server closes after the answer
    if sock:
        sock.settimeout(max(0.01, remaining(deadline)))


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


def _error_of(response: requests.Response) -> StoryfarmError:
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):  # a proxy's HTML page
        body = {}
    return error_in(response.status_code, body, response.headers)
