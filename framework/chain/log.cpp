// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "chain/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <string>

#include "tenon/harmless_text.hpp"

namespace tenon::chain {
namespace {

constexpr spdlog::level::level_enum level_of(tenon_log_level level) noexcept {
  return static_cast<spdlog::level::level_enum>(std::clamp<tenon_log_level>(level, TENON_LOG_TRACE, TENON_LOG_ERROR));
}

// Never destroyed: plugins may log until the very end of the process.
spdlog::logger& logger() {
  static spdlog::logger& only = *[] {
    auto made = std::make_unique<spdlog::logger>("tenon", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    made->set_pattern("%^%l:%$ %v");
    made->flush_on(spdlog::level::trace);
    return made.release();
  }();
  return only;
}

}  // namespace

void log(tenon_log_level level, std::string_view who, std::string_view text) noexcept try {
  if (!logger().should_log(level_of(level))) return;
  const std::string line = terminal_text(who.empty() ? std::string(text) : std::string(who) + ": " + std::string(text));
  logger().log(level_of(level), "{}", spdlog::string_view_t(line.data(), line.size()));
} catch (...) {
  // A message that cannot be written is not worth a training run.
}

bool log_enabled(tenon_log_level level) noexcept try { return logger().should_log(level_of(level)); } catch (...) {
  return false;
}

void set_log_level(tenon_log_level level) noexcept try { logger().set_level(level_of(level)); } catch (...) {
  // Only the first use can throw, for want of memory; the level then stays as it is.
}

}  // namespace tenon::chain
