// SPDX-License-Identifier: Apache-2.0
//
// One fault: where, of which kind, when. And what of it is known before it is simulated.

#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "machine.h"

enum class Kind { seu, stuck0, stuck1, input, row_stuck0, row_stuck1, row_alias };

inline Kind kind_of(const std::string& name) {
    static const char* names[] = {"seu",        "stuck0",     "stuck1",   "input",
                                  "row_stuck0", "row_stuck1", "row_alias"};
    for (size_t index = 0; index < std::size(names); ++index)
        if (name == names[index]) return Kind(index);
    refuse("there is no kind of fault named " + name);
}

struct Injection {
    uint64_t number;
    std::string kind_name;
    Kind kind;
    std::string port;  // of a broken input
    uint32_t element, word, bit;
    uint64_t offset_ps;  // after the window began

    bool is_state() const { return kind <= Kind::stuck1; }
};

// Until it is first touched, a wrong bit of a memory changes nothing; nor does a bit that is stuck at
// what it holds anyway. Simulation may begin there, and end when nothing touches it again.
// Before `wrong_ps` the bit holds what it should.
struct Activity {
    uint64_t first_ps, last_ps, wrong_ps;
};

// Lines `NUMBER KIND PLACE WORD BIT PICOSECONDS`; the place is an element, a row line or a port.
inline std::vector<Injection> read_injections(const std::string& path, const Machine& machine) {
    std::ifstream file(path);
    if (!file) refuse("cannot read " + path);
    std::vector<Injection> injections;
    Injection one;
    std::string place;
    while (file >> one.number >> one.kind_name >> place >> one.word >> one.bit >> one.offset_ps) {
        one.kind = kind_of(one.kind_name);
        one.port = place;
        one.element = one.kind == Kind::input ? 0 : uint32_t(std::stoul(place));
        if (one.is_state()) {
            if (one.element >= machine.elements.size()) refuse("there is no element " + place);
            const Element& element = machine.elements[one.element];
            if (one.word >= element.depth || one.bit >= element.width)
                refuse("element " + place + " has no such bit");
        }
        injections.push_back(one);
    }
    return injections;
}
