"""What is asked for again, and when sound waits for it."""

from __future__ import annotations

import random

import pytest

from tests.unit.media.audio.lines import FIRST_S, PACKET_S, Call, encoded, packet, sent_s
from vdx_plugin.media.sound import RATE_HZ

WAY_S = 0.03


class Answered(Call):
    """A call whose other side repeats what is asked for, a round trip after it was asked; or never."""

    def __init__(self, rtt_s: float, lost: set[int], *, answers: bool = True) -> None:
        super().__init__()
        self._rtt_s, self._lost, self._answers = rtt_s, lost, answers

    def talk(self, count: int) -> None:
        """Play as it comes, asking every 5 ms."""
        coming = {round((sent_s(n) + WAY_S) * 1000): n for n in range(count) if n not in self._lost}
        repeats: dict[int, list[int]] = {}
        for step_ms in range(round(count * PACKET_S * 1000)):
            at_ms = round(FIRST_S * 1000) + step_ms
            at_s = at_ms / 1000
            for number in [coming[at_ms]] if at_ms in coming else []:
                self.receiver.take(packet(number, at_s, encoded(count)[number]), self._rtt_s)
            for number in repeats.pop(at_ms, []):
                self.receiver.take(packet(number, at_s, encoded(count)[number]), self._rtt_s)
            if step_ms % 5 == 0:
                self._ask(at_s, at_ms, repeats)
            if step_ms % 10 == 4:
                self.heard.append(self.receiver.read(480, at_s))

    def _ask(self, at_s: float, at_ms: int, repeats: dict[int, list[int]]) -> None:
        for sequence in self.receiver.asks(at_s, self._rtt_s):
            number = (sequence - 65_500) % 65_536
            if self._answers and number in self._lost:
                repeats.setdefault(at_ms + round(1000 * self._rtt_s), []).append(number)

    @property
    def concealed_share(self) -> float:
        counts = self.receiver.counts
        return counts.concealed / max(1, counts.played)


def _lost(count: int, share: float, burst: int, seed: int = 3) -> set[int]:
    chance = random.Random(seed)
    starts = [n for n in range(20, count - 20) if chance.random() < share / burst]
    return {start + step for start in starts for step in range(burst)}


def test_on_a_short_line_what_is_lost_comes_back_in_time() -> None:
    """Most Danish lines have a round trip of 10 to 20 ms: losses need not be heard at all there."""
    call = Answered(0.015, _lost(500, 0.1, 1))
    call.talk(500)
    assert call.concealed_share < 0.002
    assert call.receiver.counts.answered >= 30
    assert max(call.delays_ms, default=0) <= 45


def test_on_a_long_line_sound_waits_for_bursts_to_be_mended() -> None:
    """Redundancy mends the last packet of four; without waiting, the other three are made up."""
    lost = _lost(1500, 0.12, 4)
    waiting, deaf = Answered(0.06, lost), Answered(0.06, lost, answers=False)
    waiting.talk(1500)
    deaf.talk(1500)
    assert waiting.concealed_share < 0.5 * deaf.concealed_share
    assert 0.06 < waiting.receiver.player.delay_s < 0.1
    assert deaf.receiver.player.delay_s < 0.045


def test_who_never_answers_is_soon_left_in_peace() -> None:
    """A node that knows no repeats must not get a request for every lost packet for an hour."""
    call = Answered(0.015, _lost(1500, 0.2, 1), answers=False)
    call.talk(1500)
    assert len(call._lost) > 200
    assert call.receiver.counts.asked <= 60


def test_answers_that_cannot_come_in_time_are_not_asked_for() -> None:
    """Half a second away, a repeat would only add to what the line carries."""
    call = Answered(0.5, _lost(500, 0.1, 1))
    call.talk(500)
    assert call.receiver.counts.asked == 0


@pytest.mark.parametrize("gone_at", [100, 250])
def test_a_sender_that_has_gone_is_not_asked_for_ever(gone_at: int) -> None:
    """The other side hung up or is on hold: there is nothing to repeat."""
    call = Answered(0.015, set(range(gone_at, 500)), answers=False)
    call.talk(500)
    assert call.receiver.counts.asked <= 15
    assert call.receiver.counts.concealed > 3 * RATE_HZ
