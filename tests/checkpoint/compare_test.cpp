// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/compare.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>

#include "checkpoint/folder.hpp"
#include "checkpoint/small_floats.hpp"
#include "sample_content.hpp"
#include "scratch_folder.hpp"

using namespace tenon::checkpoint;
using namespace tenon::test;

namespace {

template <class Number, std::size_t n>
NumberDifference of(DType dtype, const std::array<Number, n>& a, const std::array<Number, n>& b) {
  return difference(dtype, std::as_bytes(std::span(a)), std::as_bytes(std::span(b)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(comparison)

BOOST_AUTO_TEST_CASE(the_largest_difference_of_numbers_is_exact) {
  using A = std::array<float, 3>;
  BOOST_TEST(of(DType::f32, A{1, 2, 3}, A{1, 2.5F, 2}).count == 2u);
  BOOST_TEST(of(DType::f32, A{1, 2, 3}, A{1, 2.5F, 2}).largest.value() == 1.0);
  const std::array<std::int64_t, 2> low{std::numeric_limits<std::int64_t>::min(), 1},
      high{std::numeric_limits<std::int64_t>::max(), 1};
  BOOST_TEST(of(DType::i64, low, high).largest.value() == 18446744073709551615.0);
  BOOST_TEST(of(DType::u8, std::array<std::uint8_t, 1>{3}, std::array<std::uint8_t, 1>{250}).largest.value() == 247.0);
  BOOST_TEST(of(DType::i8, std::array<std::int8_t, 1>{-128}, std::array<std::int8_t, 1>{127}).largest.value() == 255.0);
  const std::array<float, 2> z{0, 0}, w{3, 4};
  BOOST_TEST(of(DType::c64, z, w).largest.value() == 5.0);
}

BOOST_AUTO_TEST_CASE(bits_that_differ_without_a_distance_are_counted) {
  using A = std::array<float, 2>;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  BOOST_TEST(of(DType::f32, A{0.0F, 1}, A{-0.0F, 1}).count == 1u);
  BOOST_TEST(of(DType::f32, A{0.0F, 1}, A{-0.0F, 1}).largest.value() == 0.0);
  BOOST_TEST(of(DType::f32, A{nan, 1}, A{nan, 1}).count == 0u);
  BOOST_TEST(std::isnan(of(DType::f32, A{nan, 1}, A{1, 9}).largest.value()));
  BOOST_TEST(!of(DType::f4, std::array<std::uint8_t, 1>{3}, std::array<std::uint8_t, 1>{4}).largest);
}

BOOST_AUTO_TEST_CASE(small_floats_are_read_as_their_formats_say) {
  BOOST_TEST(to_double(float16, 0x3C00) == 1.0);
  BOOST_TEST(to_double(float16, 0xFBFF) == -65504.0);
  BOOST_TEST(to_double(float16, 0x0001) == std::ldexp(1.0, -24));
  BOOST_TEST(to_double(float16, 0x7C00) == std::numeric_limits<double>::infinity());
  BOOST_TEST(std::isnan(to_double(float16, 0x7E00)));
  BOOST_TEST(to_double(bfloat16, 0xC000) == -2.0);
  BOOST_TEST(to_double(bfloat16, 0x0080) == std::ldexp(1.0, -126));
  BOOST_TEST(to_double(float8_e4m3, 0x7E) == 448.0);
  BOOST_TEST(std::isnan(to_double(float8_e4m3, 0xFF)));
  BOOST_TEST(to_double(float8_e5m2, 0x7B) == 57344.0);
  BOOST_TEST(to_double(float8_e4m3fnuz, 0x7F) == 240.0);
  BOOST_TEST(std::isnan(to_double(float8_e4m3fnuz, 0x80)));
  BOOST_TEST(to_double(float8_e5m2fnuz, 0x7F) == 57344.0);
  BOOST_TEST(to_double(float8_e8m0, 127) == 1.0);
  BOOST_TEST(std::isnan(to_double(float8_e8m0, 255)));
}

BOOST_AUTO_TEST_CASE(two_checkpoints_are_compared_in_both_files_and_a_lone_file_with_the_model) {
  const ScratchFolder scratch;
  const auto folder = Folder::open(scratch.path(), "run");
  const auto a = folder->write(full_content("a")).path;
  Content other = full_content("b");
  const std::array<float, 6> numbers = {1.5F, -2.0F, 0.5F, 1e-30F, 3e30F, 0.0F};
  other.model = {{"layer.weight", DType::f32, {2, 3}, std::as_bytes(std::span(numbers))}, weight()};
  other.model[1].name = "extra";
  other.training[0].shape = {1, 2};
  const auto b = folder->write(other).path;
  BOOST_TEST(compare(TensorSource(a), TensorSource(a)).differences.empty());
  BOOST_TEST(compare(TensorSource(a), TensorSource(a)).compared == 3u);
  const Comparison found = compare(TensorSource(a), TensorSource(b));
  using Kind = TensorDifference::Kind;
  BOOST_REQUIRE_EQUAL(found.differences.size(), 4u);
  BOOST_TEST((found.differences[0].kind == Kind::only_second && found.differences[0].name == "extra"));
  BOOST_TEST((found.differences[1].kind == Kind::only_first && found.differences[1].first == "I64 []"));
  BOOST_TEST((found.differences[2].kind == Kind::numbers && found.differences[2].elements == 6));
  BOOST_TEST(found.differences[2].numbers.largest.value() == 0.25);
  BOOST_TEST((found.differences[3].kind == Kind::other_type && found.differences[3].second == "F32 [1, 2]"));
  BOOST_TEST(compare(TensorSource(a), TensorSource(b / "model.safetensors")).differences.size() == 3u);
}

BOOST_AUTO_TEST_CASE(damage_is_found_while_comparing) {
  const ScratchFolder scratch;
  const auto path = Folder::open(scratch.path(), "run")->write(full_content("a")).path;
  std::string bytes = read_text(path / "model.safetensors");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_text(path / "model.safetensors", bytes);
  BOOST_CHECK_THROW(compare(TensorSource(path), TensorSource(path)), ReadError);
}

BOOST_AUTO_TEST_SUITE_END()
