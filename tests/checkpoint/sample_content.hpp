// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Small checkpoints for tests.
#ifndef TENON_TESTS_CHECKPOINT_SAMPLE_CONTENT_HPP
#define TENON_TESTS_CHECKPOINT_SAMPLE_CONTENT_HPP

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "checkpoint/content.hpp"

namespace tenon::test {

inline checkpoint::TensorRecord weight() {
  static const std::array<float, 6> numbers = {1.5F, -2.0F, 0.25F, 1e-30F, 3e30F, 0.0F};
  return {"layer.weight", checkpoint::DType::f32, {2, 3}, std::as_bytes(std::span(numbers))};
}

inline checkpoint::TensorRecord steps() {
  static const std::array<std::int64_t, 1> numbers = {41};
  return {"layer.steps", checkpoint::DType::i64, {}, std::as_bytes(std::span(numbers))};
}

inline checkpoint::TensorRecord momentum() {
  static const std::array<float, 2> numbers = {0.125F, -7.0F};
  return {"optimizer/0/layer.weight/momentum_buffer", checkpoint::DType::f32, {2}, std::as_bytes(std::span(numbers))};
}

inline checkpoint::Content full_content(std::string name) {
  checkpoint::Content content;
  content.name = std::move(name);
  content.model = {weight(), steps()};
  content.training = {momentum()};
  content.model_metadata = {{"format", "pt"}};
  content.document = {{"epoch", 3}, {"metrics", {{"val_loss", 0.1}}}};
  return content;
}

}  // namespace tenon::test

#endif
