"""Languages and their names."""

from __future__ import annotations

from vdx_plugin.texts import _

LANGUAGES = (
    *("ar", "bs", "dsl", "de", "en", "fa", "lt", "pl", "prs"),
    *("ps", "ro", "ru", "so", "ti", "tr", "uk", "ur", "vi"),
)
"""Languages most often interpreted in Denmark, ISO 639; any other code may come with an appointment."""
MESSAGE_LANGUAGES = ("da", "en", "ar", "bs", "fa", "pl", "ro", "so", "tr", "uk")
"""Languages in which there are texts for patients."""


def language(code: str) -> str:
    """Return the name of a language; an unlisted code is shown as it is."""
    known = {
        "ar": _("Arabisk"),
        "bs": _("Bosnisk"),
        "da": _("Dansk"),
        "dsl": _("Dansk tegnsprog"),
        "de": _("Tysk"),
        "en": _("Engelsk"),
        "fa": _("Farsi"),
        "lt": _("Litauisk"),
        "pl": _("Polsk"),
        "prs": _("Dari"),
        "ps": _("Pashto"),
        "ro": _("Rumænsk"),
        "ru": _("Russisk"),
        "so": _("Somali"),
        "ti": _("Tigrinya"),
        "tr": _("Tyrkisk"),
        "uk": _("Ukrainsk"),
        "ur": _("Urdu"),
        "vi": _("Vietnamesisk"),
    }
    return known.get(code, code)
