"""Books painted through a midjourney-proxy, on its good days and its bad ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI

from plans import Plan
from sandbox.control import Control, Fault, Habits
from sandbox.server import Sandbox
from service import Service
from tests.server import ServerProcess
from tests.serving import running
from tests.support import quick_settings, wait_until

SECRET = "sandbox-secret"
PAGES = 3
HABITS = Habits(story_seconds=0.01, image_seconds=0.3, image_pixels=64, picture_pixels=64, plain=True)
BOOK = {"character": {"name": "Mia"}, "prompt": "Mia finds a lost kite", "pages": PAGES}


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox.bind(quick_settings(tmp_path_factory.mktemp("sandbox")))
    sandbox.start()
    yield sandbox
    sandbox.stop()


def settings_at(farm: Sandbox, data_dir: Path, **changes: Any) -> Any:
    values = {
        "sandbox": farm.url,
        "midjourney_proxy_url": "http://proxy.example:8080/mj",
        "midjourney_proxy_secret": SECRET,
        "image_providers": ("midjourney-proxy", "openai"),
    }
    return quick_settings(data_dir, **(values | changes))


@pytest.fixture(scope="module")
def app(farm: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAPI]:
    with running(settings_at(farm, tmp_path_factory.mktemp("data"))) as made:
        yield made


@pytest.fixture(autouse=True)
def control(farm: Sandbox, app: OpenAPI) -> Iterator[Control]:
    service: Service = app.extensions["storyfarm"]
    switches = farm.control
    switches.habits = HABITS
    switches.calls.clear()
    switches.received.clear()
    yield switches
    switches.clear()
    service.image_providers.usual.reset()


@pytest.fixture
def fault(control: Control) -> Callable[..., None]:
    def add(target: str, kind: str, times: int = 1, **details: Any) -> None:
        control.add(Fault(target, kind, times, details))

    return add


def painted(client: FlaskClient, **changes: Any) -> list[dict[str, Any]]:
    """The results of a book's illustration job, when it has ended."""
    answer = client.post("/api/stories/generate", json={**BOOK, **changes})
    assert answer.status_code == 200, answer.text
    url = f"/api/stories/illustrations/job/{answer.get_json()['data']['metadata']['illustrationJobId']}"

    def ended() -> dict[str, Any] | None:
        job: dict[str, Any] = client.get(url).get_json()
        return job if job["status"] in ("completed", "failed") else None

    results: list[dict[str, Any]] = wait_until(ended, seconds=40)["results"]
    return results


def received(control: Control, target: str) -> list[dict[str, Any]]:
    return [call for call in control.received if call["target"] == target]


def providers(results: list[dict[str, Any]]) -> list[list[str]]:
    return [[attempt["provider"] for attempt in result["attempts"]] for result in results]


def test_every_page_is_painted_by_the_proxy_which_sees_the_hero(
    client: FlaskClient, control: Control
) -> None:
    results = painted(client)

    assert providers(results) == [["midjourney-proxy"]] * PAGES
    assert {result["characterReferenced"] for result in results} == {True}
    assert all(client.get(result["localUrl"]).status_code == 200 for result in results)
    hero, *pages = received(control, "proxy.submit")
    assert not hero["references"]
    assert len({tuple(page["references"]) for page in pages}) == 1
    assert len(pages) == PAGES


