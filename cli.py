"""The command line: serve, worker, sandbox, doctor, demo, migrate."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from config import InvalidSettings, Settings
from database import UnusableDatabase, bring_up
from doctor import examine, table
from logs import set_up_logs
from main import create_app
from sandbox.server import Sandbox

_CONFIG = Path(__file__).parent / "gunicorn.conf.py"
_DEMO_PROMPT = "A tiny Yorkie named Biscuit guards the pumpkin patch on a windy autumn night"


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code: 0 for good, 1 for a failure, 2 for wrong settings."""
    options = _parser().parse_args(list(arguments) or ["serve"])
    try:
        settings = Settings.from_env()
    except InvalidSettings as error:
        print(error, file=sys.stderr)
        return 2
    set_up_logs(level=settings.log_level, form=settings.log_format, secrets=settings.secrets())
    command: Callable[[Settings, argparse.Namespace], int] = options.run
    if command in _ON_DATABASE:
        try:
            bring_up(settings.data_dir, settings.database_url)
        except UnusableDatabase as fault:
            print(fault, file=sys.stderr)
            return 1
    return command(settings, options)


def serve(settings: Settings, _options: argparse.Namespace) -> int:
    """Serve until the process is told to stop."""
    note = " in the sandbox: no keys are needed, and what you see are samples" if settings.sandboxed else ""
    print(f"Storyfarm serves on http://127.0.0.1:{settings.port}{note}. Ctrl+C stops it.", flush=True)
    _Server(settings).run()
    return 0


def sandbox(settings: Settings, options: argparse.Namespace) -> int:
    """Run the sandbox alone until the process is told to stop."""
    try:
        standing_in = Sandbox.bind(settings, port=options.port)
    except OSError as error:
        print(f"The sandbox cannot use port {options.port}: {error.strerror}.", file=sys.stderr)
        return 1
    standing_in.start()
    print(f"The sandbox listens on {standing_in.url}. Use it with SANDBOX={standing_in.url}", flush=True)
    _wait_for_signal()
    standing_in.stop()
    return 0


def doctor(settings: Settings, _options: argparse.Namespace) -> int:
    """Check every configured service without paying for anything."""
    rows = examine(settings)
    print(table(rows))
    return 0 if all(row.good for row in rows) else 1


def demo(settings: Settings, options: argparse.Namespace) -> int:
    """Tell one story and print the answer, and where its pictures lie."""
    app = create_app(replace(settings, auth_jwks_url="", api_keys=()))  # who runs it need not sign in
    service = app.extensions["storyfarm"]
    service.start()
    try:
        response = app.test_client().post("/api/generate-story", json={"prompt_text": options.prompt})
        answer = response.get_json()
    finally:
        service.stop()
    print(json.dumps(answer, indent=2, ensure_ascii=False))
    for image in answer.get("images", []):
        print(f"{image['role']:>8}  {service.storage.place}/{image['url'].rpartition('/')[2]}")
    return 0 if answer.get("status") == "success" else 1


def worker(settings: Settings, _options: argparse.Namespace) -> int:
    """Do background jobs beside the service, in a process of its own; needs DATABASE_URL."""
    if fault := _no_worker(settings):
        print(fault, file=sys.stderr)
        return 2
    service = create_app(settings).extensions["storyfarm"]
    service.start()
    print(f"The worker does {settings.job_threads} jobs at once. Ctrl+C stops it.", flush=True)
    _wait_for_signal()
    service.stop()
    return 0


def _no_worker(settings: Settings) -> str:
    """Why there cannot be a worker beside the service; "" if there can."""
    if not settings.database_url:
        return "A worker shares a database with the service: set DATABASE_URL (PostgreSQL) for both."
    if settings.sandboxed and not settings.sandbox_url:
        return (
            "A worker needs the sandbox of the service: run `python main.py sandbox --port 9000`, and set "
            "SANDBOX=http://127.0.0.1:9000 for both."
        )
    if not settings.job_threads:
        return "A worker with JOB_THREADS=0 would do nothing; give it some."
    return ""


def migrate(_settings: Settings, _options: argparse.Namespace) -> int:
    """Bring the database's tables up to date."""
    print("The database is up to date.")
    return 0


# Their tables are brought up to date first.
_ON_DATABASE = (serve, worker, demo, migrate)


class _Server(BaseApplication):
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        scope: dict[str, Any] = {"__file__": str(_CONFIG), "__name__": "gunicorn_conf"}
        exec(compile(_CONFIG.read_text(), str(_CONFIG), "exec"), scope)  # noqa: S102  (our own file)
        for name, value in scope.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        return create_app(self._settings)


def _wait_for_signal() -> None:
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    told.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python main.py", description="Storyfarm: illustrated stories.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for run in (serve, worker, sandbox, doctor, demo, migrate):
        command = commands.add_parser(run.__name__, help=run.__doc__, description=run.__doc__)
        command.set_defaults(run=run)
        if run is sandbox:
            command.add_argument("--port", type=int, default=9000, help="port to listen on (9000)")
        if run is demo:
            command.add_argument("prompt", nargs="?", default=_DEMO_PROMPT, help="what the story is about")
    return parser
