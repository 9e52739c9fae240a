// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The SDK alone, copied to another place: its templates build there with either compiler, and nothing else of the
// repository is seen.
#include <boost/test/unit_test.hpp>

#include "command.hpp"
#include "header_text.hpp"

namespace {

struct Elsewhere {
  sdk_text::TemporaryFolder folder;
  std::filesystem::path sdk = folder.path() / "an sdk";

  Elsewhere() { std::filesystem::copy(sdk_text::sdk_folder(), sdk, std::filesystem::copy_options::recursive); }

  void builds(const std::string& language, const std::string& c_compiler, const std::string& cpp_compiler) {
    sdk_text::need_program(c_compiler);
    sdk_text::need_program(cpp_compiler);
    const auto project = folder.path() / (language + "-" + c_compiler);
    std::filesystem::copy(sdk / "template" / language, project);
    const std::string with = "CC=" + c_compiler + " CXX=" + cpp_compiler + " CMAKE_GENERATOR='" + CMAKE_GENERATOR_NAME +
                             "' " + sdk_text::quoted(CMAKE_PROGRAM);
    const auto configured = sdk_text::run(
        "cd " + sdk_text::quoted(project) + " && " + with + " -B build -DCMAKE_PREFIX_PATH=" + sdk_text::quoted(sdk) +
        " -DCMAKE_C_FLAGS='-Wall -Wextra -Wpedantic -Werror' -DCMAKE_CXX_FLAGS='-Wall -Wextra -Wpedantic -Werror'");
    BOOST_REQUIRE_MESSAGE(configured.code == 0, configured.output);
    const auto built = sdk_text::run("cd " + sdk_text::quoted(project) + " && " + with + " --build build");
    BOOST_REQUIRE_MESSAGE(built.code == 0, built.output);
    const auto plugin = project / "build" / "my_callback.so";
    const auto symbols = sdk_text::run("nm --dynamic --defined-only " + sdk_text::quoted(plugin));
    BOOST_TEST(symbols.output.find(" tenon_entry_v1") != std::string::npos, symbols.output);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(the_c_template_builds_with_gcc, Elsewhere) { builds("c", "gcc", "g++"); }
BOOST_FIXTURE_TEST_CASE(the_c_template_builds_with_clang, Elsewhere, *boost::unit_test::label("full")) {
  builds("c", "clang", "clang++");
}
BOOST_FIXTURE_TEST_CASE(the_cpp_template_builds_with_gcc, Elsewhere, *boost::unit_test::label("full")) {
  builds("cpp", "gcc", "g++");
}
BOOST_FIXTURE_TEST_CASE(the_cpp_template_builds_with_clang, Elsewhere) { builds("cpp", "clang", "clang++"); }

BOOST_FIXTURE_TEST_CASE(a_missing_symbol_is_refused_by_the_linker, Elsewhere) {
  const auto project = folder.path() / "undefined";
  std::filesystem::copy(sdk / "template" / "cpp", project);
  const auto done = sdk_text::run("cd " + sdk_text::quoted(project) +
                                  " && sed -i 's/^namespace {/void nobody(); namespace {/; s/host_(host), run_(host) "
                                  "{/host_(host), run_(host) { nobody();/' "
                                  "my_callback.cpp && CMAKE_GENERATOR='" +
                                  CMAKE_GENERATOR_NAME + "' " + sdk_text::quoted(CMAKE_PROGRAM) +
                                  " -B build -DCMAKE_PREFIX_PATH=" + sdk_text::quoted(sdk) + " && " +
                                  sdk_text::quoted(CMAKE_PROGRAM) + " --build build");
  BOOST_TEST(done.code != 0);
  BOOST_TEST(done.output.find("nobody") != std::string::npos, done.output);
}

BOOST_FIXTURE_TEST_CASE(the_package_says_which_abi_it_is, Elsewhere) {
  std::filesystem::create_directory(folder.path() / "too_new");
  const auto done = sdk_text::run("cd " + sdk_text::quoted(folder.path() / "too_new") +
                                  " && echo 'cmake_minimum_required(VERSION 3.18)\nproject(p LANGUAGES NONE)\n"
                                  "find_package(TenonSDK 1.99 REQUIRED)' > CMakeLists.txt && CMAKE_GENERATOR='" +
                                  CMAKE_GENERATOR_NAME + "' " + sdk_text::quoted(CMAKE_PROGRAM) +
                                  " -B build -DCMAKE_PREFIX_PATH=" + sdk_text::quoted(sdk));
  BOOST_TEST(done.code != 0);
  BOOST_TEST(done.output.find("version: 1.0") != std::string::npos, done.output);
}
