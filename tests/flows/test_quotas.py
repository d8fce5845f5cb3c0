"""Plans with a whole service behind them: what is refused, what is freed, and what GET /api/usage tells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI
from prometheus_client import REGISTRY
from sqlalchemy import select

from plans import Plan
from sandbox.control import Control, Fault, Habits
from sandbox.server import Sandbox
from service import Service
from tables import spendings
from tests.flows.writing import SETUP
from tests.server import ServerProcess
from tests.serving import running
from tests.support import quick_settings, wait_until

HABITS = Habits(story_seconds=0.01, image_seconds=0.05, image_pixels=64, picture_pixels=64, plain=True)
STORY = {"prompt_text": "A Yorkie counts the stars", "words": 80}
BOOK = {
    "character": {"name": "Mia", "age": 6, "personality": ["brave"], "interests": ["kites"]},
    "prompt": "Mia finds a lost kite",
    "pages": 3,
}
TALE = {
    "studentTaskId": "3b-mia",
    "characters": [{"name": "Mia", "prompt": "a brave girl with a lantern"}],
    "backgrounds": [{"name": "Forest", "prompt": "a forest at night"}],
}
ASYNC = {"Prefer": "respond-async"}
NOTHING = {"calls": 0, "tokens": 0, "pictures": 0, "cost": 0.0}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    made = Sandbox.bind(quick_settings(tmp_path_factory.mktemp("sandbox")))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[Control]:
    switches = sandbox.control
    switches.habits = HABITS
    switches.calls.clear()
    switches.received.clear()
    yield switches
    switches.clear()


class Farm:
    """A service with its callers."""

    def __init__(self, app: OpenAPI) -> None:
        self.app = app
        self.service: Service = app.extensions["storyfarm"]

    @property
    def client(self) -> FlaskClient:
        return self.app.test_client()

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.client.post(path, json=body, headers=headers)

    def story(self, **headers: str) -> Any:
        return self.post("/api/generate-story", STORY, **headers)

    def usage(self) -> dict[str, Any]:
        answer = self.client.get("/api/usage")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.get_json()
        return found

    def settled(self) -> dict[str, Any]:
        """The usage when nothing is reserved any more."""
        found: dict[str, Any] = wait_until(
            lambda: usage if (usage := self.usage())["reserved"] == NOTHING else None
        )
        return found

    def ended(self, job_id: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            job: dict[str, Any] = self.client.get(f"/api/jobs/{job_id}").get_json()
            return job if job["state"] in ("completed", "failed", "cancelled") else None

        found: dict[str, Any] = wait_until(look, seconds=20)
        return found


@contextmanager
def farm_of(sandbox: Sandbox, data_dir: Path, plan: Plan | None, **changes: Any) -> Iterator[Farm]:
    plans = {"plans": {plan.name: plan}, "default_plan": plan.name} if plan else {}
    settings = quick_settings(data_dir, sandbox=sandbox.url, **(plans | changes))
    with running(settings) as app:
        yield Farm(app)


@pytest.fixture
def start(sandbox: Sandbox, control: Control, tmp_path: Path) -> Callable[..., Any]:
    """`with start(calls=10) as farm`: a service on whose default plan everybody is."""

    def farm(*, settings: dict[str, Any] | None = None, **limits: Any) -> Any:
        return farm_of(sandbox, tmp_path, Plan(name="free", **limits), **(settings or {}))

    return farm


def is_refused(answer: Any, resource: str) -> dict[str, Any]:
    problem: dict[str, Any] = answer.get_json()
    assert (answer.status_code, answer.mimetype) == (429, "application/problem+json"), problem
    assert (problem["code"], problem["resource"]) == ("quota_exceeded", resource)
    assert "Retry-After" not in answer.headers
    return problem


@pytest.mark.both_databases
def test_of_forty_calls_at_once_a_plan_of_ten_pays_for_exactly_ten(
    sandbox: Sandbox, control: Control, tmp_path: Path, database_url: str
) -> None:
    plan = Plan(name="free", calls=10)
    with farm_of(sandbox, tmp_path, plan, database_url=database_url) as farm:
        with ThreadPoolExecutor(40) as pool:
            answers = list(pool.map(lambda _: farm.story(), range(40)))

        assert sorted(answer.status_code for answer in answers) == [200] * 10 + [429] * 30
        assert control.calls["chat"] == 10
        assert control.calls["command"] == 10
        for answer in answers:
            if answer.status_code == 429:
                problem = is_refused(answer, "calls")
                assert (problem["used"], problem["limit"]) == (10, 10)
                assert problem["resets_at"] == farm.usage()["resets_at"]
                assert problem["detail"].startswith("Your plan free has 10 text calls a month; 10 are used")
        used = farm.settled()
        assert (used["used"]["calls"], used["used"]["pictures"]) == (10, 10)
        assert used["plan"] == "free"
        assert used["limits"] == {"calls": 10, "tokens": None, "pictures": None, "cost": None}
        listed = farm.client.get("/api/jobs?limit=100").get_json()["jobs"]
        assert len(listed) == 10


def test_without_plans_nothing_is_reserved_and_all_is_counted(
    sandbox: Sandbox, control: Control, tmp_path: Path
) -> None:
    tokens = tokens_told()
    with farm_of(sandbox, tmp_path, None) as farm:
        for _ in range(2):
            assert farm.story().status_code == 200
        used = farm.usage()

    assert (used["plan"], used["limits"], used["reserved"]) == ("", None, NOTHING)
    assert used["used"]["calls"] == used["used"]["pictures"] == 2
    assert used["used"]["tokens"] == tokens_told() - tokens > 0
    assert used["used"]["cost"] > 0
    assert used["resets_at"][:8] > used["period"]


def tokens_told() -> float:
    """What the sandbox's text model said so far that its answers took."""
    labels = {"provider": "openai", "model": "gpt-6-luna"}
    return sum(
        REGISTRY.get_sample_value("storyfarm_tokens_total", {**labels, "direction": direction}) or 0
        for direction in ("prompt", "completion")
    )


