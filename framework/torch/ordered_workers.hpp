// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Several threads make numbered products; one consumer gets them strictly in order. No LibTorch here, so that a thread
// sanitizer sees all of it.
#ifndef TENON_TORCH_ORDERED_WORKERS_HPP
#define TENON_TORCH_ORDERED_WORKERS_HPP

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace tenon::torch_engine {

/// Whether anybody still waits for what a job makes; a long one may look and give up with any product. [any-thread]
class Wanted {
 public:
  Wanted(const std::atomic<std::uint64_t>& running, std::uint64_t mine) noexcept : running_(&running), mine_(mine) {}
  bool operator()() const noexcept { return running_->load(std::memory_order_relaxed) == mine_; }

 private:
  const std::atomic<std::uint64_t>* running_;
  std::uint64_t mine_;
};

/// The threads live as long as this object and sleep while `capacity` products wait to be taken. Between two products a
/// thread takes the lock twice, and nobody is woken who would find nothing to do. All members are the consumer's, one
/// thread's.
template <class Product>
class OrderedWorkers {
 public:
  /// Makes product number `job`; called on thread `worker` of 0 .. workers-1, on several at once with different jobs.
  /// What it throws is thrown by take() in its place, and no later job is begun.
  using Make = std::function<Product(std::size_t worker, std::uint64_t job, const Wanted& wanted)>;

  /// `prepare` runs once on each new thread, and has done so everywhere on return; it must not throw. Throws
  /// std::system_error when a thread cannot be made.
  OrderedWorkers(std::size_t workers, std::size_t capacity, const std::function<void()>& prepare) : slots_(capacity) {
    try {
      for (std::size_t worker = 0; worker < workers; ++worker)
        threads_.emplace_back([this, worker, prepare] {
          prepare();
          run(worker);
        });
    } catch (...) {
      stop();
      throw;
    }
    std::unique_lock lock(mutex_);
    made_.wait(lock, [&] { return prepared_ == workers; });
  }

  OrderedWorkers(const OrderedWorkers&) = delete;
  OrderedWorkers& operator=(const OrderedWorkers&) = delete;

  /// Waits for the jobs under way, not for those that were never begun.
  ~OrderedWorkers() { stop(); }

  /// Jobs 0 .. jobs-1 from here on; whatever there was before is dropped as by cancel().
  void start(std::uint64_t jobs, Make make) {
    cancel();
    {
      const std::lock_guard lock(mutex_);
      make_ = std::make_shared<const Make>(std::move(make));
      jobs_ = jobs;
    }
    room_.notify_all();
  }

  /// Drops all products and jobs without waiting: what is under way is finished and thrown away by its thread.
  void cancel() {
    std::vector<Slot> dropped(slots_.size());
    std::shared_ptr<const Make> make;
    const std::lock_guard lock(mutex_);
    running_.fetch_add(1, std::memory_order_relaxed);
    jobs_ = claimed_ = taken_ = 0;
    slots_.swap(dropped);
    make_.swap(make);
  }

  /// The next product; waits for it. Only where one is left. Throws what its job threw, again at each further call.
  Product take() {
    std::unique_lock lock(mutex_);
    Slot& slot = slots_[taken_ % slots_.size()];
    made_.wait(lock, [&] { return slot.product.has_value() || slot.error; });
    if (slot.error) std::rethrow_exception(slot.error);
    Product product = std::move(*slot.product);
    slot.product.reset();
    ++taken_;
    const bool wake = sleeping_ > 0 && claimable();
    lock.unlock();
    if (wake) room_.notify_one();
    return product;
  }

 private:
  struct Slot {
    std::optional<Product> product;
    std::exception_ptr error;
  };

  bool claimable() const { return claimed_ < jobs_ && claimed_ < taken_ + slots_.size(); }

  void run(std::size_t worker) {
    std::unique_lock lock(mutex_);
    ++prepared_;
    made_.notify_one();
    for (;;) {
      ++sleeping_;
      room_.wait(lock, [&] { return stopping_ || claimable(); });
      --sleeping_;
      if (stopping_) return;
      const std::uint64_t job = claimed_++;
      const std::uint64_t mine = running_.load(std::memory_order_relaxed);
      std::shared_ptr<const Make> make = make_;
      lock.unlock();
      Slot slot;
      try {
        slot.product.emplace((*make)(worker, job, Wanted(running_, mine)));
      } catch (...) {
        slot.error = std::current_exception();
      }
      make.reset();
      lock.lock();
      if (mine == running_.load(std::memory_order_relaxed)) {
        if (slot.error) jobs_ = std::min(jobs_, job + 1);
        slots_[job % slots_.size()] = std::move(slot);
        if (job == taken_) made_.notify_one();
      } else {
        lock.unlock();
        slot = {};
        lock.lock();
      }
    }
  }

  void stop() {
    {
      const std::lock_guard lock(mutex_);
      running_.fetch_add(1, std::memory_order_relaxed);
      stopping_ = true;
    }
    room_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  std::mutex mutex_;
  std::condition_variable room_;  // for workers: there is something to make
  std::condition_variable made_;  // for the consumer: what it waits for is there
  std::vector<Slot> slots_;       // product of job j at j % capacity
  std::shared_ptr<const Make> make_;
  std::atomic<std::uint64_t> running_{0};  // grows with each cancel; a job begun under another number is not wanted
  std::uint64_t jobs_ = 0, claimed_ = 0, taken_ = 0;
  std::size_t sleeping_ = 0, prepared_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tenon::torch_engine

#endif
