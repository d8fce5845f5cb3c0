"""Read what an image model is asked for: the fields of a generation or an edit, and an edit's pictures."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from sandbox.houses import House
from sandbox.likeness import HEAVIEST, Likeness, look_at
from sandbox.refusals import Refused

MOST_REFERENCES = 16
LARGEST_BODY = MOST_REFERENCES * HEAVIEST + 4_000_000  # bytes
_PROMPT_SIGNS = 32_000
_LONGEST_SIDE = 3840  # pixels
_FIELDS = frozenset(("model", "prompt", "n", "size", "quality", "background", "output_format")) | frozenset(
    ("output_compression", "moderation", "stream", "partial_images", "user")
)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is to be painted. `size` in pixels; `n` 1-4; `partial_images` 0-3, only for a stream."""

    model: str
    prompt: str
    n: int
    size: tuple[int, int]
    quality: str
    background: str
    output_format: str
    stream: bool
    partial_images: int
    references: tuple[Likeness, ...] = ()

    @property
    def transparent(self) -> bool:
        return self.background == "transparent"


async def read_pictures(request: web.Request) -> tuple[dict[str, str], tuple[Likeness, ...]]:
    """The fields of a multipart form, and its pictures in their order; raises Refused."""
    if request.content_type != "multipart/form-data":
        raise Refused(400, "invalid_content_type", "An edit is a multipart/form-data form.")
    try:
        fields, files = await _read_form(request)
    except (ValueError, HttpProcessingError) as error:
        raise Refused(400, "invalid_value", "The form cannot be read.") from error
    if strange := next((name for name, _ in files if name not in ("image", "image[]", "mask")), None):
        raise _unknown(strange)
    images = [content for name, content in files if name != "mask"]
    if not images:
        raise Refused(400, "missing_required_parameter", "An edit needs an image.", param="image")
    if len(images) > MOST_REFERENCES:
        raise _bad("image", f"there may be {MOST_REFERENCES} pictures")
    seen = [await asyncio.to_thread(look_at, content, "image") for content in images]
    for name, content in files:
        if name == "mask":
            await asyncio.to_thread(look_at, content, "mask")
    return fields, tuple(seen)


async def _read_form(request: web.Request) -> tuple[dict[str, str], list[tuple[str, bytes]]]:
    """(texts, files) of a form, in memory: `request.post` leaves files open when its client hangs up."""
    fields: dict[str, str] = {}
    files: list[tuple[str, bytes]] = []
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or not part.name:
            raise ValueError
        content = bytes(await part.read(decode=True))
        if part.filename:
            files.append((part.name, content))
        else:
            fields[part.name] = content.decode()
    return fields, files


def read_order(
    house: House,
    request: web.Request,
    fields: Mapping[str, Any],
    references: tuple[Likeness, ...] = (),
) -> Order:
    """The order in JSON or in a form, whose values are all texts; raises Refused."""
    model = house.model(request, fields.get("model"), house.image_models)
    _check_names(house, fields, model, is_edit=bool(references))
    prompt = fields.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise Refused(400, "missing_required_parameter", "There is no prompt.", param="prompt")
    if len(prompt) > _PROMPT_SIGNS:
        raise _bad("prompt", f"it may have {_PROMPT_SIGNS} characters")
    background = _one_of(fields, "background", "auto", ("auto", "opaque", "transparent"))
    output_format = _one_of(fields, "output_format", "png", house.formats)
    if background == "transparent" and output_format == "jpeg":
        raise _bad("background", "a transparent one needs png or webp")
    _one_of(fields, "response_format", "b64_json", ("b64_json",))
    return Order(
        model=model,
        prompt=prompt,
        n=_whole(fields, "n", 1, 1, 4),
        size=_size(fields.get("size", "auto")),
        quality=_one_of(fields, "quality", "auto", ("auto", "low", "medium", "high")),
        background=background,
        output_format=output_format,
        stream=_is_true(fields, "stream"),
        partial_images=_whole(fields, "partial_images", 0, 0, 3),
        references=references,
    )


def _check_names(house: House, fields: Mapping[str, Any], model: str, *, is_edit: bool) -> None:
    """`response_format` and `style` are for the models of old, `input_fidelity` is for one only."""
    known = _FIELDS if house.image_fields is None else house.image_fields
    if is_edit and model == "gpt-image-1.5":
        known |= {"input_fidelity"}
    if strange := sorted(set(fields) - known):
        raise _unknown(strange[0])


def _size(size: object) -> tuple[int, int]:
    if size == "auto":
        return 1024, 1024
    match = re.fullmatch(r"(\d{2,4})x(\d{2,4})", size) if isinstance(size, str) else None
    if not match:
        raise _bad("size", "it is like 1024x1536, or auto")
    width, height = int(match[1]), int(match[2])
    if width % 16 or height % 16 or max(width, height) > min(_LONGEST_SIDE, 3 * min(width, height)):
        raise _bad(
            "size", f"sides divide by 16, are at most {_LONGEST_SIDE}, and one at most thrice the other"
        )
    return width, height


def _whole(fields: Mapping[str, Any], name: str, usual: int, low: int, high: int) -> int:
    value = fields.get(name, usual)
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if type(value) is not int or not low <= value <= high:
        raise _bad(name, f"it is a number from {low} to {high}")
    return value


def _one_of(fields: Mapping[str, Any], name: str, usual: str, choices: tuple[str, ...]) -> str:
    value = fields.get(name, usual)
    if value not in choices:
        raise _bad(name, f"it is one of {', '.join(choices)}")
    return str(value)


def _is_true(fields: Mapping[str, Any], name: str) -> bool:
    value = fields.get(name, False)
    if value not in (True, False, "true", "false"):
        raise _bad(name, "it is true or false")
    return value in (True, "true")


def _unknown(name: str) -> Refused:
    return Refused(400, "unknown_parameter", f"Unknown parameter: '{name}'.", param=name)


def _bad(name: str, why: str) -> Refused:
    return Refused(400, "invalid_value", f"Invalid value for '{name}': {why}.", param=name)
