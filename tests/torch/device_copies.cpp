// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Snapshots of a model that is not in main memory: the device copies, nobody waits but the writer, and what is saved is
// what was there at the commit point. On a GPU where there is one, and always on a device that is made for it.
#include <ATen/ops/full.h>

#include <algorithm>
#include <iostream>

#include "chain/recorder.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/format.hpp"
#include "loop/snapshot.hpp"
#include "queued_device.hpp"
#include "resumed.hpp"
#include "saves.hpp"
#include "torch/device.hpp"
#include "torch/device_copy.hpp"
#include "torch/tensor_view.hpp"

using namespace tests;
using tenon::tests::LoopFixture;
using tenon::tests::Probe;

namespace {

/// With `-- cuda` the first GPU, else the queued device: LibTorch knows one kind of device in a process.
bool is_on_gpu() {
  const auto& args = boost::unit_test::framework::master_test_suite();
  return args.argc > 1 && std::string_view(args.argv[1]) == "cuda";
}
c10::Device open() {
  if (!is_on_gpu()) return open_queued_device();
  if (!std::filesystem::exists("/dev/nvidiactl")) throw std::runtime_error("there is no NVIDIA driver");
  return te::open_device("cuda");
}
c10::Device device() {
  static const c10::Device one = open();
  return one;
}

boost::test_tools::assertion_result there_is_a_device(boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result answer(true);
  try {
    device();
  } catch (const std::exception& error) {
    std::cout << "not tested on a GPU: " << error.what() << "\n";
    answer = boost::test_tools::assertion_result(false);
    answer.message() << error.what();
  }
  return answer;
}
boost::test_tools::assertion_result device_can_be_made_to_wait(boost::unit_test::test_unit_id) {
  boost::test_tools::assertion_result answer(!is_on_gpu());
  answer.message() << "a GPU cannot be made to stand still";
  return answer;
}

te::EngineSettings settings_on(const c10::Device& where) {
  te::EngineSettings settings;
  settings.device = where;
  return settings;
}

loop::EngineTensor engine_tensor(const at::Tensor& tensor) {
  loop::EngineTensor made;
  made.view = te::view_of(tensor);
  made.source = tensor.unsafeGetTensorImpl();
  return made;
}

/// Copies into pinned memory, begun together.
struct Begun {
  Begun(const te::DeviceCopies& copies, const std::vector<std::pair<at::Tensor, bool>>& tensors) {
    std::vector<loop::CopyOut> wanted;
    std::size_t bytes = 0;
    for (const auto& [tensor, beside] : tensors) bytes += tensor.nbytes();
    memory = copies.memory(bytes);
    bytes = 0;
    for (const auto& [tensor, beside] : tensors) {
      wanted.push_back({engine_tensor(tensor), memory.get() + bytes, beside});
      bytes += tensor.nbytes();
    }
    copy = copies.begin(wanted);
  }
  bool is_all(float value, std::size_t count) const {
    const auto* const numbers = reinterpret_cast<const float*>(memory.get());
    return std::all_of(numbers, numbers + count, [=](float one) { return one == value; });
  }
  std::shared_ptr<std::byte> memory;
  std::unique_ptr<loop::DeviceCopy> copy;
};

at::Tensor filled(float value, std::int64_t count = 1000) {
  return at::full({count}, value, at::TensorOptions(at::kFloat).device(device()));
}

/// Made where it is trained: LibTorch moves no parameter from the processor to the queued device.
struct Small : torch::nn::Module {
  explicit Small(const c10::Device& where) {
    const auto made = [&](at::IntArrayRef sizes) { return (at::rand(sizes) - 0.5).to(where); };
    weight = register_parameter("weight", made({4, 4}));
    bias = register_parameter("bias", made({4}));
    last = register_parameter("last", made({1, 4}));
    seen = register_buffer("seen", made({1}));
  }
  at::Tensor loss(const tenon::Batch& batch) {
    const at::Tensor inner = at::relu(at::linear(batch[0], weight, bias));
    const at::Tensor lost = (at::linear(at::dropout(inner, 0.5, is_training()), last) - batch[1]).square().mean();
    if (is_training()) seen.add_(lost.detach());
    return lost;
  }
  at::Tensor weight, bias, last, seen;
};

struct SmallTask : tenon::TaskFor<Small> {
  SmallTask(const c10::Device& on, MakeOptimizer how) : TaskFor({{}, {}, {}, 5}), where(on), make(std::move(how)) {}
  std::shared_ptr<torch::nn::Module> make_model() override { return std::make_shared<Small>(where); }
  std::vector<tenon::NamedOptimizer> configure_optimizers(torch::nn::Module& model) override {
    return {make(model.parameters())};
  }
  tenon::Loader training_data() override { return {make_data(), batch_size, true}; }
  std::vector<tenon::Loader> validation_data() override { return {{make_data(), 20}}; }
  bool manual_optimization() const override { return by_hand; }
  at::Tensor training_step(Small& model, const tenon::Batch& batch) override {
    const at::Tensor loss = model.loss(batch);
    if (!by_hand) return loss;
    optimizer(0).zero_grad();
    backward(loss);
    optimizer(0).step();
    return loss;
  }
  void validation_step(Small& model, const tenon::Batch& batch) override {
    at::rand({3});  // the processor's random numbers too are the training's alone
    log("val_loss", model.loss(batch));
  }
  c10::Device where;
  MakeOptimizer make;
  bool by_hand = false;
};

/// Two epochs with a save at every step, tensors of any size lazily copied; what each save must hold is kept before.
struct Run : loop::SnapshotTest {
  explicit Run(const c10::Device& where, const MakeOptimizer& make = adamw, bool by_hand = false)
      : engine(task(where, make, by_hand), "test", settings_on(where)),
        fixture(engine),
        probe(fixture.probe("saver")) {}
  ~Run() { loop::Snapshots::test = nullptr; }

