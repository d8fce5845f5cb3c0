"""What holds for every request: an id, log fields, metrics, and headers that protect the pages."""

from __future__ import annotations

import re
import time

import structlog
from flask import Flask, Response, g, request

import metrics
from utils import new_id

log = structlog.get_logger()

_REQUEST_ID = re.compile(r"[\w.-]{1,64}")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "SAMEORIGIN",
}
_PAGE_POLICY = "default-src 'self'; img-src 'self' data: blob: {host}; object-src 'none'; base-uri 'none'"


def register(app: Flask, *, picture_host: str = "") -> None:
    """Give every request of `app` an id, and count it. `picture_host`: where pages may load pictures from."""
    policy = _PAGE_POLICY.format(host=picture_host)

    def protect(response: Response) -> Response:
        if response.mimetype == "text/html" and not request.path.startswith("/openapi"):
            response.headers["Content-Security-Policy"] = policy
        return response

    app.before_request(_begin)
    app.after_request(_end)
    app.after_request(protect)


def base_url(public_url: str) -> str:
    """The address below which the caller finds this service, without a slash at its end."""
    return public_url or request.host_url.rstrip("/")


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else new_id()
    g.started = time.monotonic()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=g.request_id)


def _end(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "unknown"
    seconds = time.monotonic() - g.started
    metrics.REQUESTS.labels(route, response.status_code).observe(seconds)
    response.headers["X-Request-Id"] = g.request_id
    response.headers.update(_HEADERS)
    if request.path.startswith("/api/") or response.status_code >= 500:
        log.info(
            "request.answered",
            method=request.method,
            path=request.path,
            status=response.status_code,
            request_s=round(seconds, 3),
        )
    return response
