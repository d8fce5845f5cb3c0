"""The storybook with everything behind it: the plan, the pictures, and what happens when providers fail."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI
from PIL import Image
from werkzeug.test import TestResponse

from sandbox.control import Control, Fault, Habits
from sandbox.server import Sandbox
from service import Service
from tests.serving import running
from tests.support import quick_settings, wait_until

KEY = "sandbox-key"
HABITS = Habits(story_seconds=0.01, image_seconds=0.05, image_pixels=64, picture_pixels=64, plain=True)
BOOK = {
    "character": {"name": "Mia", "age": 6, "personality": ["brave"], "interests": ["kites"]},
    "prompt": "Mia finds a lost kite",
    "generateIllustrations": True,
    "pages": 3,
}


class Habit:
    """The settings that the sandbox reads."""

    sandbox_story_seconds = HABITS.story_seconds
    sandbox_image_seconds = HABITS.image_seconds
    sandbox_image_pixels = HABITS.image_pixels


@pytest.fixture(scope="module")
def houses() -> Iterator[Sandbox]:
    """A sandbox that runs apart, with all providers."""
    sandbox = Sandbox.bind(Habit())
    sandbox.start()
    yield sandbox
    sandbox.stop()


def every_provider(houses: Sandbox, data_dir: Path, **changes: Any) -> Any:
    """Settings with each provider configured, all of them at the sandbox."""
    values = {
        "sandbox": houses.url,
        "azure_openai_endpoint": "https://farm.openai.azure.com",
        "azure_openai_api_key": KEY,
        "azure_openai_deployment": "storyfarm-text",
        "azure_openai_image_deployment": "storyfarm-images",
        "gemini_api_key": KEY,
        "huggingface_api_key": KEY,
        "huggingface_model": "farm/tales:fast",
    }
    return quick_settings(data_dir, **(values | changes))


@pytest.fixture(scope="module")
def app(houses: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAPI]:
    with running(every_provider(houses, tmp_path_factory.mktemp("data"))) as made:
        yield made


@pytest.fixture(autouse=True)
def control(houses: Sandbox, app: OpenAPI) -> Iterator[Control]:
    service: Service = app.extensions["storyfarm"]
    switches = houses.control
    switches.habits = HABITS
    switches.calls.clear()
    switches.received.clear()
    yield switches
    switches.clear()
    service.text.reset()
    service.image_providers.usual.reset()


@pytest.fixture
def fault(control: Control) -> Callable[..., None]:
    def add(target: str, kind: str, times: int = 1, **details: Any) -> None:
        control.add(Fault(target, kind, times, details))

    return add


def picture(colour: str = "crimson", form: str = "PNG", size: tuple[int, int] = (40, 60)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, form)
    return buffer.getvalue()


def uploaded(client: FlaskClient, content: bytes) -> str:
    answer = client.post("/api/uploads", data={"file": (io.BytesIO(content), "hero.png")})
    assert answer.status_code == 201, answer.text
    url: str = answer.get_json()["imageUrl"]
    return url


def written(client: FlaskClient, **changes: Any) -> dict[str, Any]:
    answer = client.post("/api/stories/generate", json={**BOOK, **changes})
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.get_json()["data"]
    return data


def with_hero(client: FlaskClient, **changes: Any) -> dict[str, Any]:
    """A book whose hero has a picture."""
    url = uploaded(client, picture())
    return written(client, character={**BOOK["character"], "imageUrl": url}, **changes)  # type: ignore[dict-item]


def painted(client: FlaskClient, book: dict[str, Any]) -> dict[str, Any]:
    """The book's illustration job when it has ended."""
    url = f"/api/stories/illustrations/job/{book['metadata']['illustrationJobId']}"

    def ended() -> dict[str, Any] | None:
        job: dict[str, Any] = client.get(url).get_json()
        return job if job["status"] in ("completed", "failed") else None

    found: dict[str, Any] = wait_until(ended, seconds=30)
    return found


def received(control: Control, target: str) -> list[dict[str, Any]]:
    return [call for call in control.received if call["target"] == target]


# The known calls


