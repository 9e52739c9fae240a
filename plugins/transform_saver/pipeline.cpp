// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "pipeline.hpp"

namespace tenon::transform_saver {

namespace {

bool is_own(const std::string& name) { return name == "scale" || name == "cast"; }

std::string long_form(Host host, const Options& options, const std::string& name, const std::string& pointer) {
  const std::int32_t type = options.type(pointer);
  if (type == TENON_JSON_NULL) return "{}";
  if (type == TENON_JSON_OBJECT) return options.json(pointer);
  if (!is_own(name))
    throw Error(TENON_E_INVALID_ARGUMENT, pointer + ": the options of \"" + name + "\" must be an object");
  JsonWriter json(host);
  json.object();
  if (name == "scale")
    json.member("factor", options.get<double>(pointer));
  else
    json.member("dtype", options.get<std::string>(pointer));
  return json.end().finish();
}

/// What needs no other callback to be known as wrong.
void check_name(const std::string& name, const std::string& pointer) {
  if (is_own(name)) return;
  const std::size_t slash = name.find('/');
  if (slash == std::string::npos)
    throw Error(TENON_E_INVALID_ARGUMENT, pointer + ": there is no transform \"" + name +
                                              "\"; there are scale and cast, and those of another callback as "
                                              "\"<callback id>/<name>\"");
  if (name.substr(0, slash) == "task")
    throw Error(TENON_E_INVALID_ARGUMENT,
                pointer + ": \"" + name + "\" would be a transform of the task, and tasks offer none in this version");
}

}  // namespace

Pipeline::Pipeline(Host host) {
  const Options options(host);
  for (std::uint64_t i = 0; i < options.count("/transforms"); ++i) {
    const std::string element = below("/transforms", i);
    const std::string name = options.keys(element).at(0);
    const std::string pointer = below(element, name);
    check_name(name, pointer);
    uses_.push_back({name, long_form(host, options, name, pointer), pointer});
  }
}

void Pipeline::check(Host host) const {
  const Transforms transforms(host);
  for (const Use& use : uses_) {
    try {
      transforms.check(use.name, use.options);
    } catch (const Error& error) {
      throw Error(error.status(), use.pointer + ": " + error.what());
    }
  }
}

std::vector<tenon_transform_use> Pipeline::uses() const {
  std::vector<tenon_transform_use> out;
  for (const Use& use : uses_) out.push_back({text(use.name), text(use.options)});
  return out;
}

std::string Pipeline::metadata(Host host) const {
  JsonWriter json(host);
  json.object().key("transforms").array();
  for (const Use& use : uses_) json.object().key(use.name).json(use.options).end();
  return json.end().end().finish();
}

}  // namespace tenon::transform_saver
