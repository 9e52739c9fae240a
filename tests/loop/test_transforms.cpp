// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>

#include "chain/abi.hpp"
#include "loop/number_types.hpp"
#include "loop/tensor_math.hpp"
#include "loop/tensor_table.hpp"

using namespace tenon;
using namespace tenon::loop;

namespace {

HostTensor floats(std::vector<float> values) {
  HostTensor t;
  t.dtype = {TENON_DTYPE_FLOAT, 32, 1};
  t.set_shape({static_cast<std::int64_t>(values.size())});
  t.storage.resize(values.size() * sizeof(float));
  std::memcpy(t.storage.data(), values.data(), t.storage.size());
  return t;
}

HostTensor empty(std::uint8_t code, std::uint8_t bits, std::int64_t n) {
  HostTensor t;
  t.dtype = {code, bits, 1};
  t.set_shape({n});
  t.storage.resize(static_cast<std::size_t>(n) * (bits / 8u));
  return t;
}

template <class T>
std::vector<T> numbers(const HostTensor& t) {
  std::vector<T> out(t.storage.size() / sizeof(T));
  std::memcpy(out.data(), t.storage.data(), t.storage.size());
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_half_survives_the_way_to_double_and_back) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const double x = half_to(static_cast<std::uint16_t>(bits));
    if (std::isnan(x)) continue;
    BOOST_REQUIRE_EQUAL(half_from(x), bits);
  }
}

BOOST_AUTO_TEST_CASE(a_half_is_the_nearest_one_and_the_even_one_between_two) {
  for (std::uint32_t bits = 0; bits < 0x7BFF; ++bits) {  // all neighbours up to the largest finite half
    const double low = half_to(static_cast<std::uint16_t>(bits)), high = half_to(static_cast<std::uint16_t>(bits + 1));
    const double middle = (low + high) / 2;
    BOOST_REQUIRE_EQUAL(half_from(middle), bits % 2 == 0 ? bits : bits + 1);
    BOOST_REQUIRE_EQUAL(half_from(std::nextafter(middle, 0.0)), bits);
    BOOST_REQUIRE_EQUAL(half_from(std::nextafter(middle, 1e9)), bits + 1);
  }
  BOOST_CHECK_EQUAL(half_from(65519.99), 0x7BFF);
  BOOST_CHECK_EQUAL(half_from(65520.0), 0x7C00);
  BOOST_CHECK_EQUAL(half_from(-1e300), 0xFC00);
  BOOST_CHECK(std::isnan(half_to(half_from(std::nan("")))));
}

BOOST_AUTO_TEST_CASE(both_ways_to_bfloat_agree_on_random_floats) {
  std::mt19937 random(7);
  for (int i = 0; i < 200000; ++i) {
    const float x = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (x != x) continue;
    BOOST_REQUIRE_EQUAL(bfloat_from(x), bfloat_from(static_cast<double>(x)));
  }
}

BOOST_AUTO_TEST_CASE(numbers_are_copied_with_conversion_and_rounding) {
  const HostTensor from = floats({1.0f, -2.5f, 3.5f, 300.0f, 1e-8f});
  HostTensor half = empty(TENON_DTYPE_FLOAT, 16, 5), byte = empty(TENON_DTYPE_INT, 8, 5),
             wide = empty(TENON_DTYPE_FLOAT, 64, 5);
  copy_numbers(half.view(), from.view());
  copy_numbers(byte.view(), from.view());
  copy_numbers(wide.view(), half.view());
  const std::vector<std::int8_t> bytes = numbers<std::int8_t>(byte), wanted = {1, -2, 4, 127, 0};
  BOOST_TEST(bytes == wanted, boost::test_tools::per_element());
  BOOST_CHECK_EQUAL(numbers<std::uint16_t>(half)[0], 0x3C00);
  BOOST_CHECK_EQUAL(numbers<double>(wide)[3], 300.0);
  BOOST_CHECK_EQUAL(numbers<double>(wide)[4], 0.0);
}

BOOST_AUTO_TEST_CASE(scaling_rounds_to_the_tensors_own_type) {
  HostTensor t = floats({1.0f, 3.0f});
  scale_numbers(t.view(), 1.0 / 3.0);
  BOOST_CHECK_EQUAL(numbers<float>(t)[0], static_cast<float>(1.0 / 3.0));
  BOOST_CHECK_EQUAL(numbers<float>(t)[1], 1.0f);
}

BOOST_AUTO_TEST_CASE(tensors_of_different_shape_are_refused) {
  HostTensor a = floats({1, 2}), b = floats({1, 2, 3});
  BOOST_CHECK_THROW(copy_numbers(a.view(), b.view()), chain::AbiError);
}
