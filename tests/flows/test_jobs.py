"""The main job in the background: events, idempotency, callbacks, lists and cancelling."""

from __future__ import annotations

import base64
import http.server
import io
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_openapi3 import OpenAPI
from PIL import Image
from sqlalchemy import update
from standardwebhooks.webhooks import Webhook

from main import create_app
from sandbox.control import Control
from service import Service
from tables import jobs
from tests.support import quick_settings, wait_until

pytestmark = pytest.mark.both_databases

ASYNC = {"Prefer": "respond-async"}
WISH = {"prompt_text": "A Yorkie counts the stars", "words": 80}


def begin(client: FlaskClient, **wish: Any) -> str:
    """A job in the background; its address."""
    response = client.post("/api/generate-story", json=WISH | wish, headers=ASYNC)
    assert response.status_code == 202, response.get_json()
    return str(response.headers["Location"])


def ended(client: FlaskClient, address: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        job: dict[str, Any] = client.get(address).get_json()
        return job if job["state"] in ("completed", "failed", "cancelled") else None

    found: dict[str, Any] = wait_until(look, seconds=20)
    return found


def read_events(stream: str) -> list[tuple[int, str, dict[str, Any]]]:
    """(number, kind, data) of each event of a stream."""
    found = []
    for block in stream.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "event" in fields:
            found.append((int(fields["id"]), fields["event"], json.loads(fields["data"])))
    return found


def story_in(events: list[tuple[int, str, dict[str, Any]]], part: str = "story") -> str:
    text = ""
    for _, kind, data in events:
        if kind == "text" and data["part"] == part:
            text = text[: data["offset"]] + data["text"]
    return text


def test_a_job_in_the_background_gives_the_same_as_a_held_request(client: FlaskClient) -> None:
    response = client.post("/api/generate-story", json=WISH, headers=ASYNC)
    job = response.get_json()

    assert response.status_code == 202
    assert response.headers["Preference-Applied"] == "respond-async"
    assert response.headers["Location"] == f"/api/jobs/{job['id']}"
    assert (job["state"], job["result"]) == ("queued", None)
    done = ended(client, response.headers["Location"])
    assert done["state"] == "completed"
    assert done["result"]["status"] == "success"
    assert len(done["result"]["image_urls"]) == 4


@pytest.mark.parametrize(
    "prefer", ["respond-async, wait=10", "handling=lenient; respond-async", "Respond-Async"]
)
def test_the_preference_is_read_as_its_standard_says(client: FlaskClient, prefer: str) -> None:
    response = client.post("/api/generate-story", json=WISH, headers={"Prefer": prefer})

    assert response.status_code == 202
    ended(client, response.headers["Location"])


def test_the_stream_tells_the_story_as_it_is_written_and_ends_with_the_end(
    client: FlaskClient, control: Control
) -> None:
    control.habits = control.habits.changed({"story_seconds": 0.5})
    address = begin(client)

    response = client.get(f"{address}/events")

    assert response.mimetype == "text/event-stream"
    events = read_events(response.get_data(as_text=True))
    kinds = [kind for _, kind, _ in events]
    assert [number for number, _, _ in events] == list(range(1, len(events) + 1))
    assert kinds[:2] == ["state", "state"]
    assert kinds[-1] == "done"
    assert kinds.count("done") == 1
    assert kinds.count("text") > 3
    result = client.get(address).get_json()["result"]
    assert story_in(events) == result["story"]
    assert story_in(events, "title") == result["title"]
    told = next(data["images"] for _, kind, data in events if kind == "picture")
    assert told == result["images"]


def test_a_story_whose_stream_breaks_is_begun_again_from_its_first_character(
    client: FlaskClient, fault: Callable[..., None]
) -> None:
    fault("chat", "cut_stream")
    address = begin(client)

    events = read_events(client.get(f"{address}/events").get_data(as_text=True))

    offsets = [data["offset"] for _, kind, data in events if kind == "text" and data["part"] == "story"]
    result = client.get(address).get_json()["result"]
    assert result["status"] == "success"
    assert story_in(events) == result["story"]
    assert offsets.count(0) >= 1


def test_pollers_read_the_same_events(client: FlaskClient) -> None:
    address = begin(client)
    streamed = read_events(client.get(f"{address}/events").get_data(as_text=True))

    polled = client.get(f"{address}?after=0").get_json()["events"]
    rest = client.get(f"{address}?after=2").get_json()["events"]

    assert [(event["number"], event["kind"], event["data"]) for event in polled] == streamed
    assert rest == polled[2:]


def test_a_client_that_comes_back_goes_on_where_it_was(client: FlaskClient) -> None:
    address = begin(client)
    whole = read_events(client.get(f"{address}/events").get_data(as_text=True))

    rest = client.get(f"{address}/events", headers={"Last-Event-ID": "3"}).get_data(as_text=True)
    again = client.get(f"{address}/events?after=3").get_data(as_text=True)

    assert read_events(rest) == read_events(again) == whole[3:]


def test_the_picture_is_shown_while_it_is_painted(client: FlaskClient, control: Control) -> None:
    control.habits = control.habits.changed({"image_seconds": 4.0})
    address = begin(client)

    def preview() -> Any:
        events = client.get(f"{address}?after=0").get_json()["events"]
        images = [event["data"]["image"] for event in events if "image" in event["data"]]
        return next((image for image in images if image["preview"]), None)

    shown = wait_until(preview)
    response = client.get(shown["preview"])

    assert shown["message"] == "MidJourney is painting."
    assert 0 <= shown["percent"] < 100
    assert response.status_code == 200
    with Image.open(io.BytesIO(response.data)) as picture:
        assert picture.size == (256, 256)
    client.post(f"{address}/cancel")
    assert client.get("/api/jobs/unknown/preview").status_code == 404


def test_too_many_streams_are_turned_away(app: OpenAPI, client: FlaskClient, service: Service) -> None:
    address = begin(client)
    ended(client, address)
    with service.streams.hold():
        limit, service.streams._limit = service.streams._limit, 1
        try:
            response = client.get(f"{address}/events")
        finally:
            service.streams._limit = limit

    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert service.streams.held == 0


def test_a_cancelled_job_ends_and_stays_so(client: FlaskClient, control: Control) -> None:
    control.habits = control.habits.changed({"story_seconds": 3.0, "image_seconds": 3.0})
    address = begin(client)
    wait_until(lambda: client.get(address).get_json()["state"] == "running")

    cancelled = client.post(f"{address}/cancel").get_json()
    again = client.post(f"{address}/cancel").get_json()

    assert cancelled["state"] == again["state"] == "cancelled"
    events = client.get(f"{address}?after=0").get_json()["events"]
    assert events[-1]["data"] == {"state": "cancelled"}


def test_a_job_that_was_cancelled_frees_its_worker(
    client: FlaskClient, control: Control, service: Service
) -> None:
    control.habits = control.habits.changed({"story_seconds": 1.0, "image_seconds": 60.0})
    address = begin(client)
    wait_until(lambda: client.get(address).get_json()["result"], seconds=10)
    wait_until(lambda: service.runner.in_hand == 1)

    client.post(f"{address}/cancel")

    wait_until(lambda: service.runner.in_hand == 0)


def test_a_held_request_whose_job_is_cancelled_is_told(client: FlaskClient, control: Control) -> None:
    control.habits = control.habits.changed({"image_seconds": 60.0})
    answers: list[Any] = []
    thread = threading.Thread(
        target=lambda: answers.append(client.application.test_client().post("/api/generate-story", json=WISH))
    )
    thread.start()
    job = wait_until(lambda: client.get("/api/jobs?state=running").get_json()["jobs"])[0]

    client.post(f"/api/jobs/{job['id']}/cancel")

    thread.join(10)
    assert answers[0].status_code == 409
    assert answers[0].get_json()["code"] == "cancelled"


def test_jobs_are_listed_newest_first_page_by_page(client: FlaskClient) -> None:
    addresses = [begin(client) for _ in range(5)]
    for address in addresses:
        ended(client, address)

    first = client.get("/api/jobs?limit=2").get_json()
    second = client.get(f"/api/jobs?limit=2&cursor={first['next']}").get_json()

    ids = [job["id"] for job in first["jobs"] + second["jobs"]]
    assert ids == [address.rpartition("/")[2] for address in reversed(addresses)][:4]
    assert first["jobs"][0] == client.get(addresses[-1]).get_json()


def test_the_list_ends(client: FlaskClient) -> None:
    ended(client, begin(client))
    seen, cursor = 0, ""
    for _ in range(1000):
        page = client.get(f"/api/jobs?limit=3&cursor={cursor}").get_json()
        seen += len(page["jobs"])
        if not (cursor := page["next"]):
            break

    assert not cursor
    assert seen == len(client.get("/api/jobs?limit=100").get_json()["jobs"])


def test_the_list_can_be_narrowed(client: FlaskClient) -> None:
    ended(client, begin(client))

    assert client.get("/api/jobs?kind=story&state=completed").get_json()["jobs"]
    assert client.get("/api/jobs?kind=storybook").get_json()["jobs"] == []
    assert client.get("/api/jobs?state=failed&kind=story").get_json()["jobs"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=asleep", "state"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("cursor=nonsense", "cursor"),
        ("cursor=WzFd", "cursor"),
    ],
)
def test_a_list_that_cannot_be_had_names_the_field(client: FlaskClient, query: str, field: str) -> None:
    response = client.get(f"/api/jobs?{query}")

    assert response.status_code == 400
    assert field in response.get_json()["detail"]


