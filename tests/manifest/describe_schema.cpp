// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "manifest/describe_schema.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

namespace tenon::manifest {

namespace {
std::string words(const char* schema) {
  const boost::json::value parsed = boost::json::parse(schema);
  return describe_schema(parsed, parsed);
}
}  // namespace

BOOST_AUTO_TEST_SUITE(schema_in_words)

BOOST_AUTO_TEST_CASE(numbers_tell_their_range) {
  BOOST_TEST(words(R"({"type": "integer", "minimum": 1, "maximum": 9})") == "a whole number from 1 to 9");
  BOOST_TEST(words(R"({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5})") ==
             "a number above 0 and below 0.5");
  BOOST_TEST(words(R"({"type": "integer", "multipleOf": 8})") == "a whole number, a multiple of 8");
}

BOOST_AUTO_TEST_CASE(alternatives_are_joined_into_one_list) {
  BOOST_TEST(words(R"({"anyOf": [{"type": "boolean"}, {"const": "link"}, {"type": ["integer", "null"]}]})") ==
             "true, false, \"link\", a whole number or null");
}

BOOST_AUTO_TEST_CASE(lists_and_texts_tell_their_size) {
  BOOST_TEST(
      words(R"({"type": "array", "minItems": 2, "maxItems": 2, "uniqueItems": true, "items": {"enum": [1, "a"]}})") ==
      "a list of exactly 2 without repeats (each: 1 or \"a\")");
  BOOST_TEST(words(R"({"type": "string", "minLength": 2, "maxLength": 4})") == "text of 2 to 4 characters");
  BOOST_TEST(words(R"({"type": "string", "pattern": "^a$"})") == "text matching ^a$");
  BOOST_TEST(words(R"({"type": "string", "pattern": "^a$", "examples": ["a"]})") == "text matching ^a$");
  BOOST_TEST(words(R"({"type": "string", "pattern": "^[ab]$", "examples": ["a", "b"]})") == R"(text like "a" or "b")");
}

BOOST_AUTO_TEST_CASE(objects_tell_what_they_need) {
  BOOST_TEST(words(R"({"type": "object", "required": ["a", "b", "c"]})") == "an object with \"a\", \"b\" and \"c\"");
  BOOST_TEST(
      words(R"({"type": "object", "minProperties": 1, "maxProperties": 1, "properties": {"ema": {}, "cast": {}}})") ==
      "an object with \"ema\" or \"cast\"");
}

BOOST_AUTO_TEST_CASE(references_are_followed_and_loops_end) {
  BOOST_TEST(words(R"({"$ref": "#/definitions/d", "definitions": {"d": {"type": "integer"}}})") == "a whole number");
  BOOST_TEST(words(R"({"anyOf": [{"$ref": "#"}]})") == "");
  BOOST_TEST(words(R"({"type": "array", "items": {"$ref": "#"}})").find("a list (each: a list") == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::manifest
