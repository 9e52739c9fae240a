// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <tenon/data.hpp>

#include <ATen/ops/stack.h>

#include <sstream>
#include <stdexcept>
#include <utility>

namespace tenon {
namespace {

std::string shape_text(const at::Tensor& tensor) {
  std::ostringstream text;
  text << tensor.sizes();
  return text.str();
}

void check_alike(const std::vector<Example>& examples) {
  const Example& first = examples.front();
  for (std::size_t i = 1; i < examples.size(); ++i) {
    if (examples[i].size() != first.size())
      throw std::runtime_error("sample " + std::to_string(i) + " of the batch has " +
                               std::to_string(examples[i].size()) + " tensors, sample 0 has " +
                               std::to_string(first.size()));
    for (std::size_t t = 0; t < first.size(); ++t)
      if (examples[i][t].sizes() != first[t].sizes())
        throw std::runtime_error("tensor " + std::to_string(t) + " of sample " + std::to_string(i) +
                                 " of the batch has shape " + shape_text(examples[i][t]) + ", that of sample 0 " +
                                 shape_text(first[t]) + ": make them alike in get(), or override collate()");
  }
}

}  // namespace

Batch Dataset::collate(const std::vector<Example>& examples) {
  check_alike(examples);
  Batch batch;
  batch.samples = examples.size();
  batch.tensors.reserve(examples.front().size());
  std::vector<at::Tensor> column(examples.size());
  for (std::size_t t = 0; t < examples.front().size(); ++t) {
    for (std::size_t i = 0; i < examples.size(); ++i) column[i] = examples[i][t];
    batch.tensors.push_back(at::stack(column));
  }
  return batch;
}

Batch Dataset::get_batch(const at::Tensor& indices, const Augmentation& augmentation) {
  const auto count = static_cast<std::size_t>(indices.numel());
  const auto* index = indices.const_data_ptr<std::int64_t>();
  std::vector<Example> examples;
  examples.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    Random random = augmentation.of(static_cast<std::uint64_t>(index[i]));
    examples.push_back(get(static_cast<std::uint64_t>(index[i]), random));
  }
  return collate(examples);
}

TensorDataset::TensorDataset(std::vector<at::Tensor> tensors) : tensors_(std::move(tensors)) {
  if (tensors_.empty()) throw std::invalid_argument("a TensorDataset needs at least one tensor");
  for (std::size_t t = 0; t < tensors_.size(); ++t)
    if (tensors_[t].dim() == 0 || tensors_[t].size(0) != tensors_[0].size(0))
      throw std::invalid_argument("tensor " + std::to_string(t) + " of a TensorDataset has shape " +
                                  shape_text(tensors_[t]) + ", the first " + shape_text(tensors_[0]) +
                                  ": their first dimensions must agree");
}

std::uint64_t TensorDataset::size() const { return static_cast<std::uint64_t>(tensors_.front().size(0)); }

Example TensorDataset::get(std::uint64_t index, Random&) {
  Example example;
  example.reserve(tensors_.size());
  for (const at::Tensor& tensor : tensors_) example.push_back(tensor.select(0, static_cast<std::int64_t>(index)));
  return example;
}

Batch TensorDataset::get_batch(const at::Tensor& indices, const Augmentation&) {
  Batch batch;
  batch.samples = static_cast<std::uint64_t>(indices.size(0));
  batch.tensors.reserve(tensors_.size());
  for (const at::Tensor& tensor : tensors_) batch.tensors.push_back(tensor.index_select(0, indices));
  return batch;
}

}  // namespace tenon
