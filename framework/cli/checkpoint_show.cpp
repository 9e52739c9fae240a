// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <boost/json/array.hpp>

#include "checkpoint/compare.hpp"
#include "checkpoint/format.hpp"
#include "checkpoint/inspect.hpp"
#include "cli/checkpoint_words.hpp"
#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "manifest/json_text.hpp"

namespace tenon::cli {
namespace {

namespace json = boost::json;
using Rows = std::vector<std::vector<std::string>>;

/// `file`: its name in the checkpoint, empty for one by itself.
std::string tensors_text(std::string_view file, const checkpoint::SafetensorsFile& tensors) {
  Rows rows;
  for (const checkpoint::TensorEntry& entry : tensors.header().tensors)
    rows.push_back({entry.name, checkpoint::describe(entry), size_text(entry.size)});
  return "\n" + (file.empty() ? "" : styled(std::string(file), Style::strong, STDOUT_FILENO) + ", ") +
         std::to_string(rows.size()) + " tensors\n" + table(rows, "  ");
}

std::string plugins_text(const json::object& document) {
  std::string text;
  const json::value* callbacks = document.if_contains("callbacks");
  if (!callbacks || !callbacks->is_array()) return text;
  for (const json::value& each : callbacks->get_array())
    if (each.is_object())
      text += (text.empty() ? "" : ", ") + text_at(each.get_object(), "id") + " (" +
              text_at(each.get_object(), "plugin") + " " + text_at(each.get_object(), "version") + ")";
  return text;
}

std::string metrics_text(const json::object& document) {
  std::string text;
  const json::value* metrics = document.if_contains("metrics");
  if (!metrics || !metrics->is_object()) return text;
  for (const auto& [name, metric] : metrics->get_object())
    if (metric.is_object())
      text += (text.empty() ? "" : ", ") + std::string(name) + " " + text_at(metric.get_object(), "value");
  return text;
}

std::string as_text(const checkpoint::Checkpoint& shown) {
  const json::object& document = shown.document();
  std::string text = styled(shown.path().string(), Style::strong, STDOUT_FILENO) + ": " + kind_text(document) + ", " +
                     size_text(shown.bytes()) + "\n";
  Rows rows{
      {"run", shown.run_id()},
      {"task", text_at(document, "task")},
      {"seed", text_at(document, "seed")},
      {"stands at", "epoch " + text_at(document, "commit_point/epoch") + ", step " +
                        text_at(document, "progress/step") + ", phase " + text_at(document, "commit_point/phase")},
      {"metrics", metrics_text(document)},
      {"held by", holders_text(document)},
      {"callbacks", plugins_text(document)}};
  if (text_at(document, "consistent") == "false") rows.push_back({"inconsistent", "training cannot go on from it"});
  if (document.contains("transforms")) rows.push_back({"transforms", text_at(document, "transforms")});
  std::erase_if(rows, [](const auto& row) { return row[1].empty(); });
  text += table(rows, "  ");
  for (const std::string_view name : {checkpoint::model_file, checkpoint::training_file})
    if (const checkpoint::SafetensorsFile* file = shown.file(name)) text += tensors_text(name, *file);
  return text;
}

std::string lone_text(const checkpoint::SafetensorsFile& file) {
  std::string text = styled(file.name(), Style::strong, STDOUT_FILENO) + ": " + size_text(file.size()) + "\n";
  Rows rows;
  for (const auto& [key, value] : file.header().metadata) rows.push_back({key, value});
  return text + table(rows, "  ") + tensors_text("", file);
}

json::object lone_json(const checkpoint::SafetensorsFile& file) {
  json::array tensors;
  for (const checkpoint::TensorEntry& entry : file.header().tensors)
    tensors.push_back(json::object{{"name", entry.name},
                                   {"dtype", name(entry.dtype)},
                                   {"shape", json::array(entry.shape.begin(), entry.shape.end())},
                                   {"bytes", entry.size}});
  json::object metadata;
  for (const auto& [key, value] : file.header().metadata) metadata[key] = value;
  return {{"path", file.name()}, {"bytes", file.size()}, {"metadata", metadata}, {"tensors", tensors}};
}

}  // namespace

ExitCode checkpoint_show(const CommandLine& line) {
  const std::filesystem::path& path = line.paths.at(0);
  try {
    require_checkpoint(path);
    std::error_code ignored;  // what cannot be looked at cannot be opened either, and that is told
    if (std::filesystem::is_directory(path, ignored)) {
      print(line.json ? manifest::json_text(checkpoint::show_checkpoint(path)) + "\n"
                      : as_text(checkpoint::Checkpoint::open(path)));
    } else {
      const checkpoint::SafetensorsFile file(checkpoint::real_file_system(), AT_FDCWD, path.string());
      print(line.json ? manifest::json_text(lone_json(file)) + "\n" : lone_text(file));
    }
  } catch (const checkpoint::ReadError& error) {
    refuse_unreadable(error);
  }
  return ExitCode::ok;
}

}  // namespace tenon::cli
