// SPDX-License-Identifier: Apache-2.0
//
// A free-running clock with an exact rational period, and how it comes out of `Clock.argument`.

#pragma once

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "verilated.h"

// Edges lie at floor(phase + k * half_period) picoseconds, the half period being the exact fraction
// numerator / denominator; the remainder is carried, so no clock ever drifts.
struct Clock {
    const char* name;
    CData* port;
    const CData* request;  // of a clock that may stand still: high while it must not
    uint64_t step, remainder, denominator, carried = 0;
    uint64_t next = 0;
    uint64_t rising_edges = 0;
    bool slept = false;

    bool sleeps() const { return request != nullptr && !*request && !*port; }

    // After sleep the clock goes on with the next rising edge of its old phase.
    void catch_up(uint64_t now) {
        while (next <= now) {
            advance();
            advance();
        }
    }

    void toggle() {
        *port ^= 1;
        rising_edges += *port;
        advance();
    }

    void advance() {
        next += step;
        carried += remainder;
        if (carried >= denominator) {
            carried -= denominator;
            ++next;
        }
    }
};

[[noreturn]] inline void refuse(const std::string& sentence) {
    std::fprintf(stderr, "tapetum simulator: %s\n", sentence.c_str());
    std::exit(2);
}

// name:half_period_numerator:half_period_denominator:phase_ps
inline void set_clock(std::vector<Clock>& clocks, const char* text) {
    char name[64];
    uint64_t numerator, denominator, phase;
    if (std::sscanf(text, "%63[^:]:%" SCNu64 ":%" SCNu64 ":%" SCNu64, name, &numerator,
                    &denominator, &phase) != 4 || denominator == 0 || numerator < denominator)
        refuse(std::string("cannot read the clock ") + text);
    for (Clock& clock : clocks) {
        if (std::strcmp(clock.name, name) != 0) continue;
        clock.step = numerator / denominator;
        clock.remainder = numerator % denominator;
        clock.denominator = denominator;
        clock.next = phase;
        return;
    }
    refuse(std::string("the design has no clock domain named ") + name);
}
