"""A web record that speaks CDS Hooks, to see a card where a doctor sees it: two patients, and a column for cards.

Written from the specification as a record is: it signs a JWT of its own for each call, shows what the service answers,
and sends feedback when a card is used or put away. SMART launches are not among what it can do, and it says so.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

PATIENTS = {"ditte": ("Ditte Prøvesen", "25-12-1948"), "aage": ("Åge Eksempelsen", "11-03-1979")}
USER = "Practitioner/hanne"
LIMIT_S = 5.0
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;color:#1c2733;margin:0;background:#f3f5f7}
header{background:#1f4e79;color:#fff;padding:12px 32px}header b{font-size:20px}
nav{padding:12px 32px;background:#fff;border-bottom:1px solid #d5dbe1}nav a{margin-right:24px;color:#1f4e79}
nav a[aria-current]{font-weight:600;color:#1c2733;text-decoration:none}
main{display:grid;grid-template-columns:1fr 360px;gap:24px;padding:24px 32px;max-width:1080px}
section{background:#fff;border:1px solid #d5dbe1;border-radius:8px;padding:16px 24px}
h1{font-size:24px;margin:0 0 4px}h2{font-size:16px;margin:0 0 12px}p{margin:0 0 12px}
.card{border-left:4px solid #1f6fb2;padding:4px 0 4px 16px;margin-bottom:16px}.card b{display:block;margin-bottom:4px}
.source{color:#52606d;font-size:14px}form{display:inline-block;margin:0 8px 8px 0}
button{font:inherit;padding:8px 16px;border-radius:6px;border:1px solid #1f4e79;background:#1f4e79;color:#fff}
button.quiet{background:#fff;color:#1f4e79}button:disabled{background:#e4e8ec;color:#52606d;border-color:#b8c1ca}
"""


class WebRecord:
    """The record at ``own_url``, which calls the service whose discovery is at ``services_url``."""

    def __init__(self, own_url: str, services_url: str, now: Callable[[], datetime]) -> None:
        self._own = own_url
        self._services = services_url
        self._now = now
        self._key = ECKey.generate_key("P-384", {"kid": uuid4().hex, "use": "sig", "alg": "ES384"})
        self.app = Starlette(
            routes=[
                Route("/", self._on_record),
                Route("/record/{patient}", self._on_record),
                Route("/book/{patient}", self._on_booking),
                Route("/card", self._on_card, methods=["POST"]),
                Route("/video", _on_video),
                Route("/keys.json", self._on_keys),
            ]
        )

    @property
    def iss(self) -> str:
        return self._own

    @property
    def jku(self) -> str:
        return f"{self._own}/keys.json"

    async def _on_keys(self, _request: Request) -> Response:
        return JSONResponse(KeySet([self._key]).as_dict(private=False))

    async def _on_record(self, request: Request) -> Response:
        return await self._show(request, "patient-view", {})

    async def _on_booking(self, request: Request) -> Response:
        slot = {"resourceType": "Appointment", "status": "proposed", "participant": []}
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": slot}]}
        return await self._show(request, "appointment-book", {"appointments": bundle})

    async def _show(self, request: Request, hook: str, context: Mapping[str, Any]) -> Response:
        patient = request.path_params.get("patient", "ditte")
        if patient not in PATIENTS:
            return Response(status_code=404)
        try:
            service, cards = await self._ask(hook, {"userId": USER, "patientId": patient, **context})
            column = "".join(_card(card, service) for card in cards) or "<p>Ingen forslag.</p>"
        except (httpx.HTTPError, ValueError, KeyError) as error:
            column = f"<p>Tjenesten svarer ikke ({html.escape(type(error).__name__)}).</p>"
        return HTMLResponse(_page(patient, hook, column))

    async def _ask(self, hook: str, context: Mapping[str, Any]) -> tuple[str, list[dict[str, Any]]]:
        async with httpx.AsyncClient(trust_env=False, timeout=LIMIT_S) as http:
            offered = (await http.get(self._services)).raise_for_status().json()["services"]
            service = next(one["id"] for one in offered if one["hook"] == hook)
            body = {"hook": hook, "hookInstance": str(uuid4()), "context": context}
            answer = await self._post(http, f"{self._services}/{service}", body)
            return service, list(answer.json()["cards"])

    async def _post(self, http: httpx.AsyncClient, url: str, body: Mapping[str, Any]) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self._token(url)}"}
        return (await http.post(url, json=body, headers=headers)).raise_for_status()

    def _token(self, url: str) -> str:
        now = int(self._now().timestamp())
        claims = {"iss": self.iss, "aud": url, "iat": now, "exp": now + 300, "jti": uuid4().hex}
        header = {"alg": "ES384", "typ": "JWT", "kid": self._key.kid, "jku": self.jku}
        return jwt.encode(header, claims, self._key, algorithms=["ES384"])

    async def _on_card(self, request: Request) -> Response:
        """A card was used or put away: tell the service, then go where the user wanted."""
        given = dict(parse_qsl((await request.body()).decode()))
        entry: dict[str, Any] = {
            "card": given["card"],
            "outcome": given["outcome"],
            "outcomeTimestamp": self._now().isoformat(),
        }
        if reason := given.get("reason"):
            entry["overrideReason"] = {"reason": {"code": reason, "system": given.get("system", "")}}
        async with httpx.AsyncClient(trust_env=False, timeout=LIMIT_S) as http:
            await self._post(http, f"{self._services}/{given['service']}/feedback", {"feedback": [entry]})
        return RedirectResponse(given.get("onward") or "/", 303)


