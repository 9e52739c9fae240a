// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "queued_device.hpp"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/view_native.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <new>
#include <thread>

namespace tests {
namespace {

constexpr c10::DeviceType type = c10::DeviceType::PrivateUse1;
const c10::Device queued(type, 0);

/// What all streams beside the training's look at.
struct Beside {
  std::mutex mutex;
  std::condition_variable changed;
  int standing_still = 0;
  std::atomic<std::size_t> pending = 0;
  std::atomic<std::int64_t> microseconds = 0;
};
Beside& beside() {
  static auto* const one = new Beside;  // the streams' threads outlive main()
  return *one;
}

class Queue {
 public:
  explicit Queue(bool is_beside) : is_beside_(is_beside) {
    std::thread([this] { run(); }).detach();
  }
  void give(std::function<void()> work) {
    if (is_beside_) ++beside().pending;
    const std::lock_guard lock(mutex_);
    work_.push_back(std::move(work));
    changed_.notify_all();
  }
  bool is_done() {
    const std::lock_guard lock(mutex_);
    return work_.empty();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return work_.empty(); });
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return !work_.empty(); });
      const std::function<void()> work = work_.front();
      lock.unlock();
      if (is_beside_) take_time();
      work();
      if (is_beside_) --beside().pending;
      lock.lock();
      work_.pop_front();
      changed_.notify_all();
    }
  }
  static void take_time() {
    std::this_thread::sleep_for(std::chrono::microseconds(beside().microseconds));
    std::unique_lock lock(beside().mutex);
    beside().changed.wait(lock, [] { return beside().standing_still == 0; });
  }

  const bool is_beside_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> work_;
};

constexpr std::size_t streams = 3;
Queue& queue(c10::StreamId stream) {
  static auto* const all = [] {
    auto* const made = new std::array<Queue*, streams>;
    for (std::size_t i = 0; i < streams; ++i) (*made)[i] = new Queue(i > 0);
    return made;
  }();
  return *all->at(static_cast<std::size_t>(stream));
}
thread_local c10::StreamId current = 0;

struct Event {
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t given = 0, done = 0;
  void wait(std::uint64_t version) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return done >= version; });
  }
};
using Shared = std::shared_ptr<Event>;  // an event may be destroyed before it has come to pass
Shared& shared(void* event) { return *static_cast<Shared*>(event); }

struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return tests::type; }
  c10::Device exchangeDevice(c10::Device) const override { return queued; }
  c10::Device getDevice() const override { return queued; }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }

  static c10::Stream stream(c10::StreamId id) { return c10::Stream(c10::Stream::UNSAFE, queued, id); }
  c10::Stream getStream(c10::Device) const override { return stream(current); }
  c10::Stream getDefaultStream(c10::Device) const override { return stream(0); }
  c10::Stream getStreamFromGlobalPool(c10::Device, bool) const override {
    static std::atomic<c10::StreamId> next = 0;
    return stream(1 + next++ % static_cast<c10::StreamId>(streams - 1));
  }
  c10::Stream exchangeStream(c10::Stream to) const override { return stream(std::exchange(current, to.id())); }
  bool queryStream(const c10::Stream& one) const override { return queue(one.id()).is_done(); }
  void synchronizeStream(const c10::Stream& one) const override { queue(one.id()).wait(); }
  void synchronizeDevice(c10::DeviceIndex) const override {
    for (std::size_t i = 0; i < streams; ++i) queue(static_cast<c10::StreamId>(i)).wait();
  }

  void record(void** event, const c10::Stream& on, c10::DeviceIndex, c10::EventFlag) const override {
    if (*event == nullptr) *event = new Shared(std::make_shared<Event>());
    const Shared one = shared(*event);
    const std::lock_guard lock(one->mutex);
    queue(on.id()).give([one, version = ++one->given] {
      const std::lock_guard guard(one->mutex);
      one->done = version;
      one->changed.notify_all();
    });
  }
  void block(void* event, const c10::Stream& waiting) const override {
    const Shared one = shared(event);
    const std::lock_guard lock(one->mutex);
    queue(waiting.id()).give([one, version = one->given] { one->wait(version); });
  }
  bool queryEvent(void* event) const override {
    const std::lock_guard lock(shared(event)->mutex);
    return shared(event)->done == shared(event)->given;
  }
  void synchronizeEvent(void* event) const override {
    std::unique_lock lock(shared(event)->mutex);
    const std::uint64_t version = shared(event)->given;
    lock.unlock();
    shared(event)->wait(version);
  }
  void destroyEvent(void* event, c10::DeviceIndex) const noexcept override { delete static_cast<Shared*>(event); }
};

