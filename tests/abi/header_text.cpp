// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "header_text.hpp"

#include <algorithm>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>

namespace sdk_text {

namespace {

std::string squeezed(const std::string& text) {
  std::string out = std::regex_replace(text, std::regex(R"(\s+)"), " ");
  out = std::regex_replace(out, std::regex(R"(^ | $)"), "");
  return out;
}

std::vector<std::string> headers_that(bool (*wanted)(const std::filesystem::path&)) {
  std::vector<std::string> out;
  const std::filesystem::path include = sdk_folder() / "include";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(include)) {
    if (entry.is_regular_file() && wanted(entry.path()))
      out.push_back(entry.path().lexically_relative(include).generic_string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string member_name(const std::string& declaration) {
  std::smatch match;
  static const std::regex function(R"(\(TENON_CALL\* ?(\w+)\))");
  static const std::regex variable(R"((\w+)(\[\w+\])?$)");
  if (std::regex_search(declaration, match, function)) return match[1];
  if (std::regex_search(declaration, match, variable)) return match[1];
  throw std::runtime_error("not understood: " + declaration);
}

/// The members of a body, each with the comment that stands above it or behind it. A comment holds for all declarations
/// that follow it, until the next one.
std::vector<Member> members_of(const std::string& body) {
  std::vector<Member> out;
  std::string declaration, comment;
  int depth = 0;
  for (std::size_t i = 0; i < body.size();) {
    if (body.compare(i, 2, "/*") == 0) {
      const std::size_t end = body.find("*/", i);
      static const std::regex continued(R"(\n\s*\*)");
      const std::string text = squeezed(std::regex_replace(body.substr(i + 2, end - i - 2), continued, " "));
      const std::size_t before = body.find_last_of(";\n", i);
      const bool behind = before != std::string::npos && body[before] == ';';
      if (behind)
        out.back().comment = text;
      else
        comment = text;
      i = end + 2;
      continue;
    }
    const char c = body[i++];
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c != ';' || depth != 0) {
      declaration += c;
      continue;
    }
    declaration = squeezed(declaration);
    const std::size_t comma = declaration.find('(') == std::string::npos ? declaration.find(',') : std::string::npos;
    if (comma != std::string::npos) {  // "uint64_t a, b"
      const std::string type = declaration.substr(0, declaration.find(' '));
      std::istringstream names(declaration.substr(type.size()));
      for (std::string name; std::getline(names, name, ',');) {
        out.push_back({squeezed(name), type + " " + squeezed(name), comment});
      }
    } else {
      out.push_back({member_name(declaration), declaration, comment});
    }
    declaration.clear();
  }
  return out;
}

void read_structs(const std::string& text, const std::string& header, std::vector<Struct>& out) {
  static const std::regex head(R"((?:typedef )?struct (\w+) \{\n)");
  for (auto at = std::sregex_iterator(text.begin(), text.end(), head); at != std::sregex_iterator(); ++at) {
    const auto begin = static_cast<std::size_t>(at->position() + at->length());
    out.push_back({(*at)[1], header, members_of(text.substr(begin, text.find("\n}", begin) - begin))});
  }
}

void read_constants(const std::string& text, std::vector<Constant>& out) {
  const std::string bare = std::regex_replace(text, std::regex(R"(/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)"), "");
  static const std::regex enumerator(R"(\b(TENON_\w+)\s*=\s*(-?\d+))");
  static const std::regex macro(R"(#define (TENON_(?!BUILD)\w+) (\d+u?|0x\w+|"[^"]*"|U?INT\d+_MAX)\s)");
  for (const auto* pattern : {&enumerator, &macro}) {
    for (auto at = std::sregex_iterator(bare.begin(), bare.end(), *pattern); at != std::sregex_iterator(); ++at) {
      out.push_back({(*at)[1], (*at)[2]});
    }
  }
}

}  // namespace

bool Member::is_function() const { return declaration.find("(TENON_CALL*") != std::string::npos; }

std::filesystem::path sdk_folder() { return std::filesystem::path(TENON_SOURCE_DIR) / "sdk"; }

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  if (!in) throw std::runtime_error(file.string() + " cannot be read");
  return out.str();
}

std::vector<std::string> c_headers(bool with_drafts) {
  auto out = headers_that([](const std::filesystem::path& p) { return p.extension() == ".h"; });
  if (!with_drafts) {
    out.erase(
        std::remove_if(out.begin(), out.end(), [](const auto& h) { return h.find("/draft/") != std::string::npos; }),
        out.end());
  }
  return out;
}

std::vector<std::string> cpp_headers() {
  return headers_that([](const std::filesystem::path& p) { return p.extension() == ".hpp"; });
}

Headers read_headers(const std::vector<std::string>& headers) {
  Headers out;
  for (const std::string& header : headers) {
    const std::string text = read_file(sdk_folder() / "include" / header);
    read_structs(text, header, out.structs);
    read_constants(text, out.constants);
  }
  return out;
}

}  // namespace sdk_text
