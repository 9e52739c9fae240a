// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/writer.hpp"

#include <utility>

#include "loop/host_thread.hpp"

namespace tenon::loop {

Writer::~Writer() { stop(); }

void Writer::submit(std::unique_ptr<WriteJob> job) {
  std::unique_lock lock(mutex_);
  started_ = true;
  if (!threaded_) return carry_out(std::move(job), lock);
  if (!thread_.joinable()) {
    stopping_ = false;
    thread_ = start_host_thread("tenon-writer", [this] { run(); });
  }
  changed_.wait(lock, [this] { return unfinished_ < depth; });
  jobs_.push_back(std::move(job));
  ++unfinished_;
  changed_.notify_all();
}

bool Writer::is_full() {
  const std::lock_guard lock(mutex_);
  return unfinished_ >= depth;
}

void Writer::drain() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return unfinished_ == 0; });
}

std::vector<WriteResult> Writer::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(results_, {});
}

void Writer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Writer::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    std::unique_ptr<WriteJob> job = std::move(jobs_.front());
    jobs_.pop_front();
    carry_out(std::move(job), lock);
    --unfinished_;
    changed_.notify_all();
  }
}

/// Lets go of the lock meanwhile.
void Writer::carry_out(std::unique_ptr<WriteJob> job, std::unique_lock<std::mutex>& lock) {
  lock.unlock();
  if (job->wait_for_tasks) job->wait_for_tasks();
  WriteResult result{job->progress, list_.carry_out(*job)};
  job.reset();  // its transforms end here, and its snapshot's memory is free again
  lock.lock();
  results_.push_back(std::move(result));
}

}  // namespace tenon::loop
