// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Whatever a task does to its weights, what is saved is what they were at the commit point, or nothing.
#include <torch/nn/modules/batchnorm.h>
#include <torch/optim/lbfgs.h>

#include <algorithm>

#include "chain/recorder.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/format.hpp"
#include "loop/snapshot.hpp"
#include "resumed.hpp"
#include "saves.hpp"

using namespace tests;
using tenon::tests::LoopFixture;
using tenon::tests::Probe;

namespace {

/// With buffers that training changes, and a target network that no optimizer holds.
struct Rich : Net {
  Rich() {
    norm = register_module("norm", torch::nn::BatchNorm1d(4));
    target = register_module("target", torch::nn::Linear(4, 1));
  }
  at::Tensor forward(const at::Tensor& x) { return Net::forward(norm(x)); }
  void follow() {
    const at::NoGradGuard no_gradients;
    target->weight.lerp_(last->weight, 0.1);
    target->bias.copy_(last->bias);
  }
  std::vector<at::Tensor> trained() const {
    std::vector<at::Tensor> all = last->parameters();
    for (const at::Tensor& p : first->parameters()) all.push_back(p);
    for (const at::Tensor& p : second->parameters()) all.push_back(p);
    for (const at::Tensor& p : norm->parameters()) all.push_back(p);
    return all;
  }
  torch::nn::BatchNorm1d norm{nullptr};
  torch::nn::Linear target{nullptr};
};

struct RichTask : TestTask {
  explicit RichTask(MakeOptimizer make) : TestTask(5, {}) {
    configure = [make = std::move(make)](torch::nn::Module& model) -> std::vector<tenon::NamedOptimizer> {
      return {make(dynamic_cast<Rich&>(model).trained())};
    };
    step = [this](Net& net, const tenon::Batch& batch) {
      auto& rich = dynamic_cast<Rich&>(net);
      if (in_step) in_step(rich);
      return at::mse_loss(rich.forward(batch[0]), batch[1]);
    };
  }
  std::shared_ptr<torch::nn::Module> make_model() override { return std::make_shared<Rich>(); }
  std::function<void(Rich&)> in_step;
};

/// Two epochs of seven batches with a save at every commit point, tensors of any size lazily copied beside an eager
/// copy; and again everything compared with what it was before the commit point.
struct Watched : loop::SnapshotTest {
  explicit Watched(std::unique_ptr<RichTask> made)
      : task(*made), engine(std::move(made), "test", settings()), fixture(engine), probe(fixture.probe("saver")) {}
  ~Watched() { loop::Snapshots::test = nullptr; }

  static te::EngineSettings settings() { return {}; }
  Rich& model() { return dynamic_cast<Rich&>(engine.model().module()); }

  void run() {
    loop::Snapshots::test = this;
    fixture.wait_for_saves = false;
    fixture.options.max_epochs = 2;
    std::map<std::string, Saved> wanted;
    const auto save = [&](const std::string& name) {
      wanted.emplace(name, Saved(engine));
      tenon::tests::save(probe, name);
    };
    probe.on[TENON_HOOK(on_setup)] = [&](const void*) {
      tenon::Checkpoints(tenon::Host(probe.host)).claim("checkpoints");
    };
    probe.on[TENON_HOOK(on_optimizer_step)] = [&](const void*) { model().follow(); };
    probe.on[TENON_HOOK(on_train_batch_start)] = [&](const void*) {
      if (before_batch) before_batch(model());
    };
    probe.on[TENON_HOOK(on_train_batch_end)] = [&](const void* args) {
      if (after_batch) after_batch(model());
      if ((static_cast<const tenon_batch_args*>(args)->flags & TENON_BATCH_STEPPED) == 0) return;
      save("at" + std::to_string(tenon::tests::step_of(args)));
    };
    probe.on[TENON_HOOK(on_train_epoch_end)] = [&](const void* args) {
      save("end" + std::to_string(static_cast<const tenon_event_args*>(args)->progress->epoch));
    };
    std::vector<tenon::tests::Ticket> tickets;
    tenon::tests::collect(probe, tickets);
    bool is_trained = false;
    said = tenon::chain::test::stderr_of([&] { is_trained = fixture.run().exit == tenon::ExitCode::ok; });
    BOOST_TEST(is_trained, said);
    BOOST_TEST(torn.empty(), "a lazily copied tensor is torn: " << (torn.empty() ? "" : torn.front()));
    BOOST_TEST(whole <= lazy);
    BOOST_TEST(tickets.size() == wanted.size());
    for (const tenon::tests::Ticket& one : tickets) {
      if (one.outcome != TENON_TICKET_DONE) {
        failed.push_back(one.reason);
        continue;
      }
      ++saved;
      compare(one.path, wanted.at(std::filesystem::path(one.path).stem()));
    }
  }

  void compare(const std::filesystem::path& path, const Saved& was) {
    BOOST_TEST_CONTEXT(path) {
      const auto opened = tenon::checkpoint::Checkpoint::open(path);
      const auto same = [&](const tenon::checkpoint::LoadedTensors& loaded, const std::vector<Saved::Owned>& all) {
        std::size_t found = 0;
        for (const Saved::Owned& one : all)
          for (const tenon::checkpoint::TensorRecord& record : loaded.records) {
            if (record.name != one.name) continue;
            ++found;
            BOOST_TEST(std::equal(record.bytes.begin(), record.bytes.end(), one.bytes.begin(), one.bytes.end()),
                       one.name << " is not what it was");
          }
        BOOST_TEST(found == all.size());
      };
      same(opened.load(tenon::checkpoint::model_file), was.weights);
      same(opened.load(tenon::checkpoint::training_file), was.training);
    }
  }

