"""Tokens of an issuer: which are taken, which are refused and why, and how its keys are come by."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt
import pytest
import requests
import responses
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

from errors import ProviderError, SignInUnavailable, Unauthorized
from jwks_client import JwksClient, TokenRules

URL = "https://issuer.example/.well-known/jwks.json"
ISSUER = "https://issuer.example/"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEYS: dict[str, Any] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), RSA),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "ES512": ec.generate_private_key(ec.SECP521R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
ES256 = KEYS["ES256"]
OTHER = ec.generate_private_key(ec.SECP256R1())


class Clock:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def client(clock: Clock) -> Iterator[JwksClient]:
    yield from opened(clock)


def opened(clock: Clock, **rules: Any) -> Iterator[JwksClient]:
    made = JwksClient(URL, TokenRules(issuer=ISSUER, **rules), clock=clock)
    yield made
    made.close()


def jwk(key: Any, kid: str | None = "k1", algorithm: str = "ES256", **more: Any) -> dict[str, Any]:
    """The public half of a key, as an issuer publishes it."""
    made: dict[str, Any] = get_default_algorithms()[algorithm].to_jwk(key.public_key(), as_dict=True)
    return made | ({"kid": kid} if kid is not None else {}) | {"use": "sig"} | more


def publish(server: responses.RequestsMock, *keys: dict[str, Any]) -> None:
    """From now on these are the issuer's keys."""
    server.upsert("GET", URL, json={"keys": list(keys)})


def token(
    key: Any = ES256, algorithm: str = "ES256", kid: str | None = "k1", head: Any = None, **claims: Any
) -> str:
    """A good token, but for what is given; a claim that is None is left out."""
    now = time.time()
    whole = {"iss": ISSUER, "sub": "mia", "iat": now, "exp": now + 300} | claims
    headers = {"kid": kid} if kid is not None else {}
    return jwt.encode(
        {name: value for name, value in whole.items() if value is not None},
        key,
        algorithm=algorithm,
        headers=headers | (head or {}),
    )


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def refusal(client: JwksClient, shown: str) -> str:
    """Why it is refused, which never repeats the token."""
    with pytest.raises(Unauthorized) as raised:
        client.check(shown)
    assert shown not in str(raised.value.problem())
    return raised.value.detail


# What is taken


@pytest.mark.parametrize("algorithm", KEYS)
def test_tokens_of_every_good_algorithm_are_taken(
    client: JwksClient, server: responses.RequestsMock, algorithm: str
) -> None:
    publish(server, jwk(KEYS[algorithm], algorithm=algorithm))

    claims = client.check(token(KEYS[algorithm], algorithm, plan="gold"))

    assert (claims["sub"], claims["plan"]) == ("mia", "gold")


def test_clocks_may_differ_by_a_minute(client: JwksClient, server: responses.RequestsMock) -> None:
    publish(server, jwk(ES256))
    now = time.time()

    client.check(token(exp=now - 50))
    client.check(token(nbf=now + 50))
    client.check(token(iat=now + 50))
    assert "expired" in refusal(client, token(exp=now - 70))
    assert "not valid yet" in refusal(client, token(nbf=now + 70))
    assert "not valid yet" in refusal(client, token(iat=now + 70))


def test_a_token_without_a_key_s_name_means_the_only_key(
    client: JwksClient, server: responses.RequestsMock, clock: Clock
) -> None:
    publish(server, jwk(ES256))
    client.check(token(kid=None))

    publish(server, jwk(ES256), jwk(OTHER, "k2"))
    clock.now += 3601
    assert "does not publish" in refusal(client, token(kid=None))


# What is refused


def test_a_forged_signature_is_refused(client: JwksClient, server: responses.RequestsMock) -> None:
    publish(server, jwk(ES256))

    assert "signature" in refusal(client, token(OTHER))
    head, _, sign = token().split(".")
    forged = encoded({"iss": ISSUER, "sub": "bo", "exp": time.time() + 300})
    assert "signature" in refusal(client, f"{head}.{forged}.{sign}")


@pytest.mark.parametrize("name", ["none", "None", "nOnE", ""])
def test_a_token_without_a_signature_is_refused(
    client: JwksClient, server: responses.RequestsMock, name: str
) -> None:
    publish(server, jwk(ES256))
    claims = encoded({"iss": ISSUER, "sub": "mia", "exp": time.time() + 300})

    assert "signed with one of" in refusal(client, f"{encoded({'alg': name, 'kid': 'k1'})}.{claims}.")


