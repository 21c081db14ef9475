"""What others send, refuse or leave unanswered: the doctor gets one sentence, nothing is lost, nothing leaks.

Each test drives the real program in a whole world. That no name, number, PIN or ticket was logged is checked by the
driver at the end of every test.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.driver import DeskDriver
from tests.e2e.fake_devices import CAMERA, PluggableDevices
from tests.e2e.gate import Gate
from tests.e2e.signalling import SignallingEngine
from tests.unit.host import guests
from vdx_plugin.adapters.local import redeem_in_running_program
from vdx_plugin.app import organisation
from vdx_plugin.demo.world import HOSPITAL_GLN
from vdx_plugin.domain.consultation import Consultation, Stage
from vdx_plugin.domain.parties import InvitationState, PartyRole
from vdx_plugin.domain.plan import Plan
from vdx_plugin.errors import Refused, Unavailable
from vdx_plugin.host import AdapterHost
from vdx_plugin.host.guard import Limits
from vdx_plugin.host.loading import registered_entry_points
from vdx_plugin.media.engine import PexipEngine
from vdx_plugin.media.local_media import MediaSettings
from vdx_plugin.media.testcard import PictureFormat
from vdx_plugin.ports import ConsultationStore, MediaChoice
from vdx_plugin.sandbox.faults import Fault
from vdx_plugin.sandbox.partners import Behaviour
from vdx_plugin.sandbox.rooms import VirtualRoom
from vdx_plugin.sandbox.video_api.values import ProvisionStatus
from vdx_plugin.service.outside import Outside
from vdx_plugin.settings import Settings

VDX = "/videoapi/v2/meetings"
START, END = b"\x0b", b"\x1c\x0d"

# --- HL7 ----------------------------------------------------------------------------------------------------------

WHOLE = (
    "MSH|^~\\&|DEMOKLINIK|5790000000104|VDX-PLUGIN|5790000000104|20261123075500+0100||ADT^A04^ADT_A01|DK0901|P|2.5.1"
    "||||||UNICODE UTF-8\r"
    "EVN|A04|20261123075500+0100\r"
    "PID|1||K1001^^^DEMOKLINIK^PI||Berggren^Nancy Åse^Test||19481225|F\r"
    "PV1|1|O\r"
)


def cut_short(text: str) -> bytes:
    return START + text.encode()[:150]


def other_characters(text: str) -> bytes:
    return START + text.encode("iso8859-1") + END


def mixed_line_ends(text: str) -> bytes:
    return START + text.replace("\rPID", "\nPID").encode() + END


def local_segment_first(text: str) -> bytes:
    return START + text.replace("PID|1", "ZPI|1|x\rPID|1").encode() + END


def line_feeds_only(text: str) -> bytes:
    return START + text.replace("\r", "\n").encode() + END


async def send_to_plugin(driver: DeskDriver, block: bytes) -> bytes:
    """Send bytes over MLLP, close, and return the answer, empty if there is none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", driver.hl7_port())
    writer.write(block)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return answer


@pytest.mark.parametrize("damage", [cut_short, other_characters, mixed_line_ends, local_segment_first])
async def test_a_damaged_message_of_the_record_is_told_once_and_the_next_one_is_read(
    tmp_path: Path, damage: Callable[[str], bytes]
) -> None:
    """The doctor learns that the list may miss something; a wrong name is never guessed."""
    async with DeskDriver(tmp_path) as driver:
        answer = await send_to_plugin(driver, damage(WHOLE))
        await driver.until_told("hl7.unreadable")
        assert b"MSA|AA" not in answer
        await driver.start()
        assert driver.consultation.problem is None


async def test_line_feeds_in_place_of_every_carriage_return_are_put_right_without_a_word(tmp_path: Path) -> None:
    """A frequent slip of senders that can mean nothing else."""
    async with DeskDriver(tmp_path) as driver:
        answer = await send_to_plugin(driver, line_feeds_only(WHOLE))
        assert b"MSA|AA" in answer
        assert driver.shown() == set()


