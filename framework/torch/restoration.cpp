// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/restoration.hpp"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <atomic>
#include <boost/json/array.hpp>
#include <cstddef>
#include <cstring>
#include <system_error>
#include <tenon/failure.hpp>
#include <tenon/json_text.hpp>
#include <thread>

#include "torch/tensor_view.hpp"

namespace tenon::torch_engine {
namespace {

namespace json = boost::json;

constexpr std::size_t most_lines = 20;

std::string readable(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json_text(value);
}

/// Plain copies of numbers, made by two threads where they are large: one does not use all that memory gives, and
/// LibTorch's own copy wakes all of its threads for each tensor, which costs more than they gain.
class PlainCopies {
 public:
  void add(void* to, const void* from, std::size_t size) {
    size_ += size;
    for (std::size_t at = 0; at < size; at += piece_size)
      pieces_.push_back({static_cast<std::byte*>(to) + at, static_cast<const std::byte*>(from) + at,
                         std::min(piece_size, size - at)});
  }
  void make() {
    std::thread second;
    try {
      if (size_ > piece_size) second = std::thread([this] { copy_pieces(); });
    } catch (const std::system_error&) {  // no thread to be had: one does it as well
    }
    copy_pieces();
    if (second.joinable()) second.join();
  }

 private:
  static constexpr std::size_t piece_size = std::size_t{2} << 20;
  struct Piece {
    std::byte* to;
    const std::byte* from;
    std::size_t size;
  };
  void copy_pieces() noexcept {
    for (std::size_t i; (i = next_++) < pieces_.size();) std::memcpy(pieces_[i].to, pieces_[i].from, pieces_[i].size);
  }

  std::vector<Piece> pieces_;
  std::size_t size_ = 0;
  std::atomic<std::size_t> next_{0};
};

bool is_plain(const at::Tensor& to, const at::Tensor& from) {
  return to.is_cpu() && to.is_contiguous() && from.is_contiguous() && to.scalar_type() == from.scalar_type();
}

void copy_numbers(const std::vector<std::pair<at::Tensor, tenon_tensor_view>>& copies) {
  PlainCopies plain;
  for (const auto& [to, view] : copies) {
    const at::Tensor from = tensor_of(view);
    if (!is_plain(to, from)) {
      to.copy_(from);
      continue;
    }
    if (from.nbytes() > 0) plain.add(to.mutable_data_ptr(), from.const_data_ptr(), from.nbytes());
    to.unsafeGetTensorImpl()->bump_version();
  }
  plain.make();
}

}  // namespace

void Restoration::differs(const std::string& what, const std::string& saved, const std::string& now) {
  refuse(what + ": " + (saved.empty() ? "nothing" : saved) + " when saved, " + (now.empty() ? "nothing" : now) +
         " now");
}

void Restoration::compare(const std::string& what, const json::value* saved, const json::value& now) {
  if (saved != nullptr && *saved == now) return;
  differs(what, saved == nullptr ? "" : readable(*saved), readable(now));
}

std::vector<std::string> Restoration::carry_out(const std::string& from) {
  if (!fits()) {
    std::string text = from + " does not fit what the task makes; nothing was restored:";
    for (std::size_t i = 0; i < differences_.size() && i < most_lines; ++i) text += "\n  " + differences_[i];
    if (differences_.size() > most_lines)
      text += "\n  and " + std::to_string(differences_.size() - most_lines) + " more";
    throw Failure(ExitCode::checkpoint, text);
  }
  const at::NoGradGuard no_gradients;
  for (const auto& change : first_) change();
  copy_numbers(copies_);
  for (const auto& change : then_) change();
  return std::move(remarks_);
}

SavedTensors::SavedTensors(std::span<const loop::EngineTensor> all) : all_(all), used_(all.size(), false) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    index_.emplace(all[i].name, i);
    sorted_.push_back(all[i].name);
  }
  std::sort(sorted_.begin(), sorted_.end());
}

bool SavedTensors::any(std::string_view prefix) const {
  const auto first = std::lower_bound(sorted_.begin(), sorted_.end(), prefix);
  return first != sorted_.end() && first->starts_with(prefix);
}

const tenon_tensor_view* SavedTensors::find(const std::string& name) {
  const auto found = index_.find(name);
  if (found == index_.end()) return nullptr;
  used_[found->second] = true;
  return &all_[found->second].view;
}

std::vector<std::string> SavedTensors::unused(std::string_view prefix) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < all_.size(); ++i)
    if (!used_[i] && all_[i].name.starts_with(prefix)) names.emplace_back(all_[i].name);
  return names;
}

const json::object& object_at(const json::object& from, std::string_view key) {
  static const json::object none;
  const json::value* value = from.if_contains(key);
  return value != nullptr && value->is_object() ? value->get_object() : none;
}

const json::array& array_at(const json::object& from, std::string_view key) {
  static const json::array none;
  const json::value* value = from.if_contains(key);
  return value != nullptr && value->is_array() ? value->get_array() : none;
}

std::string string_at(const json::object& from, std::string_view key) {
  const json::value* value = from.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

std::uint64_t count_at(const json::object& from, std::string_view key) {
  const json::value* value = from.if_contains(key);
  if (value == nullptr) return 0;
  boost::system::error_code failed;
  const auto number = value->to_number<std::uint64_t>(failed);
  return failed ? 0 : number;
}

bool flag_at(const json::object& from, std::string_view key) {
  const json::value* value = from.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

}  // namespace tenon::torch_engine
