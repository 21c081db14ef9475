"""The official validator over HTTP: two forms, one answer, and what happens while it does not answer."""

from __future__ import annotations

import json
import logging

import httpx
import pytest

from tests.unit.invitations.samples import HOSPITAL_PARTY, NOW, ROOM, composer, consultation, ids
from tests.unit.invitations.validator_double import ValidatorDouble
from vdx_plugin.errors import Misconfigured, Refused, Unavailable
from vdx_plugin.invitations.finding import Finding
from vdx_plugin.invitations.message import Message, read_message
from vdx_plugin.invitations.message_check import Checker, MessageCheck, Opinion, Verdict
from vdx_plugin.invitations.validator import Form, HttpValidator, ValidatorSettings

FORMS: list[Form] = ["hl7", "fhir"]
PLACE = "Bundle.entry[1].resource/*Communication/00000000-0000-4000-8000-000000000003*/.status"


def message() -> Message:
    draft = composer().invitation(consultation(), HOSPITAL_PARTY, ROOM, NOW, ids())
    return read_message(draft.payload, draft.mime)


def validator(double: ValidatorDouble, form: Form = "hl7") -> HttpValidator:
    return HttpValidator(ValidatorSettings("http://validator.example/api/", form), double.client())


@pytest.mark.parametrize("form", FORMS)
async def test_both_forms_ask_about_the_whole_message_and_answer_alike(form: Form) -> None:
    """Which of the two a site has must make no difference to what is sent."""
    double = ValidatorDouble([("error", PLACE, "Fixed_Value"), ("warning", "Bundle", "dom-6")])
    one = validator(double, form)
    found = await one.validate(message())
    assert double.asked == [json.loads(json.dumps(message().bundle))]
    assert [(f.rule, f.place, f.is_warning) for f in found] == [
        ("Fixed_Value", "Bundle.entry[1].resource.status", False),
        ("dom-6", "Bundle", True),
    ]
    await one.close()


@pytest.mark.parametrize("form", FORMS)
async def test_words_of_the_validator_are_not_taken_over(form: Form) -> None:
    """They quote the message, and findings go into logs and to partners."""
    odd = "where patient 'Bruno' is"
    one = validator(ValidatorDouble([("fatal", odd, "a rule\nof two lines")]), form)
    (found,) = await one.validate(message())
    assert "Bruno" not in repr(found)
    assert str(message().bundle["id"]) not in repr(found)
    assert (found.place, found.is_warning) == ("Bundle", False)
    await one.close()


async def test_the_wrapper_is_asked_in_the_same_session() -> None:
    """Otherwise it loads all its packages for every message."""
    double = ValidatorDouble()
    one = validator(double)
    assert await one.validate(message()) == []
    assert await one.validate(message()) == []
    assert double.sessions == ["", "session-1"]
    await one.close()


async def test_a_server_may_give_its_verdict_under_a_status_of_its_own() -> None:
    """Some answer 412 or 422 with the outcome for an invalid message."""
    one = validator(ValidatorDouble([("error", "Bundle", "x")], status=412), "fhir")
    assert [found.rule for found in await one.validate(message())] == ["x"]
    await one.close()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "double",
    [
        ValidatorDouble(status=500),
        ValidatorDouble(status=401),
        ValidatorDouble(answer="<html>"),
        ValidatorDouble(answer="{}"),
        ValidatorDouble(answer='{"outcomes": [{}]}'),
        ValidatorDouble(fails=httpx.ConnectError("no")),
        ValidatorDouble(fails=httpx.ReadTimeout("no")),
    ],
    ids=["500", "401", "html", "empty", "no issues", "unreachable", "silent"],
)
async def test_no_answer_is_neither_valid_nor_invalid(double: ValidatorDouble, form: Form) -> None:
    """A state of its own: nobody has looked."""
    one = validator(double, form)
    with pytest.raises(Unavailable) as error:
        await one.validate(message())
    assert error.value.code == "invite.validator"
    opinions = await MessageCheck(None, one).examine(message())
    assert opinions[-1] == Opinion(Checker.VALIDATOR, Verdict.NOT_CHECKED)
    await one.close()