  RichTask& task;
  te::TorchEngine engine;
  LoopFixture fixture;
  Probe& probe;
  std::function<void(Rich&)> before_batch, after_batch;
  std::string said;
  std::uint64_t saved = 0;
  std::vector<std::string> failed;
};

std::unique_ptr<RichTask> rich(MakeOptimizer make = adamw) { return std::make_unique<RichTask>(std::move(make)); }

bool is_told(const Watched& watched, const std::string& name) {
  return watched.said.find("'" + name + "' is written to outside of its optimizer's step") != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lazy_copies)

BOOST_AUTO_TEST_CASE(ordinary_trainings_are_copied_while_they_go_on) {
  const auto check = [](const std::string& name, std::unique_ptr<RichTask> task,
                        const std::function<void(Watched&)>& change, std::uint64_t lazy, std::uint64_t saves) {
    BOOST_TEST_CONTEXT(name) {
      Watched watched(std::move(task));
      change(watched);
      watched.run();
      BOOST_TEST(watched.failed.empty());
      BOOST_TEST(watched.lazy == lazy);
      BOOST_TEST(watched.whole == watched.lazy);
      BOOST_TEST(watched.saved == saves);
      BOOST_TEST(watched.said.find("outside of its optimizer's step") == std::string::npos);
    }
  };
  const auto nothing = [](Watched&) {};
  // The snapshot of the first step comes before the trial; those of the epochs' ends take over what is there.
  check("AdamW, dropout, batch norm, target network", rich(), nothing, 13, 16);
  check("SGD, which writes past the counters", rich(sgd), nothing, 13, 16);
  check(
      "accumulation", rich(), [](Watched& w) { w.fixture.options.accumulate_grad_batches = 3; }, 5, 8);
  check(
      "clipped gradients", rich(), [](Watched& w) { w.fixture.options.gradient_clip_val = 0.1; }, 13, 16);
  check(
      "weights clipped before the commit point", rich(),
      [](Watched& w) {
        w.after_batch = [](Rich& model) {
          for (const at::Tensor& p : model.parameters()) p.data().clamp_(-0.2, 0.2);
        };
      },
      13, 16);
  check(
      "data replaced in the step", rich(),
      [](Watched& w) {
        w.task.in_step = [](Rich& model) { model.last->weight.set_data(model.last->weight.detach() * 1.01); };
      },
      13, 16);
  auto several = rich();
  several->configure = [](torch::nn::Module& model) -> std::vector<tenon::NamedOptimizer> {
    auto& net = dynamic_cast<Rich&>(model);
    return {{"head", sgd(net.last->parameters())}, {"body", adamw(net.first->parameters())}};
  };
  check("two optimizers, and parameters of none", std::move(several), nothing, 13, 16);
}

BOOST_AUTO_TEST_CASE(who_writes_to_weights_outside_of_steps_is_found_out_and_every_save_is_right) {
  const auto clip = [](Rich& model) {
    for (const at::Tensor& p : model.trained()) p.data().clamp_(-0.05, 0.05);
  };
  const auto decay = [](Rich& model) {
    const at::NoGradGuard no_gradients;
    model.second->weight.mul_(0.99);
  };
  const auto check = [](const std::string& name, const std::function<void(Watched&)>& change,
                        const std::string& tensor) {
    BOOST_TEST_CONTEXT(name) {
      Watched watched(rich());
      change(watched);
      watched.run();
      BOOST_TEST(watched.failed.empty());
      BOOST_TEST(watched.lazy == 0u);
      BOOST_TEST(watched.saved == 16u);
      BOOST_TEST(is_told(watched, tensor));
    }
  };
  check(
      "clipped in the step through .data()", [&](Watched& w) { w.task.in_step = clip; }, "first.weight");
  check(
      "decayed in the step", [&](Watched& w) { w.task.in_step = decay; }, "second.weight");
  check(
      "clipped before the step", [&](Watched& w) { w.before_batch = clip; }, "first.weight");
}

BOOST_AUTO_TEST_CASE(a_rare_write_costs_one_save_and_no_torn_one_is_kept) {
  for (const bool past_the_counter : {true, false}) {
    Watched watched(rich());
    std::uint64_t calls = 0;
    watched.task.in_step = [&](Rich& model) {
      if (++calls != 6) return;
      const at::NoGradGuard no_gradients;
      const at::Tensor weight = past_the_counter ? model.first->weight.data() : model.first->weight;
      weight.mul_(0.5);
    };
    watched.run();
    BOOST_TEST(watched.lazy == 4u);
    BOOST_TEST(watched.whole == 3u);
    BOOST_REQUIRE(watched.failed.size() == 1u);
    BOOST_TEST(watched.failed.front().find("'first.weight' was written to outside of an optimizer step") == 0u);
    BOOST_TEST(watched.saved == 15u);
    BOOST_TEST(is_told(watched, "first.weight"));
  }
}

BOOST_AUTO_TEST_CASE(who_steps_in_other_ways_is_copied_at_the_commit_point) {
  Watched closure(rich([](std::vector<at::Tensor> parameters) {
    return std::make_shared<optim::LBFGS>(std::move(parameters), optim::LBFGSOptions(0.1).max_iter(3));
  }));
  closure.run();
  BOOST_TEST(closure.lazy == 0u);
  BOOST_TEST(closure.saved == 16u);
}

BOOST_AUTO_TEST_SUITE_END()
