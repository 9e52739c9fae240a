// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a saver says: the reasons that replay, the log and the account print.
#include <cmath>

#include "numbers.hpp"
#include "saver.hpp"

namespace tenon::policy {

std::string Saver::entering_reason(double value) const {
  const std::string what = monitor_->name + " " + readable(value);
  if (keep_ < 0) return what + "; all are kept";
  if (!std::isfinite(value)) return what + " is kept until there is a better one";
  if (keep_ == 1) return what + " is the best so far";
  return what + " enters the best " + std::to_string(keep_);
}

std::string Saver::staying_out_reason(double value) const {
  const std::string what = monitor_->name + " " + readable(value);
  if (std::isnan(value)) return what + " never displaces a checkpoint";
  const Entry* worst = best_.worst();
  const std::string bar = worst ? readable(worst->score) : "none";
  return what + " is not better than " + bar +
         (keep_ > 1 ? ", the worst of the best " + std::to_string(keep_) : ", the best so far");
}

std::string Saver::leaving_reason() const {
  if (!monitor_) return "replaced by a newer one";
  if (keep_ == 1) return "replaced by a better one";
  return "no longer among the best " + std::to_string(keep_);
}

std::string Saver::nothing_to_decide_by(const tenon_progress& progress) const {
  return "nothing to decide by: " + monitor_->name + " was not measured at step " + std::to_string(progress.step) +
         ", and an older value belongs to other weights";
}

void Saver::warn_of_what_cannot_happen() {
  if (keep_ == 0)
    run_.warn(keeps_last_ ? "save_top_k is 0: nothing but last is kept"
                          : "save_top_k is 0 and save_last is false: nothing will be saved");
  if (!triggers_.any()) {
    run_.warn(keeps_last_ ? "every trigger is 0: only last is saved, at the end of the run"
                          : "every trigger is 0: nothing will be saved");
    return;
  }
  if (const auto why = triggers_.never_fires(facts_.reachable_epochs, facts_.reachable_steps)) run_.warn(*why);
  if (triggers_.by_epochs() && !at_train_epoch_end_ && !facts_.has_validation)
    run_.warn(
        "it acts at the end of a validation, and this run has none: set save_on_train_epoch_end to true, or leave it "
        "out");
}

}  // namespace tenon::policy
