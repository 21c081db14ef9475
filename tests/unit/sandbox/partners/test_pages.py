"""What a person at the partner sees and does."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import httpx
import pytest
from markupsafe import escape

from tests.unit.sandbox.partners.samples import AT, CLINIC_GLN, HEADER_ID, HOSPITAL, invitation, resource
from tests.unit.sandbox.partners.test_answers import numbers
from tests.unit.sandbox.partners.test_hub import parcel
from vdx_plugin.sandbox.pages import clickable, danish_time
from vdx_plugin.sandbox.partners import Behaviour, PartnerFormat
from vdx_plugin.sandbox.partners.answers import reply
from vdx_plugin.sandbox.partners.bundle import Message, items, text
from vdx_plugin.sandbox.partners.letter_view import view
from vdx_plugin.sandbox.partners.pages import answer_words
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


def test_of_two_texts_of_one_second_the_appended_one_is_the_newer() -> None:
    """An answer within the second in which the letter was written still stands on top."""
    answered = reply(Message(invitation()), "Vi kommer.", HOSPITAL, "Mia Test", datetime.fromisoformat(AT), numbers())
    assert view(answered).first_line == "Vi kommer."


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


async def test_the_list_of_partners_tells_what_each_got_and_how_it_behaves(
    sandbox: Sandbox, web: httpx.AsyncClient
) -> None:
    """One page from which the demo is led."""
    await sandbox.partners.hand_in(parcel(invitation()))
    await sandbox.partners.hand_in(parcel(invitation()))
    sandbox.partners.behave(HOSPITAL.gln, Behaviour.DOWN)
    page = (await web.get("/partners/")).text
    for partner in sandbox.partners.partners.values():
        assert f'href="/partners/{partner.gln}/"' in page
        assert all(home in page for home in partner.homes)
    assert "1 besked<" in page
    assert "1 gentaget" in page
    assert "Tager ikke imod" in page
    assert "gammelt format" in page


async def test_each_particular_of_a_behaviour_is_set_from_the_page(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """The form's fields and the partner's conduct are the same thing."""
    form = {"behaviour": "reject", "issue": "MSG_Element_To_Long", "delay_s": "", "times": "2", "cuts": "nej"}
    assert (await web.post(f"/partners/{HOSPITAL.gln}/behaviour", data=form)).status_code == 303
    conduct = sandbox.partners.partners[HOSPITAL.gln].conduct
    assert (conduct.behaviour, conduct.issue, conduct.times) == (Behaviour.REJECT, "MSG_Element_To_Long", 2)
    await web.post(f"/partners/{HOSPITAL.gln}/behaviour", data={"behaviour": "down", "down_s": "60", "cuts": "ja"})
    assert "Systemet tager ikke imod nu, før" in (await web.get(f"/partners/{HOSPITAL.gln}/")).text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"quick": "Vi kommer.", "words": ""}, "Vi kommer."),
        ({"quick": "Vi kan ikke.", "words": "Ring i morgen.\r\nMvh"}, "Vi kan ikke.\nRing i morgen.\nMvh"),
        ({"words": " \r\n ", "quick": ""}, ""),
        (
            {"words": "Ja", "new_name": "Mia Test", "new_role": "Fysioterapeut"},
            "Ja\nNy deltager: Mia Test, Fysioterapeut",
        ),
        ({"new_name": "Mia Test", "new_phone": "35000012"}, "Ny deltager: Mia Test, 35000012"),
    ],
)
def test_what_a_person_answers(form: dict[str, str], words: str) -> None:
    """Quick answer, own text and whom they bring along, in that order."""
    assert answer_words(form) == words


async def test_the_tabs_show_checks_envelope_and_code(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """What a vendor looks for: which rule, which envelope, and the message character by character."""
    sent = parcel(invitation(), document_name="MCM:FDIS91#telemedicine")
    await sandbox.partners.hand_in(sent)
    await sandbox.partners.waiting(CLINIC_GLN, 5)
    letter = f"/partners/{HOSPITAL.gln}/{HEADER_ID}"
    assert "I orden" in (await web.get(letter, params={"vis": "kontrol"})).text
    envelope = (await web.get(letter, params={"vis": "kuvert"})).text
    assert all(told in envelope for told in (sent.envelope_id, "MCM:FDIS91#telemedicine", "Kvittering 1"))
    exact = (await web.get(letter, params={"vis": "praecis"})).text
    assert str(escape(sent.body.decode())) in exact
    readable = (await web.get(letter, params={"vis": "laesbar"})).text
    assert str(escape('  "resourceType": "Bundle",\n')) in readable
    assert "XDIS91" not in readable
    assert (await web.get(letter, params={"vis": "<script>"})).status_code == 200


async def test_a_letter_on_the_old_form_is_shown_as_its_reader_has_it(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """The subject is all one line, and the code is XDIS91."""
    (old,) = [one for one in sandbox.partners.partners.values() if one.format is PartnerFormat.CONVERTED]
    await sandbox.partners.hand_in(parcel(invitation(), receiver_gln=old.gln))
    page = (await web.get(f"/partners/{old.gln}/{HEADER_ID}", params={"vis": "xdis91"})).text
    assert "<h1>Telemedicin, Videomøde 14.10.2026 kl. 13.00</h1>" in page
    assert "&lt;Subject&gt;Telemedicin, Videomøde 14.10.2026 kl. 13.00&lt;/Subject&gt;" in page


async def test_the_unit_sees_which_home_a_letter_is_for(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """Its letters bear the unit's number: only the words say which home."""
    (unit,) = [one for one in sandbox.partners.partners.values() if one.homes]
    bundle = invitation()
    url = f"/partners/{unit.gln}/{HEADER_ID}"
    await sandbox.partners.hand_in(parcel(bundle, receiver_gln=unit.gln))
    assert "<dt>Plejehjem</dt>" not in (await web.get(url)).text
    sandbox.partners.forget(unit.gln)
    resource(bundle, "Communication")["payload"][0]["contentString"] += "\nGælder Plejehjemmet Ådalen."
    await sandbox.partners.hand_in(parcel(bundle, receiver_gln=unit.gln))
    assert f"<dt>Plejehjem</dt><dd>{unit.homes[0]}</dd>" in (await web.get(url)).text


