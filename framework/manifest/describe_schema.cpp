// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "manifest/describe_schema.hpp"

#include <algorithm>

#include "manifest/json_text.hpp"
#include "manifest/schema_place.hpp"

namespace tenon::manifest {
namespace {

namespace json = boost::json;

using Parts = std::vector<std::string>;  // what is allowed: one or the other

Parts describe(const json::value& schema, const json::value& root, int depth);

std::string count_words(const json::object& schema, const char* least, const char* most, const char* what) {
  const json::value* low = schema.if_contains(least);
  const json::value* high = schema.if_contains(most);
  std::string text;
  if (low && high && *low == *high)
    text = " of exactly " + json_text(*low);
  else if (low && high)
    text = " of " + json_text(*low) + " to " + json_text(*high);
  else if (low)
    text = " of at least " + json_text(*low);
  else if (high)
    text = " of at most " + json_text(*high);
  return text.empty() ? text : text + what;
}

std::string range_words(const json::object& schema) {
  std::vector<std::string> parts;
  const json::value* low = schema.if_contains("minimum");
  const json::value* high = schema.if_contains("maximum");
  if (low && high) return " from " + json_text(*low) + " to " + json_text(*high);
  if (low) parts.push_back("of at least " + json_text(*low));
  if (const json::value* above = schema.if_contains("exclusiveMinimum")) parts.push_back("above " + json_text(*above));
  if (high) parts.push_back("of at most " + json_text(*high));
  if (const json::value* below = schema.if_contains("exclusiveMaximum")) parts.push_back("below " + json_text(*below));
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? " " : " and ") + part;
  if (const json::value* step = schema.if_contains("multipleOf")) text += ", a multiple of " + json_text(*step);
  return text;
}

std::string text_words(const json::object& schema) {
  const json::value* examples = schema.if_contains("examples");
  if (schema.contains("pattern") && examples && examples->is_array() && examples->get_array().size() > 1) {
    Parts texts;  // several show the form better than a regular expression
    for (const json::value& example : examples->get_array()) texts.push_back(json_text(example));
    return "text like " + join_alternatives(texts);
  }
  if (const json::value* pattern = schema.if_contains("pattern"); pattern && pattern->is_string())
    return "text matching " + std::string(pattern->get_string());
  if (const json::value* least = schema.if_contains("minLength");
      least && *least == json::value(1) && !schema.contains("maxLength"))
    return "text that is not empty";
  return "text" + count_words(schema, "minLength", "maxLength", " characters");
}

std::string list_words(const json::object& schema, const json::value& root, int depth) {
  std::string text = "a list" + count_words(schema, "minItems", "maxItems", "");
  if (schema.if_contains("uniqueItems") && *schema.if_contains("uniqueItems") == json::value(true))
    text += " without repeats";
  const json::value* items = schema.if_contains("items");
  const std::string each = items && !items->is_array() ? join_alternatives(describe(*items, root, depth + 1)) : "";
  return each.empty() ? text : text + " (each: " + each + ")";
}

bool is_one(const json::value* number) { return number && *number == json::value(1); }

std::string object_words(const json::object& schema) {
  Parts needed, known;
  if (const json::value* required = schema.if_contains("required"); required && required->is_array())
    for (const json::value& key : required->get_array()) needed.push_back(json_text(key));
  if (const json::value* properties = schema.if_contains("properties"); properties && properties->is_object())
    for (const auto& property : properties->get_object()) known.push_back(json_text(json::value(property.key())));
  if (needed.empty() && !known.empty() && is_one(schema.if_contains("minProperties")) &&
      is_one(schema.if_contains("maxProperties")))
    return "an object with " + join_alternatives(known);
  std::string text = "an object";
  for (const std::string& key : needed)
    text += (&key == &needed.front() ? " with " : &key == &needed.back() ? " and " : ", ") + key;
  return text + count_words(schema, "minProperties", "maxProperties", " keys");
}

Parts type_words(std::string_view type, const json::object& schema, const json::value& root, int depth) {
  if (type == "integer") return {"a whole number" + range_words(schema)};
  if (type == "number") return {"a number" + range_words(schema)};
  if (type == "string") return {text_words(schema)};
  if (type == "boolean") return {"true", "false"};
  if (type == "array") return {list_words(schema, root, depth)};
  if (type == "object") return {object_words(schema)};
  return {std::string(type)};
}

Parts constants(const json::object& schema) {
  Parts values;
  if (const json::value* constant = schema.if_contains("const")) values.push_back(json_text(*constant));
  if (const json::value* list = schema.if_contains("enum"); list && list->is_array())
    for (const json::value& value : list->get_array()) values.push_back(json_text(value));
  return values;
}

Parts describe(const json::value& schema, const json::value& root, int depth) {
  const json::value& target = follow_references(schema, root);
  if (!target.is_object() || depth > 4) return {};
  const json::object& object = target.get_object();
  Parts parts = constants(object);
  const auto add = [&](const Parts& more) {
    for (const std::string& text : more)
      if (!text.empty() && std::ranges::find(parts, text) == parts.end()) parts.push_back(text);
  };
  if (parts.empty())
    for (const char* keyword : {"anyOf", "oneOf"})
      if (const json::value* list = object.if_contains(keyword); list && list->is_array())
        for (const json::value& alternative : list->get_array()) add(describe(alternative, root, depth + 1));
  const json::value* type = object.if_contains("type");
  if (parts.empty() && type && type->is_string()) add(type_words(type->get_string(), object, root, depth));
  if (parts.empty() && type && type->is_array())
    for (const json::value& name : type->get_array())
      if (name.is_string()) add(type_words(name.get_string(), object, root, depth));
  if (parts.empty() && (object.contains("properties") || object.contains("required"))) add({object_words(object)});
  if (parts.empty())
    if (const json::value* list = object.if_contains("allOf"); list && list->is_array())
      for (const json::value& part : list->get_array())
        if (parts.empty()) add(describe(part, root, depth + 1));
  return parts;
}

}  // namespace

std::string describe_schema(const json::value& schema, const json::value& root) {
  return join_alternatives(describe(schema, root, 0));
}

std::string join_alternatives(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i)
    text += (i == 0 ? "" : i + 1 == parts.size() ? " or " : ", ") + parts[i];
  return text;
}

}  // namespace tenon::manifest