def test_fifty_equal_requests_with_one_key_are_one_job(app: OpenAPI, control: Control) -> None:
    before = control.calls.copy()

    def post(_number: int) -> Any:
        return app.test_client().post(
            "/api/generate-story", json=WISH, headers={"Idempotency-Key": "fifty-at-once"}
        )

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(post, range(50)))

    assert [answer.status_code for answer in answers] == [200] * 50
    bodies = {answer.get_data(as_text=True) for answer in answers}
    assert len(bodies) == 1
    assert control.calls["chat"] - before["chat"] == 1
    assert control.calls["command"] - before["command"] == 1


def test_a_key_gives_the_same_job_in_the_background_too(client: FlaskClient, control: Control) -> None:
    headers = ASYNC | {"Idempotency-Key": "in-the-background"}
    before = control.calls["chat"]

    first = client.post("/api/generate-story", json=WISH, headers=headers)
    second = client.post("/api/generate-story", json=WISH, headers=headers)
    held = client.post("/api/generate-story", json=WISH, headers={"Idempotency-Key": "in-the-background"})

    assert first.headers["Location"] == second.headers["Location"]
    assert held.get_json() == client.get(first.headers["Location"]).get_json()["result"]
    assert control.calls["chat"] - before == 1


def test_a_key_with_another_body_is_a_conflict(client: FlaskClient) -> None:
    headers = {"Idempotency-Key": "one-key-two-bodies"}
    client.post("/api/generate-story", json=WISH, headers=headers)

    response = client.post("/api/generate-story", json=WISH | {"prompt_text": "Another"}, headers=headers)

    assert response.status_code == 409
    assert response.get_json()["code"] == "idempotency_key_reused"


