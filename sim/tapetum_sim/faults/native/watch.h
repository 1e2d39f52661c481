// SPDX-License-Identifier: Apache-2.0
//
// Finds out, in the run without a fault, when each injected bit is first and last of consequence.

#pragma once

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "golden.h"
#include "injection.h"
#include "machine.h"

class Watch {
  public:
    Watch(Machine& machine, const std::vector<Injection>& injections, uint64_t window_ps,
          Shared<Activity>& activity)
        : machine(machine), injections(injections), window_ps(window_ps), activity(activity) {
        activity.resize(injections.size());
        words.resize(machine.elements.size());
        for (size_t index = 0; index < injections.size(); ++index) {
            const Injection& one = injections[index];
            const bool is_memory = one.is_state() && machine.elements[one.element].is_memory;
            const bool is_stuck = one.is_state() && one.kind != Kind::seu;
            activity[index] = {never, 0, is_stuck ? never : struck(index)};
            if (is_memory) {
                words[one.element][one.word].push_back(index);
                if (is_stuck) to_come.push_back(index);
            } else if (is_stuck) {
                stuck.push_back(index);
            } else {
                activity[index] = {struck(index), never, struck(index)};
            }
        }
        std::sort(to_come.begin(), to_come.end(),
                  [&](size_t a, size_t b) { return struck(a) > struck(b); });
        for (const MemoryPorts& ports : machine.memory_ports)
            if (!words[ports.memory].empty()) watched.push_back(&ports);
    }

    // The design has settled after the edges at `now`.
    void look(uint64_t now) {
        for (; !to_come.empty() && struck(to_come.back()) <= now; to_come.pop_back())
            if (would_change(to_come.back()))
                activity[to_come.back()].wrong_ps = struck(to_come.back());
        for (const MemoryPorts* ports : watched) {
            const auto& targets = words[ports->memory];
            for (uint32_t port = 0; port < ports->count; ++port) {
                const auto found = targets.find(uint32_t(
                    get_bits(ports->address, ports->address_size, port * ports->address_bits,
                             ports->address_bits)));
                if (found == targets.end() ||
                    !any_bit(ports->enable, port * ports->enable_bits, ports->enable_bits))
                    continue;
                for (size_t index : found->second)
                    if (injections[index].kind == Kind::seu || would_change(index))
                        touch(index, now);
            }
        }
        for (size_t index : stuck)
            if (would_change(index)) touch(index, now);
    }

  private:
    uint64_t struck(size_t index) const { return window_ps + injections[index].offset_ps; }

    // A stuck bit holds another value than it would.
    bool would_change(size_t index) const {
        const Injection& one = injections[index];
        return get_bit(machine.elements[one.element].word(one.word), one.bit) !=
               (one.kind == Kind::stuck1);
    }

    void touch(size_t index, uint64_t now) {
        if (now < struck(index)) return;
        Activity& one = activity[index];
        if (one.wrong_ps == never) one.wrong_ps = now;
        if (one.first_ps == never) one.first_ps = now;
        one.last_ps = now;
    }

    Machine& machine;
    const std::vector<Injection>& injections;
    uint64_t window_ps;
    Shared<Activity>& activity;
    std::vector<std::unordered_map<uint32_t, std::vector<size_t>>> words;
    std::vector<const MemoryPorts*> watched;
    std::vector<size_t> stuck;
    std::vector<size_t> to_come;  // stuck bits of memories, the latest first
};
