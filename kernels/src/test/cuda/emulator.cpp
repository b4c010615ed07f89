// A stand-in for a GPU that runs the kernels of bitdgdm.cu on the processor: a process that takes commands on its standard
// input and answers on its standard output, so that it can be built with AddressSanitizer and may crash without harm.
// Tests only; EmulatedDriver.java is the other end.
//
// Commands, little endian: A size -> address; F address; W address size bytes; R address size -> bytes;
// L name[32] grid[3] threads shared bytes arguments; O order seed. Sizes and addresses have 64 bits, the rest 32. W, F, L
// and O are answered by one byte, 0. Whatever goes wrong is said on standard error and ends the process.
//
// With --layout it prints instead where structures have their fields.
//
// Shared and device memory begins as NaNs. Threads wait for each other only at barriers and operations of a warp; between
// those they run one after the other: in order (0), in reverse (1) or in an order drawn from a seed (2), and so do blocks.
#define BITDGDM_EMULATED
#include "../../main/cuda/bitdgdm.cu"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <numeric>
#include <string>

#include "fibers.h"

namespace bitdgdm {
namespace emulated {
namespace {

constexpr int LANES = 32;

struct Warp {
    Exchange slots[2][LANES];
    Operation operation;
    int arrived;
    uint32_t generation;
};

[[noreturn]] void fail(const std::string& message) {
    std::fprintf(stderr, "emulator: %s\n", message.c_str());
    std::exit(3);
}

Fibers fibers;
int blockIndex[3];
char* shared;
void (*kernel)(const void* arguments);
const void* arguments;
Warp warps[256 / LANES];
int waiting;
int alive;
bool anyOf[2];
uint32_t barrierGeneration;
std::string running;

void passBarrier() {
    if (waiting > 0 && waiting == alive) {
        waiting = 0;
        barrierGeneration++;
        anyOf[barrierGeneration % 2] = false;
    }
}

// What a thread waits for: a count to go past a value. It is not woken before.
struct Wait {
    const uint32_t* generation;
    uint32_t before;
};

Wait waits[256];

void waitFor(const uint32_t& generation, uint32_t before) {
    waits[fibers.running()] = {&generation, before};
    while (generation == before) {
        fibers.giveWay();
    }
    waits[fibers.running()].generation = nullptr;
}

// Code `index` of a word of 4 bytes or 8 half-bytes, the lowest first.
template <int BITS>
int32_t codeOf(uint32_t word, int index, bool isUnsigned) {
    const uint32_t code = word << (32 - BITS * (index + 1));
    return isUnsigned ? (int32_t) (code >> (32 - BITS)) : (int32_t) code >> (32 - BITS);
}

// mma.m16n8k32 of bytes or m16n8k64 of half-bytes as the PTX manual lays out their operands.
template <int BITS>
void multiply(Exchange (&lanes)[LANES], bool isUnsigned) {
    constexpr int CODES = 32 / BITS;
    constexpr int DEPTH = 8 * CODES;
    int32_t a[16][DEPTH];
    int32_t b[DEPTH][8];
    for (int lane = 0; lane < LANES; lane++) {
        for (int i = 0; i < 4; i++) {
            for (int code = 0; code < CODES; code++) {
                a[lane / 4 + i % 2 * 8][lane % 4 * CODES + code + i / 2 * DEPTH / 2] =
                    codeOf<BITS>(lanes[lane].in[i], code, isUnsigned);
            }
        }
        for (int i = 0; i < 2; i++) {
            for (int code = 0; code < CODES; code++) {
                b[lane % 4 * CODES + code + i * DEPTH / 2][lane / 4] = codeOf<BITS>(lanes[lane].in[4 + i], code, false);
            }
        }
    }
    int32_t c[16][8] = {};
    for (int row = 0; row < 16; row++) {
        for (int k = 0; k < DEPTH; k++) {
            for (int column = 0; column < 8; column++) {
                c[row][column] += a[row][k] * b[k][column];
            }
        }
    }
    for (int lane = 0; lane < LANES; lane++) {
        for (int i = 0; i < 4; i++) {
            lanes[lane].out[i] = c[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2];
        }
    }
}

float halfOf(uint32_t word, int index) {
    return withBits(index == 0 ? word << 16 : word & 0xFFFF0000u);
}

// mma.m16n8k16 of BF16; the order of a tensor core's sums is its own, so only its closeness can be tested.
void multiplyHalves(Exchange (&lanes)[LANES]) {
    float a[16][16];
    float b[16][8];
    for (int lane = 0; lane < LANES; lane++) {
        for (int i = 0; i < 4; i++) {
            for (int part = 0; part < 2; part++) {
                a[lane / 4 + i % 2 * 8][lane % 4 * 2 + part + i / 2 * 8] = halfOf(lanes[lane].in[i], part);
            }
        }
        for (int i = 0; i < 2; i++) {
            for (int part = 0; part < 2; part++) {
                b[lane % 4 * 2 + part + i * 8][lane / 4] = halfOf(lanes[lane].in[4 + i], part);
            }
        }
    }
    for (int lane = 0; lane < LANES; lane++) {
        for (int i = 0; i < 4; i++) {
            float sum = 0;
            for (int k = 0; k < 16; k++) {
                sum += a[lane / 4 + i / 2 * 8][k] * b[k][lane % 4 * 2 + i % 2];
            }
            lanes[lane].out[i] = (int32_t) bitsOf(sum);
        }
    }
}

void perform(Operation operation, Exchange (&lanes)[LANES]) {
    uint32_t bits = 0;
    switch (operation) {
        case BALLOT:
            for (int lane = 0; lane < LANES; lane++) {
                bits |= lanes[lane].in[0] << lane;
            }
            for (Exchange& lane : lanes) {
                lane.out[0] = (int32_t) bits;
            }
            break;
        case SHUFFLE_XOR:
            for (int lane = 0; lane < LANES; lane++) {
                lanes[lane].out[0] = (int32_t) lanes[lane ^ (int) lanes[lane].in[1]].in[0];
            }
            break;
        case MULTIPLY_HALVES:
            multiplyHalves(lanes);
            break;
        case MULTIPLY_SIGNED_NIBBLES:
        case MULTIPLY_UNSIGNED_NIBBLES:
            multiply<4>(lanes, operation == MULTIPLY_UNSIGNED_NIBBLES);
            break;
        default:
            multiply<8>(lanes, operation == MULTIPLY_UNSIGNED);
    }
}

}  // namespace

int threadIndex() { return fibers.running(); }
int threadCount() { return fibers.count(); }
int block(int axis) { return blockIndex[axis]; }
char* sharedMemory() { return shared; }

bool barrier(bool any) {
    const uint32_t generation = barrierGeneration;
    anyOf[generation % 2] |= any;
    waiting++;
    passBarrier();
    waitFor(barrierGeneration, generation);
    return anyOf[generation % 2];
}

void misaligned() {
    fail(running + ": a tile for the tensor cores is not aligned to 16 bytes");
}

void exchange(Operation operation, Exchange& mine) {
    const int lane = threadIndex() % LANES;
    Warp& warp = warps[threadIndex() / LANES];
    const uint32_t generation = warp.generation;
    if (warp.arrived > 0 && warp.operation != operation) {
        fail(running + ": lanes of a warp are at different operations");
    }
    warp.operation = operation;
    warp.slots[generation % 2][lane] = mine;
    if (++warp.arrived == LANES) {
        perform(operation, warp.slots[generation % 2]);
        warp.arrived = 0;
        warp.generation++;
    }
    waitFor(warp.generation, generation);
    mine = warp.slots[generation % 2][lane];
}

namespace {

enum Order { FORWARD, REVERSE, RANDOM };
int order = FORWARD;
uint64_t randomState = 1;

uint32_t nextRandom() {
    randomState ^= randomState << 13;
    randomState ^= randomState >> 7;
    randomState ^= randomState << 17;
    return (uint32_t) (randomState >> 32);
}

void arrange(std::vector<int>& indexes) {
    std::iota(indexes.begin(), indexes.end(), 0);
    if (order == REVERSE) {
        std::reverse(indexes.begin(), indexes.end());
    } else if (order == RANDOM) {
        for (size_t i = indexes.size(); i > 1; i--) {
            std::swap(indexes[i - 1], indexes[nextRandom() % i]);
        }
    }
}

void runBlock(int threads) {
    waiting = 0;
    alive = threads;
    anyOf[0] = anyOf[1] = false;
    for (Warp& warp : warps) {
        warp.arrived = 0;
    }
    for (Wait& wait : waits) {
        wait.generation = nullptr;
    }
    fibers.start(threads, [](int) {
        kernel(arguments);
    });
    std::vector<int> turns(threads);
    while (alive > 0) {
        // A round in which no thread ends and nobody gets past anything cannot be followed by one in which somebody does.
        const int before = alive;
        const uint32_t barrierBefore = barrierGeneration;
        uint32_t warpsBefore = 0;
        int arrivedBefore = waiting;
        for (const Warp& warp : warps) {
            warpsBefore += warp.generation;
            arrivedBefore += warp.arrived;
        }
        arrange(turns);
        for (int thread : turns) {
            const Wait& wait = waits[thread];
            if (!fibers.done(thread) && (wait.generation == nullptr || *wait.generation != wait.before)) {
                fibers.run(thread);
                if (fibers.done(thread)) {
                    alive--;
                    passBarrier();
                }
            }
        }
        uint32_t warpsAfter = 0;
        int arrivedAfter = waiting;
        for (const Warp& warp : warps) {
            warpsAfter += warp.generation;
            arrivedAfter += warp.arrived;
        }
        if (alive == before && barrierGeneration == barrierBefore && warpsAfter == warpsBefore
            && arrivedAfter == arrivedBefore) {
            fail(running + ": " + std::to_string(alive) + " threads of a block wait for others that never come");
        }
    }
}

template <typename Arguments, void (*KERNEL)(const Arguments&)>
void call(const void* from) {
    KERNEL(*static_cast<const Arguments*>(from));
}

struct Known {
    void (*call)(const void*);
    size_t bytes;
};

const std::map<std::string, Known> KERNELS = {
    {"bitdgdm_features", {call<FeatureArguments, bitdgdm_features>, sizeof(FeatureArguments)}},
    {"bitdgdm_transform", {call<LinearArguments, bitdgdm_transform>, sizeof(LinearArguments)}},
    {"bitdgdm_linear", {call<LinearArguments, bitdgdm_linear>, sizeof(LinearArguments)}},
    {"bitdgdm_norm", {call<NormArguments, bitdgdm_norm>, sizeof(NormArguments)}},
    {"bitdgdm_sum", {call<SumArguments, bitdgdm_sum>, sizeof(SumArguments)}},
    {"bitdgdm_pool", {call<PoolArguments, bitdgdm_pool>, sizeof(PoolArguments)}},
    {"bitdgdm_edge_symmetric", {call<SymmetricArguments, bitdgdm_edge_symmetric>, sizeof(SymmetricArguments)}},
    {"bitdgdm_edge_input", {call<EdgeInputArguments, bitdgdm_edge_input>, sizeof(EdgeInputArguments)}},
    {"bitdgdm_edges", {call<EdgesArguments, bitdgdm_edges>, sizeof(EdgesArguments)}},
    {"bitdgdm_edges_without_layers", {call<EdgesArguments, bitdgdm_edges_without_layers>, sizeof(EdgesArguments)}},
    {"bitdgdm_nodes", {call<NodesArguments, bitdgdm_nodes>, sizeof(NodesArguments)}},
    {"bitdgdm_edge_output", {call<EdgeOutputArguments, bitdgdm_edge_output>, sizeof(EdgeOutputArguments)}},
    {"bitdgdm_draw_initial", {call<DrawArguments, bitdgdm_draw_initial>, sizeof(DrawArguments)}},
    {"bitdgdm_draw", {call<DrawArguments, bitdgdm_draw>, sizeof(DrawArguments)}},
    {"bitdgdm_logits", {call<DrawArguments, bitdgdm_logits>, sizeof(DrawArguments)}},
    {"bitdgdm_next_step", {call<DrawArguments, bitdgdm_next_step>, sizeof(DrawArguments)}},
};

void launch(const std::string& name, const int (&grid)[3], int threads, size_t sharedBytes,
            const std::vector<char>& bytes) {
    const auto known = KERNELS.find(name);
    if (known == KERNELS.end()) {
        fail("no kernel '" + name + "'");
    }
    if (bytes.size() != known->second.bytes) {
        fail(name + " takes " + std::to_string(known->second.bytes) + " bytes of arguments, found "
            + std::to_string(bytes.size()));
    }
    if (threads < LANES || threads > 256 || threads % LANES != 0) {
        fail(name + ": a block must have 32 to 256 threads in whole warps, found " + std::to_string(threads));
    }
    running = name;
    kernel = known->second.call;
    arguments = bytes.data();
    const int blocks = grid[0] * grid[1] * grid[2];
    std::vector<int> turns(blocks);
    arrange(turns);
    for (int index : turns) {
        blockIndex[0] = index % grid[0];
        blockIndex[1] = index / grid[0] % grid[1];
        blockIndex[2] = index / grid[0] / grid[1];
        // Not a byte more than asked for, so that a sanitizer sees the end.
        shared = static_cast<char*>(std::malloc(sharedBytes));
        std::memset(shared, 0xFF, sharedBytes);
        runBlock(threads);
        std::free(shared);
    }
}

template <typename T>
T read() {
    T value;
    if (std::fread(&value, sizeof(T), 1, stdin) != 1) {
        std::exit(0);
    }
    return value;
}

std::vector<char> readBytes(size_t count) {
    std::vector<char> bytes(count);
    if (count > 0 && std::fread(bytes.data(), 1, count, stdin) != count) {
        std::exit(0);
    }
    return bytes;
}

std::map<uint64_t, uint64_t> allocations;

char* checked(uint64_t address, uint64_t size) {
    auto next = allocations.upper_bound(address);
    if (next == allocations.begin() || address + size > std::prev(next)->first + std::prev(next)->second) {
        fail("a copy of " + std::to_string(size) + " bytes is outside every allocation");
    }
    return reinterpret_cast<char*>(address);
}

void serve() {
    while (true) {
        const char command = read<char>();
        if (command == 'A') {
            const uint64_t size = read<uint64_t>();
            void* memory = nullptr;
            if (posix_memalign(&memory, 256, size) != 0) {
                fail("out of memory");
            }
            std::memset(memory, 0xFF, size);
            const uint64_t address = reinterpret_cast<uint64_t>(memory);
            allocations[address] = size;
            std::fwrite(&address, 8, 1, stdout);
        } else if (command == 'R') {
            const uint64_t address = read<uint64_t>();
            const uint64_t size = read<uint64_t>();
            std::fwrite(checked(address, size), 1, size, stdout);
        } else {
            if (command == 'F') {
                const uint64_t address = read<uint64_t>();
                if (allocations.erase(address) != 1) {
                    fail("freed what was not allocated");
                }
                std::free(reinterpret_cast<void*>(address));
            } else if (command == 'W') {
                const uint64_t address = read<uint64_t>();
                const uint64_t size = read<uint64_t>();
                const std::vector<char> bytes = readBytes(size);
                std::copy(bytes.begin(), bytes.end(), checked(address, size));
            } else if (command == 'L') {
                const std::string name = readBytes(32).data();
                int grid[3];
                for (int& axis : grid) {
                    axis = read<int32_t>();
                }
                const int threads = read<int32_t>();
                const int sharedBytes = read<int32_t>();
                const int size = read<int32_t>();
                launch(name, grid, threads, sharedBytes, readBytes(size));
            } else if (command == 'O') {
                order = read<int32_t>();
                randomState = (uint64_t) read<int32_t>() * 2654435761u + 1;
            } else {
                fail(std::string("unknown command '") + command + "'");
            }
            std::fputc(0, stdout);
        }
        std::fflush(stdout);
    }
}

#define BITDGDM_FIELD(Structure, field) std::printf(#Structure "." #field " %zu\n", offsetof(Structure, field))
#define BITDGDM_SIZE(Structure) std::printf(#Structure ".size %zu\n", sizeof(Structure))

// Where the compiler has the fields that Java writes into device memory.
void printLayout() {
    BITDGDM_FIELD(CodeTiles, codes);
    BITDGDM_FIELD(CodeTiles, scale);
    BITDGDM_FIELD(CodeTiles, form);
    BITDGDM_FIELD(CodeTiles, kTiles);
    BITDGDM_FIELD(CodeTiles, nTiles);
    BITDGDM_SIZE(CodeTiles);
    BITDGDM_FIELD(Linear, bias);
    BITDGDM_FIELD(Linear, weight);
    BITDGDM_FIELD(Linear, left);
    BITDGDM_FIELD(Linear, right);
    BITDGDM_FIELD(Linear, rightValues);
    BITDGDM_FIELD(Linear, residual);
    BITDGDM_FIELD(Linear, dense);
    BITDGDM_FIELD(Linear, sparseRow);
    BITDGDM_FIELD(Linear, sparseValue);
    BITDGDM_FIELD(Linear, in);
    BITDGDM_FIELD(Linear, out);
    BITDGDM_FIELD(Linear, outPadded);
    BITDGDM_FIELD(Linear, rank);
    BITDGDM_FIELD(Linear, rankPadded);
    BITDGDM_FIELD(Linear, coded);
    BITDGDM_FIELD(Linear, perRow);
    BITDGDM_FIELD(Linear, isUnsigned);
    BITDGDM_FIELD(Linear, maxCode);
    BITDGDM_FIELD(Linear, threshold);
    BITDGDM_FIELD(Linear, scale);
    BITDGDM_FIELD(Linear, inverse);
    BITDGDM_FIELD(Linear, intermediateMax);
    BITDGDM_FIELD(Linear, intermediateInverse);
    BITDGDM_FIELD(Linear, sparseWidth);
    BITDGDM_FIELD(Linear, crossTerm);
    BITDGDM_FIELD(Linear, halves);
    BITDGDM_FIELD(Linear, transform);
    BITDGDM_FIELD(Linear, branch);
    BITDGDM_SIZE(Linear);
    BITDGDM_FIELD(Transform, scale);
    BITDGDM_FIELD(Transform, first);
    BITDGDM_FIELD(Transform, permutation);
    BITDGDM_FIELD(Transform, second);
    BITDGDM_FIELD(Transform, block);
    BITDGDM_FIELD(Transform, present);
    BITDGDM_SIZE(Transform);
    BITDGDM_FIELD(Branch, down);
    BITDGDM_FIELD(Branch, up);
    BITDGDM_FIELD(Branch, rank);
    BITDGDM_FIELD(Branch, rankPadded);
    BITDGDM_SIZE(Branch);
}

// Where it has those of the kernels' arguments, which Java writes one after the other.
void printArguments() {
    BITDGDM_FIELD(LinearJob, layer);
    BITDGDM_FIELD(LinearJob, x);
    BITDGDM_FIELD(LinearJob, y);
    BITDGDM_FIELD(LinearJob, xStride);
    BITDGDM_FIELD(LinearJob, yStride);
    BITDGDM_FIELD(LinearJob, finish);
    BITDGDM_FIELD(LinearJob, unused);
    BITDGDM_SIZE(LinearJob);
    BITDGDM_FIELD(LinearArguments, jobs);
    BITDGDM_FIELD(LinearArguments, rows);
    BITDGDM_FIELD(LinearArguments, tileRows);
    BITDGDM_FIELD(LinearArguments, columns);
    BITDGDM_FIELD(LinearArguments, unused);
    BITDGDM_SIZE(LinearArguments);
    BITDGDM_FIELD(NormArguments, x);
    BITDGDM_FIELD(NormArguments, update);
    BITDGDM_FIELD(NormArguments, weight);
    BITDGDM_FIELD(NormArguments, bias);
    BITDGDM_FIELD(NormArguments, rows);
    BITDGDM_FIELD(NormArguments, width);
    BITDGDM_FIELD(NormArguments, stride);
    BITDGDM_FIELD(NormArguments, unused);
    BITDGDM_SIZE(NormArguments);
    BITDGDM_FIELD(SumArguments, a);
    BITDGDM_FIELD(SumArguments, b);
    BITDGDM_FIELD(SumArguments, c);
    BITDGDM_FIELD(SumArguments, out);
    BITDGDM_FIELD(SumArguments, count);
    BITDGDM_SIZE(SumArguments);
    BITDGDM_FIELD(PoolArguments, x);
    BITDGDM_FIELD(PoolArguments, e);
    BITDGDM_FIELD(PoolArguments, poolX);
    BITDGDM_FIELD(PoolArguments, poolE);
    BITDGDM_FIELD(PoolArguments, nodes);
    BITDGDM_FIELD(PoolArguments, dx);
    BITDGDM_FIELD(PoolArguments, xStride);
    BITDGDM_FIELD(PoolArguments, de);
    BITDGDM_FIELD(PoolArguments, eStride);
    BITDGDM_FIELD(PoolArguments, poolXStride);
    BITDGDM_FIELD(PoolArguments, poolEStride);
    BITDGDM_FIELD(PoolArguments, biasedVariance);
    BITDGDM_SIZE(PoolArguments);
    BITDGDM_FIELD(EdgesArguments, eMul);
    BITDGDM_FIELD(EdgesArguments, eAdd);
    BITDGDM_FIELD(EdgesArguments, eOut);
    BITDGDM_FIELD(EdgesArguments, first);
    BITDGDM_FIELD(EdgesArguments, second);
    BITDGDM_FIELD(EdgesArguments, norm1Weight);
    BITDGDM_FIELD(EdgesArguments, norm1Bias);
    BITDGDM_FIELD(EdgesArguments, norm2Weight);
    BITDGDM_FIELD(EdgesArguments, norm2Bias);
    BITDGDM_FIELD(EdgesArguments, q);
    BITDGDM_FIELD(EdgesArguments, k);
    BITDGDM_FIELD(EdgesArguments, v);
    BITDGDM_FIELD(EdgesArguments, filmEMul);
    BITDGDM_FIELD(EdgesArguments, filmEAdd);
    BITDGDM_FIELD(EdgesArguments, filmXMul);
    BITDGDM_FIELD(EdgesArguments, filmXAdd);
    BITDGDM_FIELD(EdgesArguments, e);
    BITDGDM_FIELD(EdgesArguments, xNew);
    BITDGDM_FIELD(EdgesArguments, nodes);
    BITDGDM_FIELD(EdgesArguments, nodeRows);
    BITDGDM_FIELD(EdgesArguments, unused);
    BITDGDM_FIELD(EdgesArguments, xStride);
    BITDGDM_FIELD(EdgesArguments, de);
    BITDGDM_FIELD(EdgesArguments, eStride);
    BITDGDM_FIELD(EdgesArguments, tileRows);
    BITDGDM_FIELD(EdgesArguments, items);
    BITDGDM_FIELD(EdgesArguments, channels);
    BITDGDM_FIELD(EdgesArguments, eTileStride);
    BITDGDM_FIELD(EdgesArguments, yTileStride);
    BITDGDM_FIELD(EdgesArguments, addTileStride);
    BITDGDM_FIELD(EdgesArguments, scratchBytes);
    BITDGDM_FIELD(EdgesArguments, rootInverse);
    BITDGDM_SIZE(EdgesArguments);
    BITDGDM_FIELD(NodesArguments, out);
    BITDGDM_FIELD(NodesArguments, first);
    BITDGDM_FIELD(NodesArguments, second);
    BITDGDM_FIELD(NodesArguments, norm1Weight);
    BITDGDM_FIELD(NodesArguments, norm1Bias);
    BITDGDM_FIELD(NodesArguments, norm2Weight);
    BITDGDM_FIELD(NodesArguments, norm2Bias);
    BITDGDM_FIELD(NodesArguments, xNew);
    BITDGDM_FIELD(NodesArguments, x);
    BITDGDM_FIELD(NodesArguments, rows);
    BITDGDM_FIELD(NodesArguments, dx);
    BITDGDM_FIELD(NodesArguments, xStride);
    BITDGDM_FIELD(NodesArguments, tileRows);
    BITDGDM_FIELD(NodesArguments, xTileStride);
    BITDGDM_FIELD(NodesArguments, yTileStride);
    BITDGDM_SIZE(NodesArguments);
    BITDGDM_FIELD(EdgeInputArguments, table);
    BITDGDM_FIELD(EdgeInputArguments, classes);
    BITDGDM_FIELD(EdgeInputArguments, e);
    BITDGDM_FIELD(EdgeInputArguments, rows);
    BITDGDM_FIELD(EdgeInputArguments, eStride);
    BITDGDM_FIELD(EdgeInputArguments, unused);
    BITDGDM_SIZE(EdgeInputArguments);
    BITDGDM_FIELD(SymmetricArguments, e);
    BITDGDM_FIELD(SymmetricArguments, rows);
    BITDGDM_FIELD(SymmetricArguments, n);
    BITDGDM_FIELD(SymmetricArguments, eStride);
    BITDGDM_SIZE(SymmetricArguments);
    BITDGDM_FIELD(EdgeOutputArguments, first);
    BITDGDM_FIELD(EdgeOutputArguments, second);
    BITDGDM_FIELD(EdgeOutputArguments, e);
    BITDGDM_FIELD(EdgeOutputArguments, logits);
    BITDGDM_FIELD(EdgeOutputArguments, rows);
    BITDGDM_FIELD(EdgeOutputArguments, eStride);
    BITDGDM_FIELD(EdgeOutputArguments, logitStride);
    BITDGDM_FIELD(EdgeOutputArguments, tileRows);
    BITDGDM_FIELD(EdgeOutputArguments, hiddenStride);
    BITDGDM_SIZE(EdgeOutputArguments);
    BITDGDM_FIELD(Step, rule);
    BITDGDM_FIELD(Step, to);
    BITDGDM_FIELD(Step, time);
    BITDGDM_FIELD(Step, beta);
    BITDGDM_FIELD(Step, alphaBarFrom);
    BITDGDM_FIELD(Step, alphaBarTo);
    BITDGDM_FIELD(Step, stochasticity);
    BITDGDM_FIELD(Step, eta);
    BITDGDM_FIELD(Step, omega);
    BITDGDM_SIZE(Step);
    BITDGDM_FIELD(Progress, step);
    BITDGDM_FIELD(Progress, broken);
    BITDGDM_SIZE(Progress);
    BITDGDM_FIELD(FeatureArguments, nodes);
    BITDGDM_FIELD(FeatureArguments, edges);
    BITDGDM_FIELD(FeatureArguments, progress);
    BITDGDM_FIELD(FeatureArguments, steps);
    BITDGDM_FIELD(FeatureArguments, nodeWeights);
    BITDGDM_FIELD(FeatureArguments, scratch);
    BITDGDM_FIELD(FeatureArguments, nodeInput);
    BITDGDM_FIELD(FeatureArguments, edgeInput);
    BITDGDM_FIELD(FeatureArguments, globalInput);
    BITDGDM_FIELD(FeatureArguments, timeInput);
    BITDGDM_FIELD(FeatureArguments, scratchBytes);
    BITDGDM_FIELD(FeatureArguments, n);
    BITDGDM_FIELD(FeatureArguments, nodeTypes);
    BITDGDM_FIELD(FeatureArguments, edgeTypes);
    BITDGDM_FIELD(FeatureArguments, maxNodes);
    BITDGDM_FIELD(FeatureArguments, fixedBug);
    BITDGDM_FIELD(FeatureArguments, features);
    BITDGDM_FIELD(FeatureArguments, molecular);
    BITDGDM_FIELD(FeatureArguments, maxWeight);
    BITDGDM_FIELD(FeatureArguments, nodeStride);
    BITDGDM_FIELD(FeatureArguments, edgeStride);
    BITDGDM_FIELD(FeatureArguments, globalStride);
    BITDGDM_FIELD(FeatureArguments, graphs);
    BITDGDM_FIELD(FeatureArguments, walks);
    BITDGDM_FIELD(FeatureArguments, timeColumns);
    BITDGDM_FIELD(FeatureArguments, absorbing);
    BITDGDM_FIELD(FeatureArguments, unused);
    BITDGDM_SIZE(FeatureArguments);
    BITDGDM_FIELD(DrawArguments, nodeOutput);
    BITDGDM_FIELD(DrawArguments, edgeOutput);
    BITDGDM_FIELD(DrawArguments, nodes);
    BITDGDM_FIELD(DrawArguments, edges);
    BITDGDM_FIELD(DrawArguments, ids);
    BITDGDM_FIELD(DrawArguments, progress);
    BITDGDM_FIELD(DrawArguments, steps);
    BITDGDM_FIELD(DrawArguments, nodeMarginal);
    BITDGDM_FIELD(DrawArguments, edgeMarginal);
    BITDGDM_FIELD(DrawArguments, nodeLogits);
    BITDGDM_FIELD(DrawArguments, edgeLogits);
    BITDGDM_FIELD(DrawArguments, seed);
    BITDGDM_FIELD(DrawArguments, counter);
    BITDGDM_FIELD(DrawArguments, n);
    BITDGDM_FIELD(DrawArguments, graphs);
    BITDGDM_FIELD(DrawArguments, nodeTypes);
    BITDGDM_FIELD(DrawArguments, edgeTypes);
    BITDGDM_FIELD(DrawArguments, nodeStride);
    BITDGDM_FIELD(DrawArguments, edgeStride);
    BITDGDM_FIELD(DrawArguments, unused);
    BITDGDM_SIZE(DrawArguments);
}

}  // namespace
}  // namespace emulated
}  // namespace bitdgdm

int main(int count, char** words) {
    if (count > 1 && std::strcmp(words[1], "--layout") == 0) {
        bitdgdm::emulated::printLayout();
        bitdgdm::emulated::printArguments();
    } else {
        bitdgdm::emulated::serve();
    }
}
