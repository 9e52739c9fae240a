// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What differs between the passes over evaluation data: their hooks, loaders and limits.
#ifndef TENON_LOOP_EVALUATION_HPP
#define TENON_LOOP_EVALUATION_HPP

#include <vector>

#include "chain/chain.hpp"
#include "loop/engine.hpp"
#include "loop/run_facts.hpp"

namespace tenon::loop {

struct EvaluationHooks {
  const char* stage;
  const char* end_name;
  std::uint32_t end_hook;
  void (chain::Chain::*start)(const tenon_event_args&);
  void (chain::Chain::*end)(const tenon_event_args&);
  void (chain::Chain::*batch_start)(const tenon_batch_args&);  ///< NULL: the sanity check tells nobody
  void (chain::Chain::*batch_end)(const tenon_batch_args&);
};

inline EvaluationHooks evaluation_hooks(Stage stage) {
  using chain::Chain;
  switch (stage) {
    case Stage::test:
      return {"test",
              "on_test_end",
              TENON_HOOK(on_test_end),
              &Chain::on_test_start,
              &Chain::on_test_end,
              &Chain::on_test_batch_start,
              &Chain::on_test_batch_end};
    case Stage::predict:
      return {"predict",
              "on_predict_end",
              TENON_HOOK(on_predict_end),
              &Chain::on_predict_start,
              &Chain::on_predict_end,
              &Chain::on_predict_batch_start,
              &Chain::on_predict_batch_end};
    case Stage::sanity:
      return {"sanity validation",
              "on_sanity_end",
              TENON_HOOK(on_sanity_end),
              &Chain::on_sanity_start,
              &Chain::on_sanity_end,
              nullptr,
              nullptr};
    default:
      return {"validation",
              "on_validation_end",
              TENON_HOOK(on_validation_end),
              &Chain::on_validation_start,
              &Chain::on_validation_end,
              &Chain::on_validation_batch_start,
              &Chain::on_validation_batch_end};
  }
}

inline const std::vector<std::uint64_t>& stage_batches(const EngineFacts& facts, Stage stage) {
  return stage == Stage::test      ? facts.test_batches
         : stage == Stage::predict ? facts.predict_batches
                                   : facts.validation_batches;
}

inline const BatchLimit& stage_limit(const TrainerOptions& options, Stage stage) {
  return stage == Stage::test      ? options.limit_test_batches
         : stage == Stage::predict ? options.limit_predict_batches
                                   : options.limit_val_batches;
}

/// Whether the limit leaves anything of the stage's data.
inline bool has_batches(const EngineFacts& facts, const TrainerOptions& options, Stage stage) {
  for (const std::uint64_t batches : stage_batches(facts, stage))
    if (limited(batches, stage_limit(options, stage)) > 0) return true;
  return false;
}

}  // namespace tenon::loop

#endif
