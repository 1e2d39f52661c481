// SPDX-License-Identifier: Apache-2.0
//
// What the receiver of the link can tell by itself: codes of headers, checksums, and packets that
// are not those which the frame's format says (CSI-2 §9.5, §9.6).

#pragma once

#include <array>
#include <cstdint>
#include <vector>

struct PacketEnd {
    uint32_t header = 0;  // identifier and word count
    bool damaged = false;  // its own codes say so
};

class Receiver {
  public:
    explicit Receiver(uint32_t byte_lanes) : lanes(byte_lanes) {
        for (uint32_t value = byte_lanes; value; value >>= 1) ++count_bits;
    }

    // A word of a packet, as `PacketBytes` lays it out; true if it was the last one.
    bool take(uint64_t word, PacketEnd& end) {
        const uint32_t count = uint32_t(word >> 8 * lanes & ((1u << count_bits) - 1));
        const bool first = word >> (8 * lanes + count_bits) & 1;
        const bool last = word >> (8 * lanes + count_bits + 1) & 1;
        if (first) bytes.clear();
        for (uint32_t lane = 0; lane < count && lane < lanes; ++lane)
            bytes.push_back(uint8_t(word >> 8 * lane));
        if (!last) return false;
        end = judge();
        return true;
    }

  private:
    static constexpr std::array<uint32_t, 6> covers = {0xF12CB7, 0xF2555B, 0x749A6D,
                                                        0xB8E38E, 0xDF03F0, 0xEFFC00};

    PacketEnd judge() const {
        PacketEnd end;
        if (bytes.size() < 4) {
            end.damaged = true;
            return end;
        }
        end.header = uint32_t(bytes[0] | bytes[1] << 8 | bytes[2] << 16);
        for (size_t parity = 0; parity < covers.size(); ++parity)
            if (__builtin_parity(end.header & covers[parity]) != (bytes[3] >> parity & 1))
                end.damaged = true;
        const bool is_long = bytes[0] & 0x30;
        const size_t payload = is_long ? end.header >> 8 : 0;
        if (bytes.size() != (is_long ? 4 + payload + 2 : 4)) {
            end.damaged = true;
        } else if (is_long) {
            uint32_t checksum = 0xFFFF;
            for (size_t place = 4; place < 4 + payload; ++place) {
                checksum ^= bytes[place];
                for (int bit = 0; bit < 8; ++bit)
                    checksum = checksum >> 1 ^ (checksum & 1 ? 0x8408 : 0);
            }
            if (checksum != uint32_t(bytes[4 + payload] | bytes[5 + payload] << 8))
                end.damaged = true;
        }
        return end;
    }

    uint32_t lanes, count_bits = 0;
    std::vector<uint8_t> bytes;
};
