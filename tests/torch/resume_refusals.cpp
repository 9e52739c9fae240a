// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What does not fit is told in a table, and then nothing has changed.
#include <torch/optim/adam.h>

#include <tenon/schedulers.hpp>

#include "resumed.hpp"

using namespace tests;

namespace {

struct Plain : TestTask {
  Plain() : TestTask(3, adamw) {
    configure = [this](torch::nn::Module& model) -> std::vector<tenon::NamedOptimizer> {
      tenon::Schedule schedule;
      schedule.scheduler =
          step_schedule ? std::shared_ptr<tenon::Scheduler>(tenon::make_scheduler<tenon::StepLR>({.step_size = 4}))
                        : tenon::make_scheduler<tenon::ExponentialLR>({.gamma = 0.9});
      schedule.interval = tenon::Every::step;
      schedule.frequency = frequency;
      const auto all = model.parameters();
      if (!adam) return {{name, adamw(all), schedule}};
      std::vector<optim::OptimizerParamGroup> groups;
      groups.emplace_back(std::vector(all.begin(), all.begin() + 2));
      groups.emplace_back(std::vector(all.begin() + 2, all.end() - fewer));
      return {{name, std::make_shared<optim::Adam>(std::move(groups), optim::AdamOptions(0.01)), schedule}};
    };
  }
  tenon::Loader training_data() override { return loader; }
  tenon::TaskState save_state() override { return {{{"calls", 7}}, {}}; }
  void load_state(const tenon::TaskState&) override {
    ++loads;
    if (fail_to_load) throw std::runtime_error("calls must be even");
  }

