// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Data of unknown length, and datasets and streams written for torch::data.
// Before chunk.h, which uses it without including it.
#include <torch/data/worker_exception.h>

#include <ATen/Context.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/rand.h>
#include <tenon/base.h>
#include <torch/data/datasets/chunk.h>
#include <torch/data/datasets/map.h>
#include <torch/data/datasets/shared.h>
#include <torch/data/datasets/tensor.h>
#include <torch/data/samplers/sequential.h>
#include <torch/data/transforms/lambda.h>
#include <torch/data/transforms/stack.h>
#include <torch/data/transforms/tensor.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <set>
#include <tenon/data.hpp>
#include <tenon/failure.hpp>
#include <tenon/torch_data.hpp>
#include <thread>

#include "torch/batch_reader.hpp"

namespace te = tenon::torch_engine;
namespace td = torch::data;

namespace {

/// 10 + epoch samples; sample i is i, what the epoch drew and what the sample drew.
struct Lines : tenon::Stream {
  void start(std::uint64_t epoch, tenon::Random random) override {
    left_ = static_cast<std::int64_t>(10 + epoch);
    next_ = 0;
    of_epoch_ = static_cast<std::int64_t>(random.below(1000));
  }
  std::optional<tenon::Example> next(tenon::Random& random) override {
    threads.insert(std::this_thread::get_id());
    if (next_ == fails_at) throw std::runtime_error("the line has no comma");
    if (next_ == left_) {
      ++ends;
      return std::nullopt;
    }
    const auto drawn = static_cast<std::int64_t>(random.below(1000));
    return tenon::Example{at::full({}, next_++, at::kLong), at::full({}, of_epoch_, at::kLong),
                          at::full({}, drawn, at::kLong)};
  }
  std::int64_t fails_at = -1;
  int ends = 0;
  std::set<std::thread::id> threads;

 private:
  std::int64_t left_ = 0, next_ = 0, of_epoch_ = 0;
};

tenon::Loader loader_of(std::shared_ptr<tenon::Stream> stream, std::uint32_t workers, std::uint64_t batch_size = 4,
                        bool drop_last = false) {
  tenon::Loader loader;
  loader.stream = std::move(stream);
  loader.batch_size = batch_size;
  loader.drop_last = drop_last;
  loader.workers = workers;
  return loader;
}

tenon::Loader loader_of(std::shared_ptr<tenon::Dataset> dataset, std::uint32_t workers) {
  tenon::Loader loader{std::move(dataset), 4, true};
  loader.workers = workers;
  return loader;
}

/// Sizes of the batches and all their numbers, one row for each sample.
struct Read {
  std::vector<std::uint64_t> sizes;
  at::Tensor rows;
  bool operator==(const Read& other) const { return sizes == other.sizes && rows.equal(other.rows); }
};

Read rest_of(te::BatchReader& reader) {
  Read read;
  std::vector<at::Tensor> rows;
  while (const std::uint64_t samples = reader.upcoming()) {
    const tenon::Batch batch = reader.read();
    BOOST_TEST(batch.samples == samples);
    read.sizes.push_back(samples);
    std::vector<at::Tensor> columns;
    for (const at::Tensor& tensor : batch.tensors)
      columns.push_back(tensor.to(at::kDouble).reshape({static_cast<std::int64_t>(samples), -1}));
    rows.push_back(at::cat(columns, 1));
  }
  BOOST_TEST(reader.upcoming() == 0u);
  if (!rows.empty()) read.rows = at::cat(rows);
  return read;
}

Read read_epoch(const tenon::Loader& loader, std::uint64_t epoch, std::uint64_t skip = 0) {
  te::BatchReader reader(loader, 7, "data");
  reader.start(epoch, skip);
  return rest_of(reader);
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
    return failure.what();
  }
  return "it was taken";
}

using Sizes = std::vector<std::uint64_t>;

/// Sample i is the row (i, i + 0.5), its target i squared.
struct Squares : td::datasets::Dataset<Squares> {
  td::Example<> get(std::size_t index) override {
    const auto number = static_cast<double>(index);
    at::Tensor row = at::full({2}, number);
    row[1] += 0.5;
    return {row, at::full({}, number * number)};
  }
  std::optional<std::size_t> size() const override { return 21; }
};

struct SquaresWithoutCopy : Squares {
  SquaresWithoutCopy() = default;
  SquaresWithoutCopy(const SquaresWithoutCopy&) = delete;
  SquaresWithoutCopy(SquaresWithoutCopy&&) = default;
  td::Example<> get(std::size_t index) override {
    if (inside->exchange(true)) throw std::runtime_error("two threads at once");
    td::Example<> example = Squares::get(index);
    *inside = false;
    return example;
  }
  std::unique_ptr<std::atomic<bool>> inside = std::make_unique<std::atomic<bool>>(false);
};