def test_a_failure_is_answered_again_as_it_was(
    client: FlaskClient, control: Control, fault: Callable[..., None]
) -> None:
    headers = {"Idempotency-Key": "it-fails"}
    fault("chat", "refusal")
    fault("midjourney", "error")
    before = control.calls["chat"]

    first = client.post("/api/generate-story", json=WISH, headers=headers)
    second = client.post("/api/generate-story", json=WISH, headers=headers)

    assert first.status_code == second.status_code == 502
    assert first.get_json() | {"request_id": ""} == second.get_json() | {"request_id": ""}
    assert control.calls["chat"] - before == 1


def test_an_unfit_key_is_refused_before_anything_is_paid(client: FlaskClient, control: Control) -> None:
    before = control.calls["chat"]

    response = client.post("/api/generate-story", json=WISH, headers={"Idempotency-Key": "k" * 300})

    assert response.status_code == 400
    assert response.get_json()["field"] == "Idempotency-Key"
    assert control.calls["chat"] == before


def test_callbacks_without_a_secret_are_refused(client: FlaskClient) -> None:
    response = client.post("/api/generate-story", json=WISH | {"callback_url": "https://example.com/done"})

    assert response.status_code == 400
    assert response.get_json()["field"] == "callback_url"
    assert "CALLBACK_SECRET" in response.get_json()["detail"]


SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ...").decode()


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes callbacks, but fails as often as `failures` says."""

    received: list[tuple[dict[str, str], bytes]]
    failures = 0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).received.append((dict(self.headers), body))
        type(self).failures -= 1
        self.send_response(503 if self.failures >= 0 else 204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[str]:
    Receiver.received, Receiver.failures = [], 0
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/finished?for=you"
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A service that may call addresses of the machine itself."""
    settings = quick_settings(
        tmp_path_factory.mktemp("callbacks"), callback_secret=SECRET, callback_private=True
    )
    app = create_app(settings)
    service: Service = app.extensions["storyfarm"]
    service.start()
    wait_until(service.captures.caught_up.is_set)
    yield app.test_client()
    service.stop()


def test_the_finished_job_is_posted_signed(caller: FlaskClient, receiver: str) -> None:
    address = begin(caller, callback_url=receiver)
    done = ended(caller, address)

    wait_until(lambda: Receiver.received)
    headers, body = Receiver.received[0]
    message = Webhook(SECRET).verify(body, headers)

    assert message["type"] == "job.completed"
    assert message["data"] == done
    assert headers["webhook-id"] == f"msg_{done['id']}"


def test_a_held_request_is_called_back_as_well(caller: FlaskClient, receiver: str) -> None:
    answer = caller.post("/api/generate-story", json=WISH | {"callback_url": receiver}).get_json()

    wait_until(lambda: Receiver.received)

    assert json.loads(Receiver.received[0][1])["data"]["result"] == answer


def test_a_receiver_that_fails_is_called_again_with_the_same_message_id(
    caller: FlaskClient, receiver: str
) -> None:
    Receiver.failures = 1
    address = begin(caller, callback_url=receiver)
    ended(caller, address)

    wait_until(lambda: len(Receiver.received) == 2, seconds=20)

    assert len({headers["webhook-id"] for headers, _ in Receiver.received}) == 1


@pytest.mark.parametrize("url", ["ftp://example.com", "https://", "not a url", "http://u:p@example.com"])
def test_a_callback_address_that_cannot_be_is_refused(caller: FlaskClient, url: str) -> None:
    response = caller.post("/api/generate-story", json=WISH | {"callback_url": url})

    assert response.status_code == 400
    assert response.get_json()["field"] == "callback_url"


def test_old_jobs_are_removed_with_their_files_and_younger_ones_stay(
    client: FlaskClient, service: Service
) -> None:
    old, young = begin(client), begin(client)
    picture = ended(client, old)["result"]["image_urls"][0]
    ended(client, young)
    with service.database.write() as tx:
        tx.execute(
            update(jobs).where(jobs.c.id == old.rpartition("/")[2]).values(updated_at=0.0, created_at=0.0)
        )

    service._build_retention().sweep()

    assert client.get(old).status_code == 404
    assert client.get(picture).status_code == 404
    assert client.get(young).status_code == 200


def test_a_stream_that_has_seen_the_end_is_told_not_to_come_back(client: FlaskClient) -> None:
    address = begin(client)
    ended(client, address)
    last = read_events(client.get(f"{address}/events").get_data(as_text=True))[-1][0]

    again = client.get(f"{address}/events", headers={"Last-Event-ID": str(last)})

    assert (again.status_code, again.data) == (204, b"")


@pytest.mark.parametrize("path", ["", "/events"])
def test_no_job_has_so_many_events(client: FlaskClient, path: str) -> None:
    address = begin(client)
    ended(client, address)

    response = client.get(f"{address}{path}?after={10**20}")

    assert (response.status_code, response.get_json()["fields"][0]["field"]) == (400, "after")
