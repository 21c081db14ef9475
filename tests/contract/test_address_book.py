"""``ports.AddressBook`` over EAS, against the sandbox's double, and against answers no service should give."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from vdx_plugin.errors import Unreadable
from vdx_plugin.invitations.addressing import (
    ASKED_AGAIN_S,
    KEPT_S,
    MESSAGE_TYPE,
    EasAddressBook,
    EasSettings,
    NoAddressBook,
    read_answer,
)
from vdx_plugin.ports import AddressBook, Reach, ReachState
from vdx_plugin.sandbox.faults import Fault
from vdx_plugin.sandbox.server import Sandbox, SandboxConfig

HOSPITAL, GLN = "441211000016000", "5790000000203"
DENTIST = "953771000016000"
HOME = "953761000016003"
UNREACHABLE = Reach(ReachState.UNKNOWN, problem="addresses.unreachable")


class Seconds:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxConfig(provision_delay_s=0.01, pool_size=0)).running() as running:
        yield running


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
async def book(sandbox: Sandbox, seconds: Seconds) -> AsyncIterator[EasAddressBook]:
    settings = EasSettings(sandbox.addressing_url, f"{sandbox.addressing_url}/token", sandbox.config.client_id)
    book = EasAddressBook(settings, httpx.AsyncClient(timeout=0.5), seconds)
    yield book
    await book.aclose()


async def test_who_takes_our_letters_is_found_with_the_location_number(book: EasAddressBook) -> None:
    """What the plan wants to know before anything is sent."""
    port: AddressBook = book
    assert await port.reach(HOSPITAL) == Reach(ReachState.CAN, GLN)


async def test_who_takes_other_messages_only_cannot(book: EasAddressBook) -> None:
    """Pitfall 35: otherwise a rejection comes hours later."""
    assert await book.reach(DENTIST) == Reach(ReachState.CANNOT, problem="addresses.cannot_receive")


async def test_a_unit_without_receiver_data_cannot(book: EasAddressBook) -> None:
    """Use case 4, error 4b."""
    assert (await book.reach(HOME)).state is ReachState.CANNOT


async def test_a_sor_id_that_is_not_known_leaves_it_open(book: EasAddressBook) -> None:
    """Use case 4, error 4a: the directory should be looked at, but the register may be behind."""
    assert await book.reach("999991000016009") == Reach(ReachState.UNKNOWN, problem="addresses.unknown_sor")


async def test_an_answer_is_used_again_for_a_while(book: EasAddressBook, sandbox: Sandbox, seconds: Seconds) -> None:
    """The same ward is asked about many times a day."""
    await book.reach(HOSPITAL)
    await book.reach(HOSPITAL)
    assert sandbox.addressing.asked == 1
    seconds.now += KEPT_S
    await book.reach(HOSPITAL)
    assert sandbox.addressing.asked == 2


async def test_a_token_that_no_longer_holds_is_renewed_once(book: EasAddressBook, sandbox: Sandbox) -> None:
    """A restart over there must not be a fault here."""
    await book.reach(DENTIST)
    sandbox.addressing.forget_tokens()
    assert (await book.reach(HOSPITAL)).state is ReachState.CAN


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", "POST", "/eas", status=503),
        Fault("hang_after", "POST", "/eas"),
        Fault("drop_before", "POST", "/eas"),
        Fault("drop_after", "POST", "/eas/Organization"),
    ],
    ids=lambda fault: fault.kind,
)
async def test_a_register_that_does_not_answer_is_left_alone_for_a_minute_and_then_asked_again(
    fault: Fault, book: EasAddressBook, sandbox: Sandbox, seconds: Seconds, caplog: pytest.LogCaptureFixture
) -> None:
    """Unknown, and sending is allowed: the plan must not wait for it with every partner."""
    sandbox.faults.add(fault)
    found = await book.reach(HOSPITAL)
    assert found.state is ReachState.UNKNOWN
    assert found.problem in ("addresses.unreachable", "addresses.sign_in")
    assert await book.reach(HOSPITAL) == found
    seconds.now += ASKED_AGAIN_S
    assert (await book.reach(HOSPITAL)).state is ReachState.CAN
    assert HOSPITAL not in caplog.text


async def test_a_program_that_is_not_enrolled_is_told_so(sandbox: Sandbox, seconds: Seconds) -> None:
    """A matter for support, not for the doctor."""
    settings = EasSettings(sandbox.addressing_url, f"{sandbox.addressing_url}/token", "somebody-else")
    book = EasAddressBook(settings, httpx.AsyncClient(timeout=0.5), seconds)
    assert await book.reach(HOSPITAL) == Reach(ReachState.UNKNOWN, problem="addresses.sign_in")
    await book.aclose()


async def test_without_a_register_nothing_is_known() -> None:
    """The usual case in 2026: everything may be sent."""
    port: AddressBook = NoAddressBook()
    assert await port.reach(HOSPITAL) == Reach(ReachState.UNKNOWN)


# --- answers ----------------------------------------------------------------------------------------------------------


def bundle(*, sor: str = HOSPITAL, status: str = "active", kind: str = MESSAGE_TYPE, **point: Any) -> dict[str, Any]:
    organisation = {
        "resourceType": "Organization",
        "id": "o",
        "identifier": [{"system": "urn:oid:1.2.208.176.1.1", "value": sor}],
        "endpoint": [{"reference": "Endpoint/p"}],
    }
    numbers = [{"system": "https://www.gs1.org/gln", "value": GLN}]
    end_point = {
        "resourceType": "Endpoint",
        "id": "p",
        "identifier": numbers,
        "status": status,
        "payloadType": [{"coding": [{"code": kind}]}],
    } | point
    return {"resourceType": "Bundle", "entry": [{"resource": organisation}, {"resource": end_point}]}


def read(document: object) -> Reach:
    return read_answer(json.dumps(document).encode(), HOSPITAL)


def test_an_end_point_that_is_off_or_another_ones_does_not_count() -> None:
    """Only an active end point of the very organisation is a way to it."""
    assert read(bundle()).state is ReachState.CAN
    assert read(bundle(status="off")).state is ReachState.CANNOT
    assert read(bundle(id="another")).state is ReachState.CANNOT
    assert read(bundle(kind="urn:x:carecommunication:4.0")).state is ReachState.CANNOT


def test_a_location_number_with_a_wrong_check_digit_is_not_passed_on() -> None:
    """The directory's own is then used."""
    wrong = [{"system": "https://www.gs1.org/gln", "value": "5790000000204"}]
    assert read(bundle(identifier=wrong)) == Reach(ReachState.CAN, "")


def test_an_answer_about_somebody_else_says_nothing() -> None:
    """A proxy that mixes up answers must not send a letter astray."""
    assert read(bundle(sor="999991000016009")) == Reach(ReachState.UNKNOWN, problem="addresses.unknown_sor")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b'{"resourceType": "Bundle", "entry": [{',
        b"[1]",
        b'{"resourceType": "Patient"}',
        b'{"resourceType": "Bundle", "entry": 7}',
        b'{"resourceType": "Bundle", "entry": [{"resource": {}}]}',
        b'{"resourceType": "OperationOutcome", "issue": [{"code": "exception"}]}',
        b'{"resourceType": "OperationOutcome"}',
        b'{"resourceType": "Bundle", "entry": ' + b"[" * 20000 + b"]" * 20000 + b"}",
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_such_answer_is_unreadable(content: bytes) -> None:
    """A result or Unreadable, nothing else, and never what stood there."""
    with pytest.raises(Unreadable) as caught:
        read_answer(content, HOSPITAL)
    assert caught.value.__cause__ is None
