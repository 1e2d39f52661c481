// SPDX-License-Identifier: Apache-2.0
//
// The file side of `recorder.v`: one buffered binary file per recorder, in the folder that the
// plusarg `+record_dir=` names when the simulator starts. Without it nothing is recorded; with
// `+record=name,name` only those recorders record. A file may be a pipe that someone reads meanwhile.

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "svdpi.h"
#include "verilated.h"

namespace {

struct RecorderFile {
    std::FILE* file;
    size_t beat_bytes;
};

std::vector<RecorderFile> files;

bool is_wanted(const std::string& name) {
    const std::string match(Verilated::threadContextp()->commandArgsPlusMatch("record="));
    if (match.empty()) return true;
    const std::string list = "," + match.substr(std::strlen("+record=")) + ",";
    return list.find("," + name + ",") != std::string::npos;
}

}  // namespace

extern "C" int tapetum_recorder_open(const char* name, int width) {
    const char* match = Verilated::threadContextp()->commandArgsPlusMatch("record_dir=");
    const std::string folder(*match ? match + std::strlen("+record_dir=") : "");
    if (folder.empty() || !is_wanted(name)) return -1;
    const std::string path = folder + "/" + name + ".beats";
    std::FILE* file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) {
        std::fprintf(stderr, "tapetum simulator: cannot write %s\n", path.c_str());
        std::exit(2);
    }
    std::setvbuf(file, nullptr, _IOFBF, 1 << 20);
    files.push_back({file, size_t(width + 31) / 32 * 4});
    return int(files.size()) - 1;
}

// Beats are little-endian, padded with zeros to whole 32-bit words.
static void write_beat(int recorder, const void* payload) {
    const RecorderFile& target = files[recorder];
    std::fwrite(payload, 1, target.beat_bytes, target.file);
}

extern "C" void tapetum_recorder_write_64(int recorder, unsigned long long payload) {
    write_beat(recorder, &payload);
}

extern "C" void tapetum_recorder_write_1024(int recorder, const svBitVecVal* payload) {
    write_beat(recorder, payload);
}

// For Python, which runs inside the simulator's process: what was recorded so far can be read.
extern "C" __attribute__((visibility("default"))) void tapetum_recorders_flush() {
    for (const RecorderFile& target : files) std::fflush(target.file);
}

void tapetum_recorders_close() {
    for (const RecorderFile& target : files) std::fclose(target.file);
    files.clear();
}
