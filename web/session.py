"""Signing in on a page: what one shows is kept in a cookie that no script can read."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from access.caller import LOCAL
from access.guesses import Guesses
from access.identity import SESSION_COOKIE, Identity
from errors import InvalidRequest, Unauthorized
from web.callers import check_origin, identify_request

_TAG = Tag(name="Session", description="Signing in on a page.")
_WRONG_A_MINUTE = 30
# Browsers keep cookies of up to 4,096 bytes, the name included.
_LONGEST = 4000


class SignIn(BaseModel):
    model_config = ConfigDict(extra="ignore")

    key: str = Field(min_length=1, max_length=_LONGEST, description="An API key or a token.")


def create_blueprint(identity: Identity | None, *, public_url: str, token_cookie: str) -> APIBlueprint:
    """`token_cookie` is the issuer's own, which signing out takes away as well."""
    blueprint = APIBlueprint("session", __name__, abp_tags=[_TAG])
    guesses = Guesses(_WRONG_A_MINUTE)

    @blueprint.get("/api/session", summary="Who is signed in")
    def show() -> Response:
        return _answer(_state(identity))

    @blueprint.post("/api/session", summary="Sign in")
    def sign_in(body: SignIn) -> Response:
        """Checks the key or token, and keeps it in a cookie until the browser is closed."""
        check_origin(public_url, is_needed=False)
        if identity is None:
            raise InvalidRequest("Nobody needs to sign in here.", code="no_sign_in")
        shown = body.key.strip()
        try:
            found = identity.recognise(shown)
        except Unauthorized:
            guesses.check()
            guesses.count_wrong()
            raise
        response = _answer(_signed_in(found.owner, found.plan))
        response.set_cookie(
            SESSION_COOKIE, shown, path="/", httponly=True, samesite="Strict", secure=request.is_secure
        )
        return response

    @blueprint.delete("/api/session", summary="Sign out")
    def sign_out() -> Response:
        check_origin(public_url, is_needed=False)
        response = Response(status=204)
        for name in {SESSION_COOKIE, token_cookie} & set(request.cookies):
            response.delete_cookie(name, path="/")
        return response

    return blueprint


def _state(identity: Identity | None) -> dict[str, Any]:
    if identity is None:
        return {"signed_in": False, "owner": LOCAL.owner, "plan": LOCAL.plan, "sign_in_needed": False}
    try:
        found = identify_request(identity)
    except Unauthorized:
        return {"signed_in": False, "owner": None, "plan": "", "sign_in_needed": True}
    return _signed_in(found.owner, found.plan)


def _signed_in(owner: str, plan: str) -> dict[str, Any]:
    return {"signed_in": True, "owner": owner, "plan": plan, "sign_in_needed": True}


def _answer(body: dict[str, Any]) -> Response:
    response = jsonify(body)
    response.headers["Cache-Control"] = "no-store"
    return response
