"""Phone numbers as people type them."""

from __future__ import annotations

import pytest

from vdx_plugin.domain.phone_numbers import text_number
from vdx_plugin.errors import Refused


@pytest.mark.parametrize("typed", ["20123456", "20 12 34 56", "+4520123456", "0045 20-12-34-56", "4520123456"])
def test_a_danish_number_becomes_one_whatever_its_dress(typed: str) -> None:
    """Records hold them in every form, and gateways take one."""
    assert text_number(typed) == "+4520123456"


def test_a_foreign_mobile_keeps_its_country() -> None:
    """Patients with an interpreter often have one."""
    assert text_number("+48 512 345 678") == "+48512345678"


@pytest.mark.parametrize("typed", ["33112233", "86123456", "20000050"])
def test_a_danish_number_of_an_old_fixed_series_is_taken(typed: str) -> None:
    """Numbers move between fixed and mobile lines, so the series says nothing."""
    assert text_number(typed).startswith("+45")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "sms.number"),
        ("hos naboen", "sms.number"),
        ("112", "sms.number"),
        ("1234567", "sms.number"),
        ("12345678", "sms.number"),
        ("2012345x", "sms.number"),
        ("+999 12345678", "sms.number"),
        ("70123456", "sms.no_text"),
        ("80123456", "sms.no_text"),
        ("90123456", "sms.no_text"),
        ("+49 30 1234567", "sms.no_text"),
    ],
)
def test_what_no_text_message_reaches_is_refused_without_repeating_it(typed: str, code: str) -> None:
    """Better told in the plan than lost on the way; and the number stands in no log."""
    with pytest.raises(Refused) as caught:
        text_number(typed)
    assert caught.value.code == code
    assert not typed or typed not in str(caught.value)
