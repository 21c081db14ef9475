"""The table of faults: complete, and keyed on numbers."""

from __future__ import annotations

import inspect

import httpx
import pytest

from vdx_plugin import texts
from vdx_plugin.booking import faults
from vdx_plugin.errors import Conflict, Misconfigured, NotFound, OutcomeUnknown, Refused, Unavailable, VdxError

FAMILIES = {
    httpx.HTTPError,
    httpx.RequestError,
    httpx.TransportError,
    httpx.TimeoutException,
    httpx.NetworkError,
    httpx.ProtocolError,
}
OUR_MISTAKES = {
    httpx.HTTPStatusError,  # comes only from raise_for_status, which we do not call
    httpx.LocalProtocolError,
    httpx.CookieConflict,
    httpx.StreamError,
    httpx.StreamConsumed,
    httpx.StreamClosed,
    httpx.ResponseNotRead,
    httpx.RequestNotRead,
}

API = "https://vdx.test/videoapi/v2/"


def answer(status: int, code: object = None, *, method: str = "POST", text: str = "") -> httpx.Response:
    body = {"detailed_error_code": code, "detailed_error": text} if code is not None else {}
    return httpx.Response(status, json=body, request=httpx.Request(method, API + "meetings"))


def raised(response: httpx.Response) -> VdxError:
    with pytest.raises(VdxError) as caught:
        faults.raise_for(response)
    return caught.value


def test_every_exception_of_httpx_has_a_row_or_a_reason() -> None:
    """A new version of httpx with a new exception must be noticed here, not in a clinic."""
    classes = {thing for _, thing in inspect.getmembers(httpx, inspect.isclass) if issubclass(thing, Exception)}
    assert classes == set(faults.BY_EXCEPTION) | FAMILIES | OUR_MISTAKES


def test_every_code_of_the_description_has_a_row() -> None:
    """Codes 10 to 36 are all there are in version 2."""
    assert {int(code) for _, code in faults.BY_CODE} == set(range(10, 37))


def test_every_row_has_a_sentence_for_the_doctor() -> None:
    """A code without a sentence would show as a code."""
    rows = [*faults.BY_CODE.values(), *faults.BY_STATUS.values(), *faults.BY_EXCEPTION.values()]
    assert {row.code for row in rows} <= texts.known_problems()


@pytest.mark.parametrize(
    ("status", "code", "error", "problem"),
    [
        (400, "10", Refused, "vdx.input"),
        (400, "20", Unavailable, "vdx.pool_empty"),
        (400, "24", OutcomeUnknown, "vdx.outcome_unknown"),
        (406, "12", Conflict, "vdx.state"),
        (406, "16", Misconfigured, "vdx.setup"),
        (404, "11", NotFound, "vdx.not_found"),
        (500, "11", OutcomeUnknown, "vdx.server_error"),
        (400, None, Refused, "vdx.refused"),
        (403, None, Refused, "vdx.role"),
        (502, None, OutcomeUnknown, "vdx.server_error"),
        (302, None, Misconfigured, "vdx.setup"),
        (418, None, Refused, "vdx.refused"),
    ],
)
def test_status_and_code_say_what_must_happen_next(
    status: int, code: str | None, error: type[VdxError], problem: str
) -> None:
    """One row of each kind."""
    fault = raised(answer(status, code))
    assert type(fault) is error
    assert fault.code == problem


def test_the_code_may_be_a_string_or_a_number() -> None:
    """E.32: a string in the answer, a number in the description."""
    assert type(raised(answer(406, 12))) is type(raised(answer(406, "12"))) is Conflict


def test_the_text_is_never_looked_at() -> None:
    """The server says "pincode" where its description says "pin code"."""
    assert raised(answer(406, "17", text="anything at all")).code == "vdx.setup"


def test_the_field_at_fault_is_named() -> None:
    """Bean validation puts it before the colon."""
    fault = raised(answer(400, "10", text="subject: must not be null"))
    assert isinstance(fault, Refused)
    assert fault.field == "subject"


def test_a_server_error_after_a_question_is_no_unknown_outcome() -> None:
    """A question changes nothing, so there is nothing to be unsure of."""
    assert type(raised(answer(500, "11", method="GET"))) is Unavailable


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]"])
def test_an_error_without_the_usual_body_is_read_by_its_status(body: bytes) -> None:
    """401, refused roles and malformed JSON come from other layers of the server."""
    response = httpx.Response(403, content=body, request=httpx.Request("POST", API))
    assert raised(response).code == "vdx.role"


@pytest.mark.parametrize(
    ("method", "url", "kind"),
    [
        ("POST", API + "meetings", OutcomeUnknown),
        ("GET", API + "info", Unavailable),
        ("POST", "https://signin.test/", Unavailable),
    ],
)
def test_only_a_lost_answer_to_a_change_leaves_the_outcome_unknown(method: str, url: str, kind: type[VdxError]) -> None:
    """The request for a token is a POST as well, and books nothing."""
    with pytest.raises(VdxError) as caught, faults.translated(API):
        raise httpx.ReadTimeout("gone", request=httpx.Request(method, url))
    assert type(caught.value) is kind
    assert isinstance(caught.value.__cause__, httpx.ReadTimeout)


def test_no_address_gets_into_an_error() -> None:
    """The path holds the meeting's id, a query a label."""
    with pytest.raises(VdxError) as caught, faults.translated(API):
        raise httpx.ConnectError("https://vdx.test/secret", request=httpx.Request("GET", API))
    assert "vdx.test" not in str(caught.value)
