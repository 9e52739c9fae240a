// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a plan says: the reasons that replay, the log and the account print.
#include <cmath>

#include "numbers.hpp"
#include "save_plan.hpp"

namespace tenon::policy {

std::string SavePlan::words_of(double value) const { return options_.metric + " " + readable(value); }

std::string SavePlan::entering_reason(double value) const {
  const std::string what = words_of(value);
  if (options_.keep < 0) return what + "; all are kept";
  if (!std::isfinite(value)) return what + " is not finite; it is kept until there is a better one";
  if (options_.keep == 1) return what + " is the best so far";
  return what + " enters the best " + std::to_string(options_.keep);
}

std::string SavePlan::staying_out_reason(double value) const {
  const std::string what = words_of(value);
  if (!best_.passes_bar(value))
    return what + " is not better than the initial_value_threshold " + readable(*options_.initial_value_threshold);
  if (!std::isfinite(value)) return what + " is not finite and never displaces a checkpoint";
  const Entry* worst = best_.worst();
  const std::string bar = worst ? readable(worst->score) : "none";
  return what + " is not better than " + bar +
         (options_.keep > 1 ? ", the worst of the best " + std::to_string(options_.keep) : ", the best so far");
}

std::string SavePlan::leaving_reason() const {
  if (!options_.goal) return "replaced by a newer one";
  if (options_.keep == 1) return "replaced by a better one";
  return "no longer among the best " + std::to_string(options_.keep);
}

std::string SavePlan::nothing_to_decide_by(std::uint64_t step) const {
  return "nothing to decide by: " + options_.metric + " was not measured at step " + std::to_string(step) +
         ", and an older value belongs to other weights";
}

/// By hand, or by this very run, where it had gone on before it was killed and is resumed from an older state.
std::string SavePlan::words_of_deleted(std::size_t count, Ticket best_before) const {
  const std::string what =
      count == 1
          ? "1 checkpoint that was kept in the state resumed from is no longer on disk"
          : std::to_string(count) + " checkpoints that were kept in the state resumed from are no longer on disk";
  const Entry* best = best_.best();
  if (!options_.goal || !best_before || (best && best->ticket == best_before)) return what;
  return what + ", the best among them; " +
         (best ? "the best is now " + words_of(best->score) : "there is no best now");
}

/// A mode that is wrong keeps the first k, whatever comes.
void SavePlan::warn_of_doubtful_mode() {
  constexpr std::uint64_t enough = 3;
  if (!options_.goal || options_.keep <= 0 || !only_worse_) return;
  if (*only_worse_ < static_cast<std::uint64_t>(options_.keep) + enough) return;
  actions_.warn("each of the " + std::to_string(*only_worse_) + " values of " + options_.metric +
                " was worse than the one before, so that the first " +
                (options_.keep == 1 ? "is" : std::to_string(options_.keep) + " are") + " kept: is \"mode\": \"" +
                (*options_.goal == Goal::minimize ? "min" : "max") + "\" what you mean?");
}

}  // namespace tenon::policy
