"""Image models at OpenAI-compatible servers: what is sent, and what is made of every kind of answer."""

from __future__ import annotations

import base64
import email.parser
import email.policy
import io
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
import requests
import responses
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from errors import ContentRefused, ProviderError, ProviderTimeout, StoryfarmError
from images.drawing import Drawn
from images.editing import check_image
from images.provider import Reference
from openai_images import OPTIONAL, OpenAIImages
from text.endpoint import Advice, Endpoint
from text.model import Usage

BASE = "https://images.example/v1"
GENERATIONS, EDITS = f"{BASE}/images/generations", f"{BASE}/images/edits"
KEY = "sk-very-secret-0123456789"
ADVICE = Advice(who="The image model's server", model="OPENAI_IMAGE_MODEL")
ENDPOINT = Endpoint(base_url=BASE, key=KEY, model="painter", provider="openai", advice=ADVICE)


def encoded(form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "green").save(buffer, form)
    return buffer.getvalue()


PICTURE = encoded()
B64 = base64.b64encode(PICTURE).decode()
SEEN = (Reference("Mia", check_image(encoded())), Reference("Rex", check_image(encoded("JPEG"))))


class Fetched:
    """Stands in for the fetching of pictures that come as an address."""

    def __init__(self) -> None:
        self.urls: list[str] = []
        self.error: StoryfarmError | None = None

    def __call__(self, url: str, deadline: float) -> bytes:
        assert deadline > time.monotonic()
        self.urls.append(url)
        if self.error:
            raise self.error
        return PICTURE


@pytest.fixture
def fetched() -> Fetched:
    return Fetched()


