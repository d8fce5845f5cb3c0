"""The sandbox's image models: generations and edits as OpenAI answers them, and their bad days."""

from __future__ import annotations

import base64
import hashlib
import io
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from PIL import Image

from sandbox.control import Habits
from sandbox.houses import IMAGE_MODELS
from sandbox.server import Sandbox
from tests.sandbox.calling import BEARER, BLUE, RED, Call, Colour, events, let, opened, picture, received

GENERATIONS, EDITS = "/v1/images/generations", "/v1/images/edits"
MODEL = IMAGE_MODELS[0]
PROMPT = "A Yorkie flies a kite over the farm"


def generate(call: Call, **body: Any) -> requests.Response:
    return call("POST", GENERATIONS, json={"model": MODEL, "prompt": PROMPT, **body}, headers=BEARER)


def edit(call: Call, *references: bytes, field: str = "image[]", **fields: Any) -> requests.Response:
    files = [(field, (f"{at}.png", content, "image/png")) for at, content in enumerate(references)]
    return call("POST", EDITS, data={"model": MODEL, "prompt": PROMPT, **fields}, files=files, headers=BEARER)


def code(response: requests.Response) -> tuple[int, str, str]:
    error = response.json()["error"]
    return response.status_code, error["code"], error["param"]


def has(image: Image.Image, colour: Colour, *, within: int = 40) -> bool:
    """Whether some opaque pixels are nearly of that colour."""
    content = image.convert("RGBA").tobytes()
    pixels = (content[at : at + 4] for at in range(0, len(content), 4))
    wanted = (*colour, 255)
    return sum(all(abs(a - b) < within for a, b in zip(pixel, wanted, strict=True)) for pixel in pixels) > 8


@pytest.mark.parametrize("model", IMAGE_MODELS)
def test_a_generation_gives_a_picture_in_base64_and_what_it_cost(call: Call, model: str) -> None:
    body = generate(call, model=model).json()
    image = opened(body["data"][0])

    assert (image.format, image.mode, image.size) == ("PNG", "RGB", (64, 64))
    assert len(body["data"]) == 1
    assert body["created"] > 0
    assert body["usage"]["total_tokens"] == body["usage"]["input_tokens"] + body["usage"]["output_tokens"]


@pytest.mark.parametrize(
    ("asked", "painted"),
    [
        ("auto", (64, 64)),
        ("1536x1024", (64, 43)),
        ("1024x1536", (43, 64)),
        ("48x16", (48, 16)),
        ("3072x1024", (64, 21)),
    ],
)
def test_a_picture_has_the_form_that_was_asked_for_but_not_more_pixels_than_the_habit(
    call: Call, asked: str, painted: tuple[int, int]
) -> None:
    assert opened(generate(call, size=asked).json()["data"][0]).size == painted


@pytest.mark.parametrize("form", ["png", "webp", "jpeg"])
def test_a_picture_comes_in_the_format_that_was_asked_for(call: Call, form: str) -> None:
    assert opened(generate(call, output_format=form).json()["data"][0]).format == form.upper()


def test_several_pictures_of_one_call_differ(call: Call) -> None:
    items = generate(call, n=4).json()["data"]

    assert len({item["b64_json"] for item in items}) == 4


def test_the_same_prompt_gives_another_picture_the_next_time_unless_there_is_a_seed(
    call: Call, habits: Callable[..., Habits]
) -> None:
    def painted() -> str:
        return str(generate(call).json()["data"][0]["b64_json"])

    assert painted() != painted()
    habits(story_seed=5)
    assert painted() == painted()


