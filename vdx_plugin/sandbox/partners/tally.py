"""What came to a partner, counted by MessageHeader.id and Bundle.id: the proof that nothing was sent twice.

It keeps ids and no content, so ten thousand messages cost little.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Tally:
    """How often each message, and each sending of one, came."""

    messages: Counter[str] = field(default_factory=Counter)
    bundles: Counter[str] = field(default_factory=Counter)
    threads: set[str] = field(default_factory=set)
    total: int = 0

    def add(self, header_id: str, bundle_id: str, thread_id: str) -> None:
        """Count one arrival."""
        self.total += 1
        self.messages[header_id] += 1
        self.bundles[bundle_id] += 1
        self.threads.add(thread_id)

    @property
    def distinct(self) -> int:
        """Return how many different messages came."""
        return len(self.messages)

    def repeated_messages(self) -> dict[str, int]:
        """Return the messages that came more than once, with how often: re-sends, or mistakes."""
        return {key: count for key, count in self.messages.items() if count > 1}

    def repeated_bundles(self) -> dict[str, int]:
        """Return the sendings that came more than once: Bundle.id must be new each time, so each is a fault."""
        return {key: count for key, count in self.bundles.items() if count > 1}
