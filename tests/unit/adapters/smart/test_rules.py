"""The pure rules: settings, scopes, one authorisation, what is kept, and resources that nobody would send."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from typing import Any

import pytest

from tests.fakes_clinic import NOON, PRACTICE, HandClock, context_of
from vdx_plugin.adapters.smart import make, mapping, tokens
from vdx_plugin.adapters.smart.discovery import Server, read
from vdx_plugin.adapters.smart.fhir import Record
from vdx_plugin.adapters.smart.launching import read_query
from vdx_plugin.adapters.smart.scopes import Granted, asked
from vdx_plugin.adapters.smart.sessions import MOST, Session, Sessions
from vdx_plugin.adapters.smart.signing_in import MOST_REMEMBERED, MOST_UNDER_WAY, SigningIn, UnderWay, challenge
from vdx_plugin.domain.patients import CPR, D_ECPR, Identifier, Patient, cpr
from vdx_plugin.errors import Misconfigured, Refused, Unreadable
from vdx_plugin.ports import AdapterSetup

BASE = "https://record.test/fhir"
SERVER = Server(BASE, "https://record.test", "https://record.test/auth", "https://record.test/token", "https://x.test")


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"servers": ""}, "servers"),
        ({"servers": "http://record.test/fhir"}, "servers"),
        ({"servers": f"{BASE} ftp://record.test"}, "servers"),
        ({"servers": "https://user:word@record.test/fhir"}, "servers"),
        ({"servers": "https://[bad"}, "servers"),
        ({"client_id": ""}, "client_id"),
        ({"port": "x"}, "port"),
        ({"port": "70000"}, "port"),
        ({"launch_limit_s": "9"}, "launch_limit_s"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, str], place: str) -> None:
    """The one who sets it up sees which, never its value."""
    whole = {"servers": BASE, "client_id": "vdx", **settings}
    with pytest.raises(Misconfigured) as caught:
        make(AdapterSetup(whole, "", HandClock(), PRACTICE))
    assert caught.value.facts["setting"] == f"adapters.smart.{place}"


@pytest.mark.parametrize(
    ("change", "is_good"),
    [
        ({}, True),
        ({"code_challenge_methods_supported": ["S256", "plain"]}, False),
        ({"code_challenge_methods_supported": []}, False),
        ({"code_challenge_methods_supported": None}, False),
        ({"token_endpoint": "http://record.test/token"}, False),
        ({"authorization_endpoint": "javascript:alert(1)"}, False),
        ({"jwks_uri": None}, False),
        ({"issuer": 7}, False),
        ({"revocation_endpoint": "http://elsewhere.test"}, True),
    ],
)
def test_a_configuration_that_is_not_safe_is_refused(change: dict[str, Any], is_good: bool) -> None:
    """Before the browser is sent anywhere. A revocation address that is not safe is only not used."""
    found = {
        "issuer": "https://record.test",
        "authorization_endpoint": "https://record.test/auth",
        "token_endpoint": "https://record.test/token",
        "jwks_uri": "https://record.test/keys",
        "code_challenge_methods_supported": ["S256"],
        **change,
    }
    if is_good:
        assert read(BASE, found).revoke == ""
    else:
        with pytest.raises(Refused, match=r"smart\.unsafe"):
            read(BASE, found)


def test_a_right_is_what_was_granted_and_no_more() -> None:
    """Letters, older words and stars; one narrowed by a query does not cover every resource."""
    granted = Granted.of("patient/Encounter.rs user/Appointment.read patient/*.c patient/Patient.r?active=true x")
    assert [granted.allows("Encounter", letter) for letter in "rscu"] == [True, True, True, False]
    assert (granted.allows("Appointment", "s"), granted.allows("Appointment", "u")) == (True, False)
    assert not granted.allows("Patient", "r")
    assert granted.missing(("openid", "patient/Encounter.cus", "patient/Patient.r")) == (
        "openid",
        "Encounter.u",
        "Patient.r",
    )
    assert Granted.of(" ".join(asked(write_back=True))).missing(asked(write_back=True)) == ()


def test_the_challenge_is_that_of_the_standard() -> None:
    """The example of RFC 7636, appendix B."""
    assert challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def signing_in(state: str) -> SigningIn:
    return SigningIn(SERVER, "http://127.0.0.1:1/cb", NOON, state, "nonce", "verifier")


def test_what_is_under_way_is_bounded_and_prints_no_secret() -> None:
    """A page that launches a thousand times fills nothing, and pushes out only what is oldest."""
    under_way = UnderWay(timedelta(seconds=60))
    for number in range(MOST_REMEMBERED + 50):
        under_way.see(BASE, str(number))
        under_way.add(signing_in(f"state-{number}"))
    assert (len(under_way._open), len(under_way._seen)) == (MOST_UNDER_WAY, MOST_REMEMBERED)
    with pytest.raises(Refused, match=r"smart\.launch_used"):
        under_way.see(BASE, str(MOST_REMEMBERED))
    assert "verifier'" not in repr(signing_in("state-secret"))
    assert "state-secret" not in repr(signing_in("state-secret"))


@pytest.mark.parametrize(("seconds", "is_late"), [(60, False), (60.001, True)])
def test_an_answer_is_late_after_the_limit(seconds: float, is_late: bool) -> None:
    """To the second that the settings say."""
    under_way = UnderWay(timedelta(seconds=60))
    under_way.add(signing_in("s"))
    answer = {"state": "s", "code": "c"}
    if is_late:
        with pytest.raises(Refused, match=r"smart\.late"):
            under_way.take(answer, NOON + timedelta(seconds=seconds))
    else:
        assert under_way.take(answer, NOON + timedelta(seconds=seconds))[1] == "c"


def session(number: int, user: str = f"{BASE}/Practitioner/hanne") -> Session:
    found = Patient((cpr(f"{number:010}"),), local_id=f"{BASE}/Patient/{number}")
    given = tokens.read({"access_token": "a", "token_type": "Bearer", "scope": "openid"})
    return Session(SERVER, Record(None, BASE, given, None), str(number), found, user)


def test_sessions_are_bounded_and_one_users() -> None:
    """The oldest goes first; another user's go all at once."""
    kept = Sessions()
    ended = [one for number in range(MOST + 3) for one in kept.add(session(number))]
    assert ([one.patient_id for one in ended], len(kept)) == (["0", "1", "2"], MOST)
    assert kept.of(context_of("smart", Patient((cpr(f"{5:010}"),)))).patient_id == "5"
    assert len(kept.add(session(99, f"{BASE}/Practitioner/bent"))) == MOST
    assert len(kept) == 1


