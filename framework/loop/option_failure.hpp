// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_LOOP_OPTION_FAILURE_HPP
#define TENON_LOOP_OPTION_FAILURE_HPP

#include <string>
#include <tenon/failure.hpp>

namespace tenon::loop {

/// An option of the trainer that does not go with the task or its data (ExitCode::manifest). Who knows where it was
/// given says so.
class OptionFailure : public Failure {
 public:
  /// `what()` is the option's name and, behind a blank, why.
  OptionFailure(const std::string& option, const std::string& why)
      : Failure(ExitCode::manifest, option + " " + why), option_(option) {}
  /// "limit_train_batches"
  const std::string& option() const noexcept { return option_; }

 private:
  std::string option_;
};

}  // namespace tenon::loop

#endif
