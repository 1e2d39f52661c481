// SPDX-License-Identifier: Apache-2.0
//
// The file side of `window.sv`: a ring of the last words, written out each time that half of it is
// new. The file is replaced as a whole, so that whoever opens it never sees half of one.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "verilated.h"

namespace {

struct Window {
    std::string path;
    std::vector<uint32_t> ring;
    size_t place;
    bool full;
};

std::vector<Window> windows;

void write_out(const Window& window) {
    const std::string next = window.path + ".next";
    std::FILE* file = std::fopen(next.c_str(), "wb");
    if (file == nullptr) {
        std::perror(next.c_str());
        std::exit(2);
    }
    const size_t count = window.ring.size();
    std::fwrite(window.ring.data() + window.place, 4, count - window.place, file);
    std::fwrite(window.ring.data(), 4, window.place, file);
    std::fclose(file);
    if (std::rename(next.c_str(), window.path.c_str()) != 0) std::perror(window.path.c_str());
}

}  // namespace

extern "C" int tapetum_window_open(const char* name, int count) {
    const char* match = Verilated::threadContextp()->commandArgsPlusMatch("record_dir=");
    if (!*match) return -1;
    const std::string path = std::string(match + std::strlen("+record_dir=")) + "/" + name + ".window";
    std::remove(path.c_str());
    windows.push_back({path, std::vector<uint32_t>(count), 0, false});
    return int(windows.size()) - 1;
}

extern "C" void tapetum_window_write(int number, unsigned payload) {
    Window& window = windows[number];
    const size_t count = window.ring.size();
    window.ring[window.place] = payload;
    window.place = (window.place + 1) % count;
    if (window.place == 0) window.full = true;
    if (window.full && window.place % (count / 2) == 0) write_out(window);
}
