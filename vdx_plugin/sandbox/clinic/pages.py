"""What the clinic's user sees: the day, a record, its notes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from vdx_plugin.sandbox.clinic.helper_call import HelperAwayError
from vdx_plugin.sandbox.pages import page

if TYPE_CHECKING:
    from vdx_plugin.sandbox.clinic.clinic import DemoClinic


def routes(clinic: DemoClinic) -> list[BaseRoute]:
    """Return the pages of one clinic. Addresses hold the place on the list, never a number of a person."""

    async def day(_request: Request) -> Response:
        slots = sorted(clinic.slots, key=lambda slot: slot.start)
        names = {person.local_id: (place, person) for place, person in enumerate(clinic.people)}
        return page("clinic_day.html", clinic=clinic, slots=slots, names=names, people=list(enumerate(clinic.people)))

    async def record(request: Request) -> Response:
        place = request.path_params["place"]
        if place >= len(clinic.people):
            return RedirectResponse("/clinic/", status_code=303)
        if clinic.trouble or clinic.open is not clinic.people[place]:
            with suppress(HelperAwayError):
                await clinic.open_patient(place)
        slots = [slot for slot in clinic.slots if slot.local_id == clinic.people[place].local_id]
        return page(
            "clinic_record.html",
            clinic=clinic,
            person=clinic.people[place],
            place=place,
            slots=slots,
            notes=list(reversed(clinic.notes_of(place))),
        )

    async def start(request: Request) -> Response:
        place = request.path_params["place"]
        with suppress(HelperAwayError, IndexError):
            await clinic.start_video(place)
        return RedirectResponse(f"/clinic/{place}", status_code=303)

    async def close(_request: Request) -> Response:
        with suppress(HelperAwayError):
            await clinic.close_patient()
        return RedirectResponse("/clinic/", status_code=303)

    return [
        Route("/clinic/", day),
        Route("/clinic/close", close, methods=["POST"]),
        Route("/clinic/{place:int}", record),
        Route("/clinic/{place:int}/start", start, methods=["POST"]),
    ]
