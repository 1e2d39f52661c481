# SPDX-License-Identifier: Apache-2.0
"""Drive and drain any ``amaranth.lib.stream`` under a traffic pattern."""

from collections.abc import Callable, Iterable
from typing import Any

from amaranth.hdl import Const, Value

from .simulation import simulate
from .traffic import FULL_RATE, Traffic, TrafficPattern

__all__ = ["stream_get", "stream_put", "stream_through"]


async def stream_put(ctx, stream, payloads: Iterable[Any], pattern: TrafficPattern = FULL_RATE, *,
                     domain: str = "sync") -> None:
    """Send `payloads` in order; between two of them wait wherever `pattern` says so.

    A beat that was offered stays until it is taken. While nothing is offered the payload carries
    the complement of the last beat, so that a block which looks at it without `valid` is caught.
    """
    if isinstance(stream.valid, Const):
        raise ValueError("an always_valid stream has no valid to drive: set its payload instead")
    permits = iter(pattern)
    always_ready = isinstance(stream.ready, Const)
    for payload in payloads:
        if not next(permits):
            ctx.set(stream.valid, 0)
            raw = Value.cast(stream.payload)
            ctx.set(raw, ~ctx.get(raw))
            await ctx.tick(domain)
            while not next(permits):
                await ctx.tick(domain)
        ctx.set(stream.payload, payload)
        ctx.set(stream.valid, 1)
        taken = False
        while not taken:
            if always_ready:
                await ctx.tick(domain)
                taken = True
            else:
                _, _, taken = await ctx.tick(domain).sample(stream.ready)
    ctx.set(stream.valid, 0)


async def stream_get(ctx, stream, count: int | None = None, pattern: TrafficPattern = FULL_RATE, *,
                     until: Callable[[Any], Any] | None = None, domain: str = "sync") -> list[Any]:
    """Take beats until there are `count` of them, or one for which `until` holds (it is included).

    Parameters
    ----------
    count : int, optional
        Number of beats. Either this or `until` must be given.
    pattern : TrafficPattern
        ``"0"`` is a clock with `ready` low. An ``always_ready`` stream accepts full rate only.
    until : callable, optional
        Judges each beat's payload, for example ``lambda pixel: pixel.frame_last``.

    Returns
    -------
    list
        The payloads, as `int` or as ``data.Const``.
    """
    if count is None and until is None:
        raise ValueError("stream_get must be told when to end: give it `count` or `until`")
    always_ready = isinstance(stream.ready, Const)
    if always_ready and pattern != FULL_RATE:
        raise ValueError("an always_ready stream cannot be stalled: take from it at full rate")
    received: list[Any] = []
    ready = None
    permits = iter(pattern)
    while count is None or len(received) < count:
        permit = next(permits)
        if permit is not ready and not always_ready:
            ctx.set(stream.ready, permit)
            ready = permit
        _, _, valid, payload = await ctx.tick(domain).sample(stream.valid, stream.payload)
        if permit and valid:
            received.append(payload)
            if until is not None and until(payload):
                break
    if not always_ready:
        ctx.set(stream.ready, 0)
    return received


def stream_through(dut, payloads: Iterable[Any], *, cycles: int, count: int | None = None,
                   until: Callable[[Any], Any] | None = None, traffic: Traffic | None = None,
                   i: str = "i", o: str = "o", **options) -> list[Any]:
    """Send `payloads` into the stream port named `i` of `dut` and return what leaves by `o`.

    `count`, `until` are those of `stream_get`, `cycles` and `options` those of `simulate`.
    """
    received: list[Any] = []
    put = FULL_RATE if traffic is None else traffic.put
    get = FULL_RATE if traffic is None else traffic.get

    async def source(ctx):
        await stream_put(ctx, getattr(dut, i), payloads, put)

    async def sink(ctx):
        received.extend(await stream_get(ctx, getattr(dut, o), count, get, until=until))

    simulate(dut, source, sink, cycles=cycles, **options)
    return received
