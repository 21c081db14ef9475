"""The pages on which a person plays a partner: the list of partners, an inbox, a letter with its thread and its raw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from vdx_plugin.sandbox.pages import page
from vdx_plugin.sandbox.partners.answers import title_of
from vdx_plugin.sandbox.partners.bundle import Message
from vdx_plugin.sandbox.partners.checks import checked
from vdx_plugin.sandbox.partners.conduct import ISSUES, is_down, read_conduct
from vdx_plugin.sandbox.partners.control import read_answer
from vdx_plugin.sandbox.partners.hub import PartnerHub, Unanswerable
from vdx_plugin.sandbox.partners.letter_view import LetterView, newest_at, view
from vdx_plugin.sandbox.partners.old_view import old_view
from vdx_plugin.sandbox.partners.raw_view import pretty
from vdx_plugin.sandbox.partners.values import (
    XML_MIME,
    Arrival,
    Behaviour,
    Letter,
    Partner,
    PartnerFormat,
    PartnerKind,
    Said,
)

KIND_NAMES = {
    PartnerKind.HOSPITAL: "Sygehus",
    PartnerKind.MUNICIPALITY: "Kommune",
    PartnerKind.NURSING_HOME: "Plejehjem",
    PartnerKind.OTHER: "Anden modtager",
}
BEHAVIOUR_NAMES = {
    Behaviour.OK: "Kvitterer straks",
    Behaviour.SLOW: "Kvitterer og svarer sent",
    Behaviour.SILENT: "Svarer aldrig",
    Behaviour.REJECT: "Afviser alt",
    Behaviour.DUPLICATE: "Sender alt to gange og i forkert rækkefølge",
    Behaviour.TRANSIENT: "Midlertidig fejl, derefter godt",
    Behaviour.CONTRADICTORY: "Godkender og afviser bagefter",
    Behaviour.EARLY: "Kvitterer, før afsendelsen er færdig",
    Behaviour.DOWN: "Tager ikke imod",
    Behaviour.UNDELIVERABLE: "Postkassen kan ikke levere (negativ VANS-kvittering)",
    Behaviour.COUNT: "Tæller kun",
}
ANSWER_NAMES = {"ok": "Kvitteret", "fatal-error": "Afvist", "transient-error": "Midlertidig fejl"}
QUICK_ANSWERS = ("Vi kommer", "Vi kan ikke")
TABS = {"kontrol": "Kontrol", "kuvert": "Kuvert og kvitteringer", "laesbar": "Læsbar kode", "praecis": "Præcis kode"}
OLD_TAB = ("xdis91", "XDIS91")


def routes(hub: PartnerHub) -> list[BaseRoute]:
    """Return the pages and what their forms do."""
    person = _PartnerPages(hub)
    one = "/partners/{gln}"
    return [
        Route("/partners/", person.partners),
        Route(f"{one}/", person.inbox),
        Route(f"{one}/behaviour", person.behave, methods=["POST"]),
        Route(f"{one}/forget", person.forget, methods=["POST"]),
        Route(one + "/{header_id}", person.letter),
        Route(one + "/{header_id}/reply", person.reply, methods=["POST"]),
        Route(one + "/{header_id}/acknowledge", person.acknowledge, methods=["POST"]),
    ]


@dataclass(frozen=True)
class Line:
    """A letter with what a list or a page says of it. ``code`` is that of the newest acknowledgement sent."""

    letter: Letter
    view: LetterView
    written_at: datetime | None
    said: tuple[Said, ...]
    arrivals: tuple[Arrival, ...]
    is_read: bool

    @property
    def code(self) -> str:
        """Return what the partner's system said last, or an empty text."""
        return self.said[-1].code if self.said else ""

    @property
    def answer(self) -> str:
        """Return the same in words."""
        return ANSWER_NAMES.get(self.code, "")

    @property
    def came(self) -> int:
        """Return how often the message came."""
        return len(self.arrivals)


