"""What a person at the partner sees and does."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx

from tests.unit.sandbox.partners.samples import CLINIC_GLN, HEADER_ID, HOSPITAL, invitation, resource
from tests.unit.sandbox.partners.test_hub import parcel
from vdx_plugin.sandbox.pages import clickable, danish_time
from vdx_plugin.sandbox.partners.bundle import Message, items, text
from vdx_plugin.sandbox.partners.letter_view import view
from vdx_plugin.sandbox.server import Sandbox


def test_only_web_links_become_clickable_and_everything_else_is_text() -> None:
    """A letter may come from anywhere; the full stop after a link is not part of it."""
    shown = str(clickable("<b>Se</b> https://video.example/m/a?x=1&y=2. javascript:alert(1)"))
    assert shown.startswith('&lt;b&gt;Se&lt;/b&gt; <a href="https://video.example/m/a?x=1&amp;y=2"')
    assert shown.endswith("</a>. javascript:alert(1)")


def test_a_letter_is_shown_newest_text_first_with_its_signature() -> None:
    """Payloads may come in any order; receivers sort by the time of writing."""
    bundle = invitation()
    payloads = resource(bundle, "Communication")["payload"]
    later = json.loads(json.dumps(payloads[0]))
    later["extension"][0]["valueDateTime"] = "2026-10-08T09:12:00+02:00"
    later["contentString"] = "AFLYST"
    payloads.append(later)
    letter = view(bundle)
    assert [part.words[:6] for part in letter.parts] == ["AFLYST", "Invita"]
    assert letter.parts[0].author == "Karen Madsen"
    assert letter.attachments[0].url == "https://video.example/m/abc"
    assert (letter.category, letter.activity) == ("Telemedicin", "Ny")


def test_an_attachment_that_is_no_web_link_cannot_be_clicked() -> None:
    """Other schemes could start programs."""
    bundle = invitation()
    resource(bundle, "Communication")["payload"][1]["contentAttachment"]["url"] = "javascript:alert(1)"
    assert view(bundle).attachments[0].url == ""


def test_an_empty_message_is_still_shown() -> None:
    """What cannot be read must not break the page on which it is looked for."""
    letter = view({})
    assert (letter.topic, letter.sender, letter.parts) == ("Uden emne", "Ukendt afsender", ())


def test_times_are_told_in_danish() -> None:
    """Weekday, date and clock as on a letter."""
    assert danish_time(datetime(2026, 10, 7, 7, 12, tzinfo=UTC)) == "onsdag 7. oktober 2026 kl. 09.12"
    assert danish_time(None) == ""


async def test_a_person_reads_a_letter_and_answers_it(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """The whole way by hand: list, letter, form, and the reply waits at the clinic."""
    await sandbox.partners.hand_in(parcel(invitation()))
    inbox = await web.get(f"/partners/{HOSPITAL.gln}/")
    assert "Videomøde 14.10.2026 kl. 13.00" in inbox.text
    letter = await web.get(f"/partners/{HOSPITAL.gln}/{HEADER_ID}")
    assert '<a href="https://video.example/m/abc"' in letter.text
    assert "&lt;b&gt;ikke fed&lt;/b&gt;" in letter.text
    form = {"words": "Vi deltager.\r\nMvh", "author": "Mia Test"}
    answered = await web.post(f"/partners/{HOSPITAL.gln}/{HEADER_ID}/reply", data=form)
    assert answered.status_code == 303
    assert "Vi deltager." in (await web.get(answered.headers["location"])).text
    waiting = await sandbox.partners.waiting(CLINIC_GLN, 5)
    came = [Message(json.loads(entry.parcel.body)) for entry in waiting]
    replies = [items(one.first("Communication"), "payload") for one in came if one.event.startswith("care")]
    assert [text(payloads[-1], "contentString") for payloads in replies] == ["Vi deltager.\nMvh"]


async def test_what_a_person_may_get_wrong_is_refused(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """Empty answers, unknown letters, partners and behaviours."""
    await sandbox.partners.hand_in(parcel(invitation()))
    base = f"/partners/{HOSPITAL.gln}"
    assert (await web.post(f"{base}/{HEADER_ID}/reply", data={"words": " "})).status_code == 400
    assert (await web.post(f"{base}/unknown/reply", data={"words": "Ja"})).status_code == 404
    assert (await web.get(f"{base}/unknown")).status_code == 404
    assert (await web.get("/partners/5790000000999/")).status_code == 404
    assert (await web.post(f"{base}/behaviour", data={"behaviour": "rude"})).status_code == 400


async def test_a_person_changes_how_the_partner_answers(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """For showing in the demo what a silent hospital looks like to the clinic."""
    await web.post(f"/partners/{HOSPITAL.gln}/behaviour", data={"behaviour": "silent"})
    assert sandbox.partners.partners[HOSPITAL.gln].behaviour.value == "silent"


async def test_broken_rules_stand_on_the_letter(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """A vendor who tries out a message must see what is wrong with it."""
    bundle = invitation()
    resource(bundle, "Communication")["status"] = "completed"
    await sandbox.partners.hand_in(parcel(bundle))
    page = (await web.get(f"/partners/{HOSPITAL.gln}/{HEADER_ID}")).text
    assert "Beskeden bryder MedComs regler" in page
    assert "Communication.status" in page
