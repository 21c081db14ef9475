"""Statistics for the node, in its own form. Pure.

Source: client REST API v2, ``calls/<id>/statistics``: rates in kbit/s, jitter in ms, loss in per cent.
"""

from __future__ import annotations

from vdx_plugin.media.line import Counts
from vdx_plugin.media.players import Received

Statistics = dict[str, dict[str, float | int | str]]


def statistics_of(counts: Counts, received: Received, video_codec: str) -> Statistics:
    """Return what is known of a call; sound and pictures share one loss, which is that of their connection."""
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
    video: dict[str, float | int | str] = {**shared, "rx_codec": video_codec, "tx_codec": video_codec}
    if received.width:
        video["rx_resolution"] = f"{received.width}x{received.height}"
        video["rx_fps"] = round(received.picture.fps, 1)
    return {"audio": {**shared, "rx_codec": "opus", "tx_codec": "opus"}, "video": video}
