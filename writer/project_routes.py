"""The edge of a writer's projects: kept, restored, and exported as files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from flask import Response, jsonify, request
from flask_openapi3 import APIBlueprint
from sqlalchemy.exc import IntegrityError

from access.caller import Caller
from access.idempotency import read_key, reused
from access.paid_answers import key_of
from database import Database
from ledger import Ledger
from manuscripts.export import WritePdf, export
from writer import projects
from writer.bodies import ChangedProject, ExportBody, ExportQuery, ProjectBody, ProjectPath
from writer.editions import Edition, Publisher, edition_of
from writer.projects import Project, new_project
from writer.routes import TAG


def create_blueprint(
    database: Database,
    ledger: Ledger,
    publisher: Publisher,
    *,
    caller: Callable[[], Caller],
    write_pdf: WritePdf,
) -> APIBlueprint:
    blueprint = APIBlueprint("writer-projects", __name__, abp_tags=[TAG], url_prefix="/api/story")

    def load(project_id: str) -> Project:
        with database.read() as tx:
            return projects.load(tx, project_id, caller().owner)

    def file(edition: Edition, format: str) -> Response:
        made = export(publisher.manuscript(edition, caller().owner), format, write_pdf)
        response = Response(made.content, content_type=made.mime)
        response.headers["Content-Disposition"] = f'attachment; filename="{made.file_name}"'
        response.headers["Cache-Control"] = "no-store"
        return response

    @blueprint.get("/projects", summary="Your projects, the last changed first")
    def list_projects() -> Response:
        with database.read() as tx:
            return jsonify(projects=projects.listed(tx, caller().owner))

    @blueprint.post("/projects", summary="Keep a new project")
    def create(body: ProjectBody) -> tuple[Response, int]:
        """The same Idempotency-Key gives the same project."""
        owner = caller().owner
        project = new_project(owner, body.title, body.data)
        if key := read_key(request.headers.get("Idempotency-Key"), owner, body.model_dump()):
            name = key_of(owner=owner, project=key.key)[:32]
            project = replace(project, id=name, made_from=key.fingerprint)
        try:
            ledger.write(partial(projects.add, project=project))
        except IntegrityError:  # sent again, because the answer got lost
            known = load(project.id)
            if known.made_from != project.made_from:
                raise reused() from None
            project = known
        response = jsonify(project.public())
        response.headers["Location"] = f"/api/story/projects/{project.id}"
        return response, 201

    @blueprint.get("/projects/<project_id>", summary="A project")
    def read(path: ProjectPath) -> Response:
        response = jsonify(load(path.project_id).public())
        response.headers["Cache-Control"] = "no-store"
        return response

    @blueprint.put("/projects/<project_id>", summary="Keep a project's next version")
    def change(path: ProjectPath, body: ChangedProject) -> Response:
        """`version` is the one that was changed; if it is not the newest one any more: 409 with both."""
        project = load(path.project_id)
        changed: list[Project] = []
        ledger.write(
            lambda tx: changed.append(
                projects.change(tx, project, version=body.version, title=body.title, data=body.data)
            )
        )
        return jsonify(changed[-1].public())

    @blueprint.delete("/projects/<project_id>", summary="Delete a project")
    def remove(path: ProjectPath) -> tuple[str, int]:
        """Its pictures stay until the jobs that made them are removed."""
        project = load(path.project_id)
        ledger.write(partial(projects.remove, project=project))
        return "", 204

    @blueprint.get("/projects/<project_id>/export", summary="A project as a file")
    def export_project(path: ProjectPath, query: ExportQuery) -> Response:
        project = load(path.project_id)
        return file(edition_of(project.title, project.data), query.format)

    @blueprint.post("/export", summary="A story as a file")
    def export_story(body: ExportBody) -> Response:
        edition = Edition(
            title=body.title,
            story=body.story,
            author=body.author,
            language=body.language,
            scenes=[(scene.title, scene.image_url or "") for scene in body.scenes],
            cover_url=body.cover_url or "",
        )
        return file(edition, body.format)

    return blueprint
