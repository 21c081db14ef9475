"""A validator as its two kinds are documented: HL7's wrapper (``/validate``) and a FHIR server (``/Bundle/$validate``).

It refuses a request of another form than theirs, and answers with the issues it is given, in words that quote the
message as the real ones do.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass
class ValidatorDouble:
    """``issues`` are (level, place, name of the rule); ``status`` other than 200 is the answer of a sick service."""

    issues: list[tuple[str, str, str]] = field(default_factory=list)
    status: int = 200
    fails: Exception | None = None
    answer: str | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.fails is not None:
            raise self.fails
        if self.answer is not None:
            return httpx.Response(self.status, text=self.answer)
        if request.url.path.endswith("/Bundle/$validate"):
            return self._as_server(request)
        assert request.url.path.endswith("/validate")
        return self._as_wrapper(json.loads(request.content))

    def _as_wrapper(self, body: dict[str, Any]) -> httpx.Response:
        assert set(body) == {"cliContext", "filesToValidate", "sessionId"}
        assert body["cliContext"]["sv"] == "4.0.1"
        (file,) = body["filesToValidate"]
        assert set(file) == {"fileName", "fileContent", "fileType"}
        self.asked.append(json.loads(file["fileContent"]))
        self.sessions.append(body["sessionId"])
        issues = [
            {
                "source": "InstanceValidator",
                "line": 1,
                "col": 1,
                "location": place,
                "message": f"The value '{self.asked[-1]['id']}' is wrong",
                "messageId": rule,
                "type": "INVALID",
                "level": level.upper(),
            }
            for level, place, rule in self.issues
        ]
        told = {"outcomes": [{"fileInfo": {"fileName": file["fileName"]}, "issues": issues}], "sessionId": "session-1"}
        return httpx.Response(self.status, json=told)

    def _as_server(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["Content-Type"] == "application/fhir+json"
        self.asked.append(json.loads(request.content))
        issues = [
            {
                "severity": level,
                "code": "processing",
                "diagnostics": f"The value '{self.asked[-1]['id']}' is wrong",
                "details": {"coding": [{"system": "http://hl7.org/fhir/java-core-messageId", "code": rule}]},
                "expression": [place],
            }
            for level, place, rule in self.issues
        ]
        return httpx.Response(self.status, json={"resourceType": "OperationOutcome", "issue": issues})
