// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// How a hook travels along the chain: order, policies, decisions, tickets.
#include <tenon/plugin.hpp>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <vector>

#include "allocations.hpp"
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

  explicit Scripted(Host host) : id_(host.callback_id()) { play("create"); }
  ~Scripted() { script.calls.push_back(id_ + ".destroy"); }
  void on_setup() { play("on_setup"); }
  void on_fit_start() { play("on_fit_start"); }
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

struct Suggests : Scripted {
  using Scripted::Scripted;
  static constexpr std::int32_t on_error = TENON_ON_ERROR_WARN;
};

/// Listens to one hook and counts.
struct Counter {
  static constexpr const char* id = "org.example.counter";
  static constexpr const char* name = "counter";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Counts";
  static constexpr const char* license = "Apache-2.0";
  static constexpr const char* options_schema = "{}";
  explicit Counter(Host) {}
  void on_train_batch_end(const tenon_batch_args& args) { samples += args.samples; }
  static inline std::uint64_t samples = 0;
};

using Calls = std::vector<std::string>;
#define CHECK_CALLS(...) BOOST_TEST(script.calls == (Calls{__VA_ARGS__}), boost::test_tools::per_element())

std::function<Verdict()> fails(const char* why) {
  return [why]() -> Verdict { throw Error(TENON_E_IO, why); };
}

struct Fixture : Bench {
  Fixture() { script = {}; }
  ~Fixture() { script = {}; }
  tenon_progress progress = at_step(41210);
  tenon_event_args event{sizeof event, 1, &progress};
  tenon_fit_start_args fit_start{sizeof fit_start, 0, &progress, {}};
  tenon_batch_args batch{sizeof batch, 0, &progress, 8};
  tenon_end_args end{sizeof end, TENON_END_FINISHED, &progress, {}};
  tenon_request_args stop{sizeof stop, TENON_REQUEST_STOP, &progress, 1, {}, {}, {}};

  static tenon_progress at_step(std::uint64_t step) {
    auto p = sized<tenon_progress>();
    p.step = step;
    return p;
  }
  Callback& add_scripted(const char* id, std::optional<OnError> on_error = std::nullopt) {
    Callback& added = add(scripted, id, on_error);
    script.calls.clear();
    return added;
  }
};

BOOST_FIXTURE_TEST_CASE(hooks_reach_listeners_in_manifest_order, Fixture) {
  for (const char* id : {"b", "a", "c"}) add_scripted(id);
  chain.on_train_batch_end(batch);
  CHECK_CALLS("b.on_train_batch_end", "a.on_train_batch_end", "c.on_train_batch_end");
}

BOOST_FIXTURE_TEST_CASE(a_hook_that_nobody_implements_is_not_wanted, Fixture) {
  add_scripted("a");
  BOOST_TEST(chain.wanted(TENON_HOOK(on_train_batch_end)));
  BOOST_TEST(!chain.wanted(TENON_HOOK(on_metrics)));
}

BOOST_FIXTURE_TEST_CASE(every_hook_has_its_name, Fixture) {
  BOOST_TEST(hook_name(TENON_HOOK(on_setup)) == "on_setup");
  BOOST_TEST(hook_name(TENON_HOOK(decide_stop)) == "decide_stop");
  BOOST_TEST(hook_count == TENON_HOOK(decide_stop) + 1);
}

BOOST_FIXTURE_TEST_CASE(callbacks_are_destroyed_in_reverse_order, Fixture) {
  {
    NoServices none;
    Chain inner(none, {folder.path(), folder.path()});
    for (const char* id : {"a", "b", "c"}) inner.add({"scripted", id, {}, {}, "run.json"}, scripted, {});
    script.calls.clear();
  }
  CHECK_CALLS("c.destroy", "b.destroy", "a.destroy");
}

BOOST_FIXTURE_TEST_CASE(an_aborting_failure_is_thrown_after_the_whole_chain, Fixture) {
  add_scripted("csv");
  add_scripted("last");
  script.answers["csv.on_train_batch_end"] = fails("disk full");
  BOOST_CHECK_EXCEPTION(chain.on_train_batch_end(batch), CallbackError, [](const CallbackError& x) {
    BOOST_TEST(x.what() ==
               "callback 'csv' (org.example.scripted 1.3.0) failed in on_train_batch_end, step 41210: disk full");
    return x.callback_id() == "csv" && x.hook() == "on_train_batch_end" && x.status() == TENON_E_IO;
  });
  CHECK_CALLS("csv.on_train_batch_end", "last.on_train_batch_end");
}

BOOST_FIXTURE_TEST_CASE(of_two_aborting_failures_the_first_is_thrown, Fixture) {
  add_scripted("a");
  add_scripted("b");
  script.answers["a.on_train_batch_end"] = fails("first");
  script.answers["b.on_train_batch_end"] = fails("second");
  BOOST_CHECK_EXCEPTION(chain.on_train_batch_end(batch), CallbackError,
                        [](const CallbackError& x) { return x.callback_id() == "a"; });
  chain.on_train_end(end);  // the chain goes on to work
}

