"""Stands in for the writer's API in a browser: it answers at once, or step by step where a test says so."""

from __future__ import annotations

import copy
import json
import re
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, Request, Route

from tests.web.book_api import SIZE, painted, problem
from tests.web.jobs_api import answer_job, answer_stream

FIELDS = {
    "persona": ("Author", ["Mystery Novelist", "Children's Book Author"]),
    "story_setting": ("Setting", ["A small farm in a green valley"]),
    "character_input": ("Characters", []),
    "plot_elements": ("Plot", []),
    "writing_style": ("Style", ["Poetic", "Casual"]),
    "story_tone": ("Tone", ["Whimsical", "Dark"]),
    "narrative_pov": ("Narration", ["First Person", "Third Person Limited"]),
    "audience_age_group": ("Audience", ["Children (5-12)", "All Ages"]),
    "content_rating": ("Rating", ["G", "PG"]),
    "ending_preference": ("Ending", ["Happy", "Bittersweet"]),
}
SETUP = {
    "persona": "Children's Book Author",
    "story_setting": "A lighthouse on an island that the maps forgot",
    "character_input": "Nell, eleven, the keeper's daughter; a seal who can read",
    "plot_elements": "Letters thrown into the sea are answered",
    "writing_style": "Poetic",
    "story_tone": "Whimsical",
    "narrative_pov": "Third Person Limited",
    "audience_age_group": "Children (5-12)",
    "content_rating": "G",
    "ending_preference": "Happy",
    "story_length": "Short",
    "language": "",
}
PREMISE = (
    "When the letters that Nell throws into the sea begin to be answered, she must find out who writes them "
    "before the last lamp of the island goes dark."
)
TITLES = ("The First Letter", "Somebody Answers", "The Seal Who Reads", "A Dark Lamp", "The Morning Boat")
PARAGRAPHS = (
    "The lamp had burned for a hundred years, and Nell had wound its clockwork for three of them. Every "
    "evening she climbed the hundred and nine steps, and every evening she carried a letter up in her apron.",
    "“Dear sea,” she wrote, “are you ever lonely?” She rolled the paper tight, pushed it into a bottle, and "
    "threw it as far as an arm of eleven years can throw.",
    "On the third morning a bottle lay on the step. It was not hers. The paper in it was damp and smelled of "
    "herring, and on it stood, in letters as round as pebbles: Only on Sundays.",
    "Nell read it four times. Then she ran for ink.",
    "That night the lamp went out, all by itself, as if somebody had asked it to.",
    "In the dark something swam towards the rocks, and it was humming.",
)
JOB_TIMES = {"created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z"}


def scene(number: int, title: str) -> dict[str, Any]:
    return {
        "scene_number": number,
        "title": title,
        "description": f"What happens in “{title}”, on the rocks below the lighthouse.",
        "image_prompt": f"{title}: a lighthouse at dusk, a girl with a bottle",
        "audio_narration": "",
        "character_descriptions": ["Nell: a girl in a yellow coat"],
        "key_events": ["A bottle comes back", "Nell climbs the stairs"],
    }


def outline(*titles: str) -> dict[str, Any]:
    return {
        "title": "The Sea Writes Back",
        "characters": [{"name": "Nell", "description": "Eleven, brave, freckled"}],
        "scenes": [scene(number, title) for number, title in enumerate(titles or TITLES, 1)],
    }


def story(*numbers: int) -> str:
    return "\n\n".join(PARAGRAPHS[number] for number in numbers)


def written(**more: Any) -> dict[str, Any]:
    """A project's data in which everything is there."""
    return {
        "phase": "writing",
        "setup": SETUP,
        "premise": PREMISE,
        "outline": outline(),
        "story": story(0, 1, 2),
        "summary": "Nell writes to the sea, and it answers.",
        "scenes_told": 2,
        "is_complete": False,
        "shots": {},
        "made_from": {},
        **more,
    }


def asked(route: Route) -> dict[str, Any]:
    """The request's body."""
    body: dict[str, Any] = route.request.post_data_json or {}
    return body


