// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_MANIFEST_READ_TRAINER_HPP
#define TENON_MANIFEST_READ_TRAINER_HPP

#include <boost/json/object.hpp>
#include <vector>

#include <tenon/trainer_options.hpp>
#include "manifest/fit_schema.hpp"

namespace tenon::manifest {

/// The trainer's options from an object that fits the manifest's schema, defaults included. `max_epochs` gets its
/// default here, because it depends on `max_steps`. Complaints are about options that contradict each other; their
/// pointers begin at the trainer.
TrainerOptions read_trainer(boost::json::object& trainer, std::vector<Complaint>& complaints);

}  // namespace tenon::manifest

#endif
