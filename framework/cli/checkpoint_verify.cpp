// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "checkpoint/inspect.hpp"
#include "cli/checkpoint_words.hpp"
#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "manifest/json_text.hpp"

namespace tenon::cli {

namespace json = boost::json;

ExitCode checkpoint_verify(const CommandLine& line) {
  const std::string path = line.paths.at(0).string();
  checkpoint::Verified verified;
  try {
    require_checkpoint(path);
    verified = checkpoint::verify(path);
  } catch (const checkpoint::ReadError& error) {
    if (!line.json) refuse_unreadable(error);
    print(manifest::json_text(json::object{{"path", path}, {"valid", false}, {"reason", error.what()}}) + "\n");
    return ExitCode::checkpoint;
  }
  if (line.json) {
    print(manifest::json_text(json::object{{"path", path},
                                           {"valid", true},
                                           {"tensors", verified.tensors},
                                           {"bytes", verified.bytes},
                                           {"has_checksums", verified.has_checksums}}) +
          "\n");
    return ExitCode::ok;
  }
  print(path + ": " + (verified.has_checksums ? "whole" : "valid") + ", " +
        (verified.is_replay ? "a replay's, without tensors" : std::to_string(verified.tensors) + " tensors") + ", " +
        size_text(verified.bytes) +
        (verified.has_checksums ? ", every checksum agrees\n"
                                : "; a lone file has no checksums that could prove its numbers\n"));
  return ExitCode::ok;
}

}  // namespace tenon::cli
