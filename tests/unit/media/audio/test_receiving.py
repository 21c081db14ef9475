"""Sound through a bad line, in virtual time: what is heard, how late, and what was made up.

The counts are exact: the same packets at the same times give the same sound on every machine.
"""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.unit.media.audio.lines import FIRST_S, PACKET_S, Call, encoded, packet, sent_s
from vdx_plugin.media.audio import opus_packet
from vdx_plugin.media.audio.arrivals import MAX_GAPS
from vdx_plugin.media.audio.playing import MAX_WAITING
from vdx_plugin.media.sound import BLOCK, RATE_HZ, is_audible, loudness

WAY_S = 0.03


def clean(number: int) -> float:
    return WAY_S


def _ms(samples: int) -> float:
    return 1000 * samples / RATE_HZ


# --- a line that loses ------------------------------------------------------------------------------------------------


def test_a_clean_line_gives_all_sound_and_little_delay() -> None:
    """The delay everybody has all the time."""
    call = Call()
    call.send(500, clean)
    call.play(10.0)
    counts = call.receiver.counts
    assert counts.concealed == counts.recovered == counts.late == 0
    assert max(call.delays_ms) <= 45
    assert counts.decoded >= 490 * BLOCK


def test_a_lost_packet_comes_back_from_the_next_and_nothing_else_is_made_up() -> None:
    """Forward error correction counts only where the next packet has it; the others are concealed, and counted so."""
    payloads = encoded(500)
    lost = range(50, 450, 9)
    redundant = [n for n in lost if opus_packet.read(payloads[n + 1]).has_redundancy]  # type: ignore[union-attr]
    assert 0 < len(redundant) < len(lost)
    call = Call()
    call.send(500, lambda number: None if number in lost else WAY_S)
    call.play(9.5)
    counts = call.receiver.counts
    assert counts.recovered == len(redundant) * BLOCK
    assert counts.concealed + counts.left_out == (len(lost) - len(redundant)) * BLOCK


def test_random_loss_conceals_what_neither_packet_nor_redundancy_brought() -> None:
    """The bar of ten per cent, on a pattern that is always the same."""
    chance = random.Random(4)
    lost = {number for number in range(500) if chance.random() < 0.1}
    payloads = encoded(500)
    hopeless = [n for n in lost if n + 1 in lost or not opus_packet.read(payloads[min(499, n + 1)]).has_redundancy]  # type: ignore[union-attr]
    call = Call()
    call.send(500, lambda number: None if number in lost else WAY_S)
    call.play(9.9)
    counts = call.receiver.counts
    assert _ms(counts.concealed + counts.left_out) == pytest.approx(20 * len(hopeless), abs=40)
    assert max(call.delays_ms) <= 45


def test_a_repeat_that_comes_in_time_is_played() -> None:
    """What was asked for and came is worth more than what was made up."""
    call = Call()
    call.send(300, lambda number: None if number in (100, 101, 102) else WAY_S)
    for number in (100, 101, 102):
        call.add([packet(number, sent_s(number) + WAY_S + 0.03, encoded(300)[number])])
    call.play(5.9)
    assert call.receiver.counts.concealed == 0


# --- a line that is late ----------------------------------------------------------------------------------------------


def test_jitter_raises_the_delay_until_nearly_nothing_is_late() -> None:
    """60 ms of jitter with overtaking, as a busy Wi-Fi has it."""
    chance = random.Random(2)
    ways = [WAY_S + 0.06 * chance.random() for _ in range(1000)]
    call = Call()
    call.send(1000, lambda number: ways[number])
    call.play(4.0)
    early = call.receiver.counts.concealed
    call.play(15.0, card_s=FIRST_S + 4.0037)
    assert (call.receiver.counts.concealed - early) / (15 * RATE_HZ) < 0.005
    assert 50 <= np.median(call.delays_ms[-700:]) <= 80


@pytest.mark.parametrize("spike_s", [0.1, 0.2, 0.3, 0.45, 0.9])
def test_after_a_spike_the_delay_is_low_again_within_a_second(spike_s: float) -> None:
    """A doctor must not talk across a second of delay because the Wi-Fi once hung."""
    free_s = FIRST_S + 4.0 + spike_s
    call = Call()
    call.send(500, lambda n: max(WAY_S, free_s - sent_s(n)) if FIRST_S + 4.0 <= sent_s(n) < free_s else WAY_S)
    call.play(9.5)
    after = round(100 * (free_s - FIRST_S + 1.0))
    assert max(call.delays_ms[after:]) <= 60
    assert _ms(call.receiver.counts.concealed) <= 1000 * spike_s + 30


