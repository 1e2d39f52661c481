// SPDX-License-Identifier: Apache-2.0
//
// The design under fault: its clocks, its state, and how a bit is changed between two edges.
//
// A changed register needs everything behind it worked out again, although no clock has moved. That
// is what Verilator does once before the first evaluation; `settle` has it done once more.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "Vtop.h"
#include "Vtop___024root.h"
#include "bits.h"
#include "clock.h"
#include "verilated.h"

#include "clock_ports.h"

void Vtop___024root___eval_settle(Vtop___024root* root);

constexpr uint64_t never = ~uint64_t{0};

struct Element {
    void* data;
    uint32_t width, depth;
    size_t size;
    bool on_die, is_memory, is_sink;

    size_t stride() const { return size / depth; }
    uint8_t* word(uint32_t index) const {
        return static_cast<uint8_t*>(data) + index * stride();
    }
};

struct MemoryPorts {
    uint32_t memory;
    const void* address;
    size_t address_size;
    const void* enable;
    uint32_t address_bits, enable_bits, count;
};

struct Port {
    const char* name;
    void* data;
    size_t size;
    uint32_t width;
};

class Machine {
  public:
    Machine(VerilatedContext& context, Vtop& top) : context(context), top(top) {
        Vtop___024root& root = *top.rootp;
        elements = {
#include "states.inc"
        };
        memory_ports = {
#include "probes.inc"
        };
        ports = {
#include "ports.inc"
        };
#define TAPETUM_CLOCK(domain, port, request) clocks.push_back({domain, &top.port, request, 0, 0, 1});
        TAPETUM_CLOCKS
#undef TAPETUM_CLOCK
        (void)root;
    }

    void begin() {
        for (const Clock& clock : clocks)
            if (clock.step == 0) refuse(std::string("no frequency given for ") + clock.name);
        top.eval();
    }

    // Time of the next edge; asleep clocks have none.
    uint64_t next_time() {
        uint64_t now = never;
        for (Clock& clock : clocks) {
            const bool woke = clock.slept;
            clock.slept = clock.sleeps();
            if (clock.slept) continue;
            if (woke) clock.catch_up(context.time());
            now = std::min(now, clock.next);
        }
        return now;
    }

    // Every edge due at `now`; true if the first clock rose.
    bool step(uint64_t now) {
        context.time(now);
        const uint64_t before = clocks[0].rising_edges;
        for (Clock& clock : clocks)
            if (clock.next == now && !clock.slept) clock.toggle();
        top.eval();
        return clocks[0].rising_edges != before;
    }

    void settle() { Vtop___024root___eval_settle(top.rootp); }

    Port* find(const std::string& name) {
        for (Port& port : ports)
            if (name == port.name) return &port;
        return nullptr;
    }

    size_t state_bytes() const {
        size_t bytes = 0;
        for (const Element& element : elements) bytes += element.size;
        return bytes;
    }

    void save(uint8_t* copy) const {
        for (const Element& element : elements) {
            std::memcpy(copy, element.data, element.size);
            copy += element.size;
        }
    }

    VerilatedContext& context;
    Vtop& top;
    std::vector<Clock> clocks;
    std::vector<Element> elements;
    std::vector<MemoryPorts> memory_ports;
    std::vector<Port> ports;
};
