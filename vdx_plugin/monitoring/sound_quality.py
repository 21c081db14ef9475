"""How well speech was heard, estimated from the line: the E-model, for Opus.

Sources: ITU-T G.107 (default rating 93.2, effective equipment impairment in 7.5, Annex B for the step from rating to
MOS); the delay impairment in the two-part form of Cole and Rosenbluth, "Voice over IP performance monitoring" (2001).
ITU-T G.113 lists no Opus. We take Ie = 0, as at the bit rates of a consultation Opus is not told from the original,
and Bpl = 10, or 20 with in-band error correction, as WebRTC monitoring commonly does (rtcscore). It is an estimate on
a narrow-band scale that ends at 4.41: good for comparing lines and days, not for judging one call.
"""

from __future__ import annotations

_DEFAULT_RATING = 93.2
_IE_OPUS = 0.0
_BPL_PLAIN = 10.0
_BPL_ERROR_CORRECTION = 20.0
_FRAME_AND_LOOKAHEAD_MS = 26.5  # 20 ms packets and 6.5 ms look-ahead (RFC 6716, 2)
_JITTER_BUFFER = 2.0
"""The buffer is taken to hold twice the jitter."""


def rating(loss: float, jitter_ms: float, rtt_ms: float, *, error_correction: bool = True) -> float:
    """Return the transmission rating R, 0..93.2, from the share of packets lost (0..1), jitter and round trip.

    Raises ValueError for a share outside 0..1 or a negative time.
    """
    if not 0 <= loss <= 1 or jitter_ms < 0 or rtt_ms < 0:
        raise ValueError("loss is a share of 0..1, jitter and round trip are not negative")
    one_way_ms = rtt_ms / 2 + _JITTER_BUFFER * jitter_ms + _FRAME_AND_LOOKAHEAD_MS
    delay = 0.024 * one_way_ms + 0.11 * max(0.0, one_way_ms - 177.3)
    bpl = _BPL_ERROR_CORRECTION if error_correction else _BPL_PLAIN
    percent = loss * 100
    equipment = _IE_OPUS + (95 - _IE_OPUS) * percent / (percent + bpl)
    return max(0.0, _DEFAULT_RATING - delay - equipment)


def mos(loss: float, jitter_ms: float, rtt_ms: float, *, error_correction: bool = True) -> float:
    """Return the estimated mean opinion score, 1.0..4.41, of a line; arguments and errors as for ``rating``."""
    r = rating(loss, jitter_ms, rtt_ms, error_correction=error_correction)
    # Below a rating of about 6.5 Annex B's polynomial dips under 1, which is no score.
    return max(1.0, 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r))
