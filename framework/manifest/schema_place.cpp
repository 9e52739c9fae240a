// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "manifest/schema_place.hpp"

#include <algorithm>
#include <regex>

#include "manifest/describe_schema.hpp"
#include "manifest/json_source.hpp"

namespace tenon::manifest {
namespace {

namespace json = boost::json;

std::string_view type_name(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "boolean";
    case json::kind::int64:
    case json::kind::uint64:
      return "integer";
    case json::kind::double_:
      return "number";
    case json::kind::string:
      return "string";
    case json::kind::array:
      return "array";
    case json::kind::object:
      return "object";
  }
  return "";
}

bool names_type(const json::value& type, std::string_view wanted) {
  const auto is_wanted = [&](const json::value& name) {
    return name.is_string() && (name.get_string() == wanted || (wanted == "integer" && name.get_string() == "number"));
  };
  if (!type.is_array()) return is_wanted(type);
  return std::ranges::any_of(type.get_array(), is_wanted);
}

}  // namespace

const json::value* reference_target(const json::value& schema, const json::value& root) {
  const json::value* reference = schema.is_object() ? schema.get_object().if_contains("$ref") : nullptr;
  if (!reference || !reference->is_string()) return nullptr;
  const std::string_view target = reference->get_string();
  return target.substr(0, 1) == "#" ? find_value(root, target.substr(1)) : nullptr;
}

const json::value& follow_references(const json::value& schema, const json::value& root) {
  const json::value* at = &schema;
  for (int hops = 0; hops < 16; ++hops) {
    const json::value* next = reference_target(*at, root);
    if (!next) break;
    at = next;
  }
  return *at;
}

SchemaPlace::SchemaPlace(const json::value& root) : SchemaPlace(root, {&root}) {}

SchemaPlace::SchemaPlace(const json::value& root, std::vector<const json::value*> schemas)
    : root_(&root), outer_(std::move(schemas)) {
  for (const json::value* schema : outer_) expand(*schema);
}

void SchemaPlace::expand(const json::value& schema) {
  const json::value& target = follow_references(schema, *root_);
  if (!target.is_object() || std::ranges::find(all_, &target.get_object()) != all_.end()) return;
  const json::object& object = target.get_object();
  all_.push_back(&object);
  for (const char* keyword : {"allOf", "anyOf", "oneOf"})
    if (const json::value* list = object.if_contains(keyword); list && list->is_array())
      for (const json::value& alternative : list->get_array()) expand(alternative);
  for (const char* keyword : {"if", "then", "else"})
    if (const json::value* branch = object.if_contains(keyword)) expand(*branch);
}

SchemaPlace SchemaPlace::member(std::string_view key) const {
  std::vector<const json::value*> found;
  for (const json::object* schema : all_) {
    bool is_declared = false;
    if (const json::value* properties = schema->if_contains("properties"); properties && properties->is_object())
      if (const json::value* property = properties->get_object().if_contains(key)) {
        found.push_back(property);
        is_declared = true;
      }
    if (const json::value* patterns = schema->if_contains("patternProperties"); patterns && patterns->is_object())
      for (const auto& pattern : patterns->get_object())
        if (std::regex_search(std::string(key), std::regex(std::string(pattern.key())))) {
          found.push_back(&pattern.value());
          is_declared = true;
        }
    if (const json::value* others = schema->if_contains("additionalProperties"); !is_declared && others)
      found.push_back(others);
  }
  return {*root_, std::move(found)};
}

SchemaPlace SchemaPlace::entry(std::size_t index) const {
  std::vector<const json::value*> found;
  for (const json::object* schema : all_) {
    const json::value* items = schema->if_contains("items");
    if (!items) continue;
    if (!items->is_array())
      found.push_back(items);
    else if (index < items->get_array().size())
      found.push_back(&items->get_array()[index]);
    else if (const json::value* others = schema->if_contains("additionalItems"))
      found.push_back(others);
  }
  return {*root_, std::move(found)};
}

std::vector<std::string> SchemaPlace::keys() const {
  std::vector<std::string> names;
  for (const json::object* schema : all_)
    if (const json::value* properties = schema->if_contains("properties"); properties && properties->is_object())
      for (const auto& property : properties->get_object())
        if (std::string name(property.key()); std::ranges::find(names, name) == names.end())
          names.push_back(std::move(name));
  return names;
}

bool SchemaPlace::requires_key(std::string_view key) const {
  return std::ranges::any_of(outer_, [&](const json::value* outer) {
    const json::value& schema = follow_references(*outer, *root_);
    const json::value* required = schema.is_object() ? schema.get_object().if_contains("required") : nullptr;
    return required && required->is_array() && std::ranges::any_of(required->get_array(), [&](const json::value& name) {
             return name.is_string() && name.get_string() == key;
           });
  });
}

bool SchemaPlace::is_open() const {
  bool declares = false;
  for (const json::object* schema : all_) {
    const json::value* others = schema->if_contains("additionalProperties");
    if (others && *others != json::value(false)) return true;
    if (schema->contains("patternProperties")) return true;  // valijson judges these keys
    declares |= others || schema->contains("properties");
  }
  return !declares;
}

bool SchemaPlace::allows_type(std::string_view type) const {
  return std::ranges::any_of(all_, [&](const json::object* schema) {
    if (const json::value* named = schema->if_contains("type")) return names_type(*named, type);
    if (const json::value* constant = schema->if_contains("const")) return type_name(*constant) == type;
    if (const json::value* list = schema->if_contains("enum"); list && list->is_array())
      return std::ranges::any_of(list->get_array(), [&](const json::value& v) { return type_name(v) == type; });
    return false;
  });
}

std::vector<std::string> SchemaPlace::allowed_texts() const {
  std::vector<std::string> texts;
  const auto add = [&](const json::value& value) {
    if (value.is_string()) texts.emplace_back(value.get_string());
  };
  for (const json::object* schema : all_) {
    if (const json::value* constant = schema->if_contains("const")) add(*constant);
    if (const json::value* list = schema->if_contains("enum"); list && list->is_array())
      for (const json::value& value : list->get_array()) add(value);
  }
  return texts;
}

const json::value* SchemaPlace::annotation(std::string_view name) const {
  for (const json::object* schema : all_)
    if (const json::value* found = schema->if_contains(name)) return found;
  return nullptr;
}

std::string SchemaPlace::describe() const {
  std::vector<std::string> parts;
  for (const json::value* schema : outer_) {
    std::string text = describe_schema(*schema, *root_);
    if (!text.empty() && std::ranges::find(parts, text) == parts.end()) parts.push_back(std::move(text));
  }
  return join_alternatives(parts);
}

}  // namespace tenon::manifest
