// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The Engine door: what the loop drives. One engine trains LibTorch models, one replays a recorded history, one in the
// tests only counts. Everything here is called on the loop thread, in the order that loop/loop.hpp shows.
#ifndef TENON_LOOP_ENGINE_HPP
#define TENON_LOOP_ENGINE_HPP

#include <tenon/base.h>
#include <tenon/hooks.h>
#include <tenon/services/model.h>
#include <tenon/tensor.h>
#include <tenon/failure.hpp>
#include <tenon/metrics.hpp>
#include <tenon/trainer_options.hpp>

#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::loop {

using tenon::DeclaredMetric;
using tenon::Goal;
using tenon::LogOptions;
using tenon::Reduce;
using tenon::Stage;

/// Where an engine puts what a step logs. Nothing is allocated for a name that was seen before.
class MetricSink {
 public:
  virtual ~MetricSink() = default;
  virtual void log(std::string_view name, double value, const LogOptions& options) = 0;
};

/// What a task puts on record beside numbers; see tenon_record_args for the meaning.
struct Record {
  std::int32_t kind = TENON_RECORD_TEXT;
  std::string_view name, media_type;
  std::string_view data;
  const tenon_tensor_view* tensor = nullptr;
};

/// What the loop is told while a step of the task runs.
class StepListener {
 public:
  virtual ~StepListener() = default;
  /// Of tasks in manual optimization: around what they do by hand, in training_step alone.
  virtual void before_backward() = 0;
  virtual void after_backward() = 0;
  virtual void before_optimizer_step(std::uint32_t optimizer) = 0;
  virtual void after_optimizer_step(std::uint32_t optimizer) = 0;
  virtual void before_zero_grad(std::uint32_t optimizer) = 0;
  /// The weights of this batch were updated without an optimizer: it counts as a step.
  virtual void count_step() = 0;
  /// In any step.
  virtual void record(const Record& record) = 0;
};

/// Fixed from the engine's making on.
struct EngineFacts {
  std::string task_name;
  boost::json::object hparams;
  std::uint64_t train_batches = TENON_UNKNOWN;    ///< of the loader, per epoch, before limits; UNKNOWN for a stream
  std::vector<std::uint64_t> validation_batches;  ///< one for each loader; empty: the task has no validation
  std::vector<std::uint64_t> test_batches, predict_batches;  ///< the same
  std::uint32_t optimizers = 1;
  bool manual_optimization = false;  ///< the task steps its optimizers itself, through the listener
  bool closure = false;              ///< the optimizer, the only one, evaluates the batch more than once in a step
  bool declares_metrics = false;
  std::vector<DeclaredMetric> metrics;
};

struct BatchInfo {
  std::uint64_t samples = TENON_UNKNOWN;
};

/// When schedules are stepped: after a batch's optimizer steps, at a complete epoch's end, at a validation's end.
enum class ScheduleMoment { step, epoch, validation };

/// A metric as schedules see it.
struct MetricReading {
  double value = 0.0;
  bool fresh = false;            ///< no later step has finished since it was logged
  bool from_validation = false;  ///< logged by a validation step
  Goal goal = Goal::none;        ///< as declared or logged, else as the name says, else none
};

/// How an engine looks metrics up while it steps schedules; lives as long as that call.
class MetricReader {
 public:
  virtual ~MetricReader() = default;
  /// The latest value; nothing where the name has never been logged.
  virtual std::optional<MetricReading> find(std::string_view name) const = 0;
  /// Every metric logged so far.
  virtual std::vector<std::string> names() const = 0;
  /// The run has validations, but none has ended yet: its metrics cannot be missed so far.
  virtual bool awaits_validation() const = 0;
  /// Says it to the person who runs this, once for each text.
  virtual void warn(const std::string& text) const = 0;
};

/// One of the engine's optimizers; texts live as long as the engine.
struct OptimizerInfo {
  std::string_view name, type;
  std::string_view scheduler;  ///< its type; empty where there is none
  std::uint32_t groups = 0;
  std::uint64_t steps = 0;  ///< taken so far
};

