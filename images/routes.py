"""The kept pictures under our own address: what was made (/images/), and what people brought (/uploads/)."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, jsonify, make_response, request
from werkzeug.wrappers import Response

from database import Database
from errors import Gone, InvalidRequest, NotFound
from images import ownership, records
from images.sources import read_data_url
from images.storage import Storage
from images.uploads import MAX_BYTES, Uploads

_MIME = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}


# Whose pictures the caller may see; None stands for everybody's.
Viewer = Callable[[], str | None]


def create_blueprint(database: Database, storage: Storage, viewer: Viewer) -> Blueprint:
    """GET /images/<file>."""
    blueprint = Blueprint("images", __name__)

    @blueprint.get("/images/<file>")
    def image(file: str) -> Response:
        owner = viewer()
        if owner is not None:
            with database.read() as tx:
                if not ownership.belongs_to(tx, file, owner):
                    raise NotFound("There is no such picture.")
        try:
            content = storage.get(file)
        except NotFound:
            with database.read() as tx:
                picture = records.by_file(tx, file)
            if picture and picture.expired_at:
                raise Gone("This picture was removed to make room for newer ones.") from None
            raise
        return _picture(file, content, is_open=owner is None)

    return blueprint


def create_uploads_blueprint(uploads: Uploads, owner: Callable[[], str], viewer: Viewer) -> Blueprint:
    """POST /api/uploads and GET /uploads/<file>."""
    blueprint = Blueprint("uploads", __name__)

    @blueprint.post("/api/uploads")
    def upload() -> tuple[Response, int]:
        kept = uploads.keep(_content(), owner=owner())
        answer = jsonify(imageUrl=kept.path, width=kept.width, height=kept.height, mime=kept.mime)
        answer.headers["Location"] = kept.path
        return answer, 201

    @blueprint.get("/uploads/<file>")
    def show(file: str) -> Response:
        return _picture(file, uploads.content(file, viewer()), is_open=viewer() is None)

    return blueprint


def _content() -> bytes:
    """The bytes of the multipart field `file`, or of the data URL in a JSON object's `file`."""
    if not request.is_json:
        part = request.files.get("file")
        if part is None:
            raise InvalidRequest(
                "Send the picture as the multipart field file.", code="invalid_field", field="file"
            )
        return part.stream.read(MAX_BYTES + 1)
    given = request.get_json().get("file")
    if not isinstance(given, str):
        raise InvalidRequest("file must be a data URL.", code="invalid_field", field="file")
    return read_data_url(given, "file")


def _picture(file: str, content: bytes, *, is_open: bool) -> Response:
    response = make_response(content)
    response.mimetype = _MIME[file.rpartition(".")[2]]
    # A file never changes under its name.
    response.headers["Cache-Control"] = f"{'public' if is_open else 'private'}, max-age=31536000, immutable"
    response.set_etag(file)
    return response.make_conditional(request)
