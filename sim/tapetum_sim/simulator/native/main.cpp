// SPDX-License-Identifier: Apache-2.0
//
// The simulator's own `main`: free-running clocks in C++, cocotb called only where something is due.
//
// One time step, in this order (the same order as cocotb's own Verilator main, so that test benches
// mean here what they mean there):
//
//   1. timed callbacks (`Timer`) and next-time callbacks: they see the design before the edge
//   2. every clock whose edge is due at this time toggles, all of them together
//   3. value changes of the clocks themselves: after `await RisingEdge(dut.clk)` Python samples what
//      the registers are about to sample
//   4. the design is evaluated: all edges of this time take effect
//   5. writes made by Python in 1, 3 or 6 are applied, and the design settles around them
//   6. value changes of everything else, then read-write, then read-only callbacks
//
// Hence the one rule of ordering: whatever Python writes at time T acts after every clock edge at T,
// and before the next one.
//
// `clock_ports.h` is generated with the build: it lists the clock ports of the top level.
// A clock with a request stands still while that output is low, and keeps its phase. Frequencies,
// phases and limits come on the command line, so that one build serves all of them.

#include <algorithm>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "Vtop.h"
#include "verilated.h"
#include "verilated_vpi.h"
#if VM_TRACE_FST
#include "verilated_fst_c.h"
using Trace = VerilatedFstC;
#elif VM_TRACE
#include "verilated_vcd_c.h"
using Trace = VerilatedVcdC;
#endif

#include "clock.h"
#include "clock_ports.h"

extern "C" void vlog_startup_routines_bootstrap(void);
void tapetum_recorders_close();
void tapetum_mailboxes_deliver();

namespace {

constexpr uint64_t never = ~uint64_t{0};
constexpr int exit_cycle_limit = 3;

struct Options {
    std::string trace_file;
    std::string limit_clock;
    uint64_t limit_cycles = never;
};

Options parse(int argc, char** argv, std::vector<Clock>& clocks) {
    Options options;
    const auto value_of = [&](int index, const char* prefix) -> const char* {
        const size_t length = std::strlen(prefix);
        return std::strncmp(argv[index], prefix, length) == 0 ? argv[index] + length : nullptr;
    };
    for (int index = 1; index < argc; ++index) {
        if (const char* text = value_of(index, "--clock=")) {
            set_clock(clocks, text);
        } else if (const char* text = value_of(index, "--trace-file=")) {
            options.trace_file = text;
        } else if (const char* text = value_of(index, "--limit=")) {
            const std::string limit(text);
            const size_t colon = limit.find(':');
            if (colon == std::string::npos) refuse("cannot read the limit " + limit);
            options.limit_clock = limit.substr(0, colon);
            options.limit_cycles = std::strtoull(limit.c_str() + colon + 1, nullptr, 10);
        }
    }
    return options;
}

class Simulation {
  public:
    Simulation(VerilatedContext& context, Vtop& top, std::vector<Clock>& clocks, Options options)
        : context(context), top(top), clocks(clocks), options(std::move(options)) {
        for (Clock& clock : clocks) {
            if (clock.step == 0) refuse(std::string("no frequency given for clock ") + clock.name);
            if (this->options.limit_clock == clock.name) limited = &clock;
        }
        if (this->options.limit_cycles != never && limited == nullptr)
            refuse("the cycle limit names no clock of this design: " + this->options.limit_clock);
#if VM_TRACE
        if (!this->options.trace_file.empty()) {
            trace = std::make_unique<Trace>();
            top.trace(trace.get(), 99);
            trace->open(this->options.trace_file.c_str());
        }
#endif
    }

