// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Transforms that misbehave: the save that uses them is lost, with the transform's name, and nothing else.
#include <boost/test/unit_test.hpp>

#include "chain/abi.hpp"
#include "saves.hpp"

using namespace tenon;
using namespace tenon::tests;

namespace {

/// What the transform "odd" does; one test at a time.
struct Odd {
  std::string throws_in;  ///< the function that throws
  bool nothing_standard = false;
  std::string metadata = "{}";
  std::vector<std::int64_t> shape;  ///< that apply() asks room for
  tenon_status answer = TENON_OK;   ///< of allocate
  int destroyed = 0;
} odd;

void maybe_throw(const char* function) {
  if (odd.throws_in != function) return;
  if (odd.nothing_standard) throw 7;
  throw std::runtime_error("odd");
}

tenon_status TENON_CALL prepare(tenon_callback*, const tenon_prepare_args*, tenon_job**, tenon_error*) {
  maybe_throw("prepare");
  return TENON_OK;
}
tenon_status TENON_CALL apply(tenon_job*, const tenon_apply_args* args, tenon_error* error) {
  maybe_throw("apply");
  if (odd.shape.empty()) return args->out->emit(args->out, args->name, args->in, error);
  tenon_tensor room = 0;
  odd.answer = args->out->allocate(args->out, {TENON_DTYPE_FLOAT, 32, 1}, static_cast<std::int32_t>(odd.shape.size()),
                                   odd.shape.data(), &room, nullptr, error);
  if (odd.answer != TENON_OK) return odd.answer;
  return args->out->emit(args->out, args->name, room, error);
}
tenon_status TENON_CALL finish(tenon_job*, tenon_text* metadata, tenon_error*) {
  maybe_throw("finish");
  *metadata = text(odd.metadata);
  return TENON_OK;
}
void TENON_CALL destroy_job(tenon_job*) {
  ++odd.destroyed;
  maybe_throw("destroy_job");
}

tenon_save_request transformed(const std::vector<tenon_transform_use>& uses) {
  tenon_save_request r = Checkpoints::save(TENON_CHECKPOINT_WEIGHTS, "made", "because");
  Checkpoints::transforms(r, uses);
  return r;
}

/// A run of two steps that saves once through "odd"; answers how that ended.
std::vector<Ticket> save_through_odd() {
  odd.destroyed = 0;
  TestEngine engine(2);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  p.at_create = [&] {
    tenon_transform table{};
    table.struct_size = sizeof table;
    table.name = text("odd");
    table.prepare = &prepare;
    table.apply = &apply;
    table.finish = &finish;
    table.destroy_job = &destroy_job;
    Transforms(Host(p.host)).offer(table);
  };
  std::vector<Ticket> tickets;
  collect(p, tickets);
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 1) Checkpoints(Host(p.host)).request(transformed({{text("odd"), text("")}}));
  };
  BOOST_CHECK_EQUAL(run.run().reason, TENON_END_FINISHED);
  BOOST_REQUIRE_EQUAL(tickets.size(), 1u);
  return tickets;
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_exception_out_of_a_transform_loses_that_save_alone_and_names_the_transform) {
  for (const char* function : {"prepare", "apply", "finish"})
    for (const bool nothing_standard : {false, true}) {
      odd = {function, nothing_standard, "{}", {}, TENON_OK, 0};
      const std::vector<Ticket> tickets = save_through_odd();
      BOOST_CHECK_EQUAL(tickets[0].outcome, TENON_TICKET_FAILED);
      BOOST_CHECK_MESSAGE(
          tickets[0].reason.starts_with("transform 'odd' failed in " + std::string(function)) &&
              tickets[0].reason.find(nothing_standard ? "it threw something" : "it threw past its own barrier: odd") !=
                  std::string::npos,
          tickets[0].reason);
      BOOST_CHECK_EQUAL(odd.destroyed, std::string(function) == "prepare" ? 0 : 1);
    }
}

BOOST_AUTO_TEST_CASE(a_destroy_job_that_throws_costs_nothing_but_a_line_in_the_log) {
  for (const bool nothing_standard : {false, true}) {
    odd = {"destroy_job", nothing_standard, "{}", {}, TENON_OK, 0};
    BOOST_CHECK_EQUAL(save_through_odd()[0].outcome, TENON_TICKET_DONE);
  }
}

BOOST_AUTO_TEST_CASE(metadata_of_a_transform_that_is_no_object_is_refused_with_its_name) {
  odd = {"", false, "[1", {}, TENON_OK, 0};
  const std::vector<Ticket> tickets = save_through_odd();
  BOOST_CHECK_EQUAL(tickets[0].reason, "transform 'odd': the metadata that its finish() gives is not a JSON object");
}

BOOST_AUTO_TEST_CASE(room_that_no_memory_could_hold_is_refused_before_it_is_counted) {
  const std::vector<std::vector<std::int64_t>> shapes = {
      {std::int64_t{1} << 62},                         // its bytes overflow to 0
      {(std::int64_t{1} << 62) + 2},                   // its bytes overflow to 8
      {std::int64_t{1} << 32, std::int64_t{1} << 32},  // its numbers overflow to 0
      {0, std::int64_t{1} << 62, 4}};                  // its strides overflow
  for (const auto& shape : shapes) {
    odd = {"", false, "{}", shape, TENON_OK, 0};
    BOOST_CHECK_EQUAL(save_through_odd()[0].outcome, TENON_TICKET_FAILED);
    BOOST_CHECK_EQUAL(odd.answer, TENON_E_OUT_OF_MEMORY);
  }
  odd = {"", false, "{}", {3, -1}, TENON_OK, 0};
  save_through_odd();
  BOOST_CHECK_EQUAL(odd.answer, TENON_E_INVALID_ARGUMENT);
  odd = {"", false, "{}", {2, 0, 3}, TENON_OK, 0};
  BOOST_CHECK_EQUAL(save_through_odd()[0].outcome, TENON_TICKET_DONE);
}

BOOST_AUTO_TEST_CASE(uses_of_transforms_with_a_stride_shorter_than_a_use_are_refused) {
  odd = {};
  TestEngine engine(1);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  tenon_status status = TENON_OK;
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void*) {
    const std::vector<tenon_transform_use> uses = {{text("odd"), text("")}, {text("odd"), text("")}};
    tenon_save_request r = transformed(uses);
    r.transform_stride = sizeof(tenon_text);
    try {
      Checkpoints(Host(p.host)).request(r);
    } catch (const Error& error) {
      status = error.status();
      BOOST_CHECK_EQUAL(error.what(), "transform_stride is 16, less than a tenon_transform_use has: set it to sizeof");
    }
  };
  run.run();
  BOOST_CHECK_EQUAL(status, TENON_E_INVALID_ARGUMENT);
}
