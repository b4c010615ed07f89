// Repeated timing: what is measured, for how long, and the line it prints.
#pragma once

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

namespace bitdgdm {

// One line of output: tab-separated name, detail, floating-point operations, integer operations, bytes and items of one
// call, then the seconds of a call in each repeat, comma-separated. KernelBench.java reads it.
struct Measured {
    std::string name;
    std::string detail;
    double floatOperations = 0;
    double integerOperations = 0;
    double bytes = 0;       // read and written at least once
    double items = 0;       // whatever the name counts: elements, graphs, exponentials
};

inline double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline void print(const Measured& measured, const std::vector<double>& seconds) {
    std::printf("%s\t%s\t%.9g\t%.9g\t%.9g\t%.9g\t", measured.name.c_str(), measured.detail.c_str(),
        measured.floatOperations, measured.integerOperations, measured.bytes, measured.items);
    for (size_t i = 0; i < seconds.size(); i++) {
        std::printf("%s%.6g", i == 0 ? "" : ",", seconds[i]);
    }
    std::printf("\n");
    std::fflush(stdout);
}

// How often a measurement is repeated and how long a repeat lasts at least.
struct Patience {
    int repeats;
    double seconds;
};

// Seconds of a call of `work` in each repeat, with as many calls per repeat as fill its time.
template <typename Work>
std::vector<double> timeCalls(const Patience& patience, Work work) {
    work();
    long calls = 1;
    for (;;) {
        double start = now();
        for (long call = 0; call < calls; call++) {
            work();
        }
        double seconds = now() - start;
        if (seconds >= patience.seconds / 2) {
            calls = std::max(1L, static_cast<long>(calls * patience.seconds / seconds + 0.5));
            break;
        }
        calls *= seconds > 1e-6 ? std::max(2L, static_cast<long>(patience.seconds / seconds)) : 16;
    }
    std::vector<double> perCall;
    for (int repeat = 0; repeat < patience.repeats; repeat++) {
        double start = now();
        for (long call = 0; call < calls; call++) {
            work();
        }
        perCall.push_back((now() - start) / calls);
    }
    return perCall;
}

}  // namespace bitdgdm
