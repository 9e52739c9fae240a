// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Who is named when a hook, or anything else, takes the process down. Each case is a child process of its own.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <functional>
#include <string>

#include "chain/breadcrumb.hpp"
#include "chain/library.hpp"
#include "plain.hpp"
#include "tenon/failure.hpp"

namespace tenon::chain::test {
namespace {

struct Ended {
  int signal = 0;  ///< that ended it, or 0
  int code = 0;
  std::string text;  ///< what it wrote to stderr
};

Ended in_child(
    const std::function<void()>& body, const std::function<void()>& before = [] {}) {
  Ended ended;
  int status = 0;
  ended.text = stderr_of([&] {
    const pid_t child = fork();
    if (child == 0) {
      const rlimit none{0, 0};
      setrlimit(RLIMIT_CORE, &none);
      for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) signal(number, SIG_DFL);  // not Boost.Test's
      before();
      install_crash_handler();
      try {
        body();
      } catch (...) {
        _exit(99);
      }
      _exit(0);
    }
    waitpid(child, &status, 0);
  });
  ended.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  return ended;
}

const tenon_descriptor& misbehaving() {
  return Library::open(TENON_BINARY_DIR "/tests/plugins_misbehaving/misbehaving.so", {{TENON_BINARY_DIR}})
      .kind("org.example.misbehaving");
}

Ended crash(const char* hook, const char* how) {
  const tenon_descriptor& kind = misbehaving();
  return in_child([&] {
    Bench bench;
    bench.add(kind, "csv", {}, {{"hook", hook}, {"how", how}});
    auto progress = sized<tenon_progress>();
    progress.step = 41210;
    bench.chain.on_train_batch_end({sizeof(tenon_batch_args), 0, &progress, 8});
    bench.chain.callbacks().front()->save_state();
  });
}

void check(const Ended& ended, int number, const std::string& line,
           const std::string& cure = "; take this plugin out of the run, or report it to its author") {
  BOOST_TEST(ended.signal == number);
  BOOST_TEST(ended.text == line + cure + "\n");
}

BOOST_AUTO_TEST_CASE(a_fatal_signal_names_callback_plugin_hook_and_step) {
  const std::string place = " in callback 'csv' (org.example.misbehaving 0.1.0), hook on_train_batch_end, step 41210";
  check(crash("on_train_batch_end", "crash"), SIGSEGV, "SIGSEGV" + place);
  check(crash("on_train_batch_end", "null"), SIGSEGV, "SIGSEGV" + place);
  check(crash("on_train_batch_end", "abort"), SIGABRT, "SIGABRT" + place);
}

BOOST_AUTO_TEST_CASE(a_stack_overflow_is_reported_too) {
  check(crash("on_train_batch_end", "overflow"), SIGSEGV,
        "SIGSEGV in callback 'csv' (org.example.misbehaving 0.1.0), hook on_train_batch_end, step 41210");
}

BOOST_AUTO_TEST_CASE(create_and_save_are_named_as_hooks_are) {
  check(crash("create", "null"), SIGSEGV, "SIGSEGV in callback 'csv' (org.example.misbehaving 0.1.0), hook create");
  check(crash("save", "null"), SIGSEGV,
        "SIGSEGV in callback 'csv' (org.example.misbehaving 0.1.0), hook save, step 41210");
}

BOOST_AUTO_TEST_CASE(a_library_that_crashes_while_it_is_loaded_is_named) {
  const std::string file = TENON_BINARY_DIR "/tests/plugins_bad/crash_on_load.so";
  const Ended ended = in_child([&] { Library::open(file, {{TENON_BINARY_DIR}}); });
  check(ended, SIGSEGV, "SIGSEGV in plugin library '" + file + "', hook load");
}

BOOST_AUTO_TEST_CASE(outside_of_callbacks_nobody_is_blamed) {
  const Ended ended = in_child([] {
    Bench bench;
    bench.add(plain, "csv");
    bench.chain.on_train_batch_end(sized<tenon_batch_args>());
    raise(SIGSEGV);
  });
  check(ended, SIGSEGV, "SIGSEGV outside of every callback", "");
}

BOOST_AUTO_TEST_CASE(a_handler_that_was_there_first_still_runs) {
  const Ended ended = in_child([] { raise(SIGFPE); }, [] { signal(SIGFPE, [](int) { _exit(7); }); });
  BOOST_TEST(ended.code == 7);
  BOOST_TEST(ended.text == "SIGFPE outside of every callback\n");
}

BOOST_AUTO_TEST_CASE(breadcrumbs_nest) {
  BOOST_TEST(Breadcrumb::here().who == nullptr);
  {
    const Breadcrumb outer("a", "prepare", 1);
    {
      const Breadcrumb inner("b", "apply", 2);
      BOOST_TEST(Breadcrumb::here().who == "b");
    }
    BOOST_TEST(Breadcrumb::here().hook == "prepare");
  }
  BOOST_TEST(Breadcrumb::here().who == nullptr);
}

}  // namespace
}  // namespace tenon::chain::test
