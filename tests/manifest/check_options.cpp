// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include "manifest/json_text.hpp"
#include "manifest_texts.hpp"

namespace tenon::manifest {

namespace {

const char* const schema = R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "properties": {
    "monitor": {"type": ["string", "null"], "default": null},
    "mode": {"enum": ["min", "max"]},
    "save_top_k": {"type": "integer", "minimum": -1, "default": 1},
    "save_last": {"anyOf": [{"type": "boolean"}, {"const": "link"}], "default": false},
    "min_delta": {"type": "number", "minimum": 0, "default": 0.0},
    "console": {"type": "object", "default": {}, "properties": {"width": {"type": "integer", "default": 80}}},
    "file": {"type": "object", "properties": {"name": {"type": "string", "default": "log"}}},
    "transforms": {"type": "array", "default": [], "items": {"$ref": "#/definitions/transform"}},
    "extra": {"type": "object", "additionalProperties": {"type": "number"}}
  },
  "definitions": {
    "transform": {"oneOf": [
      {"type": "object", "required": ["cast"], "properties": {"cast": {"enum": ["f16", "bf16"]}}},
      {"type": "object", "required": ["scale"], "properties": {
        "scale": {"type": "object", "required": ["by"], "properties": {"by": {"type": "number"}, "what": {"type": "string", "default": "all"}}}}}
    ]}
  }
})";

/// The config with its defaults, or the message; each stands on line 2.
std::string checked(const std::string& config, const std::string& with = schema) {
  const Manifest manifest = from_text("{\"callbacks\": [{\"plugin\": \"checkpoint\",\n\"config\": " + config + "}]}");
  boost::json::object options = manifest.callbacks.at(0).config;
  const Refusal given = refusal([&] {
    check_options(manifest, "/callbacks/0/config", options, boost::json::parse(with), "plugin 'checkpoint'");
  });
  if (given.code == ExitCode::ok) return json_text(options);
  return std::to_string(static_cast<int>(given.code)) + " " + given.text;
}

