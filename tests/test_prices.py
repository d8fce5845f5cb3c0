"""What calls cost."""

from __future__ import annotations

import pytest

from config import InvalidSettings, Settings
from prices import KNOWN, Price, Prices, read_prices


def test_a_call_costs_its_tokens_both_ways() -> None:
    prices = Prices({"teller": (10.0, 20.0)})

    assert prices.cost("teller", 1_000_000, 0) == pytest.approx(10)
    assert prices.cost("teller", 0, 1_000_000) == pytest.approx(20)
    assert prices.cost("teller", 1000, 500) == pytest.approx(0.02)
    assert prices.cost("teller", 0, 0) == 0


def test_the_cost_of_an_unknown_model_is_unknown_and_not_nothing() -> None:
    assert Prices({}).cost("my-model", 1000, 1000) is None


def test_what_is_free_costs_nothing() -> None:
    assert Prices({"llama": (0.0, 0.0)}).cost("llama", 1000, 1000) == 0


def test_own_prices_stand_in_front_of_the_known_ones() -> None:
    assert Prices({"gpt-6-luna": (1.0, 1.0)}).cost("gpt-6-luna", 1_000_000, 0) == pytest.approx(1)


@pytest.mark.parametrize("model", KNOWN)
def test_known_models_have_a_price(model: str) -> None:
    assert Prices({}).cost(model, 1_000_000, 0) == pytest.approx(KNOWN[model].prompt)
    assert KNOWN[model].completion > KNOWN[model].prompt > 0


@pytest.mark.parametrize(
    ("model", "is_known"),
    [
        ("gpt-6-luna", True),
        ("gpt-6-luna-2026-08-01", True),
        ("gpt-6-luna-mini", False),
        ("gpt-6", False),
        ("my-gpt-6-luna", False),
        ("", False),
    ],
)
def test_a_dated_name_counts_as_the_plain_one_and_no_other_does(model: str, is_known: bool) -> None:
    assert (Prices({}).cost(model, 1, 1) is not None) == is_known


def test_the_price_of_a_dated_name_itself_counts_more() -> None:
    prices = Prices({"teller": (1.0, 1.0), "teller-2026-08-01": (5.0, 5.0)})

    assert prices.cost("teller-2026-08-01", 1_000_000, 0) == pytest.approx(5)
    assert prices.cost("teller-2026-09-01", 1_000_000, 0) == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "prices"),
    [
        ("", {}),
        (" , ", {}),
        ("my-model=0.10/0.50", {"my-model": (0.1, 0.5)}),
        (" a = 1 / 2 , b=0/0,", {"a": (1.0, 2.0), "b": (0.0, 0.0)}),
        ("org/name:provider=1/2", {"org/name:provider": (1.0, 2.0)}),
        ("a=b=1/2", {"a=b": (1.0, 2.0)}),
    ],
)
def test_prices_are_read_from_the_settings(text: str, prices: dict[str, tuple[float, float]]) -> None:
    assert read_prices(text) == prices


@pytest.mark.parametrize(
    "text", ["a", "a=1", "a=/2", "a=1/", "=1/2", "a=-1/2", "a=1/-2", "a=x/2", "a=nan/1", "a=1/inf", "a=1/2/3"]
)
def test_what_is_no_price_is_a_fault_of_the_settings(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (its text is never shown)
        read_prices(text)
    with pytest.raises(InvalidSettings, match="MODEL_PRICES"):
        Settings.from_env({"MODEL_PRICES": text}, env_file="")


def test_the_settings_hand_prices_on() -> None:
    settings = Settings.from_env({"MODEL_PRICES": "teller=10/20"}, env_file="")

    assert Prices(settings.model_prices).cost("teller", 100_000, 0) == pytest.approx(1)
    assert Price(*settings.model_prices["teller"]) == Price(prompt=10.0, completion=20.0)
