"""The cards' service: what it offers, whom it believes, and what it makes of what it is sent."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import logging
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from tests.fakes_clinic import HandClock
from vdx_plugin.cds_hooks import CardService, FeedbackFile, KeySets, Links, Trusted
from vdx_plugin.cds_hooks.bearer import Seen
from vdx_plugin.cds_hooks.calls import Outcome
from vdx_plugin.cds_hooks.feedback import COLUMNS, count
from vdx_plugin.cds_hooks.keys import LEAST_BETWEEN_S
from vdx_plugin.cds_hooks.running import Served
from vdx_plugin.errors import Misconfigured, Unavailable

BASE = "https://video.clinic.test"
VIEW = f"{BASE}/cds-services/vdx-video-patient"
BOOK = f"{BASE}/cds-services/vdx-video-booking"
RECORD = Trusted("https://record.test", "https://record.test/keys.json")
NEIGHBOUR = Trusted("https://neighbour.test", "https://neighbour.test/keys.json")
LAUNCH = "http://127.0.0.1:53682/launch"
TELL_TALES = ("8512484901", "Prøvesen", "patient-77", "hanne-9")


class Keys:
    """The records' key sets, by address; counts how often each is fetched."""

    def __init__(self) -> None:
        self.mine = ECKey.generate_key("P-384", {"kid": "mine"})
        self.rsa = RSAKey.generate_key(2048, {"kid": "rsa"})
        self.theirs = ECKey.generate_key("P-384", {"kid": "theirs"})
        self.sets = {RECORD.jku: [self.mine, self.rsa], NEIGHBOUR.jku: [self.theirs]}
        self.fetched: list[str] = []

    async def fetch(self, jku: str) -> bytes:
        self.fetched.append(jku)
        if jku not in self.sets:
            raise httpx.ConnectError("nobody there")
        return json.dumps(KeySet(self.sets[jku]).as_dict(private=False)).encode()


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "feedback.csv"


def service(keys: Keys, clock: HandClock, file: Path, **more: Any) -> CardService:
    links = more.pop("links", Links("https://video.clinic.test/start", LAUNCH, "Lægehuset Eksempel"))
    return CardService(BASE, (RECORD, NEIGHBOUR), links, FeedbackFile(file), KeySets(keys.fetch), clock.now, **more)


@pytest.fixture
async def http(keys: Keys, clock: HandClock, file: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = service(keys, clock, file).app
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client:
        yield client


def claims(clock: HandClock, url: str = VIEW, **changes: Any) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    usual = {"iss": RECORD.iss, "aud": url, "iat": now, "exp": now + 300, "jti": uuid4().hex}
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


def token(keys: Keys, given: dict[str, Any], key: Any = None, **header: Any) -> str:
    key = key or keys.mine
    head = {"alg": "ES384", "typ": "JWT", "kid": key.kid, "jku": RECORD.jku, **header}
    head = {name: value for name, value in head.items() if value is not None}
    return jwt.encode(head, given, key, algorithms=["ES384", "RS384", "ES256", "HS256"])


def signed(keys: Keys, clock: HandClock, url: str = VIEW) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(keys, claims(clock, url))}"}


def call(hook: str = "patient-view", **context: Any) -> dict[str, Any]:
    usual = {"userId": "Practitioner/hanne-9", "patientId": "patient-77", **context}
    return {"hook": hook, "hookInstance": str(uuid4()), "context": usual}


# --- what it offers ---------------------------------------------------------------------------------------------------


async def test_discovery_tells_both_hooks_and_asks_for_no_patient_data(http: httpx.AsyncClient) -> None:
    """A card needs nothing about the patient, so nothing is prefetched."""
    services = {one["hook"]: one for one in (await http.get("/cds-services")).json()["services"]}
    assert set(services) == {"patient-view", "appointment-book"}
    assert all({"id", "title", "description"} <= set(one) and "prefetch" not in one for one in services.values())


async def test_an_open_patient_gets_one_card_with_both_links(http, keys, clock) -> None:
    """Short enough, informing, with an id, and never launched by itself."""
    prefetch = {"patient": {"resourceType": "Patient", "name": [{"family": "Prøvesen"}]}}
    answer = await http.post(VIEW, json={**call(), "prefetch": prefetch}, headers=signed(keys, clock))
    (card,) = answer.json()["cards"]
    UUID(card["uuid"])
    assert (card["indicator"], card["source"]["label"]) == ("info", "Lægehuset Eksempel")
    assert len(card["summary"]) < 140
    smart, absolute = card["links"]
    assert (smart["type"], smart["url"]) == ("smart", LAUNCH)
    assert json.loads(smart["appContext"]) == {"action": "start-video"}
    assert (absolute["type"], absolute["url"]) == ("absolute", "https://video.clinic.test/start")
    assert "autolaunchable" not in answer.text
    assert not any(word in answer.text for word in TELL_TALES)


