"""Sends requests to OpenAI-compatible servers and reads what comes back, with one deadline for all of it."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any

import requests
import urllib3

import metrics
from errors import ProviderError, ProviderTimeout, StoryfarmError
from http_session import no_longer_than, open_session, send, wait_no_longer_than
from text.endpoint import Endpoint
from text.failures import error_in
from utils import remaining

# An answer that is not streamed is written before its first byte comes, so a read may take the whole time.
_READ_SECONDS = 600.0


class OpenAIHttp:
    """One pooled session for one endpoint.

    `most_bytes`: longer answers are an error. `late_code`: the code of an answer that did not come in time.
    """

    def __init__(self, endpoint: Endpoint, *, threads: int, most_bytes: int, late_code: str) -> None:
        self.endpoint = endpoint
        self._late_code = late_code
        self._session = open_session(threads)
        self._most_bytes = most_bytes

    def prepare(self, method: str, path: str) -> requests.PreparedRequest:
        """A request to `path` without a body; copy it for each call, as preparing takes a quarter of one."""
        headers = {"Accept": "application/json, text/event-stream", **self.endpoint.headers()}
        return requests.Request(method, self.endpoint.url(path), headers=headers).prepare()

    def post_json(self, prepared: requests.PreparedRequest, body: Any) -> requests.PreparedRequest:
        """`prepared` with `body` as JSON."""
        request = prepared.copy()
        request.headers["Content-Type"] = "application/json"
        request.prepare_body(json.dumps(body).encode(), None)
        return request

    def send(self, request: requests.PreparedRequest, deadline: float, *, stream: bool) -> requests.Response:
        """The answer with status 200, its body read unless it is streamed. Raises what an error tells."""
        try:
            response = send(self._session, request, no_longer_than(deadline, _READ_SECONDS))
            if response.status_code == 200 and stream:
                return response
            with response:
                response._content = b"".join(self.chunks(response, deadline))
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise self.broken(error, deadline) from error
        if response.status_code != 200:
            raise self._error_of(response)
        return response

    def read_json(self, response: requests.Response) -> Any:
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError) as error:
            raise ProviderError(
                f"{self._who} answered with something that is not JSON.", code="bad_answer"
            ) from error

    def chunks(self, response: requests.Response, deadline: float) -> Iterator[bytes]:
        """The bytes as they come, with a total deadline: a read's timeout starts anew with every byte.

        iter_content would hold them back on answers that are not chunked, and so outlast the deadline.
        """
        size = 0
        wait_no_longer_than(deadline, response)
        while chunk := response.raw.read1(65_536, decode_content=True):
            wait_no_longer_than(deadline, response)
            size += len(chunk)
            if size > self._most_bytes:
                raise ProviderError(f"The answer of {self._name} was far too long.", code="bad_answer")
            if not remaining(deadline):
                raise self.late()
            yield chunk

    def broken(self, error: Exception, deadline: float) -> ProviderError | ProviderTimeout:
        """What a failed connection means."""
        if remaining(deadline) < 0.1:
            return self.late()
        if isinstance(error, requests.ConnectTimeout | requests.ReadTimeout):
            return ProviderError(f"{self._who} could not be reached in time.", code="unreachable")
        return ProviderError(
            f"The connection to {self._name} failed. Is its address right, and does it run?",
            code="unreachable",
        )

    def late(self) -> ProviderTimeout:
        return ProviderTimeout(f"{self._who} did not answer in time.", code=self._late_code)

    @contextlib.contextmanager
    def counted(self, what: str) -> Iterator[None]:
        """Around a call: its outcome and time go into the metrics."""
        started, outcome = time.monotonic(), "aborted"
        try:
            yield
            outcome = "ok"
        except StoryfarmError as error:
            outcome = error.code
            raise
        finally:
            seconds = time.monotonic() - started
            metrics.PROVIDERS.labels(f"{self.endpoint.provider}{what}", outcome).observe(seconds)

    def close(self) -> None:
        self._session.close()

    @property
    def _who(self) -> str:
        return self.endpoint.advice.who

    @property
    def _name(self) -> str:
        return self._who[0].lower() + self._who[1:]

    def _error_of(self, response: requests.Response) -> StoryfarmError:
        try:
            body = json.loads(response.content)
        except (ValueError, RecursionError):  # a proxy's HTML page
            body = {}
        return error_in(response.status_code, body, response.headers, self.endpoint.advice)
