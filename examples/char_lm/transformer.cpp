// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "transformer.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include <string>

namespace nn = torch::nn;

Block::Block(const TransformerSizes& sizes)
    : heads(sizes.heads),
      dropout(sizes.dropout),
      attention_norm(register_module("attention_norm", nn::LayerNorm(nn::LayerNormOptions({sizes.width})))),
      network_norm(register_module("network_norm", nn::LayerNorm(nn::LayerNormOptions({sizes.width})))),
      query_key_value(register_module("query_key_value", nn::Linear(sizes.width, 3 * sizes.width))),
      projection(register_module("projection", nn::Linear(sizes.width, sizes.width))),
      widen(register_module("widen", nn::Linear(sizes.width, 4 * sizes.width))),
      narrow(register_module("narrow", nn::Linear(4 * sizes.width, sizes.width))) {}

at::Tensor Block::forward(at::Tensor x) {
  const std::int64_t batch = x.size(0), length = x.size(1), width = x.size(2);
  const std::vector<at::Tensor> parts = query_key_value(attention_norm(x))
                                            .view({batch, length, 3, heads, width / heads})
                                            .permute({2, 0, 3, 1, 4})
                                            .unbind(0);
  const at::Tensor seen =
      at::scaled_dot_product_attention(parts[0], parts[1], parts[2], {}, is_training() ? dropout : 0.0, true);
  x = x + at::dropout(projection(seen.transpose(1, 2).reshape({batch, length, width})), dropout, is_training());
  return x + at::dropout(narrow(at::gelu(widen(network_norm(x)))), dropout, is_training());
}

Transformer::Transformer(const TransformerSizes& sizes)
    : window(sizes.window),
      character(register_module("character", nn::Embedding(sizes.characters, sizes.width))),
      position(register_module("position", nn::Embedding(sizes.window, sizes.width))) {
  for (std::int64_t i = 0; i < sizes.layers; ++i)
    blocks.push_back(register_module("block" + std::to_string(i), std::make_shared<Block>(sizes)));
  norm = register_module("norm", nn::LayerNorm(nn::LayerNormOptions({sizes.width})));
  scores = register_module("scores", nn::Linear(sizes.width, sizes.characters));
}

at::Tensor Transformer::forward(const at::Tensor& characters) {
  const at::Tensor places = at::arange(characters.size(1), characters.options());
  at::Tensor x = character(characters) + position(places);
  for (const auto& block : blocks) x = block->forward(x);
  return scores(norm(x));
}
