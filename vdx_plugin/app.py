"""The composition root: every part built and joined. The only module that knows all of them."""

from __future__ import annotations

import asyncio
import hashlib
import platform
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from urllib.parse import quote
from uuid import uuid4

import httpx

from vdx_plugin import log, settings
from vdx_plugin.booking import ApiVersion, Patience, Vdx, VdxAccess, VdxRooms, diagnosis, limits, open_vdx
from vdx_plugin.booking.health import Doctor, Finding
from vdx_plugin.booking.person import RefreshGrant
from vdx_plugin.carriers import message_check, message_delivery
from vdx_plugin.domain.context import Organisation
from vdx_plugin.domain.parties import Partner
from vdx_plugin.domain.patients import PersonName
from vdx_plugin.domain.room import MeetingDraft
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Misconfigured
from vdx_plugin.host import AdapterHost
from vdx_plugin.invitations import (
    addressing,
    composer,
    directory,
    exporter,
    partner_book,
    partner_files,
    sender,
    text_book,
)
from vdx_plugin.media import call_engine
from vdx_plugin.ports import CheckState, Clock, DiagnosisLine, DiagnosisReport
from vdx_plugin.service.desk import Desk
from vdx_plugin.service.outside import DeskSettings, Outside
from vdx_plugin.settings import Secrets, Settings
from vdx_plugin.store import Store, open_sealer, open_store, shared_sealer
from vdx_plugin.store.sealing import KeyVault
from vdx_plugin.store.upkeep import Upkeep

_log = log.get("app")

AUTHOR_ROLE = "speciallaegeipraksis"
OWN_PRACTICE = "own-1"
"""How the practice appears in measures until it has been given a pseudonym."""
STORE_FILE = "vdx-plugin.db"
TEXTS_FILE = "texts.json"
REFRESH_TOKEN = "vdx.refresh_token"


class WallClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Program:
    """Everything that runs. ``close`` stops it in the order in which parts depend on each other."""

    desk: Desk
    outside: Outside
    store: Store
    rooms: VdxRooms
    host: AdapterHost
    addresses: addressing.EasAddressBook | addressing.NoAddressBook
    upkeep: Upkeep

    async def close(self) -> None:
        await self.desk.close()
        await self.upkeep.close()
        await self.rooms.aclose()
        await self.addresses.aclose()
        await self.store.close()


async def assemble(
    chosen: Settings,
    *,
    secrets: Secrets = settings.secret,
    keep_secret: Callable[[str, str], object] = settings.keep_secret,
    vault: KeyVault | None = None,
    clock: Clock | None = None,
    change: Callable[[Outside], Outside] = lambda outside: outside,
) -> Program:
    """Build the program from its settings; nothing is sent before ``desk.start``.

    ``vault`` keeps the store's key, the system's keyring unless given; ``clock`` is the machine's unless given.
    ``change`` may replace parts before the desk is made. Raises Misconfigured, Unavailable(``store.*``).
    """
    clock, practice = clock or WallClock(), organisation(chosen)
    chosen.data_dir.mkdir(parents=True, exist_ok=True)
    store = await open_the_store(chosen, clock, secrets, vault)
    check = await asyncio.to_thread(message_check, chosen)
    vdx = open_booking(chosen, clock, secrets)
    message_texts, by = text_book.TextBook(chosen.data_dir / TEXTS_FILE), message_sender(chosen, practice)
    addresses = address_book(chosen)
    host = adapter_host(chosen, clock, secrets, keep_secret)
    outside = change(
        Outside(
            clock=clock,
            new_id=uuid4,
            booking=vdx.rooms,
            meetings=vdx.meetings,
            check_draft=check_draft,
            examiner=InWords(vdx.doctor),
            engine=call_engine(clock),
            composer=composer.MessageComposer(by, message_texts),
            exports=exporter.Exporter(by, message_texts),
            message_texts=message_texts,
            delivery=message_delivery(chosen, practice, store, clock, secrets, vdx.auth, host, check, addresses),
            consultations=store.consultations,
            outbox=store.outbox,
            measures=store.measures,
            audit=store.audit,
            systems=host,
            plugins=host.hooks,
            partners=await asyncio.to_thread(partners, chosen),
            addresses=addresses,
            team_memory=store.usual_teams,
            letters=store.letters,
            checks=store.checks,
        )
    )
    upkeep = Upkeep(store, clock, timedelta(days=chosen.data.keep_messages_days))
    upkeep.start()
    return Program(Desk(outside, desk_settings(chosen)), outside, store, vdx.rooms, host, addresses, upkeep)


