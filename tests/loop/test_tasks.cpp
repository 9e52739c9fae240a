// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The service tenon.tasks/1, through the C++ wrapper.
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <future>
#include <mutex>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "chain/breadcrumb.hpp"
#include "saves.hpp"

using namespace tenon;
using namespace tenon::tests;

namespace {

/// What tasks leave behind, from whatever thread.
class Log {
 public:
  void add(std::string line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
  }
  Names lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  Names lines_;
};

struct WithTasks {
  explicit WithTasks(chain::OnError on_error = chain::OnError::abort)
      : engine(4), run(engine), a(run.probe("a", on_error)) {
    run.options.max_epochs = 1;
  }
  Tasks tasks(const Probe& probe) const { return Tasks(Host(probe.host)); }
  void at_each_step(Probe& probe, std::function<void(std::uint64_t step)> body) {
    probe.on[TENON_HOOK(on_train_batch_end)] = [body = std::move(body)](const void* args) { body(step_of(args)); };
  }
  TestEngine engine;
  LoopFixture run;
  Probe& a;
  Log log;
};

tenon_status status_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const Error& error) {
    return error.status();
  }
  return TENON_OK;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tasks_service)

BOOST_AUTO_TEST_CASE(tasks_run_once_in_their_order_on_a_thread_of_the_host_s) {
  WithTasks with;
  Probe& b = with.run.probe("b");
  std::vector<std::thread::id> threads;
  std::vector<std::string> crumbs;
  for (Probe* probe : {&with.a, &b})
    with.at_each_step(*probe, [&, probe](std::uint64_t step) {
      with.tasks(*probe).submit([&, probe, step] {
        threads.push_back(std::this_thread::get_id());
        const auto here = chain::Breadcrumb::here();
        crumbs.push_back(std::string(here.who) + " " + here.hook + " " + std::to_string(here.step));
        with.log.add(probe->id + std::to_string(step));
      });
    });
  BOOST_CHECK_EQUAL(with.run.run().reason, TENON_END_FINISHED);
  expect(with.log.lines(), {"a1", "b1", "a2", "b2", "a3", "b3", "a4", "b4"});
  for (const std::thread::id id : threads) BOOST_CHECK(id == threads[0] && id != std::this_thread::get_id());
  BOOST_CHECK_EQUAL(crumbs.at(2), "callback 'a' (org.tenon.tests.probe 1.0.0) a task 2");
}

BOOST_AUTO_TEST_CASE(what_was_submitted_before_a_commit_point_has_ended_before_its_checkpoint_is_there) {
  WithTasks with;
  std::vector<bool> there;
  with.at_each_step(with.a, [&](std::uint64_t step) {
    const std::string name = "c" + std::to_string(step);
    save(with.a, name);
    with.tasks(with.a).submit([&, name] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      there.push_back(std::filesystem::exists(with.run.folder / "checkpoints" / (name + ".ckpt")));
    });
  });
  with.run.run();
  BOOST_CHECK(there == std::vector<bool>(4, false));
  BOOST_CHECK_EQUAL(folders(with.run.folder / "checkpoints").size(), 4u);
}

BOOST_AUTO_TEST_CASE(a_state_that_is_asked_for_may_submit_too) {
  WithTasks with;
  bool there = true;
  with.at_each_step(with.a, [&](std::uint64_t step) {
    if (step == 1) save(with.a, "c");
  });
  with.a.at_save = [&] {
    with.tasks(with.a).submit([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      there = std::filesystem::exists(with.run.folder / "checkpoints/c.ckpt");
    });
  };
  with.run.run();
  BOOST_CHECK(!there);
  BOOST_CHECK(std::filesystem::exists(with.run.folder / "checkpoints/c.ckpt"));
}

BOOST_AUTO_TEST_CASE(drain_waits_for_this_callback_s_tasks) {
  WithTasks with;
  with.at_each_step(with.a, [&](std::uint64_t) {
    std::uint64_t done = 0;  // read without a lock: drain() has ordered it
    for (int i = 0; i < 10; ++i) with.tasks(with.a).submit([&done] { ++done; });
    with.tasks(with.a).drain();
    BOOST_CHECK_EQUAL(done, 10u);
  });
  with.run.run();
}

BOOST_AUTO_TEST_CASE(submit_waits_where_the_callback_s_queue_is_full) {
  WithTasks with;
  std::atomic<std::uint64_t> ended = 0;
  std::uint64_t ended_when_back = 0;
  with.at_each_step(with.a, [&](std::uint64_t step) {
    if (step != 1) return;
    for (std::uint64_t i = 0; i < loop::Tasks::most + 5; ++i) {
      with.tasks(with.a).submit([&] {
        std::this_thread::sleep_for(std::chrono::microseconds(200));
        ++ended;
      });
    }
    ended_when_back = ended;
  });
  with.run.run();
  BOOST_CHECK_GE(ended_when_back, 5u);
  BOOST_CHECK_EQUAL(ended.load(), loop::Tasks::most + 5);
}

