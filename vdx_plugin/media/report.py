"""Statistics for the node, in its own form. Pure.

Source: client REST API v2, ``calls/<id>/statistics``: rates in kbit/s, jitter in ms, loss in per cent.
"""

from __future__ import annotations

from vdx_plugin.media.line import Counts
from vdx_plugin.media.players import Received
from vdx_plugin.media.video.figures import PictureFigures

Statistics = dict[str, dict[str, float | int | str]]


def statistics_of(counts: Counts, received: Received, slides: PictureFigures, video_codec: str) -> Statistics:
    """Return what is known of a call; what is on one connection shares one loss.

    ``slides`` are what others show; there is nothing about them where nobody has shown anything.
    """
    expected = counts.received + counts.lost
    loss = round(100 * counts.lost / expected, 1) if expected else 0.0
    shared: dict[str, float | int | str] = {
        "rx_packets_received": counts.received,
        "rx_packets_lost": counts.lost,
        "rx_historic_packet_loss": loss,
        "tx_packets_sent": counts.sent,
    }
    if counts.jitter_ms is not None:
        shared["rx_jitter"] = round(counts.jitter_ms, 1)
    video = {**shared, "rx_codec": video_codec, "tx_codec": video_codec}
    if received.width:
        video |= _seen(received.width, received.height, received.picture.fps)
    statistics = {"audio": {**shared, "rx_codec": "opus", "tx_codec": "opus"}, "video": video}
    if slides.width:
        statistics["presentation"] = {
            **shared,
            "rx_codec": video_codec,
            **_seen(slides.width, slides.height, slides.fps),
        }
    return statistics


def _seen(width: int, height: int, fps: float) -> dict[str, float | int | str]:
    return {"rx_resolution": f"{width}x{height}", "rx_fps": round(fps, 1)}
