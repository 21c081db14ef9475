"""Signing in as a person: our client against the sandbox's sign-in service, with a browser of a few lines."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from vdx_plugin.booking import VdxAccess, open_vdx
from vdx_plugin.booking.person import Attempt, Granted, Realm, RefreshGrant, discover, read_granted, sign_in
from vdx_plugin.domain.secret import Secret
from vdx_plugin.errors import Misconfigured, Refused, SignInNeeded, Unavailable, VdxError
from vdx_plugin.sandbox.server import Sandbox, SandboxConfig
from vdx_plugin.sandbox.signin_person import DESKTOP_CLIENT

SECRETARY = "soes@laegehus.sandbox.test"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(SandboxConfig(pool_size=0)).running() as sandbox:
        yield sandbox


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=10) as http:
        yield http


class Browser:
    """Follows what it is shown; ``as_`` is the link it clicks on."""

    def __init__(self, http: httpx.AsyncClient, as_: str = SECRETARY) -> None:
        self._http = http
        self._as = as_
        self.asked: list[str] = []
        self.task: asyncio.Task[httpx.Response] | None = None

    def show(self, address: str) -> None:
        self.asked.append(address)
        self.task = asyncio.get_running_loop().create_task(self._surf(address))

    async def _surf(self, address: str) -> httpx.Response:
        shown = await self._http.get(address)
        links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/auth[^"]+)"', shown.text)]
        wanted = f"email={self._as.replace('@', '%40')}" if self._as else "ticket="
        link = next(link for link in reversed(links) if wanted in link)
        return await self._http.get(httpx.URL(address).join(link), follow_redirects=True)


async def signed_in(sandbox: Sandbox, http: httpx.AsyncClient, as_: str = SECRETARY) -> Granted:
    browser = Browser(http, as_)
    try:
        return await sign_in(await discover(sandbox.issuer, http), DESKTOP_CLIENT, http, browser.show)
    finally:
        if browser.task is not None:
            await asyncio.wait([browser.task])


async def test_a_person_signs_in_and_books_as_themselves(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    """The whole way: discovery, browser, code, tokens, a request."""
    granted = await signed_in(sandbox, http)
    kept: list[Secret] = []
    grant = RefreshGrant(sandbox.token_url, DESKTOP_CLIENT, granted.refresh, kept.append)
    access = VdxAccess(sandbox.video_api_url, sandbox.token_url, "", Secret(""), "sandbox")
    vdx = open_vdx(access, sandbox.clock, grant=grant)
    await vdx.client.info()
    identity = vdx.auth.identity()
    assert identity is not None
    assert (identity.email, identity.roles) == (SECRETARY, ("meeting-user", "meeting-planner"))
    assert len(kept) == 1
    sandbox.signin.expire_all()
    await asyncio.gather(vdx.client.info(), vdx.client.pool())
    await vdx.aclose()


async def test_what_is_asked_of_the_browser_is_what_the_standards_want(
    sandbox: Sandbox, http: httpx.AsyncClient
) -> None:
    """S256, a literal loopback address and an unguessable state; the verifier stays here."""
    realm = await discover(sandbox.issuer, http)
    attempt = Attempt.new(realm, DESKTOP_CLIENT, "http://127.0.0.1:1/")
    query = parse_qs(urlsplit(attempt.address()).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["state"] == [attempt.state]
    assert len(attempt.verifier) >= 43
    assert attempt.verifier not in attempt.address()
    assert attempt.verifier not in repr(attempt)


async def test_calling_it_off_is_told(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    """The person clicked Fortryd."""
    with pytest.raises(SignInNeeded) as caught:
        await signed_in(sandbox, http, as_="")
    assert caught.value.code == "vdx.sign_in_again"


async def test_nobody_coming_back_ends_in_time(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    """A closed browser window must not leave a port open for ever."""
    realm = await discover(sandbox.issuer, http)
    shown: list[str] = []
    with pytest.raises(SignInNeeded):
        await sign_in(realm, DESKTOP_CLIENT, http, shown.append, patience_s=0.05)
    back = parse_qs(urlsplit(shown[0]).query)["redirect_uri"][0]
    with pytest.raises(httpx.ConnectError):
        await http.get(back)


REALM = Realm("https://signin.test/realm", "https://signin.test/auth", "https://signin.test/token", names_issuer=True)
ATTEMPT = Attempt(REALM, "x", "http://127.0.0.1:1/", "our-state", "verifier")
GOOD = {"state": "our-state", "iss": REALM.issuer, "code": "c"}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"state": "theirs"}, Refused),
        ({"iss": "https://evil.test"}, Refused),
        ({"iss": None}, Refused),
        ({"error": "access_denied"}, SignInNeeded),
        ({"error": "temporarily_unavailable"}, Unavailable),
        ({"code": None}, VdxError),
    ],
)
def test_only_the_answer_to_our_own_attempt_is_taken(change: dict[str, str | None], error: type[VdxError]) -> None:
    """State and issuer guard against codes that others slip in."""
    assert ATTEMPT.code(GOOD) == "c"
    came_back = {name: value for name, value in (GOOD | change).items() if value is not None}
    with pytest.raises(error):
        ATTEMPT.code(came_back)


async def test_a_code_is_worth_nothing_without_the_verifier(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    """Another program on the machine may see the code; that must not be enough."""
    realm = await discover(sandbox.issuer, http)
    attempt = Attempt.new(realm, DESKTOP_CLIENT, "http://127.0.0.1:9/")
    shown = await http.get(attempt.address())
    link = next(link for link in re.findall(r'href="(/auth[^"]+)"', shown.text) if "soes" in link)
    back = await http.get(httpx.URL(attempt.address()).join(link.replace("&amp;", "&")))
    code = attempt.code(dict(httpx.URL(back.headers["location"]).params))
    stolen = await http.post(realm.token_url, data=attempt.exchange(code) | {"code_verifier": "guess" * 12})
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    with pytest.raises(SignInNeeded):
        read_granted(stolen)


async def test_a_refresh_token_used_twice_ends_the_session(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    """Somebody has a copy: the person must sign in again."""
    granted = await signed_in(sandbox, http)
    first, second = (RefreshGrant(sandbox.token_url, DESKTOP_CLIENT, granted.refresh, lambda _t: None) for _ in "ab")
    first.read(await http.send(first.request()))
    with pytest.raises(SignInNeeded) as caught:
        second.read(await http.send(second.request()))
    assert caught.value.code == "vdx.sign_in_again"
    with pytest.raises(SignInNeeded):
        first.read(await http.send(first.request()))


def test_without_a_refresh_token_nothing_is_sent() -> None:
    """The first start of the program on a workplace."""
    with pytest.raises(SignInNeeded) as caught:
        RefreshGrant("https://signin.test/token", "x", Secret(""), lambda _t: None).request()
    assert caught.value.code == "vdx.sign_in_again"


async def test_a_service_that_names_another_issuer_is_not_trusted() -> None:
    """OpenID Connect Discovery, 4.3."""
    document = {"issuer": "https://evil.test", "authorization_endpoint": "x", "token_endpoint": "y"}
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, json=document))
    async with httpx.AsyncClient(transport=transport) as http:
        with pytest.raises(Misconfigured):
            await discover("https://signin.test/realm", http)


async def test_the_sign_in_page_sends_nobody_to_a_foreign_address(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    """An open redirect would hand the code to whoever asks."""
    realm = await discover(sandbox.issuer, http)
    for attempt in (
        Attempt.new(realm, DESKTOP_CLIENT, "https://evil.test/"),
        Attempt.new(realm, "another-program", "http://127.0.0.1:9/"),
    ):
        assert (await http.get(attempt.address())).status_code == 400
