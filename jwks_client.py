"""Tokens (JWT) of an issuer outside, checked with the keys that it publishes (JWKS, RFC 7517)."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
import requests
import structlog
import urllib3
from jwt.exceptions import InvalidSubjectError

from errors import ProviderError, ProviderTimeout, SignInUnavailable, Unauthorized
from http_session import no_longer_than, open_session, send, wait_no_longer_than
from utils import remaining

log = structlog.get_logger()

_SECONDS = 5.0
_MOST_BYTES = 256 * 1024
_MOST_KEYS = 100
_MOST_CHARACTERS = 8192
_LEEWAY_SECONDS = 60
# However many tokens name keys that nobody knows, the issuer is asked no more often.
_PAUSE_SECONDS = 30.0
_FRESH_SECONDS = 3600.0
# For so long the keys are good while the issuer cannot be reached.
_GOOD_SECONDS = 24 * 3600.0

# What is taken, and the kind of key (its curve, or RSA) that each needs. A token says itself how it is
# signed: with `none` or a shared secret (HS256) anybody could sign with what is public.
_KINDS = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    "ES256": "P-256",
    "ES384": "P-384",
    "ES512": "P-521",
    "EdDSA": "Ed25519",
}


@dataclass(frozen=True, kw_only=True)
class TokenRules:
    """Whose tokens are taken. `audience` "" and no `parties` take any; `parties` are values of `azp`."""

    issuer: str
    audience: str = ""
    parties: Collection[str] = ()


@dataclass(frozen=True)
class _Key:
    key: Any
    algorithms: frozenset[str]


@dataclass(frozen=True)
class _KeySet:
    fetched_at: float = float("-inf")
    keys: Mapping[str, _Key] = field(default_factory=dict)

    def find(self, key_id: str) -> _Key | None:
        """The key with this id. A token that names none means the only one (OpenID Connect Core, 10.1)."""
        if not key_id and len(self.keys) == 1:
            return next(iter(self.keys.values()))
        return self.keys.get(key_id)


class JwksClient:
    """The issuer's keys at `url`, fetched when they are needed and kept. `clock` is monotonic."""

    def __init__(self, url: str, rules: TokenRules, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = open_session(1)
        self._request = requests.Request(
            "GET", url, headers={"Accept": "application/json", "Accept-Encoding": "identity"}
        ).prepare()
        self._rules = rules
        self._clock = clock
        self._fetching = threading.Lock()
        self._next_fetch_at = float("-inf")
        self._known = _KeySet()

    def check(self, token: str) -> dict[str, Any]:
        """The token's claims, among them `sub`, 1 to 255 characters.

        Raises Unauthorized, or SignInUnavailable while there are no keys to check it with.
        """
        algorithm, key_id = _head(token)
        key = self._find(key_id)
        if algorithm not in key.algorithms:
            raise Unauthorized("The token is signed with another algorithm than its key is for.")
        claims = _claims(token, key, self._rules)
        if self._rules.parties and claims.get("azp") not in self._rules.parties:
            raise Unauthorized("The token was made for another site (azp).")
        subject = claims["sub"]
        if not 1 <= len(subject) <= 255 or not subject.isprintable():
            raise Unauthorized("The token's sub must have 1 to 255 characters.")
        return claims

    def fetch(self) -> int:
        """Fetch the keys now; how many there are. Raises ProviderError or ProviderTimeout."""
        keys = _read_keys(self._download())
        self._known = _KeySet(self._clock(), keys)
        return len(keys)

    def close(self) -> None:
        self._session.close()

    def _find(self, key_id: str) -> _Key:
        found = self._good().find(key_id)
        if found is None or self._clock() - self._known.fetched_at > _FRESH_SECONDS:
            self._refresh(is_needed=found is None)
            found = self._good().find(key_id)
        if found:
            return found
        if not self._good().keys:
            raise SignInUnavailable(
                "Tokens cannot be checked just now: their issuer's keys could not be fetched.",
                retry_after=max(1, round(self._next_fetch_at - self._clock())),
            )
        raise Unauthorized("The token is signed with a key that its issuer does not publish.")

    def _good(self) -> _KeySet:
        is_old = self._clock() - self._known.fetched_at > _GOOD_SECONDS
        return _KeySet() if is_old else self._known

    def _refresh(self, *, is_needed: bool) -> None:
        """Fetch the keys unless that was tried just now; only who needs them waits for another's attempt."""
        if not self._fetching.acquire(timeout=_SECONDS if is_needed else 0):
            return
        try:
            if self._clock() >= self._next_fetch_at:
                self._next_fetch_at = self._clock() + _PAUSE_SECONDS
                self.fetch()
        except (ProviderError, ProviderTimeout) as error:
            log.warning("jwks.not_fetched", code=error.code, detail=error.detail)
        finally:
            self._fetching.release()

    def _download(self) -> bytes:
        deadline = time.monotonic() + _SECONDS
        try:
            with send(self._session, self._request, no_longer_than(deadline, _SECONDS)) as response:
                if response.status_code != 200:
                    raise ProviderError(
                        f"The key set's address answered {response.status_code}.", code="jwks_failed"
                    )
                return _read(response, deadline)
        except (requests.RequestException, urllib3.exceptions.HTTPError):
            raise ProviderError("The key set could not be fetched.", code="jwks_unreachable") from None


def _head(token: str) -> tuple[str, str]:
    """(algorithm, key's id or ""), as the token says; nothing of it is checked yet."""
    if len(token) > _MOST_CHARACTERS:
        raise Unauthorized(f"The token has more than {_MOST_CHARACTERS:,} characters.")
    try:
        head = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError):
        raise _unreadable() from None
    algorithm = head.get("alg")
    if not isinstance(algorithm, str) or algorithm not in _KINDS:
        raise Unauthorized(f"The token must be signed with one of {', '.join(_KINDS)}.")
    return algorithm, head.get("kid", "")


