// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "digits_run.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "process.hpp"

namespace tenon::benchmarks {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

json::object quickstart() {
  std::ifstream in(TENON_SOURCE_DIR "/examples/digits/run.json");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  json::parse_options options;
  options.allow_comments = true;
  options.allow_trailing_commas = true;
  return json::parse(text, {}, options).as_object();
}

void replace(json::value& in, const json::object& with) {
  for (const auto& [key, value] : with) in.as_object()[key] = value;
}

}  // namespace

DigitsRun::DigitsRun(const std::string& name, const json::object& trainer, const json::object& config,
                     const json::object& raw)
    : folder_(fs::path(TENON_BINARY_DIR) / "benchmarks" / name), takes_turns_(!raw.empty()) {
  fs::remove_all(folder_);
  fs::create_directories(folder_);
  json::object manifest = quickstart();
  replace(manifest["trainer"], trainer);
  replace(manifest["task"].at("config"), config);
  manifest["plugins"] = {{"paths", json::array{TENON_BINARY_DIR "/benchmarks/plugins"}}};
  json::object stopwatch{{"file", (folder_ / "times").string()}};
  if (takes_turns_) stopwatch["raw"] = raw;
  json::array callbacks{json::object{{"plugin", "stopwatch"}, {"config", std::move(stopwatch)}}};
  for (const json::value& callback : manifest["callbacks"].as_array())
    if (callback.at("plugin") != "console") callbacks.push_back(callback);
  manifest["callbacks"] = std::move(callbacks);
  std::ofstream(folder_ / "run.json") << json::serialize(manifest);
}

DigitsRun::~DigitsRun() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

DigitsRun::Times DigitsRun::run() const {
  fs::remove_all(folder_ / "run");
  Times times;
  times.started = seconds();
  run_quietly(
      {TENON_BINARY_DIR "/bin/tenon", "train", (folder_ / "run.json").string(), "--out", (folder_ / "run").string()});
  std::ifstream in(folder_ / "times");
  in >> times.first_step;
  if (takes_turns_)
    in >> times.steps >> times.seconds >> times.raw_steps >> times.raw_seconds >> times.epoch_end_seconds;
  if (!in) throw std::runtime_error("the run noted no times in " + (folder_ / "times").string());
  return times;
}

}  // namespace tenon::benchmarks
