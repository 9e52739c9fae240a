// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "replay/history.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <tenon/failure.hpp>

#include "replay/epochs.hpp"
#include "replay/history_line.hpp"

namespace tenon::replay {

namespace {

bool is_blank(const std::string& line) { return line.find_first_not_of(" \t\r") == std::string::npos; }

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw Failure(ExitCode::usage, name + ": " + why);
}

}  // namespace

History read_history(std::istream& in, const std::string& name) {
  History history;
  LineReader reader(history);
  Epochs epochs(history);
  std::uint64_t number = 0, failed_at = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (is_blank(line)) continue;
    try {
      if (failed_at != 0) {
        history.remarks.push_back(name + ": what stands behind line " + std::to_string(failed_at) +
                                  ", where the run failed, is not replayed; if it was resumed there, take that line "
                                  "out");
        break;
      }
      const Event event = reader.read(line);
      epochs.add(event);
      history.has_validation = history.has_validation || event.kind == EventKind::validation;
      if (event.kind == EventKind::exception) failed_at = number;
    } catch (const LineError& error) {
      if (in.eof() && line.front() == '{' && line.back() != '}') {  // a run that was killed while it wrote
        history.remarks.push_back(name + ": the last line is not whole and is left out");
        break;
      }
      refuse(name, "line " + std::to_string(number) + ": " + error.what());
    }
  }
  if (in.bad()) refuse(name, std::string("cannot be read: ") + std::strerror(errno));
  if (history.events.empty()) history.remarks.push_back(name + ": there is nothing in it to replay");
  return history;
}

History read_history(const std::filesystem::path& file) {
  const std::string name = "'" + file.string() + "'";
  std::error_code wrong;
  if (std::filesystem::is_directory(file, wrong))
    refuse(name, "this is a folder; name the file that jsonl_logger has written, " + (file / "metrics.jsonl").string());
  std::ifstream in(file, std::ios::binary);
  if (!in)
    refuse(name, "cannot be opened: " + std::string(std::strerror(errno)) +
                     "; --metrics names the file that jsonl_logger has written");
  return read_history(in, name);
}

}  // namespace tenon::replay