def test_the_public_key_is_no_shared_secret(client: JwksClient, server: responses.RequestsMock) -> None:
    publish(server, jwk(RSA, algorithm="RS256"))
    pem = RSA.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    hmac = get_default_algorithms()["HS256"]
    body = f"{encoded({'alg': 'HS256', 'kid': 'k1'})}.{encoded({'iss': ISSUER, 'sub': 'x', 'exp': 9e9})}"
    sign = base64.urlsafe_b64encode(hmac.sign(body.encode(), pem)).decode().rstrip("=")

    assert "signed with one of" in refusal(client, f"{body}.{sign}")


def test_a_shared_secret_among_the_keys_is_none_of_them(
    client: JwksClient, server: responses.RequestsMock
) -> None:
    secret = {"kty": "oct", "kid": "k1", "k": encoded("0123456789abcdef"), "alg": "HS256"}
    publish(server, secret, jwk(ES256, "k2"))

    assert "does not publish" in refusal(client, token())


def test_a_key_is_used_for_its_own_algorithm_only(client: JwksClient, server: responses.RequestsMock) -> None:
    publish(server, jwk(RSA, algorithm="RS256", alg="RS256"))

    client.check(token(RSA, "RS256"))
    assert "another algorithm" in refusal(client, token(RSA, "PS256"))
    assert "another algorithm" in refusal(client, token(ES256))


def test_a_key_for_encryption_or_too_short_a_one_checks_nothing(
    client: JwksClient, server: responses.RequestsMock
) -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    publish(server, jwk(ES256, use="enc"), jwk(short, "short", algorithm="RS256"))
    head = encoded({"alg": "RS256", "kid": "short"})
    body = f"{head}.{encoded({'iss': ISSUER, 'sub': 'x', 'exp': time.time() + 9})}"
    signed = get_default_algorithms()["RS256"].sign(body.encode(), short)
    sign = base64.urlsafe_b64encode(signed).decode().rstrip("=")

    assert "does not publish" in refusal(client, token())
    assert "too short" in refusal(client, f"{body}.{sign}")


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"iss": "https://issuer.example"}, "another issuer"),
        ({"iss": None}, "lacks iss"),
        ({"exp": None}, "lacks exp"),
        ({"sub": None}, "lacks sub"),
        ({"sub": ""}, "1 to 255"),
        ({"sub": "x" * 256}, "1 to 255"),
        ({"sub": "a\0b"}, "1 to 255"),
        ({"sub": 7}, "sub must be text"),
        ({"exp": "soon"}, "can be read"),
        ({"exp": 1e400}, "can be read"),
    ],
)
def test_claims_that_do_not_fit_are_refused(
    client: JwksClient, server: responses.RequestsMock, claims: dict[str, Any], words: str
) -> None:
    publish(server, jwk(ES256))

    assert words in refusal(client, token(**claims))


def test_the_audience_is_asked_for_if_one_is_set(server: responses.RequestsMock, clock: Clock) -> None:
    publish(server, jwk(ES256))
    for client in opened(clock, audience="storyfarm"):
        client.check(token(aud="storyfarm"))
        client.check(token(aud=["other", "storyfarm"]))
        assert "another audience" in refusal(client, token(aud="other"))
        assert "lacks aud" in refusal(client, token())
    for client in opened(clock):
        client.check(token(aud="other"))


def test_the_party_is_asked_for_if_some_are_set(server: responses.RequestsMock, clock: Clock) -> None:
    publish(server, jwk(ES256))
    for client in opened(clock, parties=("https://a.example", "https://b.example")):
        client.check(token(azp="https://b.example"))
        for party in ("https://c.example", None, ["https://a.example"]):
            assert "another site" in refusal(client, token(azp=party))


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "x",
        "a.b",
        "a.b.c",
        "....",
        f"{encoded([])}.e30.",
        "[" * 8000,
        f"{encoded({'alg': ['ES256']})}.e30.x",
    ],
)
def test_what_is_no_token_is_refused_without_asking_anybody(client: JwksClient, shown: str) -> None:
    with pytest.raises(Unauthorized):
        client.check(shown)


def test_a_head_that_is_nested_endlessly_is_refused(client: JwksClient) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 5001).decode()

    assert "can be read" in refusal(client, f"{deep}.e30.e30")
    assert "8,192" in refusal(client, "x" * 8193)


def test_a_token_that_demands_what_nobody_knows_is_refused(
    client: JwksClient, server: responses.RequestsMock
) -> None:
    publish(server, jwk(ES256))
    head = encoded({"alg": "ES256", "kid": "k1", "crit": ["exp"], "exp": 1})

    assert "can be read" in refusal(client, f"{head}.{token().split('.', 1)[1]}")


