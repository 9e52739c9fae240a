// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The SDK's pages tell the truth: code in them is taken from files that are compiled, and no hook or service is left
// out.
#include <boost/test/unit_test.hpp>
#include <regex>

#include "header_text.hpp"

namespace {

std::string page() { return sdk_text::read_file(sdk_text::sdk_folder() / "README.md"); }

std::string compiled_sources() {
  std::string out;
  for (const char* file : {"template/c/my_callback.c", "template/cpp/my_callback.cpp", "template/cpp/CMakeLists.txt",
                           "../tests/loop/average.hpp"}) {
    out += sdk_text::read_file(sdk_text::sdk_folder() / file);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(code_on_the_page_stands_in_a_file_that_is_compiled) {
  const std::string text = page(), sources = compiled_sources();
  static const std::regex block("```(c|cpp|cmake)\n([^`]*)```");
  int blocks = 0;
  for (auto at = std::sregex_iterator(text.begin(), text.end(), block); at != std::sregex_iterator(); ++at, ++blocks) {
    const std::string code = (*at)[2];
    BOOST_CHECK_MESSAGE(sources.find(code) != std::string::npos, "in no template:\n" << code);
  }
  BOOST_TEST(blocks >= 6);
}

BOOST_AUTO_TEST_CASE(every_hook_is_on_the_page_and_those_to_come_are_marked) {
  const std::string text = page();
  for (const sdk_text::Struct& s : sdk_text::read_headers({"tenon/hooks.h"}).structs) {
    if (s.name != "tenon_hooks") continue;
    for (const sdk_text::Member& hook : s.members) {
      if (!hook.is_function()) continue;
      const bool not_yet = hook.comment.find("[not yet]") != std::string::npos;
      BOOST_CHECK_MESSAGE(text.find("`" + hook.name + "`") != std::string::npos, hook.name << " is not on the page");
      BOOST_CHECK_MESSAGE((text.find("`" + hook.name + "`°") != std::string::npos) == not_yet,
                          hook.name << ": [not yet] in hooks.h and ° on the page must agree");
    }
  }
}

BOOST_AUTO_TEST_CASE(every_service_is_on_the_page) {
  const std::string text = page();
  for (const sdk_text::Constant& c : sdk_text::read_headers(sdk_text::c_headers(false)).constants) {
    if (c.name.rfind("TENON_SERVICE_", 0) != 0) continue;
    const std::string id = c.value.substr(1, c.value.size() - 2);
    BOOST_CHECK_MESSAGE(text.find("`" + id + "`") != std::string::npos, id << " is not on the page");
  }
}

BOOST_AUTO_TEST_CASE(links_lead_somewhere) {
  static const std::regex link(R"(\]\(([^)#]+)\))");
  const std::string text = page();
  for (auto at = std::sregex_iterator(text.begin(), text.end(), link); at != std::sregex_iterator(); ++at) {
    BOOST_CHECK_MESSAGE(std::filesystem::exists(sdk_text::sdk_folder() / std::string((*at)[1])), (*at)[1]);
  }
}
