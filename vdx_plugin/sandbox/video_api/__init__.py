"""The sandbox's double of the national video API v2 (medcom-video-api 2.5.0), written from notes on its behaviour.

A booking is two objects under one uuid: a *meeting* (who, when, text) and a *room* (in the API: scheduling-info, with
address, PINs, links and status). ``values`` holds both as frozen records, ``body`` reads requests into them and
``answers`` writes them out. What the server decides stands in pure modules: ``rules`` (which room a booking gets,
PINs, numbers), ``links`` (portal and short link), ``changes`` (what an update really changes), ``searching`` and
``access``. ``book`` keeps everything in memory and carries out operations with these rules; ``provisioner`` is the
one task that takes rooms up and down; ``audit`` hears of every change; ``routes`` is the thin HTTP layer,
``version1`` the same in its older writing; ``problems`` knows the error bodies.
"""

from vdx_plugin.sandbox.video_api.book import MeetingBook, VideoApiSettings
from vdx_plugin.sandbox.video_api.provisioner import Provisioner
from vdx_plugin.sandbox.video_api.routes import on_lost, routes
from vdx_plugin.sandbox.video_api.values import Organisation, ProvisionStatus, Template

__all__ = [
    "MeetingBook",
    "Organisation",
    "ProvisionStatus",
    "Provisioner",
    "Template",
    "VideoApiSettings",
    "on_lost",
    "routes",
]
