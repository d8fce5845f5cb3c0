"""Where a model is to be had, and what is peculiar about the place: data, never branches in the logic."""

from __future__ import annotations

from dataclasses import dataclass, field

# One token limit under two names: OpenAI's models since gpt-5 want the first, older servers the second.
LIMIT_NAMES = ("max_completion_tokens", "max_tokens")


@dataclass(frozen=True)
class Advice:
    """Whom an error is about, and the settings that can mend it."""

    who: str = "The text model's server"
    key: str = "OPENAI_API_KEY"
    model: str = "OPENAI_MODEL"
    url: str = "OPENAI_BASE_URL"


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One model at one OpenAI-compatible server.

    `provider` is its name in settings, metrics and answers, `key_header` the header that carries the key,
    `query` what belongs behind every path, `limit_name` its name for the token limit. `is_deployment`:
    the model goes by a name of one's own, which the server does not list. Azure's classic paths have it
    in `base_url`.
    """

    base_url: str
    model: str
    provider: str = "openai"
    key: str = field(default="", repr=False)
    key_header: str = "Authorization"
    query: str = ""
    limit_name: str = LIMIT_NAMES[0]
    is_deployment: bool = False
    advice: Advice = Advice()

    def url(self, path: str) -> str:
        return f"{self.base_url}{path}" + (f"?{self.query}" if self.query else "")

    def headers(self) -> dict[str, str]:
        if not self.key:
            return {}
        return {self.key_header: f"Bearer {self.key}" if self.key_header == "Authorization" else self.key}
