// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/document.hpp"

#include <fcntl.h>

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

#include "checkpoint/format.hpp"
#include "checkpoint/hash.hpp"
#include "checkpoint/input_file.hpp"
#include "checkpoint/json.hpp"

namespace tenon::checkpoint {
namespace json = boost::json;
namespace {

constexpr std::uint64_t largest_document = std::uint64_t{1} << 30;
constexpr std::size_t digits = 32;

[[noreturn]] void refuse(const std::string& problem, ReadError::Reason reason = ReadError::Reason::damaged) {
  throw ReadError(reason, "'" + std::string(document_file) + "': " + problem);
}

/// The format's own members, of the types that readers rely on.
void check_members(const json::object& document) {
  const auto text_at = [&](std::string_view key) -> std::string_view {
    const json::value* value = document.if_contains(key);
    if (value == nullptr || !value->is_string()) refuse("it has no text '" + std::string(key) + "'");
    return value->get_string();
  };
  if (text_at("format") != format_name) refuse("it is not a checkpoint's document");
  const json::value* version = document.if_contains("format_version");
  if (version == nullptr || !version->is_int64()) refuse("it has no number 'format_version'");
  if (version->get_int64() > format_version) {
    refuse("it has format " + std::to_string(version->get_int64()) + ", this program reads up to " +
               std::to_string(format_version) + "; use a newer tenon",
           ReadError::Reason::unsupported);
  }
  if (const auto kind = text_at("kind"); kind != "full" && kind != "weights")
    refuse("its kind '" + std::string(kind) + "' is neither 'full' nor 'weights'");
  text_at("run_id");
  for (const std::string_view key : {"files", "tensors"}) {
    const json::value* value = document.if_contains(key);
    if (value == nullptr || !value->is_object()) refuse("it has no object '" + std::string(key) + "'");
  }
}

}  // namespace

json::object parse_document(std::string_view text) {
  const std::size_t trailer = digits + after_self_hash.size();
  if (text.size() < before_self_hash.size() + trailer || !text.ends_with(after_self_hash))
    refuse("it is cut short or no checkpoint's document");
  const std::string_view hashed = text.substr(0, text.size() - trailer);
  if (!hashed.ends_with(before_self_hash)) refuse("it is cut short or no checkpoint's document");
  if (hash_of(std::as_bytes(std::span(hashed))) != text.substr(hashed.size(), digits))
    refuse("its bytes do not have the checksum that stands at its end: it was damaged or changed");
  try {
    const json::value value = parse_exactly(text);
    if (!value.is_object()) refuse("it is no object");
    json::object document = value.get_object();
    check_members(document);
    return document;
  } catch (const std::invalid_argument& problem) {
    refuse(problem.what());
  }
}

json::object read_document(FileSystem& files, int checkpoint_folder) {
  const InputFile file(files, checkpoint_folder, std::string(document_file));
  if (file.size() > largest_document) refuse("it has " + std::to_string(file.size()) + " bytes, far too many");
  std::string text(file.size(), '\0');
  file.read(std::as_writable_bytes(std::span(text)), 0);
  return parse_document(text);
}

}  // namespace tenon::checkpoint
