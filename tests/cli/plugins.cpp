// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "installation.hpp"

namespace cli_test {

BOOST_AUTO_TEST_SUITE(plugins)

BOOST_AUTO_TEST_CASE(list_shows_every_folder_in_order_with_what_is_in_it) {
  const Installation tenon;
  tenon.write("plugins/text.so", "not a library\n");
  fs::create_directory(tenon.root() / "other");
  fs::copy_file(SAMPLE_PLUGIN, tenon.root() / "other/copy.so");
  const Outcome outcome = tenon.run("plugins list --plugins ../other");
  BOOST_TEST(outcome.code == 0);
  BOOST_TEST(outcome.out ==
             "<here>/other (--plugins)\n"
             "  sample  1.2.3  Shows options of every sort\n"
             "<here>/data/tenon/plugins (the user's folder; not there)\n"
             "<here>/plugins (beside the program)\n"
             "  sample   1.2.3  not used: <here>/other/copy.so comes first\n"
             "  text.so         not usable: it is not an ELF file\n"
             "<here>/lib/tenon/plugins (beside the program; not there)\n");
  BOOST_TEST(outcome.err == "");
}

BOOST_AUTO_TEST_CASE(a_narrow_terminal_shows_options_one_below_the_other) {
  const Installation tenon;
  const std::string text = tenon.run("plugins show sample", "COLUMNS=40").out;
  BOOST_TEST(text.find("\n  monitor: text or null, default null\n      Name of the metric\n") != std::string::npos,
             text);
  BOOST_TEST(tenon.run("plugins show sample", "COLUMNS=200").out == tenon.run("plugins show sample", "COLUMNS=").out);
}

BOOST_AUTO_TEST_CASE(list_as_json_has_plugins_problems_and_duplicates) {
  const Installation tenon;
  tenon.write("plugins/text.so", "not a library\n");
  fs::create_directory(tenon.root() / "other");
  fs::copy_file(SAMPLE_PLUGIN, tenon.root() / "other/copy.so");
  const boost::json::value list = parse(tenon.run("plugins list --json", "TENON_PLUGIN_PATH=$PWD/../other").out);
  BOOST_REQUIRE_EQUAL(list.at("plugins").as_array().size(), 1u);
  BOOST_TEST(list.at_pointer("/plugins/0/name") == boost::json::value("sample"));
  BOOST_TEST(list.at_pointer("/plugins/0/file") == boost::json::value("<here>/other/copy.so"));
  BOOST_TEST(list.at_pointer("/problems/0/file") == boost::json::value("<here>/plugins/text.so"));
  BOOST_TEST(list.at_pointer("/duplicates/0/ignored") == boost::json::value("<here>/plugins/sample.so"));
}

BOOST_AUTO_TEST_CASE(show_prints_a_table_of_options_made_from_the_schema) {
  const Installation tenon;
  const Outcome outcome = tenon.run("plugins show sample");
  BOOST_TEST(outcome.code == 0);
  std::string text = outcome.out;
  const std::size_t sum = text.find("sha256   ") + 9;
  BOOST_TEST(text.find_first_not_of("0123456789abcdef", sum) == sum + 64);
  text.replace(sum, 64, "<sum>");
  BOOST_TEST(text ==
             "sample 1.2.3: Shows options of every sort\n"
             "  id       org.tenon.test.sample\n"
             "  license  Apache-2.0\n"
             "  file     <here>/plugins/sample.so\n"
             "  sha256   <sum>\n"
             "\n"
             "  option     type                           default  description\n"
             "  monitor    text or null                   null     Name of the metric\n"
             "  mode       \"min\" or \"max\"                          Which direction is better\n"
             "  top        a whole number of at least -1  1        How many to keep\n"
             "  share      a number                       0.5      A share\n"
             "  file       an object                      {}       Where to write\n"
             "  file.name  text                           \"log\"    Without its extension\n");
}

BOOST_AUTO_TEST_CASE(show_finds_by_id_and_tells_all_as_json) {
  const Installation tenon;
  const boost::json::value shown = parse(tenon.run("plugins show org.tenon.test.sample --json").out);
  BOOST_TEST(shown.at("name") == boost::json::value("sample"));
  BOOST_TEST(shown.at_pointer("/options/2/default") == boost::json::value(1));
  BOOST_TEST(shown.at_pointer("/schema/properties/top/minimum") == boost::json::value(-1));
}

BOOST_AUTO_TEST_CASE(show_says_what_is_missing_where_it_looked_and_the_nearest_name) {
  const Installation tenon;
  const Outcome outcome = tenon.run("plugins show sampel");
  BOOST_TEST(outcome.code == 4);
  BOOST_TEST(outcome.out == "");
  BOOST_TEST(outcome.err.find("tenon: there is no plugin 'sampel'; did you mean 'sample'?\nlooked in:\n") == 0u,
             outcome.err);
  BOOST_TEST(outcome.err.find("  <here>/plugins (beside the program)\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(nothing_is_searched_in_the_working_directory) {
  const Installation tenon;
  fs::rename(tenon.root() / "plugins/sample.so", tenon.root() / "work/sample.so");
  BOOST_TEST(tenon.run("plugins show sample").code == 4);
  BOOST_TEST(tenon.run("plugins show ./sample.so").code == 0);
}

BOOST_AUTO_TEST_CASE(chain_shows_the_callbacks_in_order_with_all_options) {
  const Installation tenon;
  tenon.write("runs/run.json", R"({"callbacks": [
    {"plugin": "sample", "config": {"top": 3}},
    {"plugin": "sample", "id": "second", "on_error": "warn"}]})");
  const Outcome outcome = tenon.run("plugins chain ../runs/run.json --set callbacks.sample.config.share=1");
  BOOST_TEST(outcome.code == 0);
  BOOST_TEST(outcome.out ==
             "   id      plugin        on_error             options\n"
             "0  sample  sample 1.2.3  the plugin's choice  "
             "{\"top\":3,\"share\":1,\"monitor\":null,\"file\":{\"name\":\"log\"}}\n"
             "1  second  sample 1.2.3  warn                 "
             "{\"monitor\":null,\"top\":1,\"share\":0.5,\"file\":{\"name\":\"log\"}}\n");
  const boost::json::value chain = parse(tenon.run("plugins chain ../runs/run.json --json").out);
  BOOST_TEST(chain.at_pointer("/callbacks/1/id") == boost::json::value("second"));
  BOOST_TEST(chain.at_pointer("/callbacks/1/on_error") == boost::json::value("warn"));
  BOOST_TEST(chain.at_pointer("/callbacks/0/options/top") == boost::json::value(3));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace cli_test
