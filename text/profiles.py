"""What is peculiar about each provider of text models, as data."""

from __future__ import annotations

from dataclasses import dataclass

from text.endpoint import LIMIT_NAMES, Advice


@dataclass(frozen=True)
class Profile:
    """See Endpoint for `key_header`, `limit_name` and `is_deployment`."""

    advice: Advice
    key_header: str = "Authorization"
    limit_name: str = LIMIT_NAMES[0]
    is_deployment: bool = False


# Sources: each provider's own reference, as collected in November 2026. What a server does not know it
# says with a 400, from which openai_client learns.
PROFILES = {
    "openai": Profile(Advice("The text model's server")),
    "azure": Profile(
        Advice("Azure", "AZURE_OPENAI_API_KEY", "AZURE_OPENAI_DEPLOYMENT", "AZURE_OPENAI_ENDPOINT"),
        key_header="api-key",
        is_deployment=True,
    ),
    "gemini": Profile(Advice("Gemini", "GEMINI_API_KEY", "GEMINI_MODEL", "GEMINI_BASE_URL")),
    "huggingface": Profile(
        Advice("Hugging Face", "HUGGINGFACE_API_KEY", "HUGGINGFACE_MODEL", "HUGGINGFACE_BASE_URL"),
        limit_name=LIMIT_NAMES[1],
    ),
    # Ollama drops max_completion_tokens without a word.
    "compatible": Profile(
        Advice("The compatible server", "COMPATIBLE_API_KEY", "COMPATIBLE_MODEL", "COMPATIBLE_BASE_URL"),
        limit_name=LIMIT_NAMES[1],
    ),
}
