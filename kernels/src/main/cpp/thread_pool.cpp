#include "thread_pool.h"

#include <algorithm>

namespace bitdgdm {

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
        begun_.notify_all();
    }
    work(job, lock);
    jobs_.erase(std::remove(jobs_.begin(), jobs_.end(), &job), jobs_.end());
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
    }
}

}  // namespace bitdgdm