std::string value_of(const std::string& config, const char* pointer) {
  return json_text(boost::json::parse(checked(config)).at_pointer(pointer));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(check_plugin_options)

BOOST_AUTO_TEST_CASE(defaults_are_filled_in_the_schemas_order) {
  BOOST_TEST(
      checked("{}") ==
      R"({"monitor":null,"save_top_k":1,"save_last":false,"min_delta":0.0,"console":{"width":80},"transforms":[]})");
}

BOOST_AUTO_TEST_CASE(what_is_given_stays) {
  BOOST_TEST(value_of("{\"save_top_k\": 3}", "/save_top_k") == "3");
  BOOST_TEST(value_of("{\"save_last\": \"link\"}", "/save_last") == "\"link\"");
}

BOOST_AUTO_TEST_CASE(null_is_the_default_at_every_depth) {
  BOOST_TEST(boost::json::parse(checked("{\"save_top_k\": null, \"mode\": null, \"console\": {\"width\": null}}")) ==
             boost::json::parse(checked("{}")));
  BOOST_TEST(checked("{\"a\": null}", R"({"properties": {"a": {"type": ["integer", "null"], "default": 3}}})") ==
             R"({"a":3})");
}

BOOST_AUTO_TEST_CASE(nested_objects_get_defaults_where_they_are_given) {
  BOOST_TEST(value_of("{\"file\": {}}", "/file") == R"({"name":"log"})");
  BOOST_TEST(checked("{}").find("\"file\"") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(entries_of_lists_get_the_defaults_of_the_alternative_they_suit) {
  BOOST_TEST(value_of("{\"transforms\": [{\"cast\": \"f16\"}, {\"scale\": {\"by\": 2}}]}", "/transforms") ==
             R"([{"cast":"f16"},{"scale":{"by":2,"what":"all"}}])");
}

BOOST_AUTO_TEST_CASE(an_unknown_option_is_refused_with_the_nearest_one) {
  BOOST_TEST(checked("{\"montor\": \"val_loss\"}") ==
             "3 run.json:2: /callbacks/0/config/montor: unknown key 'montor' of plugin 'checkpoint'; did you mean "
             "'monitor'?");
  BOOST_TEST(checked("{\"console\": {\"wdth\": 3}}") ==
             "3 run.json:2: /callbacks/0/config/console/wdth: unknown key 'wdth' of plugin 'checkpoint'; did you mean "
             "'width'?");
  BOOST_TEST(checked("{\"transforms\": [{\"casts\": \"f16\"}]}") ==
             "3 run.json:2: /callbacks/0/config/transforms/0/casts: unknown key 'casts' of plugin 'checkpoint'; did "
             "you mean 'cast'?");
}

BOOST_AUTO_TEST_CASE(additional_properties_are_allowed_where_the_schema_says_so) {
  BOOST_TEST(value_of("{\"extra\": {\"anything\": 3}}", "/extra") == R"({"anything":3})");
  BOOST_TEST(checked("{\"extra\": {\"anything\": \"x\"}}") ==
             "3 run.json:2: /callbacks/0/config/extra/anything: expected a number, got \"x\"");
}

BOOST_AUTO_TEST_CASE(a_plugin_without_a_schema_takes_no_options) {
  for (const char* none : {"null", "{}", "{\"type\": \"object\"}"}) {
    BOOST_TEST(checked("{}", none) == "{}");
    BOOST_TEST(checked("{\"a\": 1}", none) ==
               "3 run.json:2: /callbacks/0/config/a: unknown key 'a' of plugin 'checkpoint', which has no options; "
               "remove it");
  }
}

BOOST_AUTO_TEST_CASE(a_wrong_value_is_refused_with_what_is_allowed) {
  BOOST_TEST(checked("{\"mode\": \"mni\"}") ==
             "3 run.json:2: /callbacks/0/config/mode: expected \"min\" or \"max\", got \"mni\"; did you mean 'min'?");
  BOOST_TEST(checked("{\"save_last\": 1}") ==
             "3 run.json:2: /callbacks/0/config/save_last: expected true, false or \"link\", got 1; leave it out for "
             "its default false");
  BOOST_TEST(checked("{\"min_delta\": \"0.5\"}") ==
             "3 run.json:2: /callbacks/0/config/min_delta: expected a number of at least 0, got \"0.5\"; write 0.5 "
             "without quotes");
  BOOST_TEST(checked("{\"save_top_k\": -2}") ==
             "3 run.json:2: /callbacks/0/config/save_top_k: expected a whole number of at least -1, got -2; leave it "
             "out for its default 1");
  BOOST_TEST(checked("{\"transforms\": [{\"cast\": \"f61\"}]}") ==
             "3 run.json:2: /callbacks/0/config/transforms/0/cast: expected \"f16\" or \"bf16\", got \"f61\"; did you "
             "mean 'f16'?");
  BOOST_TEST(checked("{\"transforms\": [{\"scale\": {}}]}") ==
             "3 run.json:2: /callbacks/0/config/transforms/0/scale: 'by' is missing; add it");
  BOOST_TEST(checked("{\"transforms\": [3]}") ==
             "3 run.json:2: /callbacks/0/config/transforms/0: expected an object with \"cast\" or an object with "
             "\"scale\", got 3");
}

BOOST_AUTO_TEST_CASE(what_has_no_words_of_ours_is_said_in_the_validators) {
  BOOST_TEST(checked("{\"a\": 1}", R"({"properties": {"a": {"not": {"const": 1}}}})")
                 .find("3 run.json:2: /callbacks/0/config/a: is not allowed: 1 (") == 0u);
  BOOST_TEST(checked("{\"a\": 1}", R"({"properties": {"a": {}, "b": {}}, "dependencies": {"a": ["b"]}})") ==
             "3 run.json:2: /callbacks/0/config: expected an object, got {\"a\":1} (Missing dependency 'b'.)");
}

BOOST_AUTO_TEST_CASE(a_schema_newer_than_draft_7_is_refused_as_the_plugins_fault) {
  BOOST_TEST(checked("{}", R"({"properties": {"a": {"prefixItems": []}}})") ==
             "4 run.json:2: /callbacks/0/config: the options schema of plugin 'checkpoint' is not usable: the keyword "
             "'prefixItems' at /properties/a is newer than JSON Schema draft 7; write items with a list of schemas "
             "instead; tell its author");
  BOOST_TEST(checked("{}", R"({"$schema": "https://json-schema.org/draft/2020-12/schema"})")
                 .find("only JSON Schema draft 7 is understood") != std::string::npos);
  BOOST_TEST(checked("{}", R"({"properties": {"unevaluatedItems": {"default": {"$defs": 1}}}})") ==
             R"({"unevaluatedItems":{"$defs":1}})");
}

BOOST_AUTO_TEST_CASE(a_schema_may_refer_to_itself_further_down) {
  const char* tree =
      R"({"properties": {"name": {"type": "string", "default": "leaf"}, "next": {"anyOf": [{"$ref": "#"}, {"const": 0}]}}})";
  BOOST_TEST(checked("{\"next\": {\"next\": {\"name\": \"end\", \"next\": 0}}}", tree) ==
             R"({"next":{"next":{"name":"end","next":0},"name":"leaf"},"name":"leaf"})");
}

BOOST_AUTO_TEST_CASE(a_schema_without_end_is_refused) {
  for (
      const char* endless :
      {R"({"$ref": "#"})", R"({"anyOf": [{"$ref": "#"}]})", R"({"properties": {"a": {"$ref": "#/properties/a"}}})",
       R"({"definitions": {"a": {"not": {"$ref": "#/definitions/b"}}, "b": {"allOf": [{"$ref": "#/definitions/a"}]}}})",
       R"({"properties": {"a": {"$ref": "#/definitions/d"}},
            "definitions": {"d": {"default": {}, "properties": {"a": {"$ref": "#/definitions/d"}}}}})"})
    BOOST_TEST(checked("{}", endless).find("without end") != std::string::npos,
               endless << ": " << checked("{}", endless));
}

BOOST_AUTO_TEST_CASE(a_schema_that_is_not_valid_is_refused_as_its_owners_fault) {
  for (const char* broken : {R"({"properties": {"a": {"type": "integr"}}})", R"({"$ref": "#/definitions/none"})",
                             R"({"properties": {"a": {"$ref": "http://example.org/schema.json"}}})",
                             R"({"properties": {"a": {"pattern": "("}}, "default": 1})"})
    BOOST_TEST(checked("{\"a\": \"x\"}", broken)
                       .find("4 run.json:2: /callbacks/0/config: the options schema of plugin "
                             "'checkpoint' is not usable: ") == 0u,
               broken << ": " << checked("{\"a\": \"x\"}", broken));
  const Manifest manifest = from_text("{\"task\": {\"library\": \"digits\"}}");
  boost::json::object options;
  BOOST_TEST((refusal([&] {
                check_options(manifest, "/task/config", options, boost::json::parse(R"({"$defs": {}})"),
                              "task 'digits'");
              }).code == ExitCode::task));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::manifest
