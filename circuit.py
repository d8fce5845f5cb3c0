"""A circuit breaker: whoever is down is left alone for a while, and then tried by a single call."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog

import metrics
from errors import ContentRefused, InvalidRequest, ProviderError, ProviderTimeout, StoryfarmError

log = structlog.get_logger()

# So many failures in a row, each of them after its own retries, are no accident.
_FAILURES = 3
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 600.0
# A wrong key, a dead model and an empty account do not heal within seconds; people have to look.
_HOPELESS = frozenset({"bad_key", "no_such_model", "no_credit"})
_HOPELESS_PAUSE = 600.0
# A request that is at fault says nothing about whoever refused it, nor does our own storage, nor a picture
# that is too old to be changed.
_BLAMELESS = frozenset(
    {
        "bad_request",
        "not_supported",
        "out_of_space",
        "picture_too_large",
        "source_gone",
        "storage_failed",
    }
)
# Whoever gave a call less time than this has only himself to blame for its end.
_FAIR_SECONDS = 30.0
# A probe whose caller never reported back does not keep the circuit shut for ever.
_PROBE_SECONDS = 300.0


class Circuit:
    """Closed: calls pass. Open: none does, until a moment. Then half-open: one probe decides.

    `name` is said in logs. The state is this process's own: each finds out by itself.
    """

    def __init__(self, name: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._pause = _FIRST_PAUSE
        self._open_until = 0.0
        self._is_open = False
        self._probe = 1  # the number of the last probe
        self._probe_until = 0.0
        self._code = ""
        metrics.CIRCUITS.labels(name).set(0)

    @contextmanager
    def call(self, seconds: float = math.inf) -> Iterator[None]:
        """Around one call that was admitted and has so many seconds: what it raises, or not, is taken in."""
        with self._lock:
            probe = self._probe if self._is_open else 0  # nothing else is admitted then
        try:
            yield
        except StoryfarmError as error:
            if isinstance(error, ProviderTimeout) and seconds < _FAIR_SECONDS:
                with self._lock:
                    self._end_of(probe)
            else:
                self._took(error, probe)
            raise
        except BaseException:  # a caller that went away: nothing was learned
            with self._lock:
                self._end_of(probe)
            raise
        self._took(None, probe)

    def admit(self) -> bool:
        """Whether a call may be made now. While half-open only the first one that asks may."""
        with self._lock:
            now = self._clock()
            if not self._is_open:
                return True
            if now < self._open_until or now < self._probe_until:
                return False
            self._probe += 1
            self._probe_until = now + _PROBE_SECONDS
            return True

    def release(self) -> None:
        """The call that was admitted was not made, or taught nothing: another one may be the probe."""
        with self._lock:
            self._probe_until = 0.0

    def seconds_left(self) -> float:
        """How long no call passes yet; 0 if one may."""
        with self._lock:
            return max(0.0, self._open_until - self._clock()) if self._is_open else 0.0

    def state(self) -> dict[str, Any]:
        """{"state": "closed" | "open" | "half-open", "code": the last failure's, "seconds": until a probe}"""
        with self._lock:
            left = max(0.0, self._open_until - self._clock())
            if not self._is_open:
                return {"state": "closed"}
            return {"state": "open" if left else "half-open", "code": self._code, "seconds": round(left, 1)}

    def reset(self) -> None:
        """Close it, as if nothing had happened."""
        with self._lock:
            self._close()

    def _took(self, error: StoryfarmError | None, probe: int) -> None:
        with self._lock:
            is_probe = self._end_of(probe)
            if error is None or isinstance(error, ContentRefused):  # it answers: that is all we ask here
                self._close()
            elif _counts(error):
                self._fail(error, is_probe=is_probe)

    def _end_of(self, probe: int) -> bool:
        """Whether that was the probe; calls that began before it opened are none, and leave it alone."""
        is_probe = self._is_open and probe == self._probe
        if is_probe:
            self._probe_until = 0.0
        return is_probe

    def _fail(self, error: StoryfarmError, *, is_probe: bool) -> None:
        self._failures += 1
        pause = _own_pause(error)
        # Calls that were under way when it opened tell nothing new: twelve at once are one failure.
        if pause is None and (is_probe or (not self._is_open and self._failures >= _FAILURES)):
            pause = self._pause
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        if pause is None:
            return
        self._is_open, self._code = True, error.code
        metrics.CIRCUITS.labels(self.name).set(1)
        self._open_until = max(self._open_until, self._clock() + pause)
        say = log.error if error.code in _HOPELESS else log.warning
        say("circuit.open", provider=self.name, code=error.code, pause_s=round(pause, 1), advice=error.detail)

    def _close(self) -> None:
        if self._is_open:
            log.info("circuit.closed", provider=self.name)
            metrics.CIRCUITS.labels(self.name).set(0)
        self._failures, self._pause, self._is_open, self._code = 0, _FIRST_PAUSE, False, ""
        self._open_until = self._probe_until = 0.0
        self._probe += 1


def _counts(error: StoryfarmError) -> bool:
    if isinstance(error, InvalidRequest) or error.code in _BLAMELESS:
        return False
    return isinstance(error, ProviderError | ProviderTimeout)


def _own_pause(error: StoryfarmError) -> float | None:
    """The pause that the failure itself asks for, in seconds."""
    if error.code in _HOPELESS:
        return _HOPELESS_PAUSE
    if isinstance(error, ProviderError) and error.code == "rate_limited":
        return min(error.retry_after or _FIRST_PAUSE, _HOPELESS_PAUSE)
    return None
