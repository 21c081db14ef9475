"""A GNU Health server as a process: prepared once, copied for each test, with two patients and an appointment.

What is prepared lies in ``.peers/gnuhealth/prepared``: the web client's files and one SQLite database with GNU
Health, the companion module, a company, a doctor with an own login, and the patients below.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.peers import prepare
from tests.postgres import Server as Postgres

COMPANION = Path(__file__).parents[3] / "companions" / "gnuhealth"
DATABASE = "clinic"
ADMIN = ("admin", "synthetic-admin-word")
DOCTOR = ("hanne", "synthetic-doctor-word")
OTHER_DOCTOR = ("bent", "synthetic-doctor-word-2")
# Days of birth 60 too high: no person can have these numbers.
DITTE = "8512484901"
AAGE = "7103792202"

_LIBRARIES = ("jquery", "bootstrap", "moment", "gettext.js", "c3", "papaparse", "fullcalendar", "mousetrap", "Sortable")
_CONFIG = """\
[database]
uri = {uri}
path = {folder}
[web]
listen = 127.0.0.1:{port}
root = {web}
[session]
authentications = password
"""


@dataclass
class Server:
    """A running server. ``rpc`` gives a plain session of one user, written apart from the adapter's own."""

    url: str
    folder: Path
    postgres: Postgres | None
    process: subprocess.Popen[bytes]

    def rpc(self, user: tuple[str, str] = ADMIN) -> Rpc:
        return Rpc(self.url, user)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)

    def start_again(self) -> None:
        """Start it anew on the same port and database."""
        self.process = _boot(self.folder, self.url, self.postgres)

    def sql(self, statement: str) -> None:
        """Run one statement in the database, beside the program: for what only time or another hand would do."""
        if self.postgres is not None:
            with psycopg.connect(dbname=DATABASE, user="postgres", host=str(self.postgres.folder)) as connection:
                connection.execute(statement)
            return
        database = sqlite3.connect(self.folder / f"{DATABASE}.sqlite", timeout=20)
        with database:
            database.execute(statement)
        database.close()


class Rpc:
    """JSON-RPC as one user, for what a person does in the record and for what a test looks up."""

    def __init__(self, url: str, user: tuple[str, str]) -> None:
        self._http = httpx.Client(base_url=url, timeout=30, trust_env=False)
        self._headers: dict[str, str] = {}
        self._context: dict[str, Any] = {}
        user_id, session = self("common.db.login", user[0], {"password": user[1]})
        token = base64.b64encode(f"{user[0]}:{user_id}:{session}".encode()).decode()
        self._headers = {"Authorization": f"Session {token}"}
        self._context = self("model.res.user.get_preferences", True, {})

    def __call__(self, method: str, *arguments: Any) -> Any:
        body = {"id": 1, "method": method, "params": list(arguments)}
        answer = self._http.post(f"/{DATABASE}/", json=body, headers=self._headers)
        answer.raise_for_status()
        given = answer.json()
        if given.get("error"):
            raise AssertionError(f"{method}: {given['error'][0]} {given['error'][1][:1]}")
        return given["result"]

    def create(self, model: str, **values: Any) -> int:
        return self(f"model.{model}.create", [values], self._context)[0]

    def write(self, model: str, number: int, **values: Any) -> None:
        self(f"model.{model}.write", [number], values, self._context)

    def search_read(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]:
        return self(f"model.{model}.search_read", domain, 0, None, None, fields, self._context)

    def click_start(self, model: str, number: int) -> str:
        """Run the action's wizard on a record as a client does, and return the address that it opens."""
        action = {"active_id": number, "active_ids": [number], "active_model": model, **self._context}
        session, start, _end = self("wizard.vdx_video.start.create", self._context)
        ran = self("wizard.vdx_video.start.execute", session, {}, start, action)
        return ran["actions"][0][0]["url"]


@contextlib.contextmanager
def running(folder: Path, postgres: Postgres | None = None) -> Iterator[Server]:
    """Run a server on a copy of the prepared database in ``folder``, or on a new one of a PostgreSQL server."""
    web = prepared()
    port = _free_port()
    if postgres is None:
        shutil.copy(web.parent / f"{DATABASE}.sqlite", folder)
    uri = "sqlite://" if postgres is None else "postgresql://postgres@/"
    (folder / "trytond.conf").write_text(_CONFIG.format(uri=uri, folder=folder, port=port, web=web), encoding="utf-8")
    if postgres is not None:
        postgres.tell(f"CREATE DATABASE {DATABASE}")
        _fill(folder, port, postgres)
    url = f"http://127.0.0.1:{port}"
    server = Server(url, folder, postgres, _boot(folder, url, postgres))
    try:
        yield server
    finally:
        server.stop()


def prepared() -> Path:
    """Make what is to be copied, if it is not there, and return the folder with the web client."""
    place = prepare.folder("gnuhealth")
    done = place / "prepared"
    stamp, mark = done / "made.stamp", _fingerprint()
    if not (stamp.exists() and stamp.read_text(encoding="ascii") == mark):
        shutil.rmtree(done, ignore_errors=True)
        done.mkdir()
        _install_companion(place)
        _collect_web_client(place / "node_modules", done / "web")
        (done / f"{DATABASE}.sqlite").touch()
        port = _free_port()
        config = _CONFIG.format(uri="sqlite://", folder=done, port=port, web=done / "web")
        (done / "trytond.conf").write_text(config, encoding="utf-8")
        _fill(done, port)
        stamp.write_text(mark, encoding="ascii")
    return done / "web"


