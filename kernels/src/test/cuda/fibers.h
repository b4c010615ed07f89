// Threads that run one at a time and give way to each other where they say so: a stack each, and a switch between them.
// Known to AddressSanitizer. Tests only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace bitdgdm {
namespace emulated {

// Saves the registers that a function must keep and continues on another stack.
#if defined(__x86_64__)
extern "C" void bitdgdm_switch_stack(void** from, void* to);
asm(R"(
.text
.globl bitdgdm_switch_stack
.type bitdgdm_switch_stack, @function
bitdgdm_switch_stack:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size bitdgdm_switch_stack, .-bitdgdm_switch_stack
)");
#endif

class Fibers {
public:
    static constexpr size_t STACK = 128 * 1024;

    // Starts `count` fibers, none of which runs yet; each will call body(index) once.
    void start(int count, void (*body)(int index)) {
        while ((int) fibers_.size() < count) {
            Fiber fiber = {};
            fiber.stack = static_cast<char*>(std::malloc(STACK));
            fibers_.push_back(fiber);
        }
        count_ = count;
        body_ = body;
        self_ = this;
        for (int i = 0; i < count; i++) {
            Fiber& fiber = fibers_[i];
            fiber.done = false;
            fiber.fake = nullptr;
#if defined(__x86_64__)
            uintptr_t top = (reinterpret_cast<uintptr_t>(fiber.stack) + STACK) & ~uintptr_t(15);
            void** frame = reinterpret_cast<void**>(top) - 2;
            // A return address of 0 above the entry, six saved registers below it.
            frame[1] = nullptr;
            frame[0] = reinterpret_cast<void*>(&enter);
            fiber.place = frame - 6;
            for (int r = 0; r < 6; r++) {
                (frame - 6)[r] = nullptr;
            }
#else
            getcontext(&fiber.context);
            fiber.context.uc_stack.ss_sp = fiber.stack;
            fiber.context.uc_stack.ss_size = STACK;
            fiber.context.uc_link = nullptr;
            makecontext(&fiber.context, &enter, 0);
#endif
        }
    }

    // Lets fiber `index` run until it calls giveWay() or ends; called outside fibers.
    void run(int index) {
        running_ = index;
        Fiber& fiber = fibers_[index];
        beforeSwitch(&outsideFake_, fiber.stack, STACK);
        swap(outside_, fiber);
        afterSwitch(outsideFake_, nullptr, nullptr);
        running_ = -1;
    }

    // Back to the caller of run(); called by the running fiber.
    void giveWay() {
        Fiber& fiber = fibers_[running_];
        beforeSwitch(&fiber.fake, outsideStack_, outsideSize_);
        swap(fiber, outside_);
        afterSwitch(fiber.fake, &outsideStack_, &outsideSize_);
    }

    bool done(int index) const { return fibers_[index].done; }
    int running() const { return running_; }
    int count() const { return count_; }

private:
    struct Fiber {
        void* place;
#if !defined(__x86_64__)
        ucontext_t context;
#endif
        char* stack;
        void* fake;
        bool done;
    };

    static void swap(Fiber& from, Fiber& to) {
#if defined(__x86_64__)
        bitdgdm_switch_stack(&from.place, to.place);
#else
        swapcontext(&from.context, &to.context);
#endif
    }

    static void enter() {
        Fibers& self = *self_;
        self.afterSwitch(nullptr, &self.outsideStack_, &self.outsideSize_);
        const int index = self.running_;
        self.body_(index);
        self.fibers_[index].done = true;
        // Never comes back: start() lays the stack out anew.
        self.beforeSwitch(nullptr, self.outsideStack_, self.outsideSize_);
        swap(self.fibers_[index], self.outside_);
        std::abort();
    }

    void beforeSwitch([[maybe_unused]] void** fake, [[maybe_unused]] const void* stack, [[maybe_unused]] size_t size) {
#if defined(__SANITIZE_ADDRESS__)
        __sanitizer_start_switch_fiber(fake, stack, size);
#endif
    }

    void afterSwitch([[maybe_unused]] void* fake, [[maybe_unused]] const void** stack, [[maybe_unused]] size_t* size) {
#if defined(__SANITIZE_ADDRESS__)
        __sanitizer_finish_switch_fiber(fake, stack, size);
#endif
    }

    static inline Fibers* self_ = nullptr;
    std::vector<Fiber> fibers_;
    Fiber outside_ = {};
    void* outsideFake_ = nullptr;
    const void* outsideStack_ = nullptr;
    size_t outsideSize_ = 0;
    void (*body_)(int) = nullptr;
    int count_ = 0;
    int running_ = -1;
};

}  // namespace emulated
}  // namespace bitdgdm
