"""Read a request for a completion as the houses do: what fits, what is refused, which pictures it shows."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.completions import parts
from sandbox.houses import House
from sandbox.likeness import Likeness, look_at
from sandbox.refusals import Refused

PLAN = "storybook_plan"


@dataclass(frozen=True)
class Chat:
    """A request that fits: its body, the schema's name if one counts, and what its pictures show.

    `told` is what the sandbox's record keeps: the body with the pictures' SHA-256 in their places.
    """

    body: dict[str, Any]
    schema: str
    pictures: tuple[Likeness, ...]
    told: dict[str, Any]


def has_parts(body: dict[str, Any]) -> bool:
    """Whether a message is a list of parts, and so may show a picture."""
    messages = body.get("messages")
    return isinstance(messages, list) and any(
        isinstance(message, dict) and isinstance(message.get("content"), list) for message in messages
    )


def read_chat(house: House, request: web.Request, body: dict[str, Any]) -> Chat:
    """Raises Refused."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or not all(map(_is_message, messages)):
        raise _bad("messages must be a list of texts, or of parts that are texts and pictures.", "messages")
    if not isinstance(body.get("stream_options") or {}, dict):
        raise _bad("stream_options must be an object.", "stream_options")
    model = house.model(request, body.get("model"), house.chat_models)
    if house.refused_limit in body:
        raise _refused_limit(house.refused_limit)
    pictures: list[Likeness] = []
    shown = [{**message, "content": _shown(message["content"], pictures)} for message in messages]
    told: dict[str, Any] = {"body": {**body, "messages": shown}}
    if pictures:
        told["references"] = [picture.sha256 for picture in pictures]
    schema = _schema(body) if house.keeps_schemas else ""
    return Chat({**body, "model": model}, schema, tuple(pictures), told)


def _is_message(message: Any) -> bool:
    if not isinstance(message, dict):
        return False
    content = message.get("content")
    return isinstance(content, str) or (
        isinstance(content, list) and bool(content) and all(map(_is_part, content))
    )


def _is_part(part: Any) -> bool:
    if not isinstance(part, dict):
        return False
    if part.get("type") == "text":
        return isinstance(part.get("text"), str)
    picture = part.get("image_url")
    return (
        part.get("type") == "image_url" and isinstance(picture, dict) and isinstance(picture.get("url"), str)
    )


def _shown(content: Any, pictures: list[Likeness]) -> Any:
    """The content for the record; the pictures in it are looked at and added to `pictures`."""
    if isinstance(content, str):
        return content
    kept = []
    for part in parts({"content": content}):
        if part["type"] == "text":
            kept.append(part)
        else:
            head, _, encoded = part["image_url"]["url"].partition(",")
            pictures.append(look_at(_decoded(head, encoded), "messages"))
            address = f"{head.removesuffix(';base64')};sha256,{pictures[-1].sha256}"
            kept.append({**part, "image_url": {**part["image_url"], "url": address}})
    return kept


def _decoded(head: str, encoded: str) -> bytes:
    if not head.startswith("data:image/") or not head.endswith(";base64"):
        raise _bad(
            "The sandbox sees pictures in data: URLs only, such as data:image/png;base64,...", "messages"
        )
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise _bad("The picture is not base64.", "messages") from error


def _schema(body: dict[str, Any]) -> str:
    """The name of the JSON schema that is asked for, empty for none."""
    form = body.get("response_format")
    if not isinstance(form, dict) or form.get("type") != "json_schema":
        return ""
    wanted = form.get("json_schema")
    if not isinstance(wanted, dict) or not wanted.get("name") or not isinstance(wanted.get("schema"), dict):
        raise _bad("response_format.json_schema needs a name and a schema.", "response_format")
    if wanted.get("strict"):
        _check_strict(wanted["schema"], ())
    name, known = str(wanted["name"]), wanted["schema"].get("properties", {})
    if name == PLAN and isinstance(known, dict) and known and not {"title", "look", "pages"} <= set(known):
        raise _bad(f"A {PLAN} has the properties title, look and pages.", "response_format")
    return name


def _check_strict(schema: Any, path: tuple[str, ...]) -> None:
    """OpenAI's rule for strict schemas: every property is required, and no others are allowed."""
    if isinstance(schema, list):
        for one in schema:
            _check_strict(one, path)
    if not isinstance(schema, dict):
        return
    properties, required = schema.get("properties", {}), schema.get("required", [])
    fits = (
        isinstance(properties, dict)
        and isinstance(required, list)
        and set(map(str, required)) == set(properties)
    )
    if not fits or (schema.get("type") == "object" and schema.get("additionalProperties") is not False):
        where = ".".join(path) or "the schema"
        message = f"In {where}, 'required' must name every property and 'additionalProperties' be false."
        raise Refused(400, "invalid_json_schema", message, param="response_format")
    for name, inner in properties.items():
        _check_strict(inner, (*path, name))
    for name in ("items", "anyOf", "$defs"):
        inner = schema.get(name)
        _check_strict(list(inner.values()) if name == "$defs" and isinstance(inner, dict) else inner, path)


def _bad(message: str, param: str) -> Refused:
    return Refused(400, "invalid_value", message, param=param)


def _refused_limit(limit: str) -> Refused:
    if limit == "max_tokens":
        message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
        return Refused(400, "unsupported_parameter", message, param=limit)
    return Refused(400, "unknown_parameter", f"Unknown parameter: '{limit}'.", param=limit)
