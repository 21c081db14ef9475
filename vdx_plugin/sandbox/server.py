"""The sandbox put together: one HTTP server with every part, a mail catcher, and the tasks behind them.

``Sandbox`` runs in the caller's asyncio loop, installs no signal handlers and leaves nothing running after ``stop``.
Parts made elsewhere (room server, demo clinic) are handed in as routes with call-backs for start and stop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.resources import files

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from vdx_plugin.loopback import EmbeddedServer, listen
from vdx_plugin.sandbox import addressing, faults, mail, panel, partners, phones, signin, vans, video_api
from vdx_plugin.sandbox.addressing import AddressingService
from vdx_plugin.sandbox.clock import SandboxClock
from vdx_plugin.sandbox.faults import FaultMiddleware, FaultPanel
from vdx_plugin.sandbox.mail import MailCatcher
from vdx_plugin.sandbox.neighbours import Neighbours
from vdx_plugin.sandbox.pages import page
from vdx_plugin.sandbox.partners import Partner, PartnerHub, PartnerTimes, demo_partners
from vdx_plugin.sandbox.phones import Phones
from vdx_plugin.sandbox.rooms import RoomDirectory
from vdx_plugin.sandbox.signin import Algorithm, SignIn, SignInClient
from vdx_plugin.sandbox.signin_person import Person, PersonSignIn
from vdx_plugin.sandbox.vans import VansNetwork
from vdx_plugin.sandbox.video_api import MeetingBook, Organisation, Provisioner, Template, VideoApiSettings, version1
from vdx_plugin.sandbox.witness import Witness

REGION = "sandbox-region"
ROOM_DOMAIN = "rooms.sandbox.test"
PORTAL_QUERY = "/?conference=__uri-with-domain__&pin=__pin__&start_dato=__start-date__&muteMicrophone=__microphone__"

CallBack = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Part:
    """A line on the start page."""

    title: str
    path: str
    text: str


@dataclass(frozen=True)
class SandboxConfig:
    """How the sandbox is set up. ``port`` and ``smtp_port`` 0: any free one. ``guest_base`` None: our own page.

    ``pool_size`` ready rooms belong to ``organisation``; ``pool_minimum_age_s`` is how old one must be to be given out.
    """

    host: str = "127.0.0.1"
    port: int = 0
    smtp_port: int = 0
    client_id: str = "vdx-plugin"
    client_secret: str = field(default="sandbox-secret", repr=False)
    organisation: str = "sandbox-laegehus"
    email: str = "klinik@laegehus.sandbox.test"
    roles: tuple[str, ...] = ("meeting-user", "meeting-planner")
    token_lifetime_s: int = 300
    signing_algorithm: Algorithm = "ES256"
    provision_delay_s: float = 1.5
    pool_size: int = 3
    pool_minimum_age_s: float = 60.0
    allow_custom_uri: bool = False
    vmr_available_before_min: int = 15
    guest_base: str | None = None
    partners: tuple[Partner, ...] = field(default_factory=demo_partners)
    partner_times: PartnerTimes = field(default_factory=PartnerTimes)
    vans_token: str = field(default="", repr=False)


class Sandbox:
    """A local stand-in for the video hub and everybody around it.

    ``extra_routes`` may be made with ``rooms`` and ``faults`` before the start; ``on_start`` runs when the server
    answers, ``on_stop`` before it goes down, in the order given. Between ``start`` and ``stop`` the addresses below are
    valid.
    """

    def __init__(
        self,
        config: SandboxConfig | None = None,
        *,
        rooms: RoomDirectory | None = None,
        faults: FaultPanel | None = None,
        clock: SandboxClock | None = None,
        extra_routes: Sequence[BaseRoute] = (),
        extra_parts: Sequence[Part] = (),
        on_start: Sequence[CallBack] = (),
        on_stop: Sequence[CallBack] = (),
    ) -> None:
        self.config = config or SandboxConfig()
        self.rooms = rooms or RoomDirectory()
        self.clock = clock or SandboxClock()
        self.faults = faults or FaultPanel()
        self.signin = SignIn(
            (_main_client(self.config),),
            self.clock.now,
            lifetime_s=self.config.token_lifetime_s,
            algorithm=self.config.signing_algorithm,
        )
        self.persons = PersonSignIn(_people(self.config), self.clock.now, lambda: self.signin.issuer)
        self.phones = Phones(self.clock.now)
        self.neighbours = Neighbours(
            lambda: self.meetings, self.clock.now, lambda to, text: self.phones.receive(to, text, "VDX")
        )
        self.mail = MailCatcher(self.clock.now, host=self.config.host, port=self.config.smtp_port)
        self.partners = PartnerHub(self.config.partners, self.clock.now, self.config.partner_times)
        self.addressing = AddressingService(
            addressing.demo_units(), self.config.client_id, own_practice=addressing.demo_units()[0].sor
        )
        self.vans = VansNetwork(self.partners, self.clock.now)
        self._extra_routes = tuple(extra_routes)
        self._extra_parts = tuple(extra_parts)
        self._on_start = tuple(on_start)
        self._on_stop = tuple(on_stop)
        self._base_url = ""
        self._book: MeetingBook | None = None
        self._server: EmbeddedServer | None = None
        self._witness: Witness | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Listen and begin all work; returns when every part answers. Raises OSError if a port is taken."""
        line = listen(self.config.host, self.config.port)
        self._base_url = f"http://{self.config.host}:{line.getsockname()[1]}"
        self.signin.issuer = self._base_url + signin.REALM_PATH
        self._book = self._new_book()
        provisioner = Provisioner(
            self._book, self.faults, self.clock.now, delay=timedelta(seconds=self.config.provision_delay_s)
        )
        provisioner.fill_pools_at_once()
        await self.mail.start()
        app = partners.PartnerDoor(self._app(), self.partners)
        self._witness = Witness(FaultMiddleware(app, self.faults))
        self._server = EmbeddedServer(_server_config(self._witness))
        self._spawn("sandbox-http", self._server.serve([line]))
        self._spawn("sandbox-provisioner", provisioner.run())
        self._spawn("sandbox-partners", self.partners.run())
        await self._server.ready.wait()
        for call_back in self._on_start:
            await call_back()

    async def stop(self) -> None:
        """Stop everything, hanging requests included. What was received can still be read."""
        if self._server is None:
            return
        for call_back in self._on_stop:
            await call_back()
        self.faults.released.set()
        await self.partners.close()
        self._server.should_exit = True
        http, *workers = self._tasks
        for task in workers:
            task.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        await http
        await self.mail.stop()
        self._tasks.clear()
        self._server = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Sandbox]:
        """Run for the length of an ``async with`` block."""
        await self.start()
        try:
            yield self
        finally:
            await self.stop()

    @property
    def meetings(self) -> MeetingBook:
        """Return the video API's memory; raises RuntimeError before the start."""
        if self._book is None:
            raise RuntimeError("the sandbox has not been started")
        return self._book

    def addresses_asked_for(self) -> tuple[str, ...]:
        """Return path and query of each request so far, oldest first."""
        return self._witness.addresses if self._witness else ()

    def room_names(self) -> list[str]:
        """Return what VDX's other users can read of each meeting: its subject, description and room address."""
        return [
            f"{meeting.subject} {meeting.description or ''} {self.meetings.rooms[uuid].uri_with_domain}"
            for uuid, meeting in self.meetings.meetings.items()
        ]

    @property
    def base_url(self) -> str:
        """Return the address of everything, without a slash at the end."""
        return self._base_url

    @property
    def video_api_url(self) -> str:
        """Return the base of the video API: below it are ``/meetings``, ``/scheduling-info`` and so on."""
        return f"{self._base_url}/videoapi/v2"

    @property
    def proxy_url(self) -> str:
        """Return the base of version 1, as the local certificate proxy would offer it."""
        return self._base_url + version1.PROXY_PATH

    @property
    def history_url(self) -> str:
        """Return the base of the history of calls."""
        return f"{self._base_url}/apikey"

    @property
    def sms_url(self) -> str:
        """Return the base of the text message service, as the local certificate proxy would offer it."""
        return f"{self._base_url}/certproxy"

    @property
    def text_url(self) -> str:
        """Return where the text message gateway takes messages; a message's state lies below."""
        return self._base_url + phones.MESSAGES_PATH

    @property
    def token_url(self) -> str:
        """Return the token end point."""
        return self._base_url + signin.TOKEN_PATH

    @property
    def issuer(self) -> str:
        """Return the address of the sign-in realm, below which its discovery document lies."""
        return self.signin.issuer

    @property
    def node_url(self) -> str:
        """Return the base of the room server: below it is ``/api/client/v2``."""
        return self._base_url

    @property
    def partner_url(self) -> str:
        """Return the base of the message hub: below it are ``/messages`` and ``/mailbox``."""
        return f"{self._base_url}/partners"

    @property
    def addressing_url(self) -> str:
        """Return the base of the addressing service: below it are ``/token`` and ``/Organization``."""
        return self._base_url + addressing.BASE

    @property
    def vans_url(self) -> str:
        """Return the base of the VANS supplier: below it are ``/envelopes`` and ``/mailboxes``."""
        return f"{self._base_url}/vans"

    @property
    def guest_url(self) -> str:
        """Return the base that portal links start with."""
        return self.config.guest_base or f"{self._base_url}/guest"

    @property
    def smtp_port(self) -> int:
        """Return the mail catcher's port."""
        return self.mail.port

    def _new_book(self) -> MeetingBook:
        settings = VideoApiSettings(
            portal_template=self.guest_url + PORTAL_QUERY,
            short_link_base=f"{self._base_url}/m/",
            pool_minimum_age=timedelta(seconds=self.config.pool_minimum_age_s),
        )
        book = MeetingBook(settings, _organisations(self.config), _templates(self.config), self.rooms, self.clock.now)
        book.on_change(self.neighbours.watch)
        book.audit.is_down = lambda: self.faults.take("audit_down")
        book.organisation_service_fails = lambda: self.faults.take("organisation_down")
        return book

    def _app(self) -> ASGIApp:
        routes: list[BaseRoute] = [
            Route("/", self._start_page),
            Route("/sandbox.css", _style_sheet),
            Route("/sandbox.js", _script),
            *signin.routes(
                self.signin, expire_next=lambda: self.faults.take("expired_token"), redeem=self._redeem_person
            ),
            *self.persons.routes(),
            *self.neighbours.routes(),
            *self.phones.routes(),
            *video_api.routes(self.meetings, self.signin, self.clock.now),
            *version1.routes(self.meetings, self.clock.now, self._certificate),
            *partners.routes(self.partners),
            *addressing.routes(self.addressing),
            *vans.routes(self.vans, self.config.vans_token),
            *mail.routes(self.mail),
            *faults.routes(self.faults),
            *panel.routes(self.faults, self.signin, self.config.client_id, lambda: self.meetings),
            *self._extra_routes,
        ]
        return Starlette(routes=routes, exception_handlers={404: video_api.on_lost})

    def _redeem_person(self, form: Mapping[str, str]) -> tuple[SignInClient, str] | None:
        redeemed = self.persons.redeem(form)
        return None if redeemed is None else (redeemed[0].claims(), redeemed[1])

    def _certificate(self) -> Mapping[str, object]:
        """Return what VDX knows of the certificate in the proxy: it is that of the clinic's own program."""
        client = self.signin.clients[self.config.client_id]
        return {
            signin.ORGANISATION_CLAIM: client.organisation,
            signin.EMAIL_CLAIM: client.email,
            signin.ROLE_CLAIM: list(client.roles),
        } | dict(client.extra_claims)

    async def _start_page(self, _request: Request) -> Response:
        return page(
            "start.html",
            parts=self._extra_parts,
            partners=self.partners.overview(),
            letters=len(self.mail.caught),
            texts=len(self.phones.messages),
            smtp_port=self.smtp_port,
            meetings=len(self.meetings.meetings),
            faults=list(self.faults.waiting().values()),
            addresses=[
                ("Video-API", self.video_api_url),
                ("Log på", self.token_url),
                ("Mødeserver", f"{self.node_url}/api/client/v2"),
                ("MedCom-beskeder", self.partner_url),
            ],
        )

    def _spawn(self, name: str, work: Awaitable[None]) -> None:
        async def run() -> None:
            await work

        self._tasks.append(asyncio.create_task(run(), name=name))