  static std::unique_ptr<SmallTask> task(const c10::Device& where, const MakeOptimizer& make, bool by_hand) {
    auto made = std::make_unique<SmallTask>(where, make);
    made->by_hand = by_hand;
    return made;
  }

  void run() {
    loop::Snapshots::test = this;
    fixture.wait_for_saves = false;
    fixture.options.max_epochs = 2;
    std::map<std::string, Saved> wanted;
    probe.on[TENON_HOOK(on_setup)] = [&](const void*) {
      tenon::Checkpoints(tenon::Host(probe.host)).claim("checkpoints");
    };
    probe.on[TENON_HOOK(on_train_batch_start)] = [&](const void*) {
      if (before_batch) before_batch(dynamic_cast<Small&>(engine.model().module()));
    };
    probe.on[TENON_HOOK(on_train_batch_end)] = [&](const void* args) {
      const std::string name = "at" + std::to_string(tenon::tests::step_of(args));
      wanted.emplace(name, Saved(engine));
      tenon::tests::save(probe, name);
    };
    std::vector<tenon::tests::Ticket> tickets;
    tenon::tests::collect(probe, tickets);
    bool is_trained = false;
    said = tenon::chain::test::stderr_of([&] { is_trained = fixture.run().exit == tenon::ExitCode::ok; });
    BOOST_TEST(is_trained, said);
    BOOST_TEST(torn.empty(), "a lazily copied tensor is torn: " << (torn.empty() ? "" : torn.front()));
    BOOST_TEST(tickets.size() == wanted.size());
    for (const tenon::tests::Ticket& one : tickets) {
      if (one.outcome != TENON_TICKET_DONE) {
        failed.push_back(one.reason);
        continue;
      }
      const auto opened = tenon::checkpoint::Checkpoint::open(one.path);
      const std::string name = std::filesystem::path(one.path).stem();
      for (const std::string_view file : {tenon::checkpoint::model_file, tenon::checkpoint::training_file}) {
        const auto loaded = opened.load(file);
        for (const tenon::checkpoint::TensorRecord& record : loaded.records)
          saved[name][record.name] = {record.bytes.begin(), record.bytes.end()};
      }
      for (const auto* group : {&wanted.at(name).weights, &wanted.at(name).training})
        for (const Saved::Owned& tensor : *group)
          BOOST_TEST((saved[name][tensor.name] == tensor.bytes), name << ": " << tensor.name << " is not what it was");
    }
  }

  te::TorchEngine engine;
  LoopFixture fixture;
  Probe& probe;
  std::function<void(Small&)> before_batch;
  std::string said;
  std::vector<std::string> failed;
  std::map<std::string, std::map<std::string, std::vector<std::byte>>> saved;  // by checkpoint and tensor
};

}  // namespace

BOOST_AUTO_TEST_SUITE(device_copies, *boost::unit_test::precondition(there_is_a_device))

BOOST_AUTO_TEST_CASE(only_what_the_device_is_given_later_waits_for_copies_beside_the_training,
                     *boost::unit_test::precondition(device_can_be_made_to_wait)) {
  const te::DeviceCopies copies(device());
  at::Tensor weight = filled(1), other = filled(2);
  std::optional<Begun> begun;
  {
    const BesideStandsStill still;
    begun.emplace(copies, std::vector<std::pair<at::Tensor, bool>>{{weight, true}});
    BOOST_TEST(!begun->copy->is_done());
    other.fill_(3);
    BOOST_TEST(other[0].item<float>() == 3.0f, "the training goes on meanwhile");
    begun->copy->go_first();
    weight.fill_(4);
    BOOST_TEST(!begun->copy->is_done());
  }
  begun->copy->wait();
  BOOST_TEST(begun->copy->is_done());
  BOOST_TEST(begun->is_all(1, 1000));
  BOOST_TEST(weight[0].item<float>() == 4.0f);
}

BOOST_AUTO_TEST_CASE(what_the_device_was_given_before_is_done_before_a_copy) {
  const te::DeviceCopies copies(device());
  constexpr std::int64_t large = 4 << 20;  // takes a while
  at::Tensor weight = filled(1, large);
  BOOST_TEST(weight[0].item<float>() == 1.0f);
  for (int i = 2; i <= 9; ++i) weight.fill_(i);
  const Begun begun(copies, {{weight, true}});
  begun.copy->wait();
  BOOST_TEST(begun.is_all(9, large));
}