/// A module of the model. A tensor counts once in it, under however many names it stands there.
struct ModuleInfo {
  std::string path;  ///< "encoder.0.linear"; empty for the model itself
  std::string type;  ///< "Linear": without namespaces
  std::uint32_t depth = 0;
  std::uint64_t parent = TENON_NO_MODULE;                    ///< its index
  std::string shapes_json = "{}";                            ///< own parameters: {"weight":[64,64]}
  std::uint64_t parameters = 0, trainable = 0, buffers = 0;  ///< numbers, children included
  std::uint64_t bytes = 0;                                   ///< of parameters and buffers
};

/// A tensor as the engine holds it; name and view are valid until the engine is next asked to compute.
struct EngineTensor {
  std::string_view name;
  tenon_tensor_view view{};
  bool trainable = false;
  bool present = true;  ///< false: a gradient that does not exist yet
  /// Its numbers change inside optimizer_step alone: one copy serves every commit point until the next step, and may be
  /// made while training goes on. What a task does nevertheless is found out by hold().
  bool only_in_step = false;
  const void* source = nullptr;  ///< the engine's own, for hold()
};

/// Keeps the memory of tensors, with the numbers that are in it, whatever becomes of the tensors.
class HeldTensors {
 public:
  virtual ~HeldTensors() = default;
  /// A number that moves with writes to the `index`-th tensor; not with all that there are ways for.
  virtual std::uint64_t version(std::size_t index) const = 0;
};

/// Copies that the engine's device makes while the processor goes on.
class DeviceCopy {
 public:
  /// [any-thread] Waits for the device.
  virtual ~DeviceCopy() = default;
  /// [any-thread] Returns when all numbers are where they were to go. Throws std::runtime_error with what the device
  /// says.
  virtual void wait() const = 0;
  /// [any-thread]
  virtual bool is_done() const = 0;
  /// [loop-thread] What the device is given from here on it begins when the copies are made; the caller does not wait.
  virtual void go_first() = 0;
};

/// One of them.
struct CopyOut {
  EngineTensor tensor;  ///< just given, and not in main memory
  std::byte* to;        ///< main memory of its size, row-major
  bool beside;  ///< the training, which leaves it as it is up to go_first(); else before what the device is given next
};

/// What an engine gave at a commit point, to be given back to one that is made anew from the same task. The views'
/// numbers are row-major, in main memory; all of it is needed for the duration of the call alone.
struct EngineState {
  std::span<const EngineTensor> weights;   ///< parameters and buffers, as tensor() names them
  std::span<const EngineTensor> training;  ///< as training_state() named them; any others are not looked at
  const boost::json::object& document;     ///< as training_state() filled it
};

/// Parts of it, to be joined by |.
enum RestorePart : std::uint32_t {
  restore_model = 1,       ///< parameters and buffers
  restore_optimizers = 2,  ///< their state, groups, options and counted steps
  restore_schedules = 4,
  restore_rng = 8,    ///< of the CPU and of each device
  restore_data = 16,  ///< what start_epoch() needs to go on inside an epoch
  restore_task = 32,  ///< what the task keeps itself
  restore_all = 63
};

/// Thrown by an engine that plays a run back, where that run has failed: the fit fails as it was recorded, and the
/// command that played it has succeeded.
class RecordedFailure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Engine {
 public:
  virtual ~Engine() = default;
  virtual const EngineFacts& facts() const = 0;

