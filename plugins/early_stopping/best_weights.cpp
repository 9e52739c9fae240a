// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "best_weights.hpp"

#include <utility>

#include "policy/numbers.hpp"
#include "policy/run_path.hpp"

using tenon::policy::readable;

void BestWeightsState::put(tenon::StateWriter& out) const {
  out.put(step).put(value).put(keep).put(keeps_step).put(kept_step).put(restore);
}

BestWeightsState BestWeightsState::get(tenon::StateReader& in) {
  BestWeightsState state;
  state.step = in.get<std::uint64_t>();
  state.value = in.get<double>();
  state.keep = in.get<tenon_ticket>();
  state.keeps_step = in.get<std::uint64_t>();
  state.kept_step = in.get<std::uint64_t>();
  state.restore = in.get<tenon_ticket>();
  return state;
}

bool BestWeights::are_better(double value, tenon::policy::Goal goal) const noexcept {
  return state_.step == 0 || tenon::policy::improves(goal, value, state_.value);
}

void BestWeights::remember(std::uint64_t step, const std::string& metric, double value, bool may_be_restored) {
  state_.step = step;
  state_.value = value;
  if (!may_be_restored) return;
  state_.keeps_step = step;
  state_.keep = checkpoints_.keep(metric + " " + readable(value) + " is the best so far");
}

void BestWeights::restore(std::uint64_t step, const std::string& metric) {
  if (state_.step == 0 || state_.step == step) return;
  const std::string what =
      "the weights of step " + std::to_string(state_.step) + ", where " + metric + " was " + readable(state_.value);
  for (const tenon_checkpoint& c : checkpoints_.list()) {
    const bool has_them = c.step == state_.step && (c.flags & TENON_CHECKPOINT_CONSISTENT) &&
                          !(c.flags & TENON_CHECKPOINT_TRANSFORMED) && c.holder_count > 0;
    if (has_them) return ask(what + ", from a checkpoint", tenon::view(c.path));
  }
  if (state_.kept_step == state_.step) return ask(what + ", as the host has kept them", {});
  run_.warn("the best weights are not put back: nothing has " + what);
}

void BestWeights::take_back() {
  if (const tenon_ticket asked = std::exchange(state_.restore, 0)) run_.withdraw(asked, "the run goes on");
}

void BestWeights::ask(const std::string& reason, std::string_view from) {
  try {
    state_.restore = checkpoints_.restore(TENON_RESTORE_MODEL, TENON_RESTORE_AT_END, reason, from);
  } catch (const tenon::Error& error) {
    run_.warn("the best weights are not put back: " + std::string(error.what()));
  }
}

void BestWeights::on_ticket(const tenon_ticket_args& args) {
  const bool done = args.outcome == TENON_TICKET_DONE;
  if (args.request == TENON_REQUEST_KEEP && args.ticket == state_.keep) {
    state_.keep = 0;
    if (done) state_.kept_step = state_.keeps_step;
  }
  if (args.request == TENON_REQUEST_RESTORE) {
    if (args.ticket == state_.restore) state_.restore = 0;
    if (done) restored_from_ = args.path.size ? tenon::policy::seen_from_run(host_, tenon::view(args.path)) : "memory";
  }
}
