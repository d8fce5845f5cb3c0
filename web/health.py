"""/health for people and load balancers, /metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Check = Callable[[], dict[str, Any]]


def create_blueprint(check: Check) -> Blueprint:
    """`check` tells the state of every part; its `status` is "ok", "degraded" or "down"."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/health")
    def health() -> tuple[Response, int]:
        report = check()
        response = jsonify(report)
        response.headers["Cache-Control"] = "no-store"
        return response, 503 if report["status"] == "down" else 200

    @blueprint.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)

    return blueprint
