// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Mistakes in a callback class that the compiler refuses, each with words of ours.
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "command.hpp"
#include "header_text.hpp"

namespace {

struct Mistake {
  std::string what;
  std::string words;
  std::string body;
  std::string virtues;
};

const std::string constants =
    "static constexpr const char *id = \"a.b\", *name = \"b\", *version = \"1\", *description = \"d\", *license = "
    "\"MIT\"; ";
const std::string state_version = "static constexpr std::uint32_t state_version = 1; ";
const std::string save = "void save(tenon::StateWriter&) const {} ";
const std::string load = "void load(tenon::StateReader&, std::uint32_t) {} ";

/// One class of the name of each is compiled; the words of each are its own.
std::vector<Mistake> mistakes() {
  const auto whole = [](const std::string& name) { return constants + "explicit " + name + "(tenon::Host) {} "; };
  return {
      {"WrongArgument", "on_train_batch_end: must be public and take const tenon_batch_args& or nothing",
       whole("WrongArgument") + "void on_train_batch_end(const tenon_event_args&) {}", ""},
      {"PrivateHook", "on_fit_start: must be public", whole("PrivateHook") + "private: void on_fit_start() {}", ""},
      {"Overloaded", "on_setup: must be public and take",
       whole("Overloaded") + "void on_setup(int) {} void on_setup(double) {}", ""},
      {"Variable", "on_teardown: must be public and take", whole("Variable") + "int on_teardown = 0;", ""},
      {"NotifyAnswers", "on_train_start: on_* returns void",
       whole("NotifyAnswers") + "tenon::Verdict on_train_start() { return tenon::Verdict::allow(); }", ""},
      {"DecisionIsSilent", "decide_stop: on_* returns void, decide_* returns tenon::Verdict",
       whole("DecisionIsSilent") + "void decide_stop() {}", ""},
      {"SaveWithoutLoad", "save and load: both or neither", whole("SaveWithoutLoad") + state_version + save, ""},
      {"NoVersion", "state_version: with save and load only", whole("NoVersion") + save + load, ""},
      {"VersionZero", "state_version starts at 1",
       whole("VersionZero") + save + load + "static constexpr std::uint32_t state_version = 0;", ""},
      {"Final", "a callback class must not be final", whole("Final"), "final"},
      {"NoConstants", "has the constants id, name, version, description and license",
       "static constexpr const char* id = \"a.b\"; explicit NoConstants(tenon::Host) {}", ""},
      {"NoConstructor", "constructor that takes a tenon::Host", constants, ""},
  };
}

std::string compiled(const std::string& compiler, const std::string& source) {
  sdk_text::need_program(compiler);
  const sdk_text::TemporaryFolder folder;
  std::ofstream(folder.path() / "plugin.cpp") << "#include <tenon/plugin.hpp>\n" << source;
  const std::string no_limit = compiler == "g++" ? " -fmax-errors=0" : " -ferror-limit=0";
  const auto done = sdk_text::run(
      compiler + no_limit + " -std=c++17 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I " +
      sdk_text::quoted(sdk_text::sdk_folder() / "include") + " " + sdk_text::quoted(folder.path() / "plugin.cpp"));
  return done.code == 0 ? "" : done.output;
}

void check_refusals(const std::string& compiler) {
  std::string source;
  for (const Mistake& m : mistakes()) {
    source += "class " + m.what + " " + m.virtues + " { public: " + m.body + "};\n";
    source += "const tenon_descriptor* " + m.what + "_table = &tenon::detail::Adapter<" + m.what + ">::descriptor;\n";
  }
  const std::string output = compiled(compiler, source);
  for (const Mistake& m : mistakes()) {
    BOOST_CHECK_MESSAGE(output.find(m.words) != std::string::npos, compiler << " says nothing of " << m.what);
  }
}

void check_whole_class(const std::string& compiler) {
  const std::string output = compiled(compiler, "class Whole { public: " + constants +
                                                    "explicit Whole(tenon::Host) {} void on_fit_start() {} " + save +
                                                    load + state_version + "};\nTENON_PLUGINS(Whole);\n");
  BOOST_CHECK_MESSAGE(output.empty(), compiler << ":\n" << output);
}

}  // namespace

BOOST_AUTO_TEST_CASE(gcc_refuses_mistakes_with_words_of_ours) { check_refusals("g++"); }
BOOST_AUTO_TEST_CASE(clang_refuses_mistakes_with_words_of_ours) { check_refusals("clang++"); }
BOOST_AUTO_TEST_CASE(gcc_takes_a_whole_class_without_a_warning) { check_whole_class("g++"); }
BOOST_AUTO_TEST_CASE(clang_takes_a_whole_class_without_a_warning) { check_whole_class("clang++"); }