@pytest.mark.parametrize("step_s", [0.08, -0.08, 0.7])
def test_another_way_through_the_net_is_followed(step_s: float) -> None:
    """The line moves from Wi-Fi to mobile: all packets are later, for ever, and that is no reason to wait longer."""
    call = Call()
    call.send(800, lambda number: WAY_S + max(0.0, -step_s) + (step_s if number >= 300 else 0.0))
    call.play(15.5)
    assert max(call.delays_ms[-300:]) <= 95
    assert _ms(call.receiver.counts.concealed) <= max(0.0, step_s) * 1000 + 60


@pytest.mark.parametrize("per_million", [-200, 200])
def test_a_sender_with_another_clock_is_followed_without_a_gap(per_million: int) -> None:
    """Sound cards differ by up to a tenth of a per mille, which is a second in three hours."""
    call = Call()
    call.send(1500, lambda number: WAY_S + number * PACKET_S * per_million / 1e6)
    call.play(29.5)
    assert call.receiver.counts.concealed == 0
    assert max(call.delays_ms) <= 60


# --- streams ----------------------------------------------------------------------------------------------------------


def test_wrapping_numbers_reordering_and_doubles_are_not_heard() -> None:
    """Sequence and timestamp both wrap round here, every packet comes twice and every second pair in wrong order."""
    call = Call()
    for number, payload in enumerate(encoded(200)):
        late_s = 0.021 if number % 2 else 0.0
        call.add([packet(number, sent_s(number) + WAY_S + late_s + again_s, payload) for again_s in (0.0, 0.005)])
    call.play(3.9)
    assert call.receiver.counts.concealed <= 480
    assert call.receiver.arrivals.duplicates >= 190


def test_another_source_takes_over_within_a_packet() -> None:
    """The node switches from the waiting room's sound to the patient."""
    call = Call()
    payloads = encoded(400)
    call.add(packet(n, sent_s(n) + WAY_S, payloads[n]) for n in range(200))
    call.add(packet(n, sent_s(n) + WAY_S, payloads[n], ssrc=9, jump=123_456_789) for n in range(200, 400))
    call.play(7.9)
    assert call.receiver.arrivals.ssrc == 9
    assert _ms(call.receiver.counts.concealed) <= 40
    assert call.receiver.counts.decoded >= 385 * BLOCK


def test_a_single_foreign_packet_changes_nothing() -> None:
    """One packet of an unknown source is a mistake or an attack."""
    call = Call()
    call.send(200, clean)
    call.add(packet(5, sent_s(n) + WAY_S, encoded(200)[5], ssrc=n, jump=n * 99_999) for n in range(20, 180, 3))
    call.play(3.9)
    assert call.receiver.arrivals.ssrc == 7
    assert call.receiver.counts.concealed == 0


@pytest.mark.parametrize("jump", [5_000_000, -5_000_000])
def test_timestamps_that_jump_are_taken_as_a_new_beginning(jump: int) -> None:
    """A browser that changes its microphone may begin to count anew."""
    call = Call()
    payloads = encoded(400)
    call.add(packet(n, sent_s(n) + WAY_S, payloads[n], jump=jump if n >= 200 else 0) for n in range(400))
    call.play(7.9)
    assert _ms(call.receiver.counts.concealed) <= 40
    assert max(call.delays_ms[-100:]) <= 45


def test_a_sender_that_pauses_on_purpose_is_not_a_lossy_line() -> None:
    """Discontinuous transmission: a last packet of two bytes, then nothing for as long as nobody speaks."""
    pause = encoded(1)[0][:1]
    call = Call()
    call.send(400, lambda number: WAY_S if number < 100 or number >= 250 else None)
    call.receiver.counts.concealed = 0
    numbers = {number: one for _, number, one in call._arrivals}
    last = numbers[99]
    call.add([packet(100, sent_s(100) + WAY_S, pause)])
    # The numbers go on without a hole; only the timestamps tell how long it was.
    call._arrivals = [
        (at_s, order, one if one.arrived_s <= last.arrived_s + PACKET_S else _renumbered(one, -149))
        for at_s, order, one in call._arrivals
    ]
    call.play(7.9)
    counts = call.receiver.counts
    assert counts.concealed == 0
    assert _ms(counts.paused) == pytest.approx(3000, abs=100)
    assert max(call.delays_ms[-100:]) <= 45


