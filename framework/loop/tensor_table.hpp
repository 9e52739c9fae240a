// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Handles of tensors: the engine's by group and index, and those in main memory: callbacks' own, and what a save's
// transforms work on.
#ifndef TENON_LOOP_TENSOR_TABLE_HPP
#define TENON_LOOP_TENSOR_TABLE_HPP

#include <tenon/tensor.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <tenon/services/tensors.h>

namespace tenon::loop {

class Snapshot;

/// Memory that begins where vector instructions and DLPack like it best.
template <class T>
struct AlignedAllocator {
  using value_type = T;
  static constexpr std::align_val_t alignment{64};
  AlignedAllocator() = default;
  template <class U>
  AlignedAllocator(const AlignedAllocator<U>&) {}  // NOLINT: as every allocator converts
  T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), alignment)); }
  void deallocate(T* memory, std::size_t) { ::operator delete(memory, alignment); }
  bool operator==(const AlignedAllocator&) const = default;
};

/// A tensor in main memory, row-major without gaps.
struct HostTensor {
  std::string name;
  std::string owner;  ///< the callback's id whose own it is, kept in checkpoints; empty: a save's
  tenon_dtype dtype{};
  std::vector<std::int64_t> shape, strides;
  std::vector<std::byte, AlignedAllocator<std::byte>> storage;  ///< empty where the bytes are borrowed
  std::span<const std::byte> borrowed;                          ///< of a snapshot
  bool writable = false;

  std::span<const std::byte> bytes() const { return storage.empty() ? borrowed : std::span<const std::byte>(storage); }

  void borrow(std::span<const std::byte> bytes, std::shared_ptr<const Snapshot> of) {
    borrowed = bytes;
    lender_ = std::move(of);
  }
  /// Waits until a snapshot's bytes are there.
  tenon_tensor_view view() const;
  /// Sets shape and strides; the dtype must be set. Answers the bytes that such a tensor needs. Throws chain::AbiError:
  /// TENON_E_INVALID_ARGUMENT for a negative number, TENON_E_OUT_OF_MEMORY where no memory could hold it.
  std::size_t set_shape(std::vector<std::int64_t> of);

 private:
  std::shared_ptr<const Snapshot> lender_;
};

/// A handle of the engine's tensor names its group and index, and so stays the same for the whole run.
struct EngineHandle {
  std::int32_t group;
  std::uint64_t index;
};

class TensorTable {
 public:
  static tenon_tensor engine_handle(std::int32_t group, std::uint64_t index) {
    return (static_cast<tenon_tensor>(group) + 1) << 56 | (index + 1);
  }
  static bool is_host(tenon_tensor tensor) { return tensor >> 56 == host_group; }
  /// Throws chain::AbiError (TENON_E_INVALID_ARGUMENT) for what is no handle of the engine's.
  static EngineHandle engine_tensor(tenon_tensor tensor);

  /// [any-thread]
  tenon_tensor add(std::shared_ptr<HostTensor> tensor);
  /// [any-thread] Throws chain::AbiError (TENON_E_INVALID_ARGUMENT).
  std::shared_ptr<HostTensor> host(tenon_tensor tensor) const;
  void drop(tenon_tensor tensor);

 private:
  static constexpr std::uint64_t host_group = 0xFF;
  mutable std::mutex mutex_;
  std::unordered_map<tenon_tensor, std::shared_ptr<HostTensor>> tensors_;
  std::uint64_t next_ = 1;
};

/// A handle in a TensorTable for as long as this lives.
class OwnedHandle {
 public:
  OwnedHandle(TensorTable& table, std::shared_ptr<HostTensor> tensor);
  ~OwnedHandle();
  OwnedHandle(OwnedHandle&& other) noexcept : table_(std::exchange(other.table_, nullptr)), handle_(other.handle_) {}
  OwnedHandle& operator=(OwnedHandle&&) = delete;
  tenon_tensor get() const { return handle_; }

 private:
  TensorTable* table_;
  tenon_tensor handle_;
};

}  // namespace tenon::loop

#endif
