"""One demand of a profile at a time: a resource that meets it, and one that does not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.invitations.profiles.small import (
    COLOUR_SYSTEM,
    COLOURS,
    FHIR,
    OURS,
    Json,
    element,
    findings,
    parcel,
    profile,
)

BY_URL = {"discriminator": [{"type": "value", "path": "url"}], "rules": "open"}
STAMP = profile("stamp", "Extension", {"url": {"fixedUri": f"{OURS}stamp"}, "value[x]": {"min": 1}})
POSTAL = profile("postal", "Identifier", {"system": {"min": 1, "patternUri": "urn:postal"}, "value": {"min": 1}})
HOUSE = profile("house", "House", {"street": {"min": 1}})


def sliced(path: str, kind: str, rules: str = "open", **more: Any) -> Json:
    return {"slicing": {"discriminator": [{"type": kind, "path": path}], "rules": rules, **more}}


def required(value_set: str) -> Json:
    return {"binding": {"strength": "required", "valueSet": value_set}}


def invariant(expression: str, severity: str = "error") -> Json:
    return {"constraint": [{"key": "our-1", "severity": severity, "expression": expression}]}


def typed(code: str, **more: Any) -> Json:
    return {"type": [{"code": code, **more}]}


STAMPED = profile(
    "stamped",
    "Parcel",
    {"extension": {"slicing": BY_URL}},
    element("Parcel.extension:stamp", 1, "1", **typed("Extension", profile=[f"{OURS}stamp|1.0.0"])),
)
NUMBERED = profile(
    "numbered",
    "Parcel",
    {"number": sliced("system", "value")},
    element("Parcel.number:postal", 1, "1", **typed("Identifier", profile=[f"{OURS}postal"])),
)
NAMED_PARTS = profile(
    "named-parts",
    "Parcel",
    {"part": sliced("name", "value", "closed", ordered=True)},
    element("Parcel.part:lid", 0, "1", "BackboneElement"),
    element("Parcel.part:lid.name", 1, "1", "string", patternString="lid"),
    element("Parcel.part:box", 1, "1", "BackboneElement"),
    element("Parcel.part:box.name", 1, "1", "string", patternString="box"),
    element("Parcel.part:box.size[x]", 0, "1", "integer"),
)
SIZED = profile(
    "sized",
    "Parcel",
    {"part": sliced("$this.size", "type")},
    element("Parcel.part:counted", 1, "*", "BackboneElement"),
    element("Parcel.part:counted.size[x]", 1, "1", "integer"),
    element("Parcel.part:counted.name", 1, "1", "string"),
)
CHOSEN = profile(
    "chosen",
    "Parcel",
    {"part.size[x]": sliced("$this", "type", "closed")},
    element("Parcel.part.size[x]:sizeInteger", 0, "1", "integer"),
)
NAMED = profile(
    "named",
    "Parcel",
    {"part": sliced("name", "exists")},
    element("Parcel.part:nameless", 0, "0", "BackboneElement"),
    element("Parcel.part:nameless.name", 0, "0", "string"),
    element("Parcel.part:nameless.size[x]", 0, "1", "integer"),
)
STAMPED_PART = profile(
    "stamped-number",
    "Parcel",
    {"number": sliced(f"extension('{OURS}stamp').value", "value", "closed")},
    element("Parcel.number:first", 0, "1", "Identifier"),
    element("Parcel.number:first.extension", 1, "*", "Extension", slicing=BY_URL),
    element("Parcel.number:first.extension:stamp", 1, "1", **typed("Extension", profile=[f"{OURS}stamp"])),
    element("Parcel.number:first.extension:stamp.url", 1, "1", "string"),
    element("Parcel.number:first.extension:stamp.value[x]", 1, "1", "string", patternString="first"),
    element("Parcel.number:first.value", 0, "1", "string"),
)
BUNDLED = profile(
    "bundled",
    "Parcel",
    {"receiver": typed("Reference", targetProfile=[f"{OURS}house"], aggregation=["bundled"])},
)
AT_HOME = profile("at-home", "Parcel", {"receiver": typed("Reference", targetProfile=[f"{FHIR}House"])})
HOME = {"resourceType": "House", "id": "h1", "street": "Mill Lane"}


def to(address: str) -> Json:
    return parcel(receiver={"reference": address})


def stamp(value: str) -> Json:
    return {"extension": [{"url": f"{OURS}stamp", "valueString": value}]}


def coded(code: str) -> Json:
    return parcel(kind={"coding": [{"system": COLOUR_SYSTEM, "code": code}]})


Case = tuple[str, tuple[Json, ...], Json, Json, str, str]
CASES: list[Case] = [
    ("min", (profile("a", "Parcel", {"sent": {"min": 1}}),), parcel(sent="2026-10-14"), parcel(), "min", "sent"),
    (
        "max of a list",
        (profile("a", "Parcel", {"number": {"max": "1"}}),),
        parcel(number=[{"value": "1"}]),
        parcel(number=[{"value": "1"}, {"value": "2"}]),
        "max",
        "number",
    ),
    ("max 0", (profile("a", "Parcel", {"sent": {"max": "0"}}),), parcel(), parcel(sent="2026"), "max", "sent"),
    (
        "list stays a list",
        (profile("a", "Parcel", {}),),
        parcel(number=[{"value": "1"}]),
        parcel(number={"value": "1"}),
        "type",
        "number",
    ),
    ("a single stays single", (profile("a", "Parcel", {}),), parcel(), parcel(colour=["red"]), "type", "colour"),
    ("unknown element", (profile("a", "Parcel", {}),), parcel(), parcel(surprise=1), "unknown-element", ""),
    (
        "primitive type",
        (profile("a", "Parcel", {}),),
        parcel(sent="2026-10-14"),
        parcel(sent="14.10.2026"),
        "type",
        "sent",
    ),
    ("complex type", (profile("a", "Parcel", {}),), parcel(kind={"text": "x"}), parcel(kind="x"), "type", "kind"),
    (
        "max length",
        (profile("a", "Parcel", {"label": {"maxLength": 5}}),),
        parcel(),
        parcel(label="Letters"),
        "max-length",
        "label",
    ),
    (
        "choice of types",
        (profile("a", "Parcel", {"part.size[x]": typed("integer")}),),
        parcel(part=[{"sizeInteger": 3}]),
        parcel(part=[{"sizeString": "3"}]),
        "unknown-element",
        "part[0]",
    ),
    (
        "two of a choice",
        (profile("a", "Parcel", {}),),
        parcel(part=[{"sizeInteger": 3}]),
        parcel(part=[{"sizeInteger": 3, "sizeString": "3"}]),
        "max",
        "part[0].size",
    ),
    (
        "content reference",
        (profile("a", "Parcel", {}),),
        parcel(part=[{"inner": [{"name": "lid"}]}]),
        parcel(part=[{"inner": [{"name": 3}]}]),
        "type",
        "part[0].inner[0].name",
    ),
    (
        "fixed",
        (profile("a", "Parcel", {"label": {"fixedString": "Books"}}),),
        parcel(),
        parcel(label="Book"),
        "fixed",
        "label",
    ),
    (
        "pattern",
        (profile("a", "Parcel", {"kind": {"patternCodeableConcept": {"coding": [{"code": "red"}]}}}),),
        coded("red"),
        coded("blue"),
        "pattern",
        "kind",
    ),
    (
        "code in a value set",
        (profile("a", "Parcel", {"colour": required(COLOURS)}),),
        parcel(colour="crimson"),
        parcel(colour="green"),
        "binding",
        "colour",
    ),
    (
        "excluded code",
        (profile("a", "Parcel", {"colour": required(COLOURS)}),),
        parcel(colour="red"),
        parcel(colour="none"),
        "binding",
        "colour",
    ),
    (
        "pinned value set",
        (profile("a", "Parcel", {"kind": required(f"{COLOURS}|2.0.0")}),),
        coded("blue"),
        coded("green"),
        "binding",
        "kind",
    ),
    (
        "system of a code",
        (profile("a", "Parcel", {"kind": required(COLOURS)}),),
        coded("red"),
        parcel(kind={"coding": [{"system": "urn:other", "code": "red"}]}),
        "binding",
        "kind",
    ),
    (
        "text instead of a code",
        (profile("a", "Parcel", {"kind": required(COLOURS)}),),
        coded("red"),
        parcel(kind={"text": "red"}),
        "binding",
        "kind",
    ),
    (
        "descendants",
        (profile("a", "Parcel", {"kind": required(f"{COLOURS}-reddish")}),),
        coded("crimson"),
        coded("red"),
        "binding",
        "kind",
    ),
    ("extension by profile, missing", (STAMPED, STAMP), parcel(**stamp("paid")), parcel(), "min", "extension:stamp"),
    (
        "extension by profile, content",
        (STAMPED, STAMP),
        parcel(**stamp("paid")),
        parcel(extension=[{"url": f"{OURS}stamp"}]),
        "min",
        "extension[0].value",
    ),
    (
        "extension nobody asked for",
        (profile("a", "Parcel", {}), STAMP),
        parcel(**stamp("paid")),
        parcel(extension=[{"url": f"{OURS}stamp"}]),
        "min",
        "extension[0].value",
    ),
    (
        "slice by the profile of its type",
        (NUMBERED, POSTAL),
        parcel(number=[{"system": "urn:other"}, {"system": "urn:postal", "value": "1"}]),
        parcel(number=[{"system": "urn:postal"}]),
        "min",
        "number[0].value",
    ),
    (
        "slice missing",
        (NUMBERED, POSTAL),
        parcel(number=[{"system": "urn:postal", "value": "1"}]),
        parcel(number=[{"system": "urn:other"}]),
        "min",
        "number:postal",
    ),
    (
        "closed slicing",
        (NAMED_PARTS,),
        parcel(part=[{"name": "lid"}, {"name": "box"}]),
        parcel(part=[{"name": "box"}, {"name": "ribbon"}]),
        "slicing",
        "part[1]",
    ),
    (
        "ordered slicing",
        (NAMED_PARTS,),
        parcel(part=[{"name": "lid"}, {"name": "box"}]),
        parcel(part=[{"name": "box"}, {"name": "lid"}]),
        "slicing",
        "part[1]",
    ),
    (
        "demands of a slice",
        (NAMED_PARTS,),
        parcel(part=[{"name": "box", "sizeInteger": 3}]),
        parcel(part=[{"name": "box", "sizeString": "3"}]),
        "unknown-element",
        "part[0]",
    ),
    (
        "slice too often",
        (NAMED_PARTS,),
        parcel(part=[{"name": "box"}]),
        parcel(part=[{"name": "box"}, {"name": "box"}]),
        "max",
        "part:box",
    ),
    (
        "slice by type of what is inside",
        (SIZED,),
        parcel(part=[{"sizeInteger": 3, "name": "lid"}, {"sizeString": "3"}]),
        parcel(part=[{"sizeInteger": 3}]),
        "min",
        "part[0].name",
    ),
    (
        "slice of a choice by its type",
        (CHOSEN,),
        parcel(part=[{"sizeInteger": 3}]),
        parcel(part=[{"sizeString": "3"}]),
        "slicing",
        "part[0].sizeString",
    ),
    (
        "slice by what is absent",
        (NAMED,),
        parcel(part=[{"name": "lid"}]),
        parcel(part=[{"sizeInteger": 3}]),
        "max",
        "part:nameless",
    ),
    (
        "slice by an extension's value",
        (STAMPED_PART, STAMP),
        parcel(number=[{"value": "1", **stamp("first")}]),
        parcel(number=[{"value": "1", **stamp("second")}]),
        "slicing",
        "number[0]",
    ),
    ("wrong type of reference", (AT_HOME,), to("House/h9"), to("Parcel/p9"), "reference-type", "receiver"),
    (
        "invariant",
        (profile("a", "Parcel", {"part": invariant("name.exists() xor inner.exists()")}),),
        parcel(part=[{"name": "lid"}]),
        parcel(part=[{"name": "lid", "inner": [{"name": "knob"}]}]),
        "our-1",
        "part[0]",
    ),
    (
        "invariant on a primitive",
        (profile("a", "Parcel", {"label": invariant("matches('^[A-Z]')")}),),
        parcel(),
        parcel(label="books"),
        "our-1",
        "label",
    ),
    (
        "invariant about the presence of a value",
        (profile("a", "Parcel", {"part": invariant("name.hasValue().not() or name.length() > 2")}),),
        parcel(part=[{"sizeInteger": 3}, {"name": "lid"}]),
        parcel(part=[{"sizeInteger": 3}, {"name": "no"}]),
        "our-1",
        "part[1]",
    ),
]


def _errors(resource: Json, profiles: tuple[Json, ...]) -> list[tuple[str, str]]:
    return list(dict.fromkeys((one.rule, one.place) for one in findings(resource, *profiles) if not one.is_warning))


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_a_demand_is_met_or_told_with_rule_and_place(case: Case) -> None:
    """One fault, one finding: where it is, and what was demanded there."""
    _, profiles, good, bad, rule, place = case
    assert _errors(good, profiles) == []
    assert _errors(bad, profiles) == [(rule, f"Parcel.{place}".rstrip("."))]


def test_a_bundled_reference_must_travel_along() -> None:
    """What is only somewhere else cannot be shown by the receiver."""
    assert findings(to("House/h1"), BUNDLED, HOUSE, beside=(HOME,)) == []
    found = findings(to("House/h1"), BUNDLED, HOUSE)
    assert [(one.rule, one.place) for one in found] == [("bundled", "Parcel.receiver")]


def test_what_is_referred_to_must_keep_the_profile_that_the_reference_demands() -> None:
    """Even when it claims none itself; the place is that of the resource at fault."""
    found = findings(to("House/h1"), BUNDLED, HOUSE, beside=({"resourceType": "House", "id": "h1"},))
    assert [(one.rule, one.place) for one in found] == [("min", "House.street")]


def test_one_of_several_demanded_profiles_is_enough() -> None:
    """A recipient is a role or a team."""
    other = profile("castle", "House", {"street": {"max": "0"}})
    either = [f"{OURS}house", f"{OURS}castle"]
    chosen = profile("x", "Parcel", {"receiver": typed("Reference", targetProfile=either, aggregation=["bundled"])})
    assert findings(to("House/h1"), chosen, HOUSE, other, beside=(HOME,)) == []
    neither = {"resourceType": "House", "id": "h1", "street": ""}
    found = findings(to("House/h1"), chosen, HOUSE, other, beside=(neither,))
    assert ("reference-profile", "Parcel.receiver") in {(one.rule, one.place) for one in found}


def test_a_contained_resource_is_found_and_checked() -> None:
    """A reference that begins with # stays inside its resource."""
    inside = {"resourceType": "House", "id": "h1"}
    assert findings(parcel(contained=[inside], receiver={"reference": "#h1"}), AT_HOME) == []
    found = findings(parcel(contained=[inside], receiver={"reference": "#h2"}), AT_HOME)
    assert [(one.rule, one.place) for one in found] == [("bundled", "Parcel.receiver")]


