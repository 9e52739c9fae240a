// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Two kinds in one library; the first declares each hook there is.
#include <tenon/plugin.hpp>

namespace {

constexpr bool is_decision(const char* hook) { return hook[0] == 'd'; }

template <bool Decision>
auto answer() {
  if constexpr (Decision) return tenon::Verdict::allow();
}

class EveryHook {
 public:
  static constexpr const char* id = "org.example.every_hook";
  static constexpr const char* name = "every_hook";
  static constexpr const char* version = "0.1.0";
  static constexpr const char* description = "Counts \"calls\"";
  static constexpr const char* license = "Apache-2.0";

  explicit EveryHook(tenon::Host) {}
#define COUNT(hook, args)                \
  auto hook(const args&) {               \
    ++calls_;                            \
    return answer<is_decision(#hook)>(); \
  }
  TENON_HOOKS_1_0(COUNT)
#undef COUNT

 private:
  std::uint64_t calls_ = 0;
};

class Silent {
 public:
  static constexpr const char* id = "org.example.silent";
  static constexpr const char* name = "silent";
  static constexpr const char* version = "0.1.0";
  static constexpr const char* description = "Listens to nothing";
  static constexpr const char* license = "Apache-2.0";
  explicit Silent(tenon::Host) {}
};

}  // namespace

TENON_PLUGINS(EveryHook, Silent);