class WriteApi:
    """Answers what the page asks. `orders` are the requests by the end of their path, in their order.

    `held`: paths whose jobs the test itself tells about and ends.
    `results`: by path, what others give instead of the usual.
    `refuse_next`: problems by method and path ("PUT projects/p1"), each answered once.
    `turns`: events of the assistant's next runs.
    """

    def __init__(self, page: Page) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.events: dict[str, list[dict[str, Any]]] = {}
        self.projects: dict[str, dict[str, Any]] = {}
        self.orders: list[tuple[str, Request]] = []
        self.held: set[str] = set()
        self.results: dict[str, dict[str, Any]] = {}
        self.refuse_next: dict[str, dict[str, Any]] = {}
        self.lose_next: set[str] = set()
        self.turns: list[list[dict[str, Any]]] = []
        self.saves = 0
        page.context.route(re.compile(r"/(api/(story|jobs)/|agui$)"), self._answer)
        page.context.route(re.compile(r"/images/"), self._picture)

    # What happens at the farm

    def bodies(self, path: str) -> list[dict[str, Any]]:
        """What was ordered there."""
        return [request.post_data_json or {} for each, request in self.orders if each == path]

    def project(
        self, project_id: str = "p1", title: str = "The Sea Writes Back", **data: Any
    ) -> dict[str, Any]:
        self.projects[project_id] = {
            "id": project_id,
            "version": 1,
            "title": title,
            "data": data,
            "created_at": "2026-01-02T03:04:05Z",
            "updated_at": "2026-01-02T03:04:05Z",
        }
        return self.projects[project_id]

    def job(self, path: str) -> str:
        job_id = f"j{len(self.jobs) + 1}"
        self.jobs[job_id] = {
            "id": job_id,
            "kind": path,
            "state": "running",
            "progress": None,
            "message": "",
            "result": None,
            "error": None,
            **JOB_TIMES,
        }
        self.events[job_id] = []
        self.tell("state", job_id, state="running", attempt=1)
        return job_id

    @property
    def last_job(self) -> str:
        return list(self.jobs)[-1]

    def tell(self, kind: str, job_id: str = "", **data: Any) -> None:
        events = self.events[job_id or self.last_job]
        events.append({"number": len(events) + 1, "kind": kind, "data": data})

    def end(self, job_id: str = "", state: str = "completed", **more: Any) -> None:
        job = self.jobs[job_id or self.last_job]
        job.update(state=state, **more)
        self.tell("done", job["id"], state=state)

    def shot(self, number: int, name: str = "", error: Any = None) -> dict[str, Any]:
        return {
            "scene_number": number,
            "scene_title": TITLES[number - 1],
            "image_url": None if error else f"/images/{name or f'scene-{number}'}.png",
            "width": SIZE,
            "height": SIZE,
            "provider": "sandbox",
            "model": "painter",
            "error": error,
            "alt": f"Scene {number}: the lighthouse",
        }

    def drawn(self, number: int, name: str = "", error: dict[str, Any] | None = None) -> None:
        """The picture of a scene has come, or will not come."""
        if error:
            self.tell("problem", scene_number=number, **error)
        else:
            self.tell("picture", images=[], shot=self.shot(number, name))

    # What the page is answered

    def _answer(self, route: Route) -> None:
        request = route.request
        path = urlsplit(request.url).path
        self._note(path, request)
        why = self.refuse_next.pop(f"{request.method} {path.removeprefix('/api/story/')}", None)
        if why is not None:
            route.fulfill(status=why["status"], json=why, content_type="application/problem+json")
            return
        match path.removeprefix("/api/").split("/"):
            case ["", "agui"]:
                self._assist(route)
            case ["jobs", *steps]:
                self._jobs(route, steps)
            case ["story", *steps]:
                self._story(route, steps)

    def _jobs(self, route: Route, steps: list[str]) -> None:
        match steps:
            case [job, "events"] if job in self.jobs:
                answer_stream(route, self.events[job])
            case [job, "cancel"] if job in self.jobs:
                self.end(job, "cancelled")
                route.fulfill(json=self.jobs[job])
            case [job] if job in self.jobs:
                answer_job(route, self.jobs[job], self.events[job])
            case _:
                route.fulfill(status=404, json=problem("There is no such job.", status=404))

    def _story(self, route: Route, steps: list[str]) -> None:
        match steps:
            case ["options"]:
                route.fulfill(json=self._options())
            case ["projects"]:
                self._projects(route)
            case ["projects", project_id]:
                self._project(route, project_id)
            case ["export"]:
                self._export(route)
            case ["task", _, "resume"]:
                self._order(route, "resume")
            case [path]:
                self._order(route, path)
            case _:
                route.fulfill(status=404, json=problem("There is no such thing.", status=404))

    def _note(self, path: str, request: Request) -> None:
        if request.method in {"POST", "PUT", "DELETE"}:
            name = path.removeprefix("/api/story/")
            self.orders.append((name, request))

    def _options(self) -> dict[str, Any]:
        named = [
            {
                "name": name,
                "label": label,
                "help": f"{label}, in your words.",
                "required": True,
                "values": values,
            }
            for name, (label, values) in FIELDS.items()
        ]
        return {
            "fields": named,
            "lengths": [
                {"id": "Short", "label": "Short", "words": 1000},
                {"id": "Medium", "label": "Medium", "words": 5000},
                {"id": "Long", "label": "Long", "words": 10000, "estimate": {"calls": 13, "cost": 0.4213}},
            ],
            "templates": [{"id": "lighthouse", "label": "The lighthouse", "setup": SETUP}],
        }

    def _usual(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        ideas = [
            {"title": f"Idea {number}", "idea": f"A better idea, number {number}."} for number in (1, 2, 3)
        ]
        refined = copy.deepcopy(body.get("outline") or outline())
        for each in refined["scenes"]:
            if body.get("scene_number") in (None, each["scene_number"]):
                each["description"] = f"{body.get('instruction')}: {each['title']}"
        whole = {"premise": PREMISE, "outline": outline(), "is_complete": True, "iterations": 3}
        results: dict[str, dict[str, Any]] = {
            "generate-setup": {"setup": SETUP},
            "enhance-idea": {"ideas": ideas},
            "generate-premise": {"premise": PREMISE},
            "generate-outline": {"outline": outline(), "is_structured": True},
            "refine-outline": {"outline": refined},
            "generate-start": {
                "story": story(0, 1),
                "is_complete": False,
                "summary": "Nell writes.",
                "scenes_told": 1,
            },
            "continue": {
                "continuation": story(2, 3),
                "is_complete": True,
                "summary": "All.",
                "scenes_told": 5,
            },
            "generate-full": {**whole, "story": story(0, 1, 2, 3), "words": 150},
            "resume": {**whole, "story": story(0, 1, 2, 3, 4, 5), "words": 200},
            "generate-images": {
                "results": [self.shot(each["scene_number"]) for each in body.get("scenes", [])]
            },
            "regenerate-images": {"results": [self.shot(body.get("scene_number", 1), "again")]},
        }
        return results[path]

    def _order(self, route: Route, path: str) -> None:
        body = asked(route)
        job = self.job(path)
        result = self.results.get(path) or self._usual(path, body)
        if path not in self.held:
            self._tell_all(path, result)
            self.end(job, result={"success": True, "task_id": job, "cached": False, **result})
        if path in self.lose_next:
            self.lose_next.remove(path)
            route.abort()
            return
        background = path in {"generate-full", "resume", "generate-images", "regenerate-images"}
        pending = {
            "success": True,
            "task_id": job,
            "status": "pending",
            "message": "It is begun.",
            "estimate": {},
        }
        answer = pending if background else {**self.jobs[job], "state": "queued", "result": None}
        route.fulfill(status=202, json=answer, headers={"Location": f"/api/jobs/{job}"})

    def _tell_all(self, path: str, result: dict[str, Any]) -> None:
        for part in ("premise", "story", "continuation"):
            if part in result and (part != "premise" or path == "generate-premise"):
                self.tell("text", part=part, offset=0, text=result[part])
        for shot in result.get("results", []):
            self.tell("picture", images=[], shot=shot)

    def _projects(self, route: Route) -> None:
        if route.request.method == "POST":
            body = asked(route)
            made = self.project(f"p{len(self.projects) + 1}", body["title"], **body["data"])
            self.saves += 1
            if "projects" in self.lose_next:
                self.lose_next.remove("projects")
                route.abort()
                return
            route.fulfill(status=201, json=made)
            return
        listed = [
            {
                "id": each["id"],
                "title": each["title"],
                "version": each["version"],
                "phase": each["data"].get("phase", "setup"),
                "words": len(each["data"].get("story", "").split()),
                "updated_at": each["updated_at"],
            }
            for each in self.projects.values()
        ]
        route.fulfill(json={"projects": listed})

    def _project(self, route: Route, project_id: str) -> None:
        kept = self.projects.get(project_id)
        if kept is None:
            route.fulfill(status=404, json=problem("There is no such project.", status=404))
        elif route.request.method == "DELETE":
            del self.projects[project_id]
            route.fulfill(json={"success": True})
        elif route.request.method == "PUT":
            self._put(route, kept)
        else:
            route.fulfill(json=kept)

    def _put(self, route: Route, kept: dict[str, Any]) -> None:
        body = asked(route)
        if body["version"] != kept["version"]:
            why = problem(
                "It was changed elsewhere.", status=409, code="version_conflict", current=kept, yours=body
            )
            route.fulfill(status=409, json=why, content_type="application/problem+json")
            return
        kept.update(version=kept["version"] + 1, title=body["title"], data=body["data"])
        self.saves += 1
        route.fulfill(json=kept)

    def _export(self, route: Route) -> None:
        wish = asked(route)
        headers = {"Content-Disposition": f'attachment; filename="story.{wish["format"]}"'}
        route.fulfill(body=wish["story"], content_type="application/octet-stream", headers=headers)

    def _assist(self, route: Route) -> None:
        told = "".join(f"data: {json.dumps(event)}\n\n" for event in self.turns.pop(0))
        route.fulfill(body=told, content_type="text/event-stream")

    def _picture(self, route: Route) -> None:
        name = urlsplit(route.request.url).path.rpartition("/")[2].removesuffix(".png")
        route.fulfill(
            body=painted(f"{name} a lighthouse by the sea at dusk", sum(map(ord, name))),
            content_type="image/png",
        )