def adapter_host(
    chosen: Settings,
    clock: Clock | None = None,
    secrets: Secrets = settings.secret,
    keep_secret: Callable[[str, str], object] = settings.keep_secret,
) -> AdapterHost:
    """Return the host of every installed adapter, not started."""
    return AdapterHost(
        settings=chosen.adapters,
        data_dir=chosen.data_dir,
        clock=clock or WallClock(),
        organisation=organisation(chosen),
        disabled=chosen.disabled_adapters,
        secrets=secrets,
        keep_secret=keep_secret,
    )


async def open_the_store(
    chosen: Settings, clock: Clock, secrets: Secrets = settings.secret, vault: KeyVault | None = None
) -> Store:
    """Open the store of this workplace. Raises Unavailable(``store.*``), Misconfigured(``store.*``)."""
    if chosen.store.url:
        sealer = await asyncio.to_thread(shared_sealer, vault)
        password = await asyncio.to_thread(secrets, "store.password")
        return await open_store(database_address(chosen.store.url, password), sealer, clock, host=host_name(chosen))
    place = chosen.data_dir / STORE_FILE
    sealer = await asyncio.to_thread(open_sealer, place, vault=vault)
    return await open_store(place, sealer, clock)


def database_address(url: str, password: Secret) -> str:
    """Return the address with the password in it."""
    scheme, _, rest = url.partition("://")
    user, _, place = rest.partition("@")
    words = f":{quote(password.reveal(), safe='')}" if password.reveal() else ""
    return f"{scheme}://{user}{words}@{place}"


def host_name(chosen: Settings) -> str:
    """The same after a restart, and another for each workplace: users of one machine have folders of their own."""
    return hashlib.sha256(f"{platform.node()}:{chosen.data_dir.resolve()}".encode()).hexdigest()[:16]


def organisation(chosen: Settings) -> Organisation:
    """Return the practice as an organisation."""
    practice = chosen.practice
    return Organisation(
        practice.name,
        practice.sor or None,
        practice.gln or None,
        practice.provider_number or None,
        practice.phone or None,
    )


def desk_settings(chosen: Settings) -> DeskSettings:
    """Return the settings of the desk."""
    return DeskSettings(
        environment=chosen.environment,
        node=chosen.vdx.node,
        display_name=chosen.practice.name,
        practice=chosen.practice.pseudonym or OWN_PRACTICE,
        region=chosen.practice.region,
        project_code=chosen.vdx.project_code,
        test_alias=chosen.vdx.test_alias,
        opens=time.fromisoformat(chosen.checks.at) if chosen.checks.at else None,
        can_text=chosen.sms.service != "none",
        undo_within=timedelta(seconds=chosen.partners.undo_within_s),
        direct_media=chosen.vdx.direct_media,
    )


def open_booking(
    chosen: Settings,
    clock: Clock,
    secrets: Secrets,
    keep: Callable[[str, str], object] = settings.keep_secret,
) -> Vdx:
    """Return everything at VDX. ``keep`` stores the refresh token of a person who signs in."""
    vdx, grant = chosen.vdx, None
    by_proxy = vdx.version == "v1-proxy"
    by_person = vdx.sign_in == "person" and not by_proxy
    access = VdxAccess(
        vdx.api_url,
        "" if by_proxy else vdx.token_url,
        vdx.client_id,
        Secret("") if by_proxy or by_person else secrets("vdx.client_secret"),
        chosen.environment,
        ApiVersion(vdx.version),
    )
    if by_person:
        refresh = secrets(REFRESH_TOKEN)

        def keep_aside(new: Secret) -> None:
            # A keyring may ask the desktop first, and the loop must not wait for that.
            asyncio.get_running_loop().run_in_executor(None, keep, REFRESH_TOKEN, new.reveal())

        grant = RefreshGrant(vdx.token_url, vdx.client_id, refresh, keep_aside)
    return open_vdx(access, clock, grant=grant, patience=Patience(poll_s=vdx.poll_s))


