// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Datasets and streams written for torch::data, in their place. Includes nothing of torch::data itself.
#ifndef TENON_TORCH_DATA_HPP
#define TENON_TORCH_DATA_HPP

#include <concepts>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <tenon/data.hpp>
#include <type_traits>
#include <utility>
#include <vector>

namespace tenon {
namespace torch_data {

/// What get_batch() gives: a list of examples, or, after a Stack, one whose tensors count the samples.
template <class Got>
concept ExampleList = requires(const Got& got) {
  got.at(0);
};

template <class Got>
concept Optional = requires(const Got& got) {
  got.has_value();
};

template <class One>
Example tensors_of(const One& one) {
  if constexpr (std::convertible_to<const One&, at::Tensor>) {
    return {one};
  } else if constexpr (requires { at::Tensor(one.target); }) {
    return {one.data, one.target};
  } else {
    return {one.data};
  }
}

template <class Got>
Example first_of(const Got& got) {
  if constexpr (ExampleList<Got>) {
    return tensors_of(got.at(0));
  } else {
    Example example = tensors_of(got);
    for (at::Tensor& tensor : example) tensor = tensor.select(0, 0);
    return example;
  }
}

template <class Got>
std::vector<Example> examples_of(const Got& got) {
  std::vector<Example> examples;
  examples.reserve(got.size());
  for (const auto& one : got) examples.push_back(tensors_of(one));
  return examples;
}

template <class Got>
Batch stacked_batch(const Got& got) {
  Batch batch;
  batch.tensors = tensors_of(got);
  batch.samples = static_cast<std::uint64_t>(batch.tensors.at(0).size(0));
  return batch;
}

}  // namespace torch_data

/// A torch::data dataset with size() and get_batch(indices): those derived from torch::data::datasets::Dataset, and
/// what .map(...) makes of them, with or without a Stack. Of an example its `data` and, where it has one, its `target`
/// are the batch's tensors.
///
/// As with torch::data's own loader each worker has a copy of it, transforms included; one that cannot be copied is
/// shared by the workers, one of which reads at a time; what a copy shares with the original (SharedBatchDataset) must
/// bear several threads. A transform that draws does so from LibTorch's generator: without workers that is repeated by
/// a resumed run but shifts the training's own draws, and with workers it is refused.
template <class Source>
class TorchDataset : public Dataset {
 public:
  explicit TorchDataset(Source source) : source_(std::move(source)) {}

  std::uint64_t size() const override {
    const auto size = source_.size();
    if (!size.has_value())
      throw std::runtime_error("this torch::data dataset does not know its size: use stream_from_torch_data");
    return *size;
  }

  Example get(std::uint64_t index, Random&) override {
    return torch_data::first_of(read({static_cast<std::size_t>(index)}));
  }

  Batch get_batch(const at::Tensor& indices, const Augmentation&) override {
    const auto* first = indices.const_data_ptr<std::int64_t>();
    const auto got = read({first, first + indices.numel()});
    if constexpr (torch_data::ExampleList<decltype(got)>)
      return collate(torch_data::examples_of(got));
    else
      return torch_data::stacked_batch(got);
  }

  std::shared_ptr<Dataset> for_worker() override {
    if constexpr (std::copy_constructible<Source>)
      return std::make_shared<TorchDataset>(source_);
    else
      return nullptr;
  }

 private:
  auto read(const std::vector<std::size_t>& indices) {
    if constexpr (std::copy_constructible<Source>) {
      return source_.get_batch(indices);
    } else {
      const std::lock_guard lock(reading_);
      return source_.get_batch(indices);
    }
  }

  Source source_;
  std::mutex reading_;
};

template <class Source>
std::shared_ptr<Dataset> from_torch_data(Source source) {
  return std::make_shared<TorchDataset<Source>>(std::move(source));
}

/// A torch::data dataset that is asked for a number of samples: those derived from StatefulDataset (ChunkDataset, say),
/// which is reset() for each epoch and ends with an empty optional, and from StreamDataset, which goes on where it was
/// and ends with an empty list or, most often, never: limit_train_batches then makes the epoch. What it draws, the
/// order of the chunks included, comes from LibTorch's generator, see TorchDataset, and a resumed run will not repeat
/// it.
template <class Source>
class TorchStream : public Stream {
 public:
  explicit TorchStream(Source source) : source_(std::move(source)) {}

  void start(std::uint64_t, Random) override {
    if constexpr (Source::is_stateful) source_.reset();
  }

  std::optional<Example> next(Random&) override {
    std::optional<Example> example;
    read(1, [&](const auto& got) { example = torch_data::first_of(got); });
    return example;
  }

  Batch next_batch(std::uint64_t count, std::uint64_t, const Augmentation&) override {
    Batch batch;
    read(count, [&](const auto& got) {
      if constexpr (torch_data::ExampleList<std::remove_cvref_t<decltype(got)>>)
        batch = collate(torch_data::examples_of(got));
      else
        batch = torch_data::stacked_batch(got);
    });
    return batch;
  }

  std::uint64_t skip(std::uint64_t count, std::uint64_t, const Augmentation&) override {
    std::uint64_t skipped = 0;
    read(count, [&](const auto& got) {
      if constexpr (torch_data::ExampleList<std::remove_cvref_t<decltype(got)>>)
        skipped = got.size();
      else
        skipped = torch_data::stacked_batch(got).samples;
    });
    return skipped;
  }

 private:
  template <class Use>
  void read(std::uint64_t count, const Use& use) {
    const auto got = source_.get_batch(static_cast<std::size_t>(count));
    if constexpr (torch_data::Optional<decltype(got)>) {
      if (got.has_value()) use_filled(*got, use);
    } else {
      use_filled(got, use);
    }
  }

  template <class Got, class Use>
  static void use_filled(const Got& got, const Use& use) {
    if constexpr (torch_data::ExampleList<Got>)
      if (got.size() == 0) return;
    use(got);
  }

  Source source_;
};

template <class Source>
std::shared_ptr<Stream> stream_from_torch_data(Source source) {
  return std::make_shared<TorchStream<Source>>(std::move(source));
}

}  // namespace tenon

#endif
