"""What work may take at most, before it is done: that much is reserved for it."""

from __future__ import annotations

from access.amounts import Amount
from prices import Prices

# Our own instructions to a text model; what callers wrote comes on top, a token a character at most.
_INSTRUCTION_TOKENS = 800
# gpt-image-1 takes 4,160 tokens for a picture of 1024 x 1024 in high quality; newer models are assumed to
# take about as many. What goes in is the prompt, and a picture to be looked at.
_PICTURE_PROMPT_TOKENS = 2000
_PICTURE_TOKENS = 4200


class Estimates:
    """By the prices of the models that are asked first; what has no known price costs nothing here."""

    def __init__(self, prices: Prices, *, text_model: str, image_model: str) -> None:
        self._prices = prices
        self._text_model = text_model
        self._image_model = image_model

    def text(self, *, characters: int, most_tokens: int, calls: int = 1) -> Amount:
        """So many calls, each with `characters` of the caller's and an answer of `most_tokens` at most."""
        asked = _INSTRUCTION_TOKENS + characters
        cost = self._prices.cost(self._text_model, asked, most_tokens) or 0.0
        return Amount(calls=calls, tokens=calls * (asked + most_tokens), cost=calls * cost)

    def work(self, calls: int, *, prompt_tokens: int, completion_tokens: int) -> Amount:
        """What so many calls come to that take these tokens together."""
        cost = self._prices.cost(self._text_model, prompt_tokens, completion_tokens) or 0.0
        return Amount(calls=calls, tokens=prompt_tokens + completion_tokens, cost=cost)

    def pictures(self, count: int) -> Amount:
        cost = self._prices.cost(self._image_model, _PICTURE_PROMPT_TOKENS, _PICTURE_TOKENS) or 0.0
        return Amount(pictures=count, cost=count * cost)
