// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A task library whose build is another: it must be refused without running any of it.
#include <cstdlib>
#include <tenon/task.hpp>

#undef TENON_TASK_FINGERPRINT
#define TENON_TASK_FINGERPRINT "libtorch=1.13.1 compiler-abi=1002"

namespace {

struct RunsWhenLoaded {
  RunsWhenLoaded() { std::abort(); }
} const runs_when_loaded;

struct ForeignTask : tenon::Task {
  using Task::Task;
  std::shared_ptr<torch::nn::Module> make_model() override { return nullptr; }
  at::Tensor training_step(torch::nn::Module&, const tenon::Batch&) override { return {}; }
  std::vector<tenon::NamedOptimizer> configure_optimizers(torch::nn::Module&) override { return {}; }
  tenon::Loader training_data() override { return {}; }
};

}  // namespace

TENON_TASK(ForeignTask, "foreign", "1.0.0", "{}")
