"""A browser, and the application on a port of its own."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask_openapi3 import OpenAPI
from playwright.sync_api import Browser, expect, sync_playwright
from werkzeug.middleware.shared_data import SharedDataMiddleware
from werkzeug.serving import WSGIRequestHandler, make_server

# The first one has no window system to feed, and takes half of the time.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
STATIC = Path(__file__).parents[2] / "web" / "static"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class KeepAlive(WSGIRequestHandler):
    """A page asks for some sixty scripts: not each on a connection, and a thread, of its own."""

    protocol_version = "HTTP/1.1"


@pytest.fixture(scope="module")
def site(app: OpenAPI) -> Iterator[str]:
    """The application on a port of its own."""
    # Some sixty scripts a page: they need not go through the application.
    served = SharedDataMiddleware(app, {"/static": str(STATIC)})
    server = make_server("127.0.0.1", 0, served, threaded=True, request_handler=KeepAlive)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        started.close()
