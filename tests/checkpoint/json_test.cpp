// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/json.hpp"

#include <bit>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>

using namespace tenon::checkpoint;
namespace json = boost::json;

BOOST_AUTO_TEST_CASE(the_same_content_gives_the_same_bytes_in_whatever_order_it_was_put_in) {
  const json::object one = {{"b", {{"y", 1}, {"x", {{"q", {{"n", 1}, {"m", 2}}}}}}},
                            {"a", {1, 2.0, "t", nullptr, true}}};
  const json::object two = {{"a", {1, 2.0, "t", nullptr, true}},
                            {"b", {{"x", {{"q", {{"m", 2}, {"n", 1}}}}}, {"y", 1}}}};
  BOOST_TEST(canonical_json(one) == canonical_json(two));
  BOOST_TEST(canonical_json(one) ==
             "{\n"
             "  \"a\": [1,2.0,\"t\",null,true],\n"
             "  \"b\": {\n"
             "    \"x\": {\n"
             "      \"q\": {\"m\":2,\"n\":1}\n"
             "    },\n"
             "    \"y\": 1\n"
             "  }\n"
             "}");
  BOOST_TEST(canonical_json({}) == "{}");
}

BOOST_AUTO_TEST_CASE(every_finite_double_comes_back_bit_for_bit) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200000; ++round) {
    const double number = std::bit_cast<double>(random());
    if (!std::isfinite(number)) continue;
    const json::value back = parse_exactly(canonical_json({{"n", number}})).at("n");
    BOOST_REQUIRE(back.is_double());
    BOOST_REQUIRE(std::bit_cast<std::uint64_t>(back.get_double()) == std::bit_cast<std::uint64_t>(number));
  }
}

BOOST_AUTO_TEST_CASE(kinds_of_numbers_are_kept) {
  const json::object numbers = {{"double", 1.0},
                                {"minus_zero", -0.0},
                                {"tiny", 5e-324},
                                {"huge", std::numeric_limits<double>::max()},
                                {"int", std::numeric_limits<std::int64_t>::min()},
                                {"uint", std::numeric_limits<std::uint64_t>::max()}};
  const json::value back = parse_exactly(canonical_json(numbers));
  BOOST_TEST((back == json::value(numbers)));
  BOOST_TEST(std::signbit(back.at("minus_zero").get_double()));
}

BOOST_AUTO_TEST_CASE(non_finite_numbers_are_texts) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const json::object numbers = {{"a", std::nan("")}, {"b", infinity}, {"c", -infinity}};
  BOOST_TEST(canonical_json(numbers) == "{\n  \"a\": \"nan\",\n  \"b\": \"inf\",\n  \"c\": \"-inf\"\n}");
}

BOOST_AUTO_TEST_CASE(texts_with_anything_in_them_come_back) {
  std::string text = "\"\\/\b\f\n\r\t\x01\x1F\x7F é 模";
  text += '\0';
  const json::object object = {{text, text}};
  BOOST_TEST((parse_exactly(canonical_json(object)) == json::value(object)));
}

BOOST_AUTO_TEST_CASE(what_could_not_be_read_back_is_not_written) {
  json::object nested;
  for (int level = 0; level < 70; ++level) nested = json::object{{"n", nested}};
  BOOST_CHECK_THROW(canonical_json(nested), std::invalid_argument);
  const auto names_the_place = [](const std::invalid_argument& error) {
    return std::string(error.what()) == "'/outer/inner' is not valid UTF-8";
  };
  BOOST_CHECK_EXCEPTION(canonical_json({{"outer", {{"inner", "\xFF"}}}}), std::invalid_argument, names_the_place);
}

BOOST_AUTO_TEST_CASE(the_deepest_object_that_is_written_can_be_read) {
  json::value nested = 1;
  for (std::size_t level = 0; level < deepest_json; ++level) nested = json::object{{"n", nested}};
  BOOST_TEST((parse_exactly(canonical_json(nested.as_object())) == nested));
}

BOOST_AUTO_TEST_CASE(only_strict_json_is_read) {
  for (const char* bad :
       {"", "{", "{}{}", "{} x", "[1,]", "{\"a\":1,}", "// c\n1", "NaN", "1e999", "01", "'a'", "\"\xFF\""})
    BOOST_CHECK_THROW(parse_exactly(bad), std::invalid_argument);
}