BOOST_AUTO_TEST_CASE(what_may_be_written_to_at_once_is_copied_before_the_device_goes_on) {
  const te::DeviceCopies copies(device());
  at::Tensor buffer = filled(1);
  const Begun begun(copies, {{buffer, false}});
  buffer.fill_(2);
  begun.copy->wait();
  BOOST_TEST(begun.is_all(1, 1000));
}

BOOST_AUTO_TEST_CASE(tensors_in_any_layout_are_copied_row_by_row) {
  const te::DeviceCopies copies(device());
  const at::Tensor rows = at::arange(12, at::kFloat).reshape({3, 4});
  const at::Tensor columns = rows.to(device()).t();
  for (const bool beside : {true, false}) {
    const Begun begun(copies, {{columns, beside}});
    begun.copy->wait();
    BOOST_TEST(std::memcmp(begun.memory.get(), rows.t().contiguous().const_data_ptr(), 48) == 0);
  }
}

BOOST_AUTO_TEST_CASE(memory_of_tensors_that_are_gone_is_left_alone_until_it_is_copied,
                     *boost::unit_test::precondition(device_can_be_made_to_wait)) {
  const te::DeviceCopies copies(device());
  std::optional<Begun> begun;
  at::Tensor gone = filled(1);
  {
    const BesideStandsStill still;
    begun.emplace(copies, std::vector<std::pair<at::Tensor, bool>>{{gone, true}});
    gone.reset();
    filled(7).add_(1);
    begun->copy->go_first();
  }
  begun->copy->wait();
  BOOST_TEST(begun->is_all(1, 1000));
}

BOOST_AUTO_TEST_CASE(every_save_holds_what_was_there_at_its_commit_point) {
  if (!is_on_gpu()) slow_down_beside(std::chrono::milliseconds(1));
  for (const bool by_sgd : {false, true}) {
    Run run(device(), by_sgd ? sgd : adamw);
    std::uint64_t late = 0;
    run.before_batch = [&](Small&) { late += !is_on_gpu() && pending_beside() > 0; };
    run.run();
    BOOST_TEST(run.failed.empty());
    BOOST_TEST(run.lazy == 13u);
    BOOST_TEST(run.whole == run.lazy);
    if (!is_on_gpu()) BOOST_TEST(late >= 10u, "training goes on before the copies are made");
  }
  slow_down_beside({});
}

BOOST_AUTO_TEST_CASE(a_run_on_a_device_saves_what_a_run_on_the_processor_saves,
                     *boost::unit_test::precondition(device_can_be_made_to_wait)) {
  const auto saved_on = [](const c10::Device& where) {
    Run run(where);
    run.run();
    return run.saved;
  };
  auto there = saved_on(device()), here = saved_on(c10::kCPU);
  BOOST_TEST(here.size() == 14u);
  BOOST_TEST(there.size() == here.size());
  for (auto& [name, tensors] : there) {
    BOOST_TEST(tensors.erase("rng/" + device().str()) == 1u);
    for (const auto& [tensor, bytes] : here[name])
      BOOST_TEST((tensors[tensor] == bytes), name << ": " << tensor << " differs");
    BOOST_TEST(tensors.size() == here[name].size());
  }
}

BOOST_AUTO_TEST_CASE(a_write_outside_of_steps_costs_the_save_that_it_may_have_torn) {
  Run run(device());
  std::uint64_t batches = 0;
  run.before_batch = [&](Small& model) {
    const at::NoGradGuard no_gradients;
    if (++batches == 5) model.weight.mul_(0.5);
  };
  run.run();
  BOOST_REQUIRE(run.failed.size() == 1u);
  BOOST_TEST(run.failed.front().find("'weight' was written to outside of an optimizer step") == 0u);
  BOOST_TEST(run.saved.size() == 13u);
}

BOOST_AUTO_TEST_CASE(who_steps_by_hand_is_copied_before_the_device_goes_on) {
  Run run(device(), adamw, true);
  run.run();
  BOOST_TEST(run.failed.empty());
}

BOOST_AUTO_TEST_CASE(a_training_on_a_device_takes_back_what_was_saved_of_it) {
  Session session([] { return std::make_unique<SmallTask>(device(), adamw); }, settings_on(device()));
  session.start();
  for (int i = 0; i < 3; ++i) session.batch();
  Saved then(*session.engine);
  for (int i = 0; i < 3; ++i) session.batch();
  BOOST_TEST(then.difference(Saved(*session.engine)) != "");
  then.restore_into(*session.engine, loop::restore_model | loop::restore_optimizers | loop::restore_rng);
  Saved now(*session.engine);
  BOOST_TEST((then.weights == now.weights));
  BOOST_TEST((then.training == now.training));
}

BOOST_AUTO_TEST_CASE(trainings_on_a_device_resume_to_the_same_bits) {
  for (const auto& make : {sgd, adamw})
    check_resumed(
        "on a device", [make] { return std::make_unique<SmallTask>(device(), make); }, {0, 3, 10},
        settings_on(device()));
}

BOOST_AUTO_TEST_SUITE_END()
