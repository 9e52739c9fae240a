// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The recorded cases of when the loop may stop: a callback asks for it at the recorded moment.
#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include "behaviour_case.hpp"
#include "loop/loop_fixture.hpp"

namespace conformance_test {

namespace {

using namespace tenon;
using tests::LoopFixture;
using tests::Probe;
using tests::TestEngine;

std::uint64_t given(const json::object& of, const char* key, std::uint64_t otherwise = 0) {
  const json::value* n = of.if_contains(key);
  return n && !n->is_null() ? n->to_number<std::uint64_t>() : otherwise;
}

/// The step at which the run ends.
std::uint64_t end_of(const json::object& options, const json::object& asked_at) {
  TestEngine engine(given(options, "batches_per_epoch"));
  LoopFixture run(engine, "stops");
  run.options.max_epochs = given(options, "max_epochs", 20);
  run.options.min_epochs = given(options, "min_epochs");
  run.options.min_steps = given(options, "min_steps");
  Probe& probe = run.probe("asks");
  const auto ask = [&probe](const void*) { Run(Host(probe.host)).request_stop("as recorded"); };
  const std::uint64_t step = given(asked_at, "global_step");
  if (asked_at.contains("epochs_processed"))
    probe.on[TENON_HOOK(on_train_epoch_end)] = [=](const void* args) {
      if (static_cast<const tenon_event_args*>(args)->progress->step == step) ask(args);
    };
  else
    probe.on[TENON_HOOK(on_train_batch_end)] = [=](const void* args) {
      if (static_cast<const tenon_batch_args*>(args)->progress->step == step) ask(args);
    };
  return run.run().steps;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_stop_waits_for_min_epochs_and_min_steps_as_recorded) {
  std::size_t tried = 0;
  for (const json::object& recorded : recorded_stops()) {
    const json::object& options = recorded.at("options").as_object();
    const json::object& at = recorded.at("metric_sequence").as_array().at(0).at("state").as_object();
    const std::uint64_t step = given(at, "global_step");
    const bool may_stop = recorded.at("expected").at("may_stop_now").as_bool();
    const std::uint64_t allowed =
        std::max(given(options, "min_epochs") * given(options, "batches_per_epoch"), given(options, "min_steps"));
    BOOST_CHECK_MESSAGE(end_of(options, at) == (may_stop ? step : allowed), recorded.at("id").as_string());
    BOOST_CHECK(may_stop || allowed > step);
    ++tried;
  }
  BOOST_CHECK_EQUAL(tried, 8u);
}

}  // namespace conformance_test
