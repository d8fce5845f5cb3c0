"""What is counted and timed, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.005, 0.025, 0.1, 0.5, 1, 2, 5, 10, 20, 40, 60, 90, 120, 180, 300)

REQUESTS = Histogram(
    "storyfarm_request_seconds", "Answered HTTP requests.", ["route", "status"], buckets=_SECONDS
)
PROVIDERS = Histogram(
    "storyfarm_provider_seconds",
    "Calls of outside services, by outcome (ok, or the error's code).",
    ["provider", "outcome"],
    buckets=_SECONDS,
)
CAPTURES = Counter(
    "storyfarm_captures_total",
    "Pictures heard in the channel: matched by what, ambiguous, closed (a second picture), foreign.",
    ["outcome"],
)
TOKENS = Counter("storyfarm_tokens_total", "Tokens that were paid for.", ["provider", "model", "direction"])
COST = Counter(
    "storyfarm_cost_dollars_total", "What calls cost, where the price is known.", ["provider", "model"]
)
CIRCUITS = Gauge("storyfarm_circuit_open", "1 while a provider is left alone after failures.", ["provider"])
LISTENER_RESTARTS = Counter("storyfarm_listener_restarts_total", "Restarts of the Discord listener.")
STREAMS = Gauge("storyfarm_streams", "Live streams of events that are open.")
SOCKETS = Gauge("storyfarm_sockets", "Players' WebSockets that are open.")
HELD = Gauge("storyfarm_held_requests", "Requests that wait for their story and picture.")


def count_usage(provider: str, model: str, prompt: int, completion: int, cost: float | None) -> None:
    """Count one paid call: its tokens, and its cost in US dollars if that is known."""
    TOKENS.labels(provider, model, "prompt").inc(prompt)
    TOKENS.labels(provider, model, "completion").inc(completion)
    if cost is not None:
        COST.labels(provider, model).inc(cost)