async def test_a_link_that_is_not_set_is_not_shown(keys, clock, file) -> None:
    """A record without SMART would show a dead button."""
    app = service(keys, clock, file, links=Links(page="https://video.clinic.test/start")).app
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        (card,) = (await http.post(VIEW, json=call(), headers=signed(keys, clock))).json()["cards"]
    assert [link["type"] for link in card["links"]] == ["absolute"]
    assert "appContext" not in card["links"][0]


async def test_a_booking_gets_a_card_only_where_something_is_booked(http, keys, clock) -> None:
    """An empty proposal has nothing to hold by video; and nobody is called while a time is being booked."""
    for entries, cards in (([], 0), ([{"resource": {"resourceType": "Appointment"}}], 1)):
        body = call("appointment-book", appointments={"resourceType": "Bundle", "entry": entries})
        answer = await http.post(BOOK, json=body, headers=signed(keys, clock, BOOK))
        assert len(answer.json()["cards"]) == cards
        assert all(link["type"] != "smart" for card in answer.json()["cards"] for link in card["links"])


async def test_an_unknown_service_is_not_found_in_the_form_of_an_outcome(http, keys, clock) -> None:
    """The form of errors of CDS Hooks 3.0."""
    url = f"{BASE}/cds-services/other"
    answer = await http.post(url, json=call(), headers=signed(keys, clock, url))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/fhir+json"
    assert answer.json()["resourceType"] == "OperationOutcome"


# --- whom it believes -------------------------------------------------------------------------------------------------


async def refused(http: httpx.AsyncClient, authorization: str | None, url: str = VIEW) -> bool:
    headers = {"Authorization": authorization} if authorization is not None else {}
    answer = await http.post(url, json=call(), headers=headers)
    if answer.status_code == 401:
        assert answer.json()["resourceType"] == "OperationOutcome"
        assert answer.headers["www-authenticate"] == "Bearer"
    return answer.status_code == 401


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.test"},
        {"iss": NEIGHBOUR.iss},
        {"aud": BASE},
        {"aud": f"{VIEW}/"},
        {"aud": BOOK},
        {"aud": [VIEW, "https://other.test"]},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": 1e300},
        {"iat": None},
        {"iat": 99999999999},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 201},
    ],
)
async def test_wrong_claims_are_refused(http, keys, clock, changes) -> None:
    """Each alone; ``iss`` must also be the owner of the key set."""
    assert await refused(http, f"Bearer {token(keys, claims(clock, **changes))}")


async def test_a_token_that_would_live_too_long_is_refused(http, keys, clock) -> None:
    """It would have to be remembered as long."""
    ends = int(clock.now().timestamp()) + 3600
    assert await refused(http, f"Bearer {token(keys, claims(clock, exp=ends))}")


async def test_other_algorithms_and_keys_are_refused(http, keys, clock) -> None:
    """``none``, shared secrets, keys that are not the record's, and a public key used as a secret."""
    given = claims(clock)
    none = f"{_part({'alg': 'none', 'kid': 'mine', 'jku': RECORD.jku})}.{_part(given)}."
    secret = {"alg": "HS256", "kid": "mine", "jku": RECORD.jku}
    stranger = ECKey.generate_key("P-384", {"kid": "mine"})
    p256 = ECKey.generate_key("P-256", {"kid": "mine"})
    for made in (
        none,
        none.replace("none", "None"),
        _with_secret(f"{_part(secret)}.{_part(given)}", keys.mine.as_pem(private=False)),
        token(keys, given, stranger),
        token(keys, given, p256, alg="ES256"),
        token(keys, given, keys.theirs),
        token(keys, given, kid="unknown"),
        token(keys, given, kid=None),
        token(keys, given, jku="https://evil.test/keys.json"),
        token(keys, given, jku=None),
        token(keys, given)[:-4] + "AAAA",
    ):
        assert await refused(http, f"Bearer {made}")
    assert set(keys.fetched) == {RECORD.jku}, "a key set was fetched from an address that is on no list"


def _part(given: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(given).encode()).decode().rstrip("=")


def _with_secret(text: str, secret: bytes) -> str:
    made = hmac.digest(secret, text.encode(), "sha256")
    return f"{text}.{base64.urlsafe_b64encode(made).decode().rstrip('=')}"


async def test_a_neighbours_key_does_not_speak_for_another_record(http, keys, clock) -> None:
    """Both are trusted, each for itself."""
    assert await refused(http, f"Bearer {token(keys, claims(clock), keys.theirs, jku=NEIGHBOUR.jku)}")
    own = token(keys, claims(clock, iss=NEIGHBOUR.iss), keys.theirs, jku=NEIGHBOUR.jku)
    assert not await refused(http, f"Bearer {own}")


