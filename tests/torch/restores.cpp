// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Weights and optimizers of LibTorch put back into a running training, and a run that is killed in between.
#include <tenon/trainer.hpp>

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "average.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/format.hpp"
#include "trained.hpp"

namespace {

namespace fs = std::filesystem;
using tests::TestTask;

struct Place {
  Place() {
    const fs::path memory = "/dev/shm";  // every step is synced: where it can be had, in memory
    const fs::path where = access(memory.c_str(), W_OK) == 0 ? memory : fs::temp_directory_path();
    std::string name = (where / "tenon-restores-XXXXXX").string();
    BOOST_REQUIRE(mkdtemp(name.data()));
    path = fs::canonical(name);
  }
  ~Place() { fs::remove_all(path); }
  fs::path path;
};

/// Saves everything at every step. It keeps the weights at steps 3 and 9; behind step 6 it goes back to the checkpoint
/// of step 4, with the optimizer where `scope` says so; at its end the run gets what was kept last.
class Restorer {
 public:
  static constexpr const char* id = "org.tenon.tests.restorer";
  static constexpr const char* name = "restorer";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Keeps weights and puts them back";
  static constexpr const char* license = "Apache-2.0";

  explicit Restorer(tenon::Host host) : host_(host), run_(tenon::resolve(host, TENON_PATH_RUN, ".")) {}

