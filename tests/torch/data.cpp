// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a run goes through, in which order: functions of (seed, epoch) that may never change.
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <map>
#include <numeric>
#include <tenon/data.hpp>
#include <tenon/failure.hpp>

#include "torch/batch_reader.hpp"
#include "torch/data_order.hpp"

namespace te = tenon::torch_engine;

namespace {

std::vector<std::int64_t> order(std::uint64_t seed, std::uint64_t epoch, std::size_t count) {
  std::vector<std::int64_t> out(count);
  te::shuffled_order(seed, epoch, out);
  return out;
}

std::vector<std::int64_t> numbers(const at::Tensor& tensor) {
  const auto* first = tensor.const_data_ptr<std::int64_t>();
  return {first, first + tensor.numel()};
}

/// Sample i is the number i.
tenon::Loader counting(std::int64_t count, std::uint64_t batch_size, bool shuffle, bool drop_last = false) {
  return {std::make_shared<tenon::TensorDataset>(std::vector{at::arange(count, at::kLong)}), batch_size, shuffle,
          drop_last};
}

std::vector<std::int64_t> read_all(te::BatchReader& reader) {
  std::vector<std::int64_t> all;
  while (reader.upcoming() != 0) {
    const tenon::Batch batch = reader.read();
    const auto part = numbers(batch[0]);
    BOOST_TEST(batch.samples == part.size());
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

/// Draws one number for each sample; what it drew is the sample.
struct Augmented : tenon::Dataset {
  std::uint64_t size() const override { return 10; }
  tenon::Example get(std::uint64_t index, tenon::Random& random) override {
    return {at::full({1}, static_cast<std::int64_t>(index * 1000 + random.below(1000)), at::kLong)};
  }
};

struct Ragged : tenon::Dataset {
  std::uint64_t size() const override { return 4; }
  tenon::Example get(std::uint64_t index, tenon::Random&) override {
    if (index == 3) throw std::runtime_error("picture 3 is damaged");
    return {at::zeros({static_cast<std::int64_t>(index == 1 ? 2 : 1)})};
  }
};

std::string message_of(te::BatchReader& reader) {
  try {
    reader.read();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(data)

BOOST_AUTO_TEST_CASE(random_numbers_are_splitmix64) {
  // The sequence published for this seed, https://rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64
  tenon::Random random(1234567);
  for (const std::uint64_t expected :
       {6457827717110365317u, 3203168211198807973u, 9817491932198370423u, 4593380528125082431u, 16408922859458223821u})
    BOOST_TEST(random() == expected);
}

BOOST_AUTO_TEST_CASE(the_order_of_an_epoch_never_changes) {
  const std::vector<std::int64_t> of_7_0 = order(7, 0, 10);
  const std::vector<std::int64_t> of_7_1 = order(7, 1, 10);
  BOOST_TEST(of_7_0 == (std::vector<std::int64_t>{6, 8, 1, 3, 5, 2, 9, 4, 7, 0}), boost::test_tools::per_element());
  BOOST_TEST(of_7_1 == (std::vector<std::int64_t>{5, 9, 7, 2, 0, 8, 6, 1, 4, 3}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_order_holds_each_sample_once_and_differs_with_seed_and_epoch) {
  std::vector<std::int64_t> sorted = order(3, 5, 1000);
  std::sort(sorted.begin(), sorted.end());
  std::vector<std::int64_t> expected(1000);
  std::iota(expected.begin(), expected.end(), 0);
  BOOST_TEST(sorted == expected);
  BOOST_TEST(order(3, 5, 1000) != order(3, 6, 1000));
  BOOST_TEST(order(3, 5, 1000) != order(4, 5, 1000));
}

BOOST_AUTO_TEST_CASE(every_order_of_few_samples_is_as_likely) {
  std::map<std::vector<std::int64_t>, int> seen;
  for (std::uint64_t epoch = 0; epoch < 6000; ++epoch) ++seen[order(1, epoch, 3)];
  BOOST_TEST(seen.size() == 6u);
  for (const auto& [which, times] : seen) BOOST_TEST((times > 850 && times < 1150));
}

BOOST_AUTO_TEST_CASE(a_skip_goes_on_exactly_where_the_samples_were_left) {
  te::BatchReader whole(counting(100, 8, true), 7, "data");
  whole.start(2, 0);
  const std::vector<std::int64_t> all = read_all(whole);
  BOOST_TEST(all == order(7, 2, 100));
  for (const std::uint64_t skip : {0u, 8u, 13u, 96u, 100u}) {
    for (const std::uint64_t batch_size : {8u, 5u, 100u}) {
      te::BatchReader rest(counting(100, batch_size, true), 7, "data");
      rest.start(2, skip);
      BOOST_TEST(read_all(rest) ==
                 std::vector<std::int64_t>(all.begin() + static_cast<std::ptrdiff_t>(skip), all.end()));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_last_batch_that_is_not_full_is_read_or_dropped_as_asked) {
  te::BatchReader kept(counting(10, 4, false), 0, "data");
  BOOST_TEST(kept.batches() == 3u);
  kept.start(0, 0);
  BOOST_TEST(read_all(kept).size() == 10u);
  te::BatchReader dropped(counting(10, 4, false, true), 0, "data");
  BOOST_TEST(dropped.batches() == 2u);
  dropped.start(0, 0);
  BOOST_TEST(read_all(dropped) == (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(augmentation_is_a_function_of_seed_epoch_and_sample) {
  const auto samples = [](std::uint64_t seed, std::uint64_t epoch, std::uint64_t batch_size, std::uint64_t skip) {
    te::BatchReader reader({std::make_shared<Augmented>(), batch_size, true, false}, seed, "data");
    reader.start(epoch, skip);
    std::vector<std::int64_t> all = read_all(reader);
    std::sort(all.begin(), all.end());
    return all;
  };
  const auto reference = samples(1, 1, 4, 0);
  BOOST_TEST(samples(1, 1, 3, 0) == reference);
  const auto rest = samples(1, 1, 4, 4);
  BOOST_TEST(std::includes(reference.begin(), reference.end(), rest.begin(), rest.end()));
  BOOST_TEST(samples(1, 2, 4, 0) != reference);
  BOOST_TEST(samples(2, 1, 4, 0) != reference);
}

BOOST_AUTO_TEST_CASE(what_a_dataset_throws_arrives_and_the_position_stays) {
  te::BatchReader reader({std::make_shared<Ragged>(), 1, false, false}, 0, "training data");
  reader.start(4, 3);
  BOOST_TEST(message_of(reader) == "sample 3: picture 3 is damaged");
  BOOST_TEST(reader.upcoming() == 1u);
}

BOOST_AUTO_TEST_CASE(samples_that_do_not_fit_together_are_named) {
  te::BatchReader reader({std::make_shared<Ragged>(), 2, false, false}, 0, "training data");
  reader.start(0, 0);
  BOOST_TEST(message_of(reader) ==
             "sample 1: tensor 0 has shape [2], that of sample 0 has [1]: make them alike in get(), or override "
             "collate()");
}

BOOST_AUTO_TEST_CASE(data_without_a_batch_is_refused_before_training) {
  const auto refused = [](tenon::Loader loader, const std::string& text) {
    BOOST_CHECK_EXCEPTION(te::BatchReader(std::move(loader), 0, "training data"), tenon::Failure,
                          [&](const tenon::Failure& failure) {
                            BOOST_TEST(failure.what() == text);
                            return failure.code() == tenon::ExitCode::task;
                          });
  };
  refused({}, "training data: the loader has no dataset");
  refused(counting(0, 4, false), "training data: 0 samples make no batch of 4");
  refused(counting(3, 4, false, true), "training data: 3 samples make no batch of 4 with drop_last");
  refused(counting(3, 0, false), "training data: batch_size is 0; it must be at least 1");
}

BOOST_AUTO_TEST_CASE(tensors_of_different_length_make_no_dataset) {
  BOOST_CHECK_EXCEPTION(
      tenon::TensorDataset({at::zeros({3, 2}), at::ones({4})}), std::invalid_argument, [](const auto& error) {
        return std::strcmp(
                   error.what(),
                   "tensor 1 of a TensorDataset has shape [4], the first [3, 2]: their first dimensions must agree") ==
               0;
      });
}

BOOST_AUTO_TEST_SUITE_END()
