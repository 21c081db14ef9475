"""Invented texts of messages for pictures: a few, in two languages, one of them from right to left."""

from __future__ import annotations

from collections.abc import Sequence

from vdx_plugin.ports import (
    InterpreterCard,
    TextFault,
    TextForm,
    TextKind,
    TextLanguage,
    TextName,
    TextPreview,
    TextReader,
)

SMS = TextName(TextReader.PATIENT, TextKind.INVITATION, TextForm.SMS)
BODY = TextName(TextReader.PATIENT, TextKind.INVITATION, TextForm.BODY)
_LINK = "https://video.example.dk/?conference=721834%40rooms.example.dk&pin=3788&name=Patient&tag=k7m2"
_TEXTS = {
    ("da", SMS): "{clinic}: videosamtale {time}. Åbn linket, når tiden er inde:\n{link}",
    ("da", BODY): "{clinic} inviterer dig til en videosamtale.\n\nTid: {time}\n\nÅbn dette link, når tiden er inde:\n"
    "{link}\n\nSpørgsmål? Ring: {phone}",
    ("ar", SMS): "{clinic}: مكالمة فيديو {time}. افتح الرابط عند حلول الموعد:\n{link}",
    (
        "ar",
        BODY,
    ): "تدعوكم {clinic} إلى مكالمة فيديو.\n\nالموعد: {time}\n\nافتحوا هذا الرابط عند حلول الموعد:\n{link}\n\n"
    "هل لديكم أسئلة؟ اتصلوا بالرقم: {phone}",
}
_TIMES = {"da": "onsdag 14. oktober kl. 13.00", "ar": "الأربعاء، 14 أكتوبر الساعة 13:00"}
CARD = InterpreterCard(
    "Videosamtale onsdag den 14. oktober 2026 kl. 13.00-13.30 (dansk tid)\n\n"
    "Lægehuset Eksempel inviterer til en videosamtale.\n\n"
    "Tid: onsdag den 14. oktober 2026 kl. 13.00-13.30 (dansk tid)\nSprog: arabisk\nØnsket tolk: kvinde\n"
    f"Patienten sidder her: hjemme\n\nÅbn dette link, når tiden er inde:\n{_LINK}\n\nSpørgsmål? Ring: 35 00 00 00",
    "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
    "REQ-4711",
    "Der er en tolk med i samtalen. Har du boet mere end tre år i Danmark, kan regionen opkræve et gebyr for tolken.\n"
    "Gebyret er 191 kr.",
)


class SceneTexts:
    """Fills ``ports.MessageTexts`` for pictures; a text without its link is at fault."""

    def languages(self) -> Sequence[TextLanguage]:
        return (
            TextLanguage("da", "dansk", is_right_to_left=False),
            TextLanguage("ar", "العربية", is_right_to_left=True),
        )

    def names(self, language: str) -> Sequence[TextName]:
        return tuple(name for code, name in _TEXTS if code == language)

    def places(self, name: TextName) -> Sequence[str]:
        return ("time", "link", "clinic", "phone", "pin")

    def text(self, language: str, name: TextName) -> str:
        return _TEXTS[language, name]

    standard = text

    def check(self, name: TextName, text: str) -> Sequence[TextFault]:
        return () if "{link}" in text else (TextFault("text.missing", "link"),)

    def preview(self, language: str, name: TextName, text: str) -> TextPreview:
        facts = {"clinic": "Lægehuset Eksempel", "time": _TIMES[language], "link": _LINK, "phone": "35000000"}
        said = text.format_map(facts)
        direction = "rtl" if language == "ar" else "ltr"
        html = f'<div dir="{direction}">{said.replace("&", "&amp;").replace(chr(10), "<br>")}</div>'
        parts = 2 if language == "da" else 3
        return TextPreview(said, html, len(said), parts, is_small_alphabet=language == "da")

    async def keep(self, language: str, name: TextName, text: str) -> None:
        """Pictures keep nothing."""