@pytest.mark.parametrize(
    ("changes", "status", "error", "param"),
    [
        ({"model": "dall-e-3"}, 404, "model_not_found", "model"),
        ({"model": None}, 404, "model_not_found", "model"),
        ({"prompt": " "}, 400, "missing_required_parameter", "prompt"),
        ({"prompt": "x" * 32_001}, 400, "invalid_value", "prompt"),
        ({"n": 5}, 400, "invalid_value", "n"),
        ({"n": True}, 400, "invalid_value", "n"),
        ({"size": "large"}, 400, "invalid_value", "size"),
        ({"size": "1000x1000"}, 400, "invalid_value", "size"),
        ({"size": "2048x512"}, 400, "invalid_value", "size"),
        ({"size": "4096x4096"}, 400, "invalid_value", "size"),
        ({"quality": "hd"}, 400, "invalid_value", "quality"),
        ({"output_format": "gif"}, 400, "invalid_value", "output_format"),
        ({"background": "transparent", "output_format": "jpeg"}, 400, "invalid_value", "background"),
        ({"partial_images": 4}, 400, "invalid_value", "partial_images"),
        ({"stream": "perhaps"}, 400, "invalid_value", "stream"),
        ({"response_format": "b64_json"}, 400, "unknown_parameter", "response_format"),
        ({"style": "vivid"}, 400, "unknown_parameter", "style"),
        ({"input_fidelity": "high"}, 400, "unknown_parameter", "input_fidelity"),
    ],
)
def test_a_wrong_generation_is_refused_with_the_field_that_is_wrong(
    call: Call, changes: dict[str, Any], status: int, error: str, param: str
) -> None:
    assert code(generate(call, **changes)) == (status, error, param)


def test_an_edit_refuses_the_fields_that_a_generation_refuses(call: Call) -> None:
    assert code(edit(call, picture(), style="vivid")) == (400, "unknown_parameter", "style")
    assert code(edit(call, picture(), input_fidelity="high")) == (400, "unknown_parameter", "input_fidelity")
    assert code(edit(call, picture(), n="many")) == (400, "invalid_value", "n")


@pytest.mark.parametrize("field", ["image", "image[]"])
def test_the_colours_of_the_reference_are_in_the_plain_picture(call: Call, field: str) -> None:
    image = opened(edit(call, picture(RED), field=field).json()["data"][0])

    assert image.getpixel((2, image.height - 2)) == RED
    assert image.getpixel((2, 2)) != RED


def test_every_reference_is_in_the_plain_picture_in_its_order(call: Call) -> None:
    image = opened(edit(call, picture(RED), picture(BLUE)).json()["data"][0])

    assert image.getpixel((2, 60)) == RED
    assert image.getpixel((61, 60)) == BLUE


@pytest.mark.parametrize("size", ["1024x1024", "1536x512", "512x1536"])
@pytest.mark.parametrize("colours", [[RED], [RED, BLUE], [RED, BLUE, (240, 200, 40)]])
def test_every_reference_is_to_be_seen_in_the_drawing(
    call: Call, habits: Callable[..., Habits], size: str, colours: list[Colour]
) -> None:
    habits(plain=False, picture_pixels=192)
    references = [picture(colour) for colour in colours]
    image = opened(edit(call, *references, prompt="a farm in summer by day", size=size).json()["data"][0])

    assert all(has(image, colour) for colour in colours)
    assert max(image.size) == 192


def test_sixteen_references_can_be_drawn(call: Call, habits: Callable[..., Habits]) -> None:
    habits(plain=False)
    for size in ("1024x1024", "1536x512", "512x1536"):
        response = edit(call, *[picture((at * 15, 90, 200)) for at in range(16)], size=size)
        assert max(opened(response.json()["data"][0]).size) == 64


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("form", ["png", "webp"])
@pytest.mark.parametrize("references", [0, 1, 3])
def test_a_transparent_ground_lets_everything_through(
    call: Call, habits: Callable[..., Habits], plain: bool, form: str, references: int
) -> None:
    habits(plain=plain)
    wanted = {"background": "transparent", "output_format": form, "size": "1024x1536"}
    response = edit(call, *[picture()] * references, **wanted) if references else generate(call, **wanted)
    image = opened(response.json()["data"][0])
    alphas = image.getchannel("A").getextrema()

    assert (image.mode, image.size) == ("RGBA", (43, 64))
    assert alphas == (0, 255)
    assert image.getchannel("A").getpixel((0, 0)) == 0


def test_the_figure_on_a_transparent_ground_keeps_its_colours(
    call: Call, habits: Callable[..., Habits]
) -> None:
    habits(plain=False, picture_pixels=128)
    image = opened(edit(call, picture(RED), background="transparent").json()["data"][0])

    assert has(image, RED)
    assert has(image, (214, 152, 88))  # the Yorkie's tan


