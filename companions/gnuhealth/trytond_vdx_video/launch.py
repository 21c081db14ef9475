# SPDX-License-Identifier: GPL-3.0-or-later
"""Tickets, the addresses at which the users' programs wait, and the wizard behind the action."""

import datetime as dt
import hashlib
import re
import secrets

from trytond.i18n import gettext
from trytond.model import ModelSQL, ModelView, fields
from trytond.model.exceptions import ValidationError
from trytond.pool import Pool
from trytond.rpc import RPC
from trytond.transaction import Transaction
from trytond.wizard import StateAction, Wizard

LIFETIME = dt.timedelta(seconds=60)
TOKEN_BYTES = 32
_ADDRESS = re.compile(r"http://127\.0\.0\.1:[0-9]{2,5}/launch", re.ASCII)


def _now():
    # Tryton keeps times without zone, in UTC.
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def _digest(token):
    return hashlib.sha256(token.encode()).hexdigest()


class Ticket(ModelSQL):
    "Ticket of a Video Consultation"

    # Not a ModelView: so Tryton refuses every call by RPC, and nobody can list or make tickets from outside.
    __name__ = "vdx_video.ticket"

    digest = fields.Char("Digest", required=True)
    patient = fields.Many2One("gnuhealth.patient", "Patient", required=True, ondelete="CASCADE")
    appointment = fields.Many2One("gnuhealth.appointment", "Appointment", ondelete="SET NULL")
    user = fields.Many2One("res.user", "User", required=True, ondelete="CASCADE")
    expires_at = fields.Timestamp("Expires at", required=True)
    spent_at = fields.Timestamp("Spent at")

    @classmethod
    def issue(cls, patient, appointment=None):
        """Make a ticket for the user of the transaction and return its token, which is kept nowhere."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        cls.create(
            [
                {
                    "digest": _digest(token),
                    "patient": patient.id,
                    "appointment": appointment.id if appointment else None,
                    "user": Transaction().user,
                    "expires_at": _now() + LIFETIME,
                }
            ]
        )
        return token

    @classmethod
    def spend(cls, token):
        """Spend a ticket and return it with the reason why it is not good, which is empty for a good one.

        Whoever shows a ticket spends it, also a stranger: then it is in the wrong hands.
        """
        found = cls.search([("digest", "=", _digest(token))], limit=1)
        if not found:
            return None, "unknown"
        cls.lock(found)
        (ticket,) = found = cls.browse(found)
        if ticket.spent_at:
            return None, "used"
        cls.write(found, {"spent_at": _now()})
        if _now() >= ticket.expires_at:
            return None, "stale"
        if ticket.user.id != Transaction().user:
            return None, "foreign"
        return ticket, ""


class Workplace(ModelSQL):
    "Address of a User's Video Program"

    __name__ = "vdx_video.workplace"

    user = fields.Many2One("res.user", "User", required=True, ondelete="CASCADE")
    address = fields.Char("Address", required=True)

    @classmethod
    def of_user(cls):
        """Return where the program of the transaction's user waits, or None."""
        return next(iter(cls.search([("user", "=", Transaction().user)], limit=1)), None)

    @classmethod
    def announce(cls, address):
        """Write down where the program of the transaction's user waits; an empty address forgets it."""
        cls.delete(cls.search([("user", "=", Transaction().user)]))
        if address:
            cls.create([{"user": Transaction().user, "address": address}])


class Launch(ModelView):
    "Launch of a Video Consultation"

    __name__ = "vdx_video.launch"

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__rpc__.update({"announce": RPC(readonly=False), "redeem": RPC(readonly=False)})

    @classmethod
    def announce(cls, address):
        """Say where the caller's program waits: a loopback address, or an empty text when it stops."""
        # The action opens this address in the user's browser: it must never lead to another machine.
        if address and not _ADDRESS.fullmatch(address):
            raise ValidationError(gettext("vdx_video.msg_not_loopback"))
        Pool().get("vdx_video.workplace").announce(address)
        return True

    @classmethod
    def redeem(cls, token):
        """Spend a ticket. Return patient, appointment and user, or the reason of the refusal."""
        ticket, refused = Pool().get("vdx_video.ticket").spend(str(token))
        if refused:
            return {"refused": refused}
        return {
            "patient": ticket.patient.id,
            "appointment": ticket.appointment.id if ticket.appointment else None,
            "user": ticket.user.id,
        }


class StartVideo(Wizard):
    "Start Video Consultation"

    __name__ = "vdx_video.start"

    start_state = "launch"
    launch = StateAction("vdx_video.act_launch")

    def do_launch(self, action):
        """Make a ticket for the record on screen and open the address of the user's program with it."""
        pool = Pool()
        workplace = pool.get("vdx_video.workplace").of_user()
        if workplace is None:
            raise ValidationError(gettext("vdx_video.msg_not_running"))
        is_appointment = self.record.__name__ == "gnuhealth.appointment"
        appointment = self.record if is_appointment else None
        patient = self.record.patient if is_appointment else self.record
        if patient is None:
            raise ValidationError(gettext("vdx_video.msg_no_patient"))
        token = pool.get("vdx_video.ticket").issue(patient, appointment)
        action["url"] = f"{workplace.address}?ticket={token}"
        return action, {}