def test_a_full_queue_waits_its_turn(
    client: FlaskClient, control: Control, fault: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("midjourney.proxy_running._FULL_SECONDS", 0.05)
    fault("proxy.submit", "code", times=3, code=23)

    assert providers(painted(client)) == [["midjourney-proxy"]] * PAGES


def test_a_banned_word_in_one_prompt_leaves_the_others(
    client: FlaskClient, control: Control, fault: Callable[..., None]
) -> None:
    results = painted(client)
    book = client.get("/api/jobs?kind=storybook&limit=1").get_json()["jobs"][0]["id"]

    again = client.post(f"/api/stories/{book}/pages/2/illustration", json={"description": "Mia in gore"})
    url = f"/api/stories/illustrations/job/{again.get_json()['data']['illustrationJobId']}"
    job = wait_until(lambda: ended(client, url))

    assert (job["status"], "gore" in job["results"][0]["error"]) == ("failed", True)
    assert received(control, "images") == []
    assert all(result["error"] is None for result in results)


def ended(client: FlaskClient, url: str) -> dict[str, Any] | None:
    job: dict[str, Any] = client.get(url).get_json()
    return job if job["status"] in ("completed", "failed") else None


@pytest.mark.parametrize(
    ("target", "kind", "details"),
    [
        ("proxy.submit", "code", {"code": 4}),
        ("proxy.submit", "code", {"code": 9}),
        ("proxy.submit", "status", {"status": 500}),
        ("proxy.submit", "html", {}),
        ("proxy.task", "failure", {"reason": "The server is busy"}),
        ("proxy.task", "modal", {}),
        ("proxy.task", "preview_only", {}),
        ("proxy.picture", "not_a_picture", {}),
        ("proxy.picture", "truncated", {}),
    ],
)
def test_what_the_proxy_cannot_do_is_done_by_the_next_painter(
    client: FlaskClient,
    fault: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    target: str,
    kind: str,
    details: dict[str, Any],
) -> None:
    monkeypatch.setattr("midjourney.proxy_running._PAUSES", (0.05, 0.05))
    monkeypatch.setattr("http_session._pause", lambda _state: 0.0)
    monkeypatch.setattr("midjourney.proxy_provider._FETCH_PAUSE", 0.01)
    fault(target, kind, times=20, **details)

    (result,) = painted(client, pages=1)

    assert providers([result]) == [["midjourney-proxy", "openai"]]
    assert result["error"] is None


@pytest.mark.parametrize("kind", ["no_progress", "words"])
def test_progress_that_says_nothing_harms_nothing(
    client: FlaskClient, fault: Callable[..., None], kind: str
) -> None:
    fault("proxy.task", kind, times=20)

    assert providers(painted(client, pages=1)) == [["midjourney-proxy"]]


def test_a_task_whose_answer_got_lost_is_found_and_not_submitted_again(
    client: FlaskClient, control: Control, fault: Callable[..., None]
) -> None:
    fault("proxy.submit", "drop")

    assert providers(painted(client, pages=1)) == [["midjourney-proxy"]]
    assert len(received(control, "proxy.submit")) == 2  # the hero, and the page


def test_a_look_that_fails_is_repeated(
    client: FlaskClient, control: Control, fault: Callable[..., None]
) -> None:
    fault("proxy.fetch", "status", times=8, status=502)

    assert providers(painted(client, pages=1)) == [["midjourney-proxy"]]
    assert len(received(control, "proxy.submit")) == 2  # the hero, and the page


@pytest.mark.parametrize("kind", ["not_a_picture", "truncated"])
def test_a_picture_that_came_broken_is_fetched_again_since_it_is_paid_for(
    client: FlaskClient, fault: Callable[..., None], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr("midjourney.proxy_provider._FETCH_PAUSE", 0.01)
    fault("proxy.picture", kind, times=2)

    assert providers(painted(client, pages=1)) == [["midjourney-proxy"]]


def test_time_in_the_proxys_own_queue_is_not_time_that_the_picture_takes(
    client: FlaskClient, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four pictures one after the other, each of which alone fits into its time, and two do not."""
    monkeypatch.setattr("midjourney.proxy_provider._SECONDS", 2.0)
    control.habits = HABITS.changed({"image_seconds": 0.8, "proxy_at_once": 1})

    assert providers(painted(client)) == [["midjourney-proxy"]] * PAGES


def test_what_the_proxy_has_taken_counts_though_nobody_waits_for_it(farm: Sandbox, tmp_path: Path) -> None:
    farm.control.habits = HABITS.changed({"image_seconds": 30.0})
    places = [{"name": f"Place {number}", "prompt": "a forest"} for number in range(3)]
    wish = {"studentTaskId": "cancelled", "backgrounds": places}
    plan = Plan(name="free", pictures=4)
    with running(settings_at(farm, tmp_path, plans={"free": plan}, default_plan="free")) as app:
        client = app.test_client()
        job = client.post("/api/v1/imagine/generate", json=wish).get_json()["jobId"]
        wait_until(lambda: len(received(farm.control, "proxy.submit")) == 3)
        client.post(f"/api/jobs/{job}/cancel")

        def used() -> bool:
            usage = client.get("/api/usage").get_json()
            return (usage["used"]["pictures"], usage["reserved"]["pictures"]) == (3, 0)

        wait_until(used, seconds=20)
        again = client.post("/api/v1/imagine/generate", json={**wish, "studentTaskId": "again"})
    assert (again.status_code, again.get_json()["code"]) == (429, "quota_exceeded")


def test_a_wrong_secret_is_said_and_another_painter_asked(farm: Sandbox, tmp_path: Path) -> None:
    with running(settings_at(farm, tmp_path, midjourney_proxy_secret="wrong-secret")) as app:
        client = app.test_client()
        (result,) = painted(client, pages=1)
        state = client.get("/health").get_json()["images"]["midjourney-proxy"]

    assert providers([result])[0][-1] == "openai"
    assert state["code"] == "bad_key"


def test_tasks_that_the_proxy_forgot_are_submitted_again(
    client: FlaskClient, farm: Sandbox, control: Control, fault: Callable[..., None]
) -> None:
    fault("proxy.task", "words")  # for the hero, who is submitted first
    fault("proxy.task", "stuck", times=PAGES)  # the pages never end by themselves
    book = client.post("/api/stories/generate", json=BOOK).get_json()["data"]
    wait_until(lambda: len(looked_at(control)) == 1 + PAGES)
    requests.post(f"{farm.url}/sandbox/proxy", json={"action": "forget"}, timeout=5)

    url = f"/api/stories/illustrations/job/{book['metadata']['illustrationJobId']}"
    job = wait_until(lambda: ended(client, url), seconds=30)

    assert job["status"] == "completed"
    assert providers(job["results"]) == [["midjourney-proxy"]] * PAGES
    assert control.calls["proxy.submit"] == 1 + 2 * PAGES


def test_the_hook_is_only_a_reason_to_look(client: FlaskClient) -> None:
    forged = {"id": "1", "status": "SUCCESS", "imageUrl": "https://evil.example/x.png"}

    answer = client.post(f"/api/midjourney/hook/{'0' * 32}", json=forged)

    assert (answer.status_code, answer.data) == (204, b"")
    assert client.post("/api/midjourney/hook/../../x", json=forged).status_code == 404


def looked_at(control: Control) -> set[str]:
    return {call["task"] for call in received(control, "proxy.fetch") if "task" in call}


@pytest.mark.both_databases
def test_a_killed_service_takes_its_tasks_up_again(
    farm: Sandbox, control: Control, tmp_path: Path, database_url: str
) -> None:
    control.habits = HABITS.changed({"image_seconds": 2.0})
    server = ServerProcess(
        tmp_path,
        DATABASE_URL=database_url,
        SANDBOX=farm.url,
        MIDJOURNEY_PROXY_URL="http://proxy.example:8080/mj",
        MIDJOURNEY_PROXY_SECRET=SECRET,
        IMAGE_PROVIDERS="midjourney-proxy",
        JOB_LEASE_SECONDS="1",
        LISTENER_LEASE_SECONDS="1",
    )
    try:
        server.start()
        server.await_listening()
        book = requests.post(f"{server.url}/api/stories/generate", json=BOOK, timeout=30).json()["data"]
        # Looked at are those whose answers have been recorded: another one would be submitted again.
        wait_until(lambda: len(looked_at(control)) == 1 + PAGES, seconds=30)
        server.kill()
        server.start()
        server.await_listening()
        url = f"{server.url}/api/stories/illustrations/job/{book['metadata']['illustrationJobId']}"
        wait_until(lambda: requests.get(url, timeout=10).json()["status"] == "completed", seconds=60)
    finally:
        server.kill()

    submitted = Counter(call["body"]["state"] for call in received(control, "proxy.submit"))
    assert len(submitted) == 1 + PAGES
    assert set(submitted.values()) == {1}
