"""What many pictures that failed together amount to."""

from __future__ import annotations

from typing import Any

from errors import ProviderError, ProviderTimeout, StoryfarmError


def all_failed(problems: list[dict[str, Any]]) -> StoryfarmError:
    """The failure of a job whose pictures all failed with these problem documents."""
    codes = {problem["code"] for problem in problems}
    code = codes.pop() if len(codes) == 1 else "no_pictures"
    detail = f"Not one of the pictures could be painted. The first failure: {problems[0]['detail']}"
    if all(problem["status"] == ProviderTimeout.status for problem in problems):
        return ProviderTimeout(detail, code=code)
    return ProviderError(detail, code=code)
