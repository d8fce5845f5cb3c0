"""PLANS as it is written, and what is wrong with it."""

from __future__ import annotations

import pytest

from config import InvalidSettings, Settings
from plans import Plan, read_plans

WRITTEN = "free: calls=100 tokens=500000 pictures=60 cost=2; pro: cost=50.5 ;"


def test_a_plan_limits_what_it_names() -> None:
    assert read_plans(WRITTEN) == {
        "free": Plan(name="free", calls=100, tokens=500_000, pictures=60, cost=2.0),
        "pro": Plan(name="pro", cost=50.5),
    }
    assert read_plans("all:") == {"all": Plan(name="all")}
    assert read_plans(" ") == {}


@pytest.mark.parametrize(
    "text",
    [
        "calls=100",
        "free calls=100",
        ": calls=1",
        "free: calls=ten",
        "free: calls=1.5",
        "free: calls=-1",
        "free: cost=nan",
        "free: cost=inf",
        "free: seats=3",
        "free: calls",
        "free: calls=1 calls=2",
        "free: calls=1; free: calls=2",
        "free: tokens=99999999999999999999",
        "a b: calls=1",
    ],
)
def test_what_is_no_plan_is_a_fault(text: str) -> None:
    with pytest.raises(InvalidSettings, match=r"PLANS is .*; it must be plans such as free: calls=100 "):
        Settings.from_env({"PLANS": text}, "/nowhere/.env")


def test_the_default_plan_must_be_one_of_them() -> None:
    assert Settings.from_env({"PLANS": WRITTEN, "DEFAULT_PLAN": "pro"}, "/nowhere/.env").default_plan == "pro"
    with pytest.raises(InvalidSettings, match="DEFAULT_PLAN is 'gold'; it must be the name of one of PLANS"):
        Settings.from_env({"PLANS": WRITTEN, "DEFAULT_PLAN": "gold"}, "/nowhere/.env")
