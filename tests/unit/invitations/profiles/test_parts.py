"""The small parts of the profile checker: values, patterns, narratives, patches."""

from __future__ import annotations

import pytest

from tests.unit.invitations.profiles.small import profile
from vdx_plugin.invitations import codes
from vdx_plugin.invitations.profiles.patches import patched
from vdx_plugin.invitations.profiles.values import fits, is_of_type, is_plain_xhtml


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("boolean", True, "true"),
        ("integer", -3, True),
        ("unsignedInt", 0, -1),
        ("positiveInt", 1, 0),
        ("decimal", 1.5, "1.5"),
        ("string", "a\nb", ""),
        ("code", "a b", "a  b"),
        ("id", "a-1.B", "a_1"),
        ("uri", "urn:oid:1.2", "a b"),
        ("uuid", "urn:uuid:0fd1a4d4-0000-4000-8000-00000000000a", "urn:uuid:0FD1A4D4-0000-4000-8000-00000000000A"),
        ("date", "2026-10", "2026-13"),
        ("dateTime", "2026-10-14T13:00:00+02:00", "2026-10-14T13:00:00"),
        ("instant", "2026-10-14T13:00:00.5Z", "2026-10-14"),
        ("time", "13:00:00", "13:00"),
        ("base64Binary", "YQ==", "å"),
    ],
)
def test_a_primitive_is_held_to_the_form_that_fhir_gives_it(kind: str, good: object, bad: object) -> None:
    """The regular expressions of FHIR R4, Data Types."""
    assert is_of_type(kind, good)
    assert not is_of_type(kind, bad)


def test_a_pattern_asks_for_part_of_a_value() -> None:
    """In lists for one that fits, wherever it stands."""
    pattern = {"coding": [{"code": "a"}]}
    assert fits(pattern, {"coding": [{"code": "b"}, {"code": "a", "system": "s"}], "text": "x"})
    assert not fits(pattern, {"coding": [{"code": "b"}]})
    assert not fits(pattern, {"text": "x"})


@pytest.mark.parametrize(
    ("inner", "is_plain"),
    [
        ("<p>Tid &amp; sted</p>", True),
        ("<script>x</script>", False),
        ('<p onclick="x">a</p>', False),
        ("<iframe/>", False),
        ("  ", False),
        ("<p>", False),
    ],
)
def test_a_narrative_is_formatted_text_and_nothing_else(inner: str, is_plain: bool) -> None:
    """txt-1 and txt-2 of FHIR."""
    assert is_plain_xhtml(f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>') is is_plain
    assert not is_plain_xhtml(f"<div>{inner}</div>")


def test_published_faults_are_put_right_and_nothing_else_is_touched() -> None:
    """The three of MedCom's and dk-core's packages that are known."""
    untouched = profile("x", "House", {"street": {"constraint": [{"key": "our-1", "expression": "a|b"}]}})
    assert patched(untouched) is untouched
    keys = {
        "medcom-carecommunication-definition-url": ("matches('^Definition|5$')", "matches('^Definition[|]5$')"),
        "x-ecpr": ("value.matches('a')", "matches('a')"),
        "d-ecpr": ("matches('a')", "matches('a')"),
    }
    constraints = [{"key": key, "expression": wrong} for key, (wrong, _) in keys.items()]
    mended = patched(profile("x", "House", {"street": {"constraint": constraints}}))
    street = next(one for one in mended["snapshot"]["element"] if one["id"] == "House.street")
    assert [one["expression"] for one in street["constraint"]] == [right for _, right in keys.values()]
    assert constraints[0]["expression"] == "matches('^Definition|5$')"


def test_the_rule_about_encounters_is_moved_to_where_it_can_fail() -> None:
    """CareCommunication 5.0.4 has it on the message; 5.0.2 on the letter, where it is always true."""
    letter = profile("x", "Parcel", {"label": {"constraint": [{"key": "medcom-careCommunication-15"}]}})
    mended = patched({**letter, "url": codes.CARE_LETTER})
    assert all(not one.get("constraint") for one in mended["snapshot"]["element"])
    message = {**profile("x", "Bundle", {}), "url": codes.CARE_COMMUNICATION}
    root = patched(message)["snapshot"]["element"][0]
    assert [one["key"] for one in root["constraint"]] == ["medcom-careCommunication-15"]