# --- tickets ------------------------------------------------------------------------------------------------------


def handshake(driver: DeskDriver) -> Path:
    return driver.world.settings().data_dir / "adapters" / "local"


async def redeem_refused(driver: DeskDriver, ticket: str, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        await asyncio.to_thread(redeem_in_running_program, ticket, handshake(driver))
    assert refusal.value.code == code
    await driver.until_told(code)
    assert driver.count_meetings() == 0


async def starts_with_a_fresh_ticket(driver: DeskDriver) -> None:
    await asyncio.to_thread(redeem_in_running_program, await driver.ticket(), handshake(driver))
    await driver.until_stage(Stage.IN_CALL)


async def test_an_unknown_ticket_starts_nothing_and_says_so(tmp_path: Path) -> None:
    """Any web page can open such an address."""
    async with DeskDriver(tmp_path) as driver:
        await driver.open_patient()
        await redeem_refused(driver, "x" * 43, "ticket.unknown")
        await starts_with_a_fresh_ticket(driver)


async def test_a_ticket_used_twice_starts_once(tmp_path: Path) -> None:
    """The address stays in the browser's history."""
    async with DeskDriver(tmp_path) as driver:
        await driver.open_patient()
        await starts_with_a_fresh_ticket(driver)
        with pytest.raises(Refused, match=r"ticket\.used"):
            await asyncio.to_thread(redeem_in_running_program, driver.tickets[0], handshake(driver))
        await driver.until_told("ticket.used")
        assert driver.count_meetings() == 1


async def test_a_ticket_of_more_than_a_minute_ago_starts_nothing(tmp_path: Path) -> None:
    """The doctor has moved on to the next patient."""
    async with DeskDriver(tmp_path) as driver:
        await driver.open_patient()
        old = await driver.ticket()
        driver.clock.ahead = timedelta(seconds=61)
        await redeem_refused(driver, old, "ticket.stale")
        driver.clock.ahead = timedelta()
        await starts_with_a_fresh_ticket(driver)


# --- VDX ----------------------------------------------------------------------------------------------------------


async def test_vdx_that_is_away_and_comes_back_costs_one_click_and_no_second_room(tmp_path: Path) -> None:
    """The port is shut: nothing was sent, the same booking goes on when VDX is there again."""
    gate = Gate()

    def through_the_gate(chosen: Settings) -> Settings:
        moved = {name: _at_port(getattr(chosen.vdx, name), gate.port) for name in ("api_url", "token_url")}
        return chosen.model_copy(update={"vdx": chosen.vdx.model_copy(update=moved)})

    async with DeskDriver(tmp_path, settings=through_the_gate) as driver:
        await driver.click_start()
        await driver.until_told("vdx.unreachable")
        assert driver.consultation.stage is Stage.BOOKING
        assert driver.count_meetings() == 0
        await gate.open(int(driver.world.sandbox.base_url.rpartition(":")[2]))
        await driver.desk.retry()
        await driver.until_stage(Stage.IN_CALL)
        assert driver.count_meetings() == 1
        assert driver.consultation.problem is None
        await driver.desk.end_for_all()
        await gate.shut()


def _at_port(url: str, port: int) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://127.0.0.1:{port}/{rest.partition('/')[2]}"


async def test_a_booking_whose_answer_is_lost_is_found_again_without_a_word(tmp_path: Path) -> None:
    """The room exists at VDX; a second one would be the clinic's to pay and nobody's to enter."""
    async with DeskDriver(tmp_path) as driver:
        driver.world.sandbox.faults.add(Fault("drop_after", "POST", VDX))
        await driver.start()
        assert driver.count_meetings() == 1
        assert driver.shown() == set()


async def test_a_booking_nobody_can_say_anything_about_is_told_as_that_and_settled_by_one_click(tmp_path: Path) -> None:
    """Carried out, never answered, and VDX gone before it could be asked."""
    async with DeskDriver(tmp_path) as driver:
        faults = driver.world.sandbox.faults
        faults.add(Fault("drop_after", "POST", VDX, times=None))
        faults.add(Fault("drop_before", "GET", VDX, times=None))
        await driver.click_start()
        await driver.until_told("vdx.outcome_unknown")
        faults.clear()
        await driver.desk.retry()
        await driver.until_stage(Stage.IN_CALL)
        assert driver.count_meetings() == 1


async def test_a_room_whose_pin_was_changed_behind_our_back_is_given_up_and_a_new_one_works(tmp_path: Path) -> None:
    """A host PIN that the room no longer takes: the doctor starts anew, and the old room is given back."""
    async with DeskDriver(tmp_path) as driver:
        faults = driver.world.sandbox.faults
        faults.add(Fault("status", "POST", "/api/client/v2", times=None))
        await driver.click_start()
        await driver.until(lambda: driver.consultation.problem is not None)
        assert driver.consultation.stage is Stage.READY
        change_host_pin(driver)
        faults.clear()
        await driver.desk.retry()
        await driver.until_told("call.wrong_pin")
        await driver.desk.cancel()
        assert driver.consultation.stage is Stage.CANCELLED
        await driver.start()
        await driver.until_invited(PartyRole.HOSPITAL, InvitationState.DELIVERED)
        assert driver.count_meetings() == 2
        assert driver.world.sandbox.partners.count(HOSPITAL_GLN).distinct == 1


def change_host_pin(driver: DeskDriver) -> None:
    book, directory = driver.world.sandbox.meetings, driver.world.rooms.directory
    (meeting_id,) = book.meetings
    room = directory.find(book.rooms[meeting_id].uri_with_domain)
    assert room is not None
    directory.open(VirtualRoom(room.alias, "918273", room.guest_pin))


async def test_a_ready_room_without_a_guest_pin_is_refused_before_anybody_is_invited(tmp_path: Path) -> None:
    """From a careless template: whoever guesses the number would stand in the room."""
    async with DeskDriver(tmp_path) as driver:
        rooms = driver.world.sandbox.meetings.rooms
        whole = dict(rooms)
        rooms.update({key: replace(room, guest_pin=None) for key, room in whole.items()})
        await driver.click_start()
        await driver.until_told("room.no_guest_pin")
        assert driver.world.sandbox.partners.count().received_total == 0
        await driver.desk.cancel()
        assert driver.consultation.stage is Stage.CANCELLED
        rooms.update({key: room for key, room in whole.items() if key in rooms and not rooms[key].has_meeting})
        await driver.start()


async def test_a_room_without_a_guest_pin_that_is_not_made_yet_is_repaired(tmp_path: Path) -> None:
    """While VDX still takes PINs, ours are set and read back, and the doctor need not know."""
    async with DeskDriver(tmp_path) as driver:
        book = driver.world.sandbox.meetings
        spoilt: set[object] = set()

        def spoil() -> None:
            for key in book.meetings.keys() - spoilt:
                spoilt.add(key)
                waits = ProvisionStatus.AWAITS_PROVISION
                soon = driver.world.sandbox.clock.now() + timedelta(seconds=0.5)
                book.rooms[key] = replace(book.rooms[key], status=waits, available_from=soon, guest_pin=None)

        book.on_change(spoil)
        await driver.start()
        (key,) = book.meetings
        assert spoilt == {key}
        assert book.rooms[key].guest_pin not in (None, book.rooms[key].host_pin)
        assert driver.shown() == set()


# --- partners and mail --------------------------------------------------------------------------------------------


async def test_a_hospital_that_rejects_the_letter_is_told_and_the_patient_is_invited_all_the_same(
    tmp_path: Path,
) -> None:
    """A fatal-error is the system's last word: the doctor must call the ward."""
    async with DeskDriver(tmp_path) as driver:
        driver.world.sandbox.partners.behave(HOSPITAL_GLN, Behaviour.REJECT)
        await driver.start()
        await driver.until_invited(PartyRole.HOSPITAL, InvitationState.REJECTED)
        await driver.until_told("invite.rejected")
        await driver.until_invited(PartyRole.PATIENT, InvitationState.SENT)
        assert driver.consultation.stage is Stage.IN_CALL


async def test_a_letter_waits_while_the_message_network_is_down_and_leaves_when_it_is_back(tmp_path: Path) -> None:
    """Still queued, told as that, and delivered once."""
    async with DeskDriver(tmp_path) as driver:
        faults = driver.world.sandbox.faults
        faults.add(Fault("status", "POST", "/partners/messages", times=None))
        await driver.start()
        await driver.until_told("invite.unreachable")
        assert driver.party(PartyRole.HOSPITAL).invitation is InvitationState.QUEUED
        faults.clear()
        try_again_later(driver)
        await driver.until_invited(PartyRole.HOSPITAL, InvitationState.DELIVERED)
        assert driver.world.sandbox.partners.count(HOSPITAL_GLN).distinct == 1


async def test_a_mail_waits_while_the_mail_server_is_down_and_leaves_once_when_it_is_back(tmp_path: Path) -> None:
    """Nothing was handed over, so trying again cannot double it."""
    gate = Gate()

    def through_the_gate(chosen: Settings) -> Settings:
        return chosen.model_copy(update={"mail": chosen.mail.model_copy(update={"port": gate.port})})

    async with DeskDriver(tmp_path, settings=through_the_gate) as driver:
        await driver.start()
        await driver.until_told("invite.unreachable")
        assert driver.party(PartyRole.PATIENT).invitation is InvitationState.QUEUED
        await gate.open(driver.world.sandbox.smtp_port)
        try_again_later(driver)
        await driver.until_invited(PartyRole.PATIENT, InvitationState.SENT)
        assert len(driver.world.sandbox.mail.caught) == 1
        await gate.shut()


async def test_a_cancellation_never_overtakes_the_invitation_it_takes_back(tmp_path: Path) -> None:
    """The letter waits for its next try, the network is back, and the doctor calls the meeting off just then."""
    async with DeskDriver(tmp_path) as driver:
        faults = driver.world.sandbox.faults
        faults.add(Fault("status", "POST", "/partners/messages", times=None))
        await driver.start()
        await driver.until_told("invite.unreachable")
        consultation_id = driver.consultation.id
        faults.clear()
        called_off = asyncio.create_task(driver.desk.cancel(), name="cancel")
        await driver.until_stage(Stage.CANCELLING)
        assert driver.world.sandbox.partners.count(HOSPITAL_GLN).received_total == 0
        try_again_later(driver)
        await called_off
        await driver.world.sandbox.partners.wait_for(2, 20, HOSPITAL_GLN)
        rows = await driver.program.outside.outbox.of_consultation(consultation_id)
        sent = sorted(
            (row.sent_at, row.draft.kind) for row in rows if row.draft.receiver == HOSPITAL_GLN and row.sent_at
        )
        assert [kind for _, kind in sent] == ["invitation", "cancellation"]


def try_again_later(driver: DeskDriver, *, seconds: float = 6) -> None:
    driver.clock.ahead += timedelta(seconds=seconds)
    driver.program.outside.delivery.wake()


# --- this machine -------------------------------------------------------------------------------------------------


async def test_a_full_disk_is_told_before_anything_is_booked_and_the_start_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    """What cannot be written down is not done."""
    async with DeskDriver(tmp_path) as driver:
        await driver.start()
        await driver.desk.end_for_all()
        await fill_the_store(driver)
        await driver.desk.decline_note()
        before = driver.count_meetings()
        await driver.click_start()
        await driver.until_told("store.full")
        assert driver.count_meetings() == before
        assert driver.world.sandbox.partners.count(HOSPITAL_GLN).distinct == 1
        await limit_pages(driver, 1_000_000)
        await driver.desk.retry()
        await driver.until_stage(Stage.IN_CALL)
        assert driver.count_meetings() == before + 1


async def fill_the_store(driver: DeskDriver) -> None:
    """Allow the database no further page, and use up what is left of those it has with smaller consultations."""
    await limit_pages(driver, 1)
    store = driver.program.outside.consultations
    whole = await store.get(driver.consultation.id)
    assert whole is not None
    small = replace(whole, plan=Plan(whole.plan.start, whole.plan.end, ()), room=None, stage=Stage.CLOSED)
    while await _fits(store, replace(small, id=uuid4(), meeting_id=uuid4())):
        pass


async def _fits(store: ConsultationStore, consultation: Consultation) -> bool:
    try:
        await store.save(consultation)
    except Unavailable:
        return False
    return True


async def limit_pages(driver: DeskDriver, pages: int) -> None:
    """SQLite's own way to play a full disk; the store has no door for it. It never goes below what is there."""
    thread = driver.program.store._thread
    await thread.read(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}"))


async def test_a_camera_taken_away_in_the_call_is_told_and_so_is_its_coming_back(tmp_path: Path) -> None:
    """Somebody trips over the cable: the others see the test card, and the doctor knows."""
    devices = PluggableDevices()
    small = PictureFormat(64, 64, 15)

    def with_camera(outside: Outside) -> Outside:
        settings = MediaSettings(camera=small, card=small)
        return replace(outside, engine=PexipEngine(clock=outside.clock, settings=settings, devices=devices))

    async with DeskDriver(tmp_path, change=with_camera) as driver:
        await driver.desk.set_media_choice(MediaChoice(camera=CAMERA))
        seen = asyncio.Event()
        driver.desk.on_self_picture(lambda picture: seen.set() if devices.is_its_picture(picture) else None)
        await driver.start()
        async with asyncio.timeout(20):
            await seen.wait()
        assert driver.shown() == set()
        devices.pull_camera()
        await driver.until_told("media.camera_lost")
        assert driver.consultation.stage is Stage.IN_CALL
        devices.plug_camera()
        await driver.until(lambda: not driver.shown(), "the camera back")


async def test_an_adapter_that_raises_and_one_that_hangs_are_listed_while_the_others_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A third party's fault stays its own: the record's click still starts the call."""
    folder = tmp_path / "guests"
    await asyncio.to_thread(folder.mkdir)
    raises = "async def start(self, sink):\n    raise RuntimeError('Nancy Berggren')"
    hangs = "async def appointments(self, start, end):\n    await asyncio.Event().wait()"
    guests.install(folder, "raiser", guests.with_method("raiser", raises))
    guests.install(folder, "hanger", guests.with_method("hanger", hangs))
    monkeypatch.syspath_prepend(folder)
    ours = [point for point in registered_entry_points() if point.name in ("hl7v2", "local")]

    def with_guests(outside: Outside) -> Outside:
        chosen = holder[0].world.settings()
        host = AdapterHost(
            settings=chosen.adapters,
            data_dir=chosen.data_dir,
            clock=outside.clock,
            organisation=organisation(chosen),
            points=[*ours, *guests.points_in(folder)],
            limits=Limits(ask_s=0.2),
        )
        return replace(outside, systems=host, engine=SignallingEngine())

    holder: list[DeskDriver] = [DeskDriver(tmp_path / "data", change=with_guests)]
    async with holder[0] as driver:
        await driver.until_told("adapter.raised")
        await driver.start()
        states = {status.name: status for status in driver.view.adapters}
        assert states["raiser"].state == "failed"
        assert states["hanger"].faults > 0
        assert (states["hanger"].state, states["hanger"].reason) == ("paused", "adapter.paused")
        await driver.until_told("adapter.paused")
        assert {states["hl7v2"].state, states["local"].state} == {"running"}
