"""Lip sync in virtual time: two streams with delays of their own, and who waits for whom."""

from __future__ import annotations

import pytest

from vdx_plugin.media.sync import MAX_PICTURE_WAIT_S, MAX_SOUND_WAIT_S, LipSync

NTP_S = 3_900_000_000.0


def run(sync: LipSync, *, sound_s: float, picture_s: float, seconds: float = 12.0, apart_s: float = 0.0) -> float:
    """Play both with delays of their own, the picture arriving ``apart_s`` after its sound; return the true skew."""
    for number in range(int(seconds * 30)):
        captured_s = number / 30
        for stream, rate, own_s, wait_s, road_s in (
            (sync.sound, 48_000, sound_s, sync.sound_wait_s, 0.03),
            (sync.picture, 90_000, picture_s, sync.picture_wait_s, 0.03 + apart_s),
        ):
            timestamp = round(4_294_000_000 + captured_s * rate) % (1 << 32)
            stream.arrived(timestamp, captured_s + road_s)
            stream.played(timestamp, captured_s + road_s + own_s + wait_s)
        sync.step(captured_s)
    return picture_s + sync.picture_wait_s + apart_s - sound_s - sync.sound_wait_s


def with_reports() -> LipSync:
    """Both clocks known; the timestamps of ``run`` begin shortly before they wrap."""
    sync = LipSync()
    sync.sound.reported(NTP_S, 4_294_000_000)
    sync.picture.reported(NTP_S, 4_294_000_000)
    return sync


@pytest.mark.parametrize("sync", [LipSync(), with_reports()], ids=["by arrival", "by report"])
def test_the_picture_waits_for_the_sound_it_belongs_to(sync: LipSync) -> None:
    """Sound is buffered longer than pictures on a clean line."""
    assert abs(run(sync, sound_s=0.09, picture_s=0.01)) < 0.02
    assert sync.sound_wait_s == 0.0


def test_sound_does_not_wait_for_what_nobody_notices() -> None:
    """Each millisecond by which sound is late hurts the talk; a picture 50 ms behind does not."""
    sync = with_reports()
    assert run(sync, sound_s=0.05, picture_s=0.1) == pytest.approx(0.05)
    assert sync.sound_wait_s == 0.0


def test_sound_waits_where_the_picture_lags_too_far_and_gives_it_back() -> None:
    """Retransmission holds pictures up; when the line is good again the sound is quick again."""
    sync = with_reports()
    assert run(sync, sound_s=0.05, picture_s=0.14) == pytest.approx(0.07, abs=0.005)
    assert sync.sound_wait_s > 0.015
    run(sync, sound_s=0.05, picture_s=0.1)
    assert sync.sound_wait_s == 0.0


def test_reports_see_what_arrival_cannot() -> None:
    """A mixer that takes 80 ms longer over the picture shows in its reports alone."""
    assert abs(run(with_reports(), sound_s=0.12, picture_s=0.01, apart_s=0.08)) < 0.02
    assert run(LipSync(), sound_s=0.12, picture_s=0.01, apart_s=0.08) > 0.06


@pytest.mark.parametrize("ntp_s", [0.0, 1.0, 1e300])
def test_a_senseless_report_is_not_followed(ntp_s: float) -> None:
    """It would hold the picture back by as much as it may, for nothing."""
    sync = with_reports()
    sync.picture.reported(ntp_s, 77)
    assert abs(run(sync, sound_s=0.05, picture_s=0.04)) < 0.02


def test_waits_have_their_limits() -> None:
    """Better out of step than minutes late."""
    sync = with_reports()
    run(sync, sound_s=0.9, picture_s=0.0, seconds=60)
    assert sync.picture_wait_s == MAX_PICTURE_WAIT_S
    run(sync, sound_s=0.0, picture_s=0.9, seconds=60)
    assert sync.sound_wait_s == MAX_SOUND_WAIT_S


def test_one_stream_alone_waits_for_nothing() -> None:
    """Sound only, or a camera without a microphone."""
    sync = with_reports()
    for number in range(100):
        sync.picture.played(number * 3000, number / 30)
        sync.step(number / 30)
    assert sync.skew_s(3.3) is None
    assert sync.picture_wait_s == 0.0