def dollars_told() -> float:
    """What the sandbox's pictures with references have cost so far."""
    labels = {"provider": "openai-edit", "model": "gpt-image-2.5-sunburst"}
    return REGISTRY.get_sample_value("storyfarm_cost_dollars_total", labels) or 0.0


def test_a_story_that_failed_gives_its_reservation_back(start: Callable[..., Any], control: Control) -> None:
    with start(calls=1) as farm:
        control.add(Fault("chat", "status", 1, {"status": 400}))
        control.add(Fault("midjourney", "error", 1))
        assert farm.story().status_code == 502
        assert farm.settled()["used"] == NOTHING
        assert farm.story().status_code == 200
        is_refused(farm.story(), "calls")


def test_a_cancelled_job_gives_its_reservation_back(start: Callable[..., Any], control: Control) -> None:
    with start(calls=1, settings={"job_threads": 0}) as farm:
        job = farm.story(**ASYNC).get_json()
        reserved = farm.usage()["reserved"]
        assert (reserved["calls"], reserved["pictures"]) == (1, 1)
        is_refused(farm.story(**ASYNC), "calls")
        farm.post(f"/api/jobs/{job['id']}/cancel", {})

        assert farm.settled()["used"] == NOTHING
        assert farm.story(**ASYNC).status_code == 202


def test_a_reservation_outlives_a_restart_as_its_job_does(start: Callable[..., Any]) -> None:
    with start(calls=1, settings={"job_threads": 0}) as farm:
        job = farm.story(**ASYNC).get_json()
    with start(calls=1) as farm:
        is_refused(farm.story(), "calls")
        assert farm.ended(job["id"])["state"] == "completed"
        used = farm.settled()

    assert (used["used"]["calls"], used["used"]["pictures"]) == (1, 1)


