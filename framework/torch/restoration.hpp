// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// All or nothing: what a saved state would change is gathered while it is compared, and made when nothing differs.
#ifndef TENON_TORCH_RESTORATION_HPP
#define TENON_TORCH_RESTORATION_HPP

#include <ATen/core/Tensor.h>

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "loop/engine.hpp"

namespace tenon::torch_engine {

class Restoration {
 public:
  /// A line of the table of differences; an empty text is a thing that is not there.
  void differs(const std::string& what, const std::string& saved, const std::string& now);
  /// The same in words of one's own.
  void refuse(const std::string& line) { differences_.push_back(line); }
  /// A line where `saved`, which may be NULL, is not `now`.
  void compare(const std::string& what, const boost::json::value* saved, const boost::json::value& now);
  bool fits() const noexcept { return differences_.empty(); }

  /// For a person, once all is done.
  void remark(std::string text) { remarks_.push_back(std::move(text)); }

  /// Changes, made in this order by carry_out(): those that may still throw, copies, and all others.
  void first(std::function<void()> change) { first_.push_back(std::move(change)); }
  void copy(at::Tensor to, const tenon_tensor_view& from) { copies_.emplace_back(std::move(to), from); }
  void then(std::function<void()> change) { then_.push_back(std::move(change)); }

  /// Answers the remarks. Throws Failure (ExitCode::checkpoint), and nothing was changed, where anything differs; its
  /// text names `from` and the first twenty differences.
  std::vector<std::string> carry_out(const std::string& from);

 private:
  std::vector<std::string> differences_, remarks_;
  std::vector<std::function<void()>> first_, then_;
  std::vector<std::pair<at::Tensor, tenon_tensor_view>> copies_;
};

/// Saved tensors by name; remembers which were asked for.
class SavedTensors {
 public:
  explicit SavedTensors(std::span<const loop::EngineTensor> all);
  /// NULL where there is none.
  const tenon_tensor_view* find(const std::string& name);
  /// Whether there is one whose name begins with `prefix`.
  bool any(std::string_view prefix) const;
  /// The names that begin with `prefix` and were not asked for, in the order they were given.
  std::vector<std::string> unused(std::string_view prefix) const;

 private:
  std::span<const loop::EngineTensor> all_;
  std::unordered_map<std::string_view, std::size_t> index_;
  std::vector<std::string_view> sorted_;
  std::vector<bool> used_;
};

/// Members of a document that anybody may have written: NULL, empty or 0 where there is nothing of the kind.
const boost::json::object& object_at(const boost::json::object& from, std::string_view key);
const boost::json::array& array_at(const boost::json::object& from, std::string_view key);
std::string string_at(const boost::json::object& from, std::string_view key);
std::uint64_t count_at(const boost::json::object& from, std::string_view key);
bool flag_at(const boost::json::object& from, std::string_view key);

}  // namespace tenon::torch_engine

#endif
