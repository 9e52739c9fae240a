// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a LibTorch user writes by hand: the digits task's model, batches and optimizer on one thread, no logging, no
// item(), gradients set to none. Prints the steps per second of one epoch.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <torch/optim/adamw.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "digits_data.hpp"
#include "mlp.hpp"
#include "torch/data_order.hpp"

namespace {

constexpr std::int64_t batch_size = 64;

double steps_per_second(const char* csv, std::uint64_t seed, std::uint64_t repeat) {
  at::set_num_threads(1);
  const Split split = split_digits(read_digits(csv), seed);
  RepeatedDigits data(split.training, repeat);
  at::manual_seed(seed);
  Mlp model(64);
  torch::optim::AdamW optimizer(model.parameters(), torch::optim::AdamWOptions(0.003));
  const auto samples = static_cast<std::int64_t>(data.size());
  const at::Tensor order = at::arange(samples);

  const auto start = std::chrono::steady_clock::now();
  tenon::torch_engine::shuffled_order(seed, 0, {order.mutable_data_ptr<std::int64_t>(), data.size()});
  double steps = 0;
  for (std::int64_t first = 0; first < samples; first += batch_size, ++steps) {
    const tenon::Batch batch = data.get_batch(order.slice(0, first, std::min(samples, first + batch_size)), {seed, 0});
    const at::Tensor loss = at::cross_entropy_loss(model.forward(batch[0]), batch[1]);
    loss.backward();
    optimizer.step();
    optimizer.zero_grad();
  }
  return steps / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

int main(int, char** arguments) {  // digits.csv, seed, repeat
  std::printf("%.9g\n", steps_per_second(arguments[1], std::strtoull(arguments[2], nullptr, 10),
                                         std::strtoull(arguments[3], nullptr, 10)));
}