void* memory(std::size_t bytes) {
  void* const made = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (made == nullptr) throw std::bad_alloc();
  return made;
}

struct DeviceMemory final : c10::Allocator {
  struct Block {
    void* data;
    std::size_t bytes;
  };
  static void free(void* context) {
    const auto* const block = static_cast<Block*>(context);
    queue(0).give([data = block->data, bytes = block->bytes] {
      std::memset(data, 0xDD, bytes);
      std::free(data);
    });
    delete block;
  }
  c10::DataPtr allocate(std::size_t bytes) override {
    if (bytes == 0) return {nullptr, queued};
    auto* const block = new Block{memory(bytes), bytes};
    return {block->data, block, &free, queued};
  }
  c10::DeleterFnPtr raw_deleter() const override { return nullptr; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    queue(0).wait();
    std::memcpy(to, from, bytes);
  }
};

struct PinnedMemory final : c10::Allocator {
  static PinnedMemory& get() {
    static auto* const one = new PinnedMemory;
    return *one;
  }
  static void free(void* data) {
    const std::lock_guard lock(get().mutex);
    get().blocks.erase(static_cast<const char*>(data));
    std::free(data);
  }
  c10::DataPtr allocate(std::size_t bytes) override {
    void* const data = memory(bytes);
    const std::lock_guard lock(mutex);
    blocks[static_cast<const char*>(data)] = bytes;
    return {data, data, &free, c10::Device(c10::kCPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &free; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override { std::memcpy(to, from, bytes); }
  bool holds(const void* data) {
    const std::lock_guard lock(mutex);
    const auto behind = blocks.upper_bound(static_cast<const char*>(data));
    if (behind == blocks.begin()) return false;
    const auto block = std::prev(behind);
    return static_cast<const char*>(data) < block->first + block->second;
  }
  std::mutex mutex;
  std::map<const char*, std::size_t> blocks;
};

DeviceMemory& device_memory() {
  static auto* const one = new DeviceMemory;
  return *one;
}

struct Generator final : at::CPUGeneratorImpl {
  Generator() {
    device_ = queued;
    key_set_ = c10::DispatchKeySet(c10::DispatchKey::PrivateUse1);
  }
};

struct Hooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
  c10::DeviceIndex deviceCount() const override { return 1; }
  c10::DeviceIndex getCurrentDevice() const override { return 0; }
  void setCurrentDevice(c10::DeviceIndex) const override {}
  c10::DeviceIndex exchangeDevice(c10::DeviceIndex) const override { return 0; }
  c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex) const override { return 0; }
  bool isPinnedPtr(const void* data) const override { return PinnedMemory::get().holds(data); }
  c10::Allocator* getPinnedMemoryAllocator() const override { return &PinnedMemory::get(); }
  c10::Device getDeviceFromPtr(void*) const override { return queued; }
  const at::Generator& getDefaultGenerator(c10::DeviceIndex) const override {
    static auto* const one = new at::Generator(at::make_generator<Generator>());
    return *one;
  }
};

/// A tensor's numbers as the processor sees them. They are not kept: who frees them too early is to be found out.
struct Numbers {
  explicit Numbers(const at::Tensor& of)
      : data(of.data_ptr()), sizes(of.sizes().vec()), strides(of.strides().vec()), scalar(of.scalar_type()) {}
  at::Tensor here() const { return at::from_blob(data, sizes, strides, at::TensorOptions(scalar)); }
  void* data;
  std::vector<std::int64_t> sizes, strides;
  at::ScalarType scalar;
};

at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool non_blocking) {
  if (to.numel() == 0) return to;
  const at::Tensor source = from.sizes() == to.sizes() ? from : from.expand_as(to);
  queue(current).give([a = Numbers(source), b = Numbers(to)] { b.here().copy_(a.here()); });
  const auto is_late = [](const at::Tensor& t) { return !t.is_cpu() || PinnedMemory::get().holds(t.data_ptr()); };
  if (!non_blocking || !is_late(from) || !is_late(to)) queue(current).wait();
  return to;
}

