"""Which packets are missing, and when each is asked for, again and again. Pure.

A gap may be a loss or a packet that was overtaken. On a line where packets overtake each other, gaps are given the
time that most of them need to close by themselves, so that jitter does not ask for half the stream twice. What was
asked for is asked again when the answer is later than answers are.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from vdx_plugin.media.video.quantiles import Recent

MAX_MISSING = 1000
MAX_ASKED = 10
MIN_AGAIN_S = 0.020
DEFAULT_ANSWER_S = 0.1

_TWIN_AFTER = 0.2
_MIN_TWIN_S = 0.008
_OVERTAKEN_SHARE = 0.25
_OVERTAKEN_QUANTILE = 0.9
_MAX_PATIENCE_S = 0.1
_OUTCOMES = 100
_ENOUGH = 200
_REMEMBERED = 2000


@dataclass(slots=True)
class _Missing:
    noticed_s: float
    due_s: float
    asked_s: float | None = None
    asked: int = 0
    is_twin_due: bool = False


class Answers:
    """How long an answer takes: smoothed time and spread, as in RFC 6298."""

    def __init__(self) -> None:
        self._mean_s: float | None = None
        self._spread_s = 0.0

    def take(self, answer_s: float) -> None:
        """Take the time from a request to its answer."""
        if self._mean_s is None:
            self._mean_s, self._spread_s = answer_s, answer_s / 4
            return
        self._spread_s += (abs(answer_s - self._mean_s) - self._spread_s) / 8
        self._mean_s += (answer_s - self._mean_s) / 8

    def usual_s(self, rtt_s: float | None) -> float:
        """Return the usual time; what the line is said to take while there was no answer yet."""
        return self._mean_s if self._mean_s is not None else rtt_s or DEFAULT_ANSWER_S

    def again_after_s(self, rtt_s: float | None) -> float:
        """Return after what time to ask again: where answers vary, before the slow half of them.

        A packet that comes twice costs little, and one that comes late may be a freeze.
        """
        return max(MIN_AGAIN_S, 1.1 * self.usual_s(rtt_s) - self._spread_s)


class Patience:
    """How long a gap is left to close by itself: not at all, unless gaps have been closing so lately."""

    def __init__(self) -> None:
        self._outcomes: deque[bool] = deque(maxlen=_OUTCOMES)
        self._closed_s = Recent(_OUTCOMES)

    def closed(self, after_s: float) -> None:
        """A gap has closed by itself."""
        self._outcomes.append(True)
        self._closed_s.add(after_s)

    def lost(self) -> None:
        """A gap did not close by itself."""
        self._outcomes.append(False)

    def wait_s(self) -> float:
        if not self._outcomes or sum(self._outcomes) < _OVERTAKEN_SHARE * len(self._outcomes):
            return 0.0
        return min(_MAX_PATIENCE_S, self._closed_s.at(_OVERTAKEN_QUANTILE))


class Gaps:
    """Takes sequence numbers that do not wrap, in the order of arrival."""

    def __init__(self) -> None:
        self._missing: dict[int, _Missing] = {}
        self._newest: int | None = None
        self._tells_apart = False
        self._answers = Answers()
        self._patience = Patience()
        self._rtt_s: float | None = None
        self._expected = self._lost = 0

    def __len__(self) -> int:
        return len(self._missing)

    def restart(self) -> None:
        """Another stream begins; what was learned of the line stays."""
        self._missing.clear()
        self._newest = None

    def set_rtt(self, rtt_s: float | None) -> None:
        """What the line's round trip is said to be."""
        self._rtt_s = rtt_s

    @property
    def loss(self) -> float:
        """What share of the packets of the last seconds did not come by themselves."""
        return self._lost / self._expected if self._expected >= _ENOUGH else 0.0

    @property
    def answer_s(self) -> float:
        """How long it takes to get a packet again."""
        return self._answers.usual_s(self._rtt_s)

    def take(self, sequence: int, at_s: float, *, is_retransmission: bool) -> None:
        """A packet came."""
        self._tells_apart = self._tells_apart or is_retransmission
        if self._newest is None:
            self._newest = sequence
        elif sequence > self._newest:
            due_s = at_s + self._patience.wait_s()
            for number in range(self._newest + 1, sequence):
                self._missing[number] = _Missing(at_s, due_s)
            self._expect(sequence - self._newest)
            self._newest = sequence
        else:
            found = self._missing.pop(sequence, None)
            if found is not None:
                self._learn(found, at_s, is_retransmission=is_retransmission)

    def _expect(self, count: int) -> None:
        self._expected += count
        if self._expected > _REMEMBERED:
            self._expected, self._lost = self._expected // 2, self._lost // 2

    def _lose(self) -> None:
        self._lost += 1
        self._patience.lost()

    def _learn(self, found: _Missing, at_s: float, *, is_retransmission: bool) -> None:
        if not self._is_answer(found, at_s, is_retransmission=is_retransmission):
            self._patience.closed(at_s - found.noticed_s)
            return
        self._lose()
        # Only of a packet asked for once is it known which request was answered (Karn's rule).
        if found.asked == 1 and found.asked_s is not None:
            self._answers.take(at_s - found.asked_s)

    def _is_answer(self, found: _Missing, at_s: float, *, is_retransmission: bool) -> bool:
        if found.asked_s is None or self._tells_apart:
            return is_retransmission
        return at_s - found.asked_s > 0.6 * self.answer_s

    def due(self, at_s: float) -> list[int]:
        """Return what is to be asked for now, and take it as asked."""
        return [
            number for number, missing in self._missing.items() if missing.due_s <= at_s and self._ask(missing, at_s)
        ]

    def _ask(self, missing: _Missing, at_s: float) -> bool:
        if missing.is_twin_due:
            missing.is_twin_due = False
            missing.due_s = at_s + self._answers.again_after_s(self._rtt_s)
            return True
        if missing.asked >= MAX_ASKED:
            missing.due_s = float("inf")
            return False
        missing.asked += 1
        missing.asked_s = at_s
        # A request may be lost like anything else; a second one soon after costs little, as senders answer one of the
        # two only (libwebrtc's history does not send a packet again within a round trip).
        missing.is_twin_due = True
        missing.due_s = at_s + max(_MIN_TWIN_S, _TWIN_AFTER * self.answer_s)
        return True

    @property
    def next_s(self) -> float:
        """When ``due`` has something, infinity if never."""
        return min((missing.due_s for missing in self._missing.values()), default=float("inf"))

    @property
    def oldest(self) -> int | None:
        """The packet that is missing longest."""
        return next(iter(self._missing), None)

    @property
    def oldest_s(self) -> float | None:
        """Since when the packet that is missing longest is known to be missing."""
        return next((missing.noticed_s for missing in self._missing.values()), None)

    def forget_before(self, sequence: int) -> None:
        """What is older is not needed any more."""
        for number in [number for number in self._missing if number < sequence]:
            del self._missing[number]
            self._lose()

    def forget(self) -> None:
        """Nothing that is missing now is needed any more."""
        self._missing.clear()
