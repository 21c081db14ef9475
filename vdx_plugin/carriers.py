"""What carries messages to each channel, and what looks at them on the way, as the settings name it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx

from vdx_plugin import log, medcom_roads, settings
from vdx_plugin.booking.auth import Certificate, TokenAuth
from vdx_plugin.booking.sms import SmsClient
from vdx_plugin.domain.context import Organisation
from vdx_plugin.domain.parties import Channel
from vdx_plugin.domain.secret import Secret
from vdx_plugin.invitations import (
    asking_first,
    delivery,
    intake,
    outgoing,
    record_mail,
    reliable,
    resources,
    sms_gateway,
    smtp,
    transport,
    validator,
    vdx_sms,
)
from vdx_plugin.invitations.message_check import MessageCheck
from vdx_plugin.invitations.profiles import ProfileChecker, Shelf
from vdx_plugin.ports import AddressBook, Clock
from vdx_plugin.settings import Secrets, Settings
from vdx_plugin.store import Store

_log = log.get("app")

VdxAuth = TokenAuth | Certificate


def definitions_shelf(data_dir: Path) -> Shelf:
    """Return the FHIR packages that this workplace has installed."""
    return Shelf(data_dir / "definitions")


def message_check(chosen: Settings) -> MessageCheck:
    """Return what looks at every message: our rules, installed profiles, the validator that the settings name."""
    shelf, partners = definitions_shelf(chosen.data_dir), chosen.partners
    lacking = shelf.lacking()
    if shelf.packages() and lacking:
        _log.warning("messages are not checked against profiles: %s missing", ", ".join(lacking))
    official = None
    if partners.validator_url:
        named = validator.ValidatorSettings(partners.validator_url, partners.validator)
        official = validator.HttpValidator(named, httpx.AsyncClient())
    profiles = None if lacking else ProfileChecker(shelf.definitions)
    return MessageCheck(profiles, official, must_validate=partners.validator_required)


def message_delivery(
    chosen: Settings,
    practice: Organisation,
    store: Store,
    clock: Clock,
    secrets: Secrets,
    auth: VdxAuth,
    systems: record_mail.Systems,
    check: MessageCheck | None = None,
    addresses: AddressBook | None = None,
) -> delivery.MessageDelivery:
    """Return what carries the outbox out, over the roads that the settings name. Raises Misconfigured."""
    carriers: dict[Channel, transport.Carrier] = {}
    mailbox = medcom_roads.medcom(chosen.partners, practice.gln or "", clock, secrets, systems)
    if mailbox is not None:
        carriers[Channel.MEDCOM] = mailbox
        if addresses is not None and chosen.partners.eas_url:
            carriers[Channel.MEDCOM] = asking_first.AskingFirst(mailbox, addresses)
    if chosen.mail.host:
        mail = chosen.mail
        password = secrets("mail.password") if mail.user else Secret("")
        carriers[Channel.EMAIL] = smtp.SmtpCarrier(
            smtp.MailSettings(mail.host, mail.port, mail.sender, smtp.Security(mail.security), mail.user, password)
        )
    texts = text_carrier(chosen, secrets, auth)
    if texts is not None:
        carriers[Channel.SMS] = texts
    reports = texts if isinstance(texts, vdx_sms.VdxSms) or (texts is not None and texts.can_report) else None
    own = resources.Party(str(uuid4()), practice.name, practice.sor or "", practice.gln or "")
    books = intake.Books(store.outbox, store.letters, store.consultations)
    mime = f"application/fhir+{chosen.partners.mime}"
    roads, limits = delivery.Roads(carriers, mailbox, reports), resend_limits(chosen.partners)
    pace = outgoing.Pace(chosen.partners.workers)
    return delivery.MessageDelivery(books, roads, own, clock, uuid4, limits, mime=mime, pace=pace, check=check)


def resend_limits(chosen: settings.Partners) -> reliable.Limits:
    """Return how patient messages are, within MedCom's bounds, which the settings have kept."""
    return reliable.Limits(
        native=reliable.Patience(timedelta(minutes=chosen.resend_after_min), chosen.max_resends),
        converted=reliable.Patience(timedelta(minutes=chosen.converted_resend_after_min), chosen.converted_max_resends),
    )


def text_carrier(chosen: Settings, secrets: Secrets, auth: VdxAuth) -> vdx_sms.VdxSms | sms_gateway.SmsGateway | None:
    """Return what carries text messages; None where the practice sends none."""
    sms = chosen.sms
    if sms.service == "none":
        return None
    if sms.service == "vdx":
        # Behind the local proxy the certificate is the proxy's, and nobody signs in.
        by_token = auth if isinstance(auth, TokenAuth) else None
        return vdx_sms.VdxSms(SmsClient(sms.url, by_token), uses_meeting_link=sms.link == "meeting")
    gateway = sms_gateway.GatewaySettings(
        url=sms.url,
        method=sms.method,
        is_form=sms.body == "form",
        to_field=sms.to_field,
        text_field=sms.text_field,
        fields=sms.fields,
        plain_digits=sms.plain_digits,
        auth_header=sms.auth_header,
        secret=secrets("sms.secret"),
        ok_status=sms.ok_status,
        id_path=sms.id_path,
        report_url=sms.report_url,
        report_path=sms.report_path,
        arrived_words=sms.arrived_words,
        lost_words=sms.lost_words,
    )
    return sms_gateway.SmsGateway(gateway, httpx.AsyncClient())
