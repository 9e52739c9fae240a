// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "chain/identity.hpp"

#include <boost/json/parse.hpp>
#include <cstddef>
#include <stdexcept>

#include "chain/library_section.hpp"

namespace tenon::chain {
namespace {

namespace json = boost::json;

json::parse_options identity_form() {
  json::parse_options deep;
  deep.max_depth = 64;  // an options schema nests
  return deep;
}

std::string text_at(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  if (!value || !value->is_string() || value->get_string().empty())
    throw std::runtime_error(std::string("is damaged: its identity does not say the ") + key);
  return std::string(value->get_string());
}

Kind read_kind(const json::value& value) {
  if (!value.is_object()) throw std::runtime_error("is damaged: its identity is not as the SDK writes it");
  const json::object& object = value.get_object();
  const json::value* schema = object.if_contains("options");
  if (!schema || !schema->is_object())
    throw std::runtime_error("is damaged: its identity has no schema of its options");
  return {text_at(object, "id"),
          text_at(object, "name"),
          text_at(object, "version"),
          text_at(object, "description"),
          text_at(object, "license"),
          *schema,
          {}};
}

// Which hosts will do, where the SDK that it was built with writes it down.
std::uint32_t required_abi(const json::object& identity) {
  const json::value* minor = identity.if_contains("abi_minor");
  if (!minor) return 0;
  if (!minor->is_int64() || minor->get_int64() < 0 || minor->get_int64() > 0xFFFF)
    throw std::runtime_error("is damaged: its identity does not say its ABI");
  return TENON_ABI_MAKE(TENON_ABI_MAJOR, minor->get_int64());
}

}  // namespace

std::vector<Kind> parse_identity(std::string_view text) {
  boost::system::error_code problem;
  const json::value identity = json::parse(json::string_view(text.data(), text.size()), problem, {}, identity_form());
  if (problem) throw std::runtime_error("is damaged: its identity is not JSON (" + problem.message() + ")");
  if (!identity.is_object()) throw std::runtime_error("is damaged: its identity is not a JSON object");
  const json::value* abi = identity.get_object().if_contains("tenon_abi");
  if (!abi || !abi->is_int64()) throw std::runtime_error("is damaged: its identity does not say its ABI");
  if (abi->get_int64() != TENON_ABI_MAJOR)
    throw std::runtime_error("is made for Tenon's ABI " + std::to_string(abi->get_int64()) + ", this host has ABI " +
                             std::to_string(TENON_ABI_MAJOR));
  const json::value* plugins = identity.get_object().if_contains("plugins");
  if (!plugins || !plugins->is_array() || plugins->get_array().empty())
    throw std::runtime_error("is damaged: its identity names no plugin");
  std::vector<Kind> kinds;
  const std::uint32_t required = required_abi(identity.get_object());
  for (const json::value& value : plugins->get_array()) kinds.emplace_back(read_kind(value)).abi_required = required;
  return kinds;
}

std::vector<Kind> read_identity(const std::filesystem::path& file) {
  const std::optional<std::string> text = read_library_section(file, ".tenon.identity");
  if (!text) throw std::runtime_error("is a shared library, but no Tenon plugin: it has no section .tenon.identity");
  return parse_identity(*text);
}

Kind kind_of(const tenon_descriptor& descriptor) {
  if (descriptor.struct_size < offsetof(tenon_descriptor, needs) || !descriptor.id || !descriptor.name ||
      !descriptor.version)
    throw std::runtime_error("has a descriptor that does not say its id, name and version");
  const auto text = [](const char* given) { return std::string(given ? given : ""); };
  Kind kind{descriptor.id,
            descriptor.name,
            descriptor.version,
            text(descriptor.description),
            text(descriptor.license),
            json::object{},
            {}};
  if (!descriptor.options_schema) return kind;
  boost::system::error_code problem;
  kind.options_schema = json::parse(descriptor.options_schema, problem, {}, identity_form());
  if (problem || !kind.options_schema.is_object())
    throw std::runtime_error("('" + kind.name + "') has an options_schema that is no JSON object" +
                             (problem ? ": " + problem.message() : ""));
  return kind;
}

std::string difference(const Kind& kind, const tenon_descriptor& descriptor) {
  const auto compare = [](const char* what, const std::string& identity, const char* entry) {
    const std::string said = entry ? entry : "";
    return identity == said
               ? std::string()
               : std::string("the ") + what + " is '" + identity + "' in its identity and '" + said + "' in its entry";
  };
  std::string text = compare("id", kind.id, descriptor.id);
  if (text.empty()) text = compare("name", kind.name, descriptor.name);
  if (text.empty()) text = compare("version", kind.version, descriptor.version);
  if (text.empty()) text = compare("description", kind.description, descriptor.description);
  if (text.empty()) text = compare("license", kind.license, descriptor.license);
  if (!text.empty()) return text;
  boost::system::error_code problem;
  const json::value schema =
      json::parse(descriptor.options_schema ? descriptor.options_schema : "", problem, {}, identity_form());
  return problem || schema != kind.options_schema
             ? "the schema of its options is not the same in its identity and its entry"
             : "";
}

}  // namespace tenon::chain