BOOST_AUTO_TEST_CASE(a_task_may_submit_however_full_the_queue_is) {
  WithTasks with;
  std::uint64_t runs = 0;
  with.at_each_step(with.a, [&](std::uint64_t step) {
    if (step != 1) return;
    with.tasks(with.a).submit([&] {
      for (std::uint64_t i = 0; i < 2 * loop::Tasks::most; ++i) with.tasks(with.a).submit([&] { ++runs; });
      BOOST_CHECK_EQUAL(status_of([&] { with.tasks(with.a).drain(); }), TENON_E_WRONG_THREAD);
    });
  });
  with.run.run();
  BOOST_CHECK_EQUAL(runs, 2 * loop::Tasks::most);
}

BOOST_AUTO_TEST_CASE(tasks_are_taken_from_on_setup_to_on_teardown_on_the_loop_s_thread_and_in_tasks) {
  WithTasks with;
  const auto submit = [&] { with.tasks(with.a).submit([&] { with.log.add("task"); }); };
  tenon_status at_create = TENON_OK, elsewhere = TENON_OK, at_destroy = TENON_OK;
  with.a.at_create = [&] { at_create = status_of(submit); };
  with.a.at_destroy = [&] { at_destroy = status_of(submit); };
  with.a.on[TENON_HOOK(on_setup)] = [&](const void*) { submit(); };
  with.a.on[TENON_HOOK(on_teardown)] = [&](const void*) { submit(); };
  with.at_each_step(with.a, [&](std::uint64_t) {
    elsewhere = std::async(std::launch::async, [&] { return status_of(submit); }).get();
  });
  with.run.run();
  expect(with.log.lines(), {"task", "task"});
  with.run.destroy();
  BOOST_CHECK_EQUAL(at_create, TENON_E_WRONG_STATE);
  BOOST_CHECK_EQUAL(at_destroy, TENON_E_WRONG_STATE);
  BOOST_CHECK_EQUAL(elsewhere, TENON_E_WRONG_THREAD);
}

BOOST_AUTO_TEST_CASE(a_failure_counts_as_the_callback_s_own_at_the_next_commit_point) {
  WithTasks with;
  with.at_each_step(with.a, [&](std::uint64_t step) {
    if (step != 2) return;
    with.tasks(with.a).submit([] { throw std::runtime_error("the disk is gone"); });
    with.tasks(with.a).drain();
  });
  const loop::FitResult result = with.run.run();
  BOOST_CHECK_EQUAL(result.reason, TENON_END_FAILED);
  BOOST_CHECK_EQUAL(result.steps, 2u);
  BOOST_CHECK_EQUAL(result.detail,
                    "callback 'a' (org.tenon.tests.probe 1.0.0) failed in a task, step 2: the disk is gone");
}

BOOST_AUTO_TEST_CASE(a_failure_after_the_last_commit_point_fails_the_run) {
  for (const std::uint32_t hook : {TENON_HOOK(on_fit_end), TENON_HOOK(on_teardown)}) {
    WithTasks with;
    with.a.on[hook] = [&](const void*) { with.tasks(with.a).submit([] { throw std::runtime_error("too late"); }); };
    const loop::FitResult result = with.run.run();
    BOOST_CHECK_EQUAL(result.reason, TENON_END_FAILED);
    BOOST_CHECK(result.detail.find("failed in a task, step 4: too late") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(tasks_of_a_disabled_callback_are_cancelled_and_still_clean_up) {
  WithTasks with(chain::OnError::disable);
  const auto token = std::make_shared<int>(0);
  std::promise<void> go_on;
  std::shared_future<void> may_go_on = go_on.get_future().share();
  with.at_each_step(with.a, [&](std::uint64_t step) {
    BOOST_REQUIRE_EQUAL(step, 1u);  // it hears of no other
    with.tasks(with.a).submit([may_go_on] { may_go_on.wait(); });
    with.tasks(with.a).submit([&, token] { with.log.add("cancelled tasks do not run"); });
    throw std::runtime_error("a hook fails");
  });
  Probe& b = with.run.probe("b");
  with.at_each_step(b, [&](std::uint64_t step) {
    if (step == 2) go_on.set_value();
  });
  BOOST_CHECK_EQUAL(with.run.run().reason, TENON_END_FINISHED);
  expect(with.log.lines(), {});
  BOOST_CHECK_EQUAL(token.use_count(), 1);
}

BOOST_AUTO_TEST_CASE(tasks_end_before_destroy_also_when_the_run_fails) {
  WithTasks with;
  bool ended = false, ended_at_destroy = false;
  with.at_each_step(with.a, [&](std::uint64_t) {
    with.tasks(with.a).submit([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      ended = true;
    });
    throw std::runtime_error("a hook fails");
  });
  with.a.at_destroy = [&] { ended_at_destroy = ended; };
  BOOST_CHECK_EQUAL(with.run.run().reason, TENON_END_FAILED);
  with.run.destroy();
  BOOST_CHECK(ended_at_destroy);
}

BOOST_AUTO_TEST_CASE(tasks_are_there_where_nothing_is_trained) {
  TestEngine engine(1, 1);
  LoopFixture run(engine);
  run.stage = loop::Stage::validation;
  Probe& probe = run.probe("a");
  bool ran = false;
  probe.on[TENON_HOOK(on_validation_end)] = [&](const void*) { Tasks(Host(probe.host)).submit([&] { ran = true; }); };
  run.run();
  BOOST_CHECK(ran);
}

BOOST_AUTO_TEST_SUITE_END()
