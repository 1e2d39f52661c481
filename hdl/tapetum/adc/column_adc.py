# SPDX-License-Identifier: Apache-2.0
"""The column converters: comparator edges in, rows of codes out."""

from amaranth import *
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import DieConfig
from ..control.frame_settings import adopted_settings
from ..pixel import CodePixels, RampCommand, RampKind
from ..stream.clock_gate import AwakeFor, Gated
from .bond_repair import BondRepair
from .bond_test import BondPattern, BondTest
from .broadcast import Broadcast
from .column_memories import ColumnMemories
from .column_planes import ColumnPlanes
from .column_store import reads_in_turns
from .conversion_control import ConversionControl
from .geometry import bond_count, bond_groups, column_blocks
from .ramp_sequencer import RampSequencer
from .row_readout import RowReadout

__all__ = ["COPY_HOLD_CYCLES", "COUNTER_HOLD_CYCLES", "READOUT_HOLD_CYCLES", "ColumnAdc",
           "converter_ports"]

COUNTER_HOLD_CYCLES = 1 << 6
"""``sync`` cycles, at least 21 of the counter: its domain needs 8 to be still after an answer, and
10 after a reset."""

READOUT_HOLD_CYCLES = 1 << 5
"""Longer than the last beat is on its way when the row buffers are no longer needed."""
COPY_HOLD_CYCLES = 1 << 3
"""Longer than a strobe is on its way to the row buffers."""


def converter_ports(config: DieConfig) -> dict[str, wiring.Member]:
    """Ports of column converters, by name: of `ColumnAdc` and of whatever stands in for it."""
    adc = config.adc
    return {
        "ramp": In(stream.Signature(RampCommand)),
        "ramp_code": Out(adc.bits),
        "ramp_active": Out(1),
        "ramp_kind": Out(RampKind),
        "counter_clock_request": Out(1),
        "comparators": In(bond_count(config)),
        "bond_pattern": Out(BondPattern),
        "bond_map_load": Out(1),
        "bond_map": Out(adc.bond_group_columns),
        "settings": In(adopted_settings(config)),
        "pixels": Out(stream.Signature(CodePixels(config.lanes, adc.bits),
                                       always_ready=True)),
        "read_overrun": Out(1),
        "bond_test": In(1),
        "bond_test_done": Out(1),
        "bond_repaired": Out(1),
        "bond_unrepairable": Out(1),
    }


