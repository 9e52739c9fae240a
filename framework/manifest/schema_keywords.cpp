// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "manifest/schema_keywords.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "manifest/fit_schema.hpp"
#include "manifest/json_source.hpp"
#include "manifest/json_text.hpp"

namespace tenon::manifest {
namespace {

namespace json = boost::json;

struct Newer {
  std::string_view keyword, draft_7;
};

constexpr std::array<Newer, 14> newer_keywords{{
    {"$defs", "definitions"},
    {"$anchor", "a $ref by JSON pointer"},
    {"$dynamicAnchor", "a $ref by JSON pointer"},
    {"$dynamicRef", "$ref"},
    {"$recursiveAnchor", "a $ref by JSON pointer"},
    {"$recursiveRef", "$ref"},
    {"$vocabulary", "nothing"},
    {"dependentRequired", "dependencies"},
    {"dependentSchemas", "dependencies"},
    {"prefixItems", "items with a list of schemas"},
    {"unevaluatedItems", "additionalItems"},
    {"unevaluatedProperties", "additionalProperties"},
    {"minContains", "contains"},
    {"maxContains", "contains"},
}};

void check(const json::value& schema, const std::string& pointer) {
  if (!schema.is_object()) return;
  const json::object& object = schema.get_object();
  for (const Newer& newer : newer_keywords)
    if (object.contains(newer.keyword))
      throw SchemaError("the keyword '" + std::string(newer.keyword) + "' at " + (pointer.empty() ? "/" : pointer) +
                        " is newer than JSON Schema draft 7; write " + std::string(newer.draft_7) + " instead");
  for (const char* keyword :
       {"additionalItems", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else", "items"})
    if (const json::value* inner = object.if_contains(keyword)) check(*inner, pointer + "/" + keyword);
  for (const char* keyword : {"items", "allOf", "anyOf", "oneOf"})
    if (const json::value* list = object.if_contains(keyword); list && list->is_array())
      for (std::size_t i = 0; i < list->get_array().size(); ++i)
        check(list->get_array()[i], pointer + "/" + keyword + "/" + std::to_string(i));
  for (const char* keyword : {"properties", "patternProperties", "definitions", "dependencies"})
    if (const json::value* map = object.if_contains(keyword); map && map->is_object())
      for (const auto& member : map->get_object())
        check(member.value(), pointer + "/" + keyword + pointer_step(member.key()));
}

}  // namespace

void require_draft_7(const json::value& schema) {
  if (schema.is_object())
    if (const json::value* draft = schema.get_object().if_contains("$schema"))
      if (!draft->is_string() || draft->get_string().find("draft-07") == json::string::npos)
        throw SchemaError("its $schema is " + json_text(*draft) +
                          ", not \"http://json-schema.org/draft-07/schema#\": only JSON Schema draft 7 is understood");
  check(schema, "");
}

}  // namespace tenon::manifest
