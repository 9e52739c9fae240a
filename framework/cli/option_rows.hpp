// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_CLI_OPTION_ROWS_HPP
#define TENON_CLI_OPTION_ROWS_HPP

#include <boost/json/value.hpp>
#include <string>
#include <vector>

namespace tenon::cli {

/// One option of a plugin as its schema describes it.
struct OptionRow {
  std::string name;                    ///< "monitor", "file.name", "transforms[].cast"
  std::string type;                    ///< in words
  const boost::json::value* standard;  ///< its default; nullptr where there is none. Borrows the schema.
  bool required;
  std::string description;
};

std::vector<OptionRow> option_rows(const boost::json::value& schema);

}  // namespace tenon::cli

#endif
