// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "installation.hpp"

namespace cli_test {

BOOST_AUTO_TEST_SUITE(command_line)

BOOST_AUTO_TEST_CASE(the_version_is_told_as_text_and_as_json) {
  const Installation tenon;
  const Outcome text = tenon.run("--version");
  BOOST_TEST(text.code == 0);
  BOOST_TEST(text.out == "tenon " TENON_EXPECTED_VERSION " (plugin ABI 1.0)\n");
  BOOST_TEST(parse(tenon.run("--version --json").out).at("version") == boost::json::value(TENON_EXPECTED_VERSION));
}

BOOST_AUTO_TEST_CASE(help_documents_every_exit_code) {
  const Installation tenon;
  const Outcome help = tenon.run("--help");
  BOOST_TEST(help.code == 0);
  for (const char* code :
       {"\n   0 ", "\n   1 ", "\n   2 ", "\n   3 ", "\n   4 ", "\n   5 ", "\n   6 ", "\n   7 ", "\n  70 "})
    BOOST_TEST(help.out.find(code) != std::string::npos, code);
}

BOOST_AUTO_TEST_CASE(help_is_as_wide_as_the_terminal_or_80) {
  const Installation tenon;
  const auto widest = [](const std::string& text) {
    std::size_t most = 0;
    for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
      most = std::max(most, end - begin);
    return most;
  };
  for (const char* command : {"--help", "train --help", "help checkpoint verify"}) {
    BOOST_TEST(widest(tenon.run(command, "COLUMNS=").out) <= 80u);
    BOOST_TEST(widest(tenon.run(command, "COLUMNS=70").out) <= 70u);
  }
  const std::string text = tenon.run("train --help", "COLUMNS=").out;
  BOOST_TEST(text.find("--set path=value ...        set one value of the manifest, for example\n"
                       "                              trainer.max_epochs=3 or") != std::string::npos,
             text);
}

BOOST_AUTO_TEST_CASE(an_option_without_its_value_is_told_what_it_takes) {
  const Installation tenon;
  BOOST_TEST(tenon.run("train run.json --resume").err ==
             "tenon: --resume needs a value: auto|last|best[:ID]|PATH\n`tenon train --help` tells how to use it\n");
}

BOOST_AUTO_TEST_CASE(help_of_a_command_names_it_in_full) {
  const Installation tenon;
  const Outcome help = tenon.run("plugins show --help");
  BOOST_TEST(help.code == 0);
  BOOST_TEST(help.out.find("Usage: tenon plugins show [OPTIONS] plugin\n") != std::string::npos, help.out);
}

BOOST_AUTO_TEST_CASE(the_word_help_works_as_the_option) {
  const Installation tenon;
  for (const char* command : {"", "train", "plugins", "plugins show"}) {
    const Outcome word = tenon.run(std::string("help ") + command);
    BOOST_TEST(word.code == 0);
    BOOST_TEST(word.out == tenon.run(std::string(command) + " --help").out);
  }
  const Outcome unknown = tenon.run("help plugins shw");
  BOOST_TEST(unknown.code == 2);
  BOOST_TEST(unknown.err ==
             "tenon: unknown command 'shw'; did you mean 'show'?\n"
             "`tenon plugins --help` tells how to use it\n");
  BOOST_TEST(tenon.run("help train x").code == 2);
}

BOOST_AUTO_TEST_CASE(an_unknown_command_is_refused_with_the_nearest_one) {
  const Installation tenon;
  const Outcome outcome = tenon.run("plugns list");
  BOOST_TEST(outcome.code == 2);
  BOOST_TEST(outcome.out == "");
  BOOST_TEST(outcome.err ==
             "tenon: unknown command 'plugns'; did you mean 'plugins'?\n"
             "`tenon --help` tells how to use it\n");
  BOOST_TEST(tenon.run("plugins lst").err ==
             "tenon: unknown command 'lst'; did you mean 'list'?\n"
             "`tenon plugins --help` tells how to use it\n");
}

BOOST_AUTO_TEST_CASE(an_unknown_option_is_refused_with_the_nearest_one) {
  const Installation tenon;
  const Outcome outcome = tenon.run("plugins list --plugin=x");
  BOOST_TEST(outcome.code == 2);
  BOOST_TEST(outcome.err ==
             "tenon: unknown option '--plugin'; did you mean '--plugins'?\n"
             "`tenon plugins list --help` tells how to use it\n");
}

BOOST_AUTO_TEST_CASE(a_missing_command_a_missing_word_and_one_too_many_are_refused) {
  const Installation tenon;
  BOOST_TEST(tenon.run("").code == 2);
  BOOST_TEST(tenon.run("plugins").err ==
             "tenon: a command is missing; there are list, show, chain\n"
             "`tenon plugins --help` tells how to use it\n");
  BOOST_TEST(tenon.run("plugins show").code == 2);
  BOOST_TEST(tenon.run("plugins list x").err ==
             "tenon: 'x' is one word too many\n"
             "`tenon plugins list --help` tells how to use it\n");
}

BOOST_AUTO_TEST_CASE(a_refusal_is_told_as_json_too_where_json_is_asked_for) {
  const Installation tenon;
  const Outcome outcome = tenon.run("plugins show nothing --json");
  BOOST_TEST(outcome.code == 4);
  BOOST_TEST(parse(outcome.out).at_pointer("/error/exit_code") == boost::json::value(4));
  BOOST_TEST(parse(tenon.run("plugns --json").out).at_pointer("/error/exit_code") == boost::json::value(2));
}

BOOST_AUTO_TEST_CASE(the_program_does_not_load_libtorch) {
  const Installation tenon;
  const Outcome libraries = tenon.run("--version", "LD_TRACE_LOADED_OBJECTS=1");
  BOOST_TEST(libraries.out.find("libtenon.so") != std::string::npos);
  BOOST_TEST(libraries.out.find("libtorch") == std::string::npos);
  BOOST_TEST(libraries.out.find("libc10") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace cli_test