def _renumbered(one: object, by: int) -> object:
    from dataclasses import replace

    return replace(one, sequence=(one.sequence + by) % 2**16)  # type: ignore[type-var,attr-defined]


def test_a_sender_that_goes_away_fades_to_silence_and_its_return_is_heard_at_once() -> None:
    """On hold, or a lost line: no endless humming, and no delay when it is over."""
    call = Call()
    call.send(500, lambda number: None if 200 <= number < 350 else WAY_S)
    call.play(9.5)
    assert not is_audible(call.sound[round(5.0 * RATE_HZ) : round(6.9 * RATE_HZ)])
    assert is_audible(call.sound[round(7.1 * RATE_HZ) : round(8.0 * RATE_HZ)])
    assert max(call.delays_ms[-200:]) <= 45
    assert _ms(call.receiver.counts.silent) == pytest.approx(2700, abs=50)


def test_frames_of_ten_and_sixty_milliseconds_play_as_well() -> None:
    """The other side chooses its packet length: Pexip uses 20 ms, gateways do not have to."""
    single = encoded(120)
    joined = [bytes([single[n][0] | 3, 0x83, len(single[n]) - 1, len(single[n + 1]) - 1])
              + single[n][1:] + single[n + 1][1:] + single[n + 2][1:] for n in range(0, 120, 3)]  # fmt: skip
    call = Call()
    call.add(packet(0, sent_s(3 * n) + WAY_S, payload, jump=3 * n * BLOCK) for n, payload in enumerate(joined[:1]))
    call.add(
        _renumbered(packet(0, sent_s(3 * n) + WAY_S, payload, jump=3 * n * BLOCK), n)  # type: ignore[misc]
        for n, payload in enumerate(joined)
        if n
    )
    call.play(2.3)
    assert call.receiver.counts.concealed <= BLOCK
    assert call.receiver.counts.decoded >= 100 * BLOCK


def test_the_sound_itself_is_what_was_said() -> None:
    """All counts may be right and the samples wrong."""
    call, direct = Call(), Call()
    call.send(300, lambda number: None if number % 10 == 0 and number else WAY_S)
    direct.send(300, clean)
    call.play(5.9)
    direct.play(5.9)
    assert loudness(call.sound) == pytest.approx(loudness(direct.sound), rel=0.1)
    assert np.corrcoef(call.sound[9600:].astype(float), direct.sound[9600:].astype(float))[0, 1] > 0.9


# --- whatever comes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_nothing_from_the_line_raises_or_grows(seed: int) -> None:
    """Any bytes under any numbers at any time: sound comes out all the same, and what is kept stays small."""
    chance = random.Random(seed)
    call, at_s = Call(), FIRST_S
    payloads = encoded(30)
    for number in range(3000):
        at_s += chance.choice((0.0, 0.0, 0.01, 0.02, 0.05))
        payload = chance.choice(payloads)[: chance.randrange(120)] if chance.random() < 0.7 else chance.randbytes(30)
        jump = chance.choice((0, 0, 0, 1, -960, 48_000, chance.randrange(2**32)))
        ssrc = chance.choice((7, 7, 7, 8, chance.randrange(2**32)))
        call.add(
            [packet(number if chance.random() < 0.8 else chance.randrange(2**16), at_s, payload, ssrc=ssrc, jump=jump)]
        )
    call.play(at_s - FIRST_S)
    receiver = call.receiver
    assert all(block.size == 480 for block in call.heard)
    assert len(receiver.arrivals.gaps) <= MAX_GAPS
    assert len(receiver.player._waiting) <= MAX_WAITING
    assert receiver.player._out.size < 2 * RATE_HZ
    assert receiver.arrivals.schedule.target_s <= 0.4


def test_a_reader_that_comes_late_and_makes_up_for_it_changes_nothing() -> None:
    """A busy machine lets the sound card's thread wait for 40 ms now and then; that is no delay of the line."""
    call = Call()
    call.send(500, clean)
    call._arrivals.sort()
    for step in range(990):
        due_s = FIRST_S + 0.0037 + step / 100
        late_s = max(0.0, 0.04 - 0.01 * (step % 100)) if step > 200 else 0.0
        while call._arrivals and call._arrivals[0][0] <= due_s + late_s:
            call.receiver.take(call._arrivals.pop(0)[2])
        call.heard.append(call.receiver.read(480, due_s + late_s))
    counts = call.receiver.counts
    assert counts.concealed == 0
    assert counts.shortened + counts.lengthened <= 960
