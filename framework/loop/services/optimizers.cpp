// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "chain/abi.hpp"
#include "loop/services/services.hpp"

namespace tenon::loop {

namespace {

using chain::AbiError;
using chain::from_text;
using chain::guard;

/// Throws with `status` where there is none to look at.
OptimizerInfo find_optimizer(const Caller& c, std::uint32_t optimizer, tenon_status status = TENON_E_NOT_FOUND) {
  if (!c.services.fit_started) throw AbiError(status, "there are no optimizers before on_fit_start");
  if (const auto info = c.services.engine->optimizer_info(optimizer)) return *info;
  throw AbiError(status, "there is no optimizer " + std::to_string(optimizer));
}

OptimizerInfo find_group(const Caller& c, std::uint32_t optimizer, std::uint32_t group,
                         tenon_status status = TENON_E_NOT_FOUND) {
  const OptimizerInfo info = find_optimizer(c, optimizer, status);
  if (group < info.groups) return info;
  throw AbiError(status, "optimizer '" + std::string(info.name) + "' has no group " + std::to_string(group) +
                             "; it has " + std::to_string(info.groups));
}

std::uint32_t find_option(const Caller& c, std::uint32_t optimizer, const OptimizerInfo& info, std::string_view name,
                          tenon_status status) {
  std::string known;
  for (std::uint32_t i = 0;; ++i) {
    const std::string_view one = c.services.engine->optimizer_option_name(optimizer, i);
    if (one.empty()) break;
    if (one == name) return i;
    known += (i == 0 ? "" : ", ") + std::string(one);
  }
  throw AbiError(status, "optimizer '" + std::string(info.name) + "', of type " + std::string(info.type) +
                             ", has no setting '" + std::string(name) + "'; it has " +
                             (known.empty() ? "none" : known));
}

std::uint32_t TENON_CALL count(const tenon_host* host) {
  try {
    const Caller c = on_loop_thread(host);
    const bool any = c.services.fit_started && c.services.engine->optimizer_info(0);
    return any ? c.services.engine->facts().optimizers : 0;
  } catch (...) {
    return 0;
  }
}

tenon_status TENON_CALL info(const tenon_host* host, std::uint32_t optimizer, tenon_optimizer_info* out,
                             tenon_error* error) {
  return guard(error, [&] {
    const OptimizerInfo found = find_optimizer(on_loop_thread(host), optimizer);
    tenon_optimizer_info i{};
    i.struct_size = sizeof i;
    i.groups = found.groups;
    i.name = chain::to_text(found.name);
    i.type = chain::to_text(found.type);
    i.scheduler = chain::to_text(found.scheduler);
    i.steps = found.steps;
    chain::fill_sized(out, i);
  });
}

tenon_status TENON_CALL option_name(const tenon_host* host, std::uint32_t optimizer, std::uint32_t group,
                                    std::uint32_t index, tenon_text* out, tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    find_group(c, optimizer, group);
    const std::string_view name = c.services.engine->optimizer_option_name(optimizer, index);
    if (name.empty()) throw AbiError(TENON_E_NOT_FOUND, "there is no setting " + std::to_string(index));
    *out = chain::to_text(name);
  });
}

tenon_status TENON_CALL option(const tenon_host* host, std::uint32_t optimizer, std::uint32_t group, tenon_text name,
                               double* out, tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    const OptimizerInfo found = find_group(c, optimizer, group);
    const std::uint32_t index = find_option(c, optimizer, found, from_text(name), TENON_E_NOT_FOUND);
    *out = c.services.engine->optimizer_option(optimizer, group, index);
  });
}

tenon_status TENON_CALL parameters(const tenon_host* host, std::uint32_t optimizer, std::uint32_t group,
                                   tenon_tensor* out, std::uint64_t capacity, std::uint64_t* written,
                                   tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    find_group(c, optimizer, group);
    const std::vector<std::uint64_t> all = c.services.engine->optimizer_parameters(optimizer, group);
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(all.size(), capacity); ++i)
      out[i] = TensorTable::engine_handle(TENON_TENSORS_PARAMETERS, all[i]);
    if (written) *written = all.size();
  });
}

tenon_status TENON_CALL set_option(const tenon_host* host, std::uint32_t optimizer, std::uint32_t group,
                                   tenon_text name, double value, tenon_text reason, tenon_ticket* ticket,
                                   tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    const OptimizerInfo found = find_group(c, optimizer, group, TENON_E_INVALID_ARGUMENT);
    const std::uint32_t index = find_option(c, optimizer, found, from_text(name), TENON_E_INVALID_ARGUMENT);
    const std::string refusal = c.services.engine->optimizer_option_refusal(optimizer, index, value);
    if (!refusal.empty())
      throw AbiError(TENON_E_INVALID_ARGUMENT, "optimizer '" + std::string(found.name) + "': " + refusal);
    const tenon_ticket made =
        c.services.requests->option({0, &c.callback, optimizer, group, index, value, std::string(from_text(reason))});
    if (ticket) *ticket = made;
  });
}

}  // namespace

const tenon_optimizers optimizers_service{
    sizeof(tenon_optimizers), 0, &count, &info, &option_name, &option, &parameters, &set_option};

}  // namespace tenon::loop
