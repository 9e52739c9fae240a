// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/collate.hpp"

#include <ATen/ops/stack.h>

#include <sstream>

namespace tenon::torch_engine {
namespace {

void check_alike(const std::vector<Example>& examples) {
  const Example& first = examples.front();
  for (std::size_t i = 1; i < examples.size(); ++i) {
    const Example& example = examples[i];
    if (example.size() != first.size())
      throw Mismatch(i, "it has " + std::to_string(example.size()) + " tensors, ",
                     " has " + std::to_string(first.size()));
    for (std::size_t t = 0; t < first.size(); ++t)
      if (example[t].sizes() != first[t].sizes())
        throw Mismatch(i, "tensor " + std::to_string(t) + " has shape " + shape_text(example[t]) + ", that of ",
                       " has " + shape_text(first[t]));
  }
}

}  // namespace

std::string shape_text(const at::Tensor& tensor) {
  std::ostringstream text;
  text << tensor.sizes();
  return text.str();
}

Batch stack_examples(const std::vector<Example>& examples) {
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

void check_example(const Example& example, std::uint64_t sample) {
  if (example.empty()) throw SampleError("sample " + std::to_string(sample) + ": it has no tensor");
  for (std::size_t t = 0; t < example.size(); ++t)
    if (!example[t].defined())
      throw SampleError("sample " + std::to_string(sample) + ": tensor " + std::to_string(t) + " is undefined");
}

}  // namespace tenon::torch_engine