  void on_train_batch_end(const tenon_batch_args& args) {
    const tenon::Checkpoints checkpoints(host_);
    const std::uint64_t step = args.progress->step;
    const std::string as = "s" + std::to_string(step);
    tenon_save_request wanted = tenon::Checkpoints::save(TENON_CHECKPOINT_FULL, as, "every step");
    wanted.folder = tenon::text("every");
    wanted.flags = TENON_SAVE_WAIT;
    checkpoints.request(wanted);
    if (step == 3 || step == 9) checkpoints.keep("at " + as);
    if (step == 3) checkpoints.restore(TENON_RESTORE_MODEL, TENON_RESTORE_AT_END, "the weights kept last");
    if (step == 6) {
      const std::string from = run_ / "every/s4.ckpt";
      checkpoints.restore(scope, TENON_RESTORE_NEXT_COMMIT, "back to step 4", from);
    }
    if (step == 7) checkpoints.restore(TENON_RESTORE_MODEL, TENON_RESTORE_AT_END, "the weights kept last");
  }
  void on_checkpoint_saved(const tenon_checkpoint_args&) {
    if (!copies.empty())
      fs::copy(run_, copies / std::to_string(std::distance(fs::directory_iterator(copies), {})),
               fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  }

  static inline std::int32_t scope = TENON_RESTORE_MODEL;
  static inline fs::path copies;

 private:
  tenon::Host host_;
  fs::path run_;
};

tenon::RunResult train(const fs::path& folder, bool resumed) {
  tenon::TrainerOptions options;
  options.max_epochs = 2;
  options.seed = 5;
  options.threads = 1;
  options.num_sanity_val_steps = 0;
  tenon::Trainer trainer(options, folder);
  trainer.add_callback<Restorer>().add_callback<tenon::tests::Average>();
  if (resumed) trainer.resume("auto");
  auto task = std::make_unique<TestTask>(0, tests::adamw);
  task->step = [](tests::Net& net, const tenon::Batch& batch) {
    const at::NoGradGuard no_gradients;
    net.named_buffers()["seen"].add_(1);
    const at::AutoGradMode gradients(true);
    return at::mse_loss(net.forward(batch[0]), batch[1]);
  };
  return trainer.fit(std::move(task));
}

/// Tensors of a checkpoint's file by name, those alone that begin with `prefix`.
std::map<std::string, std::string> tensors(const fs::path& at, std::string_view file, const std::string& prefix = "") {
  std::map<std::string, std::string> all;
  const tenon::checkpoint::LoadedTensors loaded = tenon::checkpoint::Checkpoint::open(at).load(file);
  for (const tenon::checkpoint::TensorRecord& record : loaded.records)
    if (record.name.starts_with(prefix))
      all[record.name] = std::string(reinterpret_cast<const char*>(record.bytes.data()), record.bytes.size());
  return all;
}

constexpr std::string_view model = tenon::checkpoint::model_file, training = tenon::checkpoint::training_file;

/// The model's parameters and buffers, as they are in memory.
void check_holds(const torch::nn::Module& module, const std::map<std::string, std::string>& saved) {
  std::size_t found = 0;
  const auto compare = [&](const auto& named) {
    for (const auto& item : named) {
      const auto at = saved.find(item.key());
      if (at == saved.end()) continue;
      ++found;
      const at::Tensor tensor = item.value().contiguous();
      BOOST_TEST(std::string(static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()) == at->second,
                 item.key());
    }
  };
  compare(module.named_parameters());
  compare(module.named_buffers());
  BOOST_TEST(found == saved.size());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(restores)

BOOST_AUTO_TEST_CASE(the_model_and_where_asked_for_the_optimizer_come_back_bit_for_bit) {
  for (const std::int32_t scope : {TENON_RESTORE_MODEL, TENON_RESTORE_MODEL_AND_OPTIMIZER}) {
    const Place place;
    Restorer::scope = scope;
    Restorer::copies.clear();
    const tenon::RunResult result = train(place.path / "run", false);
    BOOST_REQUIRE_MESSAGE(result.exit_code == tenon::ExitCode::ok, result.detail);
    BOOST_TEST(result.steps == 14u);
    const fs::path every = result.folder / "every";
    // Saved at the commit point at which they were put back.
    BOOST_TEST((tensors(every / "s6.ckpt", model) == tensors(every / "s4.ckpt", model)));
    BOOST_TEST((tensors(every / "s6.ckpt", training, "optimizer/") ==
                tensors(every / "s4.ckpt", training, "optimizer/")) == (scope == TENON_RESTORE_MODEL_AND_OPTIMIZER));
    BOOST_TEST((tensors(every / "s6.ckpt", training, "rng/") != tensors(every / "s4.ckpt", training, "rng/")));
    BOOST_TEST((tensors(every / "s7.ckpt", model) != tensors(every / "s5.ckpt", model)));
    BOOST_TEST((tensors(every / "s14.ckpt", model) != tensors(every / "s9.ckpt", model)));
    check_holds(*result.model, tensors(every / "s9.ckpt", model));
    BOOST_TEST(fs::read_symlink(every / "final.ckpt") == "s9.ckpt");
  }
}

BOOST_AUTO_TEST_CASE(a_run_that_is_killed_in_between_ends_with_the_same_bits) {
  const Place place;
  Restorer::scope = TENON_RESTORE_MODEL_AND_OPTIMIZER;
  Restorer::copies = place.path / "copies";
  fs::create_directory(Restorer::copies);
  const tenon::RunResult whole = train(place.path / "run", false);
  Restorer::copies.clear();
  const fs::path last = whole.folder / "every/s14.ckpt";
  const std::set<fs::path> copies(fs::directory_iterator(place.path / "copies"), {});
  BOOST_TEST(copies.size() >= 13u);
  BOOST_TEST(tensors(last, training, "callbacks/average/").size() == 6u);
  BOOST_TEST(tensors(last, training, "kept/restorer/").size() == 7u);
  for (const fs::path& copy : copies) {
    BOOST_TEST_CONTEXT("killed after " << copy.filename()) {
      const tenon::RunResult rest = train(copy, true);
      BOOST_REQUIRE_MESSAGE(rest.exit_code == tenon::ExitCode::ok, rest.detail);
      BOOST_TEST(rest.steps == 14u);
      check_holds(*rest.model, tensors(whole.folder / "every/final.ckpt", model));
      BOOST_TEST((tensors(copy / "every/final.ckpt", model) == tensors(whole.folder / "every/final.ckpt", model)));
      for (const std::string prefix : {"optimizer/", "rng/", "callbacks/", "kept/"})
        BOOST_TEST((tensors(copy / "every/s14.ckpt", training, prefix) == tensors(last, training, prefix)), prefix);
      BOOST_TEST((tensors(copy / "every/s14.ckpt", model) == tensors(last, model)));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
