// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The thread that snapshots are copied on while the training goes on.
#ifndef TENON_LOOP_COPIER_HPP
#define TENON_LOOP_COPIER_HPP

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace tenon::loop {

/// [loop-thread] The thread starts with the first work.
class Copier {
 public:
  Copier() = default;
  /// Waits until all work is done.
  ~Copier();
  Copier(const Copier&) = delete;
  Copier& operator=(const Copier&) = delete;

  /// `work` must not throw. Throws std::system_error where there can be no more threads.
  void submit(std::function<void()> work);

 private:
  void run();

  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tenon::loop

#endif
