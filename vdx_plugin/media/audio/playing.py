"""What is heard: packets decoded when they are due, what is missing repaired or concealed, the delay kept. Pure.

Sound is taken out block by block, by whoever has the clock. A packet that is there when its time comes is decoded. One
that is not is taken from the redundancy of the next, if that is there, and else concealed, 10 ms at a time, until
something fits. What comes late is still played, as long as the delay stays bearable, and the delay then goes back to
what ``Schedule`` wants by shortening the sound. Nothing waits and nothing grows.
"""

from __future__ import annotations

from bisect import insort
from collections import deque

import numpy as np

from vdx_plugin.media.audio import stretching
from vdx_plugin.media.audio.counting import SoundCounts
from vdx_plugin.media.audio.decoding import SoundDecoder
from vdx_plugin.media.audio.opus_packet import RATE_HZ
from vdx_plugin.media.audio.stretching import Sound
from vdx_plugin.media.audio.units import Schedule, Unit
from vdx_plugin.media.sound import Samples

STEP = 480
MAX_WAITING = 64
KEPT = stretching.NEEDED_BEFORE
JOIN = 240
"""5 ms of overlap where sound does not go on from what was before it."""
FADED = RATE_HZ * 3 // 10
"""After so much concealment there is nothing left to go on from."""
LATE_SLACK_S = 0.1
"""By so much may late sound raise the delay above what is wanted; the rest of it is left out."""
BRIEF = RATE_HZ // 25
"""Not for a gap as short as this, if it is the only one within ``OFTEN``: the change would be worse than the gap."""
OFTEN = RATE_HZ // 2
LONG_S, SHORT_S = 0.010, 0.004
"""Sound is shortened when the delay is so much above what is wanted, lengthened when it is so much below."""
QUIET_LONG_S, QUIET_SHORT_S = 0.006, 0.002
HURRY_S = 0.06
ALIKE, ALIKE_IN_HURRY = 0.75, 0.4
JUMP_S = 0.03
SMOOTH = 0.2
MARGIN_KEPT, MAX_MARGIN_S = 0.99, 0.06
BEATS = 50
OFF_BEAT_S = 0.3
"""A reader that is off by so much was away, and has another beat now."""
REST = RATE_HZ // 20
"""Between two changes of speed."""


