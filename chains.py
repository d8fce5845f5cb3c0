"""What the chains of text models and of image models share: whom to ask next, and for how long."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TypeVar

import structlog

from circuit import Circuit
from errors import ProviderError, ProviderTimeout, StoryfarmError
from utils import remaining

log = structlog.get_logger()

# A provider behind which there are others gets this part of the time that is left.
_SHARE = 0.6


class Link(Protocol):
    """One provider of a chain."""

    @property
    def name(self) -> str: ...
    @property
    def circuit(self) -> Circuit: ...


L = TypeVar("L", bound=Link)


class Failures:
    """What went wrong along a chain. `what` names its kind for people, such as "text model"."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._errors: list[StoryfarmError] = []
        self._resting: list[float] = []
        self._is_late = False
        self.attempts: list[dict[str, Any]] = []

    def add(self, name: str, error: StoryfarmError) -> None:
        log.info("chain.passed_over", provider=name, code=error.code)
        self._errors.append(error)
        self.attempts.append({"provider": name, "code": error.code, "detail": error.detail})

    def skip(self, name: str, circuit: Circuit) -> None:
        """Nothing was asked of it: it is being left alone."""
        state = circuit.state()
        seconds = state.get("seconds", 0.0)
        self._resting.append(seconds)
        detail = f"It failed before and is left alone for {seconds:.0f} s more."
        self.attempts.append({"provider": name, "code": state.get("code") or "resting", "detail": detail})

    def late(self) -> None:
        """There was no time left to ask anybody else."""
        self._is_late = True

    def error(self) -> StoryfarmError:
        """The failure of the whole chain; `attempts` lists what each provider said."""
        if len(self.attempts) == 1 and self._errors:
            return self._errors[0]
        if self._is_late and not self._errors:
            return ProviderTimeout(f"There was no time left to ask the {self._what}.", attempts=self.attempts)
        if not self.attempts:
            return ProviderError(
                f"No {self._what} is configured that can do this.", code="no_provider", permanent=True
            )
        codes = {attempt["code"] for attempt in self.attempts}
        code = codes.pop() if len(codes) == 1 else "all_failed"
        said = " ".join(f"{attempt['provider']}: {attempt['detail']}" for attempt in self.attempts)
        detail = f"No {self._what} could do it. {said}"
        if self._errors and all(isinstance(error, ProviderTimeout) for error in self._errors):
            return ProviderTimeout(detail, code=code, attempts=self.attempts)
        return ProviderError(
            detail,
            code=code,
            permanent=bool(self._errors)
            and all(getattr(error, "permanent", False) for error in self._errors),
            retry_after=min(self._resting, default=None),
            attempts=self.attempts,
        )


def asked_in_turn(links: Sequence[L], deadline: float, failures: Failures) -> Iterator[tuple[L, float]]:
    """The providers that may be asked, each with the moment until which it has time (a monotonic time)."""
    for number, link in enumerate(links):
        if not link.circuit.admit():
            failures.skip(link.name, link.circuit)
            continue
        left = remaining(deadline)
        if not left:
            link.circuit.release()
            failures.late()
            return
        has_others = any(not other.circuit.seconds_left() for other in links[number + 1 :])
        yield link, time.monotonic() + left * _SHARE if has_others else deadline