@pytest.mark.parametrize(
    "content",
    [b"", b"no picture", picture()[:60], b"<svg xmlns='http://www.w3.org/2000/svg'/>", picture(form="GIF")],
    ids=["empty", "text", "truncated", "svg", "gif"],
)
def test_a_reference_that_is_no_picture_is_refused(call: Call, content: bytes) -> None:
    assert code(edit(call, picture(), content)) == (400, "invalid_image", "image")


def test_a_reference_with_too_many_pixels_is_refused_before_it_is_opened(
    sandbox: Sandbox, call: Call
) -> None:
    for pixels in (8000, 12000, 50_000):
        let(sandbox, "images", "bomb", pixels=pixels)
        bomb = base64.b64decode(generate(call).json()["data"][0]["b64_json"])

        assert code(edit(call, bomb)) == (400, "invalid_image", "image")


def test_a_reference_may_be_heavy_but_not_too_heavy(call: Call) -> None:
    assert edit(call, picture() + bytes(6_000_000)).status_code == 200
    assert code(edit(call, picture() + bytes(50_000_000))) == (400, "image_too_large", "image")


def test_there_may_be_sixteen_references(call: Call) -> None:
    assert edit(call, *[picture()] * 16).status_code == 200
    assert code(edit(call, *[picture()] * 17)) == (400, "invalid_value", "image")
    assert code(call("POST", EDITS, files={"x": b"y"}, headers=BEARER))[:2] == (400, "unknown_parameter")
    assert code(call("POST", EDITS, files={"mask": picture()}, headers=BEARER))[2] == "image"


def test_an_edit_is_a_form(call: Call) -> None:
    assert code(call("POST", EDITS, json={"prompt": PROMPT}, headers=BEARER))[1] == "invalid_content_type"


@pytest.mark.parametrize("form", [b"x", b"--a\r\nbad\r\n\r\nx\r\n--a--", b"--a\r\nX: y\r\n\r\nx\r\n--a--"])
def test_a_form_that_cannot_be_read_is_refused(call: Call, form: bytes) -> None:
    headers = {**BEARER, "Content-Type": "multipart/form-data; boundary=a"}

    assert code(call("POST", EDITS, data=form, headers=headers))[:2] == (400, "invalid_value")


def test_a_mask_is_a_picture_too(call: Call) -> None:
    def masked(mask: bytes) -> requests.Response:
        files = [("image", ("a.png", picture(), "image/png")), ("mask", ("m.png", mask, "image/png"))]
        return call("POST", EDITS, data={"model": MODEL, "prompt": PROMPT}, files=files, headers=BEARER)

    assert masked(picture()).status_code == 200
    assert code(masked(b"x")) == (400, "invalid_image", "mask")


def test_the_record_says_what_was_asked_and_which_pictures_came_but_never_the_key(
    sandbox: Sandbox, call: Call
) -> None:
    edit(call, picture(RED), picture(BLUE), size="1536x1024", background="opaque")
    told = received(sandbox, "edits")

    assert (told["model"], told["prompt"]) == (MODEL, PROMPT)
    assert (told["size"], told["background"]) == ("1536x1024", "opaque")
    assert told["body"]["size"] == "1536x1024"
    assert told["references"] == [hashlib.sha256(picture(colour)).hexdigest() for colour in (RED, BLUE)]
    assert BEARER["Authorization"] not in str(told)


def test_generations_and_edits_are_counted_apart(sandbox: Sandbox, call: Call) -> None:
    before = sandbox.control.calls.copy()
    generate(call)
    edit(call, picture())
    counted = sandbox.control.calls - before

    assert counted == {"images": 1, "images_answered": 1, "edits": 1, "edits_answered": 1}


def test_calls_at_the_same_time_take_the_time_of_one(call: Call, habits: Callable[..., Habits]) -> None:
    habits(image_seconds=0.6)
    begun = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: generate(call).status_code, range(8)))
    seconds = time.monotonic() - begun

    assert answers == [200] * 8
    assert 0.6 <= seconds < 8 * 0.6 / 2