def _fingerprint() -> str:
    digest = hashlib.sha256(str(COMPANION).encode())
    for path in (Path(__file__), *sorted(COMPANION.rglob("*"))):
        if path.is_file() and path.suffix in (".py", ".xml", ".cfg", ".po", ".toml"):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _install_companion(place: Path) -> None:
    # A copy, since building leaves files beside the sources.
    copy = place / "companion"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(COMPANION, copy)
    pip = [str(prepare.python(place)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--force-reinstall", str(copy)], check=True, stdin=subprocess.DEVNULL)


def _collect_web_client(modules: Path, web: Path) -> None:
    """Lay out the client as its page names it; its own way is to fetch the libraries with bower."""
    client = modules / "tryton-sao"
    web.mkdir()
    shutil.copy(client / "index.html", web)
    for part in ("dist", "images", "locale", "sounds"):
        shutil.copytree(client / part, web / part)
    for library in _LIBRARIES:
        shutil.copytree(modules / library, web / "bower_components" / library)
    shutil.copytree(modules / "d3" / "dist", web / "bower_components" / "d3")


def _fill(folder: Path, port: int, postgres: Postgres | None = None) -> None:
    """Make the database of ``folder``'s configuration, with modules and people."""
    for step in (["--all"], ["-u", "health", "--activate-dependencies"], ["-u", "vdx_video"]):
        _admin(folder, postgres, *step)
    url = f"http://127.0.0.1:{port}"
    process = _boot(folder, url, postgres)
    try:
        _people(Rpc(url, ADMIN))
    finally:
        process.terminate()
        process.wait(timeout=20)


def _people(rpc: Rpc) -> None:
    currency = rpc.create("currency.currency", name="Danish krone", code="DKK", symbol="kr")
    clinic = rpc.create("party.party", name="Lægehuset Eksempel", is_institution=True, fed_country="DNK")
    company = rpc.create("company.company", party=clinic, currency=currency)
    rpc.write("res.user", 1, companies=[["add", [company]]], company=company)
    institution = rpc.create(
        "gnuhealth.institution", party=clinic, code="LH", institution_type="primary_care", public_level="private"
    )
    admin_groups = rpc.search_read("res.user", [["id", "=", 1]], ["groups"])[0]["groups"]
    for number, ((login, word), given, family) in enumerate(
        ((DOCTOR, "Hanne", "Holm"), (OTHER_DOCTOR, "Bent", "Berg")), start=1
    ):
        groups = [["add", admin_groups]]
        user = rpc.create(
            "res.user",
            name=f"{given} {family}",
            login=login,
            password=word,
            groups=groups,
            companies=[["add", [company]]],
            company=company,
        )
        party = rpc.create(
            "party.party",
            name=given,
            lastname=family,
            is_person=True,
            is_healthprof=True,
            fed_country="DNK",
            ref=f"DOC{number}",
            internal_user=user,
            gender="f",
        )
        rpc.create("gnuhealth.healthprofessional", party=party, code=login.upper(), institution=institution)
    _patient(rpc, "Ditte", "Prøvesen", DITTE, (1948, 12, 25), email="ditte@patient.test", mobile="+4520000001")
    _patient(rpc, "Åge", "Eksempelsen", AAGE, (1979, 3, 11))


def _patient(rpc: Rpc, given: str, family: str, number: str, born: tuple[int, int, int], **contact: str) -> int:
    day = {"__class__": "date", "year": born[0], "month": born[1], "day": born[2]}
    mechanisms = [["create", [{"type": kind, "value": value} for kind, value in contact.items()]]] if contact else []
    party = rpc.create(
        "party.party",
        name=given,
        lastname=family,
        is_person=True,
        is_patient=True,
        fed_country="DNK",
        ref=number,
        dob=day,
        gender="f",
        contact_mechanisms=mechanisms,
    )
    return rpc.create("gnuhealth.patient", party=party)


def _admin(folder: Path, postgres: Postgres | None, *arguments: str) -> None:
    words = folder / "admin-word"
    words.write_text(ADMIN[1], encoding="ascii")
    command = [_script("trytond-admin"), "-c", str(folder / "trytond.conf"), "-d", DATABASE]
    environment = {**_environment(postgres), "TRYTONPASSFILE": str(words)}
    subprocess.run([*command, "--email", "admin@clinic.test", *arguments], check=True, env=environment)


def _environment(postgres: Postgres | None) -> dict[str, str]:
    """Return the environment; a PostgreSQL server is found by the folder of its socket."""
    return {**os.environ, "PGHOST": str(postgres.folder)} if postgres is not None else dict(os.environ)


def _boot(folder: Path, url: str, postgres: Postgres | None) -> subprocess.Popen[bytes]:
    with (folder / "trytond.log").open("ab") as log:
        process = subprocess.Popen(
            [_script("trytond"), "-c", str(folder / "trytond.conf")],
            stdout=log,
            stderr=log,
            env=_environment(postgres),
        )
    body = json.dumps({"id": 1, "method": "common.server.version", "params": []}).encode()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.post(f"{url}/", content=body, headers={"Content-Type": "application/json"}).is_success:
                return process
        if process.poll() is not None:
            break
        time.sleep(0.1)
    process.kill()
    raise AssertionError((folder / "trytond.log").read_text(encoding="utf-8")[-2000:])


def _script(name: str) -> str:
    return str(prepare.python(prepare.PLACE / "gnuhealth").with_name(name))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as line:
        return int(line.getsockname()[1])
