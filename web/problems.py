"""Turns every failure, Flask's own too, into application/problem+json (RFC 9457)."""

from __future__ import annotations

import json
from typing import Any

import structlog
from flask import Flask, Response, g, make_response, request
from pydantic import ValidationError
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge

from errors import (
    Busy,
    InvalidRequest,
    NotFound,
    StoryfarmError,
    TooLarge,
    TooManyAttempts,
    Unauthorized,
    WrongMediaType,
)

log = structlog.get_logger()

MAX_BODY_BYTES = 64 * 1024
# Calls that say everything in their path.
_WITHOUT_BODY = frozenset({"jobs.cancel", "midjourney.hook", "writer.cache_clear", "writer-tasks.resume"})
# Calls that bring a picture along (10 MB, in base64), or a long story.
_PICTURE, _STORY, _OUTLINE = 14_000_000, 8_500_000, 1_500_000
_LARGE_BODIES = {
    "uploads.upload": _PICTURE,
    "stories.generate": _PICTURE,
    "imagine.generate": _PICTURE,
    "blending.blend": 2 * _PICTURE,
    "blending.describe": _PICTURE,
    "writer.refine_outline": _OUTLINE,
    "writer.generate_start": _OUTLINE,
    "writer.generate_full": _OUTLINE,
    "writer.go_on": _STORY,
    "writer-tasks.generate_images": _OUTLINE,
    "writer-projects.create": _STORY,
    "writer-projects.change": _STORY,
    "writer-projects.export_story": _STORY,
    "agui.run": _STORY,
}
_FORMS = frozenset({"uploads.upload"})


def register(app: Flask) -> None:
    """Answer every failure of `app` as a problem document."""
    app.before_request(check_json_body)
    app.register_error_handler(StoryfarmError, _storyfarm_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _bug)


def check_json_body() -> None:
    """Before a POST or PUT: raises what is wrong with its body as a whole (size, type, syntax, shape)."""
    if "\0" in request.path or "\0" in "".join(request.args.values()):
        raise NotFound("There is nothing here.")
    takes_json = request.path.startswith("/api/") or request.path == "/agui"
    if request.method not in ("POST", "PUT") or request.url_rule is None or not takes_json:
        return
    limit = _LARGE_BODIES.get(request.endpoint or "", MAX_BODY_BYTES)
    request.max_content_length = limit
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    if request.endpoint in _WITHOUT_BODY or (
        request.endpoint in _FORMS and request.mimetype == "multipart/form-data"
    ):
        return
    if not request.is_json:
        raise WrongMediaType("Send JSON, with the header Content-Type: application/json.")
    try:
        body = request.get_json()
    except (BadRequest, RecursionError) as error:
        raise InvalidRequest("The body is not valid JSON.", code="invalid_json") from error
    if not isinstance(body, dict):
        raise InvalidRequest("The body must be a JSON object.", code="invalid_json")


def _too_large(limit: int) -> TooLarge:
    size = f"{limit // 1024} KB" if limit < 1_000_000 else f"{limit // 1_000_000} MB"
    return TooLarge(f"The body is larger than {size}.", limit=limit)


def invalid_fields(error: ValidationError) -> Response:
    """The answer to fields that do not fit; it names each field and its limit."""
    faults = [_fault(item) for item in error.errors()]
    detail = faults[0]["detail"]
    if others := list(dict.fromkeys(fault["field"] for fault in faults[1:])):
        detail += f" The same call has faults in {', '.join(others)} as well."
    return _answer(InvalidRequest(detail, code="invalid_field", fields=faults))


def _fault(item: Any) -> dict[str, str]:
    field = ".".join(str(part) for part in item["loc"]) or "body"
    message = str(item["msg"]).removeprefix("Value error, ")
    if message.startswith("It "):
        message = f"{field}: it {message[3:]}"
    detail = message if message.endswith(".") else f"{field}: {message}."
    return {"field": field, "detail": detail}


def _storyfarm_error(error: StoryfarmError) -> Response:
    return _answer(error)


def _http_error(error: HTTPException) -> Response:
    if isinstance(error, RequestEntityTooLarge):
        return _answer(_too_large(request.max_content_length or MAX_BODY_BYTES))
    problem = StoryfarmError(error.description or error.name, code=error.name.lower().replace(" ", "_"))
    response = _answer(problem, status=error.code or 500, title=error.name)
    if error.code == 405 and error.get_response().headers.get("Allow"):
        response.headers["Allow"] = error.get_response().headers["Allow"]
    return response


def _bug(error: Exception) -> Response:
    log.exception("request.broke", path=request.path)
    return _answer(StoryfarmError("The service has made a mistake. Please try again."))


def _answer(error: StoryfarmError, **overrides: Any) -> Response:
    problem = {**error.problem(), "request_id": g.get("request_id", ""), **overrides}
    response = make_response(json.dumps(problem), problem["status"])
    response.content_type = "application/problem+json"
    response.headers["Cache-Control"] = "no-store"
    if isinstance(error, Unauthorized):
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, Busy | TooManyAttempts):
        response.headers["Retry-After"] = str(error.retry_after)
    return response
