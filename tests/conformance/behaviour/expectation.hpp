// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What is expected of a case, in one form for all systems. Each key may be missing, then it is not looked at:
//   files      names of the checkpoints at the end, those that `last` alone holds left out
//   content    {file: [epoch, step]}
//   actions    ["save a.ckpt", "remove a.ckpt"], of all runs, the same left out
//   last_step  of the state that `last` points at; null: there is none
//   best       [file, score]
//   early_stopping  wait_count, best_score, stopped_epoch, stopping_reason; of several callbacks those that have
//   stopped epochs, steps, validations   of the last run error      a part of the message with which the last run fails
//   or is refused warned     a part of a warning, or of the reason of a skip, in any account of the last run
//   weights_step    the step whose weights the model ends with
#ifndef TENON_TESTS_CONFORMANCE_EXPECTATION_HPP
#define TENON_TESTS_CONFORMANCE_EXPECTATION_HPP

#include "behaviour_case.hpp"

namespace conformance_test {

/// Of a recorded case; what better.json says of it counts more.
json::object expectation_of(const json::object& recorded);
/// Ids that better.json speaks of.
std::vector<std::string> ids_with_better();

}  // namespace conformance_test

#endif
