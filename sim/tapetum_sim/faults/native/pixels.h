// SPDX-License-Identifier: Apache-2.0
//
// The pixel die, without Python: trip codes of every row from a file, for a nominal exposure.
//
// What the die under fault really does reaches it: a row that it selects by mistake answers with its
// own codes, an exposure that is too long or short gives a signal that is larger or smaller.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "machine.h"

// How damaged lines change the row that is selected: stuck ones, and one that no decoder sees.
struct RowDamage {
    uint32_t keep = ~0u, set = 0, blind = 0;
};

class Pixels {
  public:
    Pixels(Machine& machine, std::istream& text, const std::string& folder) {
        std::string file;
        text >> columns >> planes >> rows >> captures >> fixed_rows >> reset_limit >> signal_limit
             >> file;
        nominal.resize(captures);
        for (uint64_t& cycles : nominal) text >> cycles;
        for (Field* field : {&kind, &capture, &row, &start, &end}) text >> field->first >> field->count;
        codes.resize(size_t{2} * captures * rows * columns);
        std::ifstream binary(folder + "/" + file, std::ios::binary);
        binary.read(reinterpret_cast<char*>(codes.data()), std::streamsize(2 * codes.size()));
        if (!binary) refuse("the trip codes " + file + " are too short");
        request = machine.find("request");
        toggle = machine.find("request_toggle");
    }

    // When a ramp has begun, writes its trip codes into `letter`, as bit planes.
    void answer_ramp(std::vector<uint32_t>& letter) {
        const bool level = get_bit(toggle->data, 0);
        if (level == before) return;
        before = level;
        answer(letter);
    }

    RowDamage damage;

  private:
    struct Field {
        uint32_t first, count;
    };

    uint64_t of(const Field& field) const {
        return get_bits(request->data, request->size, field.first, field.count);
    }

    void answer(std::vector<uint32_t>& letter) const {
        const bool is_signal = of(kind);
        const uint32_t which = (uint32_t(of(row)) & damage.keep) | damage.set;
        const uint32_t taken = uint32_t(of(capture));
        const uint32_t limit = is_signal ? signal_limit : reset_limit;
        const uint64_t exposed = of(end) - of(start);
        std::fill(letter.begin(), letter.end(), 0);
        for (uint32_t column = 0; column < columns; ++column) {
            uint32_t code = limit;  // nobody pulls a line without a row: it never trips
            if ((which < rows || (which ^ damage.blind) < rows) && taken < captures) {
                const int64_t reset = joined(false, taken, which, column);
                code = joined(is_signal, taken, which, column);
                if (is_signal && which >= fixed_rows && exposed != nominal[taken]) {
                    const double share = double(exposed) / double(nominal[taken]);
                    code = uint32_t(std::clamp<double>(
                        std::rint(double(reset) + share * double(int64_t{code} - reset)), 0,
                        limit));
                }
            }
            for (uint32_t plane = 0; plane < planes; ++plane)
                if (code >> plane & 1) {
                    const uint32_t bit = plane * columns + column;
                    letter[bit / 32] |= 1u << bit % 32;
                }
        }
    }

    // Two rows that are selected together leave their mean on the column.
    uint32_t joined(bool is_signal, uint32_t taken, uint32_t which, uint32_t column) const {
        const uint32_t other = which ^ damage.blind;
        const uint32_t one = which < rows ? which : other, two = other < rows ? other : which;
        return (at(is_signal, taken, one, column) + at(is_signal, taken, two, column)) / 2u;
    }

    uint16_t at(bool is_signal, uint32_t taken, uint32_t which, uint32_t column) const {
        return codes[((is_signal * captures + taken) * size_t{rows} + which) * columns + column];
    }

    uint32_t columns = 0, planes = 0, rows = 0, captures = 0, fixed_rows = 0;
    uint32_t reset_limit = 0, signal_limit = 0;
    std::vector<uint64_t> nominal;
    std::vector<uint16_t> codes;
    Field kind, capture, row, start, end;
    Port *request, *toggle;
    bool before = false;
};
