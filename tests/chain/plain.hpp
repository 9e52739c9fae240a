// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A callback that does nothing, through whose host a test calls services as a plugin does.
#ifndef TENON_TESTS_CHAIN_PLAIN_HPP
#define TENON_TESTS_CHAIN_PLAIN_HPP

#include <tenon/plugin.hpp>

#include <string>

#include "chain/abi.hpp"
#include "recorder.hpp"

namespace tenon::chain::test {

struct Plain {
  static constexpr const char* id = "org.example.plain";
  static constexpr const char* name = "plain";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Does nothing";
  static constexpr const char* license = "Apache-2.0";
  static constexpr const char* options_schema = "{}";
  explicit Plain(Host) {}
  void on_train_batch_end() {}
};
inline constexpr const tenon_descriptor& plain = tenon::detail::Adapter<Plain>::descriptor;

/// Status and text of a call that takes a tenon_error* last.
struct Outcome {
  tenon_status status;
  std::string text;
};
template <class Call>
Outcome outcome(Call&& call) {
  tenon_error error;
  clear(error);
  const tenon_status status = call(&error);
  return {status, std::string(error.text, static_cast<std::size_t>(error.text_size))};
}

template <class Service>
const Service& service(const Callback& callback, const char* id) {
  return *static_cast<const Service*>(callback.host()->service(callback.host(), id));
}

}  // namespace tenon::chain::test

#endif
