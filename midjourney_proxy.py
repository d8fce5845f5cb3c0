"""Talks to a midjourney-proxy (novicezk's API, and its forks' dialects): submits tasks, looks at them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import requests
import structlog
import urllib3

from errors import ContentRefused, InvalidRequest, ProviderError, ProviderTimeout, StoryfarmError
from http_session import no_longer_than, open_session, send, wait_no_longer_than
from images.editing import CheckedImage
from images.provider import REROLL
from midjourney.proxy_task import ProxyTask, button_of, read_task
from utils import remaining

log = structlog.get_logger()

_READ_SECONDS = 30.0
_MOST_BYTES = 8_000_000
_MOST_REFERENCES = 5
_LEAST_BLENDED, _MOST_BLENDED = 2, 5
# What a submit answers: https://github.com/novicezk/midjourney-proxy, docs/api.md.
_SUBMITTED, _EXISTED, _QUEUED = 1, 21, 22
_NOT_FOUND, _INVALID, _FAILED, _FULL, _BANNED = 3, 4, 9, 23, 24


class ProxyClient:
    """`url` is the proxy's base, such as http://host:8080/mj. `threads` may call at once."""

    def __init__(self, url: str, secret: str, *, threads: int) -> None:
        self._url = url
        # Some forks read the one header, some the other.
        self._headers = {"mj-api-secret": secret, "Authorization": f"Bearer {secret}"} if secret else {}
        self._session = open_session(threads)

    def imagine(
        self,
        prompt: str,
        *,
        references: Sequence[CheckedImage] = (),
        state: str,
        hook: str,
        deadline: float,
    ) -> str:
        """Ask for a grid of four; the task's id.

        `state` comes back with the task; `hook` is called when that changes, "" for none.
        Raises ContentRefused for a banned word, ProviderError with the code queue_full if there is no room.
        A failure that is not permanent leaves open whether the task was taken.
        """
        body: dict[str, Any] = {"prompt": prompt, "state": state}
        if references:
            body["base64Array"] = [_data_url(image) for image in references[:_MOST_REFERENCES]]
        return self._submit("imagine", body, hook, deadline)

    def change(
        self, task_id: str, action: str, index: int | None, *, state: str, hook: str, deadline: float
    ) -> str:
        """UPSCALE or VARIATION of picture `index` (1-4) of a finished grid, or REROLL of all; the task's id.

        What was asked for before gives the id of that task. Where a fork has only buttons the right one is
        pressed. Raises as `imagine`, InvalidRequest for an index that is none, and ProviderError with the
        codes task_gone (the grid is not known any more) and not_supported.
        """
        body: dict[str, Any] = {"taskId": task_id, "action": action, "state": state}
        if action == REROLL:
            index = None
        elif index in (1, 2, 3, 4):
            body["index"] = index
        else:  # the proxy would take it, and fail much later
            raise InvalidRequest("index must be 1 to 4.", code="invalid_field", field="index")
        try:
            return self._submit("change", body, hook, deadline)
        except ProviderError as error:
            if error.code != "not_supported":
                raise
        return self._press(task_id, action, index, state=state, hook=hook, deadline=deadline)

    def blend(
        self, images: Sequence[CheckedImage], dimensions: str, *, state: str, hook: str, deadline: float
    ) -> str:
        """Ask for a grid of four that mixes 2 to 5 pictures; the task's id. Raises as `change`.

        `dimensions` is PORTRAIT, SQUARE or LANDSCAPE.
        """
        if not _LEAST_BLENDED <= len(images) <= _MOST_BLENDED:
            raise InvalidRequest(
                f"images are {len(images)} pictures; {_LEAST_BLENDED} to {_MOST_BLENDED} are taken.",
                code="invalid_field",
                field="images",
            )
        pictures = [_data_url(image) for image in images]
        body = {"base64Array": pictures, "dimensions": dimensions, "state": state}
        return self._submit("blend", body, hook, deadline)

    def describe(self, image: CheckedImage, *, state: str, hook: str, deadline: float) -> str:
        """Ask for prompts that would give this picture; the task's id. Raises as `change`."""
        return self._submit("describe", {"base64": _data_url(image), "state": state}, hook, deadline)

    def fetch(self, task_id: str, *, deadline: float) -> ProxyTask | None:
        """How the task is; None if the proxy does not know it (any more)."""
        body = self._call("GET", f"/task/{task_id}/fetch", None, deadline)
        return read_task(body) if body else None

    def find(self, state: str, *, deadline: float) -> ProxyTask | None:
        """The task that was submitted with this `state`; None if there is none, or if none are listed."""
        try:
            body = self._call("GET", "/task/list", None, deadline)
        except ProviderError as error:
            log.info("proxy.no_list", code=error.code)
            return None
        tasks = [read_task(item) for item in body if isinstance(item, dict)] if isinstance(body, list) else []
        return next((task for task in tasks if task.state == state), None)

    def close(self) -> None:
        self._session.close()

    def _press(
        self, task_id: str, action: str, index: int | None, *, state: str, hook: str, deadline: float
    ) -> str:
        """The change by the button that MidJourney itself has put under the grid."""
        target = self.fetch(task_id, deadline=deadline)
        if target is None:
            raise _task_gone()
        button = button_of(target, action, index)
        if button is None:
            raise _not_supported()
        return self._submit("action", {"taskId": task_id, "customId": button, "state": state}, hook, deadline)

    def _submit(self, what: str, body: dict[str, Any], hook: str, deadline: float) -> str:
        if hook:
            body = {**body, "notifyHook": hook}
        try:
            answer = self._call("POST", f"/submit/{what}", body, deadline)
        except ProviderError as error:
            if error.code == "no_such_model" and what != "imagine":
                raise _not_supported() from error
            raise
        if not isinstance(answer, dict) or not isinstance(answer.get("code"), int):
            raise ProviderError("The midjourney-proxy's answer has an unknown shape.", code="bad_answer")
        if answer["code"] in (_SUBMITTED, _EXISTED, _QUEUED) and answer.get("result"):
            return str(answer["result"])
        if what != "imagine" and "not support" in str(answer.get("description") or "").lower():
            raise _not_supported()
        raise _refusal(answer)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None, deadline: float) -> Any:
        """The parsed answer, None for an empty one."""
        request = requests.Request(method, self._url + path, headers=self._headers, json=body).prepare()
        try:
            with send(self._session, request, no_longer_than(deadline, _READ_SECONDS)) as response:
                content = _read(response, deadline)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise _connection_error(deadline) from error
        if response.status_code != 200:
            raise _status_error(response.status_code)
        if not content.strip():
            return None
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise ProviderError(
                "The midjourney-proxy answered with something that is not JSON.", code="bad_answer"
            ) from error


