"""What is refused, and how each provider words it."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.http import answer

ErrorForm = Callable[["Refused"], Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# What Google calls an HTTP status (google.rpc.Code); anything else is INTERNAL.
_GOOGLE = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_AZURE = {"model_not_found": "DeploymentNotFound", "moderation_blocked": "contentFilter"}


class Refused(Exception):
    """A request that is answered with an error: the HTTP status, OpenAI's code and type, the faulty field."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        kind: str = "invalid_request_error",
        param: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.kind, self.param, self.headers = kind, param, headers


def openai_form(refused: Refused) -> Any:
    error = {"message": refused.message, "type": refused.kind, "param": refused.param or None}
    return {"error": {**error, "code": refused.code or None}}


def azure_form(refused: Refused) -> Any:
    """As OpenAI's, with codes of its own for a few things."""
    error = openai_form(refused)["error"]
    return {"error": {**error, "code": _AZURE.get(refused.code, refused.code) or None}}


def gemini_form(refused: Refused) -> Any:
    """A list with numeric codes; what went wrong is only in the message and, sometimes, in the details."""
    status = _GOOGLE.get(refused.status, "INTERNAL")
    error: dict[str, Any] = {"code": refused.status, "message": refused.message, "status": status}
    if refused.code.isupper():
        reason = "type.googleapis.com/google.rpc.ErrorInfo"
        error["details"] = [{"@type": reason, "reason": refused.code, "domain": "googleapis.com"}]
    return [{"error": error}]


def answering(form: ErrorForm, handler: Handler) -> Handler:
    """`handler`, whose Refused becomes the answer in the house's form."""

    @functools.wraps(handler)
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refused as refused:
            return answer(form(refused), refused.status, refused.headers)

    return handle