def check_draft(draft: MeetingDraft, now: datetime) -> Mapping[str, str]:
    """Say what VDX would refuse, beside which field; see ``ports.DraftCheck``."""
    form = limits.MeetingForm(
        subject=draft.subject,
        start=draft.start,
        end=draft.end,
        project_code=draft.project_code,
        organised_by=draft.organised_by or "",
        labels=(draft.label,) if draft.label else (),
    )
    return {complaint.field: limits.sentence(complaint) for complaint in limits.check(form, now)}


class InWords:
    """The diagnosis of VDX in words for the window; fills ``ports.Examiner``."""

    def __init__(self, doctor: Doctor) -> None:
        self._doctor = doctor

    async def examine(self, on_line: Callable[[DiagnosisLine], object]) -> DiagnosisReport:
        """Go through every step."""
        found = await self._doctor.examine(lambda finding: on_line(_line(finding)))
        lines = tuple(_line(finding) for finding in found.findings)
        return DiagnosisReport(found.at, lines, diagnosis.report(found), found.is_well)


def _line(finding: Finding) -> DiagnosisLine:
    state = CheckState(finding.state.value)
    return DiagnosisLine(diagnosis.title(finding.step), state, diagnosis.sentence(finding))


def message_sender(chosen: Settings, practice: Organisation) -> sender.SenderSettings:
    """Return the practice as sender of letters, mails and text messages."""
    return sender.SenderSettings(
        organisation=practice,
        author=PersonName(chosen.practice.author_family, chosen.practice.author_given),
        author_role=AUTHOR_ROLE,
        portal=chosen.vdx.portal,
        mail_from=chosen.mail.sender,
        mail_language=chosen.mail.language,
        fee=chosen.interpreters.fee,
        tells_fee=chosen.interpreters.tells_fee,
        mime=f"application/fhir+{chosen.partners.mime}",
        topics=chosen.partners.topics,
    )


def partners(chosen: Settings) -> partner_book.KeptPartners:
    """Open the directory of partners: what is kept here, over the file that a setting names.

    Raises Misconfigured for that file, Unavailable(``partners.disk``).
    """
    files = partner_files.PartnerFiles(chosen.data_dir / "partners")
    return partner_book.KeptPartners(files, _fixed_partners(chosen.partners.directory))


def address_book(chosen: Settings) -> addressing.EasAddressBook | addressing.NoAddressBook:
    """Return the national register, if one is named. Raises Misconfigured for a certificate that cannot be used."""
    named = chosen.partners
    if not named.eas_url:
        return addressing.NoAddressBook()
    trust = ssl.create_default_context()
    if named.eas_certificate is not None:
        try:
            trust.load_cert_chain(named.eas_certificate, named.eas_key)
        except OSError as error:
            raise Misconfigured("settings.file", type(error).__name__, setting="partners.eas_certificate") from error
    access = addressing.EasSettings(named.eas_url.rstrip("/"), named.eas_token_url, named.eas_client_id)
    return addressing.EasAddressBook(access, httpx.AsyncClient(verify=trust, timeout=addressing.LIMIT_S))


def _fixed_partners(path: Path | None) -> Sequence[Partner]:
    if path is None:
        return ()
    try:
        found = directory.read_directory(path.read_bytes())
    except OSError as error:
        raise Misconfigured("settings.file", type(error).__name__, setting="partners.directory") from error
    for row in found.refused:
        _log.warning("directory of partners: line %s, column %s refused", row.line, row.column)
    return found.all()