def _server_config(app: ASGIApp) -> uvicorn.Config:
    # Tell nobody which addresses were asked for: they hold room names and, in portal links, PINs.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    return uvicorn.Config(
        app,
        http="auto",
        ws="websockets-sansio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )


async def _style_sheet(_request: Request) -> Response:
    return Response(_static("sandbox.css"), media_type="text/css")


async def _script(_request: Request) -> Response:
    return Response(_static("sandbox.js"), media_type="text/javascript")


def _static(name: str) -> str:
    return files("vdx_plugin.sandbox").joinpath("static", name).read_text("utf-8")


def _main_client(config: SandboxConfig) -> SignInClient:
    return SignInClient(config.client_id, config.client_secret, config.organisation, config.email, config.roles)


def _people(config: SandboxConfig) -> tuple[Person, ...]:
    own = config.organisation
    return (
        Person("Karen Eksempel, læge", "karen@laegehus.sandbox.test", own, ("meeting-user",)),
        Person("Søs Eksempel, sekretær", "soes@laegehus.sandbox.test", own, ("meeting-user", "meeting-planner")),
        Person("Ib Eksempel, administrator", "ib@laegehus.sandbox.test", own, ("meeting-admin",)),
        Person("En uden rolle", "ingen@laegehus.sandbox.test", own, ()),
    )


def _organisations(config: SandboxConfig) -> tuple[Organisation, ...]:
    own = Organisation(config.organisation, REGION, config.pool_size or None, config.allow_custom_uri)
    return (Organisation(REGION), own)


def _templates(config: SandboxConfig) -> tuple[Template, ...]:
    before = config.vmr_available_before_min
    pool = Template(2, config.organisation, is_pool=True, uri_domain=ROOM_DOMAIN, vmr_available_before=before)
    default = Template(1, config.organisation, is_default=True, uri_domain=ROOM_DOMAIN, vmr_available_before=before)
    shared = Template(3, None, is_default=True, uri_domain=ROOM_DOMAIN, vmr_available_before=before)
    return (default, pool, shared)