def _card(card: Mapping[str, Any], service: str) -> str:
    about = {"card": card["uuid"], "service": service}
    links = "".join(_link(link, about) for link in card.get("links", ()))
    reasons = "".join(
        _button(reason["display"], {**about, "outcome": "overridden", "reason": reason["code"]}, quiet=True)
        for reason in card.get("overrideReasons", ())
    )
    return (
        f'<div class="card"><b>{html.escape(card["summary"])}</b><p>{html.escape(card.get("detail", ""))}</p>'
        f'{links}<p>{reasons}</p><span class="source">{html.escape(card["source"]["label"])}</span></div>'
    )


def _link(link: Mapping[str, Any], about: Mapping[str, str]) -> str:
    if link["type"] == "smart":
        title = "Denne prøvejournal kan ikke starte SMART-programmer"
        return f'<form><button disabled title="{title}">{html.escape(link["label"])}</button></form>'
    return _button(link["label"], {**about, "outcome": "accepted", "onward": link["url"]})


def _button(label: str, fields: Mapping[str, str], *, quiet: bool = False) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in fields.items()
    )
    style = ' class="quiet"' if quiet else ""
    return f'<form method="post" action="/card">{hidden}<button{style}>{html.escape(label)}</button></form>'


def _page(patient: str, hook: str, column: str) -> str:
    name, born = PATIENTS[patient]
    shown = [(f"/record/{one}", PATIENTS[one][0], one == patient and hook == "patient-view") for one in PATIENTS] + [
        (f"/book/{patient}", "Book tid", hook == "appointment-book")
    ]
    menu = "".join(
        f'<a href="{path}"{" aria-current=page" if is_here else ""}>{html.escape(text)}</a>'
        for path, text, is_here in shown
    )
    body = (
        f"<header><b>Prøvejournalen</b></header><nav>{menu}</nav><main><section><h1>{html.escape(name)}</h1>"
        f"<p>Født {born}</p><p>{'Ny tid: mandag kl. 10.20' if hook == 'appointment-book' else 'Journalen er åben.'}</p>"
        f"</section><section><h2>Forslag</h2>{column}</section></main>"
    )
    return _whole("Prøvejournal", body)


async def _on_video(_request: Request) -> Response:
    words = "Her ligger klinikkens videoside. I prøven er den tom."
    back = '<p><a href="/">Tilbage til journalen</a></p>'
    return HTMLResponse(_whole("Video", f"<main><section><h1>Video</h1><p>{words}</p>{back}</section></main>"))


def _whole(title: str, body: str) -> str:
    head = f'<!doctype html><html lang="da"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
    return head + body
