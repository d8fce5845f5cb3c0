"""Who calls, found out before a request is looked at any further."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from access.caller import LOCAL, Caller
from access.identity import Identity, shown_in_headers
from errors import Forbidden, Unauthorized

_GUARDED = ("/api/", "/agui", "/uploads/", "/ws")
_PICTURES = ("/images/",)
_SOCKETS = "/ws"
# The proxy's hook knows no key and tells nothing; the session is how one signs in.
_HOOK, _SESSION = "/api/midjourney/hook/", "/api/session"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def register(app: Flask, identity: Identity | None, *, public_url: str, images_public: bool) -> None:
    """Identify the caller of every guarded request. Without `identity` everybody is the local user.

    Call it before anything else that reads requests: strangers' bodies are not looked at.
    """
    guarded = _GUARDED if images_public else (*_GUARDED, *_PICTURES)

    def identify() -> None:
        path = request.path
        if not path.startswith(guarded) or path.startswith(_HOOK) or path == _SESSION:
            return
        try:
            check(path)
        except (Unauthorized, Forbidden) as refusal:
            if not _is_socket():
                raise
            g.refusal = refusal  # pages learn nothing of a refused handshake: they are told on the line

    def check(path: str) -> None:
        g.caller = identify_request(identity) if identity else LOCAL
        if path.startswith(_SOCKETS):  # which any page may open, whether somebody signs in here or not
            check_origin(public_url, is_needed=identity is not None and not _is_by_header())
        elif identity and not _is_by_header() and request.method not in _READING:
            check_origin(public_url, is_needed=True)

    def keep_private(response: Response) -> Response:
        if "caller" in g:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    app.before_request(identify)
    if identity:
        app.after_request(keep_private)
    app.context_processor(lambda: {"needs_sign_in": identity is not None})


def caller() -> Caller:
    """Who sent the guarded request that is being answered. On a socket: raises Unauthorized or Forbidden."""
    if refusal := g.get("refusal"):
        raise refusal
    found: Caller = g.caller
    return found


def owner() -> str:
    """Whose jobs, sets and uploads this request may see."""
    return caller().owner


def viewer(*, is_open: bool) -> Callable[[], str | None]:
    """Whose pictures a request may see; None stands for everybody's, which `is_open` says."""
    return (lambda: None) if is_open else owner


def identify_request(identity: Identity) -> Caller:
    """Who sent this request. Raises Unauthorized."""
    headers = request.headers
    return identity.identify(headers.get("Authorization"), headers.get("X-API-Key"), request.cookies)


def check_origin(public_url: str, *, is_needed: bool) -> None:
    """Browsers send our cookies with what other sites' pages ask for. Raises Forbidden.

    `is_needed`: the request must say where it comes from, as browsers do and programs need not.
    """
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if origin is not None:
        is_ours = _host(origin) in {request.host.lower(), _host(public_url)} - {""}
    elif site is not None:
        is_ours = site == "same-origin"
    else:
        is_ours = not is_needed
    if not is_ours:
        raise Forbidden(
            "The Origin header must name this service's own address: pages of other sites cannot act with "
            "your cookie. Programs send an API key as `Authorization: Bearer ...` instead.",
            code="foreign_origin",
            field="Origin",
        )


def _is_by_header() -> bool:
    return bool(shown_in_headers(request.headers.get("Authorization"), request.headers.get("X-API-Key")))


def _is_socket() -> bool:
    return request.path.startswith(_SOCKETS) and request.headers.get("Upgrade", "").lower() == "websocket"


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""
