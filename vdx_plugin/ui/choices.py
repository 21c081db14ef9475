"""What the user has chosen on this workplace, read from and written to its settings file."""

from __future__ import annotations

from vdx_plugin.ports import MediaChoice
from vdx_plugin.ui.menu import Choices
from vdx_plugin.ui.placement import Placement
from vdx_plugin.ui.theme import SCALES


def read_choices(places: Placement) -> Choices:
    """Return the choices kept; what is missing or makes no sense falls back to the default."""
    default = Choices()
    language = places.read("language", default.language)
    colours = places.read("colours", default.colours)
    return Choices(
        language=language if language in ("da", "en") else default.language,
        scale=_scale(places.read("scale", str(default.scale))),
        colours=colours if colours in ("system", "light", "dark") else default.colours,
        is_on_top=places.read("on_top") == "yes",
    )


def _scale(text: str) -> float:
    return next((scale for scale in SCALES if str(scale) == text), 1.0)


def keep_choices(places: Placement, choices: Choices) -> None:
    places.write("language", choices.language)
    places.write("scale", str(choices.scale))
    places.write("colours", choices.colours)
    places.write("on_top", "yes" if choices.is_on_top else "no")
    places.save()


def read_media(places: Placement) -> MediaChoice:
    """Return the devices chosen; empty means the system's own."""
    return MediaChoice(
        camera=places.read("camera") or None,
        microphone=places.read("microphone") or None,
        speaker=places.read("speaker") or None,
        use_test_card=places.read("test_card") == "yes",
        cancel_echo=places.read("cancel_echo", "yes") == "yes",
    )


def keep_media(places: Placement, choice: MediaChoice) -> None:
    places.write("camera", choice.camera or "")
    places.write("microphone", choice.microphone or "")
    places.write("speaker", choice.speaker or "")
    places.write("test_card", "yes" if choice.use_test_card else "no")
    places.write("cancel_echo", "yes" if choice.cancel_echo else "no")
    places.save()
