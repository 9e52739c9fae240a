// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <tenon/services/transforms.h>

#include <boost/json/parse.hpp>
#include <string>
#include <vector>

#include "chain/abi.hpp"
#include "chain/callback.hpp"
#include "chain/chain.hpp"
#include "chain/services/services.hpp"
#include "tenon/did_you_mean.hpp"
#include "tenon/json_text.hpp"

namespace tenon::chain {

Transform* Chain::find_transform(const Callback& user, std::string_view name) {
  std::vector<Transform*> meant;
  std::vector<std::string> known;
  for (const auto& callback : callbacks_) {
    for (Transform& transform : callback->transforms()) {
      if (&user == callback.get() && transform.name == name) return &transform;
      if (callback->disabled()) continue;
      if (transform.name == name || qualified_name(transform) == name) meant.push_back(&transform);
      known.push_back(qualified_name(transform));
    }
  }
  if (meant.size() == 1) return meant.front();
  if (meant.empty())
    throw AbiError(TENON_E_INVALID_ARGUMENT, "nobody offers a transform '" + std::string(name) + "'" +
                                                 (known.empty() ? ", or any other" : did_you_mean(name, known)));
  std::string text;
  for (const Transform* transform : meant) text += (text.empty() ? "'" : "' or '") + qualified_name(*transform);
  throw AbiError(TENON_E_INVALID_ARGUMENT,
                 "several callbacks offer a transform '" + std::string(name) + "'; write " + text + "'");
}

std::string Chain::transform_options(const Callback& user, const Transform& transform,
                                     std::string_view options_json) const {
  const std::string where = "transform '" + qualified_name(transform) + "' asked for by callback '" + user.id() + "'";
  boost::system::error_code problem;
  if (options_json.empty()) options_json = "{}";
  boost::json::value options =
      boost::json::parse(boost::json::string_view(options_json.data(), options_json.size()), problem);
  if (problem) throw AbiError(TENON_E_INVALID_ARGUMENT, where + ": its options are not JSON: " + problem.message());
  if (!options.is_object()) throw AbiError(TENON_E_INVALID_ARGUMENT, where + ": its options are not a JSON object");
  if (transform.options_schema.is_null()) {
    if (!options.get_object().empty()) throw AbiError(TENON_E_INVALID_ARGUMENT, where + ": it takes no options");
  } else if (options_check_) {
    try {
      options_check_(options.get_object(), transform.options_schema, where);
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& x) {
      throw AbiError(TENON_E_INVALID_ARGUMENT, x.what());
    }
  }
  return json_text(options);
}

namespace {

tenon_status TENON_CALL offer(const tenon_host* host, const tenon_transform* theirs, tenon_error* error) noexcept {
  return guard(error, [&] {
    Callback& caller = caller_on_loop_thread(host);
    if (caller.chain().set_up())
      throw AbiError(TENON_E_WRONG_STATE, "a transform can be offered until on_setup returns, not later");
    const tenon_transform table = read_sized(theirs);
    const std::string name(from_text(table.name));
    if (name.empty() || name.find('/') != std::string::npos)
      throw AbiError(TENON_E_INVALID_ARGUMENT, "'" + name + "' cannot name a transform: give one without '/'");
    if (!table.prepare || !table.apply || !table.destroy_job)
      throw AbiError(TENON_E_INVALID_ARGUMENT, "transform '" + name + "' needs prepare, apply and destroy_job");
    for (const Transform& other : caller.transforms())
      if (other.name == name)
        throw AbiError(TENON_E_INVALID_ARGUMENT, "transform '" + name + "' is offered by this callback already");

    boost::json::value schema;
    if (const std::string_view text = from_text(table.options_schema); !text.empty()) {
      boost::system::error_code problem;
      schema = boost::json::parse(boost::json::string_view(text.data(), text.size()), problem);
      if (problem || !schema.is_object())
        throw AbiError(TENON_E_INVALID_ARGUMENT, "the options schema of transform '" + name + "' is not a JSON object");
    }
    caller.transforms().push_back({&caller, name, table, std::move(schema)});
  });
}

tenon_status TENON_CALL hold(const tenon_host* host, const void* snapshot, tenon_tensor tensor, tenon_tensor* out,
                             tenon_error* error) noexcept {
  return guard(error, [&] {
    Callback& caller = caller_on_loop_thread(host);
    if (!snapshot) throw AbiError(TENON_E_INVALID_ARGUMENT, "no snapshot: pass the one of prepare()'s arguments");
    *out = caller.chain().provider().hold(caller, snapshot, tensor);
  });
}

tenon_status TENON_CALL check(const tenon_host* host, tenon_text name, tenon_text options_json,
                              tenon_error* error) noexcept {
  return guard(error, [&] {
    Callback& caller = caller_on_loop_thread(host);
    Chain& chain = caller.chain();
    if (!chain.set_up())
      throw AbiError(TENON_E_WRONG_STATE,
                     "a transform can be checked from on_fit_start on: until then others may still offer theirs");
    chain.transform_options(caller, *chain.find_transform(caller, from_text(name)), from_text(options_json));
  });
}

}  // namespace

const tenon_transforms transforms_service{sizeof(tenon_transforms), 0, offer, hold, check};

}  // namespace tenon::chain