def test_an_invariant_follows_references_and_asks_for_profiles() -> None:
    """resolve and conformsTo are FHIR's own additions, and ours."""
    follows = profile("x", "Parcel", {"receiver": invariant("resolve().street = 'Mill Lane'")})
    assert findings(to("House/h1"), follows, beside=(HOME,)) == []
    assert findings(to("House/h1"), follows, beside=({**HOME, "street": "Elsewhere"},))
    conforms = profile("x", "Parcel", {"receiver": invariant(f"resolve().conformsTo('{OURS}house')")})
    assert findings(to("House/h1"), conforms, HOUSE, beside=(HOME,)) == []
    assert findings(to("House/h1"), conforms, HOUSE, beside=({"resourceType": "House", "id": "h1"},))


def test_a_slice_that_fixes_nothing_at_its_discriminator_takes_nothing_in() -> None:
    """Otherwise it would take everything in before the slices behind it are asked."""
    vague = profile(
        "vague",
        "Parcel",
        {"part": sliced("name", "value")},
        element("Parcel.part:any", 0, "0", "BackboneElement"),
        element("Parcel.part:any.name", 0, "1", "string"),
    )
    assert findings(parcel(part=[{"name": "lid"}]), vague) == []


def test_a_primitive_with_only_an_extension_is_there() -> None:
    """MedCom's R-Tek-B has a family name that only says why it is not told."""
    demanded = profile("x", "Parcel", {"sent": {"min": 1}})
    assert findings(parcel(_sent={"extension": [{"url": "urn:why", "valueString": "unknown"}]}), demanded) == []