def _read(response: requests.Response, deadline: float) -> bytes:
    """The body, with one deadline for all of it."""
    content = bytearray()
    wait_no_longer_than(deadline, response)
    while chunk := response.raw.read1(65_536, decode_content=True):
        content += chunk
        if len(content) > _MOST_BYTES:
            raise ProviderError("The midjourney-proxy's answer was far too long.", code="bad_answer")
        if not remaining(deadline):
            raise _connection_error(deadline)
        wait_no_longer_than(deadline, response)
    return bytes(content)


def _data_url(image: CheckedImage) -> str:
    return f"data:{image.mime};base64,{base64.b64encode(image.content).decode()}"


def _refusal(answer: Mapping[str, Any]) -> StoryfarmError:
    code, properties = answer["code"], answer.get("properties")
    if code == _BANNED:
        word = str((properties if isinstance(properties, dict) else {}).get("bannedWord") or "")[:60]
        said = f" because of the word “{word}”" if word else ""
        return ContentRefused(f"MidJourney refused the prompt{said}.", code="banned_word")
    if code == _FULL:
        return ProviderError("MidJourney's queue is full.", code="queue_full", retry_after=3.0)
    if code == _NOT_FOUND:
        return _task_gone()
    if code == _INVALID:
        return ProviderError("The midjourney-proxy refused the task.", code="bad_request", permanent=True)
    if code == _EXISTED:
        return ProviderError(
            "MidJourney wants a dialogue that cannot be held here.", code="modal", permanent=True
        )
    return ProviderError(f"The midjourney-proxy could not take the task (code {code}).", code="proxy_failed")


def _task_gone() -> ProviderError:
    return ProviderError("The midjourney-proxy does not know this task any more.", code="task_gone")


def _not_supported() -> ProviderError:
    return ProviderError(
        "This midjourney-proxy does not have that call.", code="not_supported", permanent=True
    )


def _status_error(status: int) -> ProviderError:
    if status in (401, 403):
        return ProviderError(
            "The midjourney-proxy refused the secret. Check MIDJOURNEY_PROXY_SECRET.",
            code="bad_key",
            permanent=True,
        )
    if status == 404:
        return ProviderError(
            "The midjourney-proxy's address is wrong. Check MIDJOURNEY_PROXY_URL.",
            code="no_such_model",
            permanent=True,
        )
    return ProviderError(f"The midjourney-proxy failed ({status}).", code="provider_failed")


def _connection_error(deadline: float) -> ProviderError | ProviderTimeout:
    if remaining(deadline) < 0.1:
        return ProviderTimeout("The midjourney-proxy did not answer in time.", code="image_timeout")
    return ProviderError(
        "The midjourney-proxy could not be reached. Is MIDJOURNEY_PROXY_URL right, and does it run?",
        code="unreachable",
    )