struct Halve : td::transforms::TensorTransform<at::Tensor> {
  at::Tensor operator()(at::Tensor input) override { return input.mul(0.5); }
};

struct Shifted : td::transforms::TensorTransform<at::Tensor> {
  at::Tensor operator()(at::Tensor input) override { return input.add(at::rand({})); }
};

/// Chunks of 3, 4 and 5 rows.
struct Chunks : td::datasets::ChunkDataReader<td::Example<>> {
  using BatchType = std::vector<td::Example<>>;
  std::vector<td::Example<>> read_chunk(std::size_t chunk) override {
    std::vector<td::Example<>> rows;
    for (std::size_t i = 0; i < 3 + chunk; ++i)
      rows.push_back({at::full({}, static_cast<double>(10 * chunk + i)), at::full({}, static_cast<double>(i))});
    return rows;
  }
  std::size_t chunk_count() override { return 3; }
  void reset() override {}
};

/// Counts for ever.
struct Endless : td::datasets::StreamDataset<Endless> {
  std::vector<td::Example<>> get_batch(std::size_t count) override {
    std::vector<td::Example<>> rows;
    for (std::size_t i = 0; i < count; ++i) {
      rows.push_back({at::full({}, static_cast<double>(next)), at::full({}, 1.0)});
      ++next;
    }
    return rows;
  }
  std::optional<std::size_t> size() const override { return std::nullopt; }
  std::size_t next = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(data_streams)

BOOST_AUTO_TEST_CASE(a_stream_is_read_to_its_end_with_and_without_a_worker) {
  te::BatchReader unknown(loader_of(std::make_shared<Lines>(), 0), 7, "data");
  BOOST_TEST(unknown.batches() == TENON_UNKNOWN);
  for (const std::uint64_t epoch : {0u, 2u}) {
    const Read alone = read_epoch(loader_of(std::make_shared<Lines>(), 0), epoch);
    BOOST_TEST(alone.sizes == (epoch == 0 ? Sizes{4, 4, 2} : Sizes{4, 4, 4}), boost::test_tools::per_element());
    BOOST_TEST(alone.rows.select(1, 0).equal(at::arange(static_cast<std::int64_t>(10 + epoch), at::kDouble)));
    BOOST_TEST((read_epoch(loader_of(std::make_shared<Lines>(), 1), epoch) == alone));
  }
  // What is drawn belongs to the epoch and to the sample, whatever the batch size.
  const Read other = read_epoch(loader_of(std::make_shared<Lines>(), 1, 3), 2);
  BOOST_TEST(other.rows.equal(read_epoch(loader_of(std::make_shared<Lines>(), 0), 2).rows));
  BOOST_TEST(!other.rows.slice(0, 0, 10).equal(read_epoch(loader_of(std::make_shared<Lines>(), 0), 0).rows));
}

BOOST_AUTO_TEST_CASE(a_stream_goes_on_inside_an_epoch_where_it_was_left) {
  for (const std::uint32_t workers : {0u, 1u}) {
    const Read all = read_epoch(loader_of(std::make_shared<Lines>(), 0), 1);
    for (const std::uint64_t skip : {4u, 5u, 10u}) {
      const Read rest = read_epoch(loader_of(std::make_shared<Lines>(), workers), 1, skip);
      BOOST_TEST(rest.rows.equal(all.rows.slice(0, static_cast<std::int64_t>(skip))));
    }
    BOOST_TEST(read_epoch(loader_of(std::make_shared<Lines>(), workers), 1, 11).sizes.empty());
    te::BatchReader reader(loader_of(std::make_shared<Lines>(), workers), 7, "data");
    reader.start(0, 12);
    BOOST_TEST(reader.upcoming() == TENON_UNKNOWN);
    BOOST_TEST(message_of(reader) ==
               "the stream ended after 10 samples, before sample 12, from which to go on: the data have changed");
  }
}

BOOST_AUTO_TEST_CASE(a_stream_is_one_thread_s_and_is_not_asked_after_its_end) {
  const auto lines = std::make_shared<Lines>();
  {
    te::BatchReader reader(loader_of(lines, 1), 7, "data");
    for (const std::uint64_t epoch : {0u, 1u, 2u}) {
      reader.start(epoch, 0);
      if (epoch == 1) reader.read();  // left inside
      if (epoch != 1) BOOST_TEST((rest_of(reader) == read_epoch(loader_of(std::make_shared<Lines>(), 0), epoch)));
    }
  }
  BOOST_TEST(lines->threads.size() == 1u);
  BOOST_TEST(lines->threads.count(std::this_thread::get_id()) == 0u);
  BOOST_TEST(lines->ends <= 3);
}

BOOST_AUTO_TEST_CASE(a_last_batch_of_a_stream_may_be_dropped) {
  for (const std::uint32_t workers : {0u, 1u}) {
    BOOST_TEST(read_epoch(loader_of(std::make_shared<Lines>(), workers, 4, true), 0).sizes == (Sizes{4, 4}),
               boost::test_tools::per_element());
    BOOST_TEST(read_epoch(loader_of(std::make_shared<Lines>(), workers, 5, true), 0).sizes == (Sizes{5, 5}),
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(an_error_of_a_stream_comes_after_the_batches_before_it) {
  for (const std::uint32_t workers : {0u, 1u}) {
    const auto lines = std::make_shared<Lines>();
    lines->fails_at = 9;
    te::BatchReader reader(loader_of(lines, workers), 7, "data");
    reader.start(0, 0);
    BOOST_TEST(reader.read().samples == 4u);
    BOOST_TEST(reader.upcoming() == 4u);
    BOOST_TEST(reader.read().samples == 4u);
    BOOST_TEST(reader.upcoming() == TENON_UNKNOWN);
    BOOST_TEST(message_of(reader) == "sample 9: the line has no comma");
    BOOST_TEST(message_of(reader) == "sample 9: the line has no comma");
  }
}

BOOST_AUTO_TEST_CASE(a_stream_that_gives_nothing_is_an_error) {
  struct Once : Lines {
    void start(std::uint64_t epoch, tenon::Random random) override {
      if (epoch == 0) Lines::start(0, random);
    }
  };
  for (const std::uint32_t workers : {0u, 1u}) {
    te::BatchReader reader(loader_of(std::make_shared<Once>(), workers), 7, "data");
    reader.start(0, 0);
    rest_of(reader);
    reader.start(1, 0);
    BOOST_TEST(reader.upcoming() == TENON_UNKNOWN);
    BOOST_TEST(message_of(reader) == "the stream gave no sample in epoch 1: next() must begin anew after start()");
    te::BatchReader few(loader_of(std::make_shared<Lines>(), workers, 64, true), 7, "data");
    few.start(0, 0);
    BOOST_TEST(message_of(few) == "the stream gave 10 samples in epoch 0, no batch of 64 with drop_last");
  }
}

BOOST_AUTO_TEST_CASE(a_stream_takes_no_order_and_one_worker_at_most) {
  const auto lines = std::make_shared<Lines>();
  BOOST_TEST(refusal_of(loader_of(lines, 2)) == "training data: workers is 2; a stream is read by one, or by none");
  tenon::Loader shuffled = loader_of(lines, 0);
  shuffled.shuffle = true;
  BOOST_TEST(refusal_of(shuffled) == "training data: a stream has its own order: shuffle there, and not in the loader");
  tenon::Loader both = loader_of(lines, 0);
  both.dataset = tenon::from_torch_data(Squares());
  BOOST_TEST(refusal_of(both) == "training data: the loader has a dataset and a stream: leave one out");
}

BOOST_AUTO_TEST_CASE(datasets_and_transforms_of_torch_data_give_the_same_with_workers) {
  const auto stacked = [] {
    return Squares()
        .map(td::transforms::Normalize<>(3.0, 2.0))
        .map(Halve())
        .map(td::transforms::Lambda<td::Example<>>([](td::Example<> example) {
          example.target = example.target + 1;
          return example;
        }));
  };
  std::vector<Read> reads;
  for (const std::uint32_t workers : {0u, 1u, 3u}) {
    reads.push_back(read_epoch(loader_of(tenon::from_torch_data(stacked()), workers), 1));
    reads.push_back(
        read_epoch(loader_of(tenon::from_torch_data(stacked().map(td::transforms::Stack<>())), workers), 1));
    BOOST_TEST((reads.back() == reads.front()));
    BOOST_TEST((reads[reads.size() - 2] == reads.front()));
  }
  const at::Tensor rows = reads.front().rows;
  BOOST_TEST(rows.size(0) == 21);
  const at::Tensor index = rows.select(1, 0) * at::full({}, 4.0) + at::full({}, 3.0);
  BOOST_TEST(std::get<0>(index.sort()).equal(at::arange(21, at::kDouble)));
  BOOST_TEST(rows.select(1, 2).equal(index * index + at::full({}, 1.0)));
}

BOOST_AUTO_TEST_CASE(a_dataset_of_torch_data_that_cannot_be_copied_is_read_by_one_worker_at_a_time) {
  const Read alone = read_epoch(loader_of(tenon::from_torch_data(Squares()), 0), 0);
  BOOST_TEST((read_epoch(loader_of(tenon::from_torch_data(SquaresWithoutCopy()), 4), 0) == alone));
}

BOOST_AUTO_TEST_CASE(tensor_datasets_of_torch_data_have_no_target) {
  td::datasets::TensorDataset rows(at::arange(12, at::kFloat).reshape({6, 2}));
  const auto data = tenon::from_torch_data(rows);
  BOOST_TEST(data->get_batch(at::arange(2, 4, at::kLong), {0, 0}).tensors.size() == 1u);
  BOOST_TEST(read_epoch(loader_of(tenon::from_torch_data(rows.map(td::transforms::Stack<td::TensorExample>())), 2), 0)
                 .rows.size(0) == 6);
}

BOOST_AUTO_TEST_CASE(a_transform_that_draws_from_libtorch_is_refused_with_workers_and_follows_its_seed_without) {
  const auto shifted = [] { return tenon::from_torch_data(Squares().map(Shifted())); };
  {
    te::BatchReader reader(loader_of(shifted(), 2), 7, "data");
    reader.start(0, 0);
    BOOST_TEST(message_of(reader).find("the dataset draws from LibTorch's random generator") == 0u);
  }
  at::manual_seed(3);
  const Read first = read_epoch(loader_of(shifted(), 0), 0);
  at::manual_seed(3);
  BOOST_TEST((read_epoch(loader_of(shifted(), 0), 0) == first));
}

BOOST_AUTO_TEST_CASE(chunk_datasets_of_torch_data_are_streams) {
  using Chunked = td::datasets::ChunkDataset<Chunks, td::samplers::SequentialSampler, td::samplers::SequentialSampler>;
  const auto make = [] {
    return std::make_shared<Chunked>(Chunks(), td::samplers::SequentialSampler(0), td::samplers::SequentialSampler(0),
                                     td::datasets::ChunkDatasetOptions(1, 4));
  };
  for (const std::uint32_t workers : {0u, 1u}) {
    const auto stream = tenon::stream_from_torch_data(td::datasets::SharedBatchDataset<Chunked>(make()));
    te::BatchReader reader(loader_of(stream, workers), 7, "data");
    for (const std::uint64_t epoch : {0u, 1u}) {
      reader.start(epoch, 0);
      const Read read = rest_of(reader);
      BOOST_TEST(read.sizes == (Sizes{4, 4, 4}), boost::test_tools::per_element());
      BOOST_TEST(read.rows.select(1, 0).sum().item().toDouble() ==
                 0 + 1 + 2 + 10 + 11 + 12 + 13 + 20 + 21 + 22 + 23 + 24);
    }
    const auto stacked =
        tenon::stream_from_torch_data(td::datasets::SharedBatchDataset<Chunked>(make()).map(td::transforms::Stack<>()));
    BOOST_TEST(read_epoch(loader_of(stacked, workers), 0, 4).sizes == (Sizes{4, 4}), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(stream_datasets_of_torch_data_go_on_without_end) {
  for (const std::uint32_t workers : {0u, 1u}) {
    te::BatchReader reader(loader_of(tenon::stream_from_torch_data(Endless()), workers), 7, "data");
    reader.start(0, 0);
    for (int batch = 0; batch < 5; ++batch) BOOST_TEST(reader.read()[0][0].item().toDouble() == 4.0 * batch);
    BOOST_TEST(reader.upcoming() == 4u);
  }
  tenon::Random random(0);
  const auto stream = tenon::stream_from_torch_data(Endless());
  stream->start(0, random);
  BOOST_TEST(stream->skip(6, 0, {0, 0}) == 6u);
  BOOST_TEST(stream->next(random)->at(0).item().toDouble() == 6.0);
}

BOOST_AUTO_TEST_CASE(a_torch_data_dataset_without_a_size_is_refused_with_the_cure) {
  struct Sizeless : Squares {
    std::optional<std::size_t> size() const override { return std::nullopt; }
  };
  BOOST_TEST(refusal_of({tenon::from_torch_data(Sizeless())}) ==
             "training data: this torch::data dataset does not know its size: use stream_from_torch_data");
}

BOOST_AUTO_TEST_SUITE_END()
