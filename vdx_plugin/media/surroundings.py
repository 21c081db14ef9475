"""What a call is given: who hears of it, and what it stands on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from vdx_plugin.media.devices import Devices
from vdx_plugin.media.local_media import MediaSettings
from vdx_plugin.media.network import Network
from vdx_plugin.ports import CallEvent, VideoPicture, ignore_picture


@dataclass(frozen=True, slots=True)
class Ears:
    """Who hears of the call: events on the loop's thread, pictures on any."""

    on_event: Callable[[CallEvent], None]
    on_remote_picture: Callable[[VideoPicture], None]
    on_self_picture: Callable[[VideoPicture], None]
    on_slide: Callable[[VideoPicture], None] = ignore_picture


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a call stands on: devices, sizes, and the time of day for chat and the test card."""

    devices: Devices
    now: Callable[[], datetime]
    settings: MediaSettings = field(default_factory=MediaSettings)
    network: Callable[[], Network] = Network