async def test_a_person_acknowledges_by_hand(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """Forwarding the state of a silent system, or a state of one's own choice."""
    sandbox.partners.behave(HOSPITAL.gln, Behaviour.SILENT)
    await sandbox.partners.hand_in(parcel(invitation()))
    letter = f"/partners/{HOSPITAL.gln}/{HEADER_ID}"
    form = {"code": "fatal-error", "issue": "MSG_Receiver_Identifier_UNKNOWN"}
    assert (await web.post(f"{letter}/acknowledge", data=form)).status_code == 303
    (entry,) = await sandbox.partners.waiting(CLINIC_GLN, 5)
    assert Message(json.loads(entry.parcel.body)).response == (HEADER_ID, "fatal-error")
    assert (await web.post(f"{letter}/acknowledge", data={"code": "perhaps"})).status_code == 400
    assert (await web.post(f"/partners/{HOSPITAL.gln}/unknown/acknowledge", data={"code": "ok"})).status_code == 404


async def test_pages_hold_whatever_a_message_holds(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """A message whose members have the wrong shapes is a fatal-error with a page, and markup in it stays text."""
    bundle = invitation()
    resource(bundle, "Communication").update(
        topic={"text": "<script>alert(1)</script>"}, recipient="x", payload=[{}, 7]
    )
    resource(bundle, "Patient").update(name="Ane", identifier=[[]])
    resource(bundle, "Practitioner")["name"] = [{"given": 7}]
    await sandbox.partners.hand_in(parcel(bundle))
    for path in ("", HEADER_ID, f"{HEADER_ID}?vis=kuvert", f"{HEADER_ID}?vis=laesbar"):
        page = await web.get(f"/partners/{HOSPITAL.gln}/{path}")
        assert page.status_code == 200
        assert "<script>alert" not in page.text


async def test_a_refused_letter_can_be_read_here_and_not_answered(sandbox: Sandbox, web: httpx.AsyncClient) -> None:
    """At a real partner nobody ever sees what the system has refused."""
    bundle = invitation()
    resource(bundle, "Communication")["status"] = "completed"
    await sandbox.partners.hand_in(parcel(bundle))
    letter = f"/partners/{HOSPITAL.gln}/{HEADER_ID}"
    assert "Svar klinikken" not in (await web.get(letter)).text
    assert (await web.post(f"{letter}/reply", data={"words": "Ja"})).status_code == 409
