"""Refusals of the video API: the table of codes and the two shapes of body.

``ApiProblem`` is raised by rules and operations; ``routes`` turns it into an answer. A problem with a code has the
detailed body (``detailed_error_code`` is a *string*, whatever the YAML says); one without has the plain body that
the server's framework writes for malformed input. Source: ``ErrorController``, ``NotValidDataErrors`` and
``NotAcceptableErrors`` of medcom-video-api 2.5.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True)
class Code:
    """A row of the table: status and text, with ``%s`` where a value goes."""

    number: int
    status: int
    text: str


_TABLE = (
    Code(12, 406, "Meeting must have status AWAITS_PROVISION (0)  or PROVISIONED_OK (3) in order to be updated"),
    Code(13, 406, "Meeting must have status AWAITS_PROVISION (0) in order to be deleted"),
    Code(14, 406, "The Uri assignment failed due to invalid setup on the template used"),
    Code(
        15,
        406,
        "The Uri assignment failed. It was not possible to create a unique. "
        "Consider changing the interval on the template",
    ),
    Code(16, 406, "The guest pincode assignment failed due to invalid setup on the template used"),
    Code(17, 406, "The host pincode assignment failed due to invalid setup on the template used"),
    Code(18, 406, "Create or update of pool template failed due to only one pool template allowed"),
    Code(19, 400, "Can not create ad hoc meeting on non ad hoc organization: %s"),
    Code(20, 400, "Unused scheduling information not found for organisation tree for %s"),
    Code(21, 400, "ExternalId not unique within organisation."),
    Code(22, 400, "OrganisationId %s in request not found."),
    Code(23, 400, "Scheduling information can not be created on organisation %s that is not pool enabled."),
    Code(24, 400, "Unable to generate unique shortId. Try again."),
    Code(25, 400, "Date format is wrong, year must only have 4 digits"),
    Code(26, 400, "Scheduling template %s not found."),
    Code(27, 400, "Scheduling template %s does not belong to organisation %s."),
    Code(
        28,
        400,
        "Either both from-start-time and to-start-time must be provided or none of them must be provided.",
    ),
    Code(29, 400, "ReservationId not owned by organisation or not found."),
    Code(30, 400, "Field can not be set to null"),
    Code(31, 400, "Organisation does not allow setting custom meeting address."),
    Code(32, 400, "Supplied URI already used"),
    Code(33, 400, "Supplied URI contains invalid characters. Valid characters: [A-Z], [a-z] and [0-9]."),
    Code(
        34,
        400,
        "Scheduling info reservation can not be used in combination with guest pin and/or host pin.",
    ),
    Code(35, 400, "Additional info keys not unique for meeting."),
    Code(36, 400, "Must set at least one query parameter, when searching for meeting."),
)
CODES = {row.number: row for row in _TABLE}


class ApiProblem(Exception):
    """A refusal: ``code`` None for the plain body, ``text`` None for a detailed body without text."""

    def __init__(self, status: int, code: int | None = None, text: str | None = None) -> None:
        super().__init__(f"{status}/{code}")
        self.status = status
        self.code = code
        self.text = text

    def body(self, path: str, now: datetime) -> dict[str, Any]:
        """Return the JSON body for a request to ``path`` at ``now``."""
        body: dict[str, Any] = {
            "timestamp": now.isoformat(timespec="milliseconds"),
            "status": self.status,
            "error": HTTPStatus(self.status).phrase,
            "path": path,
        }
        if self.code is not None:
            body["detailed_error"] = self.text
            body["detailed_error_code"] = str(self.code)
        return body


def refusal(number: int, *values: str) -> ApiProblem:
    """Return the problem of the table with this number, its text filled in."""
    row = CODES[number]
    return ApiProblem(row.status, number, row.text % values if values else row.text)


def invalid(field: str, message: str) -> ApiProblem:
    """Return a failed validation; the server reports only the first."""
    return ApiProblem(400, 10, f"{field}: {message}")


def malformed() -> ApiProblem:
    """Return what the framework answers to input it cannot bind: no code and no detail."""
    return ApiProblem(400)


def not_allowed() -> ApiProblem:
    """Return a refusal for lack of access to this object."""
    return ApiProblem(403, 11, None)


def missing(resource: str, field: str = "uuid") -> ApiProblem:
    """Return: there is no such object."""
    return ApiProblem(404, 11, f"Resource: {resource} in field: {field} not found.")


def crashed(reason: str) -> ApiProblem:
    """Return the server's unhandled exception; used where the real server is known to fall over."""
    return ApiProblem(500, 11, f"Unexpected exception caught. {reason}")
