// SPDX-License-Identifier: Apache-2.0
//
// Bits of Verilator's variables. All its types keep their bits little-endian from the first byte on.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

inline bool get_bit(const void* words, size_t bit) {
    return static_cast<const uint8_t*>(words)[bit >> 3] >> (bit & 7) & 1;
}

inline void put_bit(void* words, size_t bit, bool value) {
    uint8_t& byte = static_cast<uint8_t*>(words)[bit >> 3];
    const uint8_t mask = uint8_t(1 << (bit & 7));
    byte = uint8_t(value ? byte | mask : byte & ~mask);
}

// Up to 57 bits from a variable that is padded to whole words behind them.
inline uint64_t get_bits(const void* words, size_t size, size_t first, size_t count) {
    const size_t byte = first >> 3;
    uint64_t value = 0;
    std::memcpy(&value, static_cast<const uint8_t*>(words) + byte,
                size - byte < 8 ? size - byte : 8);
    return value >> (first & 7) & ((uint64_t{1} << count) - 1);
}

inline bool any_bit(const void* words, size_t first, size_t count) {
    for (size_t bit = first; bit < first + count; ++bit)
        if (get_bit(words, bit)) return true;
    return false;
}
