// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Reads a section of a shared library straight from the file: nothing is loaded, nothing of it runs.
#ifndef TENON_CHAIN_LIBRARY_SECTION_HPP
#define TENON_CHAIN_LIBRARY_SECTION_HPP

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tenon::chain {

/// The file cannot be a shared library of this machine; what() completes "<file> ...": "is not an ELF file", ...
class NotALibrary : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The section's text up to its first NUL; nothing when the library has no such section. Throws NotALibrary. A file may
/// hold anything at all: every offset in it is checked. [any-thread]
std::optional<std::string> read_library_section(const std::filesystem::path& file, std::string_view section);

}  // namespace tenon::chain

#endif