  /// Before the first batch; modules are in the mode they were made in, which is training. Both live as long as the
  /// run.
  virtual void start_run(MetricSink& metrics, StepListener& listener) = 0;
  /// The training loader from the first sample of `epoch`'s order; `skip` samples are passed over.
  virtual void start_epoch(std::uint64_t epoch, std::uint64_t skip) = 0;
  /// Behind the epoch's last batch, or the last before its limit; what is logged here is the epoch's.
  virtual void end_epoch() {}
  /// The batch after the current one, so that the last one is known; nothing at the loader's end. Not asked twice for
  /// one batch. An engine that knows what comes may read it as late as in take().
  virtual std::optional<BatchInfo> fetch() = 0;
  /// The batch fetched last becomes the current one.
  virtual void take() = 0;
  /// Forward of the current batch; keeps the loss. Logs into the sink.
  virtual void training_step() = 0;
  /// False when the loss just computed is known to be infinite or not a number; never waits for a device.
  virtual bool loss_is_finite() { return true; }
  /// Adds the gradients of loss * `scale` (1 / accumulation).
  virtual void backward(double scale) = 0;
  /// Bounds the gradients of one optimizer's parameters, as gradient_clip_val says.
  virtual void clip_gradients(std::uint32_t /*optimizer*/) {}
  /// `evaluate_again` is called where the optimizer wants the loss of the same batch anew (facts().closure): it runs
  /// zero_grad, training_step, backward and clip_gradients, with their hooks. Empty for others.
  virtual void optimizer_step(std::uint32_t optimizer, const std::function<void()>& evaluate_again) = 0;
  virtual void zero_grad(std::uint32_t optimizer) = 0;
  /// Steps the learning-rate schedules that are due. Throws where one monitors a metric that nobody logs.
  virtual void step_schedulers(ScheduleMoment, const MetricReader&) {}
  /// Nothing where there is no such optimizer to look at; the functions that follow are called for those that there
  /// are.
  virtual std::optional<OptimizerInfo> optimizer_info(std::uint32_t /*optimizer*/) { return std::nullopt; }
  /// The optimizer's settings, numbers that may change while training, "lr" first; empty behind the last. The names are
  /// constants.
  virtual std::string_view optimizer_option_name(std::uint32_t /*optimizer*/, std::uint32_t /*index*/) { return {}; }
  virtual double optimizer_option(std::uint32_t /*optimizer*/, std::uint32_t /*group*/, std::uint32_t /*index*/) {
    return 0.0;
  }
  /// Why a setting cannot have this value; "" when it can.
  virtual std::string optimizer_option_refusal(std::uint32_t /*optimizer*/, std::uint32_t /*index*/, double /*value*/) {
    return {};
  }
  virtual void set_optimizer_option(std::uint32_t /*optimizer*/, std::uint32_t /*group*/, std::uint32_t /*index*/,
                                    double /*value*/) {}
  /// A group's parameters by their index in TENON_TENSORS_PARAMETERS.
  virtual std::vector<std::uint64_t> optimizer_parameters(std::uint32_t /*optimizer*/, std::uint32_t /*group*/) {
    return {};
  }
  /// Under manual optimization, after batch `batch` (from 1) or, with 0, at an epoch's end: throws when weights have
  /// moved although no step was counted.
  virtual void check_uncounted_steps(std::uint64_t /*batch*/) {}

  /// The model's tree, parents before children; nothing where there are no modules.
  virtual std::vector<ModuleInfo> modules() { return {}; }

  /// A pass over evaluation loader `loader` of the stage's; no gradients, modules in evaluation mode until
  /// end_evaluation. No stage leaves a trace in the training's random stream.
  virtual void start_evaluation(Stage stage, std::uint32_t loader) = 0;
  virtual std::optional<BatchInfo> fetch_evaluation() = 0;
  virtual void take_evaluation() = 0;
  virtual void evaluation_step() = 0;
  virtual void end_evaluation(Stage stage) = 0;
  /// Only where the engine itself knows when validations happened (a recorded history); nothing: the options decide.
  virtual std::optional<bool> validation_due() { return std::nullopt; }
  /// The same: nothing follows in the history, and the run ends as at a limit.
  virtual bool history_is_over() { return false; }
  /// Seconds of the recorded clock; nothing: the loop's own clock counts. [any-thread]
  virtual std::optional<double> recorded_seconds() { return std::nullopt; }

