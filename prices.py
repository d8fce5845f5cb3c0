"""What calls cost, in US dollars: a small table, and what the settings say instead."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

_MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens that go in, and that come out."""

    prompt: float
    completion: float


# Published prices, as of November 2026; a model that is not here has no known cost. Pictures are paid for
# by their tokens as well. https://developers.openai.com/api/docs/models, https://ai.google.dev/gemini-api/docs/pricing
KNOWN: Mapping[str, Price] = {
    "gpt-6-luna": Price(0.10, 0.50),
    "gpt-6-sol": Price(2.00, 10.00),
    "gpt-image-2": Price(8.00, 30.00),
    "gemini-3.8-flash": Price(0.75, 3.75),
}


class Prices:
    """The known prices with `own` ones in front of them, by the model's name."""

    def __init__(self, own: Mapping[str, tuple[float, float]]) -> None:
        self._prices = {**KNOWN, **{model: Price(*price) for model, price in own.items()}}

    def cost(self, model: str, prompt_tokens: int, completion_tokens: int) -> float | None:
        """US dollars for one call, None where the price is not known; dated names count as the plain one."""
        names = [name for name in self._prices if model == name or model.startswith(f"{name}-20")]
        if not names:
            return None
        price = self._prices[max(names, key=len)]
        return (price.prompt * prompt_tokens + price.completion * completion_tokens) / _MILLION


def read_prices(text: str) -> dict[str, tuple[float, float]]:
    """prices such as gpt-6-luna=0.10/0.50, my-model=0/0 (dollars for a million tokens in / out)"""
    prices = {}
    for part in text.split(","):
        if part.strip():
            model, _, price = part.strip().rpartition("=")
            prompt, _, completion = price.partition("/")
            prices[model.strip()] = (float(prompt), float(completion))
            if not model.strip() or not all(0 <= dollars < math.inf for dollars in prices[model.strip()]):
                raise ValueError
    return prices
