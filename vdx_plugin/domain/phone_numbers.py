"""Phone numbers as people type them, brought into the one form that gateways take (E.164). Pure.

In Denmark a number does not tell whether it is a mobile phone's: numbers move freely between fixed and mobile lines,
and the numbering tables (libphonenumber) call them both. So a Danish number is refused only where no text message can
be received at all; a foreign one also where its series belongs to fixed lines.
"""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from vdx_plugin.errors import Refused

_TAKES_TEXT = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE, PhoneNumberType.PERSONAL_NUMBER})
_DENMARK = 45
# Eight digits. Which series are in use is not asked: the tables are older than the newest numbers.
_DANISH = re.compile(r"[2-9][0-9]{7}")
# Switchboards, free numbers, paid services.
_DANISH_SERVICES = ("70", "80", "90")


def text_number(typed: str) -> str:
    """Return ``typed`` as E.164; eight digits are Danish.

    Raises Refused(``sms.number``) for what is no phone number, Refused(``sms.no_text``) for one that no text message
    reaches.
    """
    number = _parsed(typed)
    canonical: str = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if not _may_take_text(number, canonical):
        raise Refused("sms.no_text", "this kind of number", field="address")
    return canonical


def _may_take_text(number: PhoneNumber, canonical: str) -> bool:
    if number.country_code == _DENMARK:
        return not canonical.removeprefix(f"+{_DENMARK}").startswith(_DANISH_SERVICES)
    return phonenumbers.number_type(number) in _TAKES_TEXT


def takes_text(typed: str) -> bool:
    """True for what ``text_number`` takes."""
    try:
        text_number(typed)
    except Refused:
        return False
    return True


def _parsed(typed: str) -> PhoneNumber:
    try:
        number = phonenumbers.parse(typed, "DK")
    except NumberParseException:
        # Not as its cause: its words may hold the number.
        raise Refused("sms.number", "not a phone number", field="address") from None
    is_danish = number.country_code == _DENMARK
    if not (_DANISH.fullmatch(str(number.national_number)) if is_danish else phonenumbers.is_valid_number(number)):
        raise Refused("sms.number", "no such number", field="address")
    return number