def test_a_book_is_written_and_its_pages_are_painted_with_the_hero_s_picture(
    client: FlaskClient, control: Control
) -> None:
    book = with_hero(client)

    assert [page["pageNumber"] for page in book["pages"]] == [1, 2, 3]
    assert all(page["text"] and page["description"] for page in book["pages"])
    assert book["story"] == "\n\n".join(page["text"] for page in book["pages"])
    assert book["metadata"]["illustrationsPending"] is True

    job = painted(client, book)
    assert set(job) == {"id", "status", "error", "results"}
    assert (job["status"], job["error"]) == ("completed", None)
    assert [result["pageNumber"] for result in job["results"]] == [1, 2, 3]
    for result in job["results"]:
        assert result["characterReferenced"] is True
        assert (result["error"], result["b64_json"]) == (None, None)
        assert client.get(result["localUrl"]).mimetype == "image/png"
        assert result["url"].endswith(result["localUrl"])
    hero = client.get(book["character"]["imageUrl"].removeprefix("http://localhost")).data
    calls = received(control, "edits")
    assert len(calls) == 3
    assert {tuple(call["references"]) for call in calls} == {(sha256_of(hero),)}
    assert received(control, "images") == []


def test_the_finished_book_has_its_pictures(client: FlaskClient) -> None:
    book = with_hero(client)
    painted(client, book)

    data = client.get(f"/api/stories/{book['id']}").get_json()["data"]

    assert data["metadata"]["illustrationsPending"] is False
    assert all(page["imageUrl"] and len(page["versions"]) == 1 for page in data["pages"])
    assert client.get(f"/api/jobs/{book['id']}").get_json()["result"] == data


def test_without_a_picture_the_hero_is_painted_first_and_everybody_sees_it(
    client: FlaskClient, control: Control
) -> None:
    book = written(client)
    job = painted(client, book)

    assert job["status"] == "completed"
    assert len(received(control, "images")) == 1
    data = client.get(f"/api/stories/{book['id']}").get_json()["data"]
    portrait = client.get(data["character"]["imageUrl"].removeprefix("http://localhost")).data
    assert [call["references"] for call in received(control, "edits")] == [[sha256_of(portrait)]] * 3


def test_the_pictures_bytes_come_for_those_who_ask(client: FlaskClient) -> None:
    job = painted(client, with_hero(client, pages=1))
    url = f"/api/stories/illustrations/job/{job['id']}?include=b64"

    (result,) = client.get(url).get_json()["results"]

    assert base64.b64decode(result["b64_json"]) == client.get(result["localUrl"]).data


def test_a_book_without_illustrations_paints_nothing(client: FlaskClient, control: Control) -> None:
    book = written(client, generateIllustrations=False)

    assert book["metadata"]["illustrationJobId"] is None
    assert book["metadata"]["illustrationsPending"] is False
    assert set(control.calls) <= {"chat", "chat_answered"}


def test_the_caller_s_illustration_jobs_are_listed(client: FlaskClient) -> None:
    job = painted(client, with_hero(client, pages=1))

    listed = client.get("/api/stories/illustrations/jobs").get_json()["jobs"]

    assert listed[0] == job


def test_the_pictures_come_in_the_same_answer_where_that_is_set(houses: Sandbox, tmp_path: Path) -> None:
    with running(every_provider(houses, tmp_path, async_illustrations=False)) as app:
        book = written(app.test_client())

    assert book["metadata"]["illustrationsPending"] is False
    assert all(page["imageUrl"] for page in book["pages"])