def test_a_warning_of_a_profile_is_told_as_a_warning() -> None:
    """Receivers reject violations and accept warnings (Validation Governance, 2.1)."""
    warned = profile("x", "Parcel", {"label": invariant("$this = 'x'", "warning")})
    assert [(one.rule, one.is_warning) for one in findings(parcel(), warned)] == [("our-1", True)]


def test_an_expression_that_cannot_be_worked_out_is_a_warning() -> None:
    """A gap in a library must not turn a partner's message down."""
    odd = profile("x", "Parcel", {"label": invariant("unheardOf()")})
    found = findings(parcel(), odd)
    assert [(one.rule, one.place, one.is_warning) for one in found] == [("our-1", "Parcel.label", True)]


def test_a_profile_that_is_not_installed_is_a_warning() -> None:
    """The message may well keep it: nobody here can tell."""
    found = findings(parcel(meta={"profile": [f"{OURS}unheard-of"]}))
    assert [(one.rule, one.is_warning) for one in found] == [("profile-unknown", True)]


def test_a_resource_of_a_type_that_is_not_installed_is_a_warning() -> None:
    """Extra resources are allowed, and a site may have a part of FHIR's definitions only."""
    found = findings(parcel(), beside=({"resourceType": "Ship", "id": "s1"},))
    assert [(one.rule, one.is_warning) for one in found] == [("profile-unknown", True)]
    assert [one.rule for one in findings(parcel(), beside=({"id": "s1", "resourceType": ""},))] == ["type"]


