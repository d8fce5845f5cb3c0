"""Each provider's house: its addresses, its key, its models, its quirks, and its own faults."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
import requests

from sandbox.houses import (
    COMPATIBLE_MODEL,
    GEMINI_IMAGE_MODELS,
    GEMINI_MODEL,
    HUGGINGFACE_MODEL,
    IMAGE_DEPLOYMENT,
    IMAGE_MODELS,
    MODEL,
    TEXT_DEPLOYMENT,
)
from sandbox.server import Sandbox
from tests.sandbox.calling import (
    API_KEY,
    BEARER,
    BLUE,
    RED,
    Call,
    chunks,
    let,
    opened,
    part,
    picture,
    received,
)

AZURE = "/azure/openai/v1"
CLASSIC = f"/azure/openai/deployments/{TEXT_DEPLOYMENT}"
CLASSIC_IMAGES = f"/azure/openai/deployments/{IMAGE_DEPLOYMENT}"
VERSION = "?api-version=2025-04-01-preview"
GEMINI, HUGGINGFACE, COMPATIBLE = "/gemini/v1beta/openai", "/huggingface/v1", "/compatible/v1"
ASKED = [{"role": "user", "content": "Prompt: a dog\nLength: about 60 words"}]
STORY = {"type": "json_schema", "json_schema": {"name": "story", "schema": {}}}

# Of each house: its name in targets, base, what follows the path, headers, and the model of texts.
CHATS: list[tuple[str, str, str, dict[str, str], str]] = [
    ("chat", "/v1", "", BEARER, MODEL),
    ("azure.chat", AZURE, "", API_KEY, TEXT_DEPLOYMENT),
    ("azure.chat", CLASSIC, VERSION, API_KEY, "whatever"),
    ("gemini.chat", GEMINI, "", BEARER, GEMINI_MODEL),
    ("huggingface.chat", HUGGINGFACE, "", BEARER, "org/any-model:provider"),
    ("compatible.chat", COMPATIBLE, "", {}, "any-model"),
]
IMAGES: list[tuple[str, str, str, dict[str, str], str]] = [
    ("images", "/v1", "", BEARER, IMAGE_MODELS[0]),
    ("azure.images", AZURE, "", API_KEY, IMAGE_DEPLOYMENT),
    ("azure.images", CLASSIC_IMAGES, VERSION, API_KEY, "whatever"),
    ("gemini.images", GEMINI, "", BEARER, GEMINI_IMAGE_MODELS[1]),
]
LISTS = [
    ("/v1", BEARER, [MODEL, *IMAGE_MODELS]),
    (AZURE, API_KEY, [MODEL, *IMAGE_MODELS]),
    (GEMINI, BEARER, [GEMINI_MODEL, *GEMINI_IMAGE_MODELS]),
    (HUGGINGFACE, BEARER, [HUGGINGFACE_MODEL]),
    (COMPATIBLE, {}, [COMPATIBLE_MODEL]),
]

every_chat = pytest.mark.parametrize(("target", "base", "query", "headers", "model"), CHATS)
every_image = pytest.mark.parametrize(("target", "base", "query", "headers", "model"), IMAGES)


def chat(call: Call, base: str, headers: dict[str, str], query: str = "", **body: Any) -> requests.Response:
    asked = {"messages": ASKED, **body}
    return call("POST", f"{base}/chat/completions{query}", json=asked, headers=headers)


def paint(call: Call, base: str, headers: dict[str, str], query: str = "", **body: Any) -> requests.Response:
    asked = {"prompt": "a dog", **body}
    return call("POST", f"{base}/images/generations{query}", json=asked, headers=headers)


def told(response: requests.Response) -> str:
    return str(response.json()["choices"][0]["message"]["content"])


@every_chat
def test_every_house_tells_a_story_and_keeps_a_record_of_its_own(
    sandbox: Sandbox, call: Call, target: str, base: str, query: str, headers: dict[str, str], model: str
) -> None:
    before = sandbox.control.calls.copy()
    response = chat(call, base, headers, query, model=model)

    assert len(told(response).split()) > 30
    assert sandbox.control.calls - before == {target: 1, f"{target}_answered": 1}
    assert received(sandbox, target)["body"]["messages"] == ASKED


@every_chat
def test_every_house_streams(
    call: Call, target: str, base: str, query: str, headers: dict[str, str], model: str
) -> None:
    choices = [
        chunk["choices"][0] for chunk in chunks(chat(call, base, headers, query, model=model, stream=True))
    ]

    assert choices[-1]["finish_reason"] == "stop"


@every_chat
def test_every_house_has_faults_of_its_own(
    sandbox: Sandbox, call: Call, target: str, base: str, query: str, headers: dict[str, str], model: str
) -> None:
    let(sandbox, target, "status", status=503)
    let(sandbox, target, "refusal")
    let(sandbox, target, "refusal")
    let(sandbox, "other" if target == "chat" else "chat", "status", status=500)

    assert chat(call, base, headers, query, model=model).status_code == 503
    assert chat(call, base, headers, query, model=model).json()["choices"][0]["message"]["content"] is None
    streamed = chunks(chat(call, base, headers, query, model=model, stream=True))
    assert "refusal" in streamed[0]["choices"][0]["delta"]
    assert chat(call, base, headers, query, model=model).status_code == 200


@every_image
def test_every_house_with_an_image_model_paints(
    sandbox: Sandbox, call: Call, target: str, base: str, query: str, headers: dict[str, str], model: str
) -> None:
    before = sandbox.control.calls.copy()
    response = paint(call, base, headers, query, model=model, size="1536x1024", n=2)

    assert [opened(item).size for item in response.json()["data"]] == [(64, 43)] * 2
    assert sandbox.control.calls - before == {target: 1, f"{target}_answered": 1}
    let(sandbox, target, "no_data")
    assert paint(call, base, headers, query, model=model).json()["data"] == []


@pytest.mark.parametrize("base", [AZURE, CLASSIC_IMAGES])
def test_azure_paints_from_references(sandbox: Sandbox, call: Call, base: str) -> None:
    response = call(
        "POST",
        f"{base}/images/edits{VERSION}",
        data={"model": IMAGE_DEPLOYMENT, "prompt": "a dog"},
        files={"image": ("a.png", picture(RED), "image/png")},
        headers=API_KEY,
    )

    assert opened(response.json()["data"][0]).getpixel((2, 60)) == RED
    assert received(sandbox, "azure.edits")["model"] == IMAGE_DEPLOYMENT


@pytest.mark.parametrize(("base", "headers", "models"), LISTS)
def test_models_are_listed(call: Call, base: str, headers: dict[str, str], models: list[str]) -> None:
    listed = call("GET", f"{base}/models", headers=headers).json()["data"]

    assert [model["id"] for model in listed] == models


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"api-key": "wrong"}])
@pytest.mark.parametrize("base", ["/v1", AZURE, CLASSIC, GEMINI, HUGGINGFACE])
def test_a_wrong_key_is_refused(call: Call, base: str, headers: dict[str, str]) -> None:
    response = chat(call, base, headers, VERSION, model="x")

    assert response.status_code == (400 if base == GEMINI else 401)


def test_the_key_comes_in_the_header_of_its_house(call: Call) -> None:
    assert chat(call, AZURE, BEARER, model=TEXT_DEPLOYMENT).status_code == 401
    assert chat(call, "/v1", API_KEY, model=MODEL).status_code == 401


@pytest.mark.parametrize("path", ["chat/completions", "images/generations", "images/edits"])
def test_azures_classic_addresses_need_a_version(call: Call, path: str) -> None:
    response = call("POST", f"{CLASSIC}/{path}", json={}, headers=API_KEY)

    assert (response.status_code, response.json()["error"]["code"]) == (404, "404")


@pytest.mark.parametrize(
    ("base", "model"),
    [(AZURE, MODEL), (f"/azure/openai/deployments/{MODEL}", TEXT_DEPLOYMENT)],
)
def test_azure_knows_deployments_and_no_models(call: Call, base: str, model: str) -> None:
    response = chat(call, base, API_KEY, VERSION, model=model)

    assert (response.status_code, response.json()["error"]["code"]) == (404, "DeploymentNotFound")


def test_azure_paints_no_webp_and_has_a_word_of_its_own_for_what_is_blocked(
    sandbox: Sandbox, call: Call
) -> None:
    webp = paint(call, AZURE, API_KEY, model=IMAGE_DEPLOYMENT, output_format="webp")
    let(sandbox, "azure.images", "refusal")
    blocked = paint(call, AZURE, API_KEY, model=IMAGE_DEPLOYMENT)

    assert (webp.status_code, webp.json()["error"]["param"]) == (400, "output_format")
    assert (blocked.status_code, blocked.json()["error"]["code"]) == (400, "contentFilter")


@pytest.mark.parametrize(
    ("base", "headers", "model", "limit"),
    [
        ("/v1", BEARER, MODEL, "max_tokens"),
        (AZURE, API_KEY, TEXT_DEPLOYMENT, "max_tokens"),
        (HUGGINGFACE, BEARER, "org/model", "max_completion_tokens"),
    ],
)
def test_a_house_refuses_the_limit_that_it_does_not_know(
    call: Call, base: str, headers: dict[str, str], model: str, limit: str
) -> None:
    refused: dict[str, Any] = {limit: 50}
    taken: dict[str, Any] = {"max_tokens" if limit != "max_tokens" else "max_completion_tokens": 50}
    error = chat(call, base, headers, model=model, **refused).json()["error"]

    assert error["param"] == limit
    assert limit in error["message"]
    assert chat(call, base, headers, model=model, **taken).status_code == 200


@pytest.mark.parametrize(
    ("base", "headers", "model"), [(GEMINI, BEARER, GEMINI_MODEL), (COMPATIBLE, {}, "x")]
)
@pytest.mark.parametrize("limit", ["max_tokens", "max_completion_tokens"])
def test_other_houses_take_either_limit(
    call: Call, base: str, headers: dict[str, str], model: str, limit: str
) -> None:
    taken: dict[str, Any] = {limit: 50}

    assert chat(call, base, headers, model=model, **taken).status_code == 200


def test_gemini_words_errors_as_a_list_with_numbers(sandbox: Sandbox, call: Call) -> None:
    let(sandbox, "gemini.chat", "status", status=429)
    limited = chat(call, GEMINI, BEARER, model=GEMINI_MODEL).json()
    unknown = chat(call, GEMINI, BEARER, model=MODEL).json()
    wrong_key = chat(call, GEMINI, {}, model=GEMINI_MODEL).json()

    assert [error["error"]["code"] for error in limited + unknown + wrong_key] == [429, 404, 400]
    assert limited[0]["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert wrong_key[0]["error"]["details"][0]["reason"] == "API_KEY_INVALID"


@pytest.mark.parametrize("field", ["quality", "background", "output_format", "stream", "user"])
def test_gemini_paints_with_few_fields(call: Call, field: str) -> None:
    response = paint(call, GEMINI, BEARER, model=GEMINI_IMAGE_MODELS[0], **{field: "low"})

    assert response.status_code == 400
    assert field in response.json()[0]["error"]["message"]


def test_gemini_answers_in_base64_only(call: Call) -> None:
    model = GEMINI_IMAGE_MODELS[0]

    assert paint(call, GEMINI, BEARER, model=model, response_format="b64_json").status_code == 200
    assert paint(call, GEMINI, BEARER, model=model, response_format="url").status_code == 400
    assert call("POST", f"{GEMINI}/images/edits", headers=BEARER).status_code == 404


def test_huggingface_wants_a_model_with_its_owner(call: Call) -> None:
    assert chat(call, HUGGINGFACE, BEARER, model="teller").status_code == 404


def test_a_compatible_server_keeps_to_no_schema(call: Call) -> None:
    kept = told(chat(call, GEMINI, BEARER, model=GEMINI_MODEL, response_format=STORY))
    ignored = told(chat(call, COMPATIBLE, {}, model="x", response_format=STORY))

    assert set(json.loads(kept)) == {"title", "story"}
    assert len(ignored.split("\n\n")) >= 2
    assert not ignored.startswith("{")


def test_a_compatible_server_tells_a_book_as_prose(call: Call) -> None:
    wish = "Prompt: a frog\nCharacter: Mia, 6 years old\nPages: 3\nWords on a page: about 30"
    form = {"type": "json_schema", "json_schema": {"name": "storybook_plan", "schema": {}}}
    asked = [{"role": "user", "content": wish}]
    content = told(chat(call, COMPATIBLE, {}, model="x", messages=asked, response_format=form))

    assert "Mia" in content
    assert "Character:" not in content
    assert len(content.split("\n\n")) == 4


def seen(call: Call, *contents: bytes, text: str = "Character: Mia, 6 years old") -> str:
    parts = [{"type": "text", "text": text}, *map(part, contents)]
    return told(chat(call, "/v1", BEARER, model=MODEL, messages=[{"role": "user", "content": parts}]))


def test_a_picture_is_described_by_its_name_and_its_colours(call: Call) -> None:
    described = seen(call, picture(RED, (60, 90)))

    assert described.startswith("Mia: a small figure in tomato red")
    assert "tall picture" in described
    assert seen(call, picture(RED, (60, 90))) == described
    assert seen(call, picture(BLUE, (90, 60))) != described


def test_a_picture_of_nobody_in_particular_is_described_too(call: Call) -> None:
    assert seen(call, picture((250, 250, 250)), text="What is this?").startswith("The character: ")
    assert "light ground" in seen(call, picture((250, 250, 250)))
    assert "dark ground" in seen(call, picture((20, 20, 30)))


def test_two_pictures_are_described_side_by_side(call: Call) -> None:
    assert "Beside it: a small figure in cornflower blue" in seen(call, picture(RED), picture((80, 120, 210)))


def test_the_record_has_a_pictures_sum_in_its_place(sandbox: Sandbox, call: Call) -> None:
    seen(call, picture(RED))
    kept = received(sandbox, "chat")
    digest = hashlib.sha256(picture(RED)).hexdigest()

    assert kept["references"] == [digest]
    assert kept["body"]["messages"][0]["content"][1]["image_url"]["url"] == f"data:image/png;sha256,{digest}"


@pytest.mark.parametrize(
    "content",
    [
        [],
        ["a dog"],
        [{"type": "text"}],
        [{"type": "image_url"}],
        [{"type": "image_url", "image_url": {"url": 5}}],
        [{"type": "image_url", "image_url": {"url": "https://example.org/dog.png"}}],
        [{"type": "image_url", "image_url": {"url": "data:image/png;base64,####"}}],
        [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGVsbG8="}}],
        [{"type": "input_audio"}],
    ],
)
def test_parts_that_are_neither_texts_nor_pictures_are_refused(call: Call, content: Any) -> None:
    response = chat(call, "/v1", BEARER, model=MODEL, messages=[{"role": "user", "content": content}])

    assert response.status_code == 400
    assert response.json()["error"]["param"] == "messages"
