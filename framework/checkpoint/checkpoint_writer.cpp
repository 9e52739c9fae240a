// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/checkpoint_writer.hpp"

#include <algorithm>
#include <span>
#include <stdexcept>

#include "checkpoint/file_writer.hpp"
#include "checkpoint/format.hpp"
#include "checkpoint/hash.hpp"
#include "checkpoint/json.hpp"
#include "checkpoint/safetensors_header.hpp"

namespace tenon::checkpoint {
namespace json = boost::json;
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

void write_tensors(FileSystem& files, int folder, std::string_view name, const std::vector<TensorRecord>& tensors,
                   const std::map<std::string, std::string>& metadata, bool durable, json::object& document) {
  const auto ordered = writing_order(tensors);
  const std::string header = make_safetensors_header(ordered, metadata);
  std::uint64_t size = header.size();
  for (const TensorRecord* tensor : ordered) size += tensor->bytes.size();
  FileWriter file(files, folder, std::string(name), size);
  file.append(bytes_of(header));
  json::object checksums;
  Hash hash;
  for (const TensorRecord* tensor : ordered) {
    hash.reset();
    for (auto rest = tensor->bytes; !rest.empty();) {
      const auto piece = rest.first(std::min(rest.size(), piece_size));
      hash.update(piece);
      file.append(piece);
      rest = rest.subspan(piece.size());
    }
    checksums[tensor->name] = hash.hex();
  }
  json::object facts;
  facts["xxh3_128"] = file.finish(durable);
  facts["bytes"] = file.size();
  facts["header_bytes"] = header.size();
  facts["header_xxh3_128"] = hash_of(bytes_of(header));
  document["files"].as_object()[name] = std::move(facts);
  document["tensors"].as_object()[name] = std::move(checksums);
}

/// The document's text with its own hash at the end.
std::string sealed(const json::object& document) {
  std::string text = canonical_json(document);
  text.resize(text.size() - 2);  // "\n}"
  text += before_self_hash;
  text += hash_of(bytes_of(text));
  text += after_self_hash;
  return text;
}

}  // namespace

void check_content(const Content& content) {
  for (const std::string_view key : reserved_keys) {
    if (content.document.contains(key))
      throw std::invalid_argument("the document's key '" + std::string(key) + "' is set by the writer");
  }
  if (!content.full && !content.training.empty())
    throw std::invalid_argument("a checkpoint of weights only cannot hold training state");
  if (!content.durable && !(content.model.empty() && content.training.empty()))
    throw std::invalid_argument("a checkpoint of a replay holds no tensors");
  make_safetensors_header(writing_order(content.model), content.model_metadata);
  make_safetensors_header(writing_order(content.training), {});
  canonical_json(content.document);
}

std::uint64_t write_files(FileSystem& files, int folder, const Content& content, const std::string& run_id) {
  json::object document = content.document;
  document["format"] = format_name;
  document["format_version"] = format_version;
  document["run_id"] = run_id;
  document["kind"] = content.full ? "full" : "weights";
  if (!content.durable) document["replay"] = true;
  document["files"] = json::object();
  document["tensors"] = json::object();
  if (content.durable) {
    write_tensors(files, folder, model_file, content.model, content.model_metadata, true, document);
    if (content.full) write_tensors(files, folder, training_file, content.training, {}, true, document);
  }
  const std::string text = sealed(document);
  FileWriter file(files, folder, std::string(document_file), text.size());
  file.append(bytes_of(text));
  file.finish(content.durable);
  std::uint64_t total = text.size();
  for (const auto& member : document["files"].as_object())
    total += member.value().as_object().at("bytes").to_number<std::uint64_t>();
  return total;
}

}  // namespace tenon::checkpoint