def test_one_key_makes_one_book(client: FlaskClient, control: Control) -> None:
    headers = {"Idempotency-Key": "one-book", "Prefer": "respond-async"}

    answers = [client.post("/api/stories/generate", json=BOOK, headers=headers) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [202] * 3
    (book_id,) = {answer.get_json()["id"] for answer in answers}
    wait_until(lambda: client.get(f"/api/jobs/{book_id}").get_json()["state"] == "completed")
    assert len(received(control, "chat")) == 1


# One page again


def test_a_page_is_drawn_again_and_its_older_picture_stays(client: FlaskClient, control: Control) -> None:
    book = with_hero(client)
    painted(client, book)
    control.received.clear()

    answer = client.post(
        f"/api/stories/{book['id']}/pages/2/illustration", json={"description": "Mia rides a snail"}
    )
    assert answer.status_code == 202
    again = painted(client, {"metadata": answer.get_json()["data"]})

    (result,) = again["results"]
    assert (result["pageNumber"], result["description"]) == (2, "Mia rides a snail")
    (call,) = received(control, "edits")
    assert "Mia rides a snail" in call["prompt"]
    page = client.get(f"/api/stories/{book['id']}").get_json()["data"]["pages"][1]
    assert len(page["versions"]) == 2
    assert page["imageUrl"] == page["versions"][1]["url"] == result["url"]
    assert client.get(page["versions"][0]["url"].removeprefix("http://localhost")).status_code == 200


def test_nobody_paints_the_character_a_second_time_while_it_is_painted(
    client: FlaskClient, control: Control
) -> None:
    control.habits = Habits(story_seconds=0.01, image_seconds=2.0, picture_pixels=64, plain=True)
    book = written(client)
    answer = client.post(f"/api/stories/{book['id']}/pages/1/illustration", json={})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "illustrations_in_work")
    control.habits = Habits(story_seconds=0.01, image_seconds=0.05, picture_pixels=64, plain=True)
    painted(client, book)


@pytest.mark.parametrize(("page", "status"), [(0, 400), (4, 400), (13, 400)])
def test_a_page_that_the_book_does_not_have_is_said(client: FlaskClient, page: int, status: int) -> None:
    book = written(client, generateIllustrations=False)

    answer = client.post(f"/api/stories/{book['id']}/pages/{page}/illustration", json={})

    assert answer.status_code == status
    assert "page" in answer.get_json()["detail"]


# Text models that fail


@pytest.mark.parametrize(
    ("kind", "details", "asked", "answered_by"),
    [
        ("status", {"status": 500}, 3, "azure"),
        ("status", {"status": 429, "code": "rate_limit_exceeded", "retry_after": 0.05}, 3, "azure"),
        ("status", {"status": 429, "type": "insufficient_quota"}, 1, "azure"),
        ("status", {"status": 401}, 1, "azure"),
        ("status", {"status": 404, "code": "model_not_found"}, 1, "azure"),
        ("html", {}, 3, "azure"),
        ("drop", {}, 3, "azure"),
    ],
)
def test_a_text_model_that_fails_is_asked_again_or_passed_over(
    client: FlaskClient,
    control: Control,
    fault: Callable[..., None],
    kind: str,
    details: dict[str, Any],
    asked: int,
    answered_by: str,
) -> None:
    fault("chat", kind, times=10, **details)

    book = written(client, generateIllustrations=False)

    assert book["pages"]
    assert (len(received(control, "chat")), len(received(control, f"{answered_by}.chat"))) == (asked, 1)


def test_a_text_model_that_says_nothing_at_all_is_passed_over(
    houses: Sandbox, tmp_path: Path, control: Control, fault: Callable[..., None]
) -> None:
    fault("chat", "hang", seconds=30)
    with running(every_provider(houses, tmp_path, request_timeout=3.0)) as app:
        book = written(app.test_client(), generateIllustrations=False)

    assert book["pages"]
    assert (len(received(control, "chat")), len(received(control, "azure.chat"))) == (1, 1)


def test_a_prompt_that_one_text_model_refuses_is_not_taken_to_another(
    client: FlaskClient, control: Control, fault: Callable[..., None]
) -> None:
    fault("chat", "refusal")

    answer = client.post("/api/stories/generate", json=BOOK)

    assert (answer.status_code, answer.get_json()["code"]) == (422, "content_refused")
    assert set(control.calls) == {"chat", "chat_answered"}


def test_when_every_text_model_fails_the_answer_says_what_each_has_said(
    client: FlaskClient, fault: Callable[..., None]
) -> None:
    for house in ("chat", "azure.chat", "gemini.chat", "huggingface.chat"):
        fault(house, "status", times=10, status=401)

    answer = client.post("/api/stories/generate", json=BOOK)

    problem = answer.get_json()
    assert (answer.status_code, problem["code"]) == (502, "bad_key")
    assert [each["provider"] for each in problem["attempts"]] == ["openai", "azure", "gemini", "huggingface"]
    assert KEY not in answer.text


