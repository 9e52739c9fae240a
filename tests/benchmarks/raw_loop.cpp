// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a LibTorch user writes by hand: the digits task's model, batches and optimizer, no logging, no item(), gradients
// set to none, on the threads that the process has. It can be left and gone on with, so that the two loops take turns.
#include "raw_loop.hpp"

#include <ATen/Context.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <torch/optim/adamw.h>

#include <algorithm>

#include "digits_data.hpp"
#include "mlp.hpp"
#include "torch/data_order.hpp"

struct RawLoop {
  RawLoop(const char* csv, std::uint64_t with_seed, std::uint64_t repeat)
      : seed(with_seed),
        data(split_digits(read_digits(csv), seed).training, repeat),
        model((at::manual_seed(seed), 64)) {}

  void run(std::uint64_t steps) {
    const auto samples = static_cast<std::int64_t>(data.size());
    for (; steps > 0; --steps) {
      if (first == 0)
        tenon::torch_engine::shuffled_order(seed, epoch, {order.mutable_data_ptr<std::int64_t>(), data.size()});
      const std::int64_t end = std::min(samples, first + batch_size);
      const tenon::Batch batch = data.get_batch(order.slice(0, first, end), {seed, epoch});
      const at::Tensor loss = at::cross_entropy_loss(model.forward(batch[0]), batch[1]);
      loss.backward();
      optimizer.step();
      optimizer.zero_grad();
      first = end == samples ? 0 : end;
      epoch += first == 0 ? 1 : 0;
    }
  }

  static constexpr std::int64_t batch_size = 64;
  std::uint64_t seed;
  RepeatedDigits data;
  Mlp model;
  torch::optim::AdamW optimizer{model.parameters(), torch::optim::AdamWOptions(0.003)};
  at::Tensor order = at::arange(static_cast<std::int64_t>(data.size()));
  std::int64_t first = 0;
  std::uint64_t epoch = 0;
};

RawLoop* raw_loop_make(const char* csv, std::uint64_t seed, std::uint64_t repeat) {
  return new RawLoop(csv, seed, repeat);
}
void raw_loop_run(RawLoop* loop, std::uint64_t steps) { loop->run(steps); }
