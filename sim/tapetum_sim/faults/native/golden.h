// SPDX-License-Identifier: Apache-2.0
//
// What the run without a fault left behind, in memory that all processes of a worker share.

#pragma once

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>

// An array that is written once, before the processes that read it are forked.
template <typename T>
class Shared {
  public:
    explicit Shared(size_t capacity) {
        const size_t bytes = sizeof(uint64_t) + capacity * sizeof(T);
        void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) std::abort();
        length = static_cast<uint64_t*>(memory);
        items = reinterpret_cast<T*>(length + 1);
        room = capacity;
    }

    void push(const T& item) {
        if (*length == room) std::abort();
        items[(*length)++] = item;
    }
    void resize(size_t count) { *length = count; }
    size_t size() const { return *length; }
    T& operator[](size_t index) { return items[index]; }
    const T& operator[](size_t index) const { return items[index]; }

  private:
    uint64_t* length;
    T* items;
    size_t room;
};

struct Observation {
    uint64_t value, time_ps;
    uint32_t packet;  // of the link: which one it belongs to
};

constexpr size_t longest_stream = size_t{1} << 24, longest_checkpoints = 1024;
