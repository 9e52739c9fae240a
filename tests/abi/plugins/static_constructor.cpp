// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a plugin should not do: a variable that is made when the library is loaded. The control of the test of that.
#include <cstdlib>
#include <tenon/plugin.hpp>

namespace {

const int seed = std::atoi("7");

class Early {
 public:
  static constexpr const char* id = "org.example.early";
  static constexpr const char* name = "early";
  static constexpr const char* version = "0.1.0";
  static constexpr const char* description = "Has a static constructor";
  static constexpr const char* license = "Apache-2.0";
  explicit Early(tenon::Host host) { host.info(std::to_string(seed)); }
};

}  // namespace

TENON_PLUGINS(Early);