async def test_rs384_is_taken_too(http, keys, clock) -> None:
    """The other algorithm of the specification."""
    assert not await refused(http, f"Bearer {token(keys, claims(clock), keys.rsa, alg='RS384')}")


@pytest.mark.parametrize(
    "word", [None, "", "Bearer", "Bearer ", "Basic eA==", "Bearer x.y.z", "Bearer " + "x" * 9000, "Bearer bnVsbA.e30."]
)
async def test_what_is_no_bearer_is_refused(http, word) -> None:
    """Whatever stands in the header."""
    assert await refused(http, word)


async def test_a_token_is_believed_once_in_its_lifetime(http, keys, clock) -> None:
    """Whoever saw it on the way can do nothing with it; afterwards it has ended by itself, and is forgotten."""
    bearer = f"Bearer {token(keys, claims(clock))}"
    assert not await refused(http, bearer)
    assert await refused(http, bearer)
    clock.pass_by(seconds=299)
    assert await refused(http, bearer)
    clock.pass_by(seconds=60)
    assert await refused(http, bearer)


def test_what_is_remembered_is_bounded_and_never_forgotten_early() -> None:
    """Under a flood new calls are refused rather than old ones let through again."""
    seen = Seen(most=2)
    seen.take("a", "1", 100.0, 0.0)
    seen.take("a", "2", 200.0, 0.0)
    with pytest.raises(Unavailable, match=r"cds\.busy"):
        seen.take("a", "3", 300.0, 0.0)
    seen.take("a", "3", 300.0, 131.0)
    assert len(seen._seen) == 2


async def test_a_key_that_is_new_is_fetched_and_a_made_up_one_is_not_fetched_for_each_call(http, keys, clock) -> None:
    """Records change their keys; a flood of made-up ones must not make us a weapon against the record."""
    assert not await refused(http, f"Bearer {token(keys, claims(clock))}")
    newer = ECKey.generate_key("P-384", {"kid": "newer"})
    keys.sets[RECORD.jku] = [newer]
    for _time in range(5):
        assert await refused(http, f"Bearer {token(keys, claims(clock), newer)}")
    assert len(keys.fetched) == 1
    clock.pass_by(seconds=LEAST_BETWEEN_S)
    assert not await refused(http, f"Bearer {token(keys, claims(clock), newer)}")
    assert len(keys.fetched) == 2


async def test_keys_that_cannot_be_fetched_are_told_as_such(http, keys, clock) -> None:
    """Try later; nothing is believed meanwhile."""
    del keys.sets[RECORD.jku]
    answer = await http.post(VIEW, json=call(), headers=signed(keys, clock))
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (503, "transient")


# --- what it is sent --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"hook": "order-sign"},
        {"hook": None},
        {"hookInstance": "x"},
        {"hookInstance": 7},
        {"context": None},
        {"context": {"userId": "u"}},
        {"context": {"userId": "", "patientId": "p"}},
        {"context": {"userId": 1, "patientId": "p"}},
    ],
)
async def test_a_call_that_breaks_its_form_is_refused_without_its_content(http, keys, clock, change) -> None:
    """The place is told, never what stood there."""
    answer = await http.post(VIEW, json={**call(), **change}, headers=signed(keys, clock))
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["code"] == "invalid"
    assert "order-sign" not in answer.text


async def test_a_body_that_is_too_large_or_of_another_type_is_refused(http, keys, clock) -> None:
    """A bundle of thousands of entries costs nothing but a refusal."""
    large = json.dumps({**call(), "prefetch": "x" * 300_000}).encode()
    headers = {**signed(keys, clock), "Content-Type": "application/json"}
    assert (await http.post(VIEW, content=large, headers=headers)).status_code == 400
    headers = {**signed(keys, clock), "Content-Type": "text/plain"}
    assert (await http.post(VIEW, content=json.dumps(call()), headers=headers)).status_code == 400


