"""What the tests of the writer's flow share: a setup, and a client that writes stories."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support import wait_until

SETUP = {
    "persona": "Fantasy World Builder",
    "story_setting": "A lighthouse at the edge of the world",
    "character_input": "Mira, a keeper who cannot sleep, and Tom, her apprentice",
    "plot_elements": "A letter that arrives forty years late",
    "writing_style": "Narrative",
    "story_tone": "Mysterious",
    "narrative_pov": "Third Person Limited",
    "audience_age_group": "All Ages",
    "content_rating": "PG",
    "ending_preference": "Bittersweet",
}
SCENES = [
    {"title": f"Scene {number}", "description": f"Mira does the thing number {number}."}
    for number in range(1, 6)
]


class Writer:
    """Calls /api/story as clients do."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client

    def post(self, path: str, body: Any, **headers: str) -> TestResponse:
        return self._client.post(
            f"/api/story/{path}",
            json=body,
            headers={name.replace("_", "-"): headers[name] for name in headers},
        )

    def get(self, path: str) -> Any:
        return self._client.get(f"/api/story/{path}").get_json()

    def made(self, path: str, **more: Any) -> dict[str, Any]:
        """The answer to a call with the setup, which must be good."""
        answer = self.post(path, {**SETUP, **more})
        body: dict[str, Any] = answer.get_json()
        assert answer.status_code == 200, body
        return body

    def task(self, answer: TestResponse, *, seconds: float = 60.0) -> dict[str, Any]:
        """The task of a 202 when it has ended, as its status tells it."""
        assert answer.status_code == 202, answer.get_json()
        return self.ended(answer.get_json()["task_id"], seconds=seconds)

    def ended(self, task_id: str, *, seconds: float = 60.0) -> dict[str, Any]:
        def status() -> Any:
            told = self.get(f"task/{task_id}/status")
            return told if told["status"] in ("completed", "failed") else None

        found: dict[str, Any] = wait_until(status, seconds=seconds)
        return found

    def result(self, task_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"task/{task_id}/result")
        return found
