// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The service tenon.model/1, through the C++ wrapper and the C table below it.
#include <boost/test/unit_test.hpp>

#include "loop_fixture.hpp"

using namespace tenon;
using namespace tenon::tests;

namespace {

std::vector<loop::ModuleInfo> small_tree() {
  std::vector<loop::ModuleInfo> tree(2);
  tree[0].type = "Net";
  tree[0].parameters = 16;
  tree[0].trainable = 4;
  tree[0].buffers = 1;
  tree[0].bytes = 68;
  tree[1] = {"layer", "Linear", 1, 0, R"({"weight":[4,4]})", 16, 4, 0, 64};
  return tree;
}

struct WithModel {
  WithModel() : engine(1, 1), run(engine), probe(run.probe("a")) {
    engine.module_tree = small_tree();
    run.options.max_epochs = 1;
  }
  TestEngine engine;
  LoopFixture run;
  Probe& probe;
};

std::pair<tenon_status, std::string> refusal(const Model& model, std::uint64_t index) {
  try {
    model.module_at(index);
  } catch (const Error& error) {
    return {error.status(), error.what()};
  }
  return {TENON_OK, "nothing was thrown"};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(model_service)

BOOST_AUTO_TEST_CASE(a_callback_sees_the_tree_of_modules_from_on_fit_start_on) {
  WithModel with;
  with.probe.on[TENON_HOOK(on_setup)] = [&](const void*) {
    const Model model{Host(with.probe.host)};
    BOOST_CHECK_EQUAL(model.count(), 0u);
    BOOST_CHECK(refusal(model, 0) ==
                std::pair(tenon_status{TENON_E_NOT_FOUND}, std::string("there are no modules before on_fit_start")));
  };
  std::vector<tenon_module_info> seen;
  with.probe.on[TENON_HOOK(on_fit_start)] = [&](const void*) {
    const Model model{Host(with.probe.host)};
    seen = model.modules();
    BOOST_CHECK(refusal(model, 2) ==
                std::pair(tenon_status{TENON_E_NOT_FOUND}, std::string("there is no module 2; the model has 2")));
  };
  with.probe.at_destroy = [&] {  // texts are valid until destroy()
    BOOST_REQUIRE_EQUAL(seen.size(), 2u);
    BOOST_CHECK_EQUAL(seen[0].parent, TENON_NO_MODULE);
    BOOST_CHECK_EQUAL(view(seen[0].path), "");
    BOOST_CHECK_EQUAL(view(seen[0].type), "Net");
    BOOST_CHECK_EQUAL(view(seen[0].shapes_json), "{}");
    BOOST_CHECK_EQUAL(seen[0].buffers, 1u);
    BOOST_CHECK_EQUAL(seen[1].depth, 1u);
    BOOST_CHECK_EQUAL(seen[1].parent, 0u);
    BOOST_CHECK_EQUAL(view(seen[1].path), "layer");
    BOOST_CHECK_EQUAL(view(seen[1].type), "Linear");
    BOOST_CHECK_EQUAL(view(seen[1].shapes_json), R"({"weight":[4,4]})");
    BOOST_CHECK_EQUAL(seen[1].parameters, 16u);
    BOOST_CHECK_EQUAL(seen[1].trainable, 4u);
    BOOST_CHECK_EQUAL(seen[1].bytes, 64u);
  };
  BOOST_CHECK_EQUAL(with.run.run().reason, TENON_END_FINISHED);
  with.run.destroy();
  BOOST_CHECK_EQUAL(with.engine.asked_for_modules, 1u);
}

BOOST_AUTO_TEST_CASE(the_tree_is_there_where_nothing_is_trained) {
  WithModel with;
  with.run.stage = loop::Stage::validation;
  std::uint64_t count = 0;
  with.probe.on[TENON_HOOK(on_validation_start)] = [&](const void*) { count = Model(Host(with.probe.host)).count(); };
  with.run.run();
  BOOST_CHECK_EQUAL(count, 2u);
}

BOOST_AUTO_TEST_CASE(nobody_asks_the_engine_where_no_callback_does) {
  WithModel with;
  with.run.run();
  BOOST_CHECK_EQUAL(with.engine.asked_for_modules, 0u);
}

BOOST_AUTO_TEST_CASE(a_caller_with_a_shorter_struct_gets_what_it_knows) {
  WithModel with;
  tenon_module_info shorter{};
  shorter.bytes = 7;
  shorter.struct_size = offsetof(tenon_module_info, bytes);
  with.probe.on[TENON_HOOK(on_fit_start)] = [&](const void*) {
    const auto* table = Host(with.probe.host).find<tenon_model>();
    BOOST_REQUIRE(table);
    BOOST_CHECK_EQUAL(table->module_at(with.probe.host, 1, &shorter, nullptr), TENON_OK);
  };
  with.run.run();
  BOOST_CHECK_EQUAL(shorter.parameters, 16u);
  BOOST_CHECK_EQUAL(shorter.bytes, 7u);
}

BOOST_AUTO_TEST_SUITE_END()
