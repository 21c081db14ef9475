"""How partners behave: the rules as a table, and a conduct read from what a person or a program sends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vdx_plugin.sandbox.partners.conduct import ISSUES, decide, delays, is_down, read_conduct
from vdx_plugin.sandbox.partners.values import Answer, Behaviour, Conduct, Finding, PartnerTimes

NOW = datetime(2026, 10, 7, 8, 0, tzinfo=UTC)
TIMES = PartnerTimes(acknowledge_s=1, slow_s=20)
BROKEN = (Finding("category", "Communication.category", "ukendt kategori"),)
REMARK = (Finding("narrative", "Patient.text", "siger intet", is_error=False),)
OK, FATAL, TRANSIENT = "ok", "fatal-error", "transient-error"


@pytest.mark.parametrize(
    ("behaviour", "findings", "earlier", "said"),
    [
        (Behaviour.OK, (), (), [OK]),
        (Behaviour.OK, REMARK, (), [OK]),
        (Behaviour.OK, BROKEN, (), [FATAL]),
        (Behaviour.SLOW, (), (), [OK]),
        (Behaviour.SILENT, (), (), []),
        (Behaviour.SILENT, BROKEN, (), []),
        (Behaviour.REJECT, (), (), [FATAL]),
        (Behaviour.REJECT, (), (OK,), [OK]),
        (Behaviour.OK, (), (FATAL,), [FATAL]),
        (Behaviour.TRANSIENT, (), (), [TRANSIENT]),
        (Behaviour.TRANSIENT, (), (TRANSIENT,), [OK]),
        (Behaviour.TRANSIENT, (), (TRANSIENT, OK), [OK]),
        (Behaviour.CONTRADICTORY, (), (), [OK, FATAL]),
        (Behaviour.CONTRADICTORY, (), (OK, FATAL), [OK, FATAL]),
        (Behaviour.CONTRADICTORY, BROKEN, (), [FATAL]),
        (Behaviour.DUPLICATE, (), (), [OK]),
        (Behaviour.EARLY, (), (), [OK]),
        (Behaviour.UNDELIVERABLE, (), (), []),
        (Behaviour.COUNT, (), (), []),
    ],
)
def test_what_a_system_says(
    behaviour: Behaviour, findings: tuple[Finding, ...], earlier: tuple[str, ...], said: list[str]
) -> None:
    """Once ok or fatal-error, always the same, unless it contradicts itself on purpose."""
    answers = decide(Conduct(behaviour), findings, [Answer(code) for code in earlier])
    assert [answer.code for answer in answers] == said


@pytest.mark.parametrize("issue", ISSUES)
def test_a_refusal_gives_the_reason_it_was_set_to(issue: str) -> None:
    """What the clinic tells its user depends on it."""
    (answer,) = decide(Conduct(Behaviour.REJECT, issue), (), ())
    assert [finding.error_code for finding in answer.findings] == [issue]


def test_a_transient_error_comes_as_often_as_set() -> None:
    """A sender that gives up after two attempts must be seen to give up."""
    conduct = Conduct(Behaviour.TRANSIENT, times=3)
    said: list[Answer] = []
    for _ in range(5):
        said.extend(decide(conduct, (), said))
    assert [answer.code for answer in said] == [TRANSIENT] * 3 + [OK] * 2


def test_a_duplicating_partner_sends_twice_and_the_later_of_two_first() -> None:
    """Two messages written at one moment: 1, 0, 1 again, 0 again."""
    conduct = Conduct(Behaviour.DUPLICATE)
    sent = sorted((at, number) for number in (0, 1) for at in delays(conduct, TIMES, number))
    assert [number for _, number in sent] == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("conduct", "seconds"),
    [
        (Conduct(Behaviour.OK), (1,)),
        (Conduct(Behaviour.SLOW), (20,)),
        (Conduct(Behaviour.SLOW, delay_s=0.5), (0.5,)),
        (Conduct(Behaviour.EARLY), (0,)),
    ],
)
def test_each_behaviour_has_its_time(conduct: Conduct, seconds: tuple[float, ...]) -> None:
    """Slow is as slow as wanted, early comes at once."""
    assert delays(conduct, TIMES, 0) == seconds


def test_an_outage_ends_by_itself_when_it_has_an_end() -> None:
    """Or lasts until somebody changes it."""
    for_a_day = read_conduct({"behaviour": "down", "down_s": 86400}, NOW)
    assert is_down(for_a_day, NOW + timedelta(hours=23))
    assert not is_down(for_a_day, NOW + timedelta(hours=24))
    assert is_down(read_conduct({"behaviour": "down"}, NOW), NOW + timedelta(days=365))
    assert not is_down(read_conduct({"behaviour": "ok", "down_s": "9"}, NOW), NOW)


def test_a_form_means_the_same_as_json() -> None:
    """Forms send everything as text, and empty fields mean the default."""
    form = {"behaviour": "slow", "delay_s": "2.5", "times": "", "down_s": "", "cuts": "ja", "receipts": "nej"}
    assert read_conduct(form, NOW) == Conduct(Behaviour.SLOW, delay_s=2.5, cuts=True, receipts=False)
    assert read_conduct({"behaviour": "slow", "delay_s": 2.5, "cuts": True, "receipts": False}, NOW) == Conduct(
        Behaviour.SLOW, delay_s=2.5, cuts=True, receipts=False
    )


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"behaviour": "rude"},
        {"behaviour": "ok", "invented": 1},
        {"behaviour": "reject", "issue": "MSG_INVENTED"},
        {"behaviour": "transient", "times": 0},
        {"behaviour": "slow", "delay_s": -1},
        {"behaviour": "slow", "delay_s": "nan"},
        {"behaviour": "down", "down_s": "inf"},
        {"behaviour": "down", "cuts": "perhaps"},
    ],
)
def test_what_makes_no_sense_is_refused(values: dict[str, Any]) -> None:
    """A test that misspells a behaviour must not quietly run with another."""
    with pytest.raises(ValueError, match=r".+"):
        read_conduct(values, NOW)
