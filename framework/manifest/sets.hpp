// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// `--set path=value`: one value of the manifest from the command line.
#ifndef TENON_MANIFEST_SETS_HPP
#define TENON_MANIFEST_SETS_HPP

#include <boost/json/value.hpp>
#include <string>

#include "manifest/manifest.hpp"

namespace tenon::manifest {

/// Puts the value at its path ("trainer.max_epochs=3", "callbacks.best.config.save_top_k=5", a callback by id or by
/// index). The value is JSON, or text where it is not. Objects on the way are made; whether the schema knows them is
/// asked afterwards, and the origins then blame the --set. Throws Failure.
void apply_set(const std::string& set, boost::json::value& document, Origins& origins);

}  // namespace tenon::manifest

#endif
