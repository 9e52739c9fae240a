// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>
#include <string>
#include <tenon/schedulers.hpp>

namespace tenon {

namespace {

using Functions = std::vector<std::function<double(std::int64_t)>>;

void check(const char* scheduler, const Functions& functions) {
  bool all = !functions.empty();
  for (const auto& function : functions) all = all && function;
  if (!all)
    throw std::invalid_argument(std::string(scheduler) +
                                ": lr_lambda is empty; give a function of the epoch, or one for each parameter group");
}

void spread(const char* scheduler, Functions& functions, std::size_t groups) {
  if (functions.size() == 1) functions.resize(groups, functions.front());
  if (functions.size() != groups)
    throw std::invalid_argument(std::string(scheduler) + ": lr_lambda has " + std::to_string(functions.size()) +
                                " functions, but the optimizer has " + std::to_string(groups) +
                                " parameter groups; give one function for all of them, or one for each");
}

}  // namespace

LambdaLR::LambdaLR(Options options) : options_(std::move(options)) { check(name(), options_.lr_lambda); }

void LambdaLR::prepare() { spread(name(), options_.lr_lambda, optimizer().groups()); }

double LambdaLR::next_lr(std::size_t group) { return base_lr(group) * options_.lr_lambda[group](last_epoch()); }

MultiplicativeLR::MultiplicativeLR(Options options) : options_(std::move(options)) {
  check(name(), options_.lr_lambda);
}

void MultiplicativeLR::prepare() { spread(name(), options_.lr_lambda, optimizer().groups()); }

double MultiplicativeLR::next_lr(std::size_t group) {
  const double lr = optimizer().lr(group);
  return initial() ? lr : lr * options_.lr_lambda[group](last_epoch());
}

}  // namespace tenon