def test_the_same_key_again_reserves_nothing(start: Callable[..., Any]) -> None:
    with start(calls=1) as farm:
        first = farm.story(**{"Idempotency-Key": "one"})
        again = farm.story(**{"Idempotency-Key": "one"})

        assert (first.status_code, again.status_code) == (200, 200)
        assert first.get_json()["id"] == again.get_json()["id"]
        is_refused(farm.story(**{"Idempotency-Key": "two"}), "calls")
        assert farm.settled()["used"]["calls"] == 1


def test_the_same_key_at_the_same_moment_reserves_once(start: Callable[..., Any], control: Control) -> None:
    with start(calls=1) as farm:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: farm.story(**{"Idempotency-Key": "one"}), range(8)))

        assert [answer.status_code for answer in answers] == [200] * 8
        assert control.calls["chat"] == 1


def test_too_few_pictures_stop_a_book_before_anything_is_paid(
    start: Callable[..., Any], control: Control
) -> None:
    with start(pictures=3) as farm:
        problem = is_refused(farm.post("/api/stories/generate", BOOK), "pictures")

        assert (problem["used"], problem["limit"]) == (0, 3)
        assert "this needs 4" in problem["detail"]
        assert control.calls["chat"] == control.calls["images"] == control.calls["edits"] == 0
        assert farm.usage()["reserved"] == NOTHING
        assert farm.post("/api/stories/generate", {**BOOK, "pages": 2}).status_code == 200


def test_a_books_usage_is_what_its_calls_have_told(start: Callable[..., Any], control: Control) -> None:
    prices = {"gpt-image-2.5-sunburst": (8.0, 30.0), "gpt-6-luna": (0.1, 0.5)}
    with start(calls=9, settings={"model_prices": prices}) as farm:
        before = dollars_told()
        book = farm.post("/api/stories/generate", BOOK).get_json()["data"]
        farm.ended(book["metadata"]["illustrationJobId"])
        used = farm.settled()["used"]
        told = book["metadata"]["usage"]
        painted = dollars_told() - before

    assert used["calls"] == control.calls["chat"] == 1
    assert used["tokens"] == told["promptTokens"] + told["completionTokens"]
    assert used["pictures"] == control.calls["edits"] + control.calls["images"] == 4
    assert used["cost"] == pytest.approx(told["cost"] + painted, abs=1e-5)
    assert painted > 0.1


def test_what_painters_ask_of_the_text_model_is_counted_for_their_job(
    start: Callable[..., Any], control: Control
) -> None:
    blind = {"image_providers": ("gemini",), "gemini_api_key": "sandbox-key"}
    with start(calls=9, settings=blind) as farm:
        book = farm.post("/api/stories/generate", BOOK).get_json()["data"]
        painting = book["metadata"]["illustrationJobId"]
        farm.ended(painting)
        used = farm.settled()["used"]
        with farm.service.database.read() as tx:
            spent = {row.job_id: row.calls for row in tx.execute(select(spendings))}

    assert control.calls["chat"] == used["calls"] == 2
    assert spent == {book["id"]: 1, painting: 1}


def test_the_pictures_of_a_book_stay_reserved_while_they_are_painted(
    start: Callable[..., Any], control: Control
) -> None:
    with start(pictures=4) as farm:
        control.add(Fault("edits", "hang", 1, {"seconds": 0.5}))
        book = farm.post("/api/stories/generate", BOOK).get_json()["data"]
        now = farm.usage()
        assert now["used"]["pictures"] + now["reserved"]["pictures"] == 4
        is_refused(farm.post("/api/stories/generate", {**BOOK, "pages": 1}), "pictures")
        farm.ended(book["metadata"]["illustrationJobId"])

        assert farm.settled()["used"]["pictures"] == 4
        is_refused(farm.post(f"/api/stories/{book['id']}/pages/1/illustration", {}), "pictures")


