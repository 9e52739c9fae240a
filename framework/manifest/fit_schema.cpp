// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The only source file that includes valijson, which is slow to compile.
#include "manifest/fit_schema.hpp"

#include <algorithm>
#include <map>

// Without it valijson ends the program on a schema that it cannot read.
#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "manifest/complaints.hpp"
#include "manifest/json_source.hpp"
#include "manifest/schema_keywords.hpp"
#include "manifest/schema_place.hpp"

namespace tenon::manifest {
namespace {

namespace json = boost::json;

bool validate(const json::value& value, const json::value& schema, valijson::ValidationResults* results) {
  valijson::Schema compiled;
  valijson::SchemaParser(valijson::SchemaParser::kDraft7)
      .populateSchema(valijson::adapters::BoostJsonAdapter(schema), compiled);
  return valijson::Validator(valijson::Validator::kStrongTypes)
      .validate(compiled, valijson::adapters::BoostJsonAdapter(value), results);
}

/// The schema with its `$ref`s led to where the root has moved.
json::value moved(json::value schema) {
  if (schema.is_array())
    for (json::value& entry : schema.get_array()) entry = moved(std::move(entry));
  if (!schema.is_object()) return schema;
  for (auto& member : schema.get_object()) {
    json::value& inner = member.value();
    if (member.key() == "$ref" && inner.is_string() && std::string_view(inner.get_string()).substr(0, 1) == "#")
      inner = "#/definitions/root" + std::string(inner.get_string()).substr(1);
    else
      inner = moved(std::move(inner));
  }
  return schema;
}

/// Is `value` what this part of `root` asks for? The part may refer to other parts of the root.
bool suits(const json::value& value, const json::value& part, const json::value& root) {
  return validate(
      value, json::object{{"allOf", json::array{moved(part)}}, {"definitions", json::object{{"root", moved(root)}}}},
      nullptr);
}

void drop_nulls(json::value& value, const SchemaPlace& place, Null null) {
  if (value.is_array())
    for (std::size_t i = 0; i < value.get_array().size(); ++i) drop_nulls(value.get_array()[i], place.entry(i), null);
  if (!value.is_object()) return;
  const std::vector<std::string> keys = place.keys();
  std::vector<std::string> defaulted;
  for (auto& member : value.get_object()) {
    const SchemaPlace inner = place.member(member.key());
    drop_nulls(member.value(), inner, null);
    if (!member.value().is_null() || std::ranges::find(keys, std::string(member.key())) == keys.end()) continue;
    if (null == Null::is_default || !inner.allows_type("null")) defaulted.emplace_back(member.key());
  }
  for (const std::string& key : defaulted) value.get_object().erase(key);
}

constexpr int deepest = 64;

void fill_defaults(json::value& value, const json::value& part, const json::value& root, int depth);

void fill_members(json::object& object, const json::object& schema, const json::value& root, int depth) {
  const json::value* properties = schema.if_contains("properties");
  const bool declares = properties && properties->is_object();
  if (declares)
    for (const auto& property : properties->get_object()) {
      const json::value& inner = follow_references(property.value(), root);
      const json::value* given = inner.is_object() ? inner.get_object().if_contains("default") : nullptr;
      // A default of null says "may be absent" where the option itself cannot be null.
      if (given && !object.contains(property.key()) && (!given->is_null() || suits(*given, inner, root)))
        object.emplace(property.key(), *given);
      if (json::value* member = object.if_contains(property.key())) fill_defaults(*member, inner, root, depth + 1);
    }
  if (const json::value* others = schema.if_contains("additionalProperties"))
    for (auto& member : object)
      if (!declares || !properties->get_object().contains(member.key()))
        fill_defaults(member.value(), *others, root, depth + 1);
}

void fill_entries(json::array& list, const json::value& items, const json::value& root, int depth) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!items.is_array())
      fill_defaults(list[i], items, root, depth + 1);
    else if (i < items.get_array().size())
      fill_defaults(list[i], items.get_array()[i], root, depth + 1);
  }
}

/// Of alternatives the first that the value suits gives its defaults.
void fill_defaults(json::value& value, const json::value& part, const json::value& root, int depth) {
  if (depth > deepest) throw SchemaError("its defaults bring each other in without end");
  const json::value& target = follow_references(part, root);
  if (!target.is_object() || value.is_primitive()) return;
  const json::object& schema = target.get_object();
  if (const json::value* list = schema.if_contains("allOf"); list && list->is_array())
    for (const json::value& each : list->get_array()) fill_defaults(value, each, root, depth);
  for (const char* keyword : {"anyOf", "oneOf"})
    if (const json::value* list = schema.if_contains(keyword); list && list->is_array())
      for (const json::value& alternative : list->get_array())
        if (suits(value, alternative, root)) {
          fill_defaults(value, alternative, root, depth);
          break;
        }
  if (const json::value* condition = schema.if_contains("if"))
    if (const json::value* branch = schema.if_contains(suits(value, *condition, root) ? "then" : "else"))
      fill_defaults(value, *branch, root, depth);
  if (value.is_object()) fill_members(value.get_object(), schema, root, depth);
  if (const json::value* items = schema.if_contains("items"); items && value.is_array())
    fill_entries(value.get_array(), *items, root, depth);
}

/// valijson names a place by "<root>", "[key]", "[0]".
std::string pointer_of(const std::vector<std::string>& context) {
  std::string pointer;
  for (std::size_t i = 1; i < context.size(); ++i)
    pointer += pointer_step(std::string_view(context[i]).substr(1, context[i].size() - 2));
  return pointer;
}

}  // namespace

std::vector<Complaint> fit_schema(json::value& value, const json::value& given, std::string_view owner, Null null) {
  require_draft_7(given);
  require_end(given);
  const json::value nothing = json::object();
  const json::value& schema = given.is_null() ? nothing : given;
  try {
    drop_nulls(value, SchemaPlace(schema), null);
    fill_defaults(value, schema, schema, 0);
    std::vector<Complaint> complaints;
    complain_of_unknown_keys(value, SchemaPlace(schema), owner, "", complaints);
    valijson::ValidationResults results;
    if (validate(value, schema, &results)) return complaints;
    Findings findings;
    for (const valijson::ValidationResults::Error& error : results)
      findings[pointer_of(error.context)].push_back(error.description);
    complain_of_findings(value, schema, findings, complaints);
    return complaints;
  } catch (const std::exception& error) {
    throw SchemaError(error.what());
  }
}

}  // namespace tenon::manifest