  bool step_schedule = true, adam = false, fail_to_load = false;
  std::uint64_t frequency = 1;
  int fewer = 0, loads = 0;
  std::string name = "main";
  tenon::Loader loader{make_data(), batch_size, true};
};

using Change = std::function<void(Plain&)>;
using Damage = std::function<void(Saved&)>;

MakeTask plain(const Change& change = {}) {
  return [=] {
    auto task = std::make_unique<Plain>();
    if (change) change(*task);
    return task;
  };
}

/// What restoring says after `damage` to what a plain task saved, into a task with `change`; "" where it fits. Nothing
/// must have changed where it does not.
std::string refusal(const Damage& damage, const Change& change = {}, const Change& saved_change = {}) {
  Session from(plain(saved_change));
  from.start();
  for (int i = 0; i < 3; ++i) from.batch();
  Saved saved(*from.engine);
  if (damage) damage(saved);

  Session to(plain(change));
  to.start();
  to.batch();
  const Saved before(*to.engine);
  try {
    saved.restore_into(*to.engine);
    return "";
  } catch (const tenon::Failure& failure) {
    BOOST_TEST((failure.code() == tenon::ExitCode::checkpoint));
    BOOST_TEST(before.difference(Saved(*to.engine)) == "");
    return failure.what();
  }
}

const std::string head = "'a.ckpt' does not fit what the task makes; nothing was restored:\n  ";

boost::json::object& optimizer(Saved& saved) { return saved.document.at("optimizers").as_array().at(0).as_object(); }
boost::json::object& group(Saved& saved) { return optimizer(saved).at("groups").as_array().at(0).as_object(); }
boost::json::object& schedule(Saved& saved) { return saved.document.at("schedulers").as_array().at(0).as_object(); }

void drop(std::vector<Saved::Owned>& from, const std::string& name) {
  std::erase_if(from, [&](const Saved::Owned& one) { return one.name == name; });
}

/// Everything after the head, one or more lines.
void check(const std::string& lines, const Damage& damage, const Change& change = {}, const Change& saved_change = {}) {
  BOOST_TEST(refusal(damage, change, saved_change) == head + lines);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(resume_refusals)

BOOST_AUTO_TEST_CASE(what_fits_is_restored) { BOOST_TEST(refusal({}) == ""); }

BOOST_AUTO_TEST_CASE(weights_that_do_not_fit) {
  check("first.weight: f32 [2, 8] when saved, f32 [4, 4] now", [](Saved& saved) {
    saved.tensor("first.weight").shape = {2, 8};
  });
  check("first.bias: i32 [4] when saved, f32 [4] now",
        [](Saved& saved) { saved.tensor("first.bias").dtype.code = TENON_DTYPE_INT; });
  check("seen: nothing when saved, f32 [1] now", [](Saved& saved) { drop(saved.weights, "seen"); });
  check("first.bios: f32 [4] when saved, nothing now\n  first.bias: nothing when saved, f32 [4] now",
        [](Saved& saved) { saved.tensor("first.bias").name = "first.bios"; });
  check(
      "second.weight, tied to: first.weight when saved, nothing now\n"
      "  second.weight: nothing when saved, f32 [4, 4] now\n"
      "  optimizer 'main', group 0, parameters: nothing when saved, second.weight now",
      {}, {}, [](Plain& task) { task.tied = true; });
}

BOOST_AUTO_TEST_CASE(optimizers_that_do_not_fit) {
  const Change adam = [](Plain& task) { task.adam = true; };
  const std::string prefix = "optimizer/main/first.weight/";
  check(
      "optimizer 'main': AdamW when saved, Adam now\n"
      "  the schedule of optimizer 'main': the saved state of StepLR cannot be used: 'base_lrs' has 1 values where 2 "
      "are "
      "expected: the number of parameter groups or of milestones is another than when it was saved",
      {}, adam);
  check(
      "optimizer 'head': nothing when saved, AdamW now\n  optimizer 'main': AdamW when saved, nothing now\n"
      "  the schedule of optimizer 'head': nothing when saved, StepLR now\n"
      "  the schedule of optimizer 'main': StepLR when saved, nothing now",
      {}, [](Plain& task) { task.name = "head"; });
  check(
      "optimizer 'main', parameter groups: 1 when saved, 2 now",
      [](Saved& saved) { optimizer(saved)["groups"].get_array().pop_back(); }, adam, adam);
  check(
      "optimizer 'main', group 1, parameters: last.bias when saved, nothing now", {},
      [&](Plain& task) {
        task.adam = true;
        task.fewer = 1;
      },
      adam);
  check(
      "optimizer 'main', group 0: its parameters stood in another order when saved: first.bias, first.weight, "
      "second.weight and 3 more",
      [](Saved& saved) {
        auto& names = group(saved)["parameters"].get_array();
        std::swap(names[0], names[1]);
      });
  check("optimizer 'main', group 0, options: betas was not saved",
        [](Saved& saved) { group(saved)["options"].get_object().erase("betas"); });
  check("optimizer 'main', group 0, options: lr is saved as no number",
        [](Saved& saved) { group(saved)["options"].get_object()["lr"] = "much"; });
  check("optimizer 'main', first.weight, exp_avg: nothing when saved, needed by the optimizer's options now",
        [&](Saved& saved) { drop(saved.training, prefix + "exp_avg"); });
  check("optimizer 'main', first.weight, max_exp_avg_sq: nothing when saved, needed by the optimizer's options now",
        [&](Saved& saved) { drop(saved.training, prefix + "max_exp_avg_sq"); });
  check("optimizer 'main', first.weight, exp_avg: f32 [16] when saved, f32 [4, 4] now",
        [&](Saved& saved) { saved.tensor(prefix + "exp_avg").shape = {16}; });
  check("optimizer 'main', first.weight, step: f64 [] when saved, i64 [] now",
        [&](Saved& saved) { saved.tensor(prefix + "step").dtype.code = TENON_DTYPE_FLOAT; });
  check(prefix + "exp_sum: a tensor when saved, nothing now", [&](Saved& saved) {
    saved.training.push_back(saved.tensor(prefix + "exp_avg"));
    saved.training.back().name = prefix + "exp_sum";
  });
}

BOOST_AUTO_TEST_CASE(schedules_that_do_not_fit) {
  const std::string what = "the schedule of optimizer 'main'";
  check(what +
            ": the saved schedule is a StepLR, this one is a ExponentialLR: configure the schedule that the run was "
            "begun with",
        {}, [](Plain& task) { task.step_schedule = false; });
  check(what + ", frequency: 1 when saved, 2 now", {}, [](Plain& task) { task.frequency = 2; });
  check(what + ", interval: epoch when saved, step now", [](Saved& saved) { schedule(saved)["interval"] = "epoch"; });
  check(what + ": nothing when saved, StepLR now", [](Saved& saved) { saved.document["schedulers"] = {}; });
  check(what + ": the saved state of StepLR cannot be used: 'gamma' is missing",
        [](Saved& saved) { schedule(saved)["state"].get_object().erase("gamma"); });
}

BOOST_AUTO_TEST_CASE(random_numbers_and_data_that_do_not_fit) {
  const auto refused = [](const Damage& damage) { return refusal(damage); };
  BOOST_TEST(refused([](Saved& saved) { drop(saved.training, "rng/cpu"); }) ==
             head + "rng/cpu: nothing when saved, u8 [5056] now");
  BOOST_TEST(refused([](Saved& saved) {
               auto& rng = saved.tensor("rng/cpu");
               rng.shape = {5000};
               rng.bytes.resize(5000);
             }) == head + "rng/cpu: u8 [5000] when saved, u8 [5056] now");
  BOOST_TEST(refused([](Saved& saved) {
               auto& bytes = saved.tensor("rng/cpu").bytes;
               std::fill(bytes.begin(), bytes.end(), std::byte{0xff});
             }).starts_with(head + "rng/cpu: "));

  check("training data, samples: 60 when saved, 50 now",
        [](Saved& saved) { saved.document["data"].get_object()["samples"] = 60; });
  check("seed: 4 when saved, 3 now", [](Saved& saved) { saved.document["data"].get_object()["seed"] = 4; });
  check("training data, shuffle: true when saved, false now", {}, [](Plain& task) { task.loader.shuffle = false; });
  check("validation data, samples: [40] when saved, [50] now",
        [](Saved& saved) { saved.document["data"].get_object()["validation"] = boost::json::array{40}; });
  check(
      "training data, shuffle: true when saved, false now\n"
      "  training data, order: nothing when saved, custom now",
      {}, [](Plain& task) {
        task.loader.shuffle = false;
        task.loader.order = [](std::uint64_t, std::uint64_t) { return std::vector<std::int64_t>(50, 1); };
      });
}

BOOST_AUTO_TEST_CASE(what_the_task_itself_refuses) {
  BOOST_TEST(refusal({}, [](Plain& task) { task.fail_to_load = true; }) ==
             "'a.ckpt' cannot be restored; nothing was changed but what the task itself changed: task 'test', "
             "load_state(): calls must be even");
  Session from(plain());
  from.start();
  Saved saved(*from.engine);
  Session to([] { return std::make_unique<TestTask>(3, adamw); });
  BOOST_TEST(
      what_of([&] { saved.restore_into(*to.engine, loop::restore_task); }) ==
      "'a.ckpt' cannot be restored; nothing was changed but what the task itself changed: task 'test', "
      "load_state(): the checkpoint keeps a state of the task, but the task has no load_state() to take it over");
}

BOOST_AUTO_TEST_CASE(a_long_table_is_cut) {
  const std::string said = refusal([](Saved& saved) {
    for (Saved::Owned& one : saved.training)
      if (one.name.starts_with("optimizer/")) one.dtype.bits = 16;
  });
  BOOST_TEST(std::count(said.begin(), said.end(), '\n') == 21);
  BOOST_TEST(said.ends_with("\n  and 4 more"));
}

BOOST_AUTO_TEST_CASE(what_is_not_bit_exact_or_otherwise_than_configured_is_said) {
  Session from(plain());
  from.start();
  for (int i = 0; i < 9; ++i) from.batch();
  Saved saved(*from.engine);
  saved.document["libtorch"].get_object()["threads"] = 64;
  Session to(plain([](Plain& task) {
    task.loader.batch_size = 10;
    task.configure = [](torch::nn::Module& model) -> std::vector<tenon::NamedOptimizer> {
      tenon::Schedule schedule;
      schedule.scheduler = tenon::make_scheduler<tenon::StepLR>({.step_size = 5});
      schedule.interval = tenon::Every::step;
      return {
          {"main",
           std::make_shared<optim::AdamW>(model.parameters(), optim::AdamWOptions(0.5).amsgrad(true).weight_decay(0.1)),
           schedule}};
    };
  }));
  const auto remarks = saved.restore_into(*to.engine);
  BOOST_REQUIRE(remarks.size() == 4u);
  BOOST_TEST(remarks[0] == "not bit-exact: training data, batch_size is 10 and was 8; it goes on at the same sample");
  BOOST_TEST(
      remarks[1] ==
      "optimizer 'main', group 0: lr is 0.5 in the task, but the run was begun with 0.01; it goes on with what was "
      "saved");
  BOOST_TEST(
      remarks[2] ==
      "the schedule of optimizer 'main', StepLR, is made otherwise than when the run was begun; it goes on as it "
      "was saved");
  BOOST_TEST(remarks[3].starts_with("not bit-exact: threads is "));
  BOOST_TEST(remarks[3].ends_with(" and was 64"));
  BOOST_TEST(to.engine->optimizer_option(0, 0, 0) == from.engine->optimizer_option(0, 0, 0));
  BOOST_TEST(Saved(*to.engine).document.at("optimizers") == saved.document.at("optimizers"));
}

BOOST_AUTO_TEST_SUITE_END()
