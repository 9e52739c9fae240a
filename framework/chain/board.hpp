// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Small JSON values that callbacks publish for one another; the host reads their accounts from it. [loop-thread]
#ifndef TENON_CHAIN_BOARD_HPP
#define TENON_CHAIN_BOARD_HPP

#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::chain {

class Board {
 public:
  /// Throws AbiError: not JSON, an account that is no object, or the board is closed.
  void publish(std::string_view callback_id, std::string_view topic, std::string_view json);
  /// nullptr when nothing is there. Stays at its place until the next release_replaced(), even when it is replaced.
  const std::string* find(std::string_view callback_id, std::string_view topic) const;
  /// What a callback published under TENON_TOPIC_ACCOUNT.
  std::optional<boost::json::object> account(std::string_view callback_id) const;

  /// From here on nothing is taken any more.
  void close() noexcept { closed_ = true; }
  /// Takes back everything of a callback that was not made after all.
  void forget(std::string_view callback_id);
  /// No hook is running: texts that were replaced may go.
  void release_replaced() noexcept { replaced_.clear(); }

 private:
  using Text = std::unique_ptr<const std::string>;
  std::map<std::pair<std::string, std::string>, Text, std::less<>> texts_;
  std::vector<Text> replaced_;
  bool closed_ = false;
};

}  // namespace tenon::chain

#endif
