// SPDX-License-Identifier: Apache-2.0
//
// A worker of a fault campaign: one start-up for all of its faults, and a process for each of them.
//
//   start-up ──► window ┬─► a process runs on without a fault: outputs, checkpoints, activities
//                       └─► runs again, and at the time of each fault forks a process that has it
//
// A process with a fault ends when its state is that of the run without one again, when the fault
// has both done harm and been noticed, when its memory tells that it corrects it, or at the end of
// the frame after the one it fell into. It appends one line of JSON to the results.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "golden.h"
#include "host.h"
#include "injection.h"
#include "machine.h"
#include "observer.h"
#include "pixels.h"
#include "watch.h"

namespace {

struct Letters {
    std::string name;
    std::vector<uint32_t> words;
};

std::vector<Letters> letters;
Observer* observed = nullptr;

class Campaign {
  public:
    Campaign(Machine& machine, Observer& observer, const std::string& folder)
        : machine(machine), observer(observer) {
        std::ifstream file(folder + "/scenario.txt");
        if (!file) refuse("cannot read the scenario in " + folder);
        std::string key, name;
        while (file >> key) {
            uint32_t number = 0;
            if (key == "observe") {
                file >> name >> number;
                observer.add_stream(name, number);
            } else if (key == "receiver") {
                file >> name >> number;
                observer.add_receiver(name, number);
            } else if (key == "pin") {
                file >> name;
                observer.add_pin(name);
            } else if (key == "faults") {
                file >> name;
                observer.set_fault_port(name);
            } else if (key == "error") {
                file >> name;
                observer.set_error_port(name);
            } else if (key == "found") {
                file >> number;
                observer.set_found(&machine.elements.at(number));
            } else if (key == "corrects") {
                file >> corrects;
            } else if (key == "pixels") {
                pixels = std::make_unique<Pixels>(machine, file, folder);
            } else if (key == "host") {
                file >> name >> number;
                host = std::make_unique<Host>(machine, folder + "/" + name, number);
            } else if (key == "drive") {
                file >> name >> number;
                drive(name, number);
            } else if (key == "begin_ps") {
                file >> begin_ps;
            } else if (key == "window_ps") {
                file >> horizon_ps >> checkpoint_ps >> row_ps >> limit_ps;
            } else {
                refuse("the scenario has an unknown key " + key);
            }
        }
        observer.set_status(observer.add_stream("status", 8));
        observer.set_pins(observer.add_stream("pins", 8));
    }

    // An input that is not 0 while the die works.
    void drive(const std::string& input, uint32_t value) {
        const Port* port = machine.find(input);
        if (port == nullptr) refuse("there is no input " + input);
        for (uint32_t bit = 0; bit < port->width; ++bit)
            put_bit(port->data, bit, bit < 32 && value >> bit & 1);
    }

    // Without faults to the beginning of the window.
    void start() {
        while (host ? !host->window_reached() : machine.next_time() < begin_ps) {
            const uint64_t now = machine.next_time();
            if (now > limit_ps) refuse("the die was not ready in time");
            advance(now);
        }
        window_ps = machine.context.time() + 1;
    }

    void record(Watch& watch) {
        observer.begin(Mode::recording);
        const uint64_t end = window_ps + horizon_ps + 2 * row_ps;
        uint64_t checkpoint = window_ps + checkpoint_ps;
        for (uint64_t now; (now = machine.next_time()) < end;) {
            if (now >= checkpoint && states.size() / machine.state_bytes() < longest_checkpoints) {
                const size_t place = states.size();
                states.resize(place + machine.state_bytes());
                machine.save(&states[place]);
                for (const auto& stream : observer.streams) counts.push(stream->count);
                checkpoint += checkpoint_ps;
            }
            advance(now);
            watch.look(now);
        }
        std::printf("without a fault: fault bits %#llx, error pin %d\n",
                    static_cast<unsigned long long>(observer.known_faults[0]),
                    int(observer.known_faults[1]));
        std::fflush(stdout);
    }

