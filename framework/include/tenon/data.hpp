// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a task trains on: datasets with a size and a get(index), whose order the host decides and whose samples it
// counts, so that the position in the data is exact; and streams, which end when they end.
#ifndef TENON_DATA_HPP
#define TENON_DATA_HPP

#include <ATen/core/Tensor.h>

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <tenon/random.hpp>
#include <vector>

namespace tenon {

/// One sample: its tensors, in an order that the dataset and the task's steps agree on, say {input, target}.
using Example = std::vector<at::Tensor>;

/// Several samples; each tensor's first dimension counts them.
struct Batch {
  std::vector<at::Tensor> tensors;
  std::uint64_t samples = 0;

  const at::Tensor& operator[](std::size_t index) const { return tensors.at(index); }

  /// The same batch on a device; tensors that are there already are shared. From pinned memory, and with
  /// `non_blocking`, the copy may still be under way on return, in the order of the device's stream.
  Batch to(const at::Device& device, bool non_blocking = false) const;
};

/// Where a dataset's random augmentation comes from: a function of (seed, epoch, index), so that a resumed run, another
/// batch size or another number of workers draws the same.
class Augmentation {
 public:
  Augmentation(std::uint64_t seed, std::uint64_t epoch) noexcept : seed_(seed), epoch_(epoch) {}
  Random of(std::uint64_t index) const noexcept { return Random::of({seed_, 0x617567u /* "aug" */, epoch_, index}); }

 private:
  std::uint64_t seed_;
  std::uint64_t epoch_;
};

/// With Loader::workers 0 called on the loop thread. Else on worker threads, several at once, so that get() and the
/// others must not change what they share: as good as const, or with for_worker(). Gradients are not recorded, and
/// LibTorch computes on one thread in a worker. What is thrown ends the training with its text, the epoch, the batch
/// and the sample; earlier batches are trained on first.
///
/// Random numbers come from the argument alone. LibTorch's own generator is the training's, too: a dataset that draws
/// from it with workers 0 shifts what dropout draws, and with workers would make it depend on the threads' timing,
/// which is refused when the first batch shows it.
class Dataset {
 public:
  virtual ~Dataset() = default;

  /// Number of samples; the same for the whole run.
  virtual std::uint64_t size() const = 0;

  /// Sample `index`, below size(). `random` belongs to this sample in this epoch alone. An example without a tensor is
  /// taken for data that end early, an error.
  virtual Example get(std::uint64_t index, Random& random) = 0;

  /// Samples to one batch; here: tensors of one place stacked along a new first dimension. Throws std::runtime_error,
  /// naming sample and tensor, where numbers or shapes of tensors differ.
  virtual Batch collate(const std::vector<Example>& examples);

  /// The samples of `indices` (int64, one dimension, in main memory) as a batch; here: get() for each, then collate().
  /// Override where a whole batch is cheaper than its parts.
  virtual Batch get_batch(const at::Tensor& indices, const Augmentation& augmentation);

  /// A dataset of the same samples for one worker alone, where one object cannot serve several threads; called on the
  /// loop thread, once for each worker. nullptr, as here: all workers use this one.
  virtual std::shared_ptr<Dataset> for_worker() { return nullptr; }
};

/// Tensors in main memory whose first dimension counts the samples; a batch is one index_select for each.
class TensorDataset : public Dataset {
 public:
  /// Throws std::invalid_argument when there is no tensor, or their first dimensions differ.
  explicit TensorDataset(std::vector<at::Tensor> tensors);

  std::uint64_t size() const override;
  Example get(std::uint64_t index, Random& random) override;
  Batch get_batch(const at::Tensor& indices, const Augmentation& augmentation) override;

 private:
  std::vector<at::Tensor> tensors_;
};

/// Data whose length is not known before it ends. Called on one thread at a time: the loop's, or the one worker's.
class Stream {
 public:
  virtual ~Stream() = default;

  /// Back to the first sample, of this epoch: 0, 1, ...; an evaluation is always epoch 0. `random` is for what
  /// concerns the whole epoch, say the order of the files.
  virtual void start(std::uint64_t epoch, Random random) = 0;

  /// The next sample; nothing at the end. `random` belongs to this sample, the n-th of this epoch, alone.
  virtual std::optional<Example> next(Random& random) = 0;

  /// As Dataset's.
  virtual Batch collate(const std::vector<Example>& examples);

  /// Up to `count` samples, fewer only at the end, where none is an empty batch; the first is number `position` of the
  /// epoch. Here: next() for each, then collate(). Override where the source gives whole batches.
  virtual Batch next_batch(std::uint64_t count, std::uint64_t position, const Augmentation& augmentation);

  /// Passes over up to `count` samples, the first of which is number `position`, and returns how many there were; how
  /// the host goes on inside an epoch, a batch's worth at a time. Here: next() for each; override to jump.
  virtual std::uint64_t skip(std::uint64_t count, std::uint64_t position, const Augmentation& augmentation);

  /// Where the stream stands in its epoch, say a file and an offset, so that a resumed run need not pass over what was
  /// read. Asked for before each batch, since what was read ahead is no part of the position: it must be cheap. Of
  /// finite numbers and UTF-8. Here: nothing, and a resumed run uses skip().
  virtual std::optional<boost::json::object> save_state() { return std::nullopt; }

  /// To where save_state() was asked, in another object made alike; start() of the same epoch was called before. What
  /// it throws ends the training. Called only for what save_state() gave.
  virtual void load_state(const boost::json::object& state);
};

/// The samples of an epoch in their order: a function of its arguments alone. As many in each epoch; they need not be
/// all samples, and one may come twice.
using Order = std::function<std::vector<std::int64_t>(std::uint64_t seed, std::uint64_t epoch)>;

/// How a dataset or a stream is gone through. Batches, their order and what augmentation draws are the same for any
/// number of workers, and what was prepared ahead is no part of the position in the data.
struct Loader {
  std::shared_ptr<Dataset> dataset{};
  std::uint64_t batch_size = 32;
  bool shuffle = false;        ///< a new order each epoch, a function of (seed, epoch); else 0, 1, 2, ...
  bool drop_last = false;      ///< leave out a last batch that is not full
  std::uint32_t workers = 0;   ///< threads that prepare batches while the model computes; 0: read when they are needed
  std::uint32_t prefetch = 2;  ///< batches ready or in the making for each worker; at least 1
  Order order{};               ///< instead of `shuffle`
  std::shared_ptr<Stream> stream{};  ///< instead of `dataset`; has its own order, and one worker at most
};

}  // namespace tenon

#endif
