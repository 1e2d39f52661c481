// SPDX-License-Identifier: Apache-2.0
//
// The memory behind `mailbox.v`. Python runs inside the simulator's process and posts through
// `ctypes`; a letter is delivered after the clock edges of the time step in which it was posted,
// like every other write made by Python.

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace {

struct Mailbox {
    std::string name;
    std::vector<uint32_t> delivered, posted;
    bool pending;
};

std::vector<Mailbox> mailboxes;

}  // namespace

extern "C" int tapetum_mailbox_open(const char* name, int words) {
    mailboxes.push_back({name, std::vector<uint32_t>(words), std::vector<uint32_t>(words), false});
    return int(mailboxes.size()) - 1;
}

extern "C" int tapetum_mailbox_word(int mailbox, int index) {
    return int(mailboxes[mailbox].delivered[index]);
}

// Returns the size of the mailbox in bytes, or -1 when the design has none of that name.
extern "C" __attribute__((visibility("default"))) int tapetum_mailbox_post(
    const char* name, const void* letter, int bytes) {
    for (Mailbox& mailbox : mailboxes) {
        if (mailbox.name != name) continue;
        const int size = int(mailbox.posted.size()) * 4;
        if (bytes == size) {
            std::memcpy(mailbox.posted.data(), letter, bytes);
            mailbox.pending = true;
        }
        return size;
    }
    return -1;
}

void tapetum_mailboxes_deliver() {
    for (Mailbox& mailbox : mailboxes) {
        if (!mailbox.pending) continue;
        mailbox.delivered = mailbox.posted;
        mailbox.pending = false;
    }
}