  /// Replaces all parameters and buffers: names (those of tied tensors too), shapes and, but for the widths of floating
  /// point, types must fit, else nothing is changed. Throws Failure (ExitCode::checkpoint) with a table of all
  /// differences. Before start_run. The views' numbers are row-major, in main memory; `from` names the file for
  /// messages.
  virtual void load_weights(std::span<const EngineTensor> /*weights*/, const std::string& /*from*/) {}
  /// Gives back what an engine of the same task gave: before start_run, or at a commit point the model, alone or with
  /// the optimizers. Everything that `parts` names is compared first, so that all of it is taken over or nothing.
  /// Throws Failure (ExitCode::checkpoint) with a table of all differences, headed by `from`, which names the
  /// checkpoint. Answers remarks for a person: what makes the training go on otherwise than bit for bit, and what could
  /// not be given back. The loop itself goes to the position in the data, by start_epoch. At a commit point it is not
  /// called of an engine that has no parameters and no buffers: there is nothing to give back then.
  virtual std::vector<std::string> restore(const EngineState& /*state*/, std::uint32_t /*parts*/,
                                           const std::string& from) {
    throw Failure(ExitCode::checkpoint, from + " cannot be restored here: there is no model to restore it into");
  }
  /// After the predict stage: what predict_step gave, joined along the first dimension, for each loader in turn
  /// (`<name>`, or `<name>/dataloader_idx_<n>` where there are several). Valid until the engine is next asked to
  /// compute.
  virtual std::vector<EngineTensor> predictions() { return {}; }

  /// How many TENON_TENSORS_PARAMETERS, _GRADIENTS (as many, in the parameters' order) or _BUFFERS there are; tied ones
  /// count once; state_dict's order. 0 for any other group.
  virtual std::uint64_t tensor_count(std::int32_t group) = 0;
  /// One of them, in constant time; `index` is below tensor_count.
  virtual EngineTensor tensor(std::int32_t group, std::uint64_t index) = 0;
  /// Of tied tensors, {a further name: the first one}.
  virtual boost::json::object aliases() { return {}; }
  /// What else a full checkpoint needs: `optimizer/<name>/<parameter>/<key>`, `rng/<device>`, ...; numbers and texts
  /// (types, groups, options, aliases) go into the document.
  virtual void training_state(std::vector<EngineTensor>& out, boost::json::object& document) = 0;
  /// All tensors that are only_in_step now, those of the training state too, without asking the task for its own.
  virtual void stepped_tensors(std::vector<EngineTensor>& /*out*/) {}
  /// Of tensors just given as only_in_step. NULL: the engine cannot, and they are copied while it stands still.
  virtual std::unique_ptr<HeldTensors> hold(std::span<const EngineTensor> /*tensors*/) { return nullptr; }
  /// Begins to copy numbers as they are once the device has done what it was given so far. Not called of an engine
  /// whose tensors are all in main memory.
  virtual std::unique_ptr<DeviceCopy> begin_copies(std::span<const CopyOut> /*copies*/) { return nullptr; }
  /// [any-thread] Main memory that its device can write to on its own, for begin_copies(). NULL: it has no device, and
  /// any memory does.
  virtual std::shared_ptr<std::byte> memory_for_copies(std::size_t /*bytes*/) { return nullptr; }
  /// Copies a tensor's numbers, row-major, into main memory of its size; waits for the device.
  virtual void copy_out(const tenon_tensor_view& tensor, void* to) = 0;
};

/// What libtenon_torch is asked to open.
struct EngineRequest {
  std::filesystem::path task_library;  ///< absolute; trust in it is checked by whoever asks
  /// Its `.tenon.task` section: {"tenon_task":1,"name","version","fingerprint","config":schema}, read without loading
  /// it, so that a library of another build is refused before any of its code runs.
  boost::json::object task_identity;
  boost::json::object task_config;        ///< checked against the identity's schema, defaults filled in
  std::filesystem::path manifest_folder;  ///< what the task reads is relative to it
  TrainerOptions options;
  /// What it is opened for: train, validation, test or predict. Optimizers and training data are asked for to train
  /// alone.
  Stage stage = Stage::train;
};

/// Exported by libtenon_torch as `tenon_open_engine`; throws Failure (ExitCode::task). The caller deletes the engine.
using OpenEngine = Engine*(const EngineRequest&);

}  // namespace tenon::loop

#endif