@pytest.mark.parametrize("house", ["azure", "gemini", "huggingface"])
def test_each_house_can_write_the_book(houses: Sandbox, tmp_path: Path, control: Control, house: str) -> None:
    with running(every_provider(houses, tmp_path, text_providers=(house,))) as app:
        book = written(app.test_client(), generateIllustrations=False)

    assert len(book["pages"]) == 3
    asked = {name.partition(".")[0] for name in control.calls if "chat" in name}
    assert asked == {house}


def test_azure_s_classic_paths_write_and_paint(houses: Sandbox, tmp_path: Path, control: Control) -> None:
    settings = every_provider(
        houses,
        tmp_path,
        azure_openai_api_version="2025-04-01-preview",
        text_providers=("azure",),
        image_providers=("azure-edit",),
    )
    with running(settings) as app:
        client = app.test_client()
        job = painted(client, with_hero(client))

    assert job["status"] == "completed"
    assert {result["characterReferenced"] for result in job["results"]} == {True}
    assert len(received(control, "azure.edits")) == 3


@pytest.mark.parametrize("kind", ["prose", "wrong_shape", "few_pages"])
def test_a_model_that_ignores_the_schema_is_asked_once_more(
    client: FlaskClient, control: Control, fault: Callable[..., None], kind: str
) -> None:
    fault("chat", kind)

    book = written(client, generateIllustrations=False)

    assert len(book["pages"]) == 3
    assert len(received(control, "chat")) == 2


# Image models that fail


@pytest.mark.parametrize(
    ("kind", "details", "asked"),
    [
        ("status", {"status": 500}, 3),
        ("status", {"status": 429, "code": "rate_limit_exceeded", "retry_after": 0.05}, 3),
        ("status", {"status": 429, "type": "insufficient_quota"}, 1),
        ("status", {"status": 404, "code": "model_not_found"}, 1),
        ("drop", {}, 1),
        ("cut_stream", {}, 1),
        ("error_in_stream", {}, 1),
        ("not_a_picture", {}, 1),
        ("truncated", {}, 1),
        ("bomb", {}, 1),
    ],
)
def test_an_image_model_that_fails_is_asked_again_or_passed_over(
    client: FlaskClient,
    control: Control,
    fault: Callable[..., None],
    kind: str,
    details: dict[str, Any],
    asked: int,
) -> None:
    fault("edits", kind, times=10, **details)

    job = painted(client, with_hero(client, pages=1))

    (result,) = job["results"]
    assert job["status"] == "completed"
    assert (len(received(control, "edits")), len(received(control, "azure.edits"))) == (asked, 1)
    assert [each["provider"] for each in result["attempts"]] == ["openai-edit", "azure-edit"]
    assert [each["state"] for each in result["attempts"]] == ["failed", "done"]
    assert result["characterReferenced"] is True


@pytest.mark.parametrize("kind", ["refusal", "empty"])
def test_a_prompt_that_one_image_model_refuses_is_not_taken_to_another(
    client: FlaskClient, control: Control, fault: Callable[..., None], kind: str
) -> None:
    fault("edits", kind)

    job = painted(client, with_hero(client, pages=1))

    assert job["status"] == "failed"
    assert job["results"][0]["error"]
    assert len(received(control, "edits")) == 1
    assert not any(received(control, target) for target in ("azure.edits", "images", "gemini.images"))


def test_an_answer_without_any_picture_is_a_refusal(
    houses: Sandbox, tmp_path: Path, control: Control, fault: Callable[..., None]
) -> None:
    fault("gemini.images", "no_data")
    with running(every_provider(houses, tmp_path, image_providers=("gemini", "openai"))) as app:
        client = app.test_client()
        job = painted(client, with_hero(client, pages=1))

    assert (job["status"], job["results"][0]["attempts"][0]["error"]["code"]) == ("failed", "content_refused")
    assert received(control, "images") == []


def test_a_picture_that_comes_as_an_address_is_fetched(
    client: FlaskClient, fault: Callable[..., None]
) -> None:
    fault("edits", "url")

    job = painted(client, with_hero(client, pages=1))

    assert job["status"] == "completed"


def test_one_page_that_fails_leaves_the_others(client: FlaskClient, fault: Callable[..., None]) -> None:
    fault("edits", "refusal")

    job = painted(client, with_hero(client))

    errors = [result["error"] for result in job["results"]]
    assert job["status"] == "completed"
    assert len([error for error in errors if error]) == 1
    (failed,) = [result for result in job["results"] if result["error"]]
    assert (failed["url"], failed["attempts"][0]["state"]) == (None, "failed")


