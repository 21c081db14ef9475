"""The strict SMART server of ``server.mjs`` as a process: two patients, an encounter and an appointment."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.peers import prepare
from vdx_plugin.domain.patients import CPR

USER = "hanne"
OTHER_USER = "bent"
# Days of birth 60 too high: no person can have these numbers.
DITTE = "8512484901"
AAGE = "7103792202"


@dataclass
class SmartServer:
    """A running server; ``control`` is the tests' back door."""

    url: str
    process: subprocess.Popen[str]

    @property
    def fhir(self) -> str:
        return f"{self.url}/fhir/R4"

    def control(self, what: str, **given: Any) -> Any:
        answer = httpx.post(f"{self.url}/control/{what}", json=given, timeout=30, trust_env=False)
        answer.raise_for_status()
        return answer.json()

    def begin(self, now: datetime | None = None) -> None:
        """Forget everything and put the usual records in; ``now`` sets the server's clock."""
        self.control("reset")
        self.control("clock", at=None if now is None else int(now.timestamp() * 1000))
        self.control("put", resources=records())

    def launch_address(self, launch_url: str, user: str = USER, patient: str = "ditte", **more: str) -> str:
        """Make a launch as a click does, and return the address that the browser then opens."""
        launch = self.control("launch", user=user, patient=patient, **more)["launch"]
        return f"{launch_url}?{urlencode({'iss': self.fhir, 'launch': launch})}"

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Return every resource of a type, whoever's."""
        return self.control("all", type=kind)["resources"]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)
        if self.process.stdout:
            self.process.stdout.close()


def boot(port: int = 0) -> SmartServer:
    """Start a server and return it when it listens."""
    place = prepare.folder("smart")
    # Node looks for packages beside the script.
    shutil.copy(Path(__file__).with_name("server.mjs"), place)
    command = [prepare.node(), "server.mjs", str(port)]
    process = subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("http://"):
            return SmartServer(line.strip(), process)
    raise AssertionError(f"the server ended with {process.wait()}")


@contextlib.contextmanager
def running() -> Iterator[SmartServer]:
    server = boot()
    try:
        yield server
    finally:
        server.stop()


def records() -> list[dict[str, Any]]:
    """Return what stands in the records before a test."""
    return [
        patient("ditte", "Prøvesen", "Ditte", "1948-12-25", DITTE, email="ditte@patient.test", phone="+4520000001"),
        patient("aage", "Eksempelsen", "Åge", "1979-03-11", AAGE),
        {
            "resourceType": "Practitioner",
            "id": USER,
            "name": [{"family": "Holm", "given": ["Hanne"]}],
        },
        {"resourceType": "Practitioner", "id": OTHER_USER, "name": [{"family": "Berg", "given": ["Bent"]}]},
        {
            "resourceType": "Encounter",
            "id": "visit",
            "status": "in-progress",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "subject": {"reference": "Patient/ditte"},
            "reasonCode": [{"text": "kontrol"}],
        },
        {
            "resourceType": "Appointment",
            "id": "slot",
            "status": "booked",
            "start": "2026-11-23T12:00:00Z",
            "end": "2026-11-23T12:20:00Z",
            "comment": "husk blodprøver",
            "participant": [{"actor": {"reference": "Patient/ditte"}, "status": "accepted"}],
        },
    ]


def patient(local: str, family: str, given: str, born: str, number: str, **contact: str) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": local,
        "active": True,
        "identifier": [{"system": CPR, "value": f"{number[:6]}-{number[6:]}"}, {"value": "no-system"}],
        "name": [
            {"use": "old", "family": "Tidligere", "given": [given]},
            {"use": "official", "family": family, "given": [given]},
        ],
        "birthDate": born,
        "telecom": [{"system": kind, "value": value} for kind, value in contact.items()],
    }
