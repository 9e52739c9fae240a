// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Tensors that are copied while the training goes on, and how it is found out that somebody wrote to them meanwhile.
#ifndef TENON_LOOP_LAZY_COPY_HPP
#define TENON_LOOP_LAZY_COPY_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "loop/engine.hpp"

namespace tenon::loop {

bool is_in_main_memory(const tenon_tensor_view& view);
/// Whether it lies there row by row without gaps, so that a plain copy on any thread does.
bool is_plain(const tenon_tensor_view& view);
/// Of its numbers.
std::size_t bytes_of(const tenon_tensor_view& view);

/// [loop-thread] Keeps tensors' memory, and knows whether they were written to since: by the engine's version counters,
/// and, since writes past them (`.data()`) leave those alone, by a checksum over a sample of the bytes. Of a tensor on
/// a device the counter is all that is looked at: to read its bytes would be to wait for the device.
class WriteWatch {
 public:
  /// `tensors` are only_in_step, and plain where they are in main memory, as the engine just gave them. Of each, 64
  /// bytes of every `spacing` are looked at.
  WriteWatch(Engine& engine, const std::vector<EngineTensor>& tensors, std::size_t spacing);
  /// False: this engine cannot tell.
  bool works() const { return held_ != nullptr; }
  /// The name of the first that was written to; "" when none was.
  std::string written() const;

 private:
  struct Watched {
    std::string name;
    const std::byte* data;
    std::size_t bytes;
    std::uint64_t version, sample;
  };
  std::uint64_t sample(const Watched& tensor) const;

  std::size_t spacing_;
  std::unique_ptr<HeldTensors> held_;
  std::vector<Watched> watched_;
};

/// One snapshot's: what the copier copies, and what a device copies by itself. It is in use by the loop, the copier and
/// the writer thread.
class LazyCopy {
 public:
  struct Part {
    const std::byte* from;
    std::byte* to;
    std::size_t bytes;
  };
  /// `watch`: NULL where nobody can tear the copy. `device` may be NULL. `memory`: what is copied to is a part of it.
  LazyCopy(std::unique_ptr<const WriteWatch> watch, const std::vector<Part>& parts, std::unique_ptr<DeviceCopy> device,
           std::shared_ptr<std::byte> memory);

  /// [any-thread] Copies what nobody else has begun to copy. `before_each` part is for tests.
  void copy(const std::function<void()>& before_each = {});
  /// [any-thread] Returns when every byte is copied. The bytes may still turn out to be torn.
  void wait() const;
  bool is_copied() const { return copied_ == parts_.size() && (!device_ || device_->is_done()); }

  /// [loop-thread] Waits, copying what is left, but not for the device, which is told to go on with the copy before all
  /// else; then decides whether the copy is whole. True when this call decided it.
  bool settle();
  bool is_settled() const { return verdict_ != Verdict::none; }
  bool is_torn() const { return verdict_ == Verdict::torn; }
  /// What tore it.
  const std::string& torn_by() const { return torn_by_; }
  /// [loop-thread] The name of the first tensor that was written to by now; "" when none was. Before stop_watching().
  std::string written() const { return watch_->written(); }
  /// [loop-thread] Settled, and what was copied may be written to.
  void stop_watching() { watch_.reset(); }
  /// [writer-thread] Waits until it is decided; throws std::runtime_error where the copy is torn.
  void confirm() const;

 private:
  enum class Verdict { none, whole, torn };
  void wait_for_parts() const;

  std::unique_ptr<const WriteWatch> watch_;
  std::vector<Part> parts_;  // none larger than a few MiB, so that two threads can share the work
  std::shared_ptr<std::byte> memory_;
  std::unique_ptr<DeviceCopy> device_;
  std::atomic<std::size_t> next_ = 0, copied_ = 0;
  std::string torn_by_;  // set before the verdict
  std::atomic<Verdict> verdict_;
};

}  // namespace tenon::loop

#endif