def test_a_picture_set_needs_its_pictures_and_choosing_one_needs_none(start: Callable[..., Any]) -> None:
    with start(pictures=2) as farm:
        one = {"name": "Hill", "prompt": "a hill"}
        too_many = {**TALE, "backgrounds": [one, one]}
        is_refused(farm.post("/api/v1/imagine/generate", too_many), "pictures")
        made = farm.post("/api/v1/imagine/generate", TALE)
        assert made.status_code == 202
        wait_until(lambda: farm.client.get("/api/v1/imagine/status/3b-mia").get_json()["completed"])
        figure = made.get_json()["character"][0]["id"]
        is_refused(farm.post("/api/v1/imagine/regenerate", {"imageId": figure}), "pictures")
        is_refused(farm.post("/api/v1/imagine/variation", {"imageId": figure, "index": 1}), "pictures")

        assert farm.post("/api/v1/imagine/upscale", {"imageId": figure, "index": 1}).status_code == 202
        assert farm.settled()["used"]["pictures"] == 2


def test_a_refused_set_leaves_its_name_free(start: Callable[..., Any]) -> None:
    with start(pictures=1) as farm:
        is_refused(farm.post("/api/v1/imagine/generate", TALE), "pictures")

        assert farm.client.get("/api/v1/imagine/status/3b-mia").status_code == 404


def test_a_plan_limits_dollars_too(start: Callable[..., Any], control: Control) -> None:
    with start(cost=0.001) as farm:
        problem = is_refused(farm.post("/api/generate-story", {**STORY, "words": 2000}), "cost")

        assert problem["limit"] == 0.001
        assert control.calls["chat"] == 0


def test_a_killed_process_makes_nothing_free_and_keeps_nothing_reserved(
    sandbox: Sandbox, control: Control, tmp_path: Path
) -> None:
    server = ServerProcess(
        tmp_path,
        SANDBOX=sandbox.url,
        PLANS="free: calls=2",
        DEFAULT_PLAN="free",
        JOB_LEASE_SECONDS="1",
        LISTENER_LEASE_SECONDS="1",
    )
    control.habits = control.habits.changed({"image_seconds": 2.0})

    def usage() -> dict[str, Any]:
        found: dict[str, Any] = requests.get(f"{server.url}/api/usage", timeout=10).json()
        return found

    def state(job_id: str) -> str:
        return str(requests.get(f"{server.url}/api/jobs/{job_id}", timeout=10).json()["state"])

    def order() -> requests.Response:
        return requests.post(f"{server.url}/api/generate-story", json=STORY, headers=ASYNC, timeout=10)

    try:
        server.start()
        server.await_listening()
        job = order().json()
        wait_until(lambda: usage()["used"]["calls"] == 1)
        assert usage()["reserved"]["pictures"] == 1
        server.kill()
        server.start()
        server.await_listening()
        second = order()
        assert (second.status_code, order().status_code) == (202, 429)
        ids = [job["id"], second.json()["id"]]
        wait_until(lambda: {state(job_id) for job_id in ids} == {"completed"}, seconds=20)
        wait_until(lambda: usage()["reserved"] == NOTHING)
        assert (usage()["used"]["calls"], usage()["used"]["pictures"]) == (2, 2)
        assert control.calls["chat"] == 2
    finally:
        server.kill()


def test_an_answer_of_no_use_is_asked_for_again_only_within_the_plan(
    start: Callable[..., Any], control: Control
) -> None:
    wish = dict(SETUP)
    with start(calls=4) as farm:
        control.add(Fault("chat", "wrong_shape", 1))
        assert farm.post("/api/story/generate-premise", wish).status_code == 200
        assert farm.settled()["used"]["calls"] == 2
        control.add(Fault("chat", "wrong_shape", 2))
        wishes = [{**wish, "persona": f"Author {number}"} for number in range(2)]
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda each: farm.post("/api/story/generate-premise", each), wishes))

        for answer in answers:
            is_refused(answer, "calls")
        assert farm.settled()["used"]["calls"] == 4
