"""The service or its worker with jobs that only tell events, as many a second as the prompt says.

What a story's text does, without the text model: each event is recorded and passed on by the same code.
"""

from __future__ import annotations

import itertools
import signal
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

from flask_openapi3 import OpenAPI

import main
from config import Settings
from jobs import events
from jobs.work import Task
from logs import set_up_logs
from service import Service
from story.telling import KIND

_LONGEST_SECONDS = 120.0
_LOOK_SECONDS = 0.05
_PIECE = "a little Yorkie barked at the moon, and the moon, it seemed, barked back; "


def prompt(rate: float) -> str:
    """Asks for a job that tells `rate` events a second; 0: the next as soon as the last is recorded."""
    return f"{rate:g} a second"


def begin(folder: Path) -> None:
    """Let the jobs of the service with this DATA_DIR begin to tell."""
    _gate(folder).touch()


def create_app() -> OpenAPI:
    app = main.create_app(Settings.from_env())
    service: Service = app.extensions["storyfarm"]
    service.runner.works[KIND] = partial(_chat, service)
    return app


def _chat(service: Service, task: Task) -> dict[str, Any]:
    rate = float(task.job.request["prompt"].split()[0])
    until = time.monotonic() + _LONGEST_SECONDS
    # For its own rhythm a job listens to what nobody tells: that ends with the service.
    topic = "silence" if rate else events.topic(task.job.id)
    with service.notifier.listen(topic) as waiter:
        while not _gate(service.settings.data_dir).exists():
            waiter.wait(time.monotonic() + _LOOK_SECONDS)
        start = time.monotonic()
        for number in itertools.count(1):
            task.say("text", {"part": "story", "offset": number * len(_PIECE), "text": _PIECE})
            if time.monotonic() >= until:
                break
            due = start + number / rate if rate else until
            while time.monotonic() < due and not (waiter.wait(due) and not rate):
                pass
    task.complete()
    return {}


def _gate(folder: Path) -> Path:
    return folder / "begin"


def work() -> None:
    """Do such jobs until the process is told to stop."""
    settings = Settings.from_env()
    set_up_logs(level=settings.log_level, form=settings.log_format, secrets=settings.secrets())
    service: Service = create_app().extensions["storyfarm"]
    service.start()
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    told.wait()
    service.stop()


if __name__ == "__main__":
    work()
