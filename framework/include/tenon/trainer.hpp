// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Training in a program of one's own: what `tenon train` does, without the program.
//
//   tenon::Trainer trainer(options, "runs/first");
//   trainer.add_callback("checkpoint", "best", {{"monitor", "val_loss"}}).add_callback<MyCallback>();
//   tenon::RunResult result = trainer.fit(std::make_unique<MyTask>(trainer.task_context()));
//
// Link Tenon::tenon and, for tasks, Tenon::torch. This header needs no LibTorch; fit() and its like need
// <tenon/task.hpp> where they are called. Everything happens on the calling thread, which becomes the loop thread; runs
// follow one another, never two at once in a process: LibTorch's random generator and settings are the process's.
//
// The program owns its terminal, its signals and its log: nothing is written to stdout unless a callback that does so
// (console) is added, no signal handler is installed unless report_crashes() asks for it; messages go to stderr.
#ifndef TENON_TRAINER_HPP
#define TENON_TRAINER_HPP

#include <tenon/interruption.hpp>
#include <tenon/plugin.hpp>

#include <boost/json/object.hpp>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tenon/failure.hpp>
#include <tenon/metrics.hpp>
#include <tenon/task_context.hpp>
#include <tenon/trainer_options.hpp>
#include <utility>
#include <vector>

namespace torch::nn {
class Module;
}

namespace tenon {

class Task;
namespace loop {
class Engine;
}

/// How a run ended.
struct RunResult {
  std::int32_t reason = TENON_END_FINISHED;  ///< TENON_END_*: finished, stopped by a callback, failed, interrupted
  ExitCode exit_code = ExitCode::ok;         ///< what `tenon train` would exit with
  std::string detail;                        ///< why it was stopped, or the error's message
  std::uint64_t epochs = 0;                  ///< whose on_train_epoch_end was called, one cut short included
  std::uint64_t steps = 0;
  /// {"end", "epochs", "steps", "detail", "callbacks": {id: {"plugin", "saved", "kept", "best_model_path", ...}}};
  /// paths are relative to `folder` where they lie in it.
  boost::json::object summary;
  std::string account;                       ///< the summary for a person, a callback after the other
  std::map<std::string, double> metrics;     ///< the last value of everything that was logged
  std::filesystem::path folder;              ///< of this run; of a fast_dev_run it is gone
  std::filesystem::path predictions;         ///< the file that predict() wrote
  std::shared_ptr<torch::nn::Module> model;  ///< as the run left it, on its device
};

/// What a model begins with: nothing but what make_model() gives it, a checkpoint's folder or ref or a .safetensors
/// file, or the numbers of another module, say a RunResult's.
struct Weights {
  Weights() = default;
  Weights(std::filesystem::path its_file) : file(std::move(its_file)) {}
  Weights(std::shared_ptr<torch::nn::Module> of) : model(std::move(of)) {}

  std::filesystem::path file;
  std::shared_ptr<torch::nn::Module> model;
};

/// A callback's options: `{{"monitor", "val_loss"}, {"save_top_k", 2}}`, a JSON object, or its text.
class CallbackOptions {
 public:
  CallbackOptions() = default;
  CallbackOptions(std::initializer_list<std::pair<boost::json::string_view, boost::json::value_ref>> members)
      : object_(members) {}
  CallbackOptions(boost::json::object object) : object_(std::move(object)) {}
  /// Comments and trailing commas are allowed. Throws Failure (ExitCode::manifest) for what is no JSON object.
  CallbackOptions(const char* json_text);
  CallbackOptions(const std::string& json_text) : CallbackOptions(json_text.c_str()) {}

  const boost::json::object& object() const noexcept { return object_; }

 private:
  boost::json::object object_;
};

/// What a trainer drives. The caller owns the engine.
struct MadeEngine {
  loop::Engine* engine = nullptr;
  std::shared_ptr<torch::nn::Module> model;
};

/// Of libtenon_torch: an engine around a task, whose context gets the options' seed and the device that is used; its
/// model gets the numbers of `weights`, if there are any. Throws Failure.
MadeEngine make_engine(std::unique_ptr<Task> task, const torch::nn::Module* weights, const TrainerOptions& options,
                       Stage stage);

class Trainer {
 public:
  /// `run_folder` is made when training starts; relative ones are so to where the program was started. One that is
  /// taken gives `<run_folder>-v1`, -v2, ... Without one it is the program's name in default_root_dir, or in runs.
  explicit Trainer(TrainerOptions options = {}, std::filesystem::path run_folder = {});
  /// Trainer options, plugin folders and callbacks of a manifest; its task is left aside. `sets` are
  /// "trainer.max_epochs=3", as of --set. The run's folder is named after the manifest. Throws Failure
  /// (ExitCode::manifest).
  static Trainer from_manifest(const std::filesystem::path& manifest, const std::vector<std::string>& sets = {});
  Trainer(Trainer&& other) noexcept;
  Trainer& operator=(Trainer&& other) noexcept;
  ~Trainer();

