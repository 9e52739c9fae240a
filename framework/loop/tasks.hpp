// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What callbacks have done off the loop thread: one worker thread carries it out, in the order in which it was given.
#ifndef TENON_LOOP_TASKS_HPP
#define TENON_LOOP_TASKS_HPP

#include <tenon/services/tasks.h>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "chain/chain.hpp"

namespace tenon::loop {

/// The thread starts with the first task.
class Tasks {
 public:
  Tasks() = default;
  ~Tasks() { close(); }
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;

  /// [loop-thread] From here on tasks are taken.
  void open();
  /// [loop-thread, worker-thread] Runs it exactly once; `step` is for the breadcrumb. On the loop thread it waits while
  /// `most` tasks of this callback have not ended. Throws chain::AbiError (TENON_E_WRONG_STATE) where none are taken.
  void submit(chain::Callback& by, tenon_task task, void* context, std::uint64_t step);
  /// [loop-thread] Until all tasks of this callback have ended.
  void drain(const chain::Callback& of);
  /// [loop-thread] Until all tasks have ended, those included that tasks submit meanwhile.
  void drain();
  /// [any-thread] How many were taken so far.
  std::uint64_t submitted() const;
  /// [any-thread] Until the first `count` tasks have ended.
  void wait_for(std::uint64_t count);
  /// [any-thread] Whether this is the thread that tasks run on.
  bool on_worker_thread() const;
  /// [loop-thread] Since the last call, in order.
  std::vector<chain::OutsideFailure> take_failures();
  /// [loop-thread] None are taken any more; those that were have ended, and so has the thread. Before callbacks are
  /// destroyed.
  void close();

  static constexpr std::uint64_t most = 64;

 private:
  struct Task {
    chain::Callback* by;
    tenon_task call;
    void* context;
    std::uint64_t step;
  };
  void run();
  void carry_out(const Task& task);

  mutable std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::deque<Task> waiting_;
  std::map<const chain::Callback*, std::uint64_t> unfinished_;
  std::vector<chain::OutsideFailure> failures_;
  std::uint64_t submitted_ = 0, ended_ = 0;
  bool open_ = false, stopping_ = false;
  std::thread::id worker_;
  std::thread thread_;
};

}  // namespace tenon::loop

#endif
