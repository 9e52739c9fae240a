// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/batch_pass.hpp"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <string>
#include <utility>

#include "torch/sample_error.hpp"

namespace tenon::torch_engine {
namespace {

std::string samples_text(const at::Tensor& indices) {
  const auto* index = indices.const_data_ptr<std::int64_t>();
  const std::int64_t count = indices.numel();
  constexpr std::int64_t named = 3;
  std::string text = count == 1 ? "sample " : "samples ";
  for (std::int64_t i = 0; i < std::min(count, named); ++i) text += (i == 0 ? "" : ", ") + std::to_string(index[i]);
  return count > named ? text + " and " + std::to_string(count - named) + " more" : text;
}

class DatasetPass final : public BatchPass {
 public:
  DatasetPass(std::vector<std::shared_ptr<Dataset>> datasets, at::Tensor order, const PassPlan& plan)
      : datasets_(std::move(datasets)), order_(std::move(order)), plan_(plan) {}

  MadeBatch make(std::size_t worker, std::uint64_t number, const Wanted&) override {
    const at::NoGradGuard no_gradients;
    const auto first = static_cast<std::int64_t>(plan_.skip + number * plan_.batch_size);
    const at::Tensor indices = order_.slice(0, first, first + static_cast<std::int64_t>(plan_.batch_size));
    const auto about = [&] { return samples_text(indices); };
    Batch batch = naming_samples(
        about, [&] { return datasets_.at(worker)->get_batch(indices, Augmentation(plan_.seed, plan_.epoch)); });
    const auto count = static_cast<std::uint64_t>(indices.numel());
    if (batch.tensors.empty()) throw SampleError(about() + ": the batch has no tensor");
    if (batch.samples != 0 && batch.samples != count)
      throw SampleError(about() + ": get_batch() gave " + std::to_string(batch.samples) + " samples for " +
                        std::to_string(count) + " indices, though size() is " +
                        std::to_string(datasets_.at(worker)->size()) + ": the data end early");
    batch.samples = count;
    return {std::move(batch), std::nullopt};
  }

 private:
  std::vector<std::shared_ptr<Dataset>> datasets_;
  at::Tensor order_;
  PassPlan plan_;
};

class StreamPass final : public BatchPass {
 public:
  StreamPass(std::shared_ptr<Stream> stream, const PassPlan& plan)
      : stream_(std::move(stream)), plan_(plan), augmentation_(plan.seed, plan.epoch) {}

  MadeBatch make(std::size_t, std::uint64_t number, const Wanted& wanted) override {
    const at::NoGradGuard no_gradients;
    if (number == 0) begin(wanted);
    if (!wanted()) return {};
    MadeBatch made;
    Batch& batch = made.batch;
    naming_samples([&] { return "the samples from " + std::to_string(position_) + " on"; },
                   [&] {
                     made.before = stream_->save_state();
                     if (!ended_) batch = stream_->next_batch(plan_.batch_size, position_, augmentation_);
                   });
    if (ended_) return made;
    if (batch.samples > plan_.batch_size)
      throw SampleError("the samples from " + std::to_string(position_) + " on: next_batch() gave " +
                        std::to_string(batch.samples) + ", asked for " + std::to_string(plan_.batch_size));
    position_ += batch.samples;
    ended_ = batch.samples < plan_.batch_size;
    if (ended_ && plan_.drop_last) batch = {};
    if (batch.samples == 0 && number == 0 && plan_.skip == 0) nothing_given();
    return made;
  }

 private:
  void begin(const Wanted& wanted) {
    const auto about = [&] { return "the stream's start of epoch " + std::to_string(plan_.epoch); };
    naming_samples(about, [&] { stream_->start(plan_.epoch, Random::of({plan_.seed, 0x73747265616du, plan_.epoch})); });
    if (plan_.stream_state) {
      naming_samples(about, [&] { stream_->load_state(*plan_.stream_state); });
      position_ = plan_.skip;
    }
    while (position_ < plan_.skip && wanted()) {
      const std::uint64_t count = std::min(plan_.batch_size, plan_.skip - position_);
      const std::uint64_t skipped =
          naming_samples(about, [&] { return stream_->skip(count, position_, augmentation_); });
      position_ += skipped;
      if (skipped < count)
        throw SampleError("the stream ended after " + std::to_string(position_) + " samples, before sample " +
                          std::to_string(plan_.skip) + ", from which to go on: the data have changed");
    }
  }

  [[noreturn]] void nothing_given() const {
    if (position_ == 0)
      throw SampleError("the stream gave no sample in epoch " + std::to_string(plan_.epoch) +
                        ": next() must begin anew after start()");
    throw SampleError("the stream gave " + std::to_string(position_) + " samples in epoch " +
                      std::to_string(plan_.epoch) + ", no batch of " + std::to_string(plan_.batch_size) +
                      " with drop_last");
  }

  std::shared_ptr<Stream> stream_;
  PassPlan plan_;
  Augmentation augmentation_;
  std::uint64_t position_ = 0;
  bool ended_ = false;
};

}  // namespace

std::shared_ptr<BatchPass> pass_over(std::vector<std::shared_ptr<Dataset>> datasets, at::Tensor order,
                                     const PassPlan& plan) {
  return std::make_shared<DatasetPass>(std::move(datasets), std::move(order), plan);
}

std::shared_ptr<BatchPass> pass_over(std::shared_ptr<Stream> stream, const PassPlan& plan) {
  return std::make_shared<StreamPass>(std::move(stream), plan);
}

}  // namespace tenon::torch_engine