def resource(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "p", "name": [{"family": "Prøvesen", "given": ["Ditte", "Åse"]}], **more}


def test_identifiers_keep_their_system_and_ten_digits_prove_nothing() -> None:
    """Several numbers; old ones, ones without a system and ones that cannot be are left out."""
    given = [
        {"system": CPR, "value": "851248-4901"},
        {"system": D_ECPR, "value": "851248 nope"},
        {"system": "urn:local", "value": "L1"},
        {"system": CPR, "value": "7103792202", "use": "old"},
        {"value": "8512484901"},
    ]
    found = mapping.subject(resource(identifier=given, birthDate="1948-12-25"), BASE)
    assert found.patient.identifiers == (cpr("8512484901"), Identifier("urn:local", "L1"))
    assert found.patient.birth_date == date(1948, 12, 25)
    bare = mapping.subject(resource(birthDate="1948"), BASE).patient
    assert (bare.identifiers, bare.birth_date) == ((Identifier(f"{BASE}/Patient", "p"),), None)


@pytest.mark.parametrize("name", [None, [], [{"given": ["Ditte"]}], [{"family": " "}], [{"family": "Pr\ufffdvesen"}]])
def test_a_patient_without_a_whole_name_is_unreadable(name: Any) -> None:
    """A name with a hole in it is another name."""
    with pytest.raises(Unreadable, match=r"smart\.unreadable"):
        mapping.subject(resource(name=name), BASE)


def test_damaged_resources_are_read_or_refused_and_nothing_else() -> None:
    """Any member may be of any type; the error never holds what stood there."""
    chance = random.Random(20261123)
    whole = resource(
        identifier=[{"system": CPR, "value": "8512484901"}],
        birthDate="1948-12-25",
        telecom=[{"system": "phone", "value": "+4520000001", "use": "mobile"}],
        link=[{"type": "replaced-by", "other": {"reference": "Patient/q"}}],
    )
    odd = [None, 7, "", "tell-tale", [], {}, [None], {"tell-tale": []}, True]
    for _each in range(500):
        damaged = json.loads(json.dumps(whole))
        _damage(damaged, chance, odd)
        damaged["id"] = "p"
        assert "tell-tale" not in refusal(damaged)


def refusal(damaged: dict[str, Any]) -> str:
    """Return the words of the refusal, empty where it is read."""
    try:
        mapping.subject(damaged, BASE)
    except Unreadable as error:
        return str(error)
    return ""


def _damage(value: Any, chance: random.Random, odd: list[Any]) -> None:
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = chance.choice(keys)
    if isinstance(value[key], dict | list) and value[key] and chance.random() < 0.7:
        _damage(value[key], chance, odd)
    else:
        value[key] = chance.choice(odd)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"access_token": "a", "token_type": "mac", "scope": ""},
        {"access_token": 7, "token_type": "bearer", "scope": ""},
        {"access_token": "a\r\nX: y", "token_type": "bearer", "scope": ""},
        {"access_token": "a", "token_type": "bearer"},
    ],
)
def test_a_token_answer_that_breaks_its_form_is_unreadable(given: dict[str, Any]) -> None:
    """Without a scope we would have to grant ourselves what we asked."""
    with pytest.raises(Unreadable):
        tokens.read(given)


def test_of_several_appointments_none_is_chosen() -> None:
    """It is not said which one the click was about."""
    usual = {"access_token": "a", "token_type": "bearer", "scope": ""}
    for named, wanted in (
        (["Appointment/1"], "1"),
        (["Appointment/1", "Appointment/2"], None),
        (["Appointment/../x"], None),
    ):
        context = [{"reference": one} for one in named]
        assert tokens.read({**usual, "fhirContext": context}).appointment == wanted


@pytest.mark.parametrize("query", ["a=1&a=2", "&".join(f"n{each}=1" for each in range(30)), "x" * 9000, "a=%ff", "&&"])
def test_a_query_that_could_be_read_two_ways_is_not_read(query: str) -> None:
    """Two states or two codes: whoever reads the first and whoever reads the last must not differ."""
    assert read_query(query) == {}
