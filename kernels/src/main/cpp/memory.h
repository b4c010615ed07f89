// Blocks of zeroed memory aligned to cache lines, freed together.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

namespace bitdgdm {

class Memory {
public:
    Memory() = default;
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    ~Memory() { clear(); }

    // `count` zeroes; valid until clear().
    template <typename T>
    T* allocate(size_t count) {
        constexpr size_t LINE = 64;
        size_t bytes = (count * sizeof(T) + LINE - 1) / LINE * LINE + LINE;
        blocks_.reserve(blocks_.size() + 1);
        void* block = std::aligned_alloc(LINE, bytes);
        if (block == nullptr) {
            throw std::bad_alloc();
        }
        std::memset(block, 0, bytes);
        blocks_.push_back(block);
        bytes_ += bytes;
        return static_cast<T*>(block);
    }

    void clear() {
        for (void* block : blocks_) {
            std::free(block);
        }
        blocks_.clear();
        bytes_ = 0;
    }

    size_t bytes() const { return bytes_; }

private:
    std::vector<void*> blocks_;
    size_t bytes_ = 0;
};

}  // namespace bitdgdm
