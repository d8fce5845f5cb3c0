"""Several text models as one: whoever fails is passed over, and left alone for a while."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import metrics
from chains import Failures, asked_in_turn
from circuit import Circuit
from errors import ContentRefused, StoryfarmError
from prices import Prices
from text.model import Completion, Message, Schema, TextModel
from utils import remaining

_WHAT = "text model"


@dataclass(frozen=True)
class TextProvider:
    """A model with its name and its circuit breaker."""

    name: str
    model: TextModel
    circuit: Circuit


class TextChain:
    """A TextModel made of others, in their order.

    The next one is asked when one fails, after its own retries. A refused prompt is not taken elsewhere:
    what one filter stops is not shopped around. Nothing is begun anew after the first streamed piece.
    `on_usage` is called with each completion, its cost included, before it is given on; `afford` before
    each call, which it stops by raising.
    """

    def __init__(
        self,
        providers: Sequence[TextProvider],
        prices: Prices,
        *,
        on_usage: Callable[[Completion], object] = lambda _completion: None,
        afford: Callable[[], object] = lambda: None,
    ) -> None:
        self.providers = tuple(providers)
        self._prices = prices
        self._on_usage = on_usage
        self._afford = afford

    def complete(
        self, messages: Sequence[Message], *, schema: Schema | None = None, max_tokens: int, deadline: float
    ) -> Completion:
        """See TextModel.complete. Raises the last failure, with `attempts` if there were several."""
        self._afford()
        failures = Failures(_WHAT)
        for provider, until in asked_in_turn(self.providers, deadline, failures):
            try:
                with provider.circuit.call(remaining(until)):
                    completion = provider.model.complete(
                        messages, schema=schema, max_tokens=max_tokens, deadline=until
                    )
                    return self._counted(completion)
            except ContentRefused:
                raise
            except StoryfarmError as error:
                failures.add(provider.name, error)
        raise failures.error()

    def stream(
        self, messages: Sequence[Message], *, schema: Schema | None = None, max_tokens: int, deadline: float
    ) -> Generator[str, None, Completion]:
        """See TextModel.stream."""
        self._afford()
        failures = Failures(_WHAT)
        for provider, until in asked_in_turn(self.providers, deadline, failures):
            has_begun = False
            try:
                with provider.circuit.call(remaining(until)):
                    pieces = provider.model.stream(
                        messages, schema=schema, max_tokens=max_tokens, deadline=until
                    )
                    try:
                        while True:
                            piece = next(pieces)
                            has_begun = True
                            yield piece
                    except StopIteration as end:
                        return self._counted(end.value)
                    finally:
                        pieces.close()
            except ContentRefused:
                raise
            except StoryfarmError as error:
                if has_begun:
                    raise
                failures.add(provider.name, error)
        raise failures.error()

    def _counted(self, completion: Completion) -> Completion:
        """The completion with its cost, which goes into the metrics."""
        used = completion.usage
        cost = self._prices.cost(completion.model, used.prompt_tokens, used.completion_tokens)
        metrics.count_usage(
            completion.provider, completion.model, used.prompt_tokens, used.completion_tokens, cost
        )
        counted = replace(completion, cost=cost)
        self._on_usage(counted)
        return counted

    def states(self) -> dict[str, Any]:
        """Each provider's circuit, by name."""
        return {provider.name: provider.circuit.state() for provider in self.providers}

    def reset(self) -> None:
        """Forget all failures."""
        for provider in self.providers:
            provider.circuit.reset()
