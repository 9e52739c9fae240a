// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What tenon_add_plugin makes of sources: one exported symbol, the identity in a section, nothing that runs when the
// file is loaded, nothing of Boost or LibTorch.
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/test/unit_test.hpp>
#include <sstream>

#include "command.hpp"
#include "header_text.hpp"

namespace {

std::string output_of(const std::string& command) {
  const auto done = sdk_text::run(command);
  BOOST_REQUIRE_MESSAGE(done.code == 0, command << ":\n" << done.output);
  return done.output;
}

/// Bytes of pointers to functions that run when the library is loaded; 8 are the compiler's own (crtbegin).
std::uint64_t initialisers(const std::string& file) {
  std::istringstream lines(output_of("readelf --wide --dynamic '" + file + "'"));
  for (std::string line; std::getline(lines, line);) {
    if (line.find("(INIT_ARRAYSZ)") != std::string::npos) return std::stoull(line.substr(line.find(')') + 1));
  }
  return 0;
}

const std::string c_plugin = ABI_PLUGIN_C;
const std::string cpp_plugin = ABI_PLUGIN_CPP;
const std::string every_hook = ABI_EVERY_HOOK;
const std::string static_constructor = ABI_STATIC_CONSTRUCTOR;

}  // namespace

BOOST_AUTO_TEST_CASE(a_plugin_exports_its_entry_and_nothing_else) {
  for (const std::string& file : {c_plugin, cpp_plugin, every_hook, static_constructor}) {
    std::istringstream lines(output_of("nm --dynamic --defined-only '" + file + "'"));
    std::string address, kind, symbol, rest;
    lines >> address >> kind >> symbol;
    BOOST_TEST(symbol == "tenon_entry_v1", file);
    BOOST_TEST((kind == "D" || kind == "R"), file << ": constant data, not " << kind);
    BOOST_TEST(!(lines >> rest), file << " exports more: " << rest);
  }
}

BOOST_AUTO_TEST_CASE(nothing_of_a_plugin_runs_when_it_is_loaded) {
  for (const std::string& file : {c_plugin, cpp_plugin, every_hook}) BOOST_TEST(initialisers(file) <= 8u, file);
  BOOST_TEST(initialisers(static_constructor) > 8u, "this test would not see a static constructor");
}

BOOST_AUTO_TEST_CASE(a_plugin_needs_the_languages_libraries_only) {
  for (const std::string& file : {c_plugin, cpp_plugin, every_hook}) {
    std::istringstream lines(output_of("readelf --wide --dynamic '" + file + "'"));
    for (std::string line; std::getline(lines, line);) {
      if (line.find("(NEEDED)") == std::string::npos) continue;
      const std::string name = line.substr(line.find('[') + 1, line.find(".so") - line.find('[') - 1);
      BOOST_TEST((name == "libc" || name == "libm" || name == "libstdc++" || name == "libgcc_s"),
                 file << " needs " << name);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_plugin_is_never_unloaded) {
  for (const std::string& file : {c_plugin, cpp_plugin}) {
    BOOST_TEST(output_of("readelf --wide --dynamic '" + file + "'").find("NODELETE") != std::string::npos, file);
  }
}

BOOST_AUTO_TEST_CASE(the_identity_can_be_read_without_loading_also_after_strip) {
  const sdk_text::TemporaryFolder folder;
  for (const auto& [file, name] :
       {std::pair{c_plugin, "nan_guard"}, {cpp_plugin, "best_note"}, {every_hook, "every_hook"}}) {
    const std::string stripped = (folder.path() / name).string(), section = stripped + ".json";
    output_of("strip --strip-all -o '" + stripped + "' '" + file + "'");
    output_of("objcopy --dump-section .tenon.identity='" + section + "' '" + stripped + "'");
    const std::string bytes = sdk_text::read_file(section);
    BOOST_REQUIRE(bytes.find('\0') != std::string::npos);
    const auto identity = boost::json::parse(bytes.substr(0, bytes.find('\0')));
    BOOST_TEST(identity.at("tenon_abi").as_int64() == 1);
    const auto& kind = identity.at("plugins").as_array().at(0);
    BOOST_TEST(kind.at("name").as_string() == name);
    for (const char* key : {"id", "version", "description", "license"}) BOOST_TEST(!kind.at(key).as_string().empty());
    BOOST_TEST(kind.at("options").at("type").as_string() == "object");
  }
}
