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

void check_all(const std::string& c_compiler, const std::string& cpp_compiler) {
  sdk_text::need_program(c_compiler);
  sdk_text::need_program(cpp_compiler);
  for (const std::string& header : sdk_text::c_headers(true)) {
    for (const char* standard : {"c11", "c17"}) check_alone(header, c_compiler, c_warnings + "-x c -std=" + standard);
    for (const char* standard : {"c++11", "c++14", "c++17", "c++20"}) {
      check_alone(header, cpp_compiler, c_warnings + "-x c++ -std=" + standard);
    }
  }
  for (const std::string header : {"tenon/plugin.hpp", "tenon/draft/drafts.hpp"}) {
    for (const char* standard : {"c++17", "c++20"}) {
      check_alone(header, cpp_compiler, cpp_warnings + "-x c++ -std=" + standard);
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_header_compiles_alone_with_gcc) { check_all("gcc", "g++"); }

BOOST_AUTO_TEST_CASE(every_header_compiles_alone_with_clang) { check_all("clang", "clang++"); }

BOOST_AUTO_TEST_CASE(every_header_of_the_wrapper_includes_what_it_uses) {
  for (const std::string& header : sdk_text::cpp_headers())
    check_alone(header, "g++", cpp_warnings + "-x c++ -std=c++17");
}

BOOST_AUTO_TEST_CASE(enums_of_a_plugin_built_with_short_enums_change_nothing) {
  for (const std::string& header : sdk_text::c_headers(true)) {
    check_alone(header, "gcc", c_warnings + "-x c -std=c11 -fshort-enums");
  }
}
