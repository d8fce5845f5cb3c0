"""Storyfarm's web application, and its command line: python main.py COMMAND."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from flask import Response, jsonify, request
from flask_openapi3 import Info, OpenAPI

import adventure.messages
import adventure.routes
import adventure.socket
import adventure.works
import fairytale.blending
import fairytale.blending_routes
import fairytale.routes
import fairytale.sets
import images.routes
import jobs.routes
import midjourney.routes
import story.routes
import story.telling
import storybook.books
import storybook.routes
import web.callers
import web.health
import web.pages
import web.problems
import web.requests
import web.session
import web.usage
import writer.agui
import writer.illustrating
import writer.project_routes
import writer.routes
import writer.task_routes
from access.amounts import Amount
from access.desk import read_order
from access.estimates import Estimates
from adventure.line import PING_SECONDS, Bell, Selector
from config import IMAGE_PROVIDERS, Settings
from errors import InvalidRequest
from fairytale.showing import set_status
from jobs.rows import Job
from pdf_writer import write_pdf
from service import Service
from story.routes import GenerateStory, public_result
from story.telling import StoryRequest, load_result, new_job
from story.writing import most_tokens
from storybook.showing import book_data, illustration_job
from writer.editions import Publisher
from writer.intake import Intake, WriterSettings
from writer.showing import shown_result
from writer.works import TEXT_KINDS

VERSION = "1.3.0"


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
    web.callers.register(
        app, service.identity, public_url=settings.public_url, images_public=settings.images_public
    )
    caller, owner = web.callers.caller, web.callers.owner
    web.problems.register(app)

    def base_url() -> str:
        return web.requests.base_url(settings.public_url)

    shown = _results_of(service)

    def load_told(job: Job) -> dict[str, Any] | None:
        return load_result(service.database, job)

    def show(job: Job, base: str) -> dict[str, Any]:
        return job.public() | {"result": shown[job.kind](job, base)}

    service.show = show
    app.register_api(
        jobs.routes.create_blueprint(
            service.database,
            service.runner,
            service.notifier,
            streams=service.streams,
            show=show,
            base_url=base_url,
            owner=owner,
        )
    )
    app.register_api(story.routes.create_blueprint(service.database, service.storage, owner=owner))
    app.register_api(
        storybook.routes.create_blueprint(
            service.database,
            service.runner,
            service.desk,
            service.storage,
            source=service.source,
            admission=service.admission,
            settings=storybook.routes.BookSettings(
                timeout=settings.request_timeout,
                longest=settings.request_timeout_max,
                is_async=settings.async_illustrations,
            ),
            base_url=base_url,
            caller=caller,
            callback=service.callback,
            estimates=service.book_estimates,
            accepted=lambda job, base: _accepted(job, show, base),
        )
    )
    _add_fairytale(app, service, base_url)
    app.register_api(
        web.usage.create_blueprint(
            service.database, caller=caller, limits=service.limits, flush=service.meter.flush
        )
    )
    _add_adventure(app, service, base_url)
    _add_writer(app, service, base_url, accepted=lambda job, base: _accepted(job, show, base))
    viewer = web.callers.viewer(is_open=settings.images_public or not settings.needs_sign_in)
    app.register_blueprint(images.routes.create_blueprint(service.database, service.storage, viewer))
    viewer = web.callers.viewer(is_open=not settings.needs_sign_in)
    app.register_blueprint(images.routes.create_uploads_blueprint(service.uploads, owner, viewer))
    app.register_blueprint(
        midjourney.routes.create_blueprint(service.database, service.fetcher, service.notifier, owner=owner)
    )
    app.register_api(
        web.session.create_blueprint(
            service.identity, public_url=settings.public_url, token_cookie=settings.auth_cookie
        )
    )
    app.register_blueprint(web.health.create_blueprint(service.health))
    app.register_blueprint(web.pages.create_blueprint(_page_facts(settings)))

    @app.post("/api/generate-story", summary="A story and its picture", tags=[story.routes.TAG])
    def generate_story(body: GenerateStory) -> Response:
        """Waits until both are there, or until the time is over; then what is there is answered."""
        wish = _story_request(body, settings)
        job = new_job(wish, owner=caller().owner)
        asked = {"path": "/api/generate-story", **body.model_dump()}
        order = read_order(
            dict(request.headers),
            asked,
            caller=caller(),
            callback=service.callback(body.callback_url, base_url()),
            amount=_story_amount(wish, service.story_estimates),
        )
        if order.in_background:
            return _accepted(service.desk.queue(job, order), show, base_url())
        deadline = time.monotonic() + wish.timeout
        with service.admission.hold():
            told = service.desk.do(job, order, replay=load_told, deadline=deadline)
        return jsonify(public_result(told, base_url(), sandbox=settings.sandboxed))

    return app


def _results_of(service: Service) -> dict[str, Callable[[Job, str], dict[str, Any] | None]]:
    """How the result of each kind of job is shown, below an address."""

    def show_story(job: Job, base: str) -> dict[str, Any] | None:
        told = load_result(service.database, job)
        return public_result(told, base, sandbox=service.settings.sandboxed) if told else None

    def show_book(job: Job, base: str) -> dict[str, Any] | None:
        with service.database.read() as tx:
            return book_data(tx, job, base) or None

    def show_illustrations(job: Job, base: str) -> dict[str, Any]:
        with service.database.read() as tx:
            return illustration_job(tx, job, base)

    def show_set(job: Job, base: str) -> dict[str, Any]:
        with service.database.read() as tx:
            return set_status(tx, job, base)

    def show_writing(job: Job, base: str) -> dict[str, Any] | None:
        with service.database.read() as tx:
            return shown_result(tx, job, base)

    def show_blend(job: Job, base: str) -> dict[str, Any]:
        with service.database.read() as tx:
            return fairytale.blending.blend_result(tx, job, base)

    return {
        **dict.fromkeys((*TEXT_KINDS, writer.illustrating.KIND), show_writing),
        fairytale.sets.SET: show_set,
        fairytale.sets.PICTURE: lambda job, _base: job.result,
        fairytale.blending.BLEND: show_blend,
        fairytale.blending.DESCRIBE: lambda job, _base: job.result,
        adventure.works.TURN: lambda job, _base: job.result,
        adventure.works.PICTURE: lambda job, _base: job.result,
        story.telling.KIND: show_story,
        storybook.books.KIND: show_book,
        storybook.books.ILLUSTRATIONS: show_illustrations,
    }


def _add_fairytale(app: OpenAPI, service: Service, base_url: Callable[[], str]) -> None:
    app.register_api(
        fairytale.routes.create_blueprint(
            service.database,
            service.desk,
            service.source,
            service.storage,
            providers=[name for name in IMAGE_PROVIDERS if name in service.image_providers.names],
            base_url=base_url,
            caller=web.callers.caller,
            callback=service.callback,
            estimates=service.book_estimates,
        )
    )
    app.register_api(
        fairytale.blending_routes.create_blueprint(
            service.database,
            service.desk,
            service.source,
            has_proxy=service.image_providers.proxy is not None,
            base_url=base_url,
            caller=web.callers.caller,
            estimates=service.book_estimates,
        )
    )


def _add_adventure(app: OpenAPI, service: Service, base_url: Callable[[], str]) -> None:
    app.config["SOCK_SERVER_OPTIONS"] = {
        "ping_interval": PING_SECONDS,
        "max_message_size": adventure.messages.MAX_BYTES,
        "event_class": Bell,
        "selector_class": Selector,
    }
    stage = adventure.socket.Stage(
        game=service.game,
        database=service.database,
        storage=service.storage,
        notifier=service.notifier,
        caller=web.callers.caller,
        base_url=base_url,
    )
    app.register_blueprint(adventure.socket.create_blueprint(stage, places=service.sockets))
    app.register_api(
        adventure.routes.create_blueprint(
            stage,
            streams=service.streams,
            write_pdf=write_pdf,
            is_sample=service.settings.sandboxes_text,
        )
    )


def _add_writer(
    app: OpenAPI,
    service: Service,
    base_url: Callable[[], str],
    *,
    accepted: Callable[[Job, str], Response],
) -> None:
    """The writer's edge; `accepted` is the answer to an order for the background."""
    settings = service.settings
    intake = Intake(
        database=service.database,
        desk=service.desk,
        answers=service.answers,
        admission=service.admission,
        settings=WriterSettings(
            timeout=settings.request_timeout,
            longest=settings.request_timeout_max,
            models=service.text_places,
            providers=[name for name in IMAGE_PROVIDERS if name in service.image_providers.names],
            size=settings.image_size,
        ),
        caller=web.callers.caller,
        price=service.writer_amount,
        base_url=base_url,
        callback=service.callback,
        accepted=accepted,
    )
    app.register_api(writer.routes.create_blueprint(intake, health=service.text_health))
    app.register_api(writer.task_routes.create_blueprint(intake))
    app.register_api(
        writer.project_routes.create_blueprint(
            service.database,
            service.ledger,
            Publisher(service.database, service.storage, is_sample=settings.sandboxes_text),
            caller=web.callers.caller,
            write_pdf=write_pdf,
        )
    )
    app.register_blueprint(writer.agui.create_blueprint(intake, service.notifier, streams=service.streams))


def _accepted(job: Job, show: Callable[[Job, str], dict[str, Any]], base_url: str) -> Response:
    response = jsonify(show(job, base_url))
    response.status_code = 202
    response.headers["Location"] = f"/api/jobs/{job.id}"
    response.headers["Preference-Applied"] = "respond-async"
    response.headers["Cache-Control"] = "no-store"
    return response


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


def _story_amount(wish: StoryRequest, estimates: Estimates) -> Amount:
    """What a story may take: its text and its picture."""
    characters = len(wish.prompt) + len(wish.style) + len(wish.language)
    text = estimates.text(characters=characters, most_tokens=most_tokens(wish.words))
    return text + estimates.pictures(1)


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
