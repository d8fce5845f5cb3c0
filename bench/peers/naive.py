"""The version that is written first: Flask on threads, `requests`, and a look every two seconds.

Compared with ours it keeps no records, so a restart loses what was paid for; it neither cuts nor checks the
picture, knows no deadline and no limit, and takes a late picture for nobody.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import requests
from flask import Flask, Response, jsonify, request

from bench.peers import parts

_LOOK_EVERY = 2.0


def create_app() -> Flask:
    """The application, with its bot at work on a thread."""
    app = Flask(__name__)
    pictures: dict[int, str] = {}
    bot = parts.Bot(pictures.__setitem__)
    threading.Thread(
        target=bot.run, args=(parts.BOT_TOKEN,), kwargs={"log_handler": None}, daemon=True
    ).start()

    @app.get("/ready")
    def ready() -> tuple[str, int]:
        return ("ready", 200) if bot.is_ready() else ("not yet", 503)

    @app.post("/api/generate-story")
    def generate_story() -> Response:
        body = request.get_json()
        seed = parts.new_seed()
        stories: list[dict[str, Any]] = []
        writing = threading.Thread(target=lambda: stories.append(_write(body["prompt_text"], body["words"])))
        posting = threading.Thread(target=_post, args=(body["prompt_text"], seed))
        writing.start()
        posting.start()
        posting.join()
        writing.join()
        while seed not in pictures:
            time.sleep(_LOOK_EVERY)
        picture = requests.get(pictures.pop(seed), timeout=parts.TIMEOUT)
        picture.raise_for_status()
        return jsonify(parts.answer(stories[0], picture.content))

    return app


def _write(prompt: str, words: int) -> dict[str, Any]:
    response = requests.post(
        parts.CHAT_URL,
        json=parts.chat_request(prompt, words),
        headers=parts.CHAT_HEADERS,
        timeout=parts.TIMEOUT,
    )
    response.raise_for_status()
    completion: dict[str, Any] = response.json()
    return completion


def _post(prompt: str, seed: int) -> None:
    message = parts.command_message(prompt, seed)
    requests.post(parts.WEBHOOK_URL, json=message, timeout=parts.TIMEOUT).raise_for_status()
