// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a task trains on: datasets with a size and a get(index). The host decides the order and counts the samples, so
// that the position in the data is exact.
#ifndef TENON_DATA_HPP
#define TENON_DATA_HPP

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>
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

/// Called on the loop thread. What get() throws ends the training with its text, the epoch and the batch.
class Dataset {
 public:
  virtual ~Dataset() = default;

  /// Number of samples; the same for the whole run.
  virtual std::uint64_t size() const = 0;

  /// Sample `index`, below size(). `random` belongs to this sample in this epoch alone; nothing else may be drawn from.
  virtual Example get(std::uint64_t index, Random& random) = 0;

  /// Samples to one batch; here: tensors of one place stacked along a new first dimension. Throws std::runtime_error,
  /// naming sample and tensor, where numbers or shapes of tensors differ.
  virtual Batch collate(const std::vector<Example>& examples);

  /// The samples of `indices` (int64, one dimension, in main memory) as a batch; here: get() for each, then collate().
  /// Override where a whole batch is cheaper than its parts.
  virtual Batch get_batch(const at::Tensor& indices, const Augmentation& augmentation);
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

/// How a dataset is gone through.
struct Loader {
  std::shared_ptr<Dataset> dataset;
  std::uint64_t batch_size = 32;
  bool shuffle = false;    ///< a new order each epoch, a function of (seed, epoch); else 0, 1, 2, ...
  bool drop_last = false;  ///< leave out a last batch that is not full
};

}  // namespace tenon

#endif
