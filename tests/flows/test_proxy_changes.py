"""What the midjourney-proxy makes of its own pictures, on good days and bad ones."""

from __future__ import annotations

import base64
import io
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI
from PIL import Image
from werkzeug.serving import make_server

from sandbox.control import Control, Fault
from sandbox.server import Sandbox
from service import Service
from tests.flows.picture_sets import (
    CAST,
    HABITS,
    entries,
    image,
    made,
    painted,
    received,
    settings_at,
)
from tests.server import ServerProcess
from tests.serving import running
from tests.support import quick_settings, wait_until

QUICK = HABITS.changed({"image_seconds": 0.08})


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox.bind(quick_settings(tmp_path_factory.mktemp("sandbox")))
    sandbox.start()
    yield sandbox
    sandbox.stop()


@pytest.fixture(scope="module")
def app(farm: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAPI]:
    """The service at an address of its own, where the proxy's hook finds it."""
    server = make_server("127.0.0.1", 0, Flask("nothing yet"), threaded=True)
    here = f"http://127.0.0.1:{server.server_port}"
    settings = settings_at(farm, tmp_path_factory.mktemp("data"), midjourney_proxy_hook=here)
    with running(settings) as made:
        server.app = made
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield made
        server.shutdown()
        serving.join(10)
        server.server_close()


