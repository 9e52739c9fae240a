// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/names.hpp"

#include <boost/test/unit_test.hpp>
#include <string>
#include <tenon/utf8.hpp>
#include <vector>

using namespace tenon::checkpoint;

const std::vector<std::string> good_names = {"epoch=3-step=120",
                                             "with space",
                                             "sub/dir/epoch=1-val_loss=0.1234",
                                             "模型-é",
                                             "..dots",
                                             "a.b",
                                             ".hidden",
                                             "a\\b",
                                             "last",
                                             "x.ckpt",
                                             std::string(235, 'n')};

BOOST_AUTO_TEST_CASE(usual_and_unusual_names_are_taken) {
  for (const std::string& name : good_names) BOOST_TEST(problem_with_name(name).value_or("") == "", name);
}

const std::vector<std::pair<std::string, std::string>> bad_names = {
    {"", "empty"},
    {"/absolute", "empty part"},
    {"trailing/", "empty part"},
    {"a//b", "empty part"},
    {"..", "inside its folder"},
    {"../out", "inside its folder"},
    {"a/../../out", "inside its folder"},
    {"./a", "inside its folder"},
    {".tenon-lock", "Tenon's own"},
    {"a/.tenon-tmp-1-1", "Tenon's own"},
    {"epoch=1.ckpt/inner", "inside another checkpoint"},
    {"line\nbreak", "control character"},
    {std::string("nul\0", 4), "control character"},
    {"delete\x7F", "control character"},
    {"bad\xFFutf8", "UTF-8"},
    {"overlong\xC0\xAF", "UTF-8"},
    {"surrogate\xED\xA0\x80", "UTF-8"},
    {std::string(236, 'n'), "236 bytes"},
};

BOOST_AUTO_TEST_CASE(names_that_leave_the_folder_or_cannot_be_shown_are_refused_with_the_reason) {
  for (const auto& [name, reason] : bad_names) {
    const std::string problem = problem_with_name(name).value_or("taken");
    BOOST_TEST(problem.find(reason) != std::string::npos, name + ": " + problem);
  }
}

BOOST_AUTO_TEST_CASE(utf8_is_judged_as_rfc_3629_says) {
  for (const char* good :
       {"", "a", "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    BOOST_TEST(tenon::is_utf8(good));
  for (const char* bad : {"\x80", "\xC1\xBF", "\xC2", "\xE0\x9F\xBF", "\xE2\x82", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE"})
    BOOST_TEST(!tenon::is_utf8(bad));
}

BOOST_AUTO_TEST_CASE(versions_count_from_v1) {
  BOOST_TEST(versioned_name("a", 0) == "a");
  BOOST_TEST(versioned_name("a", 1) == "a-v1");
  BOOST_TEST(versioned_name("s/a", 12) == "s/a-v12");
  BOOST_REQUIRE(split_version("s/a-v12").has_value());
  BOOST_TEST(split_version("s/a-v12")->first == "s/a");
  BOOST_TEST(split_version("s/a-v12")->second == 12U);
  for (const char* other : {"a", "a-v", "a-v0", "a-v01", "a-v1x", "a-v 1", "a-v99999999999999999999"})
    BOOST_TEST(!split_version(other).has_value(), other);
}
