"""GET /images/<file>: the kept pictures under our own address."""

from __future__ import annotations

from flask import Blueprint, make_response, request
from werkzeug.wrappers import Response

from images.storage import Storage

_MIME = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}


def create_blueprint(storage: Storage) -> Blueprint:
    blueprint = Blueprint("images", __name__)

    @blueprint.get("/images/<file>")
    def image(file: str) -> Response:
        response = make_response(storage.get(file))
        response.mimetype = _MIME[file.rpartition(".")[2]]
        # A file never changes under its name.
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.set_etag(file)
        return response.make_conditional(request)

    return blueprint