class _PartnerPages:
    def __init__(self, hub: PartnerHub) -> None:
        self._hub = hub
        self._read: set[tuple[str, str]] = set()

    async def partners(self, _request: Request) -> Response:
        rows = [(summary, self._hub.tally(summary.partner.gln)) for summary in self._hub.overview()]
        return page("partner_list.html", rows=rows, kinds=KIND_NAMES, behaviours=BEHAVIOUR_NAMES)

    async def inbox(self, request: Request) -> Response:
        partner = self._partner(request)
        threads = {letter.thread_id: None for letter in self._hub.letters(partner.gln)}
        return page(
            "partner_inbox.html",
            partner=partner,
            kind=KIND_NAMES[partner.kind],
            threads=[self._lines(partner, thread) for thread in threads],
            count=self._hub.count(partner.gln),
            unreadable=self._hub.unreadable(partner.gln),
            is_old=partner.format is PartnerFormat.CONVERTED,
            is_down=is_down(partner.conduct, self._hub.now()),
            behaviours=BEHAVIOUR_NAMES,
            issues=ISSUES,
        )

    async def letter(self, request: Request) -> Response:
        partner = self._partner(request)
        letter = self._hub.letter(partner.gln, request.path_params["header_id"])
        if letter is None:
            raise HTTPException(404)
        self._read.add((partner.gln, letter.header_id))
        thread = self._lines(partner, letter.thread_id)
        tabs = {**TABS, **(dict([OLD_TAB]) if letter.old_source else {})}
        tab = request.query_params.get("vis", "kontrol")
        return page(
            "partner_letter.html",
            partner=partner,
            line=self._line(partner, letter),
            thread=thread,
            is_newest=thread[0].letter.header_id == letter.header_id,
            acknowledged=self._hub.acknowledged(partner.gln, letter.header_id),
            home=_home(partner, letter),
            author=f"{title_of(partner)} Test",
            quick_answers=QUICK_ANSWERS,
            issues=ISSUES,
            answers=ANSWER_NAMES,
            tabs=tabs,
            tab=tab if tab in tabs else "kontrol",
            code=_code(letter, tab),
            checked=checked(Message(letter.bundle)),
        )

    async def reply(self, request: Request) -> Response:
        partner, form = self._partner(request), await _form(request)
        words = answer_words(form)
        if not words:
            raise HTTPException(400)
        author = form.get("author", "").strip() or f"{title_of(partner)} Test"
        try:
            sent = await self._hub.reply(partner.gln, request.path_params["header_id"], words, author)
        except KeyError as error:
            raise HTTPException(404) from error
        except Unanswerable as error:
            raise HTTPException(409) from error
        return RedirectResponse(f"/partners/{partner.gln}/{sent.header_id}", status_code=303)

    async def acknowledge(self, request: Request) -> Response:
        partner, form = self._partner(request), await _form(request)
        header_id = request.path_params["header_id"]
        try:
            await self._hub.acknowledge(partner.gln, header_id, read_answer(form))
        except KeyError as error:
            raise HTTPException(404) from error
        except ValueError as error:
            raise HTTPException(400) from error
        return RedirectResponse(f"/partners/{partner.gln}/{header_id}?vis=kuvert", status_code=303)

    async def behave(self, request: Request) -> Response:
        partner = self._partner(request)
        try:
            self._hub.behave(partner.gln, read_conduct(await _form(request), self._hub.now()))
        except ValueError as error:
            raise HTTPException(400) from error
        return RedirectResponse(f"/partners/{partner.gln}/", status_code=303)

    async def forget(self, request: Request) -> Response:
        partner = self._partner(request)
        self._hub.forget(partner.gln)
        return RedirectResponse(f"/partners/{partner.gln}/", status_code=303)

    def _partner(self, request: Request) -> Partner:
        partner = self._hub.partners.get(request.path_params["gln"])
        if partner is None:
            raise HTTPException(404)
        return partner

    def _lines(self, partner: Partner, thread_id: str) -> list[Line]:
        return [self._line(partner, letter) for letter in self._hub.thread(partner.gln, thread_id)]

    def _line(self, partner: Partner, letter: Letter) -> Line:
        return Line(
            letter=letter,
            view=old_view(letter.old_source) if letter.old_source else view(letter.bundle),
            written_at=newest_at(letter.bundle),
            said=self._hub.said(partner.gln, letter.header_id),
            arrivals=self._hub.arrivals(partner.gln, letter.header_id),
            is_read=letter.outgoing or (partner.gln, letter.header_id) in self._read,
        )


def answer_words(form: dict[str, str]) -> str:
    """Return what a person answers: the quick answer, the text, and whom they bring along; empty for nothing."""
    # A browser sends line ends as CR LF; MedCom's letters have LF.
    said = [form.get(name, "").replace("\r\n", "\n").strip() for name in ("quick", "words")]
    newcomer = ", ".join(form[name].strip() for name in ("new_name", "new_role", "new_phone") if form.get(name))
    parts = [part for part in said if part]
    if newcomer:
        parts.append(f"Ny deltager: {newcomer}")
    return "\n".join(parts)


def _home(partner: Partner, letter: Letter) -> str:
    """Return the nursing home that a letter to its unit names, or an empty text."""
    own = (partner.name,) if partner.kind is PartnerKind.NURSING_HOME else ()
    seen = view(letter.bundle)
    receiver = str(Message(letter.bundle).receiver.get("name", ""))
    said = " ".join([receiver, seen.topic, seen.recipient, *(part.words for part in seen.parts)])
    return next((home for home in (*partner.homes, *own) if home.partition(" (")[0] in said), "")


def _code(letter: Letter, tab: str) -> str:
    """Return the letter's code for a tab that shows code."""
    if tab == OLD_TAB[0]:
        return pretty(letter.old_source, XML_MIME)
    return pretty(letter.source, letter.mime) if tab == "laesbar" else letter.source


async def _form(request: Request) -> dict[str, Any]:
    body = (await request.body()).decode("utf-8", "replace")
    return {name: values[0] for name, values in parse_qs(body).items()}
