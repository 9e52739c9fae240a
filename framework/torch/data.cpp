// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <tenon/data.hpp>

#include <stdexcept>
#include <utility>

#include "torch/collate.hpp"

namespace tenon {

using torch_engine::shape_text;

namespace {

std::optional<Example> next_of(Stream& stream, std::uint64_t sample, const Augmentation& augmentation) {
  Random random = augmentation.of(sample);
  return torch_engine::naming_samples([&] { return "sample " + std::to_string(sample); },
                                      [&] { return stream.next(random); });
}

}  // namespace

Batch Batch::to(const at::Device& device, bool non_blocking) const {
  Batch moved;
  moved.samples = samples;
  moved.tensors.reserve(tensors.size());
  for (const at::Tensor& tensor : tensors)
    moved.tensors.push_back(tensor.device() == device ? tensor : tensor.to(device, non_blocking));
  return moved;
}

Batch Dataset::collate(const std::vector<Example>& examples) { return torch_engine::stack_examples(examples); }

Batch Dataset::get_batch(const at::Tensor& indices, const Augmentation& augmentation) {
  const auto count = static_cast<std::size_t>(indices.numel());
  const auto* index = indices.const_data_ptr<std::int64_t>();
  const auto number = [&](std::size_t place) { return static_cast<std::uint64_t>(index[place]); };
  std::vector<Example> examples;
  examples.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    Random random = augmentation.of(number(i));
    examples.push_back(torch_engine::naming_samples([&] { return "sample " + std::to_string(index[i]); },
                                                    [&] { return get(number(i), random); }));
    if (examples.back().empty())
      throw torch_engine::SampleError("sample " + std::to_string(index[i]) + ": get() gave no tensor, but size() is " +
                                      std::to_string(size()) + ": the data end early");
    torch_engine::check_example(examples.back(), number(i));
  }
  return torch_engine::collate_samples(*this, examples, number);
}

Batch Stream::collate(const std::vector<Example>& examples) { return torch_engine::stack_examples(examples); }

void Stream::load_state(const boost::json::object&) {
  throw std::logic_error("the checkpoint keeps a state of the stream, but the stream has no load_state() for it");
}

std::uint64_t Stream::skip(std::uint64_t count, std::uint64_t position, const Augmentation& augmentation) {
  for (std::uint64_t skipped = 0; skipped < count; ++skipped)
    if (!next_of(*this, position + skipped, augmentation)) return skipped;
  return count;
}

Batch Stream::next_batch(std::uint64_t count, std::uint64_t position, const Augmentation& augmentation) {
  std::vector<Example> examples;
  while (examples.size() < count) {
    const std::uint64_t sample = position + examples.size();
    std::optional<Example> example = next_of(*this, sample, augmentation);
    if (!example) break;
    torch_engine::check_example(*example, sample);
    examples.push_back(std::move(*example));
  }
  if (examples.empty()) return {};
  return torch_engine::collate_samples(*this, examples, [&](std::size_t place) { return position + place; });
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
