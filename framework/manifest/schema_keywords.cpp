// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "manifest/schema_keywords.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "manifest/fit_schema.hpp"
#include "manifest/json_source.hpp"
#include "manifest/json_text.hpp"
#include "manifest/schema_place.hpp"

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

/// Walks along what is judged about the same value; `open` holds the way here, `done` what is known to end.
class EndSearch {
 public:
  explicit EndSearch(const json::value& root) : root_(root) {}

  void walk(const json::value& schema) {
    if (!schema.is_object() || done_.contains(&schema)) return;
    if (!open_.insert(&schema).second)
      throw SchemaError(
          "it leads back to itself without end: a $ref, allOf, anyOf, oneOf, not or if comes around to its "
          "own start");
    const json::object& object = schema.get_object();
    if (object.contains("$ref")) {
      const json::value* target = reference_target(schema, root_);
      if (!target)
        throw SchemaError("the $ref " + json_text(object.at("$ref")) +
                          " leads nowhere: it must be '#' or '#/...' and stand for a part of the same schema");
      walk(*target);
    }
    for (const char* keyword : {"not", "if", "then", "else"})
      if (const json::value* inner = object.if_contains(keyword)) walk(*inner);
    for (const char* keyword : {"allOf", "anyOf", "oneOf"})
      if (const json::value* list = object.if_contains(keyword); list && list->is_array())
        for (const json::value& inner : list->get_array()) walk(inner);
    open_.erase(&schema);
    done_.insert(&schema);
    for (const char* keyword : {"additionalItems", "additionalProperties", "contains", "propertyNames", "items"})
      if (const json::value* inner = object.if_contains(keyword)) later_.push_back(inner);
    if (const json::value* items = object.if_contains("items"); items && items->is_array())
      for (const json::value& item : items->get_array()) later_.push_back(&item);
    for (const char* keyword : {"properties", "patternProperties", "definitions", "dependencies"})
      if (const json::value* map = object.if_contains(keyword); map && map->is_object())
        for (const auto& member : map->get_object()) later_.push_back(&member.value());
  }

  void walk_all() {
    later_.push_back(&root_);
    while (!later_.empty()) {
      const json::value* next = later_.back();
      later_.pop_back();
      walk(*next);
    }
  }

 private:
  const json::value& root_;
  std::set<const json::value*> open_, done_;
  std::vector<const json::value*> later_;  // about other values: their members and entries
};

}  // namespace

void require_end(const json::value& schema) { EndSearch(schema).walk_all(); }

void require_draft_7(const json::value& schema) {
  if (schema.is_object())
    if (const json::value* draft = schema.get_object().if_contains("$schema"))
      if (!draft->is_string() || draft->get_string().find("draft-07") == json::string::npos)
        throw SchemaError("its $schema is " + json_text(*draft) +
                          ", not \"http://json-schema.org/draft-07/schema#\": only JSON Schema draft 7 is understood");
  check(schema, "");
}

}  // namespace tenon::manifest
