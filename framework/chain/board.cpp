// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "chain/board.hpp"

#include <tenon/services/board.h>

#include <boost/json/parse.hpp>

#include "chain/abi.hpp"
#include "chain/callback.hpp"
#include "chain/chain.hpp"
#include "chain/services/services.hpp"

namespace tenon::chain {

void Board::publish(std::string_view callback_id, std::string_view topic, std::string_view json) {
  const std::string place = std::string(callback_id) + "/" + std::string(topic);
  if (closed_) throw AbiError(TENON_E_WRONG_STATE, place + ": the board takes nothing after on_fit_end");
  if (topic.empty()) throw AbiError(TENON_E_INVALID_ARGUMENT, "a topic must not be empty");
  boost::system::error_code problem;
  const boost::json::value value = boost::json::parse(boost::json::string_view(json.data(), json.size()), problem);
  if (problem) throw AbiError(TENON_E_INVALID_ARGUMENT, place + " is not JSON: " + problem.message());
  if (topic == TENON_TOPIC_ACCOUNT && !value.is_object())
    throw AbiError(TENON_E_INVALID_ARGUMENT, place + ": an account is a JSON object");

  Text& text = texts_[{std::string(callback_id), std::string(topic)}];
  Text fresh = std::make_unique<const std::string>(json);
  if (text) replaced_.push_back(std::move(text));
  text = std::move(fresh);
}

const std::string* Board::find(std::string_view callback_id, std::string_view topic) const {
  const auto it = texts_.find(std::pair(std::string(callback_id), std::string(topic)));
  return it == texts_.end() ? nullptr : it->second.get();
}

std::optional<boost::json::object> Board::account(std::string_view callback_id) const {
  const std::string* text = find(callback_id, TENON_TOPIC_ACCOUNT);
  if (!text) return std::nullopt;
  return boost::json::parse(*text).as_object();
}

void Board::forget(std::string_view callback_id) {
  std::erase_if(texts_, [&](const auto& entry) { return entry.first.first == callback_id; });
}

namespace {

tenon_status TENON_CALL publish(const tenon_host* host, tenon_text topic, tenon_text json,
                                tenon_error* error) noexcept {
  return guard(error, [&] {
    const Callback& caller = caller_on_loop_thread(host);
    caller.chain().board().publish(caller.id(), from_text(topic), from_text(json));
  });
}

tenon_status TENON_CALL read(const tenon_host* host, tenon_text callback_id, tenon_text topic, tenon_text* json,
                             tenon_error* error) noexcept {
  return guard(error, [&] {
    const std::string_view id = from_text(callback_id), name = from_text(topic);
    const std::string* text = caller_on_loop_thread(host).chain().board().find(id, name);
    if (!text)
      throw AbiError(TENON_E_NOT_FOUND, "nothing is published at " + std::string(id) + "/" + std::string(name));
    *json = to_text(*text);
  });
}

}  // namespace

const tenon_board board_service{sizeof(tenon_board), 0, publish, read};

}  // namespace tenon::chain
