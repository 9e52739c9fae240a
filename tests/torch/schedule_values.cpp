// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Every schedule against what PyTorch's of the same name did (tests/conformance/pytorch/record.py).
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

#include "checkpoint/json.hpp"
#include "schedule_numbers.hpp"

namespace json = boost::json;

namespace tenon::tests {

namespace {

class Options {
 public:
  explicit Options(const json::object& from) : from_(from) {}
  ~Options() { BOOST_CHECK_EQUAL(used_, from_.size()); }
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  void operator()(const char* name, double& to) {
    if (const json::value* v = find(name)) to = v->to_number<double>();
  }
  void operator()(const char* name, std::int64_t& to) {
    if (const json::value* v = find(name)) to = v->to_number<std::int64_t>();
  }
  void operator()(const char* name, bool& to) {
    if (const json::value* v = find(name)) to = v->as_bool();
  }
  void operator()(const char* name, std::vector<std::int64_t>& to) {
    if (const json::value* v = find(name)) to = json::value_to<std::vector<std::int64_t>>(*v);
  }
  void operator()(const char* name, PerGroup& to) {
    const json::value* v = find(name);
    if (v) to = v->is_array() ? PerGroup(json::value_to<std::vector<double>>(*v)) : PerGroup(v->to_number<double>());
  }
  /// Whether the option is given as this text.
  bool is(const char* name, const char* text) {
    const json::value* v = from_.if_contains(name);
    if (!v || v->as_string() != text) return false;
    ++used_;
    return true;
  }
  void operator()(const char* name, std::vector<std::function<double(std::int64_t)>>& to) {
    for (const json::value& function : find(name)->as_array()) {
      if (function.as_string() == "inverse")
        to.push_back([](std::int64_t epoch) { return 1.0 / static_cast<double>(1 + epoch); });
      else
        to.push_back([](std::int64_t epoch) { return epoch % 5 == 0 ? 0.5 : 1.0; });
    }
  }

 private:
  const json::value* find(const char* name) {
    const json::value* value = from_.if_contains(name);
    if (value) ++used_;
    return value;
  }
  const json::object& from_;
  std::size_t used_ = 0;
};

/// Only sums, products and quotients, which are the same everywhere; cosines and powers differ in their last digit from
/// one libm, and from one processor, to the other, and what is chained goes on from them.
bool exact(const json::object& spec) {
  const std::string kind(spec.at("kind").as_string());
  if (kind.starts_with("Cosine") || kind == "OneCycleLR" || kind == "PolynomialLR" || kind == "MultiStepLR")
    return false;
  if (const json::value* children = spec.if_contains("schedulers"))
    for (const json::value& child : children->as_array())
      if (!exact(child.as_object())) return false;
  return true;
}

double number(const json::value& value) {
  return value.is_string() ? std::numeric_limits<double>::quiet_NaN() : value.to_number<double>();
}

}  // namespace

std::shared_ptr<Scheduler> make_recorded(const json::object& spec) {
  const std::string kind(spec.at("kind").as_string());
  std::vector<std::shared_ptr<Scheduler>> children;
  if (const json::value* list = spec.if_contains("schedulers"))
    for (const json::value& child : list->as_array()) children.push_back(make_recorded(child.as_object()));
  Options given(spec.at("options").as_object());
  if (kind == "ConstantLR") {
    ConstantLR::Options options;
    given("factor", options.factor);
    given("total_iters", options.total_iters);
    return make_scheduler<ConstantLR>(options);
  }
  if (kind == "LinearLR") {
    LinearLR::Options options;
    given("start_factor", options.start_factor);
    given("end_factor", options.end_factor);
    given("total_iters", options.total_iters);
    return make_scheduler<LinearLR>(options);
  }
  if (kind == "StepLR") {
    StepLR::Options options;
    given("step_size", options.step_size);
    given("gamma", options.gamma);
    return make_scheduler<StepLR>(options);
  }
  if (kind == "MultiStepLR") {
    MultiStepLR::Options options;
    given("milestones", options.milestones);
    given("gamma", options.gamma);
    return make_scheduler<MultiStepLR>(options);
  }
  if (kind == "ExponentialLR") {
    ExponentialLR::Options options;
    given("gamma", options.gamma);
    return make_scheduler<ExponentialLR>(options);
  }
  if (kind == "PolynomialLR") {
    PolynomialLR::Options options;
    given("total_iters", options.total_iters);
    given("power", options.power);
    return make_scheduler<PolynomialLR>(options);
  }
  if (kind == "CosineAnnealingLR") {
    CosineAnnealingLR::Options options;
    given("T_max", options.T_max);
    given("eta_min", options.eta_min);
    return make_scheduler<CosineAnnealingLR>(options);
  }
  if (kind == "CosineAnnealingWarmRestarts") {
    CosineAnnealingWarmRestarts::Options options;
    given("T_0", options.T_0);
    given("T_mult", options.T_mult);
    given("eta_min", options.eta_min);
    return make_scheduler<CosineAnnealingWarmRestarts>(options);
  }
  if (kind == "LambdaLR") {
    LambdaLR::Options options;
    given("lr_lambda", options.lr_lambda);
    return make_scheduler<LambdaLR>(options);
  }
  if (kind == "MultiplicativeLR") {
    MultiplicativeLR::Options options;
    given("lr_lambda", options.lr_lambda);
    return make_scheduler<MultiplicativeLR>(options);
  }
  if (kind == "OneCycleLR") {
    OneCycleLR::Options options;
    given("max_lr", options.max_lr);
    given("total_steps", options.total_steps);
    given("epochs", options.epochs);
    given("steps_per_epoch", options.steps_per_epoch);
    given("pct_start", options.pct_start);
    if (given.is("anneal_strategy", "linear")) options.anneal_strategy = OneCycleLR::Anneal::linear;
    given("cycle_momentum", options.cycle_momentum);
    given("base_momentum", options.base_momentum);
    given("max_momentum", options.max_momentum);
    given("div_factor", options.div_factor);
    given("final_div_factor", options.final_div_factor);
    given("three_phase", options.three_phase);
    return make_scheduler<OneCycleLR>(options);
  }
  if (kind == "ReduceLROnPlateau") {
    ReduceLROnPlateau::Options options;
    if (given.is("mode", "max")) options.mode = ReduceLROnPlateau::Mode::max;
    given("factor", options.factor);
    given("patience", options.patience);
    given("threshold", options.threshold);
    if (given.is("threshold_mode", "abs")) options.threshold_mode = ReduceLROnPlateau::ThresholdMode::abs;
    given("cooldown", options.cooldown);
    given("min_lr", options.min_lr);
    given("eps", options.eps);
    return make_scheduler<ReduceLROnPlateau>(options);
  }
  if (kind == "ChainedScheduler") return make_scheduler<ChainedScheduler>({.schedulers = children});
  BOOST_REQUIRE_EQUAL(kind, "SequentialLR");
  SequentialLR::Options options{.schedulers = children};
  given("milestones", options.milestones);
  return make_scheduler<SequentialLR>(options);
}

json::array recorded_cases(const char* file) {
  std::ifstream in(std::string(TENON_SOURCE_DIR "/tests/conformance/pytorch/") + file);
  BOOST_REQUIRE(in);
  std::stringstream text;
  text << in.rdbuf();
  return checkpoint::parse_exactly(text.str()).at("cases").as_array();
}

}  // namespace tenon::tests

