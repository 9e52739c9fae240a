// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "manifest/json_source.hpp"

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>
#include <limits>

#include "manifest/json_text.hpp"
#include "manifest_texts.hpp"

namespace tenon::manifest {

BOOST_AUTO_TEST_SUITE(json_source)

BOOST_AUTO_TEST_CASE(every_value_has_the_line_of_its_key_or_of_its_own_beginning) {
  const JsonSource source = parse_json(
      "// a comment\n"
      "{\n"
      "  \"a\": 1, /* one\n"
      "  that is long */ \"b\": [\n"
      "    10,\n"
      "    {\"c/d~\":\n"
      "      true}\n"
      "  ],\n"
      "}\n",
      "x");
  const std::map<std::string, std::uint32_t, std::less<>> expected{{"", 2},     {"/a", 3},   {"/b", 4},
                                                                   {"/b/0", 5}, {"/b/1", 6}, {"/b/1/c~1d~0", 6}};
  BOOST_TEST((source.lines == expected));
  BOOST_TEST(boost::json::serialize(source.value) == R"({"a":1,"b":[10,{"c/d~":true}]})");
}

BOOST_AUTO_TEST_CASE(a_text_without_an_end_of_line_and_with_a_byte_order_mark_is_read) {
  BOOST_TEST(parse_json("\xEF\xBB\xBF[1, 2.5, \"z\"]", "x").value.as_array().size() == 3u);
  BOOST_TEST(parse_json("12", "x").value == boost::json::value(12));
  BOOST_TEST(parse_json("{}\r\n// end\r\n", "x").value.as_object().empty());
}

BOOST_AUTO_TEST_CASE(a_key_given_twice_is_refused_with_both_lines) {
  BOOST_TEST(refused("{\"trainer\": {\n\"max_epochs\": 1,\n\"max_epochs\": 2}}") ==
             "run.json:3: /trainer/max_epochs: given twice, first on line 2; remove one of the two");
}

BOOST_AUTO_TEST_CASE(a_missing_comma_is_pointed_at) {
  BOOST_TEST(refused("{\n  \"task\": {\"library\": \"digits\"}\n  \"trainer\": {}\n}") ==
             "run.json:3:3: not JSON from here on; look for a missing comma, colon, quote or bracket (comments and "
             "trailing commas are allowed): \"trainer\": {}");
}

BOOST_AUTO_TEST_CASE(a_text_that_ends_too_early_or_too_late_is_refused) {
  BOOST_TEST(refused("{\"task\": {\n") ==
             "run.json:1: the text ends too early; a bracket, a quote or a comment is not closed");
  BOOST_TEST(refused("") == "run.json:1: the text ends too early; a bracket, a quote or a comment is not closed");
  BOOST_TEST(refused("{}\n}") == "run.json:2:1: something stands behind the end of the JSON; remove it: }");
  BOOST_TEST(refused(std::string(40, '[')).find("nested more than 32 deep") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_pointer_is_taken_apart_as_it_was_put_together) {
  const std::vector<std::string> keys{"a/b", "~1", "", "c"};
  std::string pointer;
  for (const std::string& key : keys) pointer += pointer_step(key);
  BOOST_TEST(pointer == "/a~1b/~01//c");
  BOOST_TEST(pointer_keys(pointer) == keys, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(numbers_are_written_as_people_write_them) {
  const boost::json::value value = parse_json("[0.5, 1.0, 1, 1e-7, 12345678901234567890, -0.0, \"a\\n\"]", "x").value;
  BOOST_TEST(json_text(value) == "[0.5,1.0,1,1e-07,12345678901234567890,-0.0,\"a\\n\"]");
  BOOST_TEST(json_text(std::numeric_limits<double>::quiet_NaN()) == "\"nan\"");
  BOOST_TEST(json_text(-std::numeric_limits<double>::infinity()) == "\"-inf\"");
}

BOOST_AUTO_TEST_CASE(a_text_of_any_bytes_becomes_valid_json_and_harmless_to_a_terminal) {
  const boost::json::object value{{"k\xff", "a\x1b\xc2"}};
  BOOST_TEST(json_text(value) == "{\"k\xEF\xBF\xBD\":\"a\\u001b\xEF\xBF\xBD\"}");
  BOOST_TEST(terminal_text("a\x1b[2J\tb\nc\x7f\xc2\x9b\xc3\xa4\xff") == "a?[2J\tb\nc??\xc3\xa4\xEF\xBF\xBD");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::manifest
