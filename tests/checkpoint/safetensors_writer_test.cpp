// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "checkpoint/safetensors_header.hpp"

using namespace tenon::checkpoint;

namespace {

const std::vector<std::byte> zeros(64);

TensorRecord tensor(const std::string& name, DType dtype, std::vector<std::int64_t> shape) {
  const std::uint64_t size = byte_size(dtype, shape);
  return {name, dtype, std::move(shape), std::span(zeros).first(size)};
}

std::string header(const std::vector<TensorRecord>& tensors, const std::map<std::string, std::string>& metadata = {},
                   std::uint64_t alignment = 8) {
  return make_safetensors_header(writing_order(tensors), metadata, alignment);
}

void check_refused(const std::vector<TensorRecord>& tensors, const std::string& text,
                   const std::map<std::string, std::string>& metadata = {}) {
  const auto says = [&](const std::invalid_argument& error) {
    BOOST_TEST_MESSAGE(error.what());
    return std::string(error.what()).find(text) != std::string::npos;
  };
  BOOST_CHECK_EXCEPTION(header(tensors, metadata), std::invalid_argument, says);
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_header_is_that_of_the_reference_writer) {
  // safetensors 0.8.0: save({"b": f32[2], "a": i64 scalar, "c": i32[3]}, {"z": "1", "a": "é\n\x01/"})
  const std::string expected = std::string("\xd0\0\0\0\0\0\0\0", 8) +
                               "{\"__metadata__\":{\"a\":\"\xc3\xa9\\n\\u0001/\",\"z\":\"1\"},"
                               "\"a\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
                               "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]},"
                               "\"c\":{\"dtype\":\"I32\",\"shape\":[3],\"data_offsets\":[16,28]}}   ";
  BOOST_TEST(header({tensor("c", DType::i32, {3}), tensor("b", DType::f32, {2}), tensor("a", DType::i64, {})},
                    {{"z", "1"}, {"a", "é\n\x01/"}}) == expected);
}

BOOST_AUTO_TEST_CASE(wider_elements_come_first_and_data_begin_at_a_page) {
  const std::string text =
      header({tensor("flag", DType::boolean, {3}), tensor("z", DType::f32, {1}), tensor("half", DType::bf16, {1}),
              tensor("a", DType::f32, {1}), tensor("count", DType::i64, {})},
             {}, data_alignment);
  BOOST_TEST(text.size() == 4096U);
  const SafetensorsHeader back = parse_safetensors_header(std::string_view(text).substr(8), text.size() + 21);
  std::string order;
  for (const TensorEntry& entry : back.tensors) order += entry.name + " ";
  BOOST_TEST(order == "count a z half flag ");
}

BOOST_AUTO_TEST_CASE(what_no_reader_could_read_is_not_written) {
  check_refused({tensor("__metadata__", DType::f32, {1})}, "a tensor cannot be called '__metadata__'");
  check_refused({tensor("a", DType::f32, {1}), tensor("a", DType::f32, {2})}, "tensor 'a': two tensors have this name");
  check_refused({tensor("\xFF", DType::f32, {1})}, "its name is not valid UTF-8");
  check_refused({}, "metadata 'k' is not valid UTF-8", {{"k", "\xFF"}});
  check_refused({{"short", DType::f32, {3}, std::span(zeros).first(8)}},
                "tensor 'short': its shape needs 12 bytes, 8 were given");
  check_refused({}, "safetensors allows 100000000", {{"k", std::string(100'000'000, 'x')}});
}

BOOST_AUTO_TEST_CASE(bytes_are_counted_without_overflow) {
  BOOST_TEST(byte_size(DType::f32, {}) == 4U);
  BOOST_TEST(byte_size(DType::f64, {0, 7}) == 0U);
  BOOST_TEST(byte_size(DType::f4, {4}) == 2U);
  BOOST_TEST(byte_size(DType::f6_e2m3, {4}) == 3U);
  for (const std::function<void()>& bad : {std::function<void()>([] { byte_size(DType::f4, {3}); }),
                                           {[] { byte_size(DType::f32, {-1}); }},
                                           {[] {
                                             byte_size(DType::u8, {std::int64_t{1} << 62, 4});
                                           }},
                                           {[] { byte_size(DType::f64, {std::int64_t{1} << 60}); }}})
    BOOST_CHECK_THROW(bad(), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(every_dtype_has_its_name_and_only_that) {
  for (int index = 0; index <= static_cast<int>(DType::u64); ++index) {
    const auto dtype = static_cast<DType>(index);
    BOOST_TEST((dtype_from(name(dtype)) == dtype));
  }
  for (const char* bad : {"", "f32", "F32 ", "F8_E4M3FN", "<f4"}) BOOST_TEST(!dtype_from(bad).has_value());
}
