"""Storyfarm's web application, and its command line: python main.py COMMAND."""

from __future__ import annotations

import sys
from typing import Any

from flask import Response, jsonify
from flask_openapi3 import Info, OpenAPI

import images.routes
import jobs.routes
import story.routes
import web.health
import web.pages
import web.problems
import web.requests
from config import Settings
from errors import InvalidRequest
from service import Service
from story.routes import GenerateStory, public_result
from story.telling import KIND, StoryRequest, load_result

VERSION = "1.0.0"


def create_app(settings: Settings | None = None, **replacements: Any) -> OpenAPI:
    """The application, with everything behind it in `app.extensions["storyfarm"]`, which is not started.

    `replacements` go to Service. gunicorn.conf.py starts and stops the service with its worker.
    """
    service = Service(settings or Settings.from_env(), **replacements)
    settings = service.settings
    app = OpenAPI(
        __name__,
        info=Info(title="Storyfarm", version=VERSION, description="One prompt in, an illustrated story out."),
        template_folder="web/templates",
        static_folder="web/static",
        static_url_path="/static",
        validation_error_status=400,
        validation_error_callback=web.problems.invalid_fields,
    )
    app.extensions["storyfarm"] = service
    app.config["MAX_CONTENT_LENGTH"] = web.problems.MAX_BODY_BYTES
    app.json.sort_keys = False  # type: ignore[attr-defined]
    web.requests.register(app, picture_host=settings.public_url)
    web.problems.register(app)

    def shown(result: dict[str, Any] | None) -> dict[str, Any] | None:
        base_url = web.requests.base_url(settings.public_url)
        return result and public_result(result, base_url, sandbox=settings.sandboxed)

    app.register_api(
        jobs.routes.create_blueprint(
            service.database, {KIND: lambda job: shown(load_result(service.database, job))}
        )
    )
    app.register_api(story.routes.create_blueprint(service.database, service.storage))
    app.register_blueprint(images.routes.create_blueprint(service.storage))
    app.register_blueprint(web.health.create_blueprint(service.health))
    app.register_blueprint(web.pages.create_blueprint(_page_facts(settings)))

    @app.post("/api/generate-story", summary="A story and its picture", tags=[story.routes.TAG])
    def generate_story(body: GenerateStory) -> Response:
        """Waits until both are there, or until the time is over; then what is there is answered."""
        with service.admission.hold():
            result = service.storyteller.tell(_story_request(body, settings))
        return jsonify(shown(result))

    return app


def _story_request(body: GenerateStory, settings: Settings) -> StoryRequest:
    timeout = body.timeout or settings.request_timeout
    if timeout > settings.request_timeout_max:
        raise InvalidRequest(
            f"timeout is {timeout:g} seconds; at most {settings.request_timeout_max:g} are allowed.",
            code="invalid_field",
            field="timeout",
            limit=settings.request_timeout_max,
        )
    return StoryRequest(
        prompt=body.prompt_text,
        words=body.words or settings.story_words,
        timeout=timeout,
        style=body.style.strip(),
        language=body.language.strip(),
    )


_SAMPLES = {
    (True, True): "story and pictures come",
    (True, False): "the story comes",
    (False, True): "the pictures come",
    (False, False): "",
}


def _page_facts(settings: Settings) -> web.pages.PageFacts:
    return web.pages.PageFacts(
        sandbox=_SAMPLES[settings.sandboxes_text, settings.sandboxes_discord],
        timeout=int(settings.request_timeout),
        max_prompt=story.routes.MAX_PROMPT,
        usual_story=settings.sandbox_story_seconds if settings.sandboxes_text else 15,
        usual_image=settings.sandbox_image_seconds if settings.sandboxes_discord else 60,
    )


if __name__ == "__main__":
    import cli

    sys.exit(cli.main(sys.argv[1:]))
