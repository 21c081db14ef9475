"""The provisioner, one step at a time with a clock of the test's own."""

from __future__ import annotations

from datetime import timedelta

from tests.unit.sandbox.video_api.samples import caller
from vdx_plugin.sandbox.clock import SandboxClock
from vdx_plugin.sandbox.faults import Fault, FaultPanel
from vdx_plugin.sandbox.rooms import RoomDirectory
from vdx_plugin.sandbox.video_api import MeetingBook, Organisation, Provisioner, ProvisionStatus, Template
from vdx_plugin.sandbox.video_api.book import VideoApiSettings
from vdx_plugin.sandbox.video_api.values import Booking, Meeting, Role

DELAY = timedelta(seconds=30)


class Service:
    """A book with its provisioner."""

    def __init__(self, pool_size: int | None = None) -> None:
        self.clock = SandboxClock()
        self.directory = RoomDirectory()
        self.panel = FaultPanel()
        settings = VideoApiSettings("p?c=__uri-with-domain__&pin=__pin__", "s/")
        templates = (Template(1, None, is_default=True), Template(2, "practice", is_pool=True))
        organisations = (Organisation("practice", pool_size=pool_size),)
        self.book = MeetingBook(settings, organisations, templates, self.directory, self.clock.now)
        self.provisioner = Provisioner(self.book, self.panel, self.clock.now, delay=DELAY)

    def meet(self, in_minutes: float = 5) -> Meeting:
        start = self.clock.now() + timedelta(minutes=in_minutes)
        return self.book.book(caller(Role.PLANNER), Booking("S", start, start + timedelta(minutes=30)))

    def pass_time(self, by: timedelta) -> None:
        self.clock.advance(by)
        self.provisioner.step()

    def status(self, meeting: Meeting) -> ProvisionStatus:
        return self.book.rooms[meeting.uuid].status


def test_a_room_is_taken_up_in_two_steps_and_can_then_be_dialled() -> None:
    """PROVISIONED_OK is the moment from which the room server knows the room."""
    service = Service()
    meeting = service.meet()
    service.provisioner.step()
    assert service.status(meeting) is ProvisionStatus.STARTING_TO_PROVISION
    alias = service.book.rooms[meeting.uuid].uri_with_domain
    assert service.directory.find(alias) is None
    service.pass_time(DELAY)
    assert service.status(meeting) is ProvisionStatus.PROVISIONED_OK
    opened = service.directory.find(alias)
    assert opened is not None
    assert opened.guest_pin == str(service.book.rooms[meeting.uuid].guest_pin)


def test_a_later_meeting_waits_for_its_time() -> None:
    """The room is taken up fifteen minutes before, as the template says."""
    service = Service()
    meeting = service.meet(in_minutes=60)
    service.pass_time(timedelta(minutes=44))
    assert service.status(meeting) is ProvisionStatus.AWAITS_PROVISION
    service.pass_time(timedelta(minutes=1))
    assert service.status(meeting) is ProvisionStatus.STARTING_TO_PROVISION


def test_a_room_is_taken_down_after_the_end_and_its_number_is_free_again() -> None:
    """The full address stays in the record, which is why a search by it can find two."""
    service = Service()
    closed: list[str] = []
    service.directory.on_close(closed.append)
    meeting = service.meet()
    service.provisioner.step()
    service.pass_time(DELAY)
    service.pass_time(timedelta(hours=1))
    assert service.status(meeting) is ProvisionStatus.STARTING_TO_DEPROVISION
    service.pass_time(DELAY)
    room = service.book.rooms[meeting.uuid]
    assert (room.status, room.uri_without_domain) == (ProvisionStatus.DEPROVISION_OK, None)
    assert closed == [room.uri_with_domain]


def test_a_failure_is_told_and_a_hanging_room_stays_hanging() -> None:
    """The two ways in which a client waits in vain."""
    service = Service()
    service.panel.add(Fault("provision_fails"))
    failing = service.meet()
    service.provisioner.step()
    service.pass_time(DELAY)
    assert service.status(failing) is ProvisionStatus.PROVISION_PROBLEMS
    assert service.book.rooms[failing.uuid].status_description
    service.panel.add(Fault("provision_hangs"))
    hanging = service.meet()
    service.provisioner.step()
    service.pass_time(DELAY)
    service.pass_time(10 * DELAY)
    assert service.status(hanging) is ProvisionStatus.STARTING_TO_PROVISION


def test_the_pool_is_filled_up_again_after_a_room_was_given_out() -> None:
    """A booking for now takes the ready room at once; the new one is too young for the next."""
    service = Service(pool_size=1)
    service.provisioner.fill_pools_at_once()
    first = service.meet(in_minutes=0)
    assert service.status(first) is ProvisionStatus.PROVISIONED_OK
    service.provisioner.step()
    service.pass_time(DELAY)
    assert len(service.book.pool_rooms("practice")) == 1
    second = service.meet(in_minutes=0)
    assert service.status(second) is ProvisionStatus.AWAITS_PROVISION


def test_the_directory_forgets_nothing_when_a_pool_room_gets_its_meeting() -> None:
    """The address stays the same; only the record moves to the meeting's uuid."""
    service = Service(pool_size=1)
    service.provisioner.fill_pools_at_once()
    alias = service.book.pool_rooms("practice")[0].uri_with_domain
    meeting = service.meet(in_minutes=0)
    assert service.book.rooms[meeting.uuid].uri_with_domain == alias
    assert service.directory.find(alias) is not None
    assert len(service.book.rooms) == 1
