// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TESTS_EXAMPLES_EXAMPLE_RUN_HPP
#define TENON_TESTS_EXAMPLES_EXAMPLE_RUN_HPP

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../runs/program.hpp"

namespace examples_test {

using runs_test::Outcome;
using runs_test::Workplace;

inline const runs_test::fs::path examples = TENON_SOURCE_DIR "/examples";

/// Trains an example's run.json into `run` of the workplace; fails the test where that fails.
inline Outcome train(const Workplace& here, const std::string& example, const std::string& settings) {
  const Outcome outcome = here.run("train '" + (examples / example / "run.json").string() +
                                   "' --out run --set trainer.threads=1 " + settings);
  BOOST_REQUIRE_MESSAGE(outcome.code == 0, outcome.err);
  return outcome;
}

/// What stands in a column of the run's metrics.csv, empty fields left out.
inline std::vector<double> column(const Workplace& here, const std::string& name) {
  const auto fields = [](std::string line) {
    std::vector<std::string> out(1);
    for (const char c : line)
      if (c == ',')
        out.emplace_back();
      else
        out.back() += c;
    return out;
  };
  std::vector<double> values;
  std::size_t wanted = SIZE_MAX;
  for (const std::string& line : runs_test::lines(runs_test::read(here / "run/metrics.csv"))) {
    const std::vector<std::string> all = fields(line);
    if (wanted == SIZE_MAX) {
      wanted = static_cast<std::size_t>(std::find(all.begin(), all.end(), name) - all.begin());
      if (wanted == all.size()) throw std::runtime_error("metrics.csv has no column " + name + ": " + line);
    } else if (!all.at(wanted).empty()) {
      values.push_back(std::stod(all[wanted]));
    }
  }
  return values;
}

inline boost::json::object document(const runs_test::fs::path& checkpoint) {
  return boost::json::parse(runs_test::read(checkpoint / "checkpoint.json")).as_object();
}

/// A safetensors file's header, and its bytes from the first tensor on.
inline std::pair<boost::json::object, std::string> safetensors(const runs_test::fs::path& file) {
  const std::string bytes = runs_test::read(file);
  std::uint64_t size = 0;
  for (int i = 7; i >= 0; --i) size = size << 8 | static_cast<unsigned char>(bytes.at(static_cast<std::size_t>(i)));
  return {boost::json::parse(bytes.substr(8, size)).as_object(), bytes.substr(8 + size)};
}

/// Names and shapes of a safetensors file.
inline std::map<std::string, std::vector<std::int64_t>> tensors(const runs_test::fs::path& file) {
  std::map<std::string, std::vector<std::int64_t>> found;
  const auto [header, data] = safetensors(file);
  for (const auto& [name, about] : header) {
    if (name == "__metadata__") continue;
    std::vector<std::int64_t>& shape = found[name];
    for (const auto& length : about.at("shape").as_array()) shape.push_back(length.to_number<std::int64_t>());
  }
  return found;
}

/// The one number of an int64 tensor.
inline std::int64_t whole_number(const runs_test::fs::path& file, const std::string& name) {
  const auto [header, data] = safetensors(file);
  std::int64_t value = 0;
  std::memcpy(&value, data.data() + header.at(name).at("data_offsets").at(0).to_number<std::size_t>(), sizeof value);
  return value;
}

}  // namespace examples_test

#endif
