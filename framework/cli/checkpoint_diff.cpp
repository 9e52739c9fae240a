// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>

#include "checkpoint/compare.hpp"
#include "cli/checkpoint_words.hpp"
#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "manifest/json_text.hpp"

namespace tenon::cli {
namespace {

namespace json = boost::json;
using checkpoint::TensorDifference;
using Kind = TensorDifference::Kind;

std::string in_words(const TensorDifference& d) {
  switch (d.kind) {
    case Kind::only_first:
      return "only in the first: " + d.first;
    case Kind::only_second:
      return "only in the second: " + d.second;
    case Kind::other_type:
      return d.first + " in the first, " + d.second + " in the second";
    case Kind::numbers:
      break;
  }
  if (!d.numbers.largest) return std::to_string(d.numbers.count) + " bytes differ";
  return "largest difference " + number_text(*d.numbers.largest) + ", in " + std::to_string(d.numbers.count) + " of " +
         std::to_string(d.elements) + " numbers";
}

std::string as_text(const checkpoint::Comparison& found) {
  if (found.differences.empty()) return "equal: " + std::to_string(found.compared) + " tensors, bit for bit\n";
  std::string text;
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < found.differences.size(); ++i) {
    const TensorDifference& d = found.differences[i];
    rows.push_back({d.name, in_words(d)});
    if (i + 1 < found.differences.size() && found.differences[i + 1].file == d.file) continue;
    text += styled(d.file, Style::strong, STDOUT_FILENO) + "\n" + table(rows, "  ");
    rows.clear();
  }
  const auto count = [&](Kind kind) {
    return std::ranges::count_if(found.differences, [&](const TensorDifference& d) { return d.kind == kind; });
  };
  const auto alone = [&](Kind kind, const char* where) {
    return count(kind) ? ", " + std::to_string(count(kind)) + " only in the " + where : "";
  };
  return text + std::to_string(count(Kind::numbers) + count(Kind::other_type)) + " of the " +
         std::to_string(found.compared) + " tensors in both differ" + alone(Kind::only_first, "first") +
         alone(Kind::only_second, "second") + "\n";
}

json::object as_json(const checkpoint::Comparison& found) {
  json::array differences;
  for (const TensorDifference& d : found.differences) {
    json::object o{{"file", d.file}, {"tensor", d.name}};
    o["first"] = d.first.empty() ? json::value() : json::value(d.first);
    o["second"] = d.second.empty() ? json::value() : json::value(d.second);
    if (d.kind == Kind::numbers) {
      o["largest_difference"] = d.numbers.largest ? json::value(*d.numbers.largest) : json::value();
      o["different"] = d.numbers.count;
      o["elements"] = d.elements;
    }
    differences.push_back(std::move(o));
  }
  return {{"equal", found.differences.empty()}, {"compared", found.compared}, {"differences", std::move(differences)}};
}

}  // namespace

ExitCode checkpoint_diff(const CommandLine& line) {
  checkpoint::Comparison found;
  try {
    for (const std::filesystem::path& path : line.paths) require_checkpoint(path);
    found = checkpoint::compare(checkpoint::TensorSource(line.paths.at(0)), checkpoint::TensorSource(line.paths.at(1)));
  } catch (const checkpoint::ReadError& error) {
    refuse_unreadable(error);
  }
  print(line.json ? manifest::json_text(as_json(found)) + "\n" : as_text(found));
  return found.differences.empty() ? ExitCode::ok : ExitCode::failed;
}

}  // namespace tenon::cli