@pytest.fixture(autouse=True)
def control(farm: Sandbox, app: OpenAPI, monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
    monkeypatch.setattr("midjourney.proxy_running._PAUSES", (0.05, 0.2))
    monkeypatch.setattr("midjourney.proxy_running._FULL_SECONDS", 0.05)
    monkeypatch.setattr("http_session._pause", lambda _state: 0.0)
    service: Service = app.extensions["storyfarm"]
    switches = farm.control
    switches.habits = QUICK
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


def only_mia(client: FlaskClient, **changes: Any) -> dict[str, Any]:
    return made(client, characters=CAST[:1], backgrounds=[], **changes)


def changed(client: FlaskClient, call: str, entry: dict[str, Any], **wish: Any) -> dict[str, Any]:
    """The job that has changed a picture, when it has ended."""
    answer = client.post(f"/api/v1/imagine/{call}", json={"imageId": entry["id"], **wish})
    assert answer.status_code == 202, answer.text
    return ended(client, answer.headers["Location"])


def ended(client: FlaskClient, place: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        job: dict[str, Any] = client.get(place).get_json()
        return job if job["state"] in ("completed", "failed") else None

    found: dict[str, Any] = wait_until(look, seconds=30)
    return found


def mia_of(client: FlaskClient, status: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = painted(client, status["studentTaskId"])["character"][0]
    return found


def asked(control: Control) -> list[tuple[str, Any]]:
    """What changes the proxy was asked for: its actions and their indices."""
    bodies = [call["body"] for call in received(control, "proxy.change")]
    return [(body.get("action") or body["customId"].split("::")[2], body.get("index")) for body in bodies]


def is_third(client: FlaskClient, before: dict[str, Any], now: dict[str, Any]) -> bool:
    third = image(client, before["imageUrls"][2])
    return image(client, now["originalUrl"]).tobytes() == third.tobytes()


def test_the_main_character_is_upscaled_before_everyone_else_is_painted(
    client: FlaskClient, control: Control
) -> None:
    status = made(client)

    calls = [
        call["target"] for call in control.received if call["target"] in ("proxy.submit", "proxy.change")
    ]
    assert calls == ["proxy.submit", "proxy.change", "proxy.submit", "proxy.submit"]
    assert asked(control) == [("UPSCALE", 1)]
    mia, bo = status["character"]
    assert [(each["chosen"], len(each["versions"])) for each in (mia, bo)] == [(1, 1), (1, 1)]
    assert mia["originalUrl"] not in mia["imageUrls"]
    assert bo["originalUrl"] == bo["imageUrls"][0]


@pytest.mark.parametrize("kind", ["failure", "stuck", "preview_only"])
def test_a_main_character_that_is_not_upscaled_is_a_model_all_the_same(
    client: FlaskClient,
    control: Control,
    fault: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    monkeypatch.setattr("fairytale.by_proxy._UPSCALE_SECONDS", 0.5)
    fault("proxy.upscale", kind)

    status = made(client)

    assert {each["status"] for each in entries(status)} == {"done"}
    assert status["character"][0]["originalUrl"] == status["character"][0]["imageUrls"][0]
    assert [len(call["references"]) for call in received(control, "proxy.submit")] == [0, 1, 1]


def test_the_proxy_upscales_the_one_that_is_chosen(client: FlaskClient, control: Control) -> None:
    status = only_mia(client)
    before = status["character"][0]
    job = changed(client, "upscale", before, index=3)
    now = mia_of(client, status)

    assert (job["state"], job["message"]) == ("completed", "Completed.")
    assert asked(control) == [("UPSCALE", 1), ("UPSCALE", 3)]
    assert is_third(client, before, now)
    assert (now["chosen"], [each["chosen"] for each in now["versions"]]) == (3, [1, 3])
    assert now["imageUrls"] == before["imageUrls"]


def test_what_was_upscaled_before_is_not_done_again(client: FlaskClient, control: Control) -> None:
    status = only_mia(client)
    job = changed(client, "upscale", status["character"][0], index=1)

    assert job["message"] == "Completed."
    assert Counter(call["action"] for call in received(control, "proxy.painted")) == {
        "IMAGINE": 1,
        "UPSCALE": 1,
    }
    assert mia_of(client, status)["chosen"] == 1


@pytest.mark.parametrize(
    ("target", "kind", "details"),
    [
        ("proxy.change", "code", {"code": 3}),
        ("proxy.change", "code", {"code": 4}),
        ("proxy.change", "code", {"code": 9}),
        ("proxy.change", "code", {"code": 21}),
        ("proxy.change", "code", {"code": 22}),
        ("proxy.change", "code", {"code": 24}),
        ("proxy.change", "status", {"status": 500}),
        ("proxy.change", "html", {}),
        ("proxy.upscale", "failure", {"reason": "The server is busy"}),
        ("proxy.upscale", "modal", {}),
        ("proxy.upscale", "preview_only", {}),
        ("proxy.upscale", "stuck", {}),
        ("proxy.picture", "truncated", {}),
    ],
)
def test_a_quarter_takes_the_place_of_an_upscale_that_fails(
    client: FlaskClient,
    fault: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    target: str,
    kind: str,
    details: dict[str, Any],
) -> None:
    status = only_mia(client)
    before = status["character"][0]
    monkeypatch.setattr("fairytale.by_proxy._UPSCALE_SECONDS", 1.0)
    fault(target, kind, **details)

    job = changed(client, "upscale", before, index=3)
    now = mia_of(client, status)

    assert (job["state"], "taken as it is" in job["message"]) == ("completed", True)
    assert is_third(client, before, now)
    assert now["chosen"] == 3


@pytest.mark.parametrize(
    ("target", "kind", "details"),
    [
        ("proxy.change", "code", {"code": 23, "times": 2}),
        ("proxy.change", "drop", {}),
        ("proxy.fetch", "empty", {}),
        ("proxy.fetch", "status", {"status": 502}),
        ("proxy.upscale", "no_progress", {}),
        ("proxy.upscale", "words", {}),
    ],
)
def test_an_upscale_that_only_goes_badly_is_not_painted_twice(
    client: FlaskClient,
    control: Control,
    fault: Callable[..., None],
    target: str,
    kind: str,
    details: dict[str, Any],
) -> None:
    status = only_mia(client)
    control.received.clear()
    fault(target, kind, **details)

    job = changed(client, "upscale", status["character"][0], index=2)

    assert job["message"] == "Completed."
    assert [call["action"] for call in received(control, "proxy.painted")] == ["UPSCALE"]


def test_a_fork_that_only_knows_buttons_has_the_right_one_pressed(
    client: FlaskClient, control: Control, fault: Callable[..., None]
) -> None:
    status = only_mia(client)
    control.received.clear()
    fault("proxy.change", "status", status=404)
    job = changed(client, "upscale", status["character"][0], index=3)

    assert job["message"] == "Completed."
    assert [call["call"] for call in received(control, "proxy.change")] == ["change", "action"]
    assert "upsample::3::" in received(control, "proxy.change")[1]["body"]["customId"]
    assert is_third(client, status["character"][0], mia_of(client, status))


def test_pictures_that_are_too_old_for_the_proxy_leave_it_in_good_repute(
    client: FlaskClient, farm: Sandbox, control: Control
) -> None:
    status = only_mia(client)
    requests.post(f"{farm.url}/sandbox/proxy", json={"action": "forget"}, timeout=5)
    jobs = [changed(client, "upscale", status["character"][0], index=index) for index in (2, 3, 4)]

    assert {job["state"] for job in jobs} == {"completed"}
    assert all("taken as it is" in job["message"] for job in jobs)
    assert client.get("/health").get_json()["images"]["midjourney-proxy"]["state"] == "closed"


def test_the_proxy_varies_its_own_pictures(client: FlaskClient, control: Control) -> None:
    status = only_mia(client)
    before = status["character"][0]
    job = changed(client, "variation", before, index=3)
    now = mia_of(client, status)

    assert job["message"] == "Completed."
    assert asked(control)[1:] == [("VARIATION", 3)]
    assert control.calls["proxy.submit"] == 1
    assert (len(now["imageUrls"]), now["chosen"], len(now["versions"])) == (4, 1, 2)
    assert not set(now["imageUrls"]) & set(before["imageUrls"])


def test_a_variation_that_the_proxy_cannot_make_is_painted_after_the_picture(
    client: FlaskClient, control: Control, fault: Callable[..., None]
) -> None:
    status = only_mia(client)
    fault("proxy.variation", "failure", reason="The server is busy")
    job = changed(client, "variation", status["character"][0], index=3)

    assert (job["state"], "painted anew" in job["message"]) == ("completed", True)
    assert [len(call["references"]) for call in received(control, "proxy.submit")] == [0, 1]
    assert len(mia_of(client, status)["versions"]) == 2


def test_the_same_again_is_a_reroll_and_other_words_are_not(client: FlaskClient, control: Control) -> None:
    status = only_mia(client)
    mia = status["character"][0]
    jobs = [changed(client, "regenerate", mia), changed(client, "regenerate", mia, prompt="a tall girl")]

    assert [job["message"] for job in jobs] == ["Completed."] * 2
    assert asked(control)[1:] == [("REROLL", None)]
    assert control.calls["proxy.submit"] == 2
    changed(client, "regenerate", mia)  # not the tall girl once more, but what the set has always said
    assert (control.calls["proxy.submit"], control.calls["proxy.change"]) == (3, 2)
    assert len(mia_of(client, status)["versions"]) == 4


def test_a_friend_is_not_rerolled_when_the_main_character_looks_different_now(
    client: FlaskClient, control: Control
) -> None:
    mia, bo = made(client, backgrounds=[])["character"]
    changed(client, "upscale", mia, index=4)
    control.received.clear()
    changed(client, "regenerate", bo)

    assert asked(control) == []
    assert [len(call["references"]) for call in received(control, "proxy.submit")] == [1]


def test_pictures_of_other_painters_are_copied(client: FlaskClient, control: Control) -> None:
    status = only_mia(client, provider="openai-edit")
    job = changed(client, "upscale", status["character"][0], index=1)

    assert job["message"] == "Completed."
    assert asked(control) == []
    assert (status["character"][0]["chosen"], mia_of(client, status)["chosen"]) == (None, None)


@pytest.mark.parametrize("kind", ["duplicate", "out_of_order", "none"])
def test_however_the_hook_is_called_a_set_is_painted_once(
    client: FlaskClient,
    control: Control,
    fault: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    if kind != "none":  # only the hook tells of the end then
        monkeypatch.setattr("midjourney.proxy_running._PAUSES", (25.0, 25.0))
    fault("proxy.hook", kind, times=10)

    status = made(client)

    assert {each["status"] for each in entries(status)} == {"done"}
    assert (control.calls["proxy.submit"], control.calls["proxy.change"]) == (3, 1)
    told = Counter(call["task"] for call in received(control, "proxy.hook"))
    assert bool(told) == (kind != "none")


def test_a_proxy_that_does_one_after_the_other_is_asked_once_for_each(
    client: FlaskClient, control: Control
) -> None:
    control.habits = QUICK.changed({"proxy_at_once": 1})

    status = made(client)

    assert {each["status"] for each in entries(status)} == {"done"}
    assert (control.calls["proxy.submit"], control.calls["proxy.change"]) == (3, 1)


def test_a_service_that_is_killed_before_it_hears_of_its_upscale_asks_only_once(
    farm: Sandbox, control: Control, fault: Callable[..., None], tmp_path: Path
) -> None:
    server = ServerProcess(
        tmp_path,
        SANDBOX=farm.url,
        MIDJOURNEY_PROXY_URL="http://proxy.example:8080/mj",
        MIDJOURNEY_PROXY_SECRET="sandbox-secret",
        IMAGE_PROVIDERS="midjourney-proxy",
        JOB_LEASE_SECONDS="1",
        LISTENER_LEASE_SECONDS="1",
    )
    wish = {"studentTaskId": "killed", "characters": CAST}
    url = f"{server.url}/api/v1/imagine"
    fault("proxy.change", "late", seconds=60)
    try:
        server.start()
        server.await_listening()
        assert requests.post(f"{url}/generate", json=wish, timeout=30).status_code == 202
        wait_until(lambda: received(control, "proxy.painted")[1:], seconds=30)
        server.kill()
        server.start()
        server.await_listening()
        wait_until(lambda: requests.get(f"{url}/status/killed", timeout=10).json()["completed"], seconds=60)
        status = requests.get(f"{url}/status/killed", timeout=10).json()
    finally:
        server.kill()

    assert {each["status"] for each in entries(status)} == {"done"}
    assert status["character"][0]["originalUrl"] not in status["character"][0]["imageUrls"]
    assert (control.calls["proxy.submit"], control.calls["proxy.change"]) == (2, 1)


# Blending and describing


def data_url(colour: str) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (30, 30), colour).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def test_pictures_of_all_kinds_are_blended(client: FlaskClient, control: Control) -> None:
    upload = client.post("/api/uploads", json={"file": data_url("purple")}).get_json()["imageUrl"]
    own = only_mia(client)["character"][0]["imageUrl"]
    wish = {"images": [upload, data_url("green"), own], "dimensions": "portrait"}
    key = {"Idempotency-Key": "one-blend"}
    answer, again = (client.post("/api/v1/imagine/blend", json=wish, headers=key) for _ in range(2))
    assert (answer.status_code, again.get_json()) == (202, answer.get_json())
    job = ended(client, f"/api/jobs/{answer.get_json()['jobId']}")

    submitted = received(control, "proxy.submit")[-1]
    assert (submitted["call"], submitted["body"]["dimensions"]) == ("blend", "PORTRAIT")
    assert len(submitted["references"]) == 3
    pictures = job["result"]["pictures"]
    assert [picture["index"] for picture in pictures] == [1, 2, 3, 4]
    first = image(client, pictures[0]["url"])
    assert first.height > first.width


def test_a_picture_is_put_into_words(client: FlaskClient) -> None:
    answer = client.post("/api/v1/imagine/describe", json={"image": data_url("purple")})
    job = ended(client, f"/api/jobs/{answer.get_json()['jobId']}")

    assert job["state"] == "completed"
    assert job["result"]["prompts"]
    assert all(isinstance(prompt, str) and prompt for prompt in job["result"]["prompts"])


@pytest.mark.parametrize("call", ["blend", "describe"])
def test_what_the_proxy_fails_with_is_the_jobs_failure(
    client: FlaskClient, fault: Callable[..., None], call: str
) -> None:
    fault(f"proxy.{call}", "failure", reason="The server is busy")
    wish = {"images": [data_url("red"), data_url("green")]} if call == "blend" else {"image": data_url("red")}
    answer = client.post(f"/api/v1/imagine/{call}", json=wish)
    job = ended(client, answer.headers["Location"])

    assert (job["state"], "The server is busy" in job["error"]["detail"]) == ("failed", True)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"images": [data_url("red")]}, "images"),
        ({"images": [data_url("red")] * 6}, "images"),
        ({"images": [data_url("red")] * 2, "dimensions": "round"}, "dimensions"),
    ],
)
def test_a_blend_that_does_not_fit_is_named(client: FlaskClient, wish: dict[str, Any], field: str) -> None:
    answer = client.post("/api/v1/imagine/blend", json=wish)

    assert (answer.status_code, answer.get_json()["fields"][0]["field"]) == (400, field)


@pytest.mark.parametrize(
    "url", [f"/images/{'0' * 32}.png", f"/uploads/{'0' * 32}.png", "../../etc/passwd", ""]
)
def test_a_picture_that_is_not_there_is_not_described(client: FlaskClient, url: str) -> None:
    assert client.post("/api/v1/imagine/describe", json={"image": url}).status_code == 400


def test_without_a_proxy_both_say_what_is_needed(tmp_path: Path) -> None:
    with running(quick_settings(tmp_path)) as app:
        client = app.test_client()
        blend = client.post("/api/v1/imagine/blend", json={"images": [data_url("red")] * 2})
        words = client.post("/api/v1/imagine/describe", json={"image": data_url("red")})

    assert [(each.status_code, each.get_json()["code"]) for each in (blend, words)] == [
        (400, "proxy_needed")
    ] * 2
    assert "MIDJOURNEY_PROXY_URL" in blend.get_json()["detail"]
