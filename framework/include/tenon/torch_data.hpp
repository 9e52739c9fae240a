// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Datasets written for torch::data, in their place. Includes nothing of torch::data itself.
#ifndef TENON_TORCH_DATA_HPP
#define TENON_TORCH_DATA_HPP

#include <concepts>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <tenon/data.hpp>
#include <type_traits>
#include <utility>
#include <vector>

namespace tenon {

/// A torch::data dataset with size() and get_batch(indices): those derived from torch::data::datasets::Dataset, and
/// what .map(...) makes of them, with or without a Stack. Of an example its `data` and, where it has one, its `target`
/// are the batch's tensors. What such a dataset draws at random comes from LibTorch's generator: it is not a function
/// of (seed, epoch, index), and a resumed run will not repeat it.
template <class Source>
class TorchDataset : public Dataset {
 public:
  explicit TorchDataset(Source source) : source_(std::move(source)) {}

  std::uint64_t size() const override {
    const auto size = source_.size();
    if (!size.has_value()) throw std::runtime_error("this torch::data dataset does not know its size");
    return *size;
  }

  Example get(std::uint64_t index, Random&) override {
    std::vector<std::size_t> one{static_cast<std::size_t>(index)};
    auto got = source_.get_batch(one);
    if constexpr (is_list<decltype(got)>) {
      return tensors_of(got.at(0));
    } else {
      Example example = tensors_of(got);
      for (at::Tensor& tensor : example) tensor = tensor.squeeze(0);
      return example;
    }
  }

  Batch get_batch(const at::Tensor& indices, const Augmentation&) override {
    const auto* first = indices.const_data_ptr<std::int64_t>();
    const std::vector<std::size_t> wanted(first, first + indices.numel());
    auto got = source_.get_batch(wanted);
    if constexpr (is_list<decltype(got)>) {
      std::vector<Example> examples;
      examples.reserve(got.size());
      for (const auto& one : got) examples.push_back(tensors_of(one));
      return collate(examples);
    } else {
      return {tensors_of(got), wanted.size()};
    }
  }

 private:
  template <class Got>
  static constexpr bool is_list = requires(const Got& got) {
    got.at(0);
  };

  template <class One>
  static Example tensors_of(const One& one) {
    if constexpr (std::convertible_to<const One&, at::Tensor>) {
      return {one};
    } else if constexpr (requires { at::Tensor(one.target); }) {
      return {one.data, one.target};
    } else {
      return {one.data};
    }
  }

  Source source_;
};

template <class Source>
std::shared_ptr<Dataset> from_torch_data(Source source) {
  return std::make_shared<TorchDataset<Source>>(std::move(source));
}

}  // namespace tenon

#endif
