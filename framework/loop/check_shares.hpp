// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_LOOP_CHECK_SHARES_HPP
#define TENON_LOOP_CHECK_SHARES_HPP

#include "loop/engine.hpp"

namespace tenon::loop {

/// Throws OptionFailure where a limit is a share of data whose length is not known, or a share that
/// leaves not one of a loader's batches: nothing would be trained or validated, without a word.
void check_shares(const EngineFacts& facts, const TrainerOptions& options);
/// The same for the data of one evaluation stage.
void check_shares(const EngineFacts& facts, const TrainerOptions& options, Stage stage);

}  // namespace tenon::loop

#endif
