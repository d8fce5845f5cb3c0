"""Picture sets: the main character first, everyone after it, and each picture replaceable."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI
from PIL import Image
from sqlalchemy import func, select

from sandbox.control import Control, Fault
from sandbox.server import Sandbox
from service import Service
from tables import jobs, uploads
from tests.flows.picture_sets import (
    CAST,
    HABITS,
    PLACES,
    entries,
    image,
    looks,
    made,
    ordered,
    painted,
    received,
    settings_at,
)
from tests.server import ServerProcess
from tests.serving import running
from tests.support import quick_settings, wait_until
from utils import new_id


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox.bind(quick_settings(tmp_path_factory.mktemp("sandbox")))
    sandbox.start()
    yield sandbox
    sandbox.stop()


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


@pytest.fixture(autouse=True)
def looking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("midjourney.proxy_running._PAUSES", (0.05, 0.2))


@pytest.fixture
def fault(control: Control) -> Callable[..., None]:
    def add(target: str, kind: str, times: int = 1, **details: Any) -> None:
        control.add(Fault(target, kind, times, details))

    return add


def test_the_main_character_is_painted_first_and_everyone_is_painted_after_it(
    client: FlaskClient, control: Control
) -> None:
    status = made(client)

    assert (status["error"], status["mainCharacterFailed"]) == (None, False)
    assert [each["name"] for each in entries(status)] == ["Mia", "Bo", "Forest"]
    assert {each["status"] for each in entries(status)} == {"done"}
    assert {each["progress"] for each in entries(status)} == {100}
    assert all(len(each["imageUrls"]) == 4 for each in entries(status))
    first, *others = received(control, "proxy.submit")
    assert (first["references"], "Mia" in first["body"]["prompt"]) == ([], True)
    assert len(others) == 2
    assert len({tuple(call["references"]) for call in others}) == 1
    assert all(len(call["references"]) == 1 for call in others)


def test_characters_are_cut_out_and_their_originals_stay(client: FlaskClient) -> None:
    mia = made(client)["character"][0]

    freed, original = image(client, mia["imageUrl"]), image(client, mia["originalUrl"])

    assert (freed.mode, original.mode) == ("RGBA", "RGB")
    assert freed.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert freed.getpixel((freed.width // 2, freed.height // 2))[3] == 255  # type: ignore[index]


def test_backgrounds_are_softened_where_that_is_wanted(client: FlaskClient) -> None:
    (plain,) = made(client)["background"]
    (soft,) = made(client, blur=True)["background"]

    assert plain["imageUrl"] == plain["originalUrl"]
    assert soft["imageUrl"] != soft["originalUrl"]


def test_the_sketch_shapes_the_main_character(client: FlaskClient, control: Control) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (30, 30), "purple").save(buffer, "PNG")
    sketch = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"

    made(client, sketchImage=sketch)

    assert len(received(control, "proxy.submit")[0]["references"]) == 1


def test_chosen_options_add_their_words(client: FlaskClient, control: Control) -> None:
    groups = client.get("/api/v1/styles/options").get_json()["groups"]
    option = groups[0]["options"][0]

    made(client, optionIds=[option["id"]])

    prompts = [call["body"]["prompt"] for call in received(control, "proxy.submit")]
    assert [option["words"] in prompt for prompt in prompts] == [True, False, False]


def test_when_the_main_character_fails_the_others_are_painted_without_it(
    client: FlaskClient, control: Control
) -> None:
    cast = [{**CAST[0], "prompt": "a girl covered in gore"}, CAST[1]]
    status = made(client, characters=cast)

    mia, bo = status["character"]
    assert status["mainCharacterFailed"] is True
    assert (mia["status"], bo["status"]) == ("failed", "done")
    assert "gore" in mia["errorMessage"]
    assert all(call["references"] == [] for call in received(control, "proxy.submit"))


def test_when_nothing_can_be_painted_the_set_says_so(client: FlaskClient, fault: Callable[..., None]) -> None:
    fault("proxy.submit", "code", times=20, code=24)

    status = made(client)

    assert {each["status"] for each in entries(status)} == {"failed"}
    assert "Not one of the pictures" in status["error"]


def test_a_set_in_work_is_not_begun_again_but_a_finished_one_is(client: FlaskClient) -> None:
    first = ordered(client)
    name = first["studentTaskId"]
    wish = {"studentTaskId": name, "characters": CAST}

    again = client.post("/api/v1/imagine/generate", json=wish)
    assert (again.status_code, again.get_json()["code"]) == (409, "set_in_work")

    painted(client, name)
    second = client.post("/api/v1/imagine/generate", json=wish)
    assert second.status_code == 202
    assert second.get_json()["jobId"] != first["jobId"]
    painted(client, name)


def test_one_picture_is_painted_again_and_only_that_one_changes(client: FlaskClient) -> None:
    before = made(client)
    bo = before["character"][1]

    answer = client.post(
        "/api/v1/imagine/regenerate", json={"imageId": bo["id"], "prompt": "a huge black cat"}
    )
    assert answer.status_code == 202
    wait_until(lambda: client.get(answer.headers["Location"]).get_json()["state"] == "completed")
    after = painted(client, before["studentTaskId"])

    now = after["character"][1]
    assert len(now["versions"]) == 2
    assert now["imageUrl"] != bo["imageUrl"]
    assert now["versions"][0]["imageUrl"] == bo["imageUrl"]
    assert [each["imageUrl"] for each in entries(after) if each["name"] != "Bo"] == [
        each["imageUrl"] for each in entries(before) if each["name"] != "Bo"
    ]


def test_a_picture_that_is_being_painted_is_not_changed(client: FlaskClient, control: Control) -> None:
    control.habits = HABITS.changed({"image_seconds": 2.0})
    status = ordered(client)
    bo = {"imageId": status["character"][1]["id"], "prompt": "a dog"}
    early = client.post("/api/v1/imagine/regenerate", json=bo)
    assert (early.status_code, early.get_json()["code"]) == (409, "picture_in_work")

    control.habits = HABITS
    done = painted(client, status["studentTaskId"])
    control.habits = HABITS.changed({"image_seconds": 2.0})
    first = client.post("/api/v1/imagine/regenerate", json=bo, headers={"Idempotency-Key": "bo"})
    again = client.post("/api/v1/imagine/regenerate", json=bo, headers={"Idempotency-Key": "bo"})
    assert first.get_json()["jobId"] == again.get_json()["jobId"]
    second = client.post("/api/v1/imagine/variation", json={"imageId": bo["imageId"], "index": 2})
    assert (second.status_code, second.get_json()["code"]) == (409, "picture_in_work")
    other = client.post(
        "/api/v1/imagine/variation", json={"imageId": done["background"][0]["id"], "index": 2}
    )
    assert other.status_code == 202
    painted(client, status["studentTaskId"])


def test_a_change_that_was_cut_off_after_its_picture_came_paints_no_other(
    client: FlaskClient, app: OpenAPI, control: Control
) -> None:
    service: Service = app.extensions["storyfarm"]
    bo = made(client)["character"][1]
    wish = {"imageId": bo["id"], "prompt": "a huge black cat"}
    job_id = client.post("/api/v1/imagine/regenerate", json=wish).get_json()["jobId"]

    def completed() -> bool:
        return bool(client.get(f"/api/jobs/{job_id}").get_json()["state"] == "completed")

    wait_until(completed)
    control.received.clear()
    with service.database.write() as tx:  # as if the process had died before it could say so
        tx.execute(jobs.update().where(jobs.c.id == job_id).values(state="queued"))
    service.bell.ring(job_id)
    wait_until(completed)

    assert received(control, "proxy.submit") == received(control, "proxy.change") == []


def test_a_sketch_that_comes_with_a_refused_set_is_not_kept(client: FlaskClient, app: OpenAPI) -> None:
    service: Service = app.extensions["storyfarm"]
    buffer = io.BytesIO()
    Image.new("RGB", (30, 30), "purple").save(buffer, "PNG")
    sketch = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    name = ordered(client)["studentTaskId"]

    def kept() -> int:
        with service.database.read() as tx:
            return int(tx.execute(select(func.count()).select_from(uploads)).scalar_one())

    before = kept()
    wish = {"studentTaskId": name, "characters": CAST, "sketchImage": sketch}
    assert client.post("/api/v1/imagine/generate", json=wish).status_code == 409
    assert kept() == before
    painted(client, name)


def test_parameters_in_a_figures_prompt_reach_midjourney(client: FlaskClient, control: Control) -> None:
    made(client, characters=CAST[:1], backgrounds=[{"name": "Wood", "prompt": "a wood --ar 16:9. At night"}])
    told = received(control, "proxy.submit")[-1]["body"]["prompt"]

    assert "a wood. At night. The scenery" in told
    assert " --ar 16:9 " in told
    assert ".," not in told


def test_all_pictures_come_as_one_zip_with_their_originals(client: FlaskClient) -> None:
    cast = [{**CAST[0], "name": "Mía / Löwe"}, {**CAST[1], "name": "mia lowe"}, {**CAST[1], "name": "Бо"}]
    status = made(client, characters=cast)

    answer = client.get(f"/api/v1/imagine/download/{status['studentTaskId']}")

    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    characters = {"mia-lowe.png", "mia-lowe-2.png", "character.png"}
    assert set(archive.namelist()) == characters | {f"originals/{name}" for name in characters} | {
        "forest.png"
    }
    shown = client.get(status["character"][0]["imageUrl"].removeprefix("http://localhost")).data
    assert archive.read("mia-lowe.png") == shown


def test_there_is_no_zip_while_there_are_no_pictures(client: FlaskClient, control: Control) -> None:
    control.habits = HABITS.changed({"image_seconds": 1.0})
    name = ordered(client)["studentTaskId"]

    assert client.get(f"/api/v1/imagine/download/{name}").status_code == 404
    assert client.get("/api/v1/imagine/download/nobody").status_code == 404
    painted(client, name)


@pytest.mark.parametrize("call", ["upscale", "variation"])
def test_there_are_four_pictures_to_choose_from(client: FlaskClient, call: str) -> None:
    mia = made(client, characters=CAST[:1], backgrounds=[])["character"][0]

    for index in (0, 5):
        answer = client.post(f"/api/v1/imagine/{call}", json={"imageId": mia["id"], "index": index})

        assert (answer.status_code, answer.get_json()["fields"][0]["field"]) == (400, "index")


@pytest.mark.parametrize("image_id", ["nonsense", f"{'0' * 32}-c1", "../../x"])
def test_a_picture_that_is_none_is_not_found(client: FlaskClient, image_id: str) -> None:
    answer = client.post("/api/v1/imagine/regenerate", json={"imageId": image_id})

    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"characters": CAST * 20}, "body"),
        ({"characters": [], "backgrounds": []}, "body"),
        ({"characters": [{**CAST[0]}, {**CAST[0]}]}, "body"),
        ({"optionIds": ["wings"]}, "optionIds"),
        ({"studentTaskId": ""}, "studentTaskId"),
        ({"studentTaskId": "/3b"}, "studentTaskId"),
        ({"studentTaskId": "3b/../mia"}, "studentTaskId"),
        ({"studentTaskId": ".."}, "studentTaskId"),
        ({"characters": [{"name": "", "prompt": "a cat"}]}, "characters.0.name"),
    ],
)
def test_what_does_not_fit_is_named(client: FlaskClient, changes: dict[str, Any], field: str) -> None:
    wish = {"studentTaskId": "bad", "characters": CAST, **changes}

    answer = client.post("/api/v1/imagine/generate", json=wish)

    assert (answer.status_code, answer.get_json()["fields"][0]["field"]) == (400, field)


def test_too_many_pictures_are_refused_with_the_limit(client: FlaskClient) -> None:
    wish = {"studentTaskId": "many", "characters": CAST[1:] * 30, "backgrounds": PLACES * 10}

    answer = client.post("/api/v1/imagine/generate", json=wish)

    assert answer.status_code == 400
    assert "40 pictures together; 1 to 30" in answer.get_json()["detail"]


def test_another_painter_can_be_asked_for(client: FlaskClient, control: Control) -> None:
    status = made(client, provider="openai-edit")

    assert {each["status"] for each in entries(status)} == {"done"}
    assert received(control, "proxy.submit") == []
    unknown = client.post(
        "/api/v1/imagine/generate", json={"studentTaskId": "x", "characters": CAST, "provider": "dall-e"}
    )
    assert (unknown.status_code, unknown.get_json()["field"]) == (400, "provider")


def test_a_proxy_that_restarts_in_the_middle_loses_no_set(
    client: FlaskClient, farm: Sandbox, control: Control, fault: Callable[..., None]
) -> None:
    control.habits = HABITS.changed({"image_seconds": 1.0})
    name = ordered(client)["studentTaskId"]
    wait_until(lambda: looks(control), seconds=20)  # the main character's task has begun without it
    fault("proxy.imagine", "stuck", times=2)  # the others never end by themselves
    wait_until(lambda: len({call["task"] for call in looks(control)}) >= 4, seconds=30)
    requests.post(f"{farm.url}/sandbox/proxy", json={"action": "forget"}, timeout=5)

    status = painted(client, name)

    assert {each["status"] for each in entries(status)} == {"done"}
    assert control.calls["proxy.submit"] == 5


@pytest.mark.both_databases
def test_a_killed_service_goes_on_with_its_sets(
    farm: Sandbox, control: Control, tmp_path: Path, database_url: str
) -> None:
    control.habits = HABITS.changed({"image_seconds": 1.5})
    server = ServerProcess(
        tmp_path,
        DATABASE_URL=database_url,
        SANDBOX=farm.url,
        MIDJOURNEY_PROXY_URL="http://proxy.example:8080/mj",
        MIDJOURNEY_PROXY_SECRET="sandbox-secret",
        IMAGE_PROVIDERS="midjourney-proxy",
        JOB_LEASE_SECONDS="1",
        LISTENER_LEASE_SECONDS="1",
    )
    wish = {"studentTaskId": "killed", "characters": CAST, "backgrounds": PLACES}
    url = f"{server.url}/api/v1/imagine"
    try:
        server.start()
        server.await_listening()
        assert requests.post(f"{url}/generate", json=wish, timeout=30).status_code == 202
        # Looked at are those whose answers have been recorded: another one would be submitted again.
        wait_until(lambda: len({call["task"] for call in looks(control)}) >= 4, seconds=30)
        server.kill()
        server.start()
        server.await_listening()
        wait_until(lambda: requests.get(f"{url}/status/killed", timeout=10).json()["completed"], seconds=60)
        status = requests.get(f"{url}/status/killed", timeout=10).json()
    finally:
        server.kill()

    assert {each["status"] for each in entries(status)} == {"done"}
    assert (control.calls["proxy.submit"], control.calls["proxy.change"]) == (3, 1)


# The copy in Firebase


def firebase(farm: Sandbox, path: str) -> Any:
    return requests.get(
        f"{farm.url}/firebase/{quote(path)}.json", params={"auth": "sandbox-token"}, timeout=5
    ).json()


def test_each_set_has_a_copy_in_firebase_whose_last_state_wins(
    farm: Sandbox, tmp_path: Path, fault: Callable[..., None]
) -> None:
    fault("firebase", "status", times=2, status=500)
    settings = settings_at(
        farm, tmp_path, firebase_database_url=f"{farm.url}/firebase", firebase_token="sandbox-token"
    )
    with running(settings) as app:
        client = app.test_client()
        name = f"class 3.b/{new_id()}"
        ordered(client, studentTaskId=name)
        key = name.replace(".", "%2E").replace("/", "%2F")
        copy = wait_until(lambda: (firebase(farm, f"pictureSets/{key}") or {}).get("completed"), seconds=30)

        assert copy is True
        assert client.get(f"/api/v1/imagine/status/{name}").get_json()["completed"] is True
        kept = firebase(farm, f"pictureSets/{key}")
        assert [each["status"] for each in kept["character"]] == ["done", "done"]


def test_a_set_that_was_cancelled_has_ended_in_firebase_too(
    farm: Sandbox, tmp_path: Path, control: Control
) -> None:
    control.habits = HABITS.changed({"image_seconds": 30.0})
    settings = settings_at(
        farm, tmp_path, firebase_database_url=f"{farm.url}/firebase", firebase_token="sandbox-token"
    )
    with running(settings) as app:
        client = app.test_client()
        status = ordered(client)
        path = f"pictureSets/{status['studentTaskId']}"
        wait_until(lambda: "painting" in str(firebase(farm, path)))
        client.post(f"/api/jobs/{status['jobId']}/cancel")
        wait_until(lambda: firebase(farm, path)["completed"], seconds=20)

        assert firebase(farm, path)["error"] == "The set was cancelled."


def test_a_firebase_that_is_gone_holds_up_nobody(farm: Sandbox, tmp_path: Path) -> None:
    settings = settings_at(
        farm, tmp_path, firebase_database_url="http://127.0.0.1:9", firebase_token="secret"
    )
    with running(settings) as app:
        status = made(app.test_client())

    assert {each["status"] for each in entries(status)} == {"done"}
