// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/run_beginning.hpp"

#include <tenon/failure.hpp>

#include "checkpoint/hash.hpp"
#include "checkpoint/json.hpp"
#include "loop/restore_parts.hpp"
#include "loop/weights.hpp"

namespace tenon::loop {

namespace {

namespace fs = std::filesystem;
using With = RunBeginning::With;

/// What a ref points at now; as it is given where there is no such thing.
fs::path resolved(const fs::path& path) {
  std::error_code wrong;
  const fs::path real = fs::canonical(path, wrong);
  return wrong ? path : real;
}

constexpr const char* changed = "which is not what it was then";

void refuse_if_gone(const RunBeginning& begun, const fs::path& run_folder) {
  std::error_code wrong;  // what cannot be looked at cannot be opened either, and that is told
  if (!fs::exists(begun.from, wrong) && !wrong) refuse_beginning(begun, run_folder, "which is gone");
}

std::string hash_of(const checkpoint::Checkpoint& from) {
  const std::string text = checkpoint::canonical_json(from.document());
  return checkpoint::hash_of(std::as_bytes(std::span(text)));
}

}  // namespace

RunBeginning begun_with_checkpoint(const checkpoint::Checkpoint& from, std::uint32_t parts) {
  return {With::checkpoint, resolved(from.path()), parts, hash_of(from)};
}

RunBeginning begin_with_weights(Engine& engine, const fs::path& from) {
  const fs::path real = resolved(from);  // a ref may move while they are read
  return {With::weights, real, 0, load_weights(engine, real)};
}

std::string beginning_text(const RunBeginning& begun) {
  const std::string from = "'" + begun.from.string() + "'";
  if (begun.with == With::program) return "with weights that a program had in its memory";
  if (begun.with == With::weights) return "with the weights of " + from;
  if (begun.with != With::checkpoint) return {};
  if (begun.parts == restore_everything) return "with the state of " + from;
  std::string parts;
  for (const std::string& word : restore_words(begun.parts)) parts += (parts.empty() ? "" : ", ") + word;
  return "with parts of " + from + " (" + parts + ")";
}

void refuse_beginning(const RunBeginning& begun, const fs::path& run_folder, const std::string& why) {
  const std::string again = begun.with == With::weights ? " --weights FILE" : " --resume PATH";
  throw Failure(
      ExitCode::checkpoint,
      "--resume: the run in '" + run_folder.string() + "' has nothing to go on from, and it began " +
          beginning_text(begun) + ", " + why +
          (begun.with == With::program
               ? "; begin a new run with them, in another folder"
               : "; put it back, or begin a new run with another, in a folder of its own: --out DIR" + again));
}

checkpoint::Checkpoint open_again(const RunBeginning& begun, const fs::path& run_folder) {
  refuse_if_gone(begun, run_folder);
  try {
    checkpoint::Checkpoint opened = checkpoint::Checkpoint::open(begun.from);
    if (hash_of(opened) == begun.hash) return opened;
  } catch (const checkpoint::ReadError& error) {
    refuse_beginning(begun, run_folder, std::string("which cannot be read now: ") + error.what());
  }
  refuse_beginning(begun, run_folder, changed);
}

void begin_with_weights_again(Engine& engine, const RunBeginning& begun, const fs::path& run_folder) {
  refuse_if_gone(begun, run_folder);
  std::string hash;
  try {
    hash = load_weights(engine, begun.from);
  } catch (const Failure& failure) {
    refuse_beginning(begun, run_folder, std::string("which do not serve now: ") + failure.what());
  }
  if (hash != begun.hash) refuse_beginning(begun, run_folder, changed);
}

}  // namespace tenon::loop
