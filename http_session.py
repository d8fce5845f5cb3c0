"""HTTP sessions for the services outside: pooled, without retries or environment of their own."""

from __future__ import annotations

import random

import requests
from requests.adapters import HTTPAdapter
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.stop import stop_base

from errors import ProviderError, ProviderTimeout
from utils import remaining


def open_session(threads: int) -> requests.Session:
    """A session that `threads` threads can use at once.

    It reads no proxy and no .netrc from the environment, which saves a quarter of a call's CPU time, and
    never repeats a request by itself: that is for its caller to decide.
    """
    session = requests.Session()
    session.trust_env = False
    adapter = HTTPAdapter(pool_connections=4, pool_maxsize=threads, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def send(
    session: requests.Session, request: requests.PreparedRequest, timeout: tuple[float, float]
) -> requests.Response:
    """The answer to `request`, its body unread; `timeout` as (connect, read) seconds.

    Straight through the session's adapter: no redirect is followed, and neither cookies nor hooks are
    looked after, since none of our calls needs them. Raises requests.RequestException.
    """
    adapter = session.get_adapter(request.url or "")
    return adapter.send(request, stream=True, timeout=timeout, verify=True, proxies={})


def no_longer_than(deadline: float, read: float) -> tuple[float, float]:
    """(connect, read) timeouts in seconds which end at `deadline`, a monotonic time.

    The read timeout holds for one read of the socket. Raises ProviderTimeout if no time is left.
    """
    left = remaining(deadline)
    if left <= 0:
        raise ProviderTimeout("There was no time left for the call.")
    return min(10.0, left), min(read, left)


def wait_no_longer_than(deadline: float, response: requests.Response) -> None:
    """The read timeout was set when the request was sent; meanwhile less time is left."""
    sock = getattr(response.raw.connection, "sock", None)  # None if the server closes after the answer
    if sock:
        sock.settimeout(max(0.01, remaining(deadline)))


def retrying(deadline: float, *, attempts: int = 3) -> Retrying:
    """Repeats what raises a ProviderError that is not permanent, at most `attempts` times in all.

    It pauses as long as the provider asked, else 0.5 s, 1 s, 2 s ... up to 8 s, less up to a quarter
    (the rhythm of OpenAI's own SDK). A pause that would outlast `deadline` is not begun.
    """
    return Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, ProviderError) and not error.permanent),
        wait=_pause,
        stop=stop_after_attempt(attempts) | _TooLate(deadline),
        reraise=True,
    )


class _TooLate(stop_base):
    def __init__(self, deadline: float) -> None:
        self._deadline = deadline

    def __call__(self, retry_state: RetryCallState) -> bool:
        return retry_state.upcoming_sleep >= remaining(self._deadline)


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, ProviderError) and error.retry_after is not None:
        return error.retry_after
    return min(0.5 * 2.0 ** (state.attempt_number - 1), 8.0) * (1 - 0.25 * random.random())  # noqa: S311
