# SPDX-License-Identifier: Apache-2.0
"""When each row is exposed, read and sent: the rolling shutter and the link on one axis of time."""

import io

import numpy as np

from tapetum.pixel import RampKind

from ..frame.record import RunRecord

__all__ = ["timeline"]

_COLOURS = ("#3b6ea5", "#c8553d", "#588157", "#8e5ea2")
_PACKET_KINDS = {"frame": "#222222", "embedded": "#d4a017", "pixels": "#3b6ea5"}


def timeline(record: RunRecord) -> bytes | None:
    """SVG of the whole run; None where nothing was converted."""
    if not len(record.requests):
        return None
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure, (rows, link) = pyplot.subplots(
        2, 1, sharex=True, figsize=(10, 5.6), height_ratios=(4, 1.2), layout="constrained")
    _draw_exposures(rows, record)
    _draw_packets(link, record)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    return buffer.getvalue()


def _draw_exposures(axes, record: RunRecord) -> None:
    milliseconds = 1e3 / record.config.sync_clock_hz
    signal = record.requests[record.requests["command"]["kind"] == RampKind.SIGNAL.value]
    for group in record.config.exposure_groups:
        capture = group.captures[0]
        names = " + ".join(record.config.captures[i].name for i in sorted(group.captures))
        colour = _COLOURS[group.index % len(_COLOURS)]
        mine = signal[signal["command"]["tag"]["capture"] == capture]
        for position, frame in enumerate(np.unique(mine["command"]["tag"]["frame"])):
            ramps = mine[mine["command"]["tag"]["frame"] == frame]
            row = ramps["physical_row"].astype(int)
            start = ramps["exposure_start_cycles"] * milliseconds
            end = ramps["exposure_end_cycles"] * milliseconds
            axes.fill_betweenx(row, start, end, color=colour, alpha=0.18, linewidth=0)
            axes.plot(start, row, color=colour, linewidth=0.6, linestyle=":")
            axes.plot(end, row, color=colour, linewidth=1.2, label=names if not position else None)
    axes.invert_yaxis()
    axes.set_ylabel("physical row")
    axes.set_title("exposure (shaded) and read (line) of every row", loc="left", fontsize=10)
    axes.legend(loc="lower left", fontsize=8, frameon=False)


def _draw_packets(axes, record: RunRecord) -> None:
    channels = sorted({packet.virtual_channel for packet in record.packets})
    for kind, colour in _PACKET_KINDS.items():
        starts = [(start * 1e3, packet.virtual_channel)
                  # A link that went wrong decodes to other packets than were begun.
                  for start, packet in zip(record.packet_starts_s, record.packets, strict=False)
                  if _kind(packet) == kind]
        if starts:
            times, channel = np.array(starts).T
            height = 0.45 if kind == "frame" else 0.25
            axes.vlines(times, channel - height, channel + height, color=colour,
                        linewidth=1.4 if kind == "frame" else 0.5, label=kind)
    axes.set_yticks(channels, [f"VC{channel}" for channel in channels])
    axes.set_xlabel("time in ms")
    axes.set_title("packets on the link", loc="left", fontsize=10)
    axes.legend(loc="center left", fontsize=8, frameon=False, ncols=3)


def _kind(packet) -> str:
    if packet.payload is None:
        return "frame"
    return "embedded" if packet.data_type == 0x12 else "pixels"