  TrainerOptions& options() noexcept;
  Trainer& set_run_folder(std::filesystem::path folder);
  /// Searched for plugins before the manifest's, $TENON_PLUGIN_PATH, the user's, and those that came with libtenon.
  Trainer& add_plugin_folder(const std::filesystem::path& folder);
  /// As --trust: libraries there are loaded whoever may write to them.
  Trainer& trust_folder(const std::filesystem::path& folder);

  /// Adds a callback at the chain's end: of the plugin of this name or id; or with a '/' in it of the library at this
  /// path. `id` is the plugin's name where it is left out, `on_error` (abort, disable, warn) what the plugin suggests.
  /// What is wrong with it is thrown by fit(), with everything else.
  Trainer& add_callback(std::string_view plugin, std::string_view id = {}, CallbackOptions options = {},
                        std::string_view on_error = {});
  /// The same for one of the program's own, under the same rules. What the descriptor points to lives as long as the
  /// trainer.
  Trainer& add_callback(const tenon_descriptor& descriptor, std::string_view id = {}, CallbackOptions options = {},
                        std::string_view on_error = {});
  /// The same for a class as <tenon/plugin.hpp> describes it.
  template <class Callback>
  Trainer& add_callback(std::string_view id = {}, CallbackOptions options = {}, std::string_view on_error = {}) {
    return add_callback(detail::Adapter<Callback>::descriptor, id, std::move(options), on_error);
  }

  /// From now on fit() goes on with a run as `tenon train --resume` does: `what` is auto, last, best, best:ID (of the
  /// run in the trainer's run folder, in that folder), or the path of a checkpoint or ref; empty: a new run again.
  /// `parts`, as in "model,optimizer", begins a new run with these of a given checkpoint alone. A run with nothing left
  /// to do is told in the result's detail; its model is empty then. fit() throws Failure (ExitCode::checkpoint) where
  /// there is nothing to go on from, or it does not fit the task. Throws Failure (ExitCode::usage) for unknown parts.
  Trainer& resume(std::string what, std::string_view parts = {});

  /// What ends a training with its state saved, or saves it, from another thread or a signal's handler. Lives as long
  /// as the trainer, and counts for all its trainings.
  Interruption& interruption() noexcept;

  /// Called at each commit point with what was decided there: the lines that `tenon train --json` prints.
  Trainer& on_decision(std::function<void(const boost::json::object& decision)> listener);
  /// From now on a fatal signal first names the callback and hook that it happened in, on stderr, then does what it did
  /// before. For the whole process and for ever.
  Trainer& report_crashes();

  /// What a task of this trainer is made with: its seed and device; the manifest's folder, or else the one where the
  /// program was started; the program's own folder as the library's.
  TaskContext task_context(boost::json::object config = {}) const;

  /// Trains the task, to the end or to a stop; what happens while it trains is in the result. May be called again: each
  /// run has a folder and callbacks of its own. The task's context gets the trainer's seed and device. Throws Failure
  /// where nothing could be started; the folder is then empty.
  template <class T>
  RunResult fit(std::unique_ptr<T> task, const Weights& weights = {}) {
    return run(Stage::train, std::move(task), weights);
  }
  /// One pass over the task's validation data, with the trainer's callbacks, in a folder of its own
  /// (`<run folder>-validate`).
  template <class T>
  RunResult validate(std::unique_ptr<T> task, const Weights& weights) {
    return run(Stage::validation, std::move(task), weights);
  }
  /// The same over its test data (`-test`).
  template <class T>
  RunResult test(std::unique_ptr<T> task, const Weights& weights) {
    return run(Stage::test, std::move(task), weights);
  }
  /// The same over its predict data (`-predict`); what predict_step gives goes to a file there.
  template <class T>
  RunResult predict(std::unique_ptr<T> task, const Weights& weights,
                    PredictionFormat format = PredictionFormat::safetensors) {
    return run(Stage::predict, std::move(task), weights, format);
  }

 private:
  struct Parts;
  using Make = std::function<MadeEngine(const TrainerOptions&)>;
  explicit Trainer(std::unique_ptr<Parts> parts) noexcept;
  RunResult run_stage(Stage stage, const Weights& weights, PredictionFormat format, const Make& make);

  template <class T>
  RunResult run(Stage stage, std::unique_ptr<T> task, const Weights& weights,
                PredictionFormat format = PredictionFormat::safetensors) {
    return run_stage(stage, weights, format, [&](const TrainerOptions& options) {
      return make_engine(std::unique_ptr<Task>(std::move(task)), weights.model.get(), options, stage);
    });
  }

  std::unique_ptr<Parts> parts_;
};

}  // namespace tenon

#endif
