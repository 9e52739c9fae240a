// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/writer.hpp"

#include <pthread.h>
#include <signal.h>

#include <utility>

#include "chain/breadcrumb.hpp"

namespace tenon::loop {

namespace {

/// Signals that ask the run for something belong to the threads that were there before: here they would only interrupt
/// the disk. A fault's own signal always comes to the thread that made it.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

void unblock_faults() {
  sigset_t faults;
  sigemptyset(&faults);
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) sigaddset(&faults, number);
  pthread_sigmask(SIG_UNBLOCK, &faults, nullptr);
}

}  // namespace

Writer::~Writer() { stop(); }

void Writer::submit(std::unique_ptr<WriteJob> job) {
  std::unique_lock lock(mutex_);
  if (!thread_.joinable()) {
    const SignalsBlocked inherited;
    stopping_ = false;
    thread_ = std::thread([this] { run(); });
  }
  changed_.wait(lock, [this] { return unfinished_ < depth; });
  jobs_.push_back(std::move(job));
  ++unfinished_;
  changed_.notify_all();
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
  unblock_faults();
  chain::give_signal_stack();
  pthread_setname_np(pthread_self(), "tenon-writer");
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    std::unique_ptr<WriteJob> job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    WriteResult result{job->progress, list_.carry_out(*job)};
    job.reset();  // its transforms end here, and its snapshot's memory is free again
    lock.lock();
    results_.push_back(std::move(result));
    --unfinished_;
    changed_.notify_all();
  }
}

}  // namespace tenon::loop
