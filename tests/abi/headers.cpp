// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Every header of the SDK compiles alone, in every promised language and compiler, without a warning and without
// padding.
#include <boost/test/unit_test.hpp>

#include "command.hpp"
#include "header_text.hpp"

namespace {

const std::string c_warnings = " -Wall -Wextra -Wpedantic -Wpadded -Werror -fsyntax-only ";
const std::string cpp_warnings = " -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -fsyntax-only ";

void check_alone(const std::string& header, const std::string& compiler, const std::string& flags) {
  const auto done = sdk_text::run("echo '#include <" + header + ">' | " + compiler + flags + " -I " +
                                  sdk_text::quoted(sdk_text::sdk_folder() / "include") + " -");
  BOOST_CHECK_MESSAGE(done.code == 0, header << " alone, " << compiler << flags << ":\n" << done.output);
}

using Standards = std::vector<std::string>;

void check_all(const std::string& c_compiler, const Standards& c, const std::string& cpp_compiler,
               const Standards& cpp) {
  sdk_text::need_program(c_compiler);
  sdk_text::need_program(cpp_compiler);
  for (const std::string& header : sdk_text::c_headers(true)) {
    for (const std::string& standard : c) check_alone(header, c_compiler, c_warnings + "-x c -std=" + standard);
    for (const std::string& standard : cpp) check_alone(header, cpp_compiler, c_warnings + "-x c++ -std=" + standard);
  }
}

void check_wrapper(const std::string& compiler, const std::string& standard) {
  sdk_text::need_program(compiler);
  for (const std::string header : {"tenon/plugin.hpp", "tenon/draft/drafts.hpp"}) {
    check_alone(header, compiler, cpp_warnings + "-x c++ -std=" + standard);
  }
}

const auto full = boost::unit_test::label("full");

}  // namespace

BOOST_AUTO_TEST_CASE(every_header_compiles_alone_with_gcc) { check_all("gcc", {"c11"}, "g++", {"c++11", "c++20"}); }

BOOST_AUTO_TEST_CASE(every_header_compiles_alone_with_clang) {
  check_all("clang", {"c11"}, "clang++", {"c++11", "c++20"});
}

BOOST_AUTO_TEST_CASE(every_header_compiles_alone_in_the_standards_between, *full) {
  check_all("gcc", {"c17"}, "g++", {"c++14", "c++17"});
  check_all("clang", {"c17"}, "clang++", {"c++14", "c++17"});
}

BOOST_AUTO_TEST_CASE(the_wrapper_compiles_with_gcc_and_clang) {
  check_wrapper("g++", "c++17");
  check_wrapper("clang++", "c++17");
}

BOOST_AUTO_TEST_CASE(the_wrapper_compiles_as_a_later_standard, *full) {
  check_wrapper("g++", "c++20");
  check_wrapper("clang++", "c++20");
}

BOOST_AUTO_TEST_CASE(every_header_of_the_wrapper_includes_what_it_uses, *full) {
  for (const std::string& header : sdk_text::cpp_headers()) {
    check_alone(header, "g++", cpp_warnings + "-x c++ -std=c++17");
  }
}

BOOST_AUTO_TEST_CASE(enums_of_a_plugin_built_with_short_enums_change_nothing, *full) {
  for (const std::string& header : sdk_text::c_headers(true)) {
    check_alone(header, "gcc", c_warnings + "-x c -std=c11 -fshort-enums");
  }
}
