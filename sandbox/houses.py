"""The providers that the sandbox stands in for, as one table: their addresses, keys, models and quirks."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from aiohttp import web

from sandbox.refusals import ErrorForm, Refused, azure_form, gemini_form, openai_form

KEY = "sandbox-key"
MODEL = "gpt-6-luna"
IMAGE_MODELS = ("gpt-image-2.5-flare", "gpt-image-2.5-sunburst", "gpt-image-2")
GEMINI_MODEL = "gemini-3.8-flash"
GEMINI_IMAGE_MODELS = ("gemini-3.1-flash-image", "gemini-3-pro-image")
TEXT_DEPLOYMENT, IMAGE_DEPLOYMENT = "storyfarm-text", "storyfarm-images"
HUGGINGFACE_MODEL = "storyfarm/teller:sandbox"
COMPATIBLE_MODEL = "teller"


@dataclass(frozen=True, kw_only=True)
class House:
    """One provider at one address of the sandbox.

    `name` stands in targets ("azure" gives "azure.chat"); OpenAI's house has none. `key_header` is empty
    where no key is asked for. Chat models are patterns such as "*/*". `refused_limit` is the name of the
    token limit that is an error here. `keeps_schemas`: whether response_format is obeyed.
    `image_fields`: the fields of a generation that are known, None for all of OpenAI's.
    """

    name: str
    prefix: str
    key_header: str = "Authorization"
    chat_models: tuple[str, ...]
    image_models: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    edits: bool = False
    refused_limit: str = ""
    keeps_schemas: bool = True
    needs_version: bool = False
    image_fields: frozenset[str] | None = None
    formats: tuple[str, ...] = ("png", "webp", "jpeg")
    wrong_key: tuple[int, str, str] = (401, "invalid_api_key", f"The sandbox's key is {KEY}.")
    form: ErrorForm = openai_form

    def target(self, service: str) -> str:
        """How faults and records call `service` ("chat", "images" or "edits") of this house."""
        return f"{self.name}.{service}" if self.name else service

    def admit(self, request: web.Request) -> None:
        """Raises Refused without the key, or without the api-version where one is needed."""
        wanted = f"Bearer {KEY}" if self.key_header == "Authorization" else KEY
        if self.key_header and request.headers.get(self.key_header) != wanted:
            raise Refused(*self.wrong_key)
        if self.needs_version and not request.query.get("api-version"):
            raise Refused(404, "404", "Resource not found: there is no api-version in the query.")

    def model(self, request: web.Request, named: object, known: tuple[str, ...]) -> str:
        """The model or deployment that is asked for; raises Refused if it is none of the `known` patterns."""
        model = request.match_info.get("deployment") or named
        if not isinstance(model, str) or not any(fnmatchcase(model, pattern) for pattern in known):
            message = f"The sandbox's model is {' or '.join(known)}."
            raise Refused(404, "model_not_found", message, param="model")
        return model


_AZURE_KEY = (401, "401", f"Access denied due to invalid subscription key. The sandbox's key is {KEY}.")

HOUSES = (
    House(
        name="",
        prefix="/v1",
        chat_models=(MODEL,),
        image_models=IMAGE_MODELS,
        listed=(MODEL, *IMAGE_MODELS),
        edits=True,
        refused_limit="max_tokens",
    ),
    House(
        name="azure",
        prefix="/azure/openai/v1",
        key_header="api-key",
        chat_models=(TEXT_DEPLOYMENT,),
        image_models=(IMAGE_DEPLOYMENT,),
        listed=(MODEL, *IMAGE_MODELS),
        edits=True,
        refused_limit="max_tokens",
        formats=("png", "jpeg"),
        wrong_key=_AZURE_KEY,
        form=azure_form,
    ),
    House(
        name="azure",
        prefix="/azure/openai/deployments/{deployment}",
        key_header="api-key",
        chat_models=(TEXT_DEPLOYMENT,),
        image_models=(IMAGE_DEPLOYMENT,),
        edits=True,
        refused_limit="max_tokens",
        needs_version=True,
        formats=("png", "jpeg"),
        wrong_key=_AZURE_KEY,
        form=azure_form,
    ),
    House(
        name="gemini",
        prefix="/gemini/v1beta/openai",
        chat_models=(GEMINI_MODEL,),
        image_models=GEMINI_IMAGE_MODELS,
        listed=(GEMINI_MODEL, *GEMINI_IMAGE_MODELS),
        image_fields=frozenset({"model", "prompt", "n", "size", "response_format"}),
        # Google answers 400, not 401, to a key that it does not know.
        wrong_key=(400, "API_KEY_INVALID", f"API key not valid. The sandbox's key is {KEY}."),
        form=gemini_form,
    ),
    House(
        name="huggingface",
        prefix="/huggingface/v1",
        chat_models=("*/*",),
        listed=(HUGGINGFACE_MODEL,),
        refused_limit="max_completion_tokens",
    ),
    House(
        name="compatible",
        prefix="/compatible/v1",
        key_header="",
        chat_models=("*",),
        listed=(COMPATIBLE_MODEL,),
        keeps_schemas=False,
    ),
)