async def test_a_status_without_a_verdict_is_no_answer() -> None:
    """A server that says 400 and lists only remarks has not judged the message."""
    one = validator(ValidatorDouble([("information", "Bundle", "x")], status=400), "fhir")
    with pytest.raises(Unavailable):
        await one.validate(message())
    await one.close()


async def test_an_address_that_is_none_is_a_setting_to_mend() -> None:
    """Waiting would not help."""
    one = HttpValidator(ValidatorSettings("validator.example"), httpx.AsyncClient())
    with pytest.raises(Misconfigured):
        await one.validate(message())
    await one.close()


async def test_what_the_validator_finds_is_not_sent() -> None:
    """Errors hold a message back, warnings do not (Validation Governance, 2.1)."""
    wrong = MessageCheck(None, validator(ValidatorDouble([("error", "Bundle", "Fixed_Value")])))
    with pytest.raises(Refused, match="Fixed_Value"):
        await wrong.before_sending(message())
    odd = MessageCheck(None, validator(ValidatorDouble([("warning", "Bundle", "x")])))
    await odd.before_sending(message())
    for check in (wrong, odd):
        await check.close()


async def test_a_setting_decides_whether_a_message_waits_for_the_validator(caplog: pytest.LogCaptureFixture) -> None:
    """Sent unchecked by it, or held back; the loss is told once, and so is the return."""
    caplog.set_level(logging.INFO)
    double = ValidatorDouble(status=503)
    free = MessageCheck(None, validator(double))
    await free.before_sending(message())
    await free.before_sending(message())
    assert [record.levelname for record in caplog.records if record.name.endswith("check")] == ["WARNING"]
    double.status = 200
    await free.before_sending(message())
    assert "answers again" in caplog.records[-1].message
    double.status = 503
    strict = MessageCheck(None, validator(double), must_validate=True)
    with pytest.raises(Unavailable):
        await strict.before_sending(message())
    for check in (free, strict):
        await check.close()


class Fixed:
    """A profile checker that always says the same."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = list(findings)
        self.asked = 0

    def check(self, message: Message) -> list[Finding]:
        self.asked += 1
        return self.findings


WARNING = Finding("dom-6", "Patient", "x", is_warning=True)
ERROR = Finding("max", "Patient.name", "x")


async def test_profiles_hold_a_message_back_and_turn_one_down() -> None:
    """In both directions; a warning does neither."""
    strict, mild = MessageCheck(Fixed(ERROR)), MessageCheck(Fixed(WARNING))
    with pytest.raises(Refused, match="max"):
        await strict.before_sending(message())
    assert await strict.of_incoming(message()) == [ERROR]
    await mild.before_sending(message())
    assert await mild.of_incoming(message()) == []


async def test_a_later_checker_is_asked_only_when_the_earlier_ones_are_content() -> None:
    """A message that is known to be wrong costs nobody else's time, and stays on this machine."""
    profiles, double = Fixed(ERROR), ValidatorDouble()
    check = MessageCheck(profiles, validator(double))
    wrong = Message({**message().bundle, "type": "collection"})
    with pytest.raises(Refused, match="bundle-type"):
        await check.before_sending(wrong)
    assert profiles.asked == 0
    with pytest.raises(Refused, match="max"):
        await check.before_sending(message())
    assert double.asked == []
    await check.close()


async def test_everybody_is_heard_when_a_person_asks() -> None:
    """With the command, a fault found by one must not hide what the others find."""
    check = MessageCheck(Fixed(WARNING), validator(ValidatorDouble([("error", "Bundle", "x")])))
    wrong = Message({**message().bundle, "type": "collection"})
    verdicts = [(one.checker, one.verdict) for one in await check.examine(wrong)]
    assert verdicts == [
        (Checker.RULES, Verdict.INVALID),
        (Checker.PROFILES, Verdict.VALID),
        (Checker.VALIDATOR, Verdict.INVALID),
    ]
    await check.close()
