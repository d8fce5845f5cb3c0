"""The tree of failures: each knows its HTTP status, a stable code and a title.

StoryfarmError
├── InvalidRequest 400      the request itself is wrong
│   └── TooLarge 413, WrongMediaType 415
├── Unauthorized 401        nobody known is calling
├── Forbidden 403
├── NotFound 404
│   └── Gone 410            there was something here
├── Conflict 409
├── ContentRefused 422      the provider refused the prompt: another attempt will not help
├── QuotaExceeded 429
├── TooManyAttempts 429     too many wrong attempts to sign in; `retry_after` in seconds
├── ProviderError 502       an outside service failed; `permanent` says whether trying again can help
├── Busy 503                too many requests are held already; `retry_after` in seconds
│   └── SignInUnavailable 503   nobody can be signed in just now
├── OutOfSpace 507          the disk or the object store is full
├── ProviderTimeout 504     an outside service did not answer in time
└── RecordedFailure         what a job has failed with, as its row has it
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class StoryfarmError(Exception):
    """A failure that may be shown to the caller.

    `detail` is a sentence for people and must never carry a key, a webhook's URL or a provider's raw
    body. Members given as keywords (`field`, `limit`, ...) become members of the problem document.
    """

    status: ClassVar[int] = 500
    code: str = "internal_error"
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str, *, code: str | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or type(self).code
        self.members = members

    def problem(self) -> dict[str, Any]:
        """The failure as RFC 9457 members, with `error`, the plain text that older clients read."""
        return {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "error": self.detail,
            **self.members,
        }


class InvalidRequest(StoryfarmError):
    status, code, title = 400, "invalid_request", "The request cannot be read"


class TooLarge(InvalidRequest):
    status, code, title = 413, "too_large", "The request is too large"


class WrongMediaType(InvalidRequest):
    status, code, title = 415, "wrong_media_type", "The request has the wrong content type"


class Unauthorized(StoryfarmError):
    status, code, title = 401, "unauthorized", "Please sign in"


class Forbidden(StoryfarmError):
    status, code, title = 403, "forbidden", "This is not allowed"


class NotFound(StoryfarmError):
    status, code, title = 404, "not_found", "There is nothing here"


class Gone(NotFound):
    status, code, title = 410, "expired", "This is not kept any more"


class Conflict(StoryfarmError):
    status, code, title = 409, "conflict", "This does not fit what is there already"


class ContentRefused(StoryfarmError):
    status, code, title = 422, "content_refused", "The prompt was refused"


class QuotaExceeded(StoryfarmError):
    status, code, title = 429, "quota_exceeded", "The quota is used up"


class TooManyAttempts(StoryfarmError):
    status, code, title = 429, "too_many_attempts", "Too many attempts"

    def __init__(self, detail: str, *, retry_after: int = 60, **members: Any) -> None:
        super().__init__(detail, retry_after=retry_after, **members)
        self.retry_after = retry_after


class ProviderError(StoryfarmError):
    """An outside service failed. `permanent`: trying again cannot help (a wrong key, a dead model)."""

    status, code, title = 502, "provider_error", "An outside service failed"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        permanent: bool = False,
        retry_after: float | None = None,
        **members: Any,
    ) -> None:
        super().__init__(detail, code=code, **members)
        self.permanent = permanent
        self.retry_after = retry_after


class Busy(StoryfarmError):
    """`retry_after`: seconds after which a place is likely to be free."""

    status, code, title = 503, "busy", "Too many stories are being told right now"

    def __init__(self, detail: str, *, retry_after: int = 10, **members: Any) -> None:
        super().__init__(detail, retry_after=retry_after, **members)
        self.retry_after = retry_after


class SignInUnavailable(Busy):
    code, title = "sign_in_unavailable", "Nobody can be signed in just now"


class OutOfSpace(StoryfarmError):
    status, code, title = 507, "out_of_space", "There is no room left to keep the picture"


class ProviderTimeout(StoryfarmError):
    status, code, title = 504, "timeout", "An outside service did not answer in time"


class RecordedFailure(StoryfarmError):
    """A failure that was written down as a problem document, to be answered again as it was."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("detail", "")))
        self._problem = dict(problem)

    def problem(self) -> dict[str, Any]:
        return dict(self._problem)
