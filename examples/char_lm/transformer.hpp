// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CHAR_LM_TRANSFORMER_HPP
#define CHAR_LM_TRANSFORMER_HPP

#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <memory>
#include <vector>

struct TransformerSizes {
  std::int64_t characters = 0;
  std::int64_t window = 0;  ///< longest input
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::int64_t width = 0;  ///< a multiple of heads
  double dropout = 0;
};

/// Attention to what stands before, then a network of two layers; each on a normalised input, added to what it was.
struct Block : torch::nn::Module {
  explicit Block(const TransformerSizes& sizes);
  at::Tensor forward(at::Tensor x);

  std::int64_t heads;
  double dropout;
  torch::nn::LayerNorm attention_norm{nullptr}, network_norm{nullptr};
  torch::nn::Linear query_key_value{nullptr}, projection{nullptr}, widen{nullptr}, narrow{nullptr};
};

/// A decoder-only transformer with learned positions.
struct Transformer : torch::nn::Module {
  explicit Transformer(const TransformerSizes& sizes);

  /// Characters (int64, batch x length, length <= window) to scores of the next one: batch x length x characters.
  at::Tensor forward(const at::Tensor& characters);

  std::int64_t window;
  torch::nn::Embedding character{nullptr}, position{nullptr};
  std::vector<std::shared_ptr<Block>> blocks;
  torch::nn::LayerNorm norm{nullptr};
  torch::nn::Linear scores{nullptr};
};

#endif