def test_codes_of_a_system_that_is_not_installed_are_not_judged() -> None:
    """Otherwise every role and every disease would be an error."""
    assert findings(coded("green"), profile("x", "Parcel", {"kind": required(f"{COLOURS}-elsewhere")})) == []
    assert findings(coded("green"), profile("x", "Parcel", {"kind": required("http://nowhere.example/set")})) == []


def test_references_in_a_circle_come_to_an_end() -> None:
    """A letter refers to its header, and the header to the letter."""
    circular = profile(
        "x", "Parcel", {"receiver": typed("Reference", targetProfile=[f"{OURS}x"], aggregation=["bundled"])}
    )
    assert findings(to("Parcel/p1"), circular) == []


def test_two_of_a_kind_are_told_apart_in_the_place() -> None:
    """Which of the two organisations has the wrong number?"""
    demanded = profile("x", "Parcel", {})
    bad = {"resourceType": "Parcel", "id": "p2"}
    found = findings(parcel(), demanded, beside=(bad,))
    assert [one.place for one in found] == ["Parcel[1].label"]


def test_no_finding_quotes_the_message() -> None:
    """Findings go into logs and to partners."""
    for _, profiles, _, bad, _, _ in CASES:
        told = repr(findings(bad, *profiles))
        assert "Letters" not in told
        assert "surprise" not in told
        assert "14.10.2026" not in told
