// SPDX-License-Identifier: Apache-2.0
//
// A pseudo-terminal behind `serial_line.sv`: a program outside opens it as it would a serial port.
//
// The folder of the recordings gets a symbolic link to it, `<name>.port`.

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "verilated.h"

namespace {

struct Line {
    int terminal;
    int keeper;  // our own end of the other side, so that a program that leaves does not end it
};

std::vector<Line> lines;

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(2);
}

std::string folder() {
    const char* match = Verilated::threadContextp()->commandArgsPlusMatch("record_dir=");
    return *match ? match + std::strlen("+record_dir=") : ".";
}

}  // namespace

extern "C" int tapetum_serial_open(const char* name) {
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0) fail("pseudo-terminal");
    const std::string path(ptsname(terminal));
    const int keeper = open(path.c_str(), O_RDWR | O_NOCTTY);
    termios settings{};
    if (keeper < 0 || tcgetattr(keeper, &settings) != 0) fail(path.c_str());
    cfmakeraw(&settings);
    tcsetattr(keeper, TCSANOW, &settings);
    fcntl(terminal, F_SETFL, O_NONBLOCK);
    const std::string link = folder() + "/" + name + ".port";
    unlink(link.c_str());
    if (symlink(path.c_str(), link.c_str()) != 0) fail(link.c_str());
    lines.push_back({terminal, keeper});
    return int(lines.size()) - 1;
}

extern "C" int tapetum_serial_receive(int line) {
    unsigned char byte;
    return read(lines[line].terminal, &byte, 1) == 1 ? byte : -1;
}

// A program that does not read stops the simulation, as a full buffer would stop its peer.
extern "C" void tapetum_serial_send(int line, int value) {
    const unsigned char byte = static_cast<unsigned char>(value);
    while (write(lines[line].terminal, &byte, 1) != 1) {
        if (errno != EAGAIN && errno != EINTR) return;
        pollfd wait{lines[line].terminal, POLLOUT, 0};
        poll(&wait, 1, 100);
    }
}
