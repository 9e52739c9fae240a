// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The layout of everything promised, against the text checked in for this version: sizes, offsets, slots in their order
// with their signatures, constants. A difference is a broken plugin somewhere; what is appended gets a new minor
// version.
#include <tenon/base.h>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

#include "command.hpp"
#include "header_text.hpp"

namespace {

std::string printing_program(const sdk_text::Headers& headers) {
  std::ostringstream out;
  out << "#include <stdio.h>\n#include <tenon/plugin.h>\n#include <tenon/services.h>\nint main(void) {\n";
  for (const sdk_text::Struct& s : headers.structs) {
    const std::string type = "struct " + s.name;
    out << "printf(\"%s %zu\\n\", \"" << s.name << "\", sizeof(" << type << "));\n";
    for (const sdk_text::Member& m : s.members) {
      out << "printf(\"  %3zu %4zu  %s\\n\", offsetof(" << type << ", " << m.name << "), sizeof(((" << type << "*)0)->"
          << m.name << "), \"" << m.declaration << "\");\n";
    }
  }
  out << "return 0; }\n";
  return out.str();
}

std::string layout(const std::string& compiler, const std::string& language) {
  sdk_text::need_program(compiler);
  const sdk_text::Headers headers = sdk_text::read_headers(sdk_text::c_headers(false));
  const sdk_text::TemporaryFolder folder;
  std::ofstream(folder.path() / "print.c") << printing_program(headers);
  const auto built = sdk_text::run("cd " + sdk_text::quoted(folder.path()) + " && " + compiler + " " + language +
                                   " -I " + sdk_text::quoted(sdk_text::sdk_folder() / "include") + " print.c -o print");
  BOOST_REQUIRE_MESSAGE(built.code == 0, built.output);
  std::string out = sdk_text::run(sdk_text::quoted(folder.path() / "print")).output;
  out += "constants\n";
  for (const sdk_text::Constant& c : headers.constants) out += "  " + c.name + " " + c.value + "\n";
  return out;
}

std::filesystem::path golden() {
  return std::filesystem::path(TENON_SOURCE_DIR) / "tests/abi/golden" /
         (std::to_string(TENON_ABI_MAJOR) + "." + std::to_string(TENON_ABI_MINOR) + ".txt");
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_layout_is_the_one_checked_in) {
  const std::string now = layout("gcc", "-std=c11 -x c");
  const std::string before = std::filesystem::exists(golden()) ? sdk_text::read_file(golden()) : "";
  if (now == before) return;
  const auto actual = std::filesystem::path(TENON_BINARY_DIR) / "abi_layout.txt";
  std::ofstream(actual) << now;
  BOOST_ERROR("the layout of the ABI has changed:\n"
              << sdk_text::run("diff " + sdk_text::quoted(golden()) + " " + sdk_text::quoted(actual)).output
              << "If that is meant, and nothing released breaks by it: cp " << actual << " " << golden());
}

BOOST_AUTO_TEST_CASE(every_compiler_and_language_lays_out_the_same) {
  const std::string c = layout("gcc", "-std=c11 -x c");
  BOOST_TEST(layout("clang", "-std=c11 -x c") == c);
  BOOST_TEST(layout("g++", "-std=c++11 -x c++") == c);
  BOOST_TEST(layout("clang++", "-std=c++20 -x c++") == c);
}
