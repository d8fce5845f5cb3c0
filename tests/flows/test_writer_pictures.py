"""Scenes of a story drawn, projects kept, and stories exported, with everything behind them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI
from pypdf import PdfReader

from images import records
from sandbox.control import Control, Habits
from service import Service
from tests.flows.writing import SETUP, Writer
from tests.serving import running
from tests.support import quick_settings

HABITS = Habits(story_seconds=0.01, image_seconds=0.05, image_pixels=64, picture_pixels=64, plain=True)
CAST = [
    {"name": "Mira", "description": "a tall keeper with a red scarf"},
    {"name": "Tom", "description": "a small boy in a striped shirt"},
    {"name": "Ada", "description": "nobody meets her in these scenes"},
]
SCENES = [
    {"title": "The stairs", "description": "Mira climbs.", "image_prompt": "Mira on spiral stairs"},
    {"title": "The boat", "description": "Tom rows, Mira waves.", "image_prompt": "A boat on a grey sea"},
    {"title": "The storm", "description": "Only water."},
]
STORY = "Mira climbed the stairs.\n\nTom rowed far out.\n\nThen came the storm. Ветер выл."


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAPI]:
    with running(quick_settings(tmp_path_factory.mktemp("data"), request_timeout=30.0)) as made:
        yield made


@pytest.fixture
def writer(client: FlaskClient, control: Control) -> Writer:
    control.habits = HABITS
    control.calls.clear()
    control.received.clear()
    return Writer(client)


def drawn(writer: Writer, **more: Any) -> dict[str, Any]:
    return writer.task(writer.post("generate-images", {"scenes": SCENES, "characters": CAST, **more}))


def test_each_scene_is_drawn_with_the_portraits_of_those_who_are_in_it(
    writer: Writer, control: Control, service: Service
) -> None:
    task = drawn(writer, width=256, height=512)
    shots = task["result"]["results"]
    assert [(shot["scene_number"], shot["scene_title"], shot["error"]) for shot in shots] == [
        (1, "The stairs", None),
        (2, "The boat", None),
        (3, "The storm", None),
    ]
    assert all(shot["image_url"] and shot["provider"] and shot["model"] and shot["alt"] for shot in shots)
    portraits = [call for call in control.received if call["target"] == "images_answered"]
    assert len([call for call in portraits if "Portrait" in call["prompt"]]) == 2
    edits = [call for call in control.received if call["target"] == "edits"]
    assert {call["size"] for call in edits} == {"256x512"}
    with service.database.read() as tx:
        cast = {
            sha256(service.storage.get(picture.file)).hexdigest()
            for picture in records.of_album(tx, task["task_id"])
            if (picture.slot or "").startswith("character-")
        }
    given = [set(call["references"]) for call in edits]
    assert sorted(map(len, given)) == [1, 2]
    assert set.union(*given) == cast


def test_two_characters_of_one_name_have_one_portrait(writer: Writer, control: Control) -> None:
    scene = {"title": "Mira", "description": "Mira sails."}
    cast = [{"name": "Mira", "description": "tall"}, {"name": "mira", "description": "short"}]
    status = writer.task(writer.post("generate-images", {"scenes": [scene], "characters": cast}))
    assert status["status"] == "completed"
    assert control.calls["images"] + control.calls["edits"] == 2


def test_one_scene_is_drawn_again_with_another_prompt_and_the_same_portraits(
    writer: Writer, control: Control
) -> None:
    before = drawn(writer)
    asked = control.calls["images_answered"] + control.calls["edits_answered"]
    again = {"task_id": before["task_id"], "scene_number": 2, "image_prompt": "Tom sleeps in the boat"}
    task = writer.task(writer.post("regenerate-images", again))
    shots = task["result"]["results"]
    assert [shot["scene_number"] for shot in shots] == [2]
    assert shots[0]["image_url"] != before["result"]["results"][1]["image_url"]
    assert control.calls["images_answered"] + control.calls["edits_answered"] == asked + 1
    last = [call for call in control.received if call["target"] == "edits"][-1]
    assert "Tom sleeps in the boat" in last["prompt"]
    assert len(last["references"]) == 2
    assert writer.post("regenerate-images", {**again, "scene_number": 9}).status_code == 404


def test_a_scene_that_cannot_be_drawn_does_not_stop_the_others(
    writer: Writer, fault: Callable[..., None]
) -> None:
    fault("images", "refusal")
    task = writer.task(writer.post("generate-images", {"scenes": [SCENES[2], SCENES[0], SCENES[1]]}))
    assert task["status"] == "completed"
    errors = [shot["error"] for shot in task["result"]["results"]]
    assert sum(1 for error in errors if error) == 1
    refused = next(shot for shot in task["result"]["results"] if shot["error"])
    assert refused["image_url"] is None


def test_scenes_that_all_fail_are_no_success(writer: Writer, fault: Callable[..., None]) -> None:
    fault("images", "refusal", 3)
    task = writer.task(writer.post("generate-images", {"scenes": SCENES}))
    assert task["status"] == "failed"
    assert "Not one of the pictures" in task["error"]
    assert len(task["result"]["results"]) == 3


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scenes": []}, "scenes"),
        ({"scenes": SCENES * 14}, "scenes"),
        ({"scenes": [{}]}, "scenes.0"),
        ({"scenes": SCENES, "width": 100}, "width"),
        ({"scenes": SCENES, "width": 3072, "height": 256}, "width"),
        ({"scenes": SCENES, "provider": "crayons"}, "provider"),
    ],
)
def test_scenes_that_cannot_be_drawn_are_refused_by_their_field(
    writer: Writer, body: dict[str, Any], field: str
) -> None:
    answer = writer.post("generate-images", body)
    assert answer.status_code == 400
    told = answer.get_json()
    assert field in (told.get("field") or told["fields"][0]["field"])


def test_a_project_is_kept_with_versions_and_two_editors_do_not_undo_each_other(
    writer: Writer, client: FlaskClient
) -> None:
    made = writer.post("projects", {"title": "The letter", "data": {"phase": "setup"}})
    project = made.get_json()
    assert (made.status_code, project["version"]) == (201, 1)
    url = f"/api/story/projects/{project['id']}"
    mine = {"title": "Mine", "version": 1, "data": {"phase": "writing", "story": "One two three."}}
    assert client.put(url, json=mine).get_json()["version"] == 2
    late = client.put(url, json={"title": "Late", "version": 1, "data": {}})
    conflict = late.get_json()
    assert (late.status_code, conflict["code"]) == (409, "version_conflict")
    assert (conflict["current"]["title"], conflict["current"]["version"]) == ("Mine", 2)
    assert conflict["yours"] == {"title": "Late", "version": 1, "data": {}}
    listed = [each for each in writer.get("projects")["projects"] if each["id"] == project["id"]]
    assert (listed[0]["title"], listed[0]["words"], listed[0]["phase"]) == ("Mine", 3, "writing")
    assert client.get(url).get_json()["data"] == mine["data"]
    assert client.delete(url).status_code == 204
    assert client.get(url).status_code == 404
    assert client.put(url, json=mine).status_code == 404


def test_a_project_that_is_sent_again_with_its_key_is_one_project(writer: Writer) -> None:
    body = {"title": "Once", "data": {"story": "One."}}
    first, again = (writer.post("projects", body, Idempotency_Key="p1").get_json() for _ in range(2))
    assert first["id"] == again["id"]
    assert writer.post("projects", body).get_json()["id"] != first["id"]

    other = writer.post("projects", {**body, "title": "Twice"}, Idempotency_Key="p1")
    assert (other.status_code, other.get_json()["code"]) == (409, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"data": {}}, "title"),
        ({"title": "x" * 201, "data": {}}, "at most 200"),
        ({"title": "x", "data": []}, "data must be an object"),
        ({"title": "x", "data": {"story": "x" * 1_500_001}}, "at most 1,500,000 are taken"),
        ({"title": "x", "data": {"story": "\ud800"}}, "no Unicode"),
    ],
)
def test_a_project_that_cannot_be_kept_is_refused(writer: Writer, body: dict[str, Any], said: str) -> None:
    answer = writer.post("projects", body)
    assert answer.status_code == 400
    assert said in answer.get_json()["detail"]


@pytest.fixture
def shots(writer: Writer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = drawn(writer)["result"]["results"]
    return found


def test_a_project_is_exported_with_its_pictures_in_every_format(
    writer: Writer, client: FlaskClient, shots: list[dict[str, Any]]
) -> None:
    data = {
        "setup": {**SETUP, "language": "English"},
        "outline": {"title": "The late letter", "scenes": SCENES},
        "story": STORY,
        "shots": {str(shot["scene_number"]): shot for shot in shots},
    }
    project = writer.post("projects", {"title": "A draft", "data": data}).get_json()

    def file(format: str) -> bytes:
        answer = client.get(f"/api/story/projects/{project['id']}/export?format={format}")
        assert answer.status_code == 200
        assert f'filename="a-draft.{format}"' in answer.headers["Content-Disposition"]
        return bytes(answer.data)

    assert "Ветер выл." in file("txt").decode()
    assert "Tom rowed far out." in file("md").decode()
    assert file("html").decode().count("<img") >= 3
    with zipfile.ZipFile(io.BytesIO(file("epub"))) as book:
        assert book.namelist()[0] == "mimetype"
        assert len([name for name in book.namelist() if name.endswith(".jpg")]) >= 3
    told = " ".join(
        " ".join(page.extract_text() for page in PdfReader(io.BytesIO(file("pdf"))).pages).split()
    )
    places = [told.index(part) for part in ("Mira climbed", "Tom rowed", "Ветер выл.")]
    assert places == sorted(places)


def test_a_story_is_exported_with_pictures_of_ones_own_only(
    writer: Writer, shots: list[dict[str, Any]]
) -> None:
    body = {"format": "html", "title": "T", "story": STORY, "scenes": [{"title": "One"}]}
    own = {**body, "cover_url": shots[0]["image_url"]}
    assert writer.post("export", own).status_code == 200
    for url in ("https://example.org/cat.png", "/images/../secrets.png", f"/images/{'0' * 32}.png"):
        answer = writer.post("export", {**body, "scenes": [{"title": "One", "image_url": url}]})
        assert answer.status_code == 400
        assert answer.get_json()["field"] == "scenes.0.image_url"
    assert writer.post("export", {**body, "format": "docx"}).status_code == 400
    assert writer.post("export", {**body, "story": " "}).status_code == 400


def test_a_project_without_a_story_says_so(writer: Writer, client: FlaskClient) -> None:
    project = writer.post("projects", {"title": "Empty", "data": {}}).get_json()
    answer = client.get(f"/api/story/projects/{project['id']}/export?format=epub")
    assert answer.status_code == 400
    assert "no story yet" in answer.get_json()["detail"]


def test_an_outline_of_thousands_of_scenes_is_not_exported(writer: Writer, client: FlaskClient) -> None:
    data = {"story": "One.", "outline": {"scenes": [{"title": "s"}] * 3000}}
    project = writer.post("projects", {"title": "Long", "data": data}).get_json()
    answer = client.get(f"/api/story/projects/{project['id']}/export?format=txt")
    assert (answer.status_code, answer.get_json()["field"]) == (400, "outline.scenes")


@pytest.mark.parametrize("version", [0, 2**31 - 1, 2**63 - 1, 10**40])
def test_a_version_that_is_none_stops_nothing(writer: Writer, client: FlaskClient, version: int) -> None:
    project = writer.post("projects", {"title": "T", "data": {}}).get_json()
    url = f"/api/story/projects/{project['id']}"
    assert client.put(url, json={"title": "T", "data": {}, "version": version}).status_code == 400
    assert client.put(url, json={"title": "T", "data": {}, "version": 1}).status_code == 200


def test_a_project_holds_nothing_that_browsers_cannot_read(client: FlaskClient) -> None:
    body = '{"title": "T", "data": {"x": NaN}}'
    answer = client.post("/api/story/projects", data=body, content_type="application/json")
    assert answer.status_code == 400
