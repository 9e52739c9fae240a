// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The end-of-run account for a person: what each callback saved, removed, skipped, and why.
#ifndef TENON_LOOP_ACCOUNT_HPP
#define TENON_LOOP_ACCOUNT_HPP

#include <boost/json/object.hpp>
#include <filesystem>
#include <string>
#include <string_view>

#include "loop/run_facts.hpp"

namespace tenon::loop {

/// "finished", "stopped", "failed" or "interrupted" for a TENON_END_*.
std::string_view end_name(std::int32_t reason);
/// Whether the host itself says this of a callback; what the callback publishes under such a key is left out.
bool is_hosts_own(std::string_view key);
/// Relative to the run's folder where it lies in it, else as it is.
std::string relative_to_run(const RunFacts& facts, const std::filesystem::path& path);
/// Several lines, made from the summary (Fit::summary).
std::string account_text(const boost::json::object& summary);

}  // namespace tenon::loop

#endif
