"""Who calls, by what they show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from access.caller import Caller
from access.guesses import Guesses
from access.identity import Identity
from errors import SignInUnavailable, TooManyAttempts, Unauthorized

MIA, BO = "mia-key-0123456789", "bo=key=0123456789=="
KEYS = [("mia", "gold", MIA), ("bo", "", BO)]
TOKEN = "head.claims.signature"


def check(token: str) -> Mapping[str, Any]:
    """In place of an issuer."""
    if token.startswith("old"):
        raise Unauthorized("The token has expired. Sign in again.")
    if token != TOKEN:
        raise Unauthorized("This is neither a known API key nor a token that can be read.")
    return {"sub": "user_2x", "plan": "silver", "tier": 7}


@pytest.fixture
def identity() -> Identity:
    return Identity(KEYS, check_token=check, token_cookie="__session")


@pytest.mark.parametrize(
    ("authorization", "api_key", "caller"),
    [
        (f"Bearer {MIA}", None, Caller("key:mia", "gold")),
        (f"bearer   {BO} ", None, Caller("key:bo")),
        (None, MIA, Caller("key:mia", "gold")),
        ("Basic dXNlcjpwYXNz", BO, Caller("key:bo")),
        (f"Bearer {TOKEN}", None, Caller("user:user_2x", "silver")),
        (None, TOKEN, Caller("user:user_2x", "silver")),
        (f"Bearer {MIA}", BO, Caller("key:mia", "gold")),
        ("Bearer ", BO, Caller("key:bo")),
    ],
)
def test_a_header_tells_who_calls(
    identity: Identity, authorization: str | None, api_key: str | None, caller: Caller
) -> None:
    assert identity.identify(authorization, api_key, {"storyfarm_session": "wrong"}) == caller


def test_a_cookie_tells_who_calls_and_ours_comes_first(identity: Identity) -> None:
    def seen(**cookies: str) -> str:
        return identity.identify(None, None, cookies).owner

    assert seen(storyfarm_session=MIA) == "key:mia"
    assert seen(__session=TOKEN) == "user:user_2x"
    assert seen(storyfarm_session=MIA, __session=TOKEN) == "key:mia"
    assert seen(storyfarm_session="old.to.ken", __session=TOKEN) == "user:user_2x"
    with pytest.raises(Unauthorized, match="expired"):
        seen(storyfarm_session="old.to.ken", __session="no.to.ken")


def test_a_wrong_header_is_not_made_good_by_a_cookie(identity: Identity) -> None:
    with pytest.raises(Unauthorized):
        identity.identify("Bearer wrong-key-0123456789", None, {"storyfarm_session": MIA})


def test_the_issuer_s_cookie_is_nothing_where_tokens_are_not_taken() -> None:
    identity = Identity(KEYS, token_cookie="__session")

    with pytest.raises(Unauthorized, match="Nobody is signed in"):
        identity.identify(None, None, {"__session": MIA})


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ("", "Nobody is signed in"),
        ("wrong-key-0123456789", "not known"),
        (MIA[:-1], "not known"),
        (MIA + "x", "not known"),
        ("mia", "not known"),
        ("mïa-key-0123456789", "ASCII"),
        ("half \ud800 of a character", "ASCII"),
    ],
)
def test_what_is_wrong_is_said_without_what_was_shown(shown: str, words: str) -> None:
    with pytest.raises(Unauthorized) as raised:
        Identity(KEYS).identify(f"Bearer {shown}", None, {})

    assert words in raised.value.detail
    assert not shown or shown not in raised.value.detail
    assert raised.value.status == 401


def test_what_is_wrong_with_a_token_is_passed_on(identity: Identity) -> None:
    with pytest.raises(Unauthorized, match="expired"):
        identity.recognise("old.to.ken")

    def down(_token: str) -> Mapping[str, Any]:
        raise SignInUnavailable("No keys.")

    with pytest.raises(SignInUnavailable):
        Identity(KEYS, check_token=down).recognise(TOKEN)
    assert Identity(KEYS, check_token=down).recognise(MIA).owner == "key:mia"


@pytest.mark.parametrize(("claim", "plan"), [("plan", "silver"), ("tier", ""), ("missing", "")])
def test_the_plan_is_the_claim_that_is_named_if_it_is_text(claim: str, plan: str) -> None:
    assert Identity([], check_token=check, plan_claim=claim).recognise(TOKEN).plan == plan


def test_two_keys_of_one_name_are_one_owner() -> None:
    identity = Identity([*KEYS, ("mia", "gold", "mia-next-key-0123456789")])

    assert identity.recognise("mia-next-key-0123456789") == identity.recognise(MIA)


def test_wrong_guesses_are_bounded_for_a_minute() -> None:
    now = [0.0]
    guesses = Guesses(3, seconds=60, clock=lambda: now[0])
    for second in (0.0, 10.0, 20.0):
        now[0] = second
        guesses.check()
        guesses.count_wrong()
    with pytest.raises(TooManyAttempts) as raised:
        guesses.check()
    error = raised.value
    assert (error.status, error.code, error.retry_after) == (429, "too_many_attempts", 40)

    now[0] = 60.5
    guesses.check()
    guesses.count_wrong()
    with pytest.raises(TooManyAttempts):
        guesses.check()
