#include "thread_pool.h"

#include <algorithm>
#include <chrono>

namespace bitdgdm {
namespace {

// Jobs follow one another within microseconds where threads share the rows of one sequence, and a thread that sleeps takes
// longer than that to wake up.
constexpr std::chrono::microseconds WATCHED(50);

void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

// Watches for what is likely to come soon, up to a time; whoever needs the processor meanwhile gets it.
template <typename Holds>
void watch(const Holds& holds) {
    constexpr int LOOKS = 32;
    const auto end = std::chrono::steady_clock::now() + WATCHED;
    do {
        for (int look = 0; look < LOOKS; look++) {
            if (holds()) {
                return;
            }
            pause();
        }
        std::this_thread::yield();
    } while (std::chrono::steady_clock::now() < end);
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
    for (int i = 1; i < threads; i++) {
        workers_.emplace_back([this] { workerLoop(); });
    }
}

ThreadPool::~ThreadPool() {
    {
        std::lock_guard<std::mutex> lock(mutex_);
        stopping_ = true;
    }
    begun_.notify_all();
    for (std::thread& worker : workers_) {
        worker.join();
    }
}

void ThreadPool::work(Job& job, std::unique_lock<std::mutex>& lock) {
    while (job.next < job.count) {
        const int index = job.next++;
        job.running++;
        lock.unlock();
        std::exception_ptr failure;
        try {
            (*job.task)(index);
        } catch (...) {
            failure = std::current_exception();
        }
        lock.lock();
        job.running--;
        if (failure && !job.failure) {
            job.failure = failure;
            job.next = job.count;
        }
    }
}

void ThreadPool::run(int count, const std::function<void(int)>& task) {
    Job job = {&task, 0, count, 0, nullptr};
    std::unique_lock<std::mutex> lock(mutex_);
    if (count > 1 && !workers_.empty()) {
        jobs_.push_back(&job);
        posted_++;
        begun_.notify_all();
    }
    work(job, lock);
    jobs_.erase(std::remove(jobs_.begin(), jobs_.end(), &job), jobs_.end());
    if (job.running != 0) {
        lock.unlock();
        watch([&] { return job.running == 0; });
        lock.lock();
    }
    ended_.wait(lock, [&] { return job.running == 0; });
    if (job.failure) {
        std::rethrow_exception(job.failure);
    }
}

void ThreadPool::workerLoop() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
        begun_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (stopping_) {
            return;
        }
        Job& job = *jobs_.front();
        work(job, lock);
        // No task of it is left to begin; it must not be found again, and its owner may be waiting for our last one.
        jobs_.erase(std::remove(jobs_.begin(), jobs_.end(), &job), jobs_.end());
        ended_.notify_all();
        if (jobs_.empty() && !stopping_) {
            const unsigned seen = posted_;
            lock.unlock();
            watch([&] { return posted_ != seen; });
            lock.lock();
        }
    }
}

}  // namespace bitdgdm