@pytest.fixture
def api(fetched: Fetched) -> Iterator[OpenAIImages]:
    made = OpenAIImages(ENDPOINT, threads=4, fetch=fetched)
    yield made
    made.close()


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    """The other side; every answer that is prepared must be fetched, and no other call may be made."""
    with responses.RequestsMock(registry=responses.registries.OrderedRegistry) as mock:
        yield mock


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts in seconds, which are not slept."""
    slept: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", slept.append)
    return slept


def draw(api: OpenAIImages, *, seconds: float = 60.0, **changes: Any) -> Drawn:
    wanted: dict[str, Any] = {
        "references": (),
        "size": "1024x1024",
        "background": "",
        "deadline": time.monotonic() + seconds,
        "on_partial": lambda _content: None,
    }
    return api.draw("a dog 🐶", **wanted | changes)


def failure(api: OpenAIImages, **changes: Any) -> StoryfarmError:
    with pytest.raises(StoryfarmError) as raised:
        draw(api, **changes)
    return raised.value


def answered(**changes: Any) -> dict[str, Any]:
    usage = {"input_tokens": 11, "output_tokens": 22, "total_tokens": 33}
    return {"created": 1, "data": [{"b64_json": B64}], "usage": usage} | changes


def error_body(message: str = "No.", *, kind: str = "", code: str = "", param: str = "") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "code": code, "param": param or None}}


def unsupported(field: str) -> dict[str, Any]:
    return error_body(f"Unknown parameter: '{field}'.", code="unknown_parameter", param=field)


def event(kind: str, **fields: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n"


PARTIAL = event("image_generation.partial_image", b64_json=B64, partial_image_index=0)
COMPLETED = event("image_generation.completed", b64_json=B64, usage=answered()["usage"])


def stream(server: responses.RequestsMock, *events: str, url: str = GENERATIONS) -> None:
    server.post(url, body="".join(events), content_type="text/event-stream; charset=utf-8")


def sent(server: responses.RequestsMock, number: int = -1) -> dict[str, Any]:
    """The JSON body of a call."""
    body: dict[str, Any] = json.loads(server.calls[number].request.body or "null")
    return body


def parts(server: responses.RequestsMock, number: int = -1) -> list[tuple[str, str, str, Any]]:
    """(field, file name, type, content) of each part of a multipart body; fields come as text."""
    request = server.calls[number].request
    body = request.body
    assert isinstance(body, bytes)
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    found = email.parser.BytesParser(EmailMessage, policy=email.policy.HTTP).parsebytes(head + body)
    assert found.get_content_type() == "multipart/form-data"
    read = []
    for part in found.iter_parts():
        assert isinstance(part, EmailMessage)
        name = str(part["Content-Disposition"].params["name"])
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        file = part.get_filename("")
        read.append(
            (name, file, part.get_content_type() if file else "", content if file else content.decode())
        )
    return read


# What is sent


def test_a_picture_is_asked_for_in_the_common_form(api: OpenAIImages, server: responses.RequestsMock) -> None:
    server.post(GENERATIONS, json=answered())
    draw(api)

    assert sent(server) == {
        "model": "painter",
        "prompt": "a dog 🐶",
        "n": 1,
        "size": "1024x1024",
        "stream": True,
        "partial_images": 2,
    }
    headers = server.calls[0].request.headers
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["Content-Type"] == "application/json"


def test_a_transparent_background_is_asked_for_with_a_form_that_has_one(
    api: OpenAIImages, server: responses.RequestsMock
) -> None:
    server.post(GENERATIONS, json=answered())
    draw(api, background="transparent", size="")

    body = sent(server)
    assert (body["background"], body["output_format"]) == ("transparent", "png")
    assert "size" not in body


def test_one_reference_is_sent_as_image(api: OpenAIImages, server: responses.RequestsMock) -> None:
    server.post(EDITS, json=answered())
    draw(api, references=SEEN[:1])

    assert parts(server) == [
        ("model", "", "", "painter"),
        ("prompt", "", "", "a dog 🐶"),
        ("n", "", "", "1"),
        ("size", "", "", "1024x1024"),
        ("stream", "", "", "true"),
        ("partial_images", "", "", "2"),
        ("image", "reference-1.png", "image/png", SEEN[0].image.content),
    ]
    assert server.calls[0].request.headers["Authorization"] == f"Bearer {KEY}"


def test_several_references_are_sent_as_a_list_of_images(
    api: OpenAIImages, server: responses.RequestsMock
) -> None:
    server.post(EDITS, json=answered())
    draw(api, references=SEEN, background="transparent")
    files = [part for part in parts(server) if part[1]]

    assert files == [
        ("image[]", "reference-1.png", "image/png", SEEN[0].image.content),
        ("image[]", "reference-2.jpg", "image/jpeg", SEEN[1].image.content),
    ]
    assert ("background", "", "", "transparent") in parts(server)


def test_no_more_references_are_sent_than_are_taken(
    api: OpenAIImages, server: responses.RequestsMock
) -> None:
    server.post(EDITS, json=answered())
    draw(api, references=SEEN[:1] * 20)

    assert len([part for part in parts(server) if part[1]]) == 16


def test_azure_gets_its_key_and_version_on_edits_too(
    server: responses.RequestsMock, fetched: Fetched
) -> None:
    endpoint = replace(ENDPOINT, key_header="api-key", query="api-version=2025-04-01-preview")
    api = OpenAIImages(endpoint, threads=1, fetch=fetched)
    server.post(f"{EDITS}?api-version=2025-04-01-preview", json=answered())
    server.post(f"{GENERATIONS}?api-version=2025-04-01-preview", json=answered())
    draw(api, references=SEEN)
    draw(api)
    api.close()

    for call in server.calls:
        assert call.request.headers["api-key"] == KEY
        assert "Authorization" not in call.request.headers


def test_what_a_server_is_known_not_to_take_is_not_sent(
    server: responses.RequestsMock, fetched: Fetched
) -> None:
    api = OpenAIImages(ENDPOINT, threads=1, fetch=fetched, left_out=frozenset(OPTIONAL))
    server.post(GENERATIONS, json=answered())
    draw(api, background="transparent")
    api.close()

    assert set(sent(server)) == {"model", "prompt", "n", "size"}


# What a 400 teaches


@pytest.mark.parametrize(
    ("field", "missing"),
    [
        ("background", {"background"}),
        ("output_format", {"output_format"}),
        ("stream", {"stream", "partial_images"}),
        ("partial_images", {"stream", "partial_images"}),
    ],
)
def test_a_field_that_is_unknown_is_left_out_from_then_on(
    api: OpenAIImages, server: responses.RequestsMock, field: str, missing: set[str]
) -> None:
    server.post(GENERATIONS, status=400, json=unsupported(field))
    for _ in range(2):
        server.post(GENERATIONS, json=answered())
    for _ in range(2):
        assert draw(api, background="transparent").content == PICTURE

    first, second, third = (set(sent(server, number)) for number in range(3))
    assert first - second == missing
    assert second == third


def test_several_fields_are_learned_one_after_the_other(
    api: OpenAIImages, server: responses.RequestsMock, pauses: list[float]
) -> None:
    for field in ("background", "output_format", "stream"):
        server.post(GENERATIONS, status=400, json=unsupported(field))
    server.post(GENERATIONS, json=answered())

    assert draw(api, background="transparent").content == PICTURE
    assert set(sent(server)) == {"model", "prompt", "n", "size"}
    assert pauses == []


def test_what_was_learned_from_a_picture_holds_for_edits(
    api: OpenAIImages, server: responses.RequestsMock
) -> None:
    server.post(GENERATIONS, status=400, json=unsupported("stream"))
    server.post(GENERATIONS, json=answered())
    server.post(EDITS, json=answered())
    draw(api)
    draw(api, references=SEEN)

    assert "stream" not in {part[0] for part in parts(server)}


def test_a_server_that_complains_of_everything_is_not_asked_for_ever(
    api: OpenAIImages, server: responses.RequestsMock
) -> None:
    for _ in OPTIONAL:
        server.post(GENERATIONS, status=400, json=unsupported("stream"))

    assert failure(api).code == "bad_request"


def test_a_400_that_names_no_field_is_the_end(api: OpenAIImages, server: responses.RequestsMock) -> None:
    server.post(GENERATIONS, status=400, json=error_body("Invalid size.", param="size"))
    error = failure(api)

    assert isinstance(error, ProviderError)
    assert (error.code, error.permanent) == ("bad_request", True)


# The error table


@pytest.mark.parametrize("references", [(), SEEN], ids=["generation", "edit"])
@pytest.mark.parametrize(
    ("status", "kind", "code", "told"),
    [
        (400, "invalid_request_error", "", "bad_request"),
        (401, "", "invalid_api_key", "bad_key"),
        (403, "", "", "bad_key"),
        (404, "", "model_not_found", "no_such_model"),
        (413, "", "", "provider_failed"),
        (429, "insufficient_quota", "", "no_credit"),
        (429, "insufficient_quota", "insufficient_quota", "no_credit"),
        (429, "", "credit_balance_exhausted", "no_credit"),
        (429, "", "project_spend_limit_exceeded", "no_credit"),
    ],
)
def test_what_another_attempt_cannot_help_is_not_tried_again(
    api: OpenAIImages,
    server: responses.RequestsMock,
    references: Any,
    status: int,
    kind: str,
    code: str,
    told: str,
) -> None:
    server.post(EDITS if references else GENERATIONS, status=status, json=error_body(kind=kind, code=code))
    error = failure(api, references=references)

    assert isinstance(error, ProviderError)
    assert (error.code, error.permanent) == (told, True)


@pytest.mark.parametrize("references", [(), SEEN], ids=["generation", "edit"])
@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again_since_nothing_was_drawn(
    api: OpenAIImages, server: responses.RequestsMock, references: Any, status: int, pauses: list[float]
) -> None:
    url = EDITS if references else GENERATIONS
    server.post(url, status=status, json=error_body())
    server.post(url, json=answered())

    assert draw(api, references=references).content == PICTURE
    assert len(pauses) == 1
    assert server.calls[0].request.body != b""
    if references:
        assert [part[3] for part in parts(server) if part[1]] == [each.image.content for each in SEEN]


def test_after_three_attempts_it_is_enough(api: OpenAIImages, server: responses.RequestsMock) -> None:
    for _ in range(3):
        server.post(GENERATIONS, status=503)

    assert failure(api).code == "provider_failed"


@pytest.mark.parametrize("code", ["rate_limit_exceeded", "slow_down"])
def test_a_server_that_asks_to_wait_is_waited_for(
    api: OpenAIImages, server: responses.RequestsMock, code: str, pauses: list[float]
) -> None:
    server.post(GENERATIONS, status=429, json=error_body(code=code), headers={"Retry-After": "7.5"})
    server.post(GENERATIONS, json=answered())
    draw(api)

    assert pauses == [7.5]


def test_a_wait_that_would_outlast_the_deadline_is_not_begun(
    api: OpenAIImages, server: responses.RequestsMock, pauses: list[float]
) -> None:
    server.post(GENERATIONS, status=429, json=error_body(), headers={"Retry-After": "90"})
    error = failure(api)

    assert isinstance(error, ProviderError)
    assert (error.code, error.retry_after, pauses) == ("rate_limited", 90.0, [])


@pytest.mark.parametrize("field", ["code", "kind"])
@pytest.mark.parametrize(
    "code", ["content_filter", "moderation_blocked", "content_policy_violation", "contentFilter"]
)
def test_a_refused_prompt_is_not_sent_again(
    api: OpenAIImages, server: responses.RequestsMock, code: str, field: str
) -> None:
    server.post(GENERATIONS, status=400, json=error_body(**{field: code}))
    error = failure(api)

    assert isinstance(error, ContentRefused)
    assert error.code == "content_filtered"


@pytest.mark.parametrize(
    "data", [[], [{}], [{"b64_json": ""}], [{"b64_json": None, "url": None}], [{"revised_prompt": "a cat"}]]
)
def test_a_good_answer_without_a_picture_is_a_refusal(
    api: OpenAIImages, server: responses.RequestsMock, data: Any
) -> None:
    server.post(GENERATIONS, json=answered(data=data))

    assert isinstance(failure(api), ContentRefused)


@pytest.mark.parametrize(
    "fault",
    [
        requests.ConnectionError(f"to {BASE}?key={KEY}"),
        requests.ReadTimeout(),
        requests.ConnectTimeout(),
        requests.exceptions.ChunkedEncodingError(),
    ],
    ids=lambda fault: type(fault).__name__,
)
@pytest.mark.parametrize("references", [(), SEEN], ids=["generation", "edit"])
def test_a_call_whose_answer_got_lost_is_not_repeated_as_it_may_have_been_paid_for(
    api: OpenAIImages, server: responses.RequestsMock, fault: Exception, references: Any
) -> None:
    server.post(EDITS if references else GENERATIONS, body=fault)
    error = failure(api, references=references)

    assert isinstance(error, ProviderError)
    assert (error.code, error.permanent) == ("unreachable", True)
    assert KEY not in error.detail


@pytest.mark.parametrize(
    "body", ["<html>Bad gateway</html>", "", "nonsense", "[1", "[" * 100_000], ids=lambda body: body[:9]
)
@pytest.mark.parametrize("is_streamed", [True, False])
def test_an_answer_that_is_no_json_is_a_bad_answer(
    server: responses.RequestsMock, fetched: Fetched, body: str, is_streamed: bool
) -> None:
    left_out = frozenset() if is_streamed else frozenset(OPTIONAL)
    api = OpenAIImages(ENDPOINT, threads=1, fetch=fetched, left_out=left_out)
    server.post(GENERATIONS, body=body)
    assert failure(api).code == "bad_answer"
    api.close()


@pytest.mark.parametrize(
    "body",
    [
        "null",
        "1",
        "[]",
        "{}",
        '"text"',
        '{"data": null}',
        '{"data": {}}',
        '{"data": [1]}',
        '{"data": [null]}',
    ],
)
def test_an_answer_of_another_shape_is_a_bad_answer(
    api: OpenAIImages, server: responses.RequestsMock, body: str
) -> None:
    server.post(GENERATIONS, body=body)

    assert failure(api).code == "bad_answer"


def test_an_error_in_a_good_answer_is_an_error(api: OpenAIImages, server: responses.RequestsMock) -> None:
    server.post(GENERATIONS, json=error_body(code="moderation_blocked"))

    assert isinstance(failure(api), ContentRefused)


def test_bytes_that_are_no_base64_are_a_bad_answer(api: OpenAIImages, server: responses.RequestsMock) -> None:
    server.post(GENERATIONS, json=answered(data=[{"b64_json": "not base64!"}]))

    assert failure(api).code == "bad_answer"


def test_errors_name_the_setting_that_helps_and_never_the_key(
    api: OpenAIImages, server: responses.RequestsMock
) -> None:
    server.post(GENERATIONS, status=404, json=error_body(f"No model for {KEY}."))
    error = failure(api)

    assert "OPENAI_IMAGE_MODEL" in error.detail
    assert KEY not in repr(error)


# What a good answer gives


@pytest.mark.parametrize("references", [(), SEEN], ids=["generation", "edit"])
def test_a_picture_comes_with_its_model_and_its_tokens(
    api: OpenAIImages, server: responses.RequestsMock, references: Any
) -> None:
    server.post(EDITS if references else GENERATIONS, json=answered(model="painter-2026-08-01"))

    assert draw(api, references=references) == Drawn(PICTURE, "painter-2026-08-01", Usage(11, 22))


@pytest.mark.parametrize("usage", [None, {}, [], "much", {"input_tokens": None, "output_tokens": "2"}])
def test_a_server_that_counts_no_tokens_is_good_enough(
    api: OpenAIImages, server: responses.RequestsMock, usage: Any
) -> None:
    server.post(GENERATIONS, json=answered(usage=usage))
    drawn = draw(api)

    assert (drawn.usage, drawn.model) == (Usage(0, 0), "painter")


def test_a_picture_that_comes_as_an_address_is_fetched_at_once(
    api: OpenAIImages, server: responses.RequestsMock, fetched: Fetched
) -> None:
    url = "https://pictures.example/dog.png?signature=secret"
    server.post(GENERATIONS, json=answered(data=[{"url": url}]))
    drawn = draw(api)

    assert (drawn.content, fetched.urls) == (PICTURE, [url])
    assert drawn.source_url == "https://pictures.example/dog.png"


def test_a_picture_that_cannot_be_fetched_is_not_paid_for_again(
    api: OpenAIImages, server: responses.RequestsMock, fetched: Fetched
) -> None:
    fetched.error = ProviderError("It could not be fetched.", code="picture_fetch")
    server.post(GENERATIONS, json=answered(data=[{"url": "https://pictures.example/dog.png"}]))

    assert failure(api) is fetched.error
    assert len(server.calls) == 1


# Streams


def test_unfinished_states_are_shown_and_then_the_picture_comes(
    api: OpenAIImages, server: responses.RequestsMock
) -> None:
    stream(server, PARTIAL, PARTIAL, COMPLETED)
    shown: list[bytes] = []

    assert draw(api, on_partial=shown.append) == Drawn(PICTURE, "painter", Usage(11, 22))
    assert shown == [PICTURE, PICTURE]


def test_edits_stream_under_names_of_their_own(api: OpenAIImages, server: responses.RequestsMock) -> None:
    stream(
        server,
        event("image_edit.partial_image", b64_json=B64),
        event("image_edit.completed", b64_json=B64),
        url=EDITS,
    )
    shown: list[bytes] = []

    assert draw(api, references=SEEN, on_partial=shown.append).content == PICTURE
    assert shown == [PICTURE]


def test_events_that_nobody_knows_are_passed_over(api: OpenAIImages, server: responses.RequestsMock) -> None:
    noise = [
        event("keepalive"),
        ": comment\n\n",
        "data: 1\n\n",
        "data: null\n\n",
        'data: {"type": ["x"]}\n\n',
    ]
    stream(server, *noise, COMPLETED)

    assert draw(api).content == PICTURE


@pytest.mark.parametrize("b64", [None, "", "not base64!", 7])
def test_an_unfinished_state_that_cannot_be_read_does_not_cost_the_picture(
    api: OpenAIImages, server: responses.RequestsMock, b64: Any
) -> None:
    stream(server, event("image_generation.partial_image", b64_json=b64), COMPLETED)

    assert draw(api).content == PICTURE


@pytest.mark.parametrize(
    "events",
    [
        [],
        [PARTIAL],
        [PARTIAL, "data: {cut\n\n"],
        [COMPLETED[:-20]],
    ],
)
def test_a_stream_that_ends_without_the_picture_is_broken_and_not_begun_anew(
    api: OpenAIImages, server: responses.RequestsMock, events: list[str]
) -> None:
    stream(server, *events)
    error = failure(api)

    assert isinstance(error, ProviderError)
    assert (error.code, error.permanent) == ("stream_broken", True)


def test_a_stream_that_is_no_utf_8_is_broken(api: OpenAIImages, server: responses.RequestsMock) -> None:
    server.post(GENERATIONS, body=b'data: {"type": "\xff\xfe"}\n\n', content_type="text/event-stream")

    assert failure(api).code == "stream_broken"


def test_an_error_in_a_stream_is_that_error(api: OpenAIImages, server: responses.RequestsMock) -> None:
    stream(server, PARTIAL, event("error", **error_body(code="moderation_blocked")))

    assert isinstance(failure(api), ContentRefused)


def test_another_error_in_a_stream_is_a_failure(api: OpenAIImages, server: responses.RequestsMock) -> None:
    stream(server, event("error", **error_body("Server error.", kind="server_error")))

    assert failure(api).code == "provider_failed"


def test_a_completed_event_without_a_picture_is_a_refusal(
    api: OpenAIImages, server: responses.RequestsMock
) -> None:
    stream(server, event("image_generation.completed", usage={}))

    assert isinstance(failure(api), ContentRefused)


def test_who_looks_on_may_end_the_stream(api: OpenAIImages, server: responses.RequestsMock) -> None:
    class Cancelled(Exception):
        pass

    def leave(_content: bytes) -> None:
        raise Cancelled

    stream(server, PARTIAL, COMPLETED)
    with pytest.raises(Cancelled):
        draw(api, on_partial=leave)


# Connections that break, and the deadline


class Body(io.RawIOBase):
    """A body that comes in these pieces, and then breaks off by `ends`."""

    def __init__(self, *pieces: bytes, ends: Exception | None = None) -> None:
        self._pieces, self._ends = list(pieces), ends

    def read1(self, _amount: int = -1) -> bytes:
        if self._pieces:
            return self._pieces.pop(0)
        if self._ends:
            raise self._ends
        return b""


class BodyAdapter(HTTPAdapter):
    def __init__(self, body: Body, kind: str) -> None:
        super().__init__()
        self._body, self._kind = body, kind
        self.asked = 0

    def send(self, request: requests.PreparedRequest, *_args: Any, **_kwargs: Any) -> requests.Response:
        self.asked += 1
        raw = HTTPResponse(
            body=self._body, headers={"Content-Type": self._kind}, status=200, preload_content=False
        )
        return self.build_response(request, raw)


def answering(api: OpenAIImages, body: Body, kind: str = "application/json") -> BodyAdapter:
    adapter = BodyAdapter(body, kind)
    api._http._session.mount("https://", adapter)
    return adapter


BREAKS = [ConnectionResetError(), TimeoutError()]


@pytest.mark.parametrize("fault", BREAKS, ids=lambda fault: type(fault).__name__)
@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
def test_a_body_that_breaks_off_is_not_asked_for_again(
    api: OpenAIImages, fault: Exception, kind: str
) -> None:
    adapter = answering(api, Body(PARTIAL.encode(), ends=fault), kind)
    error = failure(api)

    assert isinstance(error, ProviderError)
    assert (error.code, error.permanent, adapter.asked) == ("stream_broken", True, 1)


@pytest.mark.parametrize("fault", [*BREAKS, None], ids=lambda fault: type(fault).__name__)
@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
def test_what_has_not_come_by_the_deadline_is_late(
    api: OpenAIImages, monkeypatch: pytest.MonkeyPatch, fault: Exception | None, kind: str
) -> None:
    answering(api, Body(PARTIAL.encode(), ends=fault), kind)
    for module in ("openai_http", "openai_images"):
        monkeypatch.setattr(f"{module}.remaining", lambda _deadline: 0.0)
    error = failure(api)

    assert isinstance(error, ProviderTimeout)
    assert error.code == "image_timeout"


def test_without_any_time_nobody_is_asked(api: OpenAIImages, server: responses.RequestsMock) -> None:
    assert isinstance(failure(api, seconds=0.0), ProviderTimeout)
    assert len(server.calls) == 0


def test_both_timeouts_end_with_the_deadline(api: OpenAIImages, server: responses.RequestsMock) -> None:
    server.post(GENERATIONS, json=answered())
    draw(api, seconds=7)

    connect, read = server.calls[0].request.req_kwargs["timeout"]  # type: ignore[attr-defined]
    assert 0 < connect <= 7
    assert 0 < read <= 7


def test_an_answer_that_is_far_too_long_is_not_read_to_its_end(
    api: OpenAIImages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api._http, "_most_bytes", 1000)
    answering(api, Body(bytes(600), bytes(600), ends=AssertionError("It was read on.")))

    assert failure(api).code == "bad_answer"


@settings(deadline=None, max_examples=60)
@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.dictionaries(
                st.sampled_from(["type", "b64_json", "data", "error", "usage", "url"]), inner, max_size=4
            )
            | st.lists(inner, max_size=3)
        ),
        max_leaves=9,
    ).map(lambda value: f"data: {json.dumps(value)}\n\n".encode()),
    st.sampled_from(["application/json", "text/event-stream"]),
)
def test_any_bytes_are_a_failure_of_the_provider(content: bytes, kind: str) -> None:
    api = OpenAIImages(ENDPOINT, threads=1, fetch=Fetched())
    if kind == "application/json":
        content = content.removeprefix(b"data: ")
    answering(api, Body(content), kind)
    try:
        drawn = draw(api)
    except (ProviderError, ContentRefused):
        return
    assert isinstance(drawn.content, bytes)  # four letters can be base64 by chance