using namespace tenon;
using namespace tenon::tests;

BOOST_AUTO_TEST_SUITE(schedule_values)

BOOST_AUTO_TEST_CASE(learning_rates_and_momentum_are_those_of_pytorch) {
  std::size_t compared = 0;
  for (const json::value& one : recorded_cases("schedules.json")) {
    const json::object& recorded = one.as_object();
    const json::object& spec = recorded.at("scheduler").as_object();
    const double tolerance = exact(spec) ? 0.0 : 1e-12;
    NumberGroups groups(json::value_to<std::vector<double>>(recorded.at("lr")));
    const bool momentum = recorded.at("momentum").as_bool();
    const std::shared_ptr<Scheduler> scheduler = make_recorded(spec);
    const json::array& rows = recorded.at("rows").as_array();
    const json::object* change = nullptr;
    if (const json::value* given = recorded.if_contains("change")) change = &given->as_object();

    scheduler->attach(groups);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (row > 0) {
        if (change && change->at("before").to_number<std::size_t>() == row - 1)
          groups.lrs = json::value_to<std::vector<double>>(change->at("lr"));
        if (scheduler->monitors())
          scheduler->step(number(recorded.at("metric").as_array()[row - 1]));
        else
          scheduler->step();
      }
      std::vector<double> got = groups.lrs;
      if (momentum) got.insert(got.end(), groups.momentums.begin(), groups.momentums.end());
      const auto wanted = json::value_to<std::vector<double>>(rows[row]);
      BOOST_REQUIRE_EQUAL(got.size(), wanted.size());
      for (std::size_t i = 0; i < got.size(); ++i, ++compared) {
        const std::string where(recorded.at("name").as_string());
        BOOST_CHECK_MESSAGE(
            std::abs(got[i] - wanted[i]) <= tolerance * std::abs(groups.initial_lr(i % groups.groups())),
            where << ", step " << row << ", value " << i << ": " << got[i] << " instead of " << wanted[i]);
      }
      BOOST_CHECK(scheduler->last_lr() == groups.lrs);
    }
  }
  BOOST_CHECK_GT(compared, 2000u);
}

BOOST_AUTO_TEST_CASE(a_state_that_was_saved_and_loaded_goes_on_with_the_same_values) {
  for (const json::value& one : recorded_cases("schedules.json")) {
    const json::object& recorded = one.as_object();
    const json::object& spec = recorded.at("scheduler").as_object();
    const auto lrs = json::value_to<std::vector<double>>(recorded.at("lr"));
    const std::size_t steps = recorded.at("rows").as_array().size() - 1;
    const auto step = [&](Scheduler& scheduler, std::size_t i) {
      if (scheduler.monitors())
        scheduler.step(number(recorded.at("metric").as_array()[i]));
      else
        scheduler.step();
    };
    for (const std::size_t saved_after : {std::size_t{0}, steps / 3, steps - 2}) {
      NumberGroups groups(lrs);
      const auto scheduler = make_recorded(spec);
      scheduler->attach(groups);
      for (std::size_t i = 0; i < saved_after; ++i) step(*scheduler, i);
      const std::string text = checkpoint::canonical_json(scheduler->state());

      NumberGroups resumed(lrs);
      const auto fresh = make_recorded(spec);
      fresh->attach(resumed);
      fresh->load_state(checkpoint::parse_exactly(text).as_object());
      resumed.lrs = groups.lrs;  // an optimizer's own state
      resumed.momentums = groups.momentums;
      BOOST_CHECK_EQUAL(checkpoint::canonical_json(fresh->state()), text);
      for (std::size_t i = saved_after; i < steps; ++i) {
        step(*scheduler, i);
        step(*fresh, i);
        BOOST_REQUIRE_MESSAGE(resumed.lrs == groups.lrs && resumed.momentums == groups.momentums,
                              recorded.at("name") << ", saved after " << saved_after << ", step " << i);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