    // Forks at the time of each fault, in the order in which they begin.
    void inject(const std::vector<Injection>& injections, const std::string& results) {
        std::vector<size_t> order(injections.size());
        std::iota(order.begin(), order.end(), 0);
        std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
            return activity[a].first_ps < activity[b].first_ps;
        });
        observer.begin(Mode::comparing);
        for (const size_t index : order) {
            const uint64_t first = activity[index].first_ps;
            if (first == never || first >= window_ps + horizon_ps) {
                write(injections[index], index, "untouched", results);
                continue;
            }
            for (uint64_t now; (now = machine.next_time()) < first;) advance(now);
            const pid_t process = fork();
            if (process < 0) refuse("cannot fork");
            if (process == 0) {
                const char* end = suffer(injections[index], index);
                write(injections[index], index, end, results);
                _exit(0);
            }
            int status = 0;
            waitpid(process, &status, 0);
            if (status != 0) write(injections[index], index, "stopped", results);
        }
    }

    Shared<Activity> activity{size_t{1} << 22};
    uint64_t window_ps = 0;

  private:
    void advance(uint64_t now) {
        observer.now = now;
        const bool rose = machine.step(now);
        if (pixels) pixels->answer_ramp(box("trip_codes"));
        if (!rose) return;
        if (host) {
            host->step(
                [&](const std::vector<uint8_t>& letter) {
                    auto& words = box("host_writes");
                    std::fill(words.begin(), words.end(), 0);
                    std::memcpy(words.data(), letter.data(),
                                std::min(letter.size(), 4 * words.size()));
                },
                [&](uint8_t value) { observer.read(value); });
        }
        observer.look();
    }

    static std::vector<uint32_t>& box(std::string_view name) {
        for (Letters& letter : letters)
            if (letter.name == name) return letter.words;
        refuse("the design has no mailbox " + std::string(name));
    }

    const char* suffer(const Injection& fault, size_t index) {
        const uint64_t end = window_ps + horizon_ps;
        size_t checkpoint = size_t((machine.next_time() - window_ps) / checkpoint_ps);
        strike(fault);
        for (uint64_t now; (now = machine.next_time()) < end;) {
            if (now >= window_ps + (checkpoint + 1) * checkpoint_ps) {
                if (const char* why = settled(fault, index, checkpoint)) return why;
                ++checkpoint;
            }
            advance(now);
            hold(fault);
            if (decided(fault, now)) return "decided";
            if (corrected(fault)) return "corrected";
        }
        observer.finish(end - row_ps);
        return "observed";
    }

    void strike(const Injection& fault) {
        switch (fault.kind) {
            case Kind::seu: {
                uint8_t* word = machine.elements[fault.element].word(fault.word);
                put_bit(word, fault.bit, !get_bit(word, fault.bit));
                machine.settle();
                break;
            }
            case Kind::stuck0:
            case Kind::stuck1: hold(fault); break;
            case Kind::input:
                raise(fault.port, fault.bit);
                break;
            // The pixel die's codes, and what it tells of its rows.
            case Kind::row_stuck0:
                pixels->damage.keep = ~(1u << fault.element);
                raise("row_stuck_low", fault.element);
                break;
            case Kind::row_stuck1:
                pixels->damage.set = 1u << fault.element;
                raise("row_stuck_high", fault.element);
                break;
            case Kind::row_alias:
                pixels->damage.blind = 1u << fault.element;
                raise("row_blind", fault.element);
        }
    }

    void raise(const std::string& input, uint32_t bit) {
        const Port* port = machine.find(input);
        if (port == nullptr) refuse("there is no input " + input);
        put_bit(port->data, bit, true);
    }

    void hold(const Injection& fault) {
        if (fault.kind != Kind::stuck0 && fault.kind != Kind::stuck1) return;
        uint8_t* word = machine.elements[fault.element].word(fault.word);
        const bool value = fault.kind == Kind::stuck1;
        if (get_bit(word, fault.bit) == value) return;
        put_bit(word, fault.bit, value);
        machine.settle();
    }

    // Of what comes from the pixel die's side only detection is asked.
    bool decided(const Injection& fault, uint64_t now) const {
        const Outcome& outcome = observer.outcome;
        if (outcome.detected_ps == never) return false;
        if (outcome.dangerous.empty() && fault.is_state()) return false;
        return outcome.error_ps != never || now > outcome.detected_ps + 2 * row_ps;
    }

    // A memory that puts the word right, and says so: whoever reads it has what was written.
    bool corrected(const Injection& fault) const {
        const Outcome& outcome = observer.outcome;
        return corrects != 0 && outcome.found == corrects && outcome.error_ps != never &&
               outcome.dangerous.empty() && fault.is_state() &&
               machine.elements[fault.element].is_memory;
    }

    // Whether nothing can follow any more: all is as without the fault, but for what only tells of
    // faults, and for a bit that nothing touches again.
    const char* settled(const Injection& fault, size_t index, size_t checkpoint) const {
        if (!fault.is_state() || (checkpoint + 1) * machine.state_bytes() > states.size())
            return nullptr;
        for (size_t stream = 0; stream < observer.streams.size(); ++stream)
            if (observer.streams[stream]->count !=
                counts[checkpoint * observer.streams.size() + stream])
                return nullptr;
        const bool touched = activity[index].last_ps >=
                             window_ps + (checkpoint + 1) * checkpoint_ps;
        if (touched && fault.kind != Kind::seu) return nullptr;
        const uint8_t* copy = &states[checkpoint * machine.state_bytes()];
        const char* why = "converged";
        for (size_t number = 0; number < machine.elements.size(); ++number) {
            const Element& element = machine.elements[number];
            const uint8_t* before = copy;
            copy += element.size;
            if (std::memcmp(before, element.data, element.size) == 0 || element.is_sink) continue;
            if (number != fault.element || touched || !only(element, before, fault)) return nullptr;
            why = "dormant";
        }
        return why;
    }

    static bool only(const Element& element, const uint8_t* before, const Injection& fault) {
        std::vector<uint8_t> mended(before, before + element.size);
        uint8_t* word = mended.data() + fault.word * element.stride();
        put_bit(word, fault.bit, !get_bit(word, fault.bit));
        return std::memcmp(mended.data(), element.data, element.size) == 0;
    }

    void write(const Injection& fault, size_t index, const char* end,
               const std::string& results) const {
        const uint64_t struck = window_ps + fault.offset_ps;
        const auto since = [&](uint64_t time) {
            return time == never ? std::string("null") : std::to_string(int64_t(time - struck));
        };
        const Outcome& outcome = observer.outcome;
        std::string line = "{\"number\":" + std::to_string(fault.number) + ",\"kind\":\"" +
                           fault.kind_name + "\",\"place\":\"" + fault.port +
                           "\",\"word\":" + std::to_string(fault.word) +
                           ",\"bit\":" + std::to_string(fault.bit) +
                           ",\"offset_ps\":" + std::to_string(fault.offset_ps) + ",\"end\":\"" +
                           end + "\",\"started_ps\":" + since(activity[index].first_ps) +
                           ",\"wrong_ps\":" + since(activity[index].wrong_ps) +
                           ",\"ended_ps\":" + since(machine.context.time()) +
                           ",\"dangerous\":\"" + outcome.dangerous +
                           "\",\"dangerous_ps\":" + since(outcome.dangerous_ps) +
                           ",\"detected_ps\":" + since(outcome.detected_ps) +
                           ",\"error_ps\":" + since(outcome.error_ps) +
                           ",\"receiver_ps\":" + since(outcome.receiver_ps) +
                           ",\"mechanisms\":" + std::to_string(outcome.mechanisms) +
                           ",\"found\":" + std::to_string(outcome.found) + "}\n";
        std::FILE* file = std::fopen(results.c_str(), "a");
        if (file == nullptr || std::fwrite(line.data(), 1, line.size(), file) != line.size())
            refuse("cannot write " + results);
        std::fclose(file);
    }

    Machine& machine;
    Observer& observer;
    std::unique_ptr<Host> host;
    std::unique_ptr<Pixels> pixels;
    Shared<uint8_t> states{size_t{1} << 32};
    Shared<uint64_t> counts{size_t{1} << 16};
    uint64_t corrects = 0;
    uint64_t begin_ps = 0, horizon_ps = 0, checkpoint_ps = 0, row_ps = 0, limit_ps = never;
};

}  // namespace

