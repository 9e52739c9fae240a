// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_COLLATE_HPP
#define TENON_TORCH_COLLATE_HPP

#include <tenon/data.hpp>

#include "torch/sample_error.hpp"

namespace tenon::torch_engine {

std::string shape_text(const at::Tensor& tensor);

/// Tensors of one place stacked along a new first dimension; throws Mismatch.
Batch stack_examples(const std::vector<Example>& examples);

/// collate(examples) of a Dataset or a Stream, where place i of the batch is sample number(i).
template <class Source, class Number>
Batch collate_samples(Source& source, const std::vector<Example>& examples, const Number& number) {
  try {
    return source.collate(examples);
  } catch (const Mismatch& mismatch) {
    throw mismatch.of_samples(number);
  }
}

/// Throws SampleError where an example has no tensor, or one of them is undefined.
void check_example(const Example& example, std::uint64_t sample);

}  // namespace tenon::torch_engine

#endif