BOOST_FIXTURE_TEST_CASE(a_disabled_callback_leaves_every_list, Fixture) {
  Callback& csv = add_scripted("csv", OnError::disable);
  add_scripted("other");
  script.answers["csv.on_train_batch_end"] = fails("disk full");
  const std::string said = stderr_of([&] { chain.on_train_batch_end(batch); });
  BOOST_TEST(
      said ==
      "error: callback 'csv' (org.example.scripted 1.3.0) failed in on_train_batch_end, step 41210: disk full; it "
      "is disabled for the rest of the run, its last saved state is kept\n");
  BOOST_TEST(csv.disabled());
  BOOST_TEST(csv.disabled_reason().find("disk full") != std::string::npos);
  script.calls.clear();
  chain.on_train_batch_end(batch);
  chain.on_train_end(end);
  CHECK_CALLS("other.on_train_batch_end", "other.on_train_end");
}

BOOST_FIXTURE_TEST_CASE(a_warned_callback_stays_and_does_not_drown_the_log, Fixture) {
  Callback& csv = add_scripted("csv", OnError::warn);
  script.answers["csv.on_train_batch_end"] = fails("disk full");
  const std::string said = stderr_of([&] {
    for (int i = 0; i < 99; ++i) chain.on_train_batch_end(batch);
  });
  BOOST_TEST(!csv.disabled());
  BOOST_TEST(script.calls.size() == 99u);
  BOOST_TEST(std::count(said.begin(), said.end(), '\n') == 4);  // the 1st, 2nd, 3rd and 10th
  BOOST_TEST(said.find("disk full (10 times now)") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(where_the_manifest_is_silent_the_descriptor_suggests_the_policy, Fixture) {
  const tenon_descriptor& suggests = tenon::detail::Adapter<Suggests>::descriptor;
  BOOST_TEST((add_scripted("a").on_error() == OnError::abort));
  BOOST_TEST((add(suggests, "b").on_error() == OnError::warn));
  BOOST_TEST((add(suggests, "c", OnError::disable).on_error() == OnError::disable));
}

BOOST_FIXTURE_TEST_CASE(an_error_at_the_start_refuses_the_run_whatever_the_policy, Fixture) {
  add_scripted("csv", OnError::warn);
  add_scripted("other", OnError::disable);
  script.answers["csv.on_setup"] = fails("no monitor");
  BOOST_CHECK_EXCEPTION(chain.on_setup(event), CallbackError, [](const CallbackError& x) {
    BOOST_TEST(x.what() ==
               "run.json:7 /callbacks/0: callback 'csv' (org.example.scripted 1.3.0) refused to start in on_setup: "
               "no monitor");
    return true;
  });
  script.answers["other.on_fit_start"] = fails("no validation");
  BOOST_CHECK_THROW(chain.on_fit_start(fit_start), CallbackError);
}

BOOST_FIXTURE_TEST_CASE(what_gets_past_a_plugins_barrier_is_a_failure, Fixture) {
  static const tenon_hooks throwing = [] {
    tenon_hooks h{};
    h.struct_size = sizeof h;
    h.on_train_batch_end = [](tenon_callback*, const tenon_batch_args*, tenon_error*) -> tenon_status {
      throw std::runtime_error("past it");
    };
    h.on_train_end = [](tenon_callback*, const tenon_end_args*, tenon_error*) -> tenon_status { throw 7; };
    return h;
  }();
  tenon_descriptor kind = scripted;
  kind.hooks = &throwing;
  add(kind, "csv");
  BOOST_CHECK_EXCEPTION(chain.on_train_batch_end(batch), CallbackError, [](const CallbackError& x) {
    return std::string(x.what()).find("past it") != std::string::npos && x.status() == TENON_E_EXCEPTION;
  });
  BOOST_CHECK_THROW(chain.on_train_end(end), CallbackError);
}

tenon_status answer = TENON_OK;
const tenon_hooks answering = [] {
  tenon_hooks h{};
  h.struct_size = sizeof h;
  h.on_train_batch_end = [](tenon_callback*, const tenon_batch_args*, tenon_error*) -> tenon_status { return answer; };
  h.decide_stop = [](tenon_callback*, const tenon_request_args*, tenon_error*) -> tenon_status { return answer; };
  return h;
}();

BOOST_FIXTURE_TEST_CASE(an_unknown_status_counts_as_failed, Fixture) {
  tenon_descriptor kind = scripted;
  kind.hooks = &answering;
  add(kind, "csv");
  for (const tenon_status status : {-4711, 2, 42}) {
    answer = status;
    BOOST_CHECK_EXCEPTION(chain.on_train_batch_end(batch), CallbackError, [&](const CallbackError& x) {
      BOOST_TEST(x.what() ==
                 "callback 'csv' (org.example.scripted 1.3.0) failed in on_train_batch_end, step 41210: it "
                 "answered the unknown status " +
                     std::to_string(status) + ": it gave no reason");
      return x.status() == TENON_E_FAILED;
    });
    BOOST_CHECK_THROW(chain.decide_stop(stop), CallbackError);
  }
}

BOOST_FIXTURE_TEST_CASE(denying_what_is_no_decision_is_a_failure, Fixture) {
  tenon_descriptor kind = scripted;
  kind.hooks = &answering;
  add(kind, "csv");
  answer = TENON_DENY;
  BOOST_CHECK_EXCEPTION(chain.on_train_batch_end(batch), CallbackError, [](const CallbackError& x) {
    return std::string(x.what()).find("only decide_* hooks may") != std::string::npos && x.status() == TENON_E_FAILED;
  });
}

BOOST_FIXTURE_TEST_CASE(the_first_denial_ends_the_chain, Fixture) {
  for (const char* id : {"a", "b", "c"}) add_scripted(id);
  script.answers["b.decide_stop"] = [] { return Verdict::deny("not yet"); };
  const std::optional<Denial> denial = chain.decide_stop(stop);
  BOOST_REQUIRE(denial);
  BOOST_TEST(denial->by == "b");
  BOOST_TEST(denial->reason == "not yet");
  CHECK_CALLS("a.decide_stop", "b.decide_stop");
}

BOOST_FIXTURE_TEST_CASE(without_objection_there_is_no_denial, Fixture) {
  BOOST_TEST(!chain.decide_stop(stop));
  add_scripted("a");
  BOOST_TEST(!chain.decide_stop(stop));
}

BOOST_FIXTURE_TEST_CASE(a_failing_decision_is_no_objection_where_it_is_only_warned_of, Fixture) {
  add_scripted("a", OnError::warn);
  add_scripted("b");
  script.answers["a.decide_stop"] = fails("cannot tell");
  BOOST_TEST(!chain.decide_stop(stop));
  CHECK_CALLS("a.decide_stop", "b.decide_stop");
}

BOOST_FIXTURE_TEST_CASE(a_ticket_goes_to_its_owner_alone, Fixture) {
  add_scripted("a");
  Callback& owner = add_scripted("b");
  add_scripted("c");
  const auto ticket = sized<tenon_ticket_args>();
  chain.on_ticket({owner, ticket});
  CHECK_CALLS("b.on_ticket");
}

BOOST_FIXTURE_TEST_CASE(a_hook_inside_a_hook_is_a_mistake_of_the_host, Fixture) {
  add_scripted("a");
  add_scripted("b");
  std::string caught;
  script.answers["a.on_train_batch_end"] = [&]() -> Verdict {
    try {
      chain.on_train_end(end);
    } catch (const std::logic_error& x) {
      caught = x.what();
    }
    return Verdict::allow();
  };
  chain.on_train_batch_end(batch);
  BOOST_TEST(caught == "on_train_end was to be called while another hook is running");
  CHECK_CALLS("a.on_train_batch_end", "b.on_train_batch_end");
}

BOOST_FIXTURE_TEST_CASE(a_callback_that_refuses_is_not_in_the_chain, Fixture) {
  script.answers["csv.create"] = fails("no such folder");
  BOOST_CHECK_EXCEPTION(add(scripted, "csv", OnError::warn), Failure, [](const Failure& x) {
    BOOST_TEST(
        x.what() ==
        "run.json:7 /callbacks/0: callback 'csv' (org.example.scripted 1.3.0) could not be created: no such folder");
    return x.code() == ExitCode::callback;
  });
  BOOST_TEST(chain.callbacks().empty());
  BOOST_TEST(!chain.find("csv"));
  BOOST_TEST(!chain.wanted(TENON_HOOK(on_setup)));
}

BOOST_FIXTURE_TEST_CASE(an_id_is_given_once, Fixture) {
  add_scripted("csv");
  BOOST_CHECK_EXCEPTION(add(scripted, "csv"), Failure, [](const Failure& x) {
    BOOST_TEST(x.what() ==
               "run.json:7 /callbacks/0: the id 'csv' is already that of run.json:7 /callbacks/0; give one "
               "of them an \"id\" of its own");
    return x.code() == ExitCode::manifest;
  });
}

BOOST_FIXTURE_TEST_CASE(ids_that_would_make_paths_or_other_names_are_refused, Fixture) {
  for (const char* id : {"", ".", "..", "a/b", "a\nb", "task"})
    BOOST_CHECK_EXCEPTION(add(scripted, id), Failure, [](const Failure& x) { return x.code() == ExitCode::manifest; });
}

BOOST_FIXTURE_TEST_CASE(five_listeners_cost_no_allocation, Fixture) {
  for (const char* id : {"a", "b", "c", "d", "e"}) add(tenon::detail::Adapter<Counter>::descriptor, id);
  chain.on_train_batch_end(batch);
  Counter::samples = 0;
  const std::size_t before = allocations();
  for (int i = 0; i < 1000; ++i) {
    chain.on_train_batch_start(batch);
    chain.on_train_batch_end(batch);
  }
  BOOST_TEST(allocations() == before);
  BOOST_TEST(Counter::samples == 5u * 8u * 1000u);
}

}  // namespace
}  // namespace tenon::chain::test
