// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Workers change when batches are made, and nothing else.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <latch>
#include <mutex>
#include <set>
#include <tenon/data.hpp>
#include <tenon/failure.hpp>
#include <thread>

#include "torch/batch_reader.hpp"
#include "torch/data_order.hpp"
#include "torch/rng.hpp"

namespace te = tenon::torch_engine;

namespace {

/// A dataset of 103 samples made of one function; sample i is the number i and what it drew.
struct Written : tenon::Dataset {
  using Get = std::function<tenon::Example(std::uint64_t, tenon::Random&)>;
  explicit Written(Get how = {}) : how_(std::move(how)) {}
  std::uint64_t size() const override { return 103; }
  tenon::Example get(std::uint64_t index, tenon::Random& random) override {
    if (how_) return how_(index, random);
    const auto number = static_cast<double>(index);
    return {at::full({3}, number), at::full({}, number + random.uniform(), at::kDouble)};
  }

 private:
  Get how_;
};

tenon::Loader loader_of(std::shared_ptr<tenon::Dataset> dataset, std::uint32_t workers, std::uint32_t prefetch = 2) {
  tenon::Loader loader{std::move(dataset), 8, true};
  loader.workers = workers;
  loader.prefetch = prefetch;
  return loader;
}

/// What is left of the pass, batch after batch.
std::vector<tenon::Batch> rest_of(te::BatchReader& reader) {
  std::vector<tenon::Batch> batches;
  while (const std::uint64_t samples = reader.upcoming()) {
    batches.push_back(reader.read());
    BOOST_TEST(batches.back().samples == samples);
  }
  return batches;
}

bool equal(const std::vector<tenon::Batch>& a, const std::vector<tenon::Batch>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const tenon::Batch& x, const tenon::Batch& y) {
    return x.samples == y.samples && std::equal(x.tensors.begin(), x.tensors.end(), y.tensors.begin(), y.tensors.end(),
                                                [](const at::Tensor& s, const at::Tensor& t) { return s.equal(t); });
  });
}