extern "C" int tapetum_recorder_open(const char* name, int) {
    return observed->find(name);
}

extern "C" void tapetum_recorder_write_64(int recorder, unsigned long long payload) {
    observed->take(recorder, payload);
}

extern "C" void tapetum_recorder_write_1024(int, const uint32_t*) {
    refuse("only streams of up to 64 bits can be observed");
}

extern "C" int tapetum_mailbox_open(const char* name, int words) {
    letters.push_back({name, std::vector<uint32_t>(size_t(words))});
    return int(letters.size()) - 1;
}

extern "C" int tapetum_mailbox_word(int mailbox, int index) {
    return int(letters[size_t(mailbox)].words[size_t(index)]);
}

int main(int argc, char** argv) {
    VerilatedContext& context = *Verilated::threadContextp();
    context.commandArgs(argc, argv);
    Vtop top{""};
    Machine machine{context, top};
    std::string folder, faults, results;
    for (int index = 1; index < argc; ++index) {
        const std::string argument = argv[index];
        const std::string value = argument.substr(argument.find('=') + 1);
        if (argument.starts_with("--clock=")) set_clock(machine.clocks, value.c_str());
        if (argument.starts_with("--scenario=")) folder = value;
        if (argument.starts_with("--injections=")) faults = value;
        if (argument.starts_with("--results=")) results = value;
    }
    Observer observer{machine};
    observed = &observer;
    Campaign campaign{machine, observer, folder};
    const std::vector<Injection> injections = read_injections(faults, machine);
    machine.begin();
    campaign.start();
    const pid_t process = fork();
    if (process == 0) {
        Watch watch{machine, injections, campaign.window_ps, campaign.activity};
        campaign.record(watch);
        _exit(0);
    }
    int status = 0;
    waitpid(process, &status, 0);
    if (status != 0) refuse("the run without a fault did not end well");
    campaign.inject(injections, results);
    std::fflush(stdout);
    _exit(0);
}
