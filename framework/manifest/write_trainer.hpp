// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_MANIFEST_WRITE_TRAINER_HPP
#define TENON_MANIFEST_WRITE_TRAINER_HPP

#include <boost/json/object.hpp>

#include <tenon/trainer_options.hpp>

namespace tenon::manifest {

/// The manifest's `trainer` object that read_trainer() reads as these options; max_epochs is left out where neither
/// limit is given, so that its default counts.
boost::json::object write_trainer(const TrainerOptions& options);

}  // namespace tenon::manifest

#endif
