"""How a request wants its job to be done."""

from __future__ import annotations

import pytest

from access.desk import read_order


@pytest.mark.parametrize(
    ("prefer", "in_background"),
    [
        ("respond-async", True),
        ("Respond-Async", True),
        ("respond-async, wait=10", True),
        ("wait=10,respond-async", True),
        ("return=minimal; foo, respond-async", True),
        ("", False),
        ("wait=10", False),
        ("do-not-respond-async", False),
        ("respond-asynchronously", False),
    ],
)
def test_the_caller_does_not_wait_if_it_prefers_so(prefer: str, in_background: bool) -> None:
    assert read_order({"Prefer": prefer}, {}).in_background is in_background


def test_without_headers_the_caller_waits_and_every_request_is_a_new_one() -> None:
    order = read_order({}, {})

    assert (order.in_background, order.key, order.callback) == (False, None, None)