def test_when_the_hero_cannot_be_painted_the_pages_are_painted_without(
    client: FlaskClient, control: Control, fault: Callable[..., None]
) -> None:
    fault("images", "refusal")

    job = painted(client, written(client))

    assert job["status"] == "completed"
    assert {result["characterReferenced"] for result in job["results"]} == {False}
    assert received(control, "edits") == []


def test_who_cannot_see_the_hero_is_told_in_words_that_were_found_once(
    houses: Sandbox, tmp_path: Path, control: Control
) -> None:
    with running(every_provider(houses, tmp_path, image_providers=("gemini",))) as app:
        client = app.test_client()
        job = painted(client, with_hero(client))

    assert {result["likeness"] for result in job["results"]} == {"words"}
    assert {result["characterReferenced"] for result in job["results"]} == {False}
    asked_to_look = [call for call in received(control, "chat") if "image_url" in str(call["body"])]
    assert len(asked_to_look) == 1
    prompts = [call["prompt"] for call in received(control, "gemini.images")]
    assert len(prompts) == 3
    assert all("Mia looks like this:" in prompt for prompt in prompts)


def test_midjourney_paints_books_too(houses: Sandbox, tmp_path: Path) -> None:
    with running(every_provider(houses, tmp_path, image_providers=("midjourney",))) as app:
        client = app.test_client()
        book = with_hero(client, pages=2)
        job = painted(client, book)
        data = client.get(f"/api/stories/{book['id']}").get_json()["data"]

    assert job["status"] == "completed"
    assert [len(page["versions"]) for page in data["pages"]] == [1, 1]


# Circuit breakers


def test_a_provider_that_is_down_costs_nothing_until_one_probe_brings_it_back(
    client: FlaskClient, service: Service, control: Control, fault: Callable[..., None], monkeypatch: Any
) -> None:
    fault("chat", "status", times=9, status=503)
    for _ in range(3):
        written(client, generateIllustrations=False)
    assert client.get("/health").get_json()["text"]["openai"]["state"] == "open"
    assert 'storyfarm_circuit_open{provider="openai"} 1.0' in client.get("/metrics").text
    control.received.clear()

    for _ in range(3):
        written(client, generateIllustrations=False)
    assert (len(received(control, "chat")), len(received(control, "azure.chat"))) == (0, 3)

    control.clear()
    circuit = service.text.providers[0].circuit
    later = circuit._clock() + 31
    monkeypatch.setattr(circuit, "_clock", lambda: later)
    written(client, generateIllustrations=False)
    assert len(received(control, "chat")) == 1
    assert client.get("/health").get_json()["text"]["openai"]["state"] == "closed"


# Stand-ins for MidJourney


def test_when_midjourney_is_silent_the_next_painter_gives_the_story_its_picture(
    houses: Sandbox, tmp_path: Path, fault: Callable[..., None]
) -> None:
    fault("midjourney", "silent")
    settings = every_provider(
        houses, tmp_path, story_image_providers=("midjourney", "openai"), request_timeout=4.0
    )
    with running(settings) as app:
        answer = app.test_client().post("/api/generate-story", json={"prompt_text": "A dog"}).get_json()

    assert answer["status"] == "success"
    assert [image["provider"] for image in answer["images"]] == ["openai"]


def test_a_late_picture_of_midjourney_joins_the_stand_in_s_and_harms_nobody(
    houses: Sandbox, tmp_path: Path, control: Control
) -> None:
    settings = every_provider(
        houses, tmp_path, story_image_providers=("midjourney", "gemini"), request_timeout=4.0
    )
    with running(settings) as app:
        client = app.test_client()
        control.habits = HABITS.changed({"image_seconds": 2.9})
        answer = begun_then_quick(client, control)
        (stand_in,) = answer["images"]
        before = client.get(f"/images/{stand_in['id']}.png").data
        job = wait_until(lambda: with_late_picture(client, answer["id"]), seconds=20)

        assert stand_in["provider"] == "gemini"
        assert {image["provider"] for image in job["result"]["images"]} == {"gemini", "midjourney"}
        assert client.get(f"/images/{stand_in['id']}.png").data == before
        assert client.post("/api/generate-story", json={"prompt_text": "A cat"}).status_code == 200


