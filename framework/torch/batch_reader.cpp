// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/batch_reader.hpp"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <tenon/base.h>

#include <algorithm>
#include <atomic>
#include <system_error>
#include <tenon/failure.hpp>
#include <tenon/json_text.hpp>
#include <utility>

#include "torch/restoration.hpp"
#include "torch/rng.hpp"
#include "torch/sample_error.hpp"

namespace tenon::torch_engine {
namespace {

void check(const Loader& loader, const std::string& what) {
  const auto refuse = [&](const std::string& text) { throw Failure(ExitCode::task, what + ": " + text); };
  if (!loader.dataset && !loader.stream) refuse("the loader has no dataset");
  if (loader.dataset && loader.stream) refuse("the loader has a dataset and a stream: leave one out");
  if (loader.batch_size == 0) refuse("batch_size is 0; it must be at least 1");
  if (loader.workers > 0 && loader.prefetch == 0) refuse("prefetch is 0; with workers it must be at least 1");
  if (loader.shuffle && loader.order) refuse("the loader has an order of its own and shuffle: leave one out");
  if (!loader.stream) return;
  if (loader.shuffle || loader.order) refuse("a stream has its own order: shuffle there, and not in the loader");
  if (loader.workers > 1)
    refuse("workers is " + std::to_string(loader.workers) + "; a stream is read by one, or by none");
}

/// LibTorch keeps the number of threads for each thread, which takes the common one when it first asks, and sets both
/// together: asked before, this thread keeps the 1 when the loop thread sets the common one back.
void compute_on_one_thread() {
  at::get_num_threads();
  at::set_num_threads(1);
}

}  // namespace

BatchReader::BatchReader(Loader loader, std::uint64_t seed, const std::string& what)
    : loader_(std::move(loader)), seed_(seed) {
  check(loader_, what);
  if (loader_.stream) return;
  try {
    order_.emplace(loader_, loader_.dataset->size(), seed);
  } catch (const std::exception& error) {
    throw Failure(ExitCode::task, what + ": " + error_text(error));
  }
  if (batches() == 0)
    throw Failure(ExitCode::task, what + ": " + std::to_string(order_->length()) + " samples make no batch of " +
                                      std::to_string(loader_.batch_size) +
                                      (loader_.drop_last ? " with drop_last" : ""));
}

std::uint64_t BatchReader::batches() const noexcept {
  if (!order_) return TENON_UNKNOWN;
  const std::uint64_t samples = order_->length();
  return samples / loader_.batch_size + (!loader_.drop_last && samples % loader_.batch_size != 0 ? 1 : 0);
}

boost::json::object BatchReader::describe() const {
  boost::json::object out;
  if (order_)
    out["samples"] = order_->length();
  else
    out["stream"] = true;
  if (loader_.order) out["dataset"] = loader_.dataset->size();
  out["batch_size"] = loader_.batch_size;
  out["shuffle"] = loader_.shuffle;
  out["drop_last"] = loader_.drop_last;
  if (loader_.order) out["order"] = "custom";
  if (order_) return out;
  out["epoch"] = epoch_;
  out["consumed"] = consumed_;
  if (ahead_ && ahead_->before) out["state"] = *ahead_->before;
  return out;
}

void BatchReader::restore(const boost::json::object& described, const std::string& what, Restoration& restoration) {
  const boost::json::object now = describe();
  for (const char* key : {"samples", "stream", "shuffle", "order"}) {
    const boost::json::value *saved = described.if_contains(key), *here = now.if_contains(key);
    if (here != nullptr)
      restoration.compare(what + ", " + key, saved, *here);
    else if (saved != nullptr)
      restoration.differs(what + ", " + key, json_text(*saved), "");
  }
  if (const boost::json::value* size = described.if_contains("dataset"); size != nullptr && now.contains("dataset"))
    restoration.compare(what + ", samples of the dataset", size, now.at("dataset"));
  for (const char* key : {"batch_size", "drop_last"})
    if (const boost::json::value* saved = described.if_contains(key); saved != nullptr && *saved != now.at(key))
      restoration.remark("not bit-exact: " + what + ", " + key + " is " + json_text(now.at(key)) + " and was " +
                         json_text(*saved) + "; it goes on at the same sample");
  if (order_) return;
  const std::uint64_t consumed = count_at(described, "consumed");
  const boost::json::value* state = described.if_contains("state");
  const bool own = state != nullptr && state->is_object();
  if (!own && consumed > 0)
    restoration.remark(what + ": the stream keeps no state of its own; the first " + std::to_string(consumed) +
                       " samples of the epoch are passed over");
  restoration.then(
      [this, place = own ? std::optional(Place{count_at(described, "epoch"), consumed, state->get_object()})
                         : std::nullopt] { restored_ = place; });
}

void BatchReader::start(std::uint64_t epoch, std::uint64_t skip) {
  stop();
  if (loader_.workers > 0 && !workers_) start_workers();
  if (datasets_.empty() && loader_.dataset) datasets_ = {loader_.dataset};
  PassPlan plan{seed_, epoch, skip, loader_.batch_size, loader_.drop_last, std::nullopt};
  epoch_ = epoch;
  consumed_ = skip;
  if (restored_ && restored_->epoch == epoch && restored_->consumed == skip && skip > 0)
    plan.stream_state = std::move(restored_->state);
  restored_.reset();
  std::uint64_t jobs = UINT64_MAX;
  if (order_) {
    position_ = plan.skip = std::min(skip, order_->length());
    const std::uint64_t left = order_->length() - position_;
    jobs = left / loader_.batch_size + (!loader_.drop_last && left % loader_.batch_size != 0 ? 1 : 0);
    pass_ = pass_over(datasets_, order_->of(epoch), plan);
  } else {
    pass_ = pass_over(loader_.stream, plan);
  }
  if (!workers_) return;
  if (!generator_compared_) generator_ = rng_state(c10::kCPU);
  workers_->start(jobs, [pass = pass_](std::size_t worker, std::uint64_t number, const Wanted& wanted) {
    return pass->make(worker, number, wanted);
  });
}

void BatchReader::start_workers() {
  datasets_.clear();
  for (std::uint32_t i = 0; loader_.dataset && i < loader_.workers; ++i) {
    std::shared_ptr<Dataset> own = loader_.dataset->for_worker();
    datasets_.push_back(own ? std::move(own) : loader_.dataset);
  }
  const int threads = at::get_num_threads();
  try {
    workers_ = std::make_unique<OrderedWorkers<MadeBatch>>(
        loader_.workers, std::size_t{loader_.workers} * loader_.prefetch, compute_on_one_thread);
  } catch (const std::system_error& error) {
    at::set_num_threads(threads);
    throw std::runtime_error(std::to_string(loader_.workers) + " workers cannot be started: " + error.what());
  }
  at::set_num_threads(threads);
}

void BatchReader::stop() {
  if (workers_) workers_->cancel();
  pass_.reset();
  number_ = 0;
  ahead_.reset();
  ahead_failed_ = nullptr;
}

std::uint64_t BatchReader::upcoming() {
  if (!pass_) return 0;
  if (order_) {
    const std::uint64_t left = order_->length() - position_;
    if (left < loader_.batch_size && loader_.drop_last) return 0;
    return std::min(loader_.batch_size, left);
  }
  if (!ahead_ && !ahead_failed_) {
    try {
      ahead_ = make_next();
    } catch (...) {
      ahead_failed_ = std::current_exception();
    }
  }
  return ahead_failed_ ? TENON_UNKNOWN : ahead_->batch.samples;
}

Batch BatchReader::read() {
  if (order_) {
    Batch batch = make_next().batch;
    position_ += batch.samples;
    return batch;
  }
  upcoming();
  if (ahead_failed_) std::rethrow_exception(ahead_failed_);
  Batch batch = std::move(ahead_->batch);
  ahead_.reset();
  consumed_ += batch.samples;
  return batch;
}

MadeBatch BatchReader::make_next() {
  static const std::atomic<std::uint64_t> always{0};
  MadeBatch made = workers_ ? workers_->take() : pass_->make(0, number_, Wanted(always, 0));
  if (generator_.defined()) check_generator();
  ++number_;
  return made;
}

void BatchReader::check_generator() {
  // The training has drawn nothing since start(): whatever moved the generator is the dataset.
  const bool same = rng_state(c10::kCPU).equal(generator_);
  generator_.reset();
  generator_compared_ = true;
  if (!same)
    throw std::runtime_error(
        "the dataset draws from LibTorch's random generator while workers prepare batches: what the training draws "
        "itself would depend on the threads' timing; draw from the Random that the dataset is given, or set workers to "
        "0");
}

}  // namespace tenon::torch_engine
