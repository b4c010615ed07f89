// Workers that help any calling thread through its tasks.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace bitdgdm {

class ThreadPool {
public:
    // `threads` counts the calling thread, so threads - 1 workers are started.
    explicit ThreadPool(int threads);
    ~ThreadPool();
    ThreadPool(const ThreadPool&) = delete;
    ThreadPool& operator=(const ThreadPool&) = delete;

    int threads() const { return static_cast<int>(workers_.size()) + 1; }

    // Calls task(0) ... task(count - 1), each once, on the calling thread and idle workers; returns when all are done.
    // Rethrows the first exception; tasks not begun by then are dropped. Several threads may call at once.
    void run(int count, const std::function<void(int)>& task);

private:
    struct Job {
        const std::function<void(int)>* task;
        int next = 0;       // the next task to begin
        int count;
        std::atomic<int> running;
        std::exception_ptr failure;
    };

    // Takes tasks of a job until none is left; the lock is held on entry and on return.
    void work(Job& job, std::unique_lock<std::mutex>& lock);
    void workerLoop();

    std::mutex mutex_;
    std::condition_variable begun_;
    std::condition_variable ended_;
    std::deque<Job*> jobs_;
    std::atomic<unsigned> posted_{0};  // jobs so far
    bool stopping_ = false;
    std::vector<std::thread> workers_;
};

}  // namespace bitdgdm
