# SPDX-License-Identifier: Apache-2.0
"""The one way to run a design on Amaranth's simulator: it always ends, and says where it stood."""

import os
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.sim import Simulator

from .checker import StreamChecker

__all__ = ["CycleLimitError", "simulate"]

_WAVES_FOLDER = Path(__file__).parents[2] / "build" / "waves"

Testbench = Callable[[Any], Awaitable[Any]]


class CycleLimitError(AssertionError):
    """The testbenches were still waiting when the cycle limit was reached."""


def simulate(dut, *testbenches: Testbench, cycles: int, domains: Mapping[str, float] | None = None,
             background: tuple[Testbench, ...] = (),
             stream_domains: Mapping[str, str] | None = None) -> int:
    """Run `testbenches` on `dut` until all of them have returned.

    With ``TAPETUM_WAVES=1`` in the environment the waves go to ``build/waves/<test>.vcd``.

    Parameters
    ----------
    dut : Elaboratable
        Its `sync` domain, or those of `domains`, are made and clocked here. Purely combinational
        designs work as well.
    testbenches : async functions of the simulator's context
    cycles : int
        Clocks of the first domain after which the simulation fails. Be generous: twice the
        expected number costs nothing.
    domains : mapping, optional
        Clock frequency in Hz by domain name; only the ratios matter. Default: ``{"sync": 100e6}``.
    background : tuple of async functions, optional
        Testbenches that do not keep the simulation alive, for example monitors.
    stream_domains : mapping, optional
        Domain by dotted name of a stream port (``{"pixels": "sync"}``): each gets a
        `StreamChecker`. Default: every stream port of a component if there is one domain, none
        if there are several. ``{}`` turns checking off.

    Returns
    -------
    int
        Clocks of the first domain until the last testbench returned.

    Raises
    ------
    CycleLimitError
        With the line at which each testbench waits and the state of every stream port.
    """
    if cycles < 1:
        raise ValueError(f"the cycle limit must be at least one cycle, not {cycles}")
    if not testbenches:
        raise ValueError("a simulation without a testbench shows nothing: pass at least one")
    domains = dict(domains or {"sync": 100e6})
    first = next(iter(domains))
    ports = dict(_stream_ports(dut))
    if stream_domains is None:
        stream_domains = dict.fromkeys(ports, first) if len(domains) == 1 else {}

    m = Module()
    m.submodules.dut = dut
    for name, domain in stream_domains.items():
        if name not in ports:
            raise ValueError(f"{name!r} is no stream port; there are {', '.join(ports) or 'none'}")
        StreamChecker.attach(m, ports[name], name=name, domain=domain)
    elapsed = Signal(32, reset_less=True)
    for domain in domains:  # a statement per domain, since one that nothing uses has no clock
        alive = elapsed if domain == first else Signal(name=f"alive_{domain}", reset_less=True)
        m.d[domain] += alive.eq(alive + 1)

    simulator = Simulator(m)
    for domain, frequency_hz in domains.items():
        simulator.add_clock(1 / frequency_hz, domain=domain)

    started: list[Any] = []
    waiting: dict[str, Any] = {}
    finished_at = 0

    def tracked(number: int, testbench: Testbench) -> Any:
        async def run(ctx) -> None:
            nonlocal finished_at
            await ctx.delay(0)
            name = f"{number}: {getattr(testbench, '__name__', 'testbench')}"
            waiting[name] = coroutine = testbench(ctx)
            started.append(coroutine)
            await coroutine
            del waiting[name]
            finished_at = ctx.get(elapsed)
        return run

    def in_background(testbench: Testbench) -> Any:
        async def run(ctx) -> None:
            await ctx.delay(0)  # all have started before one can fail: none is "never awaited"
            coroutine = testbench(ctx)
            started.append(coroutine)
            await coroutine
        return run

    async def guard(ctx) -> None:
        await ctx.delay(cycles / domains[first])
        lines = [f"no end after {cycles} cycles of {first!r}"]
        lines += [f"  testbench {name} waits at {_position(coroutine)}"
                  for name, coroutine in waiting.items()]
        lines += [f"  stream {name}: valid={ctx.get(port.valid)} ready={ctx.get(port.ready)}"
                  for name, port in ports.items()]
        raise CycleLimitError("\n".join(lines))

    for number, testbench in enumerate(testbenches, 1):
        simulator.add_testbench(tracked(number, testbench))
    for testbench in background:
        simulator.add_testbench(in_background(testbench), background=True)
    simulator.add_testbench(guard, background=True)
    try:
        with _waves(simulator):
            simulator.run()
    finally:
        for coroutine in started:
            # a tick().until() or repeat() that is abandoned complains when it is collected
            with suppress(RuntimeError):
                coroutine.close()
    return finished_at


def _stream_ports(dut) -> Iterator[tuple[str, Any]]:
    """Yield the dotted name and the interface of each stream among the ports of a component."""
    def walk(value, path: str) -> Iterator[tuple[str, Any]]:
        if isinstance(value, list | tuple):  # a port with dimensions
            for index, item in enumerate(value):
                yield from walk(item, f"{path}[{index}]")
            return
        signature = value.signature
        inwards = isinstance(signature, wiring.FlippedSignature)
        if isinstance(signature.flip() if inwards else signature, stream.Signature):
            yield path, value
            return
        for name, member in signature.members.items():
            if member.is_signature:
                yield from walk(getattr(value, name), f"{path}.{name}" if path else name)

    if isinstance(dut, wiring.Component):
        yield from walk(dut, "")


def _position(coroutine) -> str:
    """Return the chain of source lines at which a suspended coroutine stands."""
    positions = []
    while getattr(coroutine, "cr_frame", None) is not None:
        frame = coroutine.cr_frame
        path = Path(frame.f_code.co_filename)
        if "amaranth" not in path.parts:
            positions.append(f"{path.name}:{frame.f_lineno} ({frame.f_code.co_name})")
        coroutine = coroutine.cr_await
    return ", in ".join(reversed(positions)) or "its start"


def _waves(simulator: Simulator):
    if os.environ.get("TAPETUM_WAVES", "0") in ("", "0"):
        return nullcontext()
    test = os.environ.get("PYTEST_CURRENT_TEST", "simulation").rsplit(" ", 1)[0]
    path = _WAVES_FOLDER / (re.sub(r"[^\w.-]+", "_", test) + ".vcd")
    path.parent.mkdir(parents=True, exist_ok=True)
    return simulator.write_vcd(str(path))
