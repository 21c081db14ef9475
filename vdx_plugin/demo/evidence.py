"""What the demo looks at to be sure: everything logged, and every address asked for, during the run."""

from __future__ import annotations

import logging
from collections.abc import Iterable


class Evidence(logging.Handler):
    """Collects each record of the run unmasked, as a careless handler would have written it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self._formatter = logging.Formatter("%(name)s %(message)s")

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self._formatter.format(record))

    def __enter__(self) -> Evidence:
        root = logging.getLogger()
        self._level = logging.getLogger("vdx_plugin").level
        logging.getLogger("vdx_plugin").setLevel(logging.DEBUG)
        root.addHandler(self)
        return self

    def __exit__(self, *_exception: object) -> None:
        logging.getLogger().removeHandler(self)
        logging.getLogger("vdx_plugin").setLevel(self._level)


def leaks(texts: Iterable[str], words: Iterable[str]) -> list[str]:
    """Return which of ``words`` stand in any of the texts, as their place in the list of words, not themselves."""
    everything = "\n".join(texts).casefold()
    return [f"#{number}" for number, word in enumerate(words) if word and word.casefold() in everything]
