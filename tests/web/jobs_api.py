"""What stands in for the jobs' API in a browser answers."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Route


def answer_job(route: Route, job: dict[str, Any], events: list[dict[str, Any]]) -> None:
    """The job, and what has happened since where that is asked for."""
    after = parse_qs(urlsplit(route.request.url).query).get("after")
    answer = dict(job)
    if after:
        answer["events"] = [each for each in events if each["number"] > int(after[0])]
    route.fulfill(json=answer)


def answer_stream(route: Route, events: list[dict[str, Any]]) -> None:
    """What has happened so far; then it breaks off, and the browser comes back for more."""
    query = parse_qs(urlsplit(route.request.url).query)
    after = int(route.request.headers.get("last-event-id") or query.get("after", ["0"])[0])
    told = "".join(
        f"id: {each['number']}\nevent: {each['kind']}\ndata: {json.dumps(each['data'])}\n\n"
        for each in events
        if each["number"] > after
    )
    route.fulfill(body=f"retry: 100\n\n{told}", content_type="text/event-stream")
