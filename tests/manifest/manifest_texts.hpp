// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Reading a manifest from a text, and the message with which it is refused.
#ifndef TENON_TESTS_MANIFEST_MANIFEST_TEXTS_HPP
#define TENON_TESTS_MANIFEST_MANIFEST_TEXTS_HPP

#include <string>
#include <string_view>
#include <vector>

#include "manifest/manifest.hpp"

namespace tenon::manifest {

inline Manifest from_text(std::string_view text, const std::vector<std::string>& sets = {}) {
  return read_text(text, "run.json", sets);
}

struct Refusal {
  ExitCode code = ExitCode::ok;
  std::string text;
};

/// What `action` is refused with; ExitCode::ok and "" where it is not.
template <class Action>
Refusal refusal(Action&& action) {
  try {
    action();
  } catch (const Failure& failure) {
    return {failure.code(), failure.what()};
  }
  return {};
}

/// Why a text is refused as a manifest (ExitCode::manifest); "" where it is not.
inline std::string refused(std::string_view text, const std::vector<std::string>& sets = {}) {
  const Refusal given = refusal([&] { from_text(text, sets); });
  return given.code == ExitCode::ok || given.code == ExitCode::manifest
             ? given.text
             : "exit code " + std::to_string(static_cast<int>(given.code)) + ": " + given.text;
}

}  // namespace tenon::manifest

#endif