@pytest.mark.parametrize("partial_images", [0, 2])
def test_a_generation_can_be_streamed(call: Call, partial_images: int) -> None:
    response = generate(call, stream=True, partial_images=partial_images)
    *partials, (name, completed) = events(response)

    assert response.headers["Content-Type"].startswith("text/event-stream")
    assert [name for name, _ in partials] == ["image_generation.partial_image"] * partial_images
    assert [event["partial_image_index"] for _, event in partials] == list(range(partial_images))
    assert all(opened(event).size == (64, 64) for _, event in partials)
    assert (name, completed["type"]) == ("image_generation.completed",) * 2
    assert opened(completed).size == (64, 64)
    assert completed["usage"]["total_tokens"] > 0


def test_an_edit_can_be_streamed(call: Call) -> None:
    streamed = events(edit(call, picture(RED), stream="true", partial_images="1", background="transparent"))

    assert [name for name, _ in streamed] == ["image_edit.partial_image", "image_edit.completed"]
    assert opened(streamed[-1][1]).getpixel((2, 60)) == (*RED, 255)


def test_a_stream_can_end_too_early_or_with_an_error(sandbox: Sandbox, call: Call) -> None:
    let(sandbox, "images", "cut_stream")
    assert [name for name, _ in events(generate(call, stream=True, partial_images=1))] == [
        "image_generation.partial_image"
    ]
    let(sandbox, "images", "error_in_stream")
    ((name, event),) = events(generate(call, stream=True))
    assert (name, event["error"]["code"]) == ("error", "server_error")


def test_a_refused_prompt_is_blocked_by_moderation(sandbox: Sandbox, call: Call) -> None:
    let(sandbox, "images", "refusal")

    assert code(generate(call))[:2] == (400, "moderation_blocked")


def test_a_status_comes_with_its_code_and_when_to_come_again(sandbox: Sandbox, call: Call) -> None:
    let(sandbox, "edits", "status", status=429, code="rate_limit_exceeded", type="requests", retry_after=2)
    response = edit(call, picture())

    assert (response.status_code, response.headers["Retry-After"]) == (429, "2")
    assert (response.json()["error"]["code"], response.json()["error"]["type"]) == (
        "rate_limit_exceeded",
        "requests",
    )


def test_an_answer_can_hold_nothing(sandbox: Sandbox, call: Call) -> None:
    let(sandbox, "images", "empty")
    let(sandbox, "images", "no_data")

    assert generate(call).json()["data"] == [{"b64_json": ""}]
    assert generate(call).json()["data"] == []


@pytest.mark.parametrize("kind", ["not_a_picture", "truncated"])
def test_an_answer_can_hold_something_that_is_no_picture(sandbox: Sandbox, call: Call, kind: str) -> None:
    let(sandbox, "images", kind)
    with pytest.raises(OSError, match=r"cannot identify|truncated|broken"):
        opened(generate(call).json()["data"][0])


def test_a_bomb_is_small_and_says_that_it_is_huge(sandbox: Sandbox, call: Call) -> None:
    let(sandbox, "images", "bomb")
    item = generate(call).json()["data"][0]

    assert len(item["b64_json"]) < 200
    with pytest.raises(Image.DecompressionBombError, match="2500000000 pixels"):
        opened(item)


def test_an_answer_can_be_an_address_on_the_sandbox(sandbox: Sandbox, call: Call) -> None:
    let(sandbox, "edits", "url")
    (item,) = edit(call, picture(RED), output_format="webp").json()["data"]
    response = call("GET", item["url"])

    assert set(item) == {"url"}
    assert item["url"].startswith(sandbox.url)
    assert response.headers["Content-Type"] == "image/webp"
    with Image.open(io.BytesIO(response.content)) as image:
        assert image.size == (64, 64)
    assert call("GET", item["url"] + "x").status_code == 404


def test_a_proxy_can_answer_and_a_connection_can_break(sandbox: Sandbox, call: Call) -> None:
    let(sandbox, "images", "html")
    let(sandbox, "images", "drop")
    response = generate(call)

    assert (response.status_code, response.headers["Content-Type"].split(";")[0]) == (502, "text/html")
    with pytest.raises(requests.RequestException):
        generate(call)


def test_a_call_can_hang(sandbox: Sandbox, call: Call) -> None:
    let(sandbox, "images", "hang", seconds=0.3)
    begun = time.monotonic()

    assert generate(call).status_code == 200
    assert time.monotonic() - begun >= 0.3
