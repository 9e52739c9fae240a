// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/tasks.hpp"

#include "chain/abi.hpp"
#include "chain/plugin_call.hpp"
#include "loop/host_thread.hpp"

namespace tenon::loop {

void Tasks::open() {
  const std::lock_guard lock(mutex_);
  open_ = true;
  stopping_ = false;
}

void Tasks::submit(chain::Callback& by, tenon_task task, void* context, std::uint64_t step) {
  if (task == nullptr) throw chain::AbiError(TENON_E_INVALID_ARGUMENT, "the task is NULL");
  std::unique_lock lock(mutex_);
  if (!open_)
    throw chain::AbiError(TENON_E_WRONG_STATE, "tasks are taken from on_setup to on_teardown, and at no other time");
  if (!thread_.joinable()) {
    thread_ = start_host_thread("tenon-tasks", [this] { run(); });
    worker_ = thread_.get_id();
  }
  std::uint64_t& own = unfinished_[&by];
  // A task that waited for its own end would wait for ever.
  if (std::this_thread::get_id() != worker_) changed_.wait(lock, [&] { return own < most; });
  waiting_.push_back({&by, task, context, step});
  ++own;
  ++submitted_;
  changed_.notify_all();
}

void Tasks::drain(const chain::Callback& of) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    const auto own = unfinished_.find(&of);
    return own == unfinished_.end() || own->second == 0;
  });
}

void Tasks::drain() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ended_ == submitted_; });
}

std::uint64_t Tasks::submitted() const {
  const std::lock_guard lock(mutex_);
  return submitted_;
}

void Tasks::wait_for(std::uint64_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this, count] { return ended_ >= count; });
}

bool Tasks::on_worker_thread() const {
  const std::lock_guard lock(mutex_);
  return std::this_thread::get_id() == worker_;
}

std::vector<chain::OutsideFailure> Tasks::take_failures() {
  const std::lock_guard lock(mutex_);
  return std::exchange(failures_, {});
}

void Tasks::close() {
  drain();
  {
    const std::lock_guard lock(mutex_);
    open_ = false;
    stopping_ = true;
    changed_.notify_all();
  }
  if (!thread_.joinable()) return;
  thread_.join();
  const std::lock_guard lock(mutex_);
  worker_ = {};
}

void Tasks::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const Task task = waiting_.front();
    waiting_.pop_front();
    lock.unlock();
    carry_out(task);
    lock.lock();
    --unfinished_[task.by];
    ++ended_;
    changed_.notify_all();
  }
}

void Tasks::carry_out(const Task& task) {
  const bool cancelled = task.by->disabled();
  try {
    chain::call_plugin(*task.by, "a task", task.step,
                       [&](tenon_error* error) { return task.call(task.context, cancelled ? 1 : 0, error); });
  } catch (const chain::AbiError& error) {
    const std::lock_guard lock(mutex_);
    failures_.push_back({task.by, error.status(), error.what()});
  }
}

}  // namespace tenon::loop
