"""A stand-in for an OpenAI-compatible text model: POST /v1/chat/completions, GET /v1/models."""

from __future__ import annotations

import asyncio
import json
import re
import time
from functools import lru_cache
from typing import Any

from aiohttp import web

from sandbox.control import Control, Fault
from sandbox.http import answer, read_object
from sandbox.storyteller import Told, tell

KEY = "sandbox-key"
MODEL = "gpt-6-luna"
# "Prompt: a dog", "Length: about 400 words", "Language: German": how our own prompts say it.
_PROMPT = re.compile(r"^Prompt: (?P<value>.*?)(?=^Length: |\Z)", re.MULTILINE | re.DOTALL)
_WORDS = re.compile(r"\b(\d{2,4}) words\b")
_LANGUAGE = re.compile(r"^Language: (.+)$", re.MULTILINE)

_tell = lru_cache(maxsize=64)(tell)


def add_routes(app: web.Application, control: Control) -> None:
    chat = _Chat(control)
    app.router.add_post("/v1/chat/completions", chat.complete)
    app.router.add_get("/v1/models", chat.models)


class _Chat:
    def __init__(self, control: Control) -> None:
        self._control = control
        self._count = 0

    async def models(self, request: web.Request) -> web.Response:
        return _locked_out(request) or answer({"object": "list", "data": [_model()]})

    async def complete(self, request: web.Request) -> web.StreamResponse:
        if refused := _locked_out(request):
            return refused
        body = await read_object(request)
        if unfit := _unfit(body):
            return unfit
        self._control.record("chat", body=body)
        self._count += 1
        fault = self._control.fault("chat")
        if fault and (early := await _early(fault)):
            return early
        told = self._told(body)
        content = _content(body, told, fault)
        if body.get("stream"):
            streamed = await _streamed(request, body, content, self._control.habits.story_seconds, fault)
            self._control.record("chat_answered", body=body)
            return streamed
        await asyncio.sleep(self._control.habits.story_seconds)
        if fault and fault.kind == "drop":
            return await _dropped(request, _completion(body, content, fault))
        self._control.record("chat_answered", body=body)
        return answer(_completion(body, content, fault))

    def _told(self, body: dict[str, Any]) -> Told:
        wish = next((m["content"] for m in reversed(body["messages"]) if m.get("role") == "user"), "")
        prompt, words, language = _PROMPT.search(wish), _WORDS.search(wish), _LANGUAGE.search(wish)
        seed = self._control.habits.story_seed
        return _tell(
            (prompt["value"] if prompt else wish).strip(),
            words=int(words[1]) if words else 400,
            language=language[1] if language else "",
            seed=self._count if seed is None else seed,
        )


def _locked_out(request: web.Request) -> web.Response | None:
    if request.headers.get("Authorization") == f"Bearer {KEY}":
        return None
    return _error(401, "invalid_request_error", "invalid_api_key", f"The sandbox's key is {KEY}.")


def _unfit(body: dict[str, Any]) -> web.Response | None:
    messages = body.get("messages")
    if not isinstance(messages, list) or not all(
        isinstance(message, dict) and isinstance(message.get("content"), str) for message in messages
    ):
        return _error(400, "invalid_request_error", "invalid_value", "messages must be a list of texts.")
    if body.get("model") != MODEL:
        return _error(404, "invalid_request_error", "model_not_found", f"The sandbox's model is {MODEL}.")
    if "max_tokens" in body:
        message = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
        return _error(400, "invalid_request_error", "unsupported_parameter", message, param="max_tokens")
    return None


def _error(
    status: int, kind: str, code: str, message: str, *, param: str = "", headers: Any = None
) -> web.Response:
    error = {"message": message, "type": kind, "param": param or None, "code": code}
    return answer({"error": error}, status, headers)


async def _early(fault: Fault) -> web.Response | None:
    """The answer of a fault that comes before any text, None for the other faults."""
    details = fault.details
    if fault.kind == "hang":
        await asyncio.sleep(float(details.get("seconds", 600)))
    if fault.kind == "html":
        page = "<html><body>502 Bad Gateway</body></html>"
        return web.Response(status=int(details.get("status", 502)), text=page, content_type="text/html")
    if fault.kind == "status":
        headers = {"Retry-After": str(details["retry_after"])} if "retry_after" in details else None
        kind, code = str(details.get("type", "error")), str(details.get("code", ""))
        return _error(int(details["status"]), kind, code, "A fault of the sandbox.", headers=headers)
    return None


def _content(body: dict[str, Any], told: Told, fault: Fault | None) -> str:
    wants_json = (body.get("response_format") or {}).get("type") == "json_schema"
    if wants_json and not (fault and fault.kind == "prose"):
        content = json.dumps({"title": told.title, "story": told.text}, ensure_ascii=False)
    else:
        content = f"{told.title}\n\n{told.text}"
    return content[: len(content) // 2] if fault and fault.kind == "length" else content


def _completion(body: dict[str, Any], content: str, fault: Fault | None) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
    finish = "stop"
    if fault and fault.kind in ("length", "content_filter"):
        finish = fault.kind
    if fault and fault.kind == "refusal":
        message |= {"content": None, "refusal": "I cannot help with that."}
    return {
        "id": f"chatcmpl-sandbox-{time.time_ns():x}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": _usage(body, content),
    }


def _usage(body: dict[str, Any], content: str) -> dict[str, int]:
    asked = sum(len(message["content"]) for message in body["messages"]) // 4
    return {
        "prompt_tokens": asked,
        "completion_tokens": len(content) // 4,
        "total_tokens": asked + len(content) // 4,
    }


async def _dropped(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    """Half of the answer, and then the connection is gone."""
    content = json.dumps(body).encode()
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(content)
    await response.prepare(request)
    await response.write(content[: len(content) // 2])
    if request.transport:
        request.transport.abort()
    return response


async def _streamed(
    request: web.Request, body: dict[str, Any], content: str, seconds: float, fault: Fault | None
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    if fault and fault.kind == "cut_stream":
        content = content[: len(content) // 2]
    pieces = re.findall(r"\S+\s*|\s+", content)
    for piece in pieces:
        await response.write(_event(body, {"delta": {"content": piece}, "finish_reason": None}))
        await asyncio.sleep(seconds / max(1, len(pieces)))
    if fault and fault.kind == "error_in_stream":
        await response.write(
            b'data: {"error": {"message": "A fault of the sandbox.", "type": "server_error"}}\n\n'
        )
    elif not (fault and fault.kind == "cut_stream"):
        finish = fault.kind if fault and fault.kind in ("length", "content_filter") else "stop"
        await response.write(_event(body, {"delta": {}, "finish_reason": finish}))
        if (body.get("stream_options") or {}).get("include_usage"):
            await response.write(_event(body, None, usage=_usage(body, content)))
        await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response


def _event(body: dict[str, Any], choice: dict[str, Any] | None, **more: Any) -> bytes:
    chunk = {
        "id": "chatcmpl-sandbox",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [{"index": 0, **choice}] if choice else [],
        **more,
    }
    return f"data: {json.dumps(chunk)}\n\n".encode()


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": 1_760_000_000, "owned_by": "storyfarm-sandbox"}
