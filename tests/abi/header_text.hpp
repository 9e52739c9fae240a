// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What the C headers of the SDK say, read from their text: structs with their members, constants, hooks. The test
// programs compile programs made of it, so that a struct added to a header is under test without being listed anywhere.
#ifndef TESTS_ABI_HEADER_TEXT_HPP
#define TESTS_ABI_HEADER_TEXT_HPP

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace sdk_text {

struct Member {
  std::string name;
  std::string declaration;  ///< without comments, spaces normalised: "uint32_t struct_size"
  std::string comment;      ///< the one above it, or that of its group, or behind it
  bool is_function() const;
};

struct Struct {
  std::string name;    ///< "tenon_progress"
  std::string header;  ///< "tenon/hooks.h"
  std::vector<Member> members;
};

struct Constant {
  std::string name;
  std::string value;
};

struct Headers {
  std::vector<Struct> structs;
  std::vector<Constant> constants;
};

/// Every C header below <sdk>/include, "tenon/base.h" first. Drafts are not promised: left out unless asked for.
std::vector<std::string> c_headers(bool with_drafts);
/// The same for the C++ headers.
std::vector<std::string> cpp_headers();

Headers read_headers(const std::vector<std::string>& headers);

/// The text of a file; throws when it cannot be read.
std::string read_file(const std::filesystem::path& file);

std::filesystem::path sdk_folder();

}  // namespace sdk_text

#endif
