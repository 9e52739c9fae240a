// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Which ABI the host shows to plugins. Always this version's, except in the tests that make the host look older or
// newer.
#ifndef TENON_CHAIN_ABI_MODEL_HPP
#define TENON_CHAIN_ABI_MODEL_HPP

#include <tenon/plugin.h>

#include <cstdint>
#include <functional>
#include <string_view>

namespace tenon::chain {

struct AbiModel {
  std::uint32_t abi_version = TENON_ABI_VERSION;
  /// How much of each struct this host knows, in bytes.
  std::uint32_t host_size = sizeof(tenon_host);
  std::uint32_t descriptor_size = sizeof(tenon_descriptor);
  std::uint32_t hooks_size = sizeof(tenon_hooks);
  /// Puts another table in place of a service's (shorter, longer, none); where it is empty, all are as they are.
  std::function<const void*(std::string_view id, const void* table)> service;
};

}  // namespace tenon::chain

#endif
