// SPDX-License-Identifier: Apache-2.0
//
// The host, without Python: a list of orders read from a file and carried out at the edges of the
// first clock, as `HostBus` does. Orders: `post LETTER`, `poll ADDRESS MASK` until those bits are
// zero, `read ADDRESS` and compare, `wait CYCLES`, `changes PORT COUNT`, `window` where faults begin.

#pragma once

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "machine.h"

class Host {
  public:
    Host(Machine& machine, const std::string& path, uint32_t read_cycles)
        : read_cycles(read_cycles) {
        request = port(machine, "host_post");
        done = port(machine, "host_done");
        reading = port(machine, "host_read");
        address = port(machine, "host_address");
        answer = port(machine, "host_read_data");
        std::ifstream file(path);
        std::string line;
        while (std::getline(file, line)) {
            std::istringstream words(line);
            Order order;
            words >> order.verb;
            if (order.verb == "post") {
                std::string text;
                words >> text;
                for (size_t place = 0; place + 1 < text.size(); place += 2)
                    order.letter.push_back(
                        uint8_t(std::stoul(text.substr(place, 2), nullptr, 16)));
            } else if (order.verb == "changes") {
                std::string name;
                words >> name >> order.first;
                order.watched = machine.find(name);
            } else {
                words >> order.first >> order.second;
            }
            if (!order.verb.empty()) orders.push_back(order);
        }
    }

    bool window_reached() const { return reached; }
    bool idle() const { return place >= orders.size(); }

    // Once per rising edge of the first clock. `letter_box` receives letters, `status` what is read.
    template <typename Letter, typename Status>
    void step(Letter&& letter_box, Status&& status) {
        if (idle()) return;
        const Order& order = orders[place];
        if (order.verb == "post") {
            if (count++ == 0) {
                letter_box(order.letter);
                put_bit(request->data, 0, !get_bit(request->data, 0));
                answered = get_bit(done->data, 0);
            } else if (get_bit(done->data, 0) != answered) {
                next();
            }
        } else if (order.verb == "poll" || order.verb == "read") {
            if (count == 0) {
                const uint16_t value = uint16_t(order.first);
                std::memcpy(address->data, &value, sizeof value);
                put_bit(reading->data, 0, true);
            } else if (count == 1) {
                put_bit(reading->data, 0, false);
            }
            if (count++ <= read_cycles) return;
            const uint8_t value = *static_cast<const uint8_t*>(answer->data);
            count = 0;
            if (order.verb == "read") {
                status(value);
                next();
            } else if ((value & order.second) == 0) {
                next();
            }
        } else if (order.verb == "wait") {
            if (++count >= order.first) next();
        } else if (order.verb == "changes") {
            const bool level = get_bit(order.watched->data, 0);
            if (count == 0) {
                count = 1;
            } else if (level != answered && ++count > order.first) {
                next();
            }
            answered = level;
        } else if (order.verb == "window") {
            reached = true;
            next();
        } else {
            refuse("the host does not know the order " + order.verb);
        }
    }

    size_t position() const { return place; }

  private:
    struct Order {
        std::string verb;
        uint64_t first = 0, second = 0;
        std::vector<uint8_t> letter;
        const Port* watched = nullptr;
    };

    static Port* port(Machine& machine, const char* name) { return machine.find(name); }

    void next() {
        ++place;
        count = 0;
    }

    std::vector<Order> orders;
    size_t place = 0;
    uint64_t count = 0;
    uint32_t read_cycles;
    bool answered = false, reached = false;
    Port *request, *done, *reading, *address, *answer;
};