class ColumnAdc(wiring.Component):
    """Single-slope converters of all columns, with correlated double sampling and multiplexer.

    ::

        sync                     │ counter_domain                  pixel die
        ramp ─► control ──request┼─► sequencer ──────────────────► ramp_code
                   ▲ ◄────answer─┼──   │ gray
                   │             │  broadcast ─► latches ◄─ repair ◄─ comparators
        pixels ◄─ readout ◄─ row buffers ◄──────┘ (held still)

    Latency: see ``docs/adc/adc.md``; a ramp of N counts keeps ``ramp`` busy for at most
    N + RAMP_OVERHEAD_ADC_CYCLES counter clocks and RAMP_OVERHEAD_SYNC_CYCLES of ``sync``.
    Throughput: ``lanes`` pixels per clock within a row; a row is read during later ramps.

    Parameters
    ----------
    counter_domain : str
        Asynchronous to ``sync``, at least a third as fast.

    Members
    -------
    ramp : In(stream of RampCommand)
        Ready only when the converters can take the ramp at once.
    ramp_code : Out(bits), ramp_active : Out(1), ramp_kind : Out(RampKind)
        To the pixel die, in the counter's domain.
    counter_clock_request : Out(1)
        In ``sync``. While it is low nothing in the counter's domain moves, on either die, and its
        clock may stand still; once it is high again the clock must come without delay.
    comparators : In(bond_count)
        Primary bonds of all columns, then one spare per group. A comparator rises when the ramp
        reaches its column's trip count, and stays until the ramp ends.
    bond_pattern : Out(BondPattern)
    bond_map_load : Out(1), bond_map : Out(bond_group_columns)
        To the pixel die, in the counter's domain: which columns move to their right neighbour's
        bond, group by group from the left.
    settings : In(adopted_settings)
        Region, skipping and flip of the columns, by frame.
    pixels : Out(stream of CodePixels)
        Always ready.
    read_overrun : Out(1)
        Strobe: a row was lost because the previous one was still being read.
    bond_test : In(1)
        Strobe: test the bonds once the converters are idle.
    bond_test_done : Out(1)
        From the end of a test to the next request; one that comes during a test has its own.
    bond_repaired, bond_unrepairable : Out(1)
        Strobes with the end of a test.
    """

    def __init__(self, config: DieConfig, counter_domain: str = "adc"):
        self.config, self.counter_domain = config, counter_domain
        super().__init__(converter_ports(config))

    def elaborate(self, platform):
        m = Module()
        m.submodules.control = control = ConversionControl(self.config)
        readout = RowReadout(self.config)
        m.submodules.reading = reading = AwakeFor(
            control.copy | readout.busy | self.settings.adopt, hold_cycles=READOUT_HOLD_CYCLES)
        m.submodules.readout = Gated(readout, awake=reading.awake)
        sequencer = RampSequencer(self.config.adc)
        bond_test, bond_test_runs, bond_test_ends = BondTest(self.config), Signal(), Signal()
        m.d[self.counter_domain] += [
            bond_test_runs.eq(bond_test.start | (bond_test_runs & ~bond_test.done)),
            bond_test_ends.eq(bond_test_runs),  # its broadcast listens for a clock longer
        ]
        m.submodules.sequencer = DomainRenamer(self.counter_domain)(sequencer)
        m.submodules.bond_test = Gated(
            bond_test, awake=bond_test.start | bond_test_runs | bond_test_ends,
            domain=self.counter_domain)

        connect(m, flipped(self.ramp), control.ramp)
        connect(m, readout.pixels, flipped(self.pixels))
        m.d.comb += [
            self.ramp_code.eq(sequencer.code),
            self.ramp_active.eq(sequencer.active),
            self.ramp_kind.eq(control.kind),
            self.bond_pattern.eq(bond_test.pattern),
            self.bond_map_load.eq(bond_test.map_load),
            self.bond_map.eq(bond_test.map),
            bond_test.bonds.eq(self.comparators),
            sequencer.kind.eq(control.kind),
            self.read_overrun.eq(control.read_overrun),
            control.reading.eq(readout.busy),
            readout.start.eq(control.copy),
            readout.tag.eq(control.tag),
            readout.frame_last.eq(control.frame_last),
            readout.settings.eq(self.settings),
        ]
        self._cross(m, "ramp", request=control.request, start=sequencer.start,
                    done=sequencer.done, answer=control.answer)
        self._request_bond_test(m, control, bond_test)
        # A reset takes effect with the clock, so it asks for one as well.
        m.submodules.counting = counting = AwakeFor(
            control.busy | control.hold | ResetSignal("sync", allow_reset_less=True),
            hold_cycles=COUNTER_HOLD_CYCLES)
        m.d.comb += self.counter_clock_request.eq(counting.awake)
        self._columns(m, platform, control, sequencer, bond_test, readout)
        return m

    def _cross(self, m: Module, name: str, *, request, start, done, answer) -> None:
        """A change of ``request`` starts something there; ``answer`` follows when it is done."""
        arrived, answered, seen = (Signal(name=f"{name}_{part}")
                                   for part in ("arrived", "answered", "seen"))
        m.submodules[f"{name}_request"] = FFSynchronizer(request, arrived,
                                                         o_domain=self.counter_domain)
        m.submodules[f"{name}_answer"] = FFSynchronizer(answered, answer)
        m.d[self.counter_domain] += seen.eq(arrived)
        m.d.comb += start.eq(arrived ^ seen)
        with m.If(done):
            m.d[self.counter_domain] += answered.eq(seen)

    def _request_bond_test(self, m: Module, control, bond_test) -> None:
        pending, testing, request, answer = (
            Signal(name=f"bond_test_{part}")
            for part in ("pending", "testing", "request", "answer"))
        self._cross(m, "bond_test", request=request, start=bond_test.start,
                    done=bond_test.done, answer=answer)
        m.d.comb += control.hold.eq(pending | testing)
        with m.If(pending & control.held & ~testing):
            m.d.sync += [pending.eq(0), testing.eq(1), request.eq(~request)]
        with m.If(testing & (answer == request)):
            m.d.sync += [testing.eq(0), self.bond_test_done.eq(~pending)]
            # Set long before the answer left, and still until the next test.
            m.d.comb += [self.bond_repaired.eq(bond_test.repaired),
                         self.bond_unrepairable.eq(bond_test.unrepairable)]
        with m.If(self.bond_test):
            m.d.sync += [pending.eq(1), self.bond_test_done.eq(0)]

    def _columns(self, m: Module, platform, control, sequencer, bond_test, readout) -> None:
        """Blocks of columns: repair and store, with copies of count and strobes."""
        adc, blocks = self.config.adc, column_blocks(self.config)
        total_columns = self.config.array.total_columns
        store_type = (ColumnMemories if getattr(platform, "distributed_memory", False)
                      else ColumnPlanes)

        counts = Broadcast(adc.bits + 2, len(blocks))
        m.submodules.counts = DomainRenamer(self.counter_domain)(counts)
        copies = Broadcast(2, store_type.strobe_copies * len(blocks))
        converting = Signal()
        m.d.sync += converting.eq(control.busy)
        m.submodules.copying = copying = AwakeFor(
            control.copy | (control.busy ^ converting), hold_cycles=COPY_HOLD_CYCLES)
        m.submodules.copies = Gated(copies, awake=copying.awake)
        m.d.comb += [
            counts.start.eq(sequencer.start),
            counts.stop.eq(sequencer.done),
            counts.i.eq(Cat(sequencer.open, sequencer.gray)),
            copies.start.eq(control.busy),
            copies.stop.eq(~control.busy),
            copies.i.eq(Cat(control.copy, control.bank)),
        ]
        for index, columns in enumerate(blocks):
            groups = [(number, group) for number, group in enumerate(bond_groups(self.config))
                      if group.start in columns]
            repair = BondRepair([len(group) for _, group in groups])
            store = store_type(self.config, columns=len(columns),
                               counter_domain=self.counter_domain)
            m.submodules[f"repair_{index}"] = repair
            m.submodules[f"store_{index}"] = store
            strobes = copies.o[index * store.strobe_copies:(index + 1) * store.strobe_copies]
            spares = range(total_columns + groups[0][0], total_columns + groups[-1][0] + 1)
            m.d.comb += [
                repair.bonds.eq(self.comparators[columns.start:columns.stop]),
                repair.spares.eq(self.comparators[spares.start:spares.stop]),
                repair.enable.eq(bond_test.shifting),
                repair.shift.eq(bond_test.shift[columns.start:columns.stop]),
                store.comparators.eq(repair.comparators),
                store.open.eq(counts.o[index][0]),
                store.gray.eq(counts.o[index][1:]),
                store.kind.eq(control.kind),
                store.bank.eq(control.bank),
                store.copy.eq(Cat(strobe[0] for strobe in strobes)),
                store.copied_bank.eq(Cat(strobe[1] for strobe in strobes)),
                store.select.eq(readout.select[index]),
            ]
            if reads_in_turns(self.config):
                m.d.comb += store.turn.eq(readout.turns[index])
            for plane, found in zip(readout.found[index], store.found, strict=True):
                m.d.comb += plane.eq(found)
