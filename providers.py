"""Which providers there are by the settings: the endpoints of text and image models, in their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from config import Settings
from images.provider import Capabilities
from openai_images import OPTIONAL
from text.endpoint import Endpoint
from text.profiles import PROFILES

# What each image API can do.
IMAGE_APIS = {
    "openai-edit": Capabilities(references=True, transparent=True),
    "azure-edit": Capabilities(references=True, transparent=True),
    "openai": Capabilities(transparent=True),
    "gemini": Capabilities(),
}
# Fields that a server is known not to take: Gemini's compatible endpoint has model, prompt, n and size only.
LEFT_OUT = {"gemini": frozenset(OPTIONAL)}


def text_endpoints(settings: Settings) -> list[Endpoint]:
    """Of each configured text model, in the order of TEXT_PROVIDERS."""
    found = (_TEXT[name](settings) for name in settings.text_providers)
    return [endpoint for endpoint in found if endpoint]


def image_endpoint(name: str, settings: Settings) -> Endpoint | None:
    """Of the image model `name`, None if it is not configured. MidJourney has none, nor has its proxy."""
    return _IMAGES[name](settings)


def _endpoint(profile: str, base_url: str, key: str, model: str, *, query: str = "") -> Endpoint:
    known = PROFILES[profile]
    return Endpoint(
        provider=profile,
        base_url=base_url,
        key=key,
        model=model,
        query=query,
        key_header=known.key_header,
        limit_name=known.limit_name,
        is_deployment=known.is_deployment,
        advice=known.advice,
    )


def _openai(settings: Settings, model: str) -> Endpoint | None:
    if not settings.has_openai:
        return None
    return _endpoint("openai", settings.openai_base_url, settings.openai_api_key, model)


def _azure(settings: Settings, deployment: str) -> Endpoint | None:
    if not (settings.has_azure and deployment):
        return None
    version = settings.azure_openai_api_version
    path = f"/openai/deployments/{deployment}" if version else "/openai/v1"
    return _endpoint(
        "azure",
        settings.azure_openai_endpoint + path,
        settings.azure_openai_api_key,
        deployment,
        query=f"api-version={version}" if version else "",
    )


def _gemini(settings: Settings, model: str) -> Endpoint | None:
    if not settings.gemini_api_key:
        return None
    return _endpoint("gemini", settings.gemini_base_url, settings.gemini_api_key, model)


def _huggingface(settings: Settings) -> Endpoint | None:
    if not (settings.huggingface_api_key and settings.huggingface_model):
        return None
    return _endpoint(
        "huggingface",
        settings.huggingface_base_url,
        settings.huggingface_api_key,
        settings.huggingface_model,
    )


def _compatible(settings: Settings) -> Endpoint | None:
    if not (settings.compatible_base_url and settings.compatible_model):
        return None
    return _endpoint(
        "compatible", settings.compatible_base_url, settings.compatible_api_key, settings.compatible_model
    )


def _named(endpoint: Endpoint | None, name: str, who: str, model: str) -> Endpoint | None:
    """An endpoint for pictures: `who` and `model` are what its errors speak of."""
    return endpoint and replace(
        endpoint, provider=name, advice=replace(endpoint.advice, who=who, model=model)
    )


_TEXT: dict[str, Callable[[Settings], Endpoint | None]] = {
    "openai": lambda settings: _openai(settings, settings.openai_model),
    "azure": lambda settings: _azure(settings, settings.azure_openai_deployment),
    "gemini": lambda settings: _gemini(settings, settings.gemini_model),
    "huggingface": _huggingface,
    "compatible": _compatible,
}
_WHO = "The image model's server"
_IMAGES: dict[str, Callable[[Settings], Endpoint | None]] = {
    "openai-edit": lambda settings: (
        _named(_openai(settings, settings.openai_edit_model), "openai-edit", _WHO, "OPENAI_EDIT_MODEL")
        if settings.enable_native_gpt_image1
        else None
    ),
    "azure-edit": lambda settings: _named(
        _azure(settings, settings.azure_openai_image_deployment),
        "azure-edit",
        "Azure",
        "AZURE_OPENAI_IMAGE_DEPLOYMENT",
    ),
    "openai": lambda settings: _named(
        _openai(settings, settings.openai_image_model), "openai", _WHO, "OPENAI_IMAGE_MODEL"
    ),
    "gemini": lambda settings: _named(
        _gemini(settings, settings.gemini_image_model), "gemini", "Gemini", "GEMINI_IMAGE_MODEL"
    ),
    "midjourney": lambda _settings: None,
    "midjourney-proxy": lambda _settings: None,
}
