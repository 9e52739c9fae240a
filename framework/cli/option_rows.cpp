// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/option_rows.hpp"

#include "manifest/schema_place.hpp"

namespace tenon::cli {
namespace {

constexpr int deepest = 4;  // a schema may refer to itself

void add_rows(const manifest::SchemaPlace& place, const std::string& before, int depth, std::vector<OptionRow>& rows) {
  if (depth > deepest) return;
  for (const std::string& key : place.keys()) {
    const manifest::SchemaPlace option = place.member(key);
    const boost::json::value* description = option.annotation("description");
    const std::string type = option.describe();
    rows.push_back({before + key, type.empty() ? "anything" : type, option.annotation("default"),
                    place.requires_key(key),
                    description && description->is_string() ? std::string(description->get_string()) : ""});
    add_rows(option, before + key + ".", depth + 1, rows);
    add_rows(option.entry(0), before + key + "[].", depth + 1, rows);
  }
}

}  // namespace

std::vector<OptionRow> option_rows(const boost::json::value& schema) {
  std::vector<OptionRow> rows;
  add_rows(manifest::SchemaPlace(schema), "", 0, rows);
  return rows;
}

}  // namespace tenon::cli
