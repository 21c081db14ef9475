"""Lip sync: which sound belongs to which picture, and how long the earlier of the two waits. Pure.

Sender reports tie each stream's timestamps to the sender's wall clock (RFC 3550 6.4.1). Until both streams have one,
what arrives together counts as captured together. Sound is the master: it is steadier, and the ear notices a change
where the eye does not. So the picture waits for the sound as long as needed, and the sound for the picture only where
the picture lags by more than people forgive, and no longer than ``MAX_SOUND_WAIT_S``.

Each side tells its ``Stream`` what came (``arrived``), what was reported and what is ``played``; ``LipSync.step`` then
moves ``sound_wait_s`` and ``picture_wait_s``, which each side adds to its own playout delay. All calls come from one
thread, and all times are seconds of one steady clock.
"""

from __future__ import annotations

SOUND_HZ = 48_000
PICTURE_HZ = 90_000
MAX_PICTURE_WAIT_S = 0.3
MAX_SOUND_WAIT_S = 0.02
FORGIVEN_LAG_S = 0.07
"""By how much the picture may come after its sound before the sound waits."""
NEAR_S = 0.01
BELIEVABLE_S = 1.0
STALE_S = 2.0

_GAIN_PER_S = 0.8
_MAX_RATE = 0.08
_MAX_STEP_S = 0.1
_SMOOTH = 1 / 16
_FORGET_PER_S = 0.0005
_WRAP = 1 << 32


class Stream:
    """The clocks of one stream: its timestamps, the sender's wall clock, arrival and playout here."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self.restart()

    def restart(self) -> None:
        """Forget everything: another source sends."""
        self._newest: int | None = None
        self._reported_s: float | None = None
        self._arrived_s: float | None = None
        self._arrived_at_s = 0.0
        self._lag_s: float | None = None
        self._played_at_s = float("-inf")

    def _media_s(self, timestamp: int) -> float:
        """Return a timestamp in seconds, without its wrapping."""
        if self._newest is None:
            self._newest = timestamp
        ahead = (timestamp - self._newest + (_WRAP >> 1)) % _WRAP - (_WRAP >> 1)
        exact = self._newest + ahead
        self._newest = max(self._newest, exact)
        return exact / self._rate_hz

    def reported(self, ntp_s: float, timestamp: int) -> None:
        """Take a sender report. Zero says that the sender has no wall clock (RFC 3550 6.4.1)."""
        if ntp_s > 0:
            self._reported_s = ntp_s - self._media_s(timestamp)

    def arrived(self, timestamp: int, at_s: float) -> None:
        """Take the arrival of a packet; the quickest count, and are slowly forgotten as clocks drift."""
        offset_s = at_s - self._media_s(timestamp)
        if self._arrived_s is not None:
            grown_s = self._arrived_s + _FORGET_PER_S * max(0.0, at_s - self._arrived_at_s)
            offset_s = min(offset_s, grown_s)
        self._arrived_s, self._arrived_at_s = offset_s, at_s

    def played(self, timestamp: int, at_s: float) -> None:
        """Say that what carries ``timestamp`` is heard or seen at ``at_s``, now or soon."""
        lag_s = at_s - self._media_s(timestamp)
        if self._lag_s is None or abs(lag_s - self._lag_s) > BELIEVABLE_S or at_s - self._played_at_s > STALE_S:
            self._lag_s = lag_s
        else:
            self._lag_s += _SMOOTH * (lag_s - self._lag_s)
        self._played_at_s = at_s

    def since_capture_s(self, at_s: float) -> float | None:
        """Return playout minus capture, in which the distance of the two clocks is contained; None if unknown."""
        return self._since(self._reported_s, at_s)

    def since_arrival_s(self, at_s: float) -> float | None:
        """Return playout minus arrival, None if unknown."""
        return self._since(self._arrived_s, at_s)

    def _since(self, offset_s: float | None, at_s: float) -> float | None:
        if offset_s is None or self._lag_s is None or at_s - self._played_at_s > STALE_S:
            return None
        return self._lag_s - offset_s


class LipSync:
    """Two streams of one sender. A third, such as slides, has no sound and needs none of this."""

    def __init__(self) -> None:
        self.sound = Stream(SOUND_HZ)
        self.picture = Stream(PICTURE_HZ)
        self.sound_wait_s = 0.0
        self.picture_wait_s = 0.0
        self._stepped_s: float | None = None

    def skew_s(self, at_s: float) -> float | None:
        """Return by how much the picture comes after its sound; None while one of the two is not played."""
        by_report = _difference(self.picture.since_capture_s(at_s), self.sound.since_capture_s(at_s))
        if by_report is not None and abs(by_report) <= BELIEVABLE_S:
            return by_report
        return _difference(self.picture.since_arrival_s(at_s), self.sound.since_arrival_s(at_s))

    def step(self, at_s: float) -> None:
        """Move the two waits a little towards each other's moment; call it some ten times a second."""
        passed_s = 0.0 if self._stepped_s is None else min(at_s - self._stepped_s, _MAX_STEP_S)
        self._stepped_s = at_s
        skew_s = self.skew_s(at_s)
        if skew_s is None:
            return
        if skew_s > NEAR_S and self.picture_wait_s > 0.0:
            self.picture_wait_s = _moved(self.picture_wait_s, -skew_s, passed_s, MAX_PICTURE_WAIT_S)
        elif skew_s > FORGIVEN_LAG_S or self.sound_wait_s > 0.0:
            self.sound_wait_s = _moved(self.sound_wait_s, skew_s - FORGIVEN_LAG_S, passed_s, MAX_SOUND_WAIT_S)
        elif skew_s < -NEAR_S:
            self.picture_wait_s = _moved(self.picture_wait_s, -skew_s, passed_s, MAX_PICTURE_WAIT_S)


def _moved(wait_s: float, by_s: float, passed_s: float, most_s: float) -> float:
    """Return a wait moved a little in a direction, slowly enough not to be noticed."""
    rate = max(-_MAX_RATE, min(_MAX_RATE, _GAIN_PER_S * by_s))
    return max(0.0, min(most_s, wait_s + rate * passed_s))


def _difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other
