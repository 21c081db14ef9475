"""The page about checks, the rules it names, and the tests it names."""

from __future__ import annotations

import importlib
import re
from functools import cache
from pathlib import Path

from tests.unit.invitations import test_checks as cases
from vdx_plugin.invitations import frame_checks, identifier_checks, letter_checks, narrative_checks

HERE = Path(__file__).parents[2]
PAGE = HERE / "docs" / "checks.md"
CASES = {
    "test_a_broken_rule_is_found_by_its_name": cases.INVALID,
    "test_a_broken_rule_of_an_acknowledgement_is_found_by_its_name": cases.INVALID_ACKS,
    "test_what_only_a_sender_owes_is_found_on_outgoing_messages_only": cases.OWED,
    "test_what_our_acknowledgements_owe_is_not_asked_of_others": cases.OWED_ACKS,
}
RULES = (
    frame_checks.structure,
    *frame_checks.COMMON,
    *frame_checks.CARE,
    *frame_checks.ACK,
    frame_checks.ack_own_history,
    *letter_checks.RULES,
    *identifier_checks.RULES,
    *identifier_checks.OWED,
    *narrative_checks.ALWAYS,
    *narrative_checks.CARE,
)
# Every invariant of the published packages that can fail: CareCommunication, Messaging, Core, dk-core, Acknowledgement.
INVARIANTS = [
    *(f"medcom-careCommunication-{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15)),
    *("medcom-messaging-2", "medcom-carecommunication-definition-url", "medcom-uuidv4", "uuidv5"),
    *("medcom-core-contact", "dk-core-organization-mandatory-identifier", "cpr", "x-ecpr", "d-ecpr"),
    *("gln-length", "gln-modulus-10", "min-digits-sor", "medcom-acknowledgement-1", "medcom-acknowledgement-2"),
]


@cache
def text() -> str:
    return PAGE.read_text("utf-8")


def rule_rows() -> list[tuple[list[str], str, str]]:
    """Keys, function and test of each rule in the page."""
    found = re.findall(r"^\| (`[^|]+`) \| [^|]+ \| `(\w+\.\w+)` \| `(test_\w+)` \|$", text(), re.MULTILINE)
    return [(re.findall(r"`([^`]+)`", keys), function, test) for keys, function, test in found]


def pitfall_rows() -> list[tuple[int, str, str]]:
    """Number, what stands against it, and test of each pitfall in the page."""
    found = re.findall(r"^\| (\d+) \| [^|]+ \| ([^|]+) \| `(test_\w+)` \|$", text(), re.MULTILINE)
    return [(int(number), against, test) for number, against, test in found]


@cache
def known_tests() -> frozenset[str]:
    files = (HERE / "tests").rglob("test_*.py")
    return frozenset(name for file in files for name in re.findall(r"def (test_\w+)", file.read_text("utf-8")))


def _exists(name: str) -> bool:
    module, _, function = name.rpartition(".")
    return hasattr(importlib.import_module(f"vdx_plugin.invitations.{module}"), function)


def test_every_rule_stands_in_the_page_and_the_page_names_no_other() -> None:
    """A rule that is nowhere told is a surprise to whoever is turned down by it."""
    named = {function for _, function, _ in rule_rows()}
    rules = {f"{rule.__module__.rpartition('.')[2]}.{rule.__name__}" for rule in RULES}
    assert named == rules
    assert all(map(_exists, named))


def test_every_published_invariant_stands_in_the_page() -> None:
    """By the key that MedCom gives it."""
    named = {key for keys, _, _ in rule_rows() for key in keys}
    assert [key for key in INVARIANTS if key not in named] == []


def test_every_rule_has_a_case_that_breaks_it() -> None:
    """In the test that the page names, under the rule's own name."""
    missing = [
        (key, test) for keys, _, test in rule_rows() for key in keys if key not in {rule for rule, _ in CASES[test]}
    ]
    assert missing == []


def test_each_of_the_38_pitfalls_stands_in_the_page_with_a_test_that_exists() -> None:
    """A pitfall without a test is one we may fall into tomorrow."""
    assert [number for number, _, _ in pitfall_rows()] == list(range(1, 39))
    assert [test for _, _, test in pitfall_rows() if test not in known_tests()] == []


def test_functions_named_against_pitfalls_exist() -> None:
    """Also those of other modules of the package."""
    named = {name for _, against, _ in pitfall_rows() for name in re.findall(r"`(\w+_checks\.\w+)`", against)}
    assert [name for name in sorted(named) if not _exists(name)] == []
