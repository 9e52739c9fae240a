// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A task: what a user writes to train a model. The loop, the checkpoints and the rest are the host's.
#ifndef TENON_TASK_HPP
#define TENON_TASK_HPP

#include <ATen/core/Tensor.h>

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tenon/data.hpp>
#include <tenon/metrics.hpp>
#include <tenon/scheduler.hpp>
#include <tenon/task_context.hpp>
#include <tenon/task_library.hpp>
#include <tenon/trainer_options.hpp>
#include <vector>

namespace torch::nn {
class Module;
}
namespace torch::optim {
class Optimizer;
class OptimizerParamState;
}  // namespace torch::optim

namespace tenon::torch_engine {
struct RunningStep;
}

namespace tenon {

class Task;
struct MadeEngine;

/// An optimizer and the name its state is kept under in a checkpoint.
struct NamedOptimizer {
  template <class Optimizer>
  NamedOptimizer(std::shared_ptr<Optimizer> only) : optimizer(std::move(only)) {}
  NamedOptimizer(std::string its_name, std::shared_ptr<torch::optim::Optimizer> its_optimizer,
                 std::optional<Schedule> its_schedule = std::nullopt)
      : name(std::move(its_name)), optimizer(std::move(its_optimizer)), schedule(std::move(its_schedule)) {}

  std::string name = "main";
  std::shared_ptr<torch::optim::Optimizer> optimizer;
  /// Needed for an optimizer of one's own that keeps anything in state(): makes an empty state of its type, into which
  /// a saved one is read, [] { return std::make_unique<MyState>(); }
  std::function<std::unique_ptr<torch::optim::OptimizerParamState>()> make_state{};
  std::optional<Schedule> schedule{};  ///< of its learning rate; several are one ChainedScheduler or SequentialLR
};

/// One of the task's optimizers, where it steps them itself (manual_optimization). Usable while training_step runs,
/// else every call throws std::logic_error. [loop-thread]
class OptimizerHandle {
 public:
  OptimizerHandle(Task& task, std::uint32_t index) noexcept : task_(&task), index_(index) {}

  /// Steps on the gradients that are there, tells the callbacks, and counts.
  void step();
  /// The same for an optimizer that evaluates its loss several times (LBFGS): `closure` sets the gradients to none,
  /// computes the loss, calls backward and gives the loss back.
  void step(const std::function<at::Tensor()>& closure);
  /// Sets the gradients to none.
  void zero_grad();
  /// Bounds the gradients: their norm together, or each number.
  void clip_gradients(double bound, ClipAlgorithm algorithm = ClipAlgorithm::norm);

 private:
  Task* task_;
  std::uint32_t index_;
};

/// What a task itself must remember to go on where it was: counters, a target network's weights, the numbers of a
/// generator of its own.
struct TaskState {
  boost::json::object values{};                 ///< written beside the run's other numbers; of finite size, UTF-8
  std::map<std::string, at::Tensor> tensors{};  ///< on any device; names must not be empty
};

/// What predict_step gives for a batch: tensors by name, whose first dimension counts the samples.
using Predictions = std::map<std::string, at::Tensor>;

/// Every function is called on the loop thread. An exception ends the command with its text: from the constructor up to
/// configure_optimizers before training (exit code 5), from a step as the training's failure (exit code 1).
///
/// Reserved names: transforms.
class Task {
 public:
  explicit Task(TaskContext context) : context_(std::move(context)) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  virtual ~Task();

  /// A fresh module in training mode; never NULL. LibTorch's generator was seeded before. May be called again.
  virtual std::shared_ptr<torch::nn::Module> make_model() = 0;

  /// The loss of a batch: one number that needs a gradient. Under manual optimization what it returns is not used.
  virtual at::Tensor training_step(torch::nn::Module& model, const Batch& batch) = 0;

  /// Logs what a validation is to measure. The module is in evaluation mode, no gradients are recorded.
  virtual void validation_step(torch::nn::Module& model, const Batch& batch);
  /// The same for `tenon test`; here: validation_step.
  virtual void test_step(torch::nn::Module& model, const Batch& batch);
  /// What `tenon predict` writes down: the same names and types for each batch; moved to main memory by the host. In
  /// evaluation mode, without gradients. Here: throws std::logic_error.
  virtual Predictions predict_step(torch::nn::Module& model, const Batch& batch);

  /// True: the host calls training_step alone, and the task does the rest there: backward(), optimizer(i).step(),
  /// optimizer(i).zero_grad(). A step taken otherwise cannot be seen; the run ends with an error that says so.
  /// Asked once, before make_model.
  virtual bool manual_optimization() const { return false; }

  /// At least one optimizer, or under manual optimization any number; `return
  /// {std::make_shared<torch::optim::AdamW>(...)};` will do. of any type of LibTorch's. One of your own derives
  /// from torch::optim::Optimizer and keeps what it must remember in state(); its states override both serialize()
  /// functions, writing tensors and numbers, and NamedOptimizer::make_state makes one, or full checkpoints fail; its
  /// options override them too where anything but the learning rate changes while training. Several are all stepped on
  /// the gradients of the one loss; their names must differ. A tensor that the module lists under two names is stepped
  /// once.
  virtual std::vector<NamedOptimizer> configure_optimizers(torch::nn::Module& model) = 0;

