// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/lazy_copy.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "loop/snapshot.hpp"

namespace tenon::loop {

bool is_in_main_memory(const tenon_tensor_view& view) { return view.device.type == TENON_DEVICE_CPU; }

bool is_plain(const tenon_tensor_view& view) {
  if (!is_in_main_memory(view)) return false;
  std::int64_t stride = 1;
  for (std::int32_t d = view.ndim; d-- > 0; stride *= view.shape[d])
    if (view.strides && view.shape[d] != 1 && view.strides[d] != stride) return false;
  return true;
}

std::size_t bytes_of(const tenon_tensor_view& view) { return element_count(view) * (view.dtype.bits / 8u); }

namespace {

constexpr std::size_t line = 64;  // what memory hands over at once

}  // namespace

WriteWatch::WriteWatch(Engine& engine, const std::vector<EngineTensor>& tensors, std::size_t spacing)
    : spacing_(std::max(spacing, line)), held_(engine.hold(tensors)) {
  if (!held_) return;
  watched_.reserve(tensors.size());
  for (const EngineTensor& t : tensors) {
    Watched w{std::string(t.name), static_cast<const std::byte*>(t.view.data) + t.view.byte_offset,
              is_in_main_memory(t.view) ? bytes_of(t.view) : 0, held_->version(watched_.size()), 0};
    w.sample = sample(w);
    watched_.push_back(std::move(w));
  }
}

/// FNV's way of joining words, eight at a time: it need not withstand anybody, only differ.
std::uint64_t WriteWatch::sample(const Watched& tensor) const {
  std::uint64_t words[line / sizeof(std::uint64_t)] = {};
  const auto take = [&](std::size_t at) {
    std::uint64_t read[std::size(words)] = {};
    std::memcpy(read, tensor.data + at, std::min(line, tensor.bytes - at));
    for (std::size_t i = 0; i < std::size(words); ++i) words[i] = (words[i] ^ read[i]) * 0x100000001b3u;
  };
  // Not always at the same place: a tensor's rows are often a divisor of the spacing.
  const std::size_t lines = spacing_ / line;
  for (std::size_t at = 0, place = 0; at + place < tensor.bytes;
       at += spacing_, place = at / spacing_ * 7 % lines * line)
    take(at + place);
  std::uint64_t all = 0;
  for (const std::uint64_t word : words) all = (all ^ word) * 0x9e3779b97f4a7c15u;
  return all;
}

std::string WriteWatch::written() const {
  for (std::size_t i = 0; i < watched_.size(); ++i)
    if (held_->version(i) != watched_[i].version || sample(watched_[i]) != watched_[i].sample) return watched_[i].name;
  return {};
}

LazyCopy::LazyCopy(std::unique_ptr<const WriteWatch> watch, const std::vector<Part>& parts,
                   std::unique_ptr<DeviceCopy> device, std::shared_ptr<std::byte> memory)
    : watch_(std::move(watch)),
      memory_(std::move(memory)),
      device_(std::move(device)),
      verdict_(watch_ ? Verdict::none : Verdict::whole) {
  constexpr std::size_t most = std::size_t{4} << 20;
  for (Part part : parts)
    for (; part.bytes > 0; part.from += most, part.to += most, part.bytes -= std::min(part.bytes, most))
      parts_.push_back({part.from, part.to, std::min(part.bytes, most)});
}

void LazyCopy::copy(const std::function<void()>& before_each) {
  for (std::size_t i = next_++; i < parts_.size(); i = next_++) {
    if (before_each) before_each();
    std::memcpy(parts_[i].to, parts_[i].from, parts_[i].bytes);
    if (++copied_ == parts_.size()) copied_.notify_all();
  }
}

void LazyCopy::wait() const {
  wait_for_parts();
  if (device_) device_->wait();
}

void LazyCopy::wait_for_parts() const {
  for (std::size_t copied = copied_; copied != parts_.size(); copied = copied_) copied_.wait(copied);
}

bool LazyCopy::settle() {
  if (is_settled()) return false;
  copy();
  wait_for_parts();
  if (device_) device_->go_first();
  torn_by_ = watch_->written();
  verdict_ = torn_by_.empty() ? Verdict::whole : Verdict::torn;
  verdict_.notify_all();
  return true;
}

void LazyCopy::confirm() const {
  verdict_.wait(Verdict::none);
  if (is_torn())
    throw std::runtime_error("'" + torn_by_ +
                             "' was written to outside of an optimizer step, while it was being copied: the copy is of "
                             "no use, and others are made before training goes on from now on");
}

}  // namespace tenon::loop