class Player:
    """Plays one stream of units. ``put`` and ``read`` belong to one thread."""

    def __init__(self, decoder: SoundDecoder, counts: SoundCounts) -> None:
        self._decoder = decoder
        self._counts = counts
        self.delay_s = 0.0
        """How long after its fastest arrival sound is being decoded."""
        self.heard: tuple[int, float] | None = None
        """A timestamp as on the wire and when it is heard, the newest; None before the first packet."""
        self._level_s: float | None = None
        self._margin_s = 0.0
        self._schedule = Schedule()
        self._now_s = 0.0
        self._floor = 50.0
        self._taken = 0
        self._offsets: deque[float] = deque(maxlen=BEATS)
        self._begin(0)

    def _begin(self, run: int) -> None:
        self._run = run
        self._waiting: list[tuple[int, int, Unit]] = []
        self._next: int | None = None
        self._sequence = 0
        self._concealed = 0
        self._is_pause = False
        self._rest = 0
        self._is_pausing = False
        self._since_late = OFTEN
        self._before: Sound = np.zeros(KEPT, dtype=np.float32)
        self._out: Sound = np.zeros(0, dtype=np.float32)

    # --- in ---------------------------------------------------------------------------------------------------------

    def put(self, unit: Unit) -> None:
        """Take a unit of the present run, or of a new one, which ends the present one at once."""
        if unit.run > self._run:
            self._turn_to(unit.run)
        elif unit.run < self._run:
            return
        self._counts.packets += 1
        if self._next is not None and unit.end <= self._next:
            self._counts.late += 1
            return
        insort(self._waiting, (unit.start, unit.sequence, unit))
        if len(self._waiting) > MAX_WAITING:
            del self._waiting[0]
            self._next = self._waiting[0][0] if self._next is not None else None

    def _turn_to(self, run: int) -> None:
        out, before = self._out, self._before
        self._begin(run)
        self._out, self._before = out, before
        self._decoder.reset()

    # --- out --------------------------------------------------------------------------------------------------------

    def read(self, count: int, at_s: float, schedule: Schedule) -> Samples:
        """Return the next ``count`` samples, which will be heard from now on. Silence before the first packet."""
        self._schedule, self._now_s = schedule, self._beat(count, at_s)
        while self._out.size < count:
            self._produce()
        if self._next is not None:
            self.heard = (self._next + self._concealed - self._out.size) % (1 << 32), at_s
        taken, self._out = self._out[:count], self._out[count:]
        self._before = np.concatenate([self._before, taken])[-KEPT:]
        self._counts.played += count
        return np.clip(taken, -32768, 32767).astype(np.int16)

    def _beat(self, count: int, at_s: float) -> float:
        """Return when this would be read if reads came on the beat: a thread that comes late makes up for it at once.

        The promptest read of the last half second gives the beat. Without this each delay of the reader would be taken
        for one of the sound, and the sound changed for it.
        """
        if self._offsets and abs(at_s - self._taken / RATE_HZ - self._offsets[-1]) > OFF_BEAT_S:
            self._offsets.clear()
        self._offsets.append(at_s - self._taken / RATE_HZ)
        now_s = min(self._offsets) + self._taken / RATE_HZ
        self._taken += count
        return now_s

    def _produce(self) -> None:
        """Append some sound to what is ready."""
        self._drop_passed()
        found = self._waiting[0][2] if self._waiting else None
        if self._next is None:
            if found is None or self._delay_s(found.start) < self._schedule.target_s:
                self._append(np.zeros(STEP, dtype=np.float32))
                return
            found = self._skip_to_newest_due()
            self._next = found.start
        if found is None:
            self._conceal()
            return
        start = self._first_sample(found)
        if self._is_due(start):
            self._play(found, start)
        else:
            self._conceal()

    def _skip_to_newest_due(self) -> Unit:
        """Nothing has been heard yet, so there is nothing to catch up with."""
        while len(self._waiting) > 1 and self._delay_s(self._waiting[1][0]) >= self._schedule.target_s:
            del self._waiting[0]
        return self._waiting[0][2]

    def _drop_passed(self) -> None:
        while self._waiting and self._next is not None and self._waiting[0][2].end <= self._next:
            del self._waiting[0]
            self._counts.late += 1

    def _first_sample(self, unit: Unit) -> int:
        """Return where the sound begins that can be had from a unit, by its redundancy or itself."""
        assert self._next is not None
        follows = unit.sequence == self._sequence + 1
        if unit.start > self._next and unit.opus.has_redundancy and not follows:
            return max(self._next, unit.start - unit.opus.samples)
        return max(self._next, unit.start)

    def _delay_s(self, sample: int) -> float:
        """Return the delay if ``sample`` were decoded now."""
        return self._schedule.lateness_s(sample, self._now_s)

    def _is_due(self, start: int) -> bool:
        assert self._next is not None
        delay_s = self._delay_s(start)
        if self._is_pause or self._concealed >= FADED:
            return delay_s >= self._schedule.target_s
        if (
            self._concealed
            and self._is_pausing
            and self._delay_s(self._next + self._concealed) >= self._schedule.target_s
        ):
            # Sound to go on with and no want of delay: in a pause of speech the gap is better closed than made up.
            return True
        return start - self._next <= self._concealed or delay_s >= self._schedule.target_s + SHORT_S

    def _play(self, unit: Unit, start: int) -> None:
        """Play a unit, or the stretch before it if that is what ``start`` lies in."""
        assert self._next is not None
        left_out = self._left_out(start)
        if start + left_out >= unit.end:
            self._concealed -= unit.end - self._next
            self._next = unit.end
            return
        joins = self._concealed > 0 and start - self._next != self._concealed
        tail = self._float(self._decoder.conceal(JOIN)) if joins or start - self._next > self._concealed else None
        is_recovery = start < unit.start
        if unit.sequence != self._sequence + 1:
            self._counts.left_out += max(0, start - self._next - self._concealed)
        if is_recovery:
            sound = self._decoder.recover(unit.payload, unit.opus.samples)
            begin, end = unit.start - unit.opus.samples, unit.start
        else:
            self._take_out(unit)
            sound = self._decoder.decode(unit.payload)
            begin, end = unit.start, unit.end
        self._note_delay(self._delay_s(start + left_out))
        self._next, self._concealed = end, 0
        if sound is None:
            self._counts.broken += 1
            return
        self._count(sound.size, is_recovery=is_recovery)
        self._add(self._float(sound)[start - begin + left_out :], tail)

    def _note_delay(self, delay_s: float) -> None:
        """Keep the delay as it is heard, smoothed, and how much earlier than that sound has to be there.

        Sound cards take more or less than a packet at a time and threads come late; neither is a change of the delay.
        """
        self.delay_s = self._counts.delay_s = delay_s
        heard_s = delay_s + self._out.size / RATE_HZ
        if self._level_s is None or abs(heard_s - self._level_s) > JUMP_S:
            self._level_s = heard_s
        self._level_s += SMOOTH * (heard_s - self._level_s)
        self._margin_s = min(MAX_MARGIN_S, max(MARGIN_KEPT * self._margin_s, self._level_s - delay_s))

    def _take_out(self, unit: Unit) -> None:
        del self._waiting[0]
        self._sequence = unit.sequence
        self._is_pause = unit.opus.is_pause
        self._counts.waited_s += self._now_s - unit.arrived_s

    def _left_out(self, start: int) -> int:
        """Return how many samples of late sound to skip, so that the delay stays bearable."""
        assert self._next is not None
        missed = self._concealed - (start - self._next)
        slack_s = LATE_SLACK_S if missed > BRIEF or self._since_late < OFTEN else 0.0
        if missed > 0:
            self._since_late = 0
        above_s = self._delay_s(start) - self._schedule.target_s - slack_s
        return max(0, min(missed, int(above_s * RATE_HZ)))

    def _count(self, samples: int, *, is_recovery: bool) -> None:
        if is_recovery:
            self._counts.recovered += samples
        else:
            self._counts.decoded += samples

    @staticmethod
    def _float(sound: Samples) -> Sound:
        return sound.astype(np.float32)

    def _add(self, sound: Sound, tail: Sound | None) -> None:
        if tail is not None and sound.size >= JOIN:
            sound = np.concatenate([stretching.faded(tail, sound[:JOIN]), sound[JOIN:]])
        self._append(self._paced(sound))

    def _append(self, sound: Sound) -> None:
        self._out = np.concatenate([self._out, sound])

    # --- what is not there ------------------------------------------------------------------------------------------

    def _conceal(self) -> None:
        self._concealed += STEP
        if self._is_pause:
            self._counts.paused += STEP
        else:
            self._counts.concealed += STEP
        if self._concealed > FADED and not self._is_pause:
            self._counts.silent += STEP
        self._append(self._float(self._decoder.conceal(STEP)))

    # --- keeping the delay ------------------------------------------------------------------------------------------

    def _paced(self, sound: Sound) -> Sound:
        """Return ``sound`` a little shorter or longer, if the delay wants it and the sound allows it unheard."""
        self._rest = max(0, self._rest - sound.size)
        self._since_late += sound.size
        above_s = (self._level_s or 0.0) - self._margin_s - self._schedule.target_s
        quiet = self._is_pausing = self._is_quiet(sound)
        if self._rest and above_s < HURRY_S:
            return sound
        if above_s > (QUIET_LONG_S if quiet else LONG_S):
            return self._shorter(sound, above_s, quiet=quiet)
        if above_s < -(QUIET_SHORT_S if quiet else SHORT_S):
            return self._longer(sound, quiet=quiet)
        return sound

    def _is_quiet(self, sound: Sound) -> bool:
        level = float(np.sqrt(np.mean(np.square(sound)))) if sound.size else 0.0
        self._floor = min(self._floor * 1.01 + 0.1, max(level, 1.0))
        return level < max(3 * self._floor, 40.0)

    def _shorter(self, sound: Sound, above_s: float, *, quiet: bool) -> Sound:
        longest = min(stretching.LONGEST, int(above_s * RATE_HZ))
        if sound.size < stretching.NEEDED_AFTER or longest < stretching.SHORTEST:
            return sound
        match = stretching.ahead(self._sound_before(), sound, longest)
        if not quiet and match.likeness < (ALIKE_IN_HURRY if above_s > HURRY_S else ALIKE):
            return sound
        self._rest = REST
        self._level_s = (self._level_s or 0.0) - match.period / RATE_HZ
        self._counts.shortened += match.period
        return stretching.shorten(sound, match)

    def _longer(self, sound: Sound, *, quiet: bool) -> Sound:
        if sound.size < stretching.HALF:
            return sound
        before = self._sound_before()
        match = stretching.behind(before, sound)
        if not quiet and match.likeness < ALIKE:
            return sound
        self._rest = REST
        self._level_s = (self._level_s or 0.0) + match.period / RATE_HZ
        self._counts.lengthened += match.period
        return stretching.lengthen(before, sound, match)

    def _sound_before(self) -> Sound:
        return np.concatenate([self._before, self._out])[-KEPT:]
