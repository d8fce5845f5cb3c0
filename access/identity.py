"""Tells who calls by what they show: an API key or a token of the issuer, in a header or in a cookie."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from access.caller import Caller
from errors import Unauthorized

# Where POST /api/session keeps what was shown.
SESSION_COOKIE = "storyfarm_session"
_LONGEST_PLAN = 60

# A token's claims. Raises Unauthorized, or Busy while tokens cannot be checked.
CheckToken = Callable[[str], Mapping[str, Any]]


class Identity:
    """`api_keys` as (name, plan, key); `check_token` is None where tokens are not taken.

    `plan_claim` names the claim that has the caller's plan, `token_cookie` the cookie in which the issuer
    leaves its token for our own pages.
    """

    def __init__(
        self,
        api_keys: Iterable[tuple[str, str, str]],
        *,
        check_token: CheckToken | None = None,
        plan_claim: str = "plan",
        token_cookie: str = "",
    ) -> None:
        self._keys = [(_hash(key), Caller(f"key:{name}", plan)) for name, plan, key in api_keys]
        self._check_token = check_token
        self._plan_claim = plan_claim
        self._cookies = (SESSION_COOKIE, *([token_cookie] if check_token and token_cookie else []))

    def identify(self, authorization: str | None, api_key: str | None, cookies: Mapping[str, str]) -> Caller:
        """Who calls, by the headers Authorization and X-API-Key, else by the cookies. Raises Unauthorized."""
        if given := shown_in_headers(authorization, api_key):
            return self.recognise(given)
        refusal = Unauthorized(
            "Nobody is signed in. Send an API key or a token as `Authorization: Bearer ...`, "
            "or sign in on a page."
        )
        shown = [cookies[name] for name in self._cookies if cookies.get(name)]
        for number, each in enumerate(shown):
            try:
                return self.recognise(each)
            except Unauthorized as error:
                refusal = refusal if number else error
        raise refusal

    def recognise(self, shown: str) -> Caller:
        """Whose key or token this is. Raises Unauthorized."""
        if not all("!" <= char <= "~" for char in shown):
            raise Unauthorized("An API key or a token has visible ASCII characters only.")
        hashed = _hash(shown)
        # Every key is looked at, so that the time says nothing about any of them.
        found = [caller for key, caller in self._keys if hmac.compare_digest(key, hashed)]
        if found:
            return found[0]
        if self._check_token is None:
            raise Unauthorized("This API key is not known.")
        claims = self._check_token(shown)
        plan = claims.get(self._plan_claim)
        is_plan = isinstance(plan, str) and len(plan) <= _LONGEST_PLAN
        return Caller(f"user:{claims['sub']}", str(plan) if is_plan else "")


def shown_in_headers(authorization: str | None, api_key: str | None) -> str:
    """The API key or the token of `Authorization: Bearer ...` or else of X-API-Key, "" without one."""
    scheme, _, bearer = (authorization or "").strip().partition(" ")
    return (bearer.strip() if scheme.lower() == "bearer" else "") or (api_key or "").strip()


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
