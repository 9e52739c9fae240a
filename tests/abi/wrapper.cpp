// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What the C++17 wrapper makes of a class, seen from the C side: through the tables that the host gets.
#include <boost/test/unit_test.hpp>
#include <tenon/draft/drafts.hpp>
#include <tenon/plugin.hpp>

namespace {

enum : std::uint32_t {
#define NUMBER(hook, args) number_##hook,
  TENON_HOOKS_1_0(NUMBER) hook_count
#undef NUMBER
};
#define CHECK_SLOT(hook, args)                                                                  \
  static_assert(TENON_HOOK(hook) == number_##hook, #hook " stands elsewhere than in the list"); \
  static_assert(offsetof(args, struct_size) == 0 && offsetof(args, progress) == 8, #args);
TENON_HOOKS_1_0(CHECK_SLOT)
#undef CHECK_SLOT
static_assert(sizeof(tenon_hooks) == 8 + hook_count * sizeof(void*), "a hook is not in the list");

#define TEST_CONSTANTS                                                                                              \
  static constexpr const char *id = "org.example.test", *name = "test", *version = "1.2.3", *description = "tests", \
                              *license = "MIT";

struct Thrower {
  TEST_CONSTANTS
  explicit Thrower(tenon::Host) {}
  void on_train_start() { throw tenon::Error(TENON_E_IO, "disk"); }
  void on_train_epoch_start() { throw std::bad_alloc(); }
  void on_train_batch_start() { throw std::runtime_error(std::string(1006, 'x') + "\xC3\xA4\xC3\xA4\xC3\xA4"); }
  void on_before_backward() { throw 7; }
  void on_train_end() { throw tenon::Error(TENON_OK, "a success is not thrown"); }
  void on_train_batch_end(const tenon_batch_args& args) { samples += args.samples; }
  tenon::Verdict decide_stop() { return tenon::Verdict::deny("no"); }
  tenon::Verdict decide_checkpoint() { throw tenon::Error(TENON_DENY, "a throw is no verdict"); }
  std::uint64_t samples = 0;
};

const tenon_hooks& hooks = tenon::detail::Adapter<Thrower>::hooks;

/// A callback, the arguments for its hooks, and room for its error.
struct Called {
  Thrower thrower{tenon::Host(nullptr)};
  tenon_callback* callback = reinterpret_cast<tenon_callback*>(&thrower);
  tenon_error error = tenon::sized<tenon_error>();
  tenon_event_args event = tenon::sized<tenon_event_args>();
  tenon_batch_args batch = tenon::sized<tenon_batch_args>();
  tenon_step_args step = tenon::sized<tenon_step_args>();
  tenon_end_args end = tenon::sized<tenon_end_args>();
  tenon_request_args request = tenon::sized<tenon_request_args>();
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(what_is_declared_is_in_the_table_and_nothing_else, Called) {
  BOOST_TEST(hooks.struct_size == sizeof(tenon_hooks));
  BOOST_TEST((hooks.on_train_start != nullptr));
  BOOST_TEST((hooks.decide_stop != nullptr));
  BOOST_TEST((hooks.on_fit_start == nullptr));
  BOOST_TEST((hooks.on_ticket == nullptr));
  batch.samples = 8;
  BOOST_TEST(hooks.on_train_batch_end(callback, &batch, &error) == TENON_OK);
  BOOST_TEST(thrower.samples == 8u);
}

BOOST_FIXTURE_TEST_CASE(an_error_keeps_its_status_and_text, Called) {
  BOOST_TEST(hooks.on_train_start(callback, &event, &error) == TENON_E_IO);
  BOOST_TEST(error.code == TENON_E_IO);
  BOOST_TEST(error.text == std::string("disk"));
  BOOST_TEST(error.text_size == 4u);
}

BOOST_FIXTURE_TEST_CASE(an_error_thrown_with_a_success_is_a_failure, Called) {
  BOOST_TEST(hooks.on_train_end(callback, &end, &error) == TENON_E_FAILED);
  BOOST_TEST(hooks.decide_checkpoint(callback, &request, &error) == TENON_E_FAILED);
  BOOST_TEST(error.text == std::string("a throw is no verdict"));
}

BOOST_FIXTURE_TEST_CASE(other_exceptions_become_a_status, Called) {
  BOOST_TEST(hooks.on_train_epoch_start(callback, &event, &error) == TENON_E_OUT_OF_MEMORY);
  BOOST_TEST(hooks.on_before_backward(callback, &step, &error) == TENON_E_EXCEPTION);
}

BOOST_FIXTURE_TEST_CASE(a_long_text_is_cut_at_a_character, Called) {
  BOOST_TEST(hooks.on_train_batch_start(callback, &batch, &error) == TENON_E_FAILED);
  BOOST_TEST(error.text_size == 1006u);
  BOOST_TEST(error.text == std::string(1006, 'x'));
}

BOOST_FIXTURE_TEST_CASE(a_caller_may_want_no_text_or_have_a_shorter_error, Called) {
  BOOST_TEST(hooks.on_train_start(callback, &event, nullptr) == TENON_E_IO);
  error.struct_size = offsetof(tenon_error, text);
  error.text[0] = '?';
  BOOST_TEST(hooks.on_train_start(callback, &event, &error) == TENON_E_IO);
  BOOST_TEST(error.text[0] == '?');
}

BOOST_FIXTURE_TEST_CASE(a_verdict_denies_with_its_reason, Called) {
  BOOST_TEST(hooks.decide_stop(callback, &request, &error) == TENON_DENY);
  BOOST_TEST(error.text == std::string("no"));
}

namespace {

struct Minimal {
  TEST_CONSTANTS
  explicit Minimal(tenon::Host) { throw std::runtime_error("not today"); }
};

struct Base {
  void on_fit_start(const tenon_fit_start_args&) {}
};
struct Derived : Base {
  TEST_CONSTANTS
  static constexpr const char* options_schema = R"({"type": "object"})";
  static constexpr std::int32_t ranks = TENON_RANKS_ALL;
  static constexpr std::int32_t on_error = TENON_ON_ERROR_WARN;
  static constexpr const char* const needs[] = {TENON_SERVICE_RUN, nullptr};
  static constexpr std::uint32_t state_version = 3;
  explicit Derived(tenon::Host) {}
  void save(tenon::StateWriter&) const {}
  void load(tenon::StateReader&, std::uint32_t) {}
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_descriptor_says_what_the_class_says) {
  const tenon_descriptor& d = tenon::detail::Adapter<Derived>::descriptor;
  BOOST_TEST(d.struct_size == sizeof d);
  BOOST_TEST(d.id == std::string("org.example.test"));
  BOOST_TEST(d.version == std::string("1.2.3"));
  BOOST_TEST(d.options_schema == std::string(R"({"type": "object"})"));
  BOOST_TEST(d.ranks == TENON_RANKS_ALL);
  BOOST_TEST(d.on_error == TENON_ON_ERROR_WARN);
  BOOST_TEST(d.needs[0] == std::string("tenon.run/1"));
  BOOST_TEST(d.state_version == 3u);
  BOOST_TEST((d.save != nullptr && d.load != nullptr));
}

BOOST_AUTO_TEST_CASE(what_is_left_out_has_a_default) {
  const tenon_descriptor& d = tenon::detail::Adapter<Minimal>::descriptor;
  BOOST_TEST(d.options_schema == std::string(R"({"type":"object","additionalProperties":false})"));
  BOOST_TEST(d.ranks == TENON_RANKS_ZERO);
  BOOST_TEST(d.on_error == TENON_ON_ERROR_ABORT);
  BOOST_TEST((d.needs == nullptr));
  BOOST_TEST(d.state_version == 0u);
  BOOST_TEST((d.save == nullptr && d.load == nullptr));
}

BOOST_AUTO_TEST_CASE(a_hook_of_a_base_class_counts) {
  BOOST_TEST((tenon::detail::Adapter<Derived>::hooks.on_fit_start != nullptr));
}

BOOST_AUTO_TEST_CASE(a_constructor_that_throws_refuses_with_its_text) {
  auto error = tenon::sized<tenon_error>();
  tenon_callback* out = nullptr;
  const tenon_host host{};
  BOOST_TEST(tenon::detail::Adapter<Minimal>::descriptor.create(&host, &out, &error) == TENON_E_FAILED);
  BOOST_TEST(error.text == std::string("not today"));
  BOOST_TEST((out == nullptr));
}

namespace {

struct Odd {
  static constexpr const char *id = "a.b", *name = "odd", *version = "1", *description = "says \"\\\" and\n\x01",
                              *license = "MIT", *options_schema = R"({"type": "object"})";
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_identity_is_json_whatever_the_texts_hold) {
  constexpr auto identity = tenon::detail::identity<Odd, Odd>();
  const std::string kind = R"({"id":"a.b","name":"odd","version":"1","description":"says \"\\\" and\u000a\u0001",)"
                           R"("license":"MIT","options":{"type": "object"}})";
  BOOST_TEST(std::string(identity.data()) == R"({"tenon_abi":1,"abi_minor":0,"plugins":[)" + kind + "," + kind + "]}");
  BOOST_TEST(identity.back() == '\0');
}

namespace {

/// A host's function that fails, with a text or without.
tenon_status fails(const char* text, tenon_error* error) { return tenon::detail::fail(error, TENON_E_IO, text); }

}  // namespace

BOOST_AUTO_TEST_CASE(a_failure_of_the_host_becomes_an_error_with_its_text) {
  BOOST_CHECK_EXCEPTION(tenon::call(fails, "no disk"), tenon::Error, [](const tenon::Error& e) {
    return e.status() == TENON_E_IO && e.what() == std::string("no disk");
  });
  BOOST_CHECK_EXCEPTION(tenon::call(fails, ""), tenon::Error, [](const tenon::Error& e) {
    return e.what() == std::string("the host gave no reason (status -7)");
  });
}

namespace {

tenon_run run_table = [] {
  auto table = tenon::sized<tenon_run>();
  table.request_stop = [](const tenon_host*, tenon_text reason, tenon_ticket* ticket, tenon_error*) -> tenon_status {
    *ticket = reason.size;
    return TENON_OK;
  };
  table.withdraw = [](const tenon_host*, tenon_ticket, tenon_text, tenon_error* error) -> tenon_status {
    return tenon::detail::fail(error, TENON_E_NOT_FOUND, "no such ticket");
  };
  table.note = [](const tenon_host*, std::int32_t, tenon_text, tenon_text, tenon_error*) -> tenon_status {
    return TENON_OK;
  };
  return table;
}();

tenon_host host_with_run() {
  auto host = tenon::sized<tenon_host>();
  host.name = tenon::text("tenon");
  host.version = tenon::text("0.9");
  host.service = [](const tenon_host*, const char* id) -> const void* {
    return std::string_view(id) == TENON_SERVICE_RUN ? &run_table : nullptr;
  };
  return host;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_service_that_the_host_lacks_is_named) {
  const tenon_host host = host_with_run();
  BOOST_TEST((tenon::Host(&host).find<tenon_metrics>() == nullptr));
  BOOST_CHECK_EXCEPTION(tenon::Metrics{tenon::Host(&host)}, tenon::Error, [](const tenon::Error& e) {
    return e.status() == TENON_E_UNSUPPORTED &&
           e.what() == std::string("tenon 0.9 has no service tenon.metrics/1: a newer one is needed");
  });
  BOOST_CHECK_THROW(tenon::Tasks{tenon::Host(&host)}, tenon::Error);
}

BOOST_AUTO_TEST_CASE(a_function_that_an_older_host_lacks_is_an_error_and_no_jump) {
  const tenon_host host = host_with_run();
  const tenon::Run run{tenon::Host(&host)};
  BOOST_CHECK_NO_THROW(run.skip("not now"));
  run_table.struct_size = offsetof(tenon_run, note);
  BOOST_TEST(run.request_stop("enough") == 6u);
  BOOST_CHECK_EXCEPTION(run.skip("not now"), tenon::Error, [](const tenon::Error& e) {
    return e.status() == TENON_E_UNSUPPORTED &&
           e.what() == std::string("tenon 0.9 has an older tenon.run/1, which lacks a function that is used here");
  });
  run_table.struct_size = sizeof run_table;
}

BOOST_AUTO_TEST_CASE(a_request_that_has_ended_is_not_withdrawn) {
  const tenon_host host = host_with_run();
  BOOST_TEST(!tenon::Run(tenon::Host(&host)).withdraw(7, "late"));
}

BOOST_AUTO_TEST_CASE(arrays_are_walked_by_their_stride) {
  struct Longer {
    tenon_logged_metric metric;
    char more[24];
  };
  Longer list[3] = {};
  for (std::uint32_t i = 0; i < 3; ++i) list[i].metric.metric = i + 5;
  auto args = tenon::sized<tenon_metrics_args>();
  args.metrics = &list[0].metric;
  args.metric_count = 3;
  args.metric_stride = sizeof(Longer);
  std::vector<tenon_metric> seen;
  for (const tenon_logged_metric& metric : tenon::logged(args)) seen.push_back(metric.metric);
  BOOST_TEST(seen == (std::vector<tenon_metric>{5, 6, 7}), boost::test_tools::per_element());
  args.metrics = nullptr;
  args.metric_count = 0;
  for (const tenon_logged_metric& metric : tenon::logged(args)) BOOST_ERROR("an element of nothing: " << metric.metric);
}

BOOST_AUTO_TEST_CASE(better_is_strict_and_never_a_nan) {
  tenon::Monitor monitor;
  monitor.goal = TENON_GOAL_MINIMIZE;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  BOOST_TEST(monitor.better(1.0, 2.0));
  BOOST_TEST(!monitor.better(2.0, 2.0));
  BOOST_TEST(!monitor.better(1.9, 2.0, 0.2));
  BOOST_TEST(!monitor.better(nan, 2.0));
  BOOST_TEST(!monitor.better(nan, nan));
  BOOST_TEST(monitor.better(2.0, nan));
  BOOST_TEST(monitor.better(2.0, std::optional<double>()));
  BOOST_TEST(!monitor.better(nan, std::optional<double>()));
  BOOST_TEST(monitor.better(2.0, monitor.worst()));
  monitor.goal = TENON_GOAL_MAXIMIZE;
  BOOST_TEST(monitor.better(3.0, 2.0));
  BOOST_TEST(monitor.better(2.0, monitor.worst()));
  BOOST_TEST(!monitor.better(1.0, 2.0));
}

BOOST_AUTO_TEST_CASE(a_json_pointer_escapes_names) {
  BOOST_TEST(tenon::below("/transforms", 0) == "/transforms/0");
  BOOST_TEST(tenon::below("", "a/b~c") == "/a~1b~0c");
}
