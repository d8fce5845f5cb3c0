"""Two owners at one service: what each may see, and how one signs in."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
import responses
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI
from jwt.algorithms import get_default_algorithms
from PIL import Image
from werkzeug.test import TestResponse

from main import create_app
from sandbox.control import Habits
from service import Service
from tests.serving import running
from tests.support import quick_settings, wait_until
from utils import new_id

pytestmark = pytest.mark.both_databases

MIA, BO = "mia-key-0123456789", "bo-key-01234567890"
KEYS = (("mia", "gold", MIA), ("bo", "", BO))
WISH = {"prompt_text": "A Yorkie counts the stars", "words": 80}
BOOK = {"character": {"name": "Mia"}, "prompt": "Mia finds a lost kite", "pages": 1}
OWN = "http://localhost"
HABITS = Habits(story_seconds=0.01, image_seconds=0.05, image_pixels=64, picture_pixels=64, plain=True)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, database_of_module: str) -> Iterator[OpenAPI]:
    settings = quick_settings(
        tmp_path_factory.mktemp("data"),
        database_url=database_of_module,
        api_keys=KEYS,
    )
    with running(settings) as made:
        service: Service = made.extensions["storyfarm"]
        assert service.sandbox is not None
        service.sandbox.control.habits = HABITS
        yield made


def client_of(app: OpenAPI, key: str) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    return client


@pytest.fixture
def mia(app: OpenAPI) -> FlaskClient:
    return client_of(app, MIA)


@pytest.fixture
def bo(app: OpenAPI) -> FlaskClient:
    return client_of(app, BO)


@pytest.fixture
def stranger(app: OpenAPI) -> FlaskClient:
    return app.test_client()


def ended(client: FlaskClient, job_id: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        job: dict[str, Any] = client.get(f"/api/jobs/{job_id}").get_json()
        return job if job["state"] in ("completed", "failed", "cancelled") else None

    found: dict[str, Any] = wait_until(look, seconds=20)
    assert found["state"] == "completed", found
    return found


def told(client: FlaskClient) -> dict[str, Any]:
    answer = client.post("/api/generate-story", json=WISH)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def uploaded(client: FlaskClient) -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 60), "crimson").save(buffer, "PNG")
    answer = client.post("/api/uploads", data={"file": (io.BytesIO(buffer.getvalue()), "hero.png")})
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["imageUrl"])


def path_of(url: str) -> str:
    return url.removeprefix(OWN)


def same_but_for_its_number(one: TestResponse, other: TestResponse) -> bool:
    """Whether two answers say the same: the number of the request is always another."""
    bodies = [{**answer.get_json(), "request_id": ""} for answer in (one, other)]
    return one.status_code == other.status_code and bodies[0] == bodies[1]


def job_calls(id: str) -> list[tuple[str, str, Any]]:
    return [
        ("GET", f"/api/jobs/{id}", None),
        ("GET", f"/api/jobs/{id}?after=0", None),
        ("GET", f"/api/jobs/{id}/events", None),
        ("GET", f"/api/jobs/{id}/preview", None),
        ("GET", f"/api/jobs/{id}/download", None),
        ("POST", f"/api/jobs/{id}/cancel", {}),
    ]


def expect_hidden(client: FlaskClient, calls: Callable[[str], list[tuple[str, str, Any]]], id: str) -> None:
    """Whatever the client asks about `id`, it is told what it would be told if that did not exist."""
    unknown = "0" * 32 + id[32:]
    for (method, path, body), (_, nowhere, same) in zip(calls(id), calls(unknown), strict=True):
        answer = client.open(path, method=method, json=body)
        assert answer.status_code == 404, (path, answer.text)
        assert same_but_for_its_number(answer, client.open(nowhere, method=method, json=same)), path


# Nobody


def test_without_a_key_everything_below_api_is_refused(app: OpenAPI, stranger: FlaskClient) -> None:
    paths = {
        (method, rule.rule.split("<")[0] + ("x" if "<" in rule.rule else "") + rule.rule.rpartition(">")[2])
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if rule.rule.startswith("/api/")
        and not rule.rule.startswith(("/api/session", "/api/midjourney/hook"))
    }
    assert len(paths) > 40
    others = [("GET", "/images/x.png"), ("GET", "/uploads/x.png"), ("GET", "/api/no-such-thing")]
    for method, path in [*paths, *others, ("POST", "/agui"), ("GET", "/ws/adventure/x")]:
        answer = stranger.open(path, method=method, data="{")
        assert answer.status_code == 401, (method, path)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.mimetype == "application/problem+json"


def test_pages_health_and_the_proxy_s_hook_need_no_key(stranger: FlaskClient) -> None:
    for path in ("/", "/book", "/characters", "/health", "/metrics", "/static/style.css", "/openapi/"):
        assert stranger.get(path).status_code < 400, path
    assert stranger.post(f"/api/midjourney/hook/{new_id()}").status_code == 204


def test_a_wrong_key_is_refused_in_a_plain_sentence_that_does_not_repeat_it(stranger: FlaskClient) -> None:
    answer = stranger.get("/api/jobs", headers={"X-API-Key": "wrong-key-0123456789"})

    assert (answer.status_code, answer.get_json()["detail"]) == (401, "This API key is not known.")
    assert "wrong-key" not in answer.text


# Two owners


def test_a_story_and_its_pictures_are_seen_by_their_owner_only(
    mia: FlaskClient, bo: FlaskClient, stranger: FlaskClient
) -> None:
    story = told(mia)

    assert mia.get(f"/api/jobs/{story['id']}").get_json()["result"]["story"] == story["story"]
    assert mia.get(f"/api/jobs/{story['id']}/download").status_code == 200
    expect_hidden(bo, job_calls, story["id"])
    assert story["id"] in {job["id"] for job in mia.get("/api/jobs").get_json()["jobs"]}
    assert story["id"] not in {job["id"] for job in bo.get("/api/jobs").get_json()["jobs"]}
    for image in story["images"]:
        shown = mia.get(path_of(image["url"]))
        assert (shown.status_code, shown.mimetype) == (200, "image/png")
        assert shown.headers["Cache-Control"].startswith("private")
        hidden = bo.get(path_of(image["url"]), headers={"If-None-Match": shown.headers["ETag"]})
        assert same_but_for_its_number(hidden, bo.get(f"/images/{new_id()}.png"))
        assert stranger.get(path_of(image["url"])).status_code == 401


def test_a_job_goes_on_whoever_else_cancels_it(mia: FlaskClient, bo: FlaskClient) -> None:
    job = mia.post("/api/generate-story", json=WISH, headers={"Prefer": "respond-async"}).get_json()

    assert bo.post(f"/api/jobs/{job['id']}/cancel", json={}).status_code == 404
    assert bo.get(f"/api/jobs/{job['id']}/events").status_code == 404
    assert mia.get(f"/api/jobs/{job['id']}/events").mimetype == "text/event-stream"
    assert ended(mia, job["id"])["state"] == "completed"


def test_the_same_idempotency_key_of_another_owner_is_another_key(mia: FlaskClient, bo: FlaskClient) -> None:
    headers = {"Idempotency-Key": new_id(), "Prefer": "respond-async"}
    first = mia.post("/api/generate-story", json=WISH, headers=headers).get_json()["id"]

    assert mia.post("/api/generate-story", json=WISH, headers=headers).get_json()["id"] == first
    other = bo.post("/api/generate-story", json={**WISH, "words": 90}, headers=headers)
    assert other.status_code == 202
    assert other.get_json()["id"] != first
    ended(mia, first)
    ended(bo, other.get_json()["id"])


def test_a_book_its_illustrations_and_its_pages_are_seen_by_their_owner_only(
    mia: FlaskClient, bo: FlaskClient
) -> None:
    book = mia.post("/api/stories/generate", json=BOOK).get_json()["data"]
    painting = book["metadata"]["illustrationJobId"]
    ended(mia, painting)

    expect_hidden(
        bo,
        lambda id: [
            ("GET", f"/api/stories/{id}", None),
            ("POST", f"/api/stories/{id}/pages/1/illustration", {}),
            *job_calls(id),
        ],
        book["id"],
    )
    expect_hidden(
        bo,
        lambda id: [
            ("GET", f"/api/stories/illustrations/job/{id}", None),
            ("GET", f"/api/stories/illustrations/job/{id}?include=b64", None),
            *job_calls(id),
        ],
        painting,
    )
    listed = "/api/stories/illustrations/jobs"
    assert painting in {job["id"] for job in mia.get(listed).get_json()["jobs"]}
    assert painting not in {job["id"] for job in bo.get(listed).get_json()["jobs"]}
    page = mia.get(f"/api/stories/{book['id']}").get_json()["data"]["pages"][0]
    assert mia.get(path_of(page["imageUrl"])).status_code == 200
    assert bo.get(path_of(page["imageUrl"])).status_code == 404
    again = mia.post(f"/api/stories/{book['id']}/pages/1/illustration", json={}).get_json()["data"]
    ended(mia, again["illustrationJobId"])
    expect_hidden(bo, job_calls, again["illustrationJobId"])


def test_a_picture_set_is_seen_by_its_owner_only_and_its_name_is_free_for_others(
    mia: FlaskClient, bo: FlaskClient
) -> None:
    name = new_id()
    wish = {"studentTaskId": name, "characters": [{"name": "Mia", "prompt": "a girl"}], "backgrounds": []}
    mine = mia.post("/api/v1/imagine/generate", json=wish)
    assert mine.status_code == 202, mine.text
    set_id = mine.get_json()["jobId"]
    ended(mia, set_id)

    for place in ("status", "download"):
        assert mia.get(f"/api/v1/imagine/{place}/{name}").status_code == 200
        hidden = bo.get(f"/api/v1/imagine/{place}/{name}")
        assert same_but_for_its_number(hidden, bo.get(f"/api/v1/imagine/{place}/{new_id()}"))
    picture = mia.get(f"/api/v1/imagine/status/{name}").get_json()["character"][0]
    assert mia.get(path_of(picture["imageUrl"])).status_code == 200
    assert bo.get(path_of(picture["imageUrl"])).status_code == 404
    expect_hidden(bo, job_calls, set_id)
    expect_hidden(
        bo,
        lambda id: [
            ("POST", "/api/v1/imagine/regenerate", {"imageId": id}),
            ("POST", "/api/v1/imagine/upscale", {"imageId": id, "index": 1}),
            ("POST", "/api/v1/imagine/variation", {"imageId": id, "index": 1}),
        ],
        picture["id"],
    )
    own = bo.post("/api/v1/imagine/generate", json=wish)
    assert own.status_code == 202
    ended(bo, own.get_json()["jobId"])
    assert mia.get(f"/api/v1/imagine/status/{name}").get_json()["jobId"] == set_id


def test_an_upload_is_seen_and_used_by_its_owner_only(mia: FlaskClient, bo: FlaskClient) -> None:
    url = uploaded(mia)

    assert mia.get(url).headers["Cache-Control"].startswith("private")
    assert same_but_for_its_number(bo.get(url), bo.get(f"/uploads/{new_id()}.png"))
    for owner in (mia, bo):  # an upload is no picture of a job
        assert owner.get(url.replace("/uploads/", "/images/")).status_code == 404
    wishes: list[tuple[str, Callable[[str], dict[str, Any]]]] = [
        ("/api/stories/generate", lambda at: {**BOOK, "character": {"name": "Mia", "imageUrl": at}}),
        (
            "/api/v1/imagine/generate",
            lambda at: {
                "studentTaskId": new_id(),
                "characters": [{"name": "Mia", "prompt": "a girl"}],
                "backgrounds": [],
                "sketchImage": at,
            },
        ),
    ]
    for path, wish in wishes:
        for at in (url, OWN + url):
            hidden = bo.post(path, json=wish(at))
            assert (hidden.status_code, hidden.get_json()["code"]) == (400, "no_such_upload")
            assert same_but_for_its_number(hidden, bo.post(path, json=wish(f"/uploads/{new_id()}.png")))
        answer = mia.post(path, json=wish(url), headers={"Prefer": "respond-async"})
        assert answer.status_code == 202, answer.text
        ended(mia, answer.get_json().get("jobId") or answer.get_json()["id"])


def test_another_s_picture_is_no_reference(mia: FlaskClient, bo: FlaskClient) -> None:
    picture = path_of(told(mia)["images"][0]["url"])
    for at in (picture, OWN + picture):
        wish = {**BOOK, "character": {"name": "Mia", "imageUrl": at}}
        assert bo.post("/api/stories/generate", json=wish).status_code == 400


def test_answers_are_not_kept_by_anybody_on_the_way(mia: FlaskClient) -> None:
    for path in ("/api/jobs", "/api/v1/styles/options", "/api/stories/illustrations/jobs"):
        assert mia.get(path).headers["Cache-Control"] == "no-store"


# Cookies


def signed_in(client: FlaskClient, key: str = MIA) -> TestResponse:
    return client.post("/api/session", json={"key": key}, headers={"Origin": OWN})


def test_a_key_is_kept_in_a_cookie_that_no_script_and_no_other_site_gets(stranger: FlaskClient) -> None:
    answer = signed_in(stranger)

    assert answer.get_json() == {
        "signed_in": True,
        "owner": "key:mia",
        "plan": "gold",
        "sign_in_needed": True,
    }
    cookie = answer.headers["Set-Cookie"]
    assert all(part in cookie for part in ("storyfarm_session=", "HttpOnly", "SameSite=Strict", "Path=/"))
    assert "Secure" not in cookie
    assert stranger.get("/api/session").get_json()["owner"] == "key:mia"
    assert stranger.get("/api/jobs").status_code == 200
    over_tls = stranger.post("/api/session", json={"key": MIA}, base_url="https://localhost")
    assert "Secure" in over_tls.headers["Set-Cookie"]

    assert stranger.delete("/api/session", headers={"Origin": OWN}).status_code == 204
    nobody = {"signed_in": False, "owner": None, "plan": "", "sign_in_needed": True}
    assert stranger.get("/api/session").get_json() == nobody
    assert stranger.get("/api/jobs").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://[", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {},
    ],
)
def test_a_cookie_changes_nothing_for_pages_of_other_sites(
    stranger: FlaskClient, headers: dict[str, str]
) -> None:
    signed_in(stranger)
    for path in ("/api/generate-story", f"/api/jobs/{new_id()}/cancel", "/api/uploads", "/agui"):
        answer = stranger.post(path, json=WISH, headers=headers)
        assert (answer.status_code, answer.get_json()["code"]) == (403, "foreign_origin"), path
        assert "Origin" in answer.get_json()["detail"]
    assert stranger.get("/ws/adventure/x", headers=headers).status_code == 403
    assert stranger.get("/api/jobs", headers=headers).status_code == 200


@pytest.mark.parametrize("headers", [{"Origin": OWN}, {"Sec-Fetch-Site": "same-origin"}])
def test_our_own_pages_may_use_the_cookie(stranger: FlaskClient, headers: dict[str, str]) -> None:
    signed_in(stranger)

    assert stranger.post(f"/api/jobs/{new_id()}/cancel", json={}, headers=headers).status_code == 404


def test_a_header_needs_no_origin(mia: FlaskClient) -> None:
    answer = mia.post(f"/api/jobs/{new_id()}/cancel", json={}, headers={"Origin": "https://other.example"})

    assert answer.status_code == 404


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_no_other_site_signs_anybody_in_or_out(stranger: FlaskClient, method: str) -> None:
    answer = stranger.open(
        "/api/session", method=method, json={"key": MIA}, headers={"Origin": "https://evil.example"}
    )

    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("body", [{}, {"key": ""}, {"key": 7}, {"key": "x" * 4001}, {"key": "no" * 10}])
def test_a_sign_in_that_cannot_be_is_refused_without_what_was_shown(
    stranger: FlaskClient, body: dict[str, Any]
) -> None:
    answer = stranger.post("/api/session", json=body)

    assert answer.status_code in (400, 401)
    assert "nono" not in answer.text
    assert "Set-Cookie" not in answer.headers


# Other settings


def an_app(tmp_path: Any, **changes: Any) -> OpenAPI:
    """A service that is not started: enough for what asks no database."""
    return create_app(quick_settings(tmp_path, sandbox="http://127.0.0.1:9", **changes))


@pytest.fixture
def stopping() -> Iterator[list[OpenAPI]]:
    made: list[OpenAPI] = []
    yield made
    for app in made:
        service: Service = app.extensions["storyfarm"]
        service.stop()


def test_too_many_wrong_keys_are_refused_for_a_while_and_the_right_one_is_not(
    tmp_path: Any, stopping: list[OpenAPI]
) -> None:
    app = an_app(tmp_path, api_keys=KEYS)
    stopping.append(app)
    client = app.test_client()
    answers = [client.post("/api/session", json={"key": "wrong"}) for _ in range(31)]
    right = client.post("/api/session", json={"key": MIA})

    assert [answer.status_code for answer in answers] == [401] * 30 + [429]
    assert answers[-1].get_json()["code"] == "too_many_attempts"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert right.status_code == 200


def test_a_token_of_the_issuer_signs_in_by_its_own_cookie(tmp_path: Any, stopping: list[OpenAPI]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    published = get_default_algorithms()["ES256"].to_jwk(key.public_key(), as_dict=True) | {"kid": "k1"}
    app = an_app(tmp_path, auth_jwks_url="https://issuer.example/jwks", auth_issuer="https://issuer.example")
    stopping.append(app)
    claims = {"iss": "https://issuer.example", "sub": "user_2x", "exp": time.time() + 60, "plan": "gold"}
    client = app.test_client()
    with responses.RequestsMock() as server:
        server.get("https://issuer.example/jwks", body=json.dumps({"keys": [published]}))
        client.set_cookie("__session", jwt.encode(claims, key, "ES256", {"kid": "k1"}))
        seen = client.get("/api/session").get_json()

    assert (seen["owner"], seen["plan"]) == ("user:user_2x", "gold")
    client.set_cookie("__session", jwt.encode({**claims, "exp": 1}, key, "ES256", {"kid": "k1"}))
    assert "expired" in client.get("/api/jobs").get_json()["detail"]
    assert client.delete("/api/session").headers["Set-Cookie"].startswith("__session=;")


def test_pictures_can_be_open_to_whoever_knows_their_address(tmp_path: Any, stopping: list[OpenAPI]) -> None:
    app = an_app(tmp_path, api_keys=KEYS, images_public=True)
    stopping.append(app)
    service: Service = app.extensions["storyfarm"]
    file = f"{new_id()}.png"
    service.storage.put(file, b"a picture")
    answer = app.test_client().get(f"/images/{file}")

    assert (answer.status_code, answer.data) == (200, b"a picture")
    assert answer.headers["Cache-Control"].startswith("public")
    assert app.test_client().get(f"/uploads/{file}").status_code == 401


def test_where_nobody_signs_in_there_is_one_local_user(tmp_path: Any, stopping: list[OpenAPI]) -> None:
    app = an_app(tmp_path)
    stopping.append(app)
    client = app.test_client()

    local = {"signed_in": False, "owner": "local", "plan": "", "sign_in_needed": False}
    assert client.get("/api/session").get_json() == local
    assert client.post("/api/session", json={"key": MIA}).get_json()["code"] == "no_sign_in"
    assert "sign-in" not in client.get("/").text
    assert client.post("/api/generate-story", json={}, headers={"Origin": "null"}).status_code == 400