async def test_damaged_bodies_are_a_refusal_and_nothing_else(http, keys, clock, caplog) -> None:
    """Cut, flipped, nested without end: 400 or an answer, never a 500, and no byte of it in the log."""
    chance = random.Random(20261123)
    good = json.dumps(call("appointment-book", appointments={"resourceType": "Bundle", "entry": [{"resource": {}}]}))
    bodies = [b"", b"null", b"[]", b"[" * 100_000, b'{"hook":' * 5000, b"\xff\xfe", b'{"feedback": [1]}']
    for _each in range(150):
        damaged = bytearray(good.encode())
        for _place in range(chance.randrange(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        bodies.append(bytes(damaged[: chance.randrange(1, len(damaged) + 1)]))
    with caplog.at_level(logging.DEBUG):
        for body in bodies:
            for url in (BOOK, f"{BOOK}/feedback"):
                headers = {**signed(keys, clock, url), "Content-Type": "application/json"}
                assert (await http.post(url, content=body, headers=headers)).status_code in (200, 400)
    told = "\n".join(line.getMessage() for line in caplog.records if line.name.startswith("vdx_plugin"))
    assert not any(word in told for word in TELL_TALES)
    caplog.clear()


# --- feedback ---------------------------------------------------------------------------------------------------------


def entry(outcome: str = "accepted", **more: Any) -> dict[str, Any]:
    return {"card": str(uuid4()), "outcome": outcome, "outcomeTimestamp": "2026-11-23T11:00:00Z", **more}


async def test_feedback_is_counted_once_and_holds_nothing_about_anybody(http, keys, clock, file) -> None:
    """A comment may be about the patient; a reason is kept only where it is one of those we offered."""
    comment = {"reason": {"code": "not-now"}, "userComment": "Prøvesen 8512484901"}
    unknown = {"reason": {"code": "Prøvesen"}}
    given = [entry(), entry("overridden", overrideReason=comment), entry("overridden", overrideReason=unknown)]
    url = f"{VIEW}/feedback"
    for _time in range(2):
        answer = await http.post(url, json={"feedback": given}, headers=signed(keys, clock, url))
        assert answer.status_code == 200
    text = file.read_text(encoding="utf-8")
    assert text.splitlines()[0] == ",".join(COLUMNS)
    assert not any(word in text for word in (*TELL_TALES, given[0]["card"]))
    name = "vdx-video-patient"
    counted = {(name, "accepted", ""): 1, (name, "overridden", "not-now"): 1, (name, "overridden", ""): 1}
    assert count(file) == counted


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"feedback": []},
        {"feedback": [{}]},
        {"feedback": [entry("ignored")]},
        {"feedback": [entry(card="x")]},
        {"feedback": [entry()] * 101},
    ],
)
async def test_feedback_that_breaks_its_form_counts_nothing(http, keys, clock, file, given) -> None:
    """All of it or none."""
    url = f"{VIEW}/feedback"
    assert (await http.post(url, json=given, headers=signed(keys, clock, url))).status_code == 400
    assert not file.exists()


async def test_a_token_for_the_hook_is_none_for_feedback(http, keys, clock, file) -> None:
    """The end point is exact."""
    body = {"feedback": [entry()]}
    assert (await http.post(f"{VIEW}/feedback", json=body, headers=signed(keys, clock))).status_code == 401


# --- browsers and settings --------------------------------------------------------------------------------------------


async def test_no_page_of_another_origin_may_call_unless_it_is_named(http, keys, clock, file) -> None:
    """CORS is off; a named origin is let in, another is not."""
    asks = {"Origin": "https://record.test", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in (await http.options(VIEW, headers=asks)).headers
    app = service(keys, clock, file, origins=("https://record.test",)).app
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as named:
        assert (await named.options(VIEW, headers=asks)).headers["access-control-allow-origin"] == "https://record.test"
        other = await named.options(VIEW, headers={**asks, "Origin": "https://evil.test"})
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"public_url": "http://clinic.test"}, "public_url"),
        ({"public_url": ""}, "public_url"),
        ({"trusted": ()}, "trusted"),
        ({"trusted": (Trusted("https://record.test", "http://record.test/keys"),)}, "trusted"),
        ({"links": Links()}, "launch_url"),
        ({"links": Links(page="vdx://start")}, "page_url"),
        ({"links": Links(page="http://clinic.test")}, "page_url"),
        ({"origins": ("*",)}, "allow_origins"),
    ],
)
def test_a_setting_that_is_not_safe_is_named(tmp_path, change, name) -> None:
    """Before anything is served."""
    good = {"public_url": BASE, "port": 0, "trusted": (RECORD,), "links": Links(launch=LAUNCH), "folder": tmp_path}
    Served(**good).check()
    with pytest.raises(Misconfigured) as caught:
        Served(**{**good, **change}).check()
    assert caught.value.facts["setting"] == f"cds_hooks.{name}"


def test_feedback_of_an_earlier_day_is_counted_with_todays(tmp_path) -> None:
    """The file outlives the process; where there is none, nothing is counted."""
    path = tmp_path / "deep" / "feedback.csv"
    assert count(path) == {}
    day = HandClock().now().date()
    for number in range(2):
        outcome = Outcome(UUID(int=1), "accepted")
        asyncio.run(FeedbackFile(path).add("s", [outcome], day + timedelta(days=number)))
    assert count(path) == {("s", "accepted", ""): 2}
