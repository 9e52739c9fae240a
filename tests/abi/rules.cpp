// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The rules of the ABI (base.h) that can be read off the headers' text.
#include <boost/test/unit_test.hpp>
#include <regex>
#include <set>

#include "header_text.hpp"

namespace {

/// Frozen for ever, or measured by the stride of their array: without a size.
const std::set<std::string> without_size = {"tenon_text",         "tenon_device",        "tenon_dtype",
                                            "tenon_tensor_view",  "tenon_logged_metric", "tenon_metric_value",
                                            "tenon_transform_use"};

const auto& everything() {
  static const sdk_text::Headers headers = sdk_text::read_headers(sdk_text::c_headers(true));
  return headers;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_reader_of_the_headers_sees_what_is_there) {
  BOOST_TEST(everything().structs.size() > 45u);
  BOOST_TEST(everything().constants.size() > 100u);
}

BOOST_AUTO_TEST_CASE(a_struct_begins_with_its_size) {
  for (const sdk_text::Struct& s : everything().structs) {
    const bool sized = s.members.at(0).declaration == "uint32_t struct_size";
    BOOST_CHECK_MESSAGE(sized != (without_size.count(s.name) == 1), s.header << ": " << s.name);
  }
}

BOOST_AUTO_TEST_CASE(no_member_has_a_type_of_changing_size) {
  static const std::regex changing(R"(\b(bool|_Bool|size_t|ssize_t|long|int|short|unsigned|enum|wchar_t|float)\b)");
  for (const sdk_text::Struct& s : everything().structs) {
    for (const sdk_text::Member& m : s.members) {
      BOOST_CHECK_MESSAGE(!std::regex_search(m.declaration, changing),
                          s.header << ": " << s.name << ": " << m.declaration);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_function_says_on_which_thread_it_is_called) {
  static const std::regex tag(R"(\[(loop|writer|worker|any)-thread(, (loop|writer|worker)-thread)*\])");
  for (const sdk_text::Struct& s : everything().structs) {
    for (const sdk_text::Member& m : s.members) {
      if (!m.is_function()) continue;
      BOOST_CHECK_MESSAGE(std::regex_search(m.comment, tag),
                          s.header << ": " << s.name << "." << m.name << ": " << m.comment);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_function_that_can_fail_takes_an_error_last) {
  for (const sdk_text::Struct& s : everything().structs) {
    for (const sdk_text::Member& m : s.members) {
      if (!m.is_function() || m.declaration.rfind("tenon_status", 0) != 0) continue;
      const bool last = std::regex_search(m.declaration, std::regex(R"(tenon_error\*( error)?\)$)"));
      BOOST_CHECK_MESSAGE(last, s.header << ": " << s.name << "." << m.name);
    }
  }
}

BOOST_AUTO_TEST_CASE(headers_have_guards_of_their_own_name_and_a_licence) {
  auto headers = sdk_text::c_headers(true);
  const auto cpp = sdk_text::cpp_headers();
  headers.insert(headers.end(), cpp.begin(), cpp.end());
  for (const std::string& header : headers) {
    const std::string text = sdk_text::read_file(sdk_text::sdk_folder() / "include" / header);
    std::string guard = std::regex_replace(header, std::regex("[/.]"), "_");
    for (char& c : guard) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    BOOST_CHECK_MESSAGE(
        text.rfind("// Copyright 2026 The Tenon authors\n// SPDX-License-Identifier: Apache-2.0\n", 0) == 0, header);
    BOOST_CHECK_MESSAGE(text.find("#ifndef " + guard + "\n#define " + guard + "\n") != std::string::npos ||
                            text.find("#ifndef " + guard.substr(0, guard.size() - 2) + "_H\n") != std::string::npos,
                        header << " has no guard " << guard);
    BOOST_CHECK_MESSAGE(text.find("#pragma once") == std::string::npos, header);
  }
}

BOOST_AUTO_TEST_CASE(the_sdk_includes_standard_headers_and_its_own_only) {
  static const std::regex include(R"(#include <([^>]+)>)");
  auto headers = sdk_text::c_headers(true);
  const auto cpp = sdk_text::cpp_headers();
  headers.insert(headers.end(), cpp.begin(), cpp.end());
  for (const std::string& header : headers) {
    const std::string text = sdk_text::read_file(sdk_text::sdk_folder() / "include" / header);
    for (auto at = std::sregex_iterator(text.begin(), text.end(), include); at != std::sregex_iterator(); ++at) {
      const std::string name = (*at)[1];
      const bool standard = name == "stddef.h" || name == "stdint.h" || name.find_first_of("/.") == std::string::npos;
      BOOST_CHECK_MESSAGE(standard, header << " includes <" << name << ">");
    }
  }
}
