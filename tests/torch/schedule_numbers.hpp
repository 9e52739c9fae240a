// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Parameter groups that are nothing but numbers, and the schedules that PyTorch's recordings name.
#ifndef TENON_TESTS_TORCH_SCHEDULE_NUMBERS_HPP
#define TENON_TESTS_TORCH_SCHEDULE_NUMBERS_HPP

#include <boost/json.hpp>
#include <memory>
#include <tenon/schedulers.hpp>
#include <vector>

namespace tenon::tests {

class NumberGroups final : public ScheduledOptimizer {
 public:
  explicit NumberGroups(std::vector<double> lr, bool with_momentum = true)
      : lrs(std::move(lr)), momentums(lrs.size(), 0.0), with_momentum_(with_momentum) {}
  std::size_t groups() const override { return lrs.size(); }
  double lr(std::size_t group) const override { return lrs.at(group); }
  void set_lr(std::size_t group, double value) override { lrs.at(group) = value; }
  bool has_momentum() const override { return with_momentum_; }
  double momentum(std::size_t group) const override { return momentums.at(group); }
  void set_momentum(std::size_t group, double value) override { momentums.at(group) = value; }

  std::vector<double> lrs, momentums;

 private:
  bool with_momentum_;
};

/// The schedule that {"kind", "options", "schedulers"?} of schedules.json describes.
std::shared_ptr<Scheduler> make_recorded(const boost::json::object& spec);

/// The cases of a file in tests/conformance/pytorch.
boost::json::array recorded_cases(const char* file);

}  // namespace tenon::tests

#endif