def _claims(token: str, key: _Key, rules: TokenRules) -> dict[str, Any]:
    try:
        return jwt.decode(
            token,
            key.key,
            algorithms=sorted(key.algorithms),
            issuer=rules.issuer,
            audience=rules.audience or None,
            leeway=_LEEWAY_SECONDS,
            options={
                "require": ["exp", "iss", "sub"],
                "verify_aud": bool(rules.audience),
                "enforce_minimum_key_length": True,
            },
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise _refusal(error) from None


# The first that fits is told; what the library says itself may repeat the token.
_REFUSALS: tuple[tuple[type[Exception], str], ...] = (
    (jwt.ExpiredSignatureError, "The token has expired. Sign in again."),
    (jwt.ImmatureSignatureError, "The token is not valid yet (nbf, iat)."),
    (jwt.InvalidIssuerError, "The token is from another issuer (iss)."),
    (jwt.InvalidAudienceError, "The token is meant for another audience (aud)."),
    (jwt.InvalidSignatureError, "The token's signature is wrong."),
    (jwt.InvalidKeyError, "The token is signed with a key that is too short."),
    (InvalidSubjectError, "The token's sub must be text."),
)


def _refusal(error: Exception) -> Unauthorized:
    if isinstance(error, jwt.MissingRequiredClaimError):
        return Unauthorized(f"The token lacks {error.claim}.")
    return next((Unauthorized(text) for kind, text in _REFUSALS if isinstance(error, kind)), _unreadable())


def _unreadable() -> Unauthorized:
    return Unauthorized("This is neither a known API key nor a token that can be read.")


def _read(response: requests.Response, deadline: float) -> bytes:
    content = bytearray()
    wait_no_longer_than(deadline, response)
    while chunk := response.raw.read1(65_536, decode_content=True):
        wait_no_longer_than(deadline, response)
        content += chunk
        if len(content) > _MOST_BYTES:
            raise ProviderError(f"The key set has more than {_MOST_BYTES // 1024} KB.", code="jwks_failed")
        if not remaining(deadline):
            raise ProviderTimeout("The key set did not come in time.", code="jwks_unreachable")
    return bytes(content)


def _read_keys(body: bytes) -> dict[str, _Key]:
    """The keys by their ids; those that are for something else, or cannot be read, are left out."""
    try:
        found = json.loads(body)["keys"]
        listed = [jwk for jwk in found[:_MOST_KEYS] if isinstance(jwk, dict)]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ProviderError("The key set's address answered something else.", code="jwks_failed") from None
    keys = {str(jwk.get("kid") or ""): key for jwk in listed if (key := _read_key(jwk))}
    if not keys:
        raise ProviderError("The key set has no key that tokens can be checked with.", code="jwks_failed")
    return keys


def _read_key(jwk: dict[str, Any]) -> _Key | None:
    kind = jwk.get("kty") if jwk.get("kty") == "RSA" else jwk.get("crv")
    algorithms = frozenset(
        name for name, wanted in _KINDS.items() if wanted == kind and jwk.get("alg") in (None, name)
    )
    if not algorithms or jwk.get("use") not in (None, "sig") or "d" in jwk:
        return None
    try:
        return _Key(jwt.PyJWK(jwk, algorithm=min(algorithms)).key, algorithms)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
