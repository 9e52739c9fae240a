// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The writer thread: commit points hand it jobs, which it carries out one after the other in their order.
#ifndef TENON_LOOP_WRITER_HPP
#define TENON_LOOP_WRITER_HPP

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "loop/durable_list.hpp"

namespace tenon::loop {

/// [loop-thread] The thread starts with the first job.
class Writer {
 public:
  /// Not `threaded`: each job is carried out when it is submitted, on the caller's thread.
  explicit Writer(DurableList list, bool threaded = true) : list_(std::move(list)), threaded_(threaded) {}
  /// Carries out what it was given.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Before the first job.
  void adopt(const Adoption& adopted) { list_.adopt(adopted); }
  /// Waits while as many jobs as there are arenas for snapshots are unfinished: where the disk is slower than training,
  /// training waits and memory does not grow.
  void submit(std::unique_ptr<WriteJob> job);
  /// Whether submit() would wait.
  bool is_full();
  /// Whether there has been a job.
  bool started() const { return started_; }
  /// Waits until all jobs are carried out and destroyed.
  void drain();
  /// What has been done since the last call, in order.
  std::vector<WriteResult> take();
  /// drain(), and the thread ends; another job would start it again.
  void stop();

 private:
  static constexpr std::size_t depth = 2;
  void run();

  void carry_out(std::unique_ptr<WriteJob> job, std::unique_lock<std::mutex>& lock);

  DurableList list_;  // the thread's own while it runs
  const bool threaded_;
  bool started_ = false;
  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::deque<std::unique_ptr<WriteJob>> jobs_;
  std::vector<WriteResult> results_;
  std::size_t unfinished_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tenon::loop

#endif