  /// Called once, before make_model.
  virtual Loader training_data() = 0;
  /// Several are gone through one after the other. Empty: there is no validation. Called once, before make_model.
  virtual std::vector<Loader> validation_data();
  /// The same for `tenon test` and `tenon predict`, called for these commands alone. Empty: the command is refused.
  virtual std::vector<Loader> test_data();
  virtual std::vector<Loader> predict_data();

  /// What the steps will log, with goals. Where a task declares anything, a callback that monitors anything else is
  /// refused at start. Called once, before make_model.
  virtual std::vector<DeclaredMetric> metrics() const;

  /// What loggers and checkpoints record as hyper-parameters; the config if not overridden.
  virtual boost::json::object hparams() const;

  /// What full checkpoints keep of the task itself; called at a commit point, when no step runs. The tensors are copied
  /// before the next step. Here: nothing.
  virtual TaskState save_state() { return {}; }
  /// Takes over what save_state() gave, after make_model and configure_optimizers and before the first step; not called
  /// where it gave nothing. Tensors are the task's own, in main memory. Called before anything else is restored: where
  /// it throws, the resuming is refused with its text. Here: throws std::logic_error.
  virtual void load_state(const TaskState& state);

  const TaskContext& context() const noexcept { return context_; }
  const boost::json::object& config() const noexcept { return context_.config; }

 protected:
  /// Logs a value of the running step. Not a failure outside of a step: there it is dropped.
  void log(std::string_view name, double value, const LogOptions& options = {});
  /// The same for a tensor of one number; costs no synchronisation on the CPU.
  void log(std::string_view name, const at::Tensor& value, const LogOptions& options = {});
  /// Puts a text on record, for callbacks that listen to on_record.
  void record_text(std::string_view name, std::string_view text, std::string_view media_type = "text/plain");

  /// The device that batches arrive on; "cpu" or "cuda:0".
  const std::string& device() const noexcept { return context_.device; }

  /// Manual optimization, in training_step alone; otherwise std::logic_error. Optimizers in the order of
  /// configure_optimizers.
  OptimizerHandle optimizer(std::uint32_t index = 0) { return {*this, index}; }
  std::vector<OptimizerHandle> optimizers();
  /// Adds the gradients of `loss`, with the hooks around it.
  void backward(const at::Tensor& loss);
  /// Says that this batch's weights were updated without an optimizer of the host's: the batch counts as a step.
  void count_step();

 private:
  friend class TaskStep;
  friend MadeEngine make_engine(std::unique_ptr<Task> task, const torch::nn::Module* weights,
                                const TrainerOptions& options, Stage stage);
  friend class OptimizerHandle;
  torch_engine::RunningStep& manual_step(const char* what) const;

  TaskContext context_;
  torch_engine::RunningStep* step_ = nullptr;
};

/// A task whose steps take the module by its own type.
template <class Model>
class TaskFor : public Task {
 public:
  using Task::Task;

  virtual at::Tensor training_step(Model& model, const Batch& batch) = 0;
  virtual void validation_step(Model&, const Batch&) {}
  virtual void test_step(Model& model, const Batch& batch) { validation_step(model, batch); }
  virtual Predictions predict_step(Model& model, const Batch& batch) { return Task::predict_step(model, batch); }

 private:
  at::Tensor training_step(torch::nn::Module& model, const Batch& batch) final {
    return training_step(typed(model), batch);
  }
  void validation_step(torch::nn::Module& model, const Batch& batch) final { validation_step(typed(model), batch); }
  void test_step(torch::nn::Module& model, const Batch& batch) final { test_step(typed(model), batch); }
  Predictions predict_step(torch::nn::Module& model, const Batch& batch) final {
    return predict_step(typed(model), batch);
  }

  /// Asked for each step, and nearly always of the module that it was asked of before.
  Model& typed(torch::nn::Module& model) {
    if (&model != known_) {
      auto* const own = dynamic_cast<Model*>(&model);
      if (own == nullptr)
        throw std::logic_error("make_model() made another module than the type that TaskFor is given");
      known_ = &model;
      typed_ = own;
    }
    return *typed_;
  }

  const torch::nn::Module* known_ = nullptr;
  Model* typed_ = nullptr;
};

}  // namespace tenon

/// At file scope, once for each task library: makes the class, a Task constructible from a TaskContext, the library's
/// task. `name` and `version` are text that needs no escaping; `config_schema` is a JSON Schema (draft 7) of an object,
/// as text. All three are string literals: they are also readable in the file without loading it.
#define TENON_TASK(Class, name, version, config_schema)                                                               \
  TENON_TASK_SECTION static const char tenon_task_identity[] =                                                        \
      "{\"tenon_task\":1,\"name\":\"" name "\",\"version\":\"" version "\",\"fingerprint\":\"" TENON_TASK_FINGERPRINT \
      "\",\"config\":" config_schema "}";                                                                             \
  extern "C" {                                                                                                        \
  extern TENON_TASK_EXPORT const tenon::TaskEntry tenon_task_v1;                                                      \
  const tenon::TaskEntry tenon_task_v1 = {TENON_TASK_FINGERPRINT, name,                                               \
                                          [](tenon::TaskContext context) -> std::unique_ptr<tenon::Task> {            \
                                            return std::make_unique<Class>(std::move(context));                       \
                                          }};                                                                         \
  }

#endif