# How the keys are come by


def test_the_keys_are_fetched_once_for_many_tokens(
    client: JwksClient, server: responses.RequestsMock
) -> None:
    publish(server, jwk(ES256))
    for _ in range(5):
        client.check(token())

    assert len(server.calls) == 1


def test_many_at_once_fetch_the_keys_once(client: JwksClient, server: responses.RequestsMock) -> None:
    all_are_here = threading.Barrier(8, timeout=10)

    def answer(_request: Any) -> tuple[int, dict[str, str], str]:
        return 200, {}, json.dumps({"keys": [jwk(ES256)]})

    def check() -> str:
        all_are_here.wait()
        return str(client.check(token())["sub"])

    server.add_callback("GET", URL, callback=answer)
    with ThreadPoolExecutor(8) as pool:
        subjects = [each.result() for each in [pool.submit(check) for _ in range(8)]]

    assert subjects == ["mia"] * 8
    assert len(server.calls) == 1


def test_a_new_key_is_fetched_when_a_token_names_it(
    client: JwksClient, server: responses.RequestsMock, clock: Clock
) -> None:
    publish(server, jwk(ES256))
    client.check(token())
    publish(server, jwk(OTHER, "k2"))

    clock.now += 31
    client.check(token(OTHER, kid="k2"))
    assert "does not publish" in refusal(client, token())


def test_however_many_unknown_keys_are_named_the_issuer_is_asked_every_half_minute(
    client: JwksClient, server: responses.RequestsMock, clock: Clock
) -> None:
    publish(server, jwk(ES256))
    client.check(token())
    for number in range(10):
        assert "does not publish" in refusal(client, token(OTHER, kid=f"made-up-{number}"))
    assert len(server.calls) == 1

    clock.now += 31
    for number in range(10):
        refusal(client, token(OTHER, kid=f"made-up-{number}"))
    assert len(server.calls) == 2


def test_a_key_that_was_taken_back_is_no_good_after_an_hour(
    client: JwksClient, server: responses.RequestsMock, clock: Clock
) -> None:
    publish(server, jwk(ES256))
    client.check(token())
    publish(server, jwk(OTHER, "k2"))
    clock.now += 3500
    client.check(token())

    clock.now += 101
    assert "does not publish" in refusal(client, token())


def test_while_the_issuer_is_down_known_keys_are_good_for_a_day(
    client: JwksClient, server: responses.RequestsMock, clock: Clock
) -> None:
    publish(server, jwk(ES256))
    client.check(token())
    server.upsert("GET", URL, status=500)
    for _ in range(22):
        clock.now += 3601
        client.check(token())
    assert "does not publish" in refusal(client, token(OTHER, kid="k2"))

    clock.now += 2 * 3600
    with pytest.raises(SignInUnavailable):
        client.check(token())


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 301, "headers": {"Location": "https://elsewhere.example/"}},
        {"body": requests.ConnectionError()},
        {"body": "<html>"},
        {"body": "[" * 100_000},
        {"json": {"keys": []}},
        {"json": {"keys": {"a": 1}}},
        {"json": ["keys"]},
        {
            "json": {
                "keys": ["x", {}, {"kty": "RSA"}, {"kty": "EC", "crv": ["P-256"]}, {"kty": "RSA", "n": 1}]
            }
        },
        {"body": json.dumps({"keys": [jwk(ES256)], "more": "x" * 300_000})},
    ],
    ids=["500", "moved", "no connection", "html", "deep", "none", "dict", "list", "unusable", "giant"],
)
def test_without_keys_nobody_can_be_signed_in_for_a_moment(
    client: JwksClient, server: responses.RequestsMock, clock: Clock, answer: dict[str, Any]
) -> None:
    server.add("GET", URL, **answer)
    for _ in range(2):
        with pytest.raises(SignInUnavailable) as raised:
            client.check(token())
    problem = raised.value.problem()
    assert (problem["status"], problem["code"], problem["retry_after"]) == (503, "sign_in_unavailable", 30)
    assert len(server.calls) == 1

    publish(server, jwk(ES256))
    clock.now += 31
    client.check(token())


def test_the_doctor_is_told_how_many_keys_there_are_or_what_is_wrong(
    client: JwksClient, server: responses.RequestsMock
) -> None:
    publish(server, jwk(ES256), jwk(OTHER, "k2"), {"kty": "oct"})
    assert client.fetch() == 2

    server.upsert("GET", URL, status=404)
    with pytest.raises(ProviderError, match="answered 404"):
        client.fetch()