    int run() {
        call(cbStartOfSimulation);
        settle_value_callbacks();
        evaluate();
        while (!context.gotFinish()) {
            const uint64_t deadline = VerilatedVpi::cbNextDeadline();
            uint64_t now = deadline;
            for (Clock& clock : clocks) {
                const bool woke = clock.slept;
                clock.slept = clock.sleeps();
                if (clock.slept) continue;
                if (woke) clock.catch_up(context.time());
                now = std::min(now, clock.next);
            }
            if (now == never) break;
            context.time(now);
            if (next_time_may_be_due) {
                next_time_may_be_due = false;
                call(cbNextSimTime);
            }
            if (now == deadline) call(cbAfterDelay);
            toggle_clocks(now);
            settle_value_callbacks();
            evaluate();
            if (limited != nullptr && limited->rising_edges >= options.limit_cycles) {
                report_limit(now);
                return exit_cycle_limit;
            }
        }
        return context.errorCount() > 0 ? 1 : 0;
    }

    void close() {
        top.final();
        VerilatedVpi::callCbs(cbEndOfSimulation);
        tapetum_recorders_close();
#if VM_TRACE
        if (trace) trace->close();
#endif
        for (const Clock& clock : clocks)
            std::printf("tapetum simulator: clock %s ran %" PRIu64 " cycles\n", clock.name,
                        clock.rising_edges);
        std::fflush(stdout);
    }

  private:
    void toggle_clocks(uint64_t now) {
        for (Clock& clock : clocks) {
            if (clock.next == now && !clock.slept) clock.toggle();
        }
    }

    // Nothing can be pending from Python unless Python ran: most time steps are one evaluation.
    void evaluate() {
        top.eval_step();
        settle_value_callbacks();
        while (python_ran) {
            python_ran = false;
            VerilatedVpi::clearEvalNeeded();
            VerilatedVpi::doInertialPuts();
            tapetum_mailboxes_deliver();
            settle_value_callbacks();
            if (VerilatedVpi::evalNeeded()) top.eval_step();
            settle_value_callbacks();
            if (!python_ran) call(cbReadWriteSynch);
            if (python_ran) continue;
            call(cbReadOnlySynch);
            break;
        }
        top.eval_end_step();
#if VM_TRACE
        if (trace) trace->dump(context.time());
#endif
    }

    void call(uint32_t reason) {
        if (VerilatedVpi::callCbs(reason)) note_python_ran();
    }

    void settle_value_callbacks() {
        if (!VerilatedVpi::hasCbs(cbValueChange)) return;
        while (VerilatedVpi::callValueCbs()) note_python_ran();
    }

    void note_python_ran() { python_ran = next_time_may_be_due = true; }

    void report_limit(uint64_t now) {
        std::string where;
        for (const Clock& clock : clocks)
            where += std::string(where.empty() ? "" : ", ") + clock.name + " " +
                     std::to_string(clock.rising_edges);
        std::printf("tapetum simulator: CYCLE LIMIT: %" PRIu64 " cycles of clock %s reached at "
                    "%" PRIu64 " ps (cycles: %s)\n",
                    options.limit_cycles, limited->name, now, where.c_str());
        std::fflush(stdout);
    }

    VerilatedContext& context;
    Vtop& top;
    std::vector<Clock>& clocks;
    Options options;
    const Clock* limited = nullptr;
    bool python_ran = false;            // since the design last settled
    bool next_time_may_be_due = false;  // only Python can have asked for it
#if VM_TRACE
    std::unique_ptr<Trace> trace;
#endif
};

}  // namespace

int main(int argc, char** argv) {
    VerilatedContext& context = *Verilated::threadContextp();
    context.commandArgs(argc, argv);
    context.fatalOnVpiError(false);  // cocotb asks for names that need not exist
#if VM_TRACE
    context.traceEverOn(true);
#endif
    Vtop top{""};
    std::vector<Clock> clocks;
#define TAPETUM_CLOCK(domain, port, request) clocks.push_back({domain, &top.port, request, 0, 0, 1});
    TAPETUM_CLOCKS
#undef TAPETUM_CLOCK
    Options options = parse(argc, argv, clocks);
    vlog_startup_routines_bootstrap();
    Simulation simulation{context, top, clocks, std::move(options)};
    const int code = simulation.run();
    simulation.close();
    return code;
}
