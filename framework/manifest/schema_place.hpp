// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a JSON Schema (draft 7) says about one place of a document: for messages and defaults, not for the verdict,
// which is valijson's.
#ifndef TENON_MANIFEST_SCHEMA_PLACE_HPP
#define TENON_MANIFEST_SCHEMA_PLACE_HPP

#include <boost/json/value.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::manifest {

/// What the `$ref` of `schema` stands for; nullptr where it has none, or one that leads out of `root` or nowhere.
const boost::json::value* reference_target(const boost::json::value& schema, const boost::json::value& root);

/// `schema` behind its local `$ref`s; `schema` itself where there is none or it leads nowhere.
const boost::json::value& follow_references(const boost::json::value& schema, const boost::json::value& root);

/// The subschemas that may have a say at one place. Borrows the schema.
class SchemaPlace {
 public:
  explicit SchemaPlace(const boost::json::value& root);

  SchemaPlace member(std::string_view key) const;
  SchemaPlace entry(std::size_t index) const;

  /// The declared keys of an object, in the schema's order.
  std::vector<std::string> keys() const;
  /// Must an object have this key, whatever alternative it follows?
  bool requires_key(std::string_view key) const;
  /// May an object have keys that are not declared? Without `additionalProperties` an object that declares keys is
  /// closed: a plugin's options are never guessed at.
  bool is_open() const;
  /// Does an alternative of this place name `type` (a draft 7 type name), or a constant of that type?
  bool allows_type(std::string_view type) const;
  /// The texts that `enum` and `const` allow.
  std::vector<std::string> allowed_texts() const;
  /// An annotation (`default`, `description`, `examples`); nullptr when no subschema has it.
  const boost::json::value* annotation(std::string_view name) const;
  /// "a whole number of at least 1, or null"; empty where the schema says nothing that can be put into words.
  std::string describe() const;

 private:
  SchemaPlace(const boost::json::value& root, std::vector<const boost::json::value*> schemas);
  void expand(const boost::json::value& schema);

  const boost::json::value* root_;
  std::vector<const boost::json::value*> outer_;  // as they stand in the schema
  std::vector<const boost::json::object*> all_;   // behind references, and the alternatives in them
};

}  // namespace tenon::manifest

#endif