def begun_then_quick(client: FlaskClient, control: Control) -> dict[str, Any]:
    """A story whose picture MidJourney begins too slowly, so that the next painter, a quick one, gives it."""

    def hurry() -> None:
        wait_until(lambda: control.calls["imagine"])
        control.habits = HABITS

    with ThreadPoolExecutor(1) as pool:
        pool.submit(hurry)
        answer = client.post("/api/generate-story", json={"prompt_text": "A dog"}).get_json()
    found: dict[str, Any] = answer
    return found


def with_late_picture(client: FlaskClient, job_id: str) -> dict[str, Any] | None:
    job: dict[str, Any] = client.get(f"/api/jobs/{job_id}").get_json()
    return job if len(job["result"]["images"]) > 1 else None


# What is not taken


def refused(client: FlaskClient, **changes: Any) -> TestResponse:
    answer: TestResponse = client.post("/api/stories/generate", json={**BOOK, **changes})
    assert answer.status_code == 400, answer.text
    return answer


@pytest.mark.parametrize("pages", [0, 13, "many", 2.5])
def test_a_book_has_one_to_twelve_pages(client: FlaskClient, pages: Any) -> None:
    assert refused(client, pages=pages).get_json()["fields"][0]["field"] == "pages"


@pytest.mark.parametrize(
    "url",
    [
        "/uploads/../../etc/passwd",
        "/uploads/" + "0" * 32 + ".png",
        "file:///etc/passwd",
        "http://example.com/hero.png",
        "https://127.0.0.1/hero.png",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost:8080/uploads/x.png",
        "ftp://example.com/hero.png",
        "data:image/svg+xml;base64,PHN2Zy8+",
        "data:image/png;base64,AAAA",
        "nonsense",
    ],
)
def test_a_picture_of_the_hero_must_be_a_picture_from_a_fit_place(
    client: FlaskClient, control: Control, url: str
) -> None:
    answer = refused(client, character={"name": "Mia", "imageUrl": url})

    assert "character.imageUrl" in answer.get_json()["detail"]
    assert control.calls["chat"] == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"prompt": " "}, "prompt"),
        ({"prompt": "x" * 2001}, "prompt"),
        ({"character": {"name": ""}}, "character.name"),
        ({"character": {"name": "x" * 61}}, "character.name"),
        ({"character": {"name": "Mia", "age": -1}}, "character.age"),
        ({"character": {"name": "Mia", "personality": ["x"] * 13}}, "character.personality"),
        ({"character": "Mia"}, "character"),
        ({"style": "x" * 201}, "style"),
        ({"prompt": "half \ud800"}, "prompt"),
    ],
)
def test_what_does_not_fit_is_named(client: FlaskClient, changes: dict[str, Any], field: str) -> None:
    assert refused(client, **changes).get_json()["fields"][0]["field"] == field


def test_a_data_url_of_a_picture_is_taken(client: FlaskClient, control: Control) -> None:
    url = f"data:image/jpeg;base64,{base64.b64encode(picture('teal', 'JPEG')).decode()}"

    book = written(client, character={"name": "Mia", "imageUrl": url}, pages=1)

    assert painted(client, book)["results"][0]["characterReferenced"] is True


# Room


def test_older_pictures_make_room_for_newer_ones_and_are_said_to_have_expired(
    houses: Sandbox, tmp_path: Path
) -> None:
    with running(every_provider(houses, tmp_path, generated_image_max_files=4)) as app:
        client = app.test_client()
        first = painted(client, with_hero(client))
        second = painted(client, with_hero(client))
        gone = [result["localUrl"] for result in first["results"]]
        wait_until(lambda: all(client.get(url).status_code == 410 for url in gone))

        assert client.get(gone[0]).get_json()["code"] == "expired"
        assert all(client.get(result["localUrl"]).status_code == 200 for result in second["results"])
        job = client.get(f"/api/stories/illustrations/job/{first['id']}").get_json()
        assert {result["error"] for result in job["results"]} == {"expired"}


def sha256_of(content: bytes) -> str:
    return sha256(content).hexdigest()
