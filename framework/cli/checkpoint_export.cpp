// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <stdexcept>
#include <system_error>

#include "checkpoint/export.hpp"
#include "checkpoint/tensor_source.hpp"
#include "cli/checkpoint_words.hpp"
#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "loop/open_engine.hpp"
#include "manifest/json_text.hpp"

namespace tenon::cli {
namespace {

namespace json = boost::json;
using checkpoint::TensorRecord;

/// A tied tensor is kept once; whoever loads a state_dict wants it under each of its names.
void add_aliases(const checkpoint::TensorSource& source, std::vector<TensorRecord>& tensors) {
  if (!source.checkpoint()) return;
  const json::value* engine = source.checkpoint()->document().if_contains("engine");
  const json::value* aliases = engine && engine->is_object() ? engine->get_object().if_contains("aliases") : nullptr;
  if (!aliases || !aliases->is_object()) return;
  for (const auto& [alias, name] : aliases->get_object()) {
    const auto find = [&](std::string_view wanted) {
      return std::ranges::find_if(tensors, [&](const TensorRecord& t) { return t.name == wanted; });
    };
    if (!name.is_string() || find(alias) != tensors.end()) continue;
    const auto first = find(name.get_string());
    if (first == tensors.end()) continue;
    TensorRecord tied = *first;
    tied.name = alias;
    tensors.push_back(std::move(tied));
  }
}

void require_pt_types(const std::vector<TensorRecord>& tensors) {
  for (const TensorRecord& tensor : tensors)
    if (!checkpoint::is_pt_type(tensor.dtype))
      throw Failure(ExitCode::usage,
                    "tensor '" + tensor.name + "' is of type " + std::string(name(tensor.dtype)) +
                        ", which LibTorch cannot write into a .pt file; export to a .safetensors file");
}

}  // namespace

ExitCode checkpoint_export(const CommandLine& line) {
  const std::filesystem::path& to = line.paths.at(1);
  const bool is_pt = to.extension() == ".pt" || to.extension() == ".pth";
  if (!is_pt && to.extension() != ".safetensors")
    throw Failure(ExitCode::usage, "'" + to.string() +
                                       "' tells no format: weights are exported to a file that ends in "
                                       ".safetensors or .pt");
  try {
    require_checkpoint(line.paths.at(0));
    const checkpoint::TensorSource source(line.paths.at(0));
    const checkpoint::LoadedTensors loaded = source.load_model();
    std::vector<TensorRecord> tensors = loaded.records;
    add_aliases(source, tensors);
    if (is_pt) require_pt_types(tensors);
    checkpoint::write_new_file(to, [&](const checkpoint::Append& append) {
      if (is_pt)
        loop::append_pt(tensors, append);
      else
        checkpoint::append_safetensors(tensors, loaded.metadata, append);
    });
    if (line.json)
      print(manifest::json_text(json::object{{"path", to.string()}, {"tensors", tensors.size()}}) + "\n");
    else
      print(to.string() + ": " + std::to_string(tensors.size()) + " tensors\n");
    return ExitCode::ok;
  } catch (const checkpoint::ReadError& error) {
    refuse_unreadable(error);
  } catch (const std::system_error& error) {
    const bool is_taken = error.code() == std::errc::file_exists;
    throw Failure(ExitCode::output, "'" + to.string() + "' cannot be written: " + error.code().message() +
                                        (is_taken ? "; choose another name, or remove it first" : ""));
  }
}

}  // namespace tenon::cli