const at::Tensor& resize(const at::Tensor& self, at::IntArrayRef size, std::optional<at::MemoryFormat>) {
  const std::size_t bytes = at::detail::computeStorageNbytesContiguous(size, self.dtype().itemsize());
  const c10::Storage storage = self.storage();
  if (storage.nbytes() < bytes) {
    storage.set_data_ptr_noswap(device_memory().allocate(bytes));
    storage.set_nbytes(bytes);
  }
  self.unsafeGetTensorImpl()->set_sizes_contiguous(size);
  return self;
}

at::Tensor copy_from_and_resize(const at::Tensor& from, const at::Tensor& to) {
  if (from.sizes() != to.sizes()) resize(to, from.sizes(), {});
  return copy_from(from, to, false);
}

at::Tensor& fill(at::Tensor& self, const at::Scalar& value) {
  if (self.numel() > 0) queue(current).give([to = Numbers(self), value] { to.here().fill_(value); });
  return self;
}

constexpr c10::DispatchKeySet keys(c10::DispatchKey::PrivateUse1);

at::Tensor empty(at::IntArrayRef size, std::optional<at::ScalarType> scalar, std::optional<at::Layout>,
                 std::optional<at::Device>, std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(size, &device_memory(), keys, c10::dtype_or_default(scalar), format);
}

at::Tensor empty_strided(at::IntArrayRef size, at::IntArrayRef stride, std::optional<at::ScalarType> scalar,
                         std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>) {
  return at::detail::empty_strided_generic(size, stride, &device_memory(), keys, c10::dtype_or_default(scalar));
}

void by_processor(const c10::OperatorHandle& op, torch::jit::Stack* stack) { at::native::cpu_fallback(op, stack); }

}  // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("empty.memory_format", empty);
  m.impl("empty_strided", empty_strided);
  m.impl("_copy_from", copy_from);
  m.impl("_copy_from_and_resize", copy_from_and_resize);
  m.impl("resize_", resize);
  m.impl("fill_.Scalar", fill);
  m.impl("view", at::native::view);
  m.impl("as_strided", at::native::as_strided_tensorimpl);
  m.impl("_reshape_alias", at::native::_reshape_alias);
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&by_processor>()); }

c10::Device open_queued_device() {
  static const bool once = [] {
    c10::register_privateuse1_backend("queued");
    c10::SetAllocator(type, &device_memory());
    c10::impl::registerDeviceGuard(type, new Guard);
    at::RegisterPrivateUse1HooksInterface(new Hooks);
    return true;
  }();
  static_cast<void>(once);
  return queued;
}

BesideStandsStill::BesideStandsStill() {
  const std::lock_guard lock(beside().mutex);
  ++beside().standing_still;
}

BesideStandsStill::~BesideStandsStill() {
  const std::lock_guard lock(beside().mutex);
  --beside().standing_still;
  beside().changed.notify_all();
}

void slow_down_beside(std::chrono::microseconds each) { beside().microseconds = each.count(); }
std::size_t pending_beside() { return beside().pending; }

}  // namespace tests
