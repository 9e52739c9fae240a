// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/weights.hpp"

#include <tenon/failure.hpp>

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/format.hpp"
#include "checkpoint/hash.hpp"
#include "checkpoint/tensor_source.hpp"
#include "loop/run_checkpoints.hpp"
#include "loop/snapshot.hpp"

namespace tenon::loop {

namespace {

namespace fs = std::filesystem;

checkpoint::LoadedTensors read_checkpoint(const fs::path& folder) {
  const checkpoint::Checkpoint opened = checkpoint::Checkpoint::open(folder);
  if (opened.is_replay())
    throw Failure(ExitCode::checkpoint, "'" + folder.string() + "' was made by a replay and holds no weights");
  return opened.load(checkpoint::model_file);
}

void refuse_run_folder(const fs::path& folder) {
  if (const std::optional<fs::path> newest = newest_state(folder))
    throw Failure(ExitCode::checkpoint, "'" + folder.string() +
                                            "' is a run's folder, not a checkpoint; its newest state is --weights " +
                                            newest->string());
}

checkpoint::LoadedTensors read(const fs::path& path) {
  std::error_code ignored;  // what cannot be looked at cannot be opened either, and that is told
  if (fs::is_directory(path, ignored)) {
    refuse_run_folder(path);
    return read_checkpoint(path);
  }
  // Within a checkpoint, its checksums count.
  const fs::path folder = path.parent_path();
  const bool within =
      path.filename() == checkpoint::model_file && fs::exists(folder / checkpoint::document_file, ignored);
  return within ? read_checkpoint(folder) : checkpoint::TensorSource(path).load_model();
}

/// Of each tensor a line that says how many bytes follow it.
std::string hash_of(const checkpoint::LoadedTensors& loaded) {
  checkpoint::Hash hash;
  for (const checkpoint::TensorRecord& record : loaded.records) {
    std::string line = std::to_string(record.name.size()) + " " + record.name + " " +
                       std::string(checkpoint::name(record.dtype)) + " " + std::to_string(record.bytes.size());
    for (const std::int64_t extent : record.shape) line += " " + std::to_string(extent);
    line += "\n";
    hash.update(std::as_bytes(std::span(line)));
    hash.update(record.bytes);
  }
  return hash.hex();
}

}  // namespace

std::string load_weights(Engine& engine, const fs::path& from) {
  checkpoint::LoadedTensors loaded;
  try {
    loaded = read(from);
  } catch (const checkpoint::ReadError& error) {
    throw Failure(ExitCode::checkpoint, std::string("the weights cannot be read: ") + error.what() +
                                            "; give a checkpoint's folder or a .safetensors file");
  }
  std::vector<EngineTensor> tensors;
  for (const checkpoint::TensorRecord& record : loaded.records) tensors.push_back(to_engine_tensor(record));
  engine.load_weights(tensors, "'" + from.string() + "'");
  return hash_of(loaded);
}

}  // namespace tenon::loop
