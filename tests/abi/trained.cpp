// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The whole way of a callback's author: the template, copied out and built from the SDK alone, stops a real training.
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "command.hpp"
#include "header_text.hpp"

namespace {

struct Author {
  sdk_text::TemporaryFolder folder;
  std::filesystem::path sdk = folder.path() / "sdk";

  Author() { std::filesystem::copy(sdk_text::sdk_folder(), sdk, std::filesystem::copy_options::recursive); }

  std::filesystem::path build(const std::string& language) {
    const auto project = folder.path() / language;
    std::filesystem::copy(sdk / "template" / language, project);
    const std::string cmake = "cd " + sdk_text::quoted(project) + " && CMAKE_GENERATOR='" + CMAKE_GENERATOR_NAME +
                              "' " + sdk_text::quoted(CMAKE_PROGRAM);
    const auto built = sdk_text::run(cmake + " -B build -DCMAKE_PREFIX_PATH=" + sdk_text::quoted(sdk) + " && " + cmake +
                                     " --build build");
    BOOST_REQUIRE_MESSAGE(built.code == 0, built.output);
    return project / "build";
  }

  void stops_the_training(const std::string& language) {
    const auto plugins = build(language);
    const auto manifest = folder.path() / "run.json";
    std::ofstream(manifest) << R"({"task": {"library": "digits"}, "trainer": {"max_epochs": 50, "seed": 7},
      "plugins": {"paths": [)"
                            << plugins << R"(]},
      "callbacks": [{"plugin": "my_callback", "id": "mine", "config": {"monitor": "val_acc", "target": 0.5}}]})";
    const auto run = folder.path() / "run";
    const auto trained = sdk_text::run(sdk_text::quoted(TENON_PROGRAM) + " train " + sdk_text::quoted(manifest) +
                                       " --out " + sdk_text::quoted(run));
    BOOST_REQUIRE_MESSAGE(trained.code == 0, trained.output);
    BOOST_TEST(trained.output.find("mine: val_acc 0.") != std::string::npos, trained.output);
    BOOST_TEST(trained.output.find("has reached the target") != std::string::npos, trained.output);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(the_c_template_stops_a_training, Author) { stops_the_training("c"); }

BOOST_FIXTURE_TEST_CASE(the_cpp_template_stops_a_training, Author) { stops_the_training("cpp"); }