std::string message_of(te::BatchReader& reader) {
  try {
    reader.read();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

std::string refusal_of(tenon::Loader loader) {
  try {
    te::BatchReader(std::move(loader), 0, "training data");
  } catch (const tenon::Failure& failure) {
    BOOST_TEST((failure.code() == tenon::ExitCode::task));
    return failure.what();
  }
  return "it was taken";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(data_workers)

BOOST_AUTO_TEST_CASE(any_number_of_workers_gives_the_same_batches) {
  for (const std::uint64_t skip : {0u, 8u, 13u, 96u, 103u}) {
    te::BatchReader alone(loader_of(std::make_shared<Written>(), 0), 7, "data");
    alone.start(3, skip);
    const std::vector<tenon::Batch> expected = rest_of(alone);
    for (const std::uint32_t workers : {1u, 2u, 5u}) {
      for (const std::uint32_t prefetch : {1u, 3u}) {
        te::BatchReader several(loader_of(std::make_shared<Written>(), workers, prefetch), 7, "data");
        several.start(3, skip);
        BOOST_TEST(equal(rest_of(several), expected));
        BOOST_TEST(several.upcoming() == 0u);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_position_is_what_was_read_not_what_was_prepared) {
  te::BatchReader whole(loader_of(std::make_shared<Written>(), 0), 7, "data");
  whole.start(1, 0);
  const std::vector<tenon::Batch> all = rest_of(whole);
  te::BatchReader reader(loader_of(std::make_shared<Written>(), 3, 4), 7, "data");
  reader.start(1, 0);
  for (int i = 0; i < 4; ++i) reader.read();
  // Left inside the epoch, and gone on with from there by a reader with other batches prepared.
  te::BatchReader later(loader_of(std::make_shared<Written>(), 2), 7, "data");
  later.start(1, 4 * 8);
  BOOST_TEST(equal(rest_of(later), {all.begin() + 4, all.end()}));
  // The first one may begin another epoch, and the same one again, at any time.
  reader.start(2, 0);
  reader.read();
  reader.start(1, 0);
  BOOST_TEST(equal(rest_of(reader), all));
  reader.start(2, 0);
  reader.stop();
  BOOST_TEST(reader.upcoming() == 0u);
}

BOOST_AUTO_TEST_CASE(batches_are_prepared_before_they_are_asked_for_and_not_without_bound) {
  std::atomic<int> got{0};
  std::latch prepared(3 * 8);
  te::BatchReader reader(loader_of(std::make_shared<Written>([&](std::uint64_t index, tenon::Random&) {
                                     if (++got <= 3 * 8) prepared.count_down();
                                     return tenon::Example{at::full({}, static_cast<double>(index))};
                                   }),
                                   1, 3),
                         7, "data");
  reader.start(0, 0);
  prepared.wait();  // for ever, if nothing were prepared
  BOOST_TEST(got == 3 * 8);
  reader.read();
  reader.stop();
  BOOST_TEST(got <= 5 * 8);
}

BOOST_AUTO_TEST_CASE(workers_record_no_gradients_and_compute_on_one_thread) {
  const int threads = at::get_num_threads();
  at::set_num_threads(3);
  std::mutex mutex;
  std::set<int> seen;
  std::set<std::thread::id> ids;
  bool gradients = false;
  const auto look = [&](std::uint64_t, tenon::Random&) {
    const at::Tensor leaf = at::ones({2}).requires_grad_();
    const std::lock_guard lock(mutex);
    seen.insert(at::get_num_threads());
    ids.insert(std::this_thread::get_id());
    gradients = gradients || leaf.clone().requires_grad();
    return tenon::Example{at::ones({2})};
  };
  te::BatchReader reader(loader_of(std::make_shared<Written>(look), 2), 7, "data");
  reader.start(0, 0);
  rest_of(reader);
  BOOST_CHECK((seen == std::set<int>{1}));
  BOOST_TEST(ids.count(std::this_thread::get_id()) == 0u);
  BOOST_TEST(!gradients);
  // Everybody else computes on as many as before: this thread, and one that begins later.
  BOOST_TEST(at::get_num_threads() == 3);
  int of_new_thread = 0;
  std::thread([&] {
    at::init_num_threads();
    of_new_thread = at::get_num_threads();
  }).join();
  BOOST_TEST(of_new_thread == 3);
  BOOST_TEST(at::GradMode::is_enabled());
  te::BatchReader alone(loader_of(std::make_shared<Written>(look), 0), 7, "data");
  alone.start(0, 0);
  rest_of(alone);
  BOOST_TEST(!gradients);
  at::set_num_threads(threads);
}

BOOST_AUTO_TEST_CASE(the_training_s_random_stream_is_not_touched) {
  at::manual_seed(5);
  const at::Tensor before = te::rng_state(c10::kCPU);
  te::BatchReader reader(loader_of(std::make_shared<Written>(), 2), 7, "data");
  reader.start(0, 0);
  rest_of(reader);
  BOOST_TEST(te::rng_state(c10::kCPU).equal(before));
}

BOOST_AUTO_TEST_CASE(a_dataset_that_draws_from_libtorch_is_refused_with_workers) {
  const auto draw = [](std::uint64_t, tenon::Random&) { return tenon::Example{at::rand({2})}; };
  te::BatchReader reader(loader_of(std::make_shared<Written>(draw), 1), 7, "data");
  reader.start(0, 0);
  BOOST_TEST(message_of(reader) ==
             "the dataset draws from LibTorch's random generator while workers prepare batches: what the training "
             "draws itself would depend on the threads' timing; draw from the Random that the dataset is given, or "
             "set workers to 0");
  te::BatchReader alone(loader_of(std::make_shared<Written>(draw), 0), 7, "data");
  alone.start(0, 0);
  BOOST_TEST(rest_of(alone).size() == 13u);
}

BOOST_AUTO_TEST_CASE(an_error_comes_after_the_batches_before_it_and_names_the_sample) {
  const std::vector<std::int64_t> order = [] {
    std::vector<std::int64_t> out(103);
    te::shuffled_order(7, 2, out);
    return out;
  }();
  const auto bad = static_cast<std::uint64_t>(order[8 * 5 + 3]);
  const auto failing = [&](const std::function<tenon::Example()>& how) {
    return std::make_shared<Written>([bad, how](std::uint64_t index, tenon::Random&) {
      return index == bad ? how() : tenon::Example{at::full({}, static_cast<double>(index))};
    });
  };
  const std::string sample = "sample " + std::to_string(bad) + ": ";
  const std::vector<std::pair<std::function<tenon::Example()>, std::string>> cases = {
      {[]() -> tenon::Example { throw std::runtime_error("the picture is damaged"); },
       sample + "the picture is damaged"},
      {[]() -> tenon::Example { throw "text"; }, sample + "something was thrown that is no std::exception"},
      {[]() -> tenon::Example { throw std::bad_alloc(); }, sample + "out of memory"},
      {[]() -> tenon::Example { return {at::ones({2}).reshape({3})}; },
       sample + "shape '[3]' is invalid for input of size 2"},
      {[]() -> tenon::Example { return {}; }, sample + "get() gave no tensor, but size() is 103: the data end early"},
      {[]() -> tenon::Example { return {at::Tensor()}; }, sample + "tensor 0 is undefined"},
      {[]() -> tenon::Example {
         return {at::ones({2, 2})};
       },
       sample + "tensor 0 has shape [2, 2], that of sample " + std::to_string(order[8 * 5]) +
           " has []: make them alike in get(), or override collate()"},
      {[]() -> tenon::Example {
         return {at::ones({}), at::ones({})};
       },
       sample + "it has 2 tensors, sample " + std::to_string(order[8 * 5]) +
           " has 1: make them alike in get(), or override collate()"}};
  for (const std::uint32_t workers : {0u, 1u, 3u}) {
    for (const auto& [how, text] : cases) {
      te::BatchReader reader(loader_of(failing(how), workers), 7, "data");
      reader.start(2, 0);
      for (int batch = 0; batch < 5; ++batch) BOOST_TEST(reader.read().samples == 8u);
      BOOST_TEST(message_of(reader) == text);
      BOOST_TEST(reader.upcoming() == 8u);
      BOOST_TEST(message_of(reader) == text);
      reader.start(2, 8 * 6);
      BOOST_TEST(reader.read().samples == 8u);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_error_of_a_whole_batch_names_its_first_samples) {
  struct Whole : Written {
    explicit Whole(std::uint64_t gives) : gives_(gives) {}
    tenon::Batch get_batch(const at::Tensor& indices, const tenon::Augmentation&) override {
      if (gives_ == 0) throw std::runtime_error("the disk is gone");
      return {{indices.slice(0, 0, static_cast<std::int64_t>(gives_))}, gives_};
    }
    std::uint64_t gives_;
  };
  const auto message = [](std::uint64_t gives, std::uint64_t batch_size) {
    tenon::Loader loader{std::make_shared<Whole>(gives), batch_size};
    loader.workers = 2;
    te::BatchReader reader(loader, 7, "data");
    reader.start(0, 8);
    return message_of(reader);
  };
  BOOST_TEST(message(0, 5) == "samples 8, 9, 10 and 2 more: the disk is gone");
  BOOST_TEST(message(0, 1) == "sample 8: the disk is gone");
  BOOST_TEST(message(7, 8) ==
             "samples 8, 9, 10 and 5 more: get_batch() gave 7 samples for 8 indices, though size() is 103: the data "
             "end early");
}

BOOST_AUTO_TEST_CASE(a_dataset_may_give_each_worker_one_of_its_own) {
  struct Single : Written {
    explicit Single(std::atomic<int>& copies) : copies_(copies) {}
    tenon::Example get(std::uint64_t index, tenon::Random& random) override {
      if (busy_.exchange(true)) throw std::runtime_error("two threads at once");
      tenon::Example example = Written::get(index, random);
      busy_ = false;
      return example;
    }
    std::shared_ptr<tenon::Dataset> for_worker() override {
      ++copies_;
      return std::make_shared<Single>(copies_);
    }
    std::atomic<int>& copies_;
    std::atomic<bool> busy_{false};
  };
  std::atomic<int> copies{0};
  te::BatchReader alone(loader_of(std::make_shared<Single>(copies), 0), 7, "data");
  alone.start(0, 0);
  const std::vector<tenon::Batch> expected = rest_of(alone);
  BOOST_TEST(copies == 0);
  te::BatchReader reader(loader_of(std::make_shared<Single>(copies), 4), 7, "data");
  for (int epoch = 0; epoch < 3; ++epoch) {
    reader.start(0, 0);
    BOOST_TEST(equal(rest_of(reader), expected));
  }
  BOOST_TEST(copies == 4);
}

BOOST_AUTO_TEST_CASE(leaving_early_does_not_read_the_rest) {
  std::atomic<int> got{0};
  {
    te::BatchReader reader(loader_of(std::make_shared<Written>([&](std::uint64_t, tenon::Random&) {
                                       ++got;
                                       return tenon::Example{at::ones({})};
                                     }),
                                     2, 1),
                           7, "data");
    reader.start(0, 0);
    reader.read();
  }
  BOOST_TEST(got <= 4 * 8);
}

BOOST_AUTO_TEST_CASE(an_order_of_one_s_own_is_a_function_of_seed_and_epoch) {
  const auto order = [](std::uint64_t seed, std::uint64_t epoch) {
    std::vector<std::int64_t> indices;
    for (std::int64_t i = 0; i < 20; ++i)
      indices.push_back((static_cast<std::int64_t>(seed + epoch) + 7 * i) % 10);  // each twice
    return indices;
  };
  const auto dataset = std::make_shared<tenon::TensorDataset>(std::vector{at::arange(10, at::kLong)});
  for (const std::uint32_t workers : {0u, 2u}) {
    tenon::Loader loader{dataset, 6};
    loader.order = order;
    loader.workers = workers;
    te::BatchReader reader(loader, 3, "data");
    BOOST_TEST(reader.batches() == 4u);
    for (const std::uint64_t epoch : {0u, 1u, 1u, 0u}) {
      reader.start(epoch, 6);
      std::vector<at::Tensor> read;
      for (const tenon::Batch& batch : rest_of(reader)) read.push_back(batch[0]);
      const std::vector<std::int64_t> wanted = order(3, epoch);
      const at::Tensor seen = at::cat(read);
      BOOST_REQUIRE(seen.numel() == 14);
      for (std::int64_t i = 0; i < 14; ++i)
        BOOST_TEST(seen[i].item<std::int64_t>() == wanted[static_cast<std::size_t>(i) + 6]);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_wrong_order_is_refused) {
  const auto with = [](tenon::Order order) {
    tenon::Loader loader{std::make_shared<Written>(), 8};
    loader.order = std::move(order);
    return loader;
  };
  using Indices = std::vector<std::int64_t>;
  BOOST_TEST(refusal_of(with([](auto, auto) {
               return Indices{0, 1, 103};
             })) ==
             "training data: the loader's order, epoch 0: index 103 at place 2, but the dataset has 103 samples");
  BOOST_TEST(refusal_of(with([](auto, auto) { return Indices{-1}; })) ==
             "training data: the loader's order, epoch 0: index -1 at place 0, but the dataset has 103 samples");
  BOOST_TEST(refusal_of(with([](auto, auto) { return Indices{}; })) == "training data: 0 samples make no batch of 8");
  BOOST_TEST(refusal_of(with([](auto, auto) -> Indices { throw std::runtime_error("no list of names"); })) ==
             "training data: the loader's order, epoch 0: no list of names");
  te::BatchReader growing(with([](auto, auto epoch) { return Indices(10 + epoch); }), 0, "training data");
  growing.start(0, 0);
  BOOST_CHECK_EXCEPTION(growing.start(2, 0), std::runtime_error, [](const auto& error) {
    BOOST_TEST(
        error.what() ==
        std::string("the loader's order has 12 indices in epoch 2 and 10 in epoch 0: it must be as long in each"));
    return true;
  });
}

BOOST_AUTO_TEST_CASE(a_loader_that_contradicts_itself_is_refused) {
  tenon::Loader both{std::make_shared<Written>(), 8, true};
  both.order = [](auto, auto) { return std::vector<std::int64_t>{0}; };
  BOOST_TEST(refusal_of(both) == "training data: the loader has an order of its own and shuffle: leave one out");
  BOOST_TEST(refusal_of(loader_of(std::make_shared<Written>(), 2, 0)) ==
             "training data: prefetch is 0; with workers it must be at least 1");
}

BOOST_AUTO_TEST_CASE(a_batch_moves_to_a_device_as_a_whole) {
  const tenon::Batch batch{{at::ones({2, 3}), at::arange(2)}, 2};
  const tenon::Batch same = batch.to(at::kCPU);
  BOOST_TEST(same.samples == 2u);
  BOOST_TEST(same[1].is_same(batch[1]));
  const tenon::Batch shapes = batch.to(at::kMeta);
  BOOST_TEST(shapes[0].is_meta());
  BOOST_TEST(shapes[1].is_meta());
}

BOOST_AUTO_TEST_SUITE_END()
