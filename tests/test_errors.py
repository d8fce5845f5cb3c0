"""The tree of failures."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import pytest

import errors
from errors import (
    Busy,
    InvalidRequest,
    ProviderError,
    ProviderTimeout,
    RecordedFailure,
    StoryfarmError,
    TooLarge,
    WrongMediaType,
)


def tree(root: type[StoryfarmError] = StoryfarmError) -> Iterator[type[StoryfarmError]]:
    """All failures but RecordedFailure, which has neither status nor code of its own."""
    for kind in root.__subclasses__():
        if kind.__module__ == "errors" and kind is not RecordedFailure:
            yield kind
            yield from tree(kind)


def test_the_drawing_at_the_top_of_the_file_names_every_failure_with_its_status() -> None:
    drawn = dict(re.findall(r"(\w+) (\d{3})\b", inspect.getdoc(errors) or ""))

    assert drawn == {kind.__name__: str(kind.status) for kind in tree()}
    assert "RecordedFailure" in (inspect.getdoc(errors) or "")


@pytest.mark.parametrize("kind", list(tree()), ids=lambda kind: kind.__name__)
def test_every_failure_has_a_problem_document(kind: type[StoryfarmError]) -> None:
    problem = kind("It did not work.").problem()

    assert problem["status"] == kind.status
    assert problem["title"] == kind.title != StoryfarmError.title
    assert problem["code"] == kind.code != StoryfarmError.code
    assert problem["detail"] == problem["error"] == "It did not work."
    assert problem["type"] == "about:blank"


def test_every_failure_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in tree()]

    assert len(codes) == len(set(codes))


def test_a_code_can_be_given_and_does_not_stick_to_the_kind() -> None:
    assert ProviderError("No.", code="bad_key").problem()["code"] == "bad_key"
    assert ProviderError("No.").problem()["code"] == "provider_error"


def test_members_become_part_of_the_problem_document() -> None:
    problem = InvalidRequest("Too long.", field="prompt_text", limit=2000).problem()

    assert (problem["field"], problem["limit"]) == ("prompt_text", 2000)


def test_a_provider_error_is_not_permanent_unless_it_says_so() -> None:
    assert not ProviderError("No.").permanent
    assert ProviderError("No.", permanent=True).permanent


def test_what_decides_about_retrying_is_not_shown_to_the_caller() -> None:
    problem = ProviderError("No.", permanent=True, retry_after=3.0).problem()

    assert not {"permanent", "retry_after"} & set(problem)


def test_busy_tells_when_to_come_back() -> None:
    assert Busy("Full.").problem()["retry_after"] == 10
    assert Busy("Full.", retry_after=3).problem()["retry_after"] == 3


def test_a_body_that_is_too_large_or_of_a_wrong_type_is_an_invalid_request_too() -> None:
    assert issubclass(TooLarge, InvalidRequest)
    assert issubclass(WrongMediaType, InvalidRequest)


def test_the_text_of_a_failure_is_its_detail() -> None:
    assert str(ProviderError("It did not work.")) == "It did not work."


def test_a_recorded_failure_is_answered_as_it_was() -> None:
    problem = ProviderTimeout("It took too long.", code="image_timeout", id="a").problem()
    again = RecordedFailure(problem)

    assert again.problem() == problem
    assert str(again) == "It took too long."
