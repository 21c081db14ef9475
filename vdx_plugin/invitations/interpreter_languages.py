"""Names of the languages Danish practices most often need an interpreter for."""

from __future__ import annotations

_NAMES = {
    "ar": ("arabisk", "Arabic"),
    "tr": ("tyrkisk", "Turkish"),
    "so": ("somali", "Somali"),
    "fa": ("farsi", "Persian"),
    "prs": ("dari", "Dari"),
    "ps": ("pashto", "Pashto"),
    "ku": ("kurdisk", "Kurdish"),
    "ti": ("tigrinya", "Tigrinya"),
    "uk": ("ukrainsk", "Ukrainian"),
    "ru": ("russisk", "Russian"),
    "pl": ("polsk", "Polish"),
    "ro": ("rumænsk", "Romanian"),
    "bs": ("bosnisk", "Bosnian"),
    "ur": ("urdu", "Urdu"),
    "vi": ("vietnamesisk", "Vietnamese"),
    "en": ("engelsk", "English"),
    "de": ("tysk", "German"),
    "dsl": ("dansk tegnsprog", "Danish Sign Language"),
}


def name_of(code: str, language: str = "da") -> str:
    """Return the language's name in Danish or English; the code itself for one not listed."""
    names = _NAMES.get(code)
    return code if names is None else names[0 if language == "da" else 1]
