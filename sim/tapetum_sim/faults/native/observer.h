// SPDX-License-Identifier: Apache-2.0
//
// Everything that leaves the die: recorded streams, what the host reads, pins, fault bits. The run
// without a fault writes it down; the others are held against that, item by item and in order.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "golden.h"
#include "machine.h"
#include "receiver.h"

enum class Mode { idle, recording, comparing };

struct Stream {
    std::string name;
    uint32_t compared_bits;
    Shared<Observation> golden{longest_stream};
    size_t count = 0;
};

struct Outcome {
    std::string dangerous;  // what differed first
    uint64_t dangerous_ps = never, detected_ps = never, error_ps = never, receiver_ps = never;
    uint64_t mechanisms = 0, found = 0;  // fault bits, and the safety room's own, at detection
};

class Observer {
  public:
    explicit Observer(Machine& machine) : machine(machine) {}

    size_t add_stream(const std::string& name, uint32_t bits) {
        streams.push_back(std::make_unique<Stream>());
        streams.back()->name = name;
        streams.back()->compared_bits = bits;
        return streams.size() - 1;
    }

    // The stream that carries packets.
    void add_receiver(const std::string& name, uint32_t byte_lanes) {
        link = find(name);
        receiver = std::make_unique<Receiver>(byte_lanes);
    }

    void add_pin(const std::string& name) {
        if (const Port* port = machine.find(name)) pins.push_back(port);
    }

    void set_fault_port(const std::string& name) { faults = machine.find(name); }
    void set_error_port(const std::string& name) { error = machine.find(name); }
    void set_found(const Element* element) { mechanisms_found = element; }
    void set_status(size_t stream) { status_stream = int(stream); }
    void set_pins(size_t stream) { pin_stream = int(stream); }

    int find(const std::string& name) const {
        for (size_t index = 0; index < streams.size(); ++index)
            if (streams[index]->name == name) return int(index);
        return -1;
    }

    void begin(Mode to) {
        mode = to;
        for (const Port* pin : pins) levels.push_back(get_bit(pin->data, 0));
    }

    void take(int index, uint64_t value) {
        if (mode == Mode::idle) return;
        Stream& stream = *streams[size_t(index)];
        value &= (uint64_t{1} << stream.compared_bits) - 1;
        const size_t place = stream.count++;
        if (mode == Mode::recording) {
            stream.golden.push({value, now, uint32_t(headers.size())});
        } else if (outcome.dangerous.empty() &&
                   (place >= stream.golden.size() || stream.golden[place].value != value)) {
            differs(category(index, place));
        }
        if (index != link) return;
        PacketEnd end;
        if (!receiver->take(value, end)) return;
        if (mode == Mode::recording) {
            headers.push(end.header);
        } else {
            const size_t packet = packets++;
            const bool expected = packet < headers.size() && headers[packet] == end.header;
            if ((end.damaged || !expected) && outcome.receiver_ps == never)
                outcome.receiver_ps = now;
        }
    }

    void read(uint8_t value) { take(status_stream, value); }

    // After every rising edge of the first clock.
    void look() {
        if (mode == Mode::idle) return;
        for (size_t index = 0; index < pins.size(); ++index) {
            const bool level = get_bit(pins[index]->data, 0);
            if (level == levels[index]) continue;
            levels[index] = level;
            take(pin_stream, 2 * index + level);
        }
        if (faults == nullptr) return;
        const uint64_t raised = get_bits(faults->data, faults->size, 0, faults->width);
        const bool pin = error != nullptr && get_bit(error->data, 0);
        if (mode == Mode::recording) {
            known_faults[0] |= raised;
            known_faults[1] |= pin;
            return;
        }
        const uint64_t fresh = raised & ~known_faults[0];
        if (fresh && outcome.detected_ps == never) {
            outcome.detected_ps = now;
            outcome.mechanisms = fresh;
            if (const Element* found = mechanisms_found)
                outcome.found = get_bits(found->data, found->size, 0, found->width);
        }
        if (pin && !known_faults[1] && outcome.error_ps == never) {
            outcome.error_ps = now;
            if (outcome.detected_ps == never) outcome.detected_ps = now;
        }
    }

    // What should have left until then has not.
    void finish(uint64_t deadline_ps) {
        for (const auto& stream : streams) {
            if (stream->count >= stream->golden.size() ||
                stream->golden[stream->count].time_ps > deadline_ps)
                continue;
            const int index = int(&stream - streams.data());
            if (index == link && outcome.receiver_ps == never) outcome.receiver_ps = now;
            if (outcome.dangerous.empty())
                differs(category(index, stream->count) + " missing");
        }
    }

    std::vector<std::unique_ptr<Stream>> streams;
    Shared<uint32_t> headers{size_t{1} << 20};
    Shared<uint64_t> known_faults{2};
    Outcome outcome;
    uint64_t now = 0;
    size_t packets = 0;

  private:
    std::string category(int index, size_t place) const {
        const Stream& stream = *streams[size_t(index)];
        if (index != link || place >= stream.golden.size()) return stream.name;
        const uint32_t packet = stream.golden[place].packet;
        if (packet >= headers.size()) return stream.name;
        const uint32_t identifier = headers[packet] & 0xFF, type = identifier & 0x3F;
        if (type < 0x10) return "frame";
        if (type == 0x12) return "embedded";
        return identifier >> 6 == 1 && type == 0x30   ? "flicker map"
               : identifier >> 6 == 2 && type == 0x32 ? "verdict"
                                                       : "pixels";
    }

    void differs(const std::string& what) {
        // Status that tells of a fault which has been detected is as it should be.
        const bool tells = what == "embedded" || what == "status" || what == "pins";
        if (tells && outcome.detected_ps != never) return;
        outcome.dangerous = what;
        outcome.dangerous_ps = now;
    }

    Machine& machine;
    Mode mode = Mode::idle;
    std::unique_ptr<Receiver> receiver;
    int link = -1, status_stream = -1, pin_stream = -1;
    std::vector<const Port*> pins;
    std::vector<bool> levels;
    const Port *faults = nullptr, *error = nullptr;
    const Element* mechanisms_found = nullptr;
};
