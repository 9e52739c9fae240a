// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "pipeline.hpp"

#include <algorithm>

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

/// Where the manifest lists the chain that this callback is part of, a name such as "ema/average" can be checked now.
void check_name(Host host, const std::string& name, const std::string& pointer) {
  if (is_own(name)) return;
  const std::size_t slash = name.find('/');
  if (slash == std::string::npos)
    throw Error(TENON_E_INVALID_ARGUMENT, pointer + ": there is no transform \"" + name +
                                              "\"; there are scale and cast, and those of another callback as "
                                              "\"<callback id>/<name>\" or of the task as \"task/<name>\"");
  const std::string owner = name.substr(0, slash);
  const std::string_view text = view(run_facts(host).manifest_json);
  if (owner == "task" || text.empty()) return;
  const Options manifest(host, text);
  if (manifest.type("/callbacks") != TENON_JSON_ARRAY) return;

  std::vector<std::string> ids;
  for (std::uint64_t i = 0; i < manifest.count("/callbacks"); ++i)
    if (const auto id = manifest.find<std::string>(below(below("/callbacks", i), "id"))) ids.push_back(*id);
  const auto listed = [&](std::string_view id) { return std::find(ids.begin(), ids.end(), id) != ids.end(); };
  if (!listed(host.callback_id()) || listed(owner)) return;
  std::string known;
  for (const std::string& id : ids) known += (known.empty() ? "" : ", ") + id;
  throw Error(TENON_E_INVALID_ARGUMENT, pointer + ": no callback \"" + owner + "\" to offer the transform \"" + name +
                                            "\"; the manifest has " + known);
}

}  // namespace

Pipeline::Pipeline(Host host) {
  const Options options(host);
  for (std::uint64_t i = 0; i < options.count("/transforms"); ++i) {
    const std::string element = below("/transforms", i);
    const std::string name = options.keys(element).at(0);
    const std::string pointer = below(element, name);
    check_name(host, name, pointer);
    uses_.push_back({name, long_form(host, options, name, pointer)});
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
