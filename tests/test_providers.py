"""From settings to endpoints: whom the service calls, where, and with which key in which header."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import IMAGE_PROVIDERS, TEXT_PROVIDERS, Settings
from images.provider import Capabilities
from openai_images import OPTIONAL
from providers import IMAGE_APIS, LEFT_OUT, image_endpoint, text_endpoints
from text.endpoint import Endpoint
from text.profiles import PROFILES

KEY = "sk-very-secret-0123456789"
AZURE = {
    "AZURE_OPENAI_ENDPOINT": "https://farm.openai.azure.com/",
    "AZURE_OPENAI_API_KEY": KEY,
    "AZURE_OPENAI_DEPLOYMENT": "tales",
    "AZURE_OPENAI_IMAGE_DEPLOYMENT": "pictures",
}
CLASSIC = {**AZURE, "AZURE_OPENAI_API_VERSION": "2025-04-01-preview"}
HUGGINGFACE = {"HUGGINGFACE_API_KEY": KEY, "HUGGINGFACE_MODEL": "org/name:provider"}
COMPATIBLE = {"COMPATIBLE_BASE_URL": "http://localhost:8000/v1", "COMPATIBLE_MODEL": "teller"}
EVERYTHING = {"OPENAI_API_KEY": KEY, **AZURE, "GEMINI_API_KEY": KEY, **HUGGINGFACE, **COMPATIBLE}


def settings(**environment: str) -> Settings:
    return Settings.from_env(environment, env_file=Path("no such file"))


def text(**environment: str) -> Endpoint:
    """The only text model of these settings."""
    (endpoint,) = text_endpoints(settings(**environment))
    return endpoint


def image(name: str, **environment: str) -> Endpoint:
    endpoint = image_endpoint(name, settings(**environment))
    assert endpoint
    return endpoint


@pytest.mark.parametrize(
    ("environment", "provider", "url", "model", "headers"),
    [
        (
            {"OPENAI_API_KEY": KEY},
            "openai",
            "https://api.openai.com/v1/chat/completions",
            "gpt-6-luna",
            {"Authorization": f"Bearer {KEY}"},
        ),
        (
            {"OPENAI_BASE_URL": "http://localhost:11434/v1/", "OPENAI_MODEL": "llama"},
            "openai",
            "http://localhost:11434/v1/chat/completions",
            "llama",
            {},
        ),
        (
            AZURE,
            "azure",
            "https://farm.openai.azure.com/openai/v1/chat/completions",
            "tales",
            {"api-key": KEY},
        ),
        (
            CLASSIC,
            "azure",
            "https://farm.openai.azure.com/openai/deployments/tales/chat/completions"
            "?api-version=2025-04-01-preview",
            "tales",
            {"api-key": KEY},
        ),
        (
            {"GEMINI_API_KEY": KEY},
            "gemini",
            "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
            "gemini-3.8-flash",
            {"Authorization": f"Bearer {KEY}"},
        ),
        (
            HUGGINGFACE,
            "huggingface",
            "https://router.huggingface.co/v1/chat/completions",
            "org/name:provider",
            {"Authorization": f"Bearer {KEY}"},
        ),
        (COMPATIBLE, "compatible", "http://localhost:8000/v1/chat/completions", "teller", {}),
        (
            {**COMPATIBLE, "COMPATIBLE_API_KEY": KEY},
            "compatible",
            "http://localhost:8000/v1/chat/completions",
            "teller",
            {"Authorization": f"Bearer {KEY}"},
        ),
    ],
    ids=["openai", "ollama", "azure", "azure classic", "gemini", "huggingface", "compatible", "with a key"],
)
def test_each_text_model_is_called_at_its_address_with_its_key_in_its_header(
    environment: dict[str, str], provider: str, url: str, model: str, headers: dict[str, str]
) -> None:
    endpoint = text(**environment)

    assert (endpoint.provider, endpoint.model) == (provider, model)
    assert endpoint.url("/chat/completions") == url
    assert endpoint.headers() == headers


@pytest.mark.parametrize(
    ("name", "environment", "url", "model", "headers"),
    [
        (
            "openai",
            {"OPENAI_API_KEY": KEY},
            "https://api.openai.com/v1/images/generations",
            "gpt-image-2.5-flare",
            {"Authorization": f"Bearer {KEY}"},
        ),
        (
            "openai-edit",
            {"OPENAI_API_KEY": KEY},
            "https://api.openai.com/v1/images/generations",
            "gpt-image-2.5-sunburst",
            {"Authorization": f"Bearer {KEY}"},
        ),
        (
            "azure-edit",
            AZURE,
            "https://farm.openai.azure.com/openai/v1/images/generations",
            "pictures",
            {"api-key": KEY},
        ),
        (
            "azure-edit",
            CLASSIC,
            "https://farm.openai.azure.com/openai/deployments/pictures/images/generations"
            "?api-version=2025-04-01-preview",
            "pictures",
            {"api-key": KEY},
        ),
        (
            "gemini",
            {"GEMINI_API_KEY": KEY},
            "https://generativelanguage.googleapis.com/v1beta/openai/images/generations",
            "gemini-3.1-flash-image",
            {"Authorization": f"Bearer {KEY}"},
        ),
    ],
    ids=["openai", "openai-edit", "azure", "azure classic", "gemini"],
)
def test_each_image_model_is_called_at_its_address_with_its_key_in_its_header(
    name: str, environment: dict[str, str], url: str, model: str, headers: dict[str, str]
) -> None:
    endpoint = image(name, **environment)

    assert (endpoint.provider, endpoint.model) == (name, model)
    assert endpoint.url("/images/generations") == url
    assert endpoint.headers() == headers


def test_without_keys_there_are_no_models() -> None:
    assert text_endpoints(settings()) == []
    assert [image_endpoint(name, settings()) for name in IMAGE_PROVIDERS] == [None] * len(IMAGE_PROVIDERS)


def test_with_all_keys_there_are_all_models_in_the_usual_order() -> None:
    found = [endpoint.provider for endpoint in text_endpoints(settings(**EVERYTHING))]

    assert found == list(TEXT_PROVIDERS) == ["openai", "azure", "gemini", "huggingface", "compatible"]


def test_the_order_is_that_of_the_settings_and_what_is_not_named_is_not_asked() -> None:
    found = text_endpoints(settings(**EVERYTHING, TEXT_PROVIDERS="gemini, openai"))

    assert [endpoint.provider for endpoint in found] == ["gemini", "openai"]


def test_those_without_a_key_are_left_out_of_the_order() -> None:
    found = text_endpoints(settings(GEMINI_API_KEY=KEY, TEXT_PROVIDERS="azure,gemini,openai"))

    assert [endpoint.provider for endpoint in found] == ["gemini"]


def test_a_deployment_for_texts_alone_draws_nothing_and_one_for_pictures_alone_tells_nothing() -> None:
    texts = {name: value for name, value in AZURE.items() if "IMAGE" not in name}
    pictures = {name: value for name, value in AZURE.items() if name != "AZURE_OPENAI_DEPLOYMENT"}

    assert image_endpoint("azure-edit", settings(**texts)) is None
    assert text_endpoints(settings(**pictures)) == []


def test_drawing_with_references_can_be_switched_off() -> None:
    off = settings(OPENAI_API_KEY=KEY, ENABLE_NATIVE_GPT_IMAGE1="no")

    assert image_endpoint("openai-edit", off) is None
    assert image_endpoint("openai", off)


@pytest.mark.parametrize(
    ("provider", "limit"),
    [
        ("openai", "max_completion_tokens"),
        ("azure", "max_completion_tokens"),
        ("gemini", "max_completion_tokens"),
        ("huggingface", "max_tokens"),
        ("compatible", "max_tokens"),
    ],
)
def test_each_one_is_told_the_limit_under_the_name_that_it_knows(provider: str, limit: str) -> None:
    found = {endpoint.provider: endpoint for endpoint in text_endpoints(settings(**EVERYTHING))}

    assert found[provider].limit_name == limit


def test_only_azures_models_go_by_names_of_ones_own() -> None:
    found = [*text_endpoints(settings(**EVERYTHING)), *(image(name, **EVERYTHING) for name in IMAGE_APIS)]

    assert [each.provider for each in found if each.is_deployment] == ["azure", "azure-edit"]


@pytest.mark.parametrize("name", TEXT_PROVIDERS)
def test_the_advice_names_settings_that_there_are(name: str) -> None:
    advice = PROFILES[name].advice
    known = {field.upper() for field in Settings.__dataclass_fields__}

    assert {advice.key, advice.model, advice.url} <= known
    assert all(setting.startswith(name.upper()) for setting in (advice.key, advice.model, advice.url)) or (
        name == "azure" and advice.key.startswith("AZURE_OPENAI_")
    )


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("openai", "OPENAI_IMAGE_MODEL"),
        ("openai-edit", "OPENAI_EDIT_MODEL"),
        ("azure-edit", "AZURE_OPENAI_IMAGE_DEPLOYMENT"),
        ("gemini", "GEMINI_IMAGE_MODEL"),
    ],
)
def test_errors_about_pictures_name_the_image_models_setting(name: str, model: str) -> None:
    endpoint = image(name, **EVERYTHING)

    assert endpoint.advice.model == model
    assert model.lower() in Settings.__dataclass_fields__
    assert "text" not in endpoint.advice.who.lower()


def test_every_image_api_but_midjourney_has_its_capabilities() -> None:
    assert set(IMAGE_APIS) == set(IMAGE_PROVIDERS) - {"midjourney", "midjourney-proxy"}
    assert [name for name, can in IMAGE_APIS.items() if can.references] == ["openai-edit", "azure-edit"]
    assert IMAGE_APIS["gemini"] == Capabilities()


def test_gemini_is_sent_only_the_fields_that_it_knows() -> None:
    assert LEFT_OUT["gemini"] == set(OPTIONAL)


def test_no_key_is_seen_in_an_endpoint() -> None:
    for endpoint in (*text_endpoints(settings(**EVERYTHING)), image("azure-edit", **EVERYTHING)):
        assert KEY not in repr(endpoint)
        assert KEY not in endpoint.url("/models")
