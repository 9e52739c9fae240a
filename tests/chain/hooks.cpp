// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// How a hook travels along the chain: order, policies, decisions, tickets.
#include <tenon/plugin.hpp>

#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <vector>

#include "chain/abi.hpp"
#include "recorder.hpp"
#include "tenon/failure.hpp"

namespace tenon::chain::test {
namespace {

/// What each callback is to do in its hooks, and what was called. Callbacks find it by their id.
struct Script {
  std::vector<std::string> calls;
  std::map<std::string, std::function<Verdict()>> answers;
} script;

struct Scripted {
  static constexpr const char* id = "org.example.scripted";
  static constexpr const char* name = "scripted";
  static constexpr const char* version = "1.3.0";
  static constexpr const char* description = "Does what the test says";
  static constexpr const char* license = "Apache-2.0";
  static constexpr const char* options_schema = "{}";

  explicit Scripted(Host host) : id_(host.callback_id()) {}
  void on_setup() { play("on_setup"); }
  void on_train_batch_end() { play("on_train_batch_end"); }
  void on_train_end() { play("on_train_end"); }
  void on_ticket() { play("on_ticket"); }
  Verdict decide_stop() { return play("decide_stop"); }

 private:
  Verdict play(const std::string& hook) {
    script.calls.push_back(id_ + "." + hook);
    const auto it = script.answers.find(id_ + "." + hook);
    return it == script.answers.end() ? Verdict::allow() : it->second();
  }
  std::string id_;
};
constexpr const tenon_descriptor& scripted = tenon::detail::Adapter<Scripted>::descriptor;

struct Fixture : Bench {
  Fixture() { script = {}; }
  tenon_progress progress = at_step(41210);
  tenon_batch_args batch{sizeof batch, 0, &progress, 8};

  static tenon_progress at_step(std::uint64_t step) {
    auto p = sized<tenon_progress>();
    p.step = step;
    return p;
  }
};

BOOST_FIXTURE_TEST_CASE(hooks_reach_listeners_in_manifest_order, Fixture) {
  add(scripted, "b");
  add(scripted, "a");
  add(scripted, "c");
  chain.on_train_batch_end(batch);
  const std::vector<std::string> expected{"b.on_train_batch_end", "a.on_train_batch_end", "c.on_train_batch_end"};
  BOOST_TEST(script.calls == expected, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(an_aborting_failure_is_thrown_after_the_whole_chain, Fixture) {
  add(scripted, "csv");
  add(scripted, "last");
  script.answers["csv.on_train_batch_end"] = []() -> Verdict { throw Error(TENON_E_IO, "disk full"); };
  BOOST_CHECK_EXCEPTION(chain.on_train_batch_end(batch), CallbackError, [](const CallbackError& x) {
    BOOST_TEST(x.what() ==
               "callback 'csv' (org.example.scripted 1.3.0) failed in on_train_batch_end, step 41210: disk full");
    return x.callback_id() == "csv" && x.hook() == "on_train_batch_end" && x.status() == TENON_E_IO;
  });
  BOOST_TEST(script.calls.back() == "last.on_train_batch_end");
}

}  // namespace
}  // namespace tenon::chain::test
