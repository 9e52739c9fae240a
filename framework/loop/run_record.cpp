// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/run_record.hpp"

#include <fcntl.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <stdexcept>
#include <system_error>
#include <tenon/failure.hpp>

#include "checkpoint/file_writer.hpp"
#include "checkpoint/input_file.hpp"
#include "checkpoint/json.hpp"
#include "checkpoint/read_error.hpp"
#include "loop/restore_parts.hpp"

namespace tenon::loop {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr const char* format_name = "tenon.run";
constexpr std::int64_t format_version = 2;
constexpr std::int64_t version_with_beginnings = 2;
constexpr const char* checksum_key = "xxh3_128";
constexpr const char* temporary_file = ".tenon-run.json";
constexpr std::uint64_t largest_record = std::uint64_t{64} << 20;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string checksum_of(const json::object& without_it) {
  return checkpoint::hash_of(bytes_of(checkpoint::canonical_json(without_it)));
}

json::value limit_json(std::uint64_t limit) { return limit == no_limit ? json::value(nullptr) : json::value(limit); }

json::object end_json(const RunEnd& end) {
  return {
      {"reason", end.reason},
      {"detail", end.detail},
      {"epochs", end.epochs},
      {"steps", end.steps},
      {"max_epochs", limit_json(end.limits.max_epochs)},
      {"max_steps", limit_json(end.limits.max_steps)},
      {"max_time", end.limits.max_time == std::numeric_limits<double>::infinity() ? json::value(nullptr)
                                                                                  : json::value(end.limits.max_time)},
      {"settings", end.limits.settings}};
}

/// Relative where it lies in the run's folder or is that folder; else both ways, as [relative, absolute].
json::value written(const fs::path& folder, const fs::path& run_folder) {
  const fs::path relative = folder.lexically_relative(run_folder);
  if (relative.empty()) return json::value(folder.string());
  if (*relative.begin() == "..") return json::array{relative.string(), folder.string()};
  return json::value(relative.string());
}

/// Whoever moves or copies a run together with what lies beside it means that, and not what was there before.
fs::path read_place(const json::value& written, const fs::path& run_folder) {
  const json::array both = written.is_array() ? written.get_array() : json::array{written};
  for (const json::value& one : both) {
    const fs::path whole = (run_folder / std::string_view(one.as_string())).lexically_normal();
    std::error_code wrong;
    if (&one == &both.back() || fs::exists(whole, wrong)) return whole.has_filename() ? whole : whole.parent_path();
  }
  throw std::invalid_argument("a place without a path");
}

constexpr std::string_view by_program = "program", by_nobody_knows_what = "unknown";

/// {"weights": path, "xxh3_128"}, {"checkpoint": path, "parts", "xxh3_128"}, "program", "unknown"; null: the task's.
json::value beginning_json(const RunBeginning& begun, const fs::path& run_folder) {
  using With = RunBeginning::With;
  if (begun.with == With::task) return nullptr;
  if (begun.with == With::program || begun.with == With::unknown)
    return json::value(begun.with == With::program ? by_program : by_nobody_knows_what);
  json::object o{{"xxh3_128", begun.hash}};
  const bool is_state = begun.with == With::checkpoint;
  o[is_state ? "checkpoint" : "weights"] = written(begun.from, run_folder);
  if (!is_state) return o;
  json::array& parts = o["parts"].emplace_array();
  for (const std::string& word : restore_words(begun.parts)) parts.push_back(json::value(word));
  return o;
}

RunBeginning beginning_of(const json::value& value, const fs::path& run_folder) {
  using With = RunBeginning::With;
  if (value.is_null()) return {};
  RunBeginning begun;
  if (value.is_string()) {
    begun.with = value.get_string() == by_program ? With::program : With::unknown;
    return begun;
  }
  const json::object& o = value.as_object();
  begun.hash = o.at("xxh3_128").as_string();
  begun.with = o.contains("checkpoint") ? With::checkpoint : With::weights;
  begun.from = read_place(o.at(begun.with == With::checkpoint ? "checkpoint" : "weights"), run_folder);
  if (begun.with == With::weights) return begun;
  std::string words;
  for (const json::value& word : o.at("parts").as_array())
    words += (words.empty() ? "" : ",") + std::string(word.as_string());
  begun.parts = restore_parts_from(words);
  return begun;
}

std::string text_of(const RunRecord& record, const fs::path& run_folder) {
  json::array folders;
  for (const fs::path& folder : record.folders) folders.push_back(written(folder, run_folder));
  json::object o{{"format", format_name},
                 {"format_version", format_version},
                 {"run_id", record.run_id},
                 {"started_unix_ns", record.started_unix_ns},
                 {"attempt", record.attempt},
                 {"resumed_from", json::array(record.resumed_from.begin(), record.resumed_from.end())},
                 {"resumed_attempts", json::array(record.resumed_attempts.begin(), record.resumed_attempts.end())},
                 {"stops_done_to", record.stops_done_to},
                 {"begun_with", beginning_json(record.begun_with, run_folder)},
                 {"task", record.task},
                 {"seed", record.seed},
                 {"folders", std::move(folders)},
                 {"ended", record.ended ? json::value(end_json(*record.ended)) : json::value(nullptr)}};
  o[checksum_key] = checksum_of(o);
  return checkpoint::canonical_json(o) + "\n";
}

[[noreturn]] void refuse(const std::string& problem,
                         checkpoint::ReadError::Reason reason = checkpoint::ReadError::Reason::damaged) {
  throw checkpoint::ReadError(reason, "'" + std::string(run_record_file) + "': " + problem);
}

std::uint64_t limit_of(const json::value& value) {
  return value.is_null() ? no_limit : value.to_number<std::uint64_t>();
}

RunEnd end_of(const json::object& o) {
  RunEnd end;
  end.reason = o.at("reason").as_string();
  end.detail = o.at("detail").as_string();
  end.epochs = o.at("epochs").to_number<std::uint64_t>();
  end.steps = o.at("steps").to_number<std::uint64_t>();
  end.limits.max_epochs = limit_of(o.at("max_epochs"));
  end.limits.max_steps = limit_of(o.at("max_steps"));
  if (!o.at("max_time").is_null()) end.limits.max_time = o.at("max_time").to_number<double>();
  end.limits.settings = o.at("settings").as_string();
  return end;
}

RunRecord record_of(const json::object& o, std::int64_t version, const fs::path& run_folder) {
  RunRecord record;
  record.begun_with.with = RunBeginning::With::unknown;
  if (version >= version_with_beginnings) record.begun_with = beginning_of(o.at("begun_with"), run_folder);
  record.run_id = o.at("run_id").as_string();
  record.started_unix_ns = o.at("started_unix_ns").to_number<std::int64_t>();
  record.attempt = o.at("attempt").to_number<std::uint64_t>();
  for (const json::value& from : o.at("resumed_from").as_array())
    record.resumed_from.push_back(from.to_number<std::uint64_t>());
  for (const json::value& attempt : o.at("resumed_attempts").as_array())
    record.resumed_attempts.push_back(attempt.to_number<std::uint64_t>());
  record.stops_done_to = o.at("stops_done_to").to_number<std::uint64_t>();
  record.task = o.at("task").as_string();
  record.seed = o.at("seed").to_number<std::uint64_t>();
  for (const json::value& folder : o.at("folders").as_array()) record.folders.push_back(read_place(folder, run_folder));
  if (!o.at("ended").is_null()) record.ended = end_of(o.at("ended").as_object());
  return record;
}

RunRecord parse(const std::string& text, const fs::path& run_folder) {
  try {
    json::object o = checkpoint::parse_exactly(text).as_object();
    const std::string given(o.at(checksum_key).as_string());
    o.erase(checksum_key);
    if (given != checksum_of(o)) refuse("its checksum differs: it was damaged or changed");
    if (o.at("format").as_string() != format_name) refuse("it is not the record of a run");
    const auto version = o.at("format_version").to_number<std::int64_t>();
    if (version > format_version)
      refuse("it is of a newer format; use a newer tenon", checkpoint::ReadError::Reason::unsupported);
    return record_of(o, version, run_folder);
  } catch (const checkpoint::ReadError&) {
    throw;
  } catch (const std::exception&) {  // of the JSON: not well-formed, a member missing or of another type
    refuse("it is cut short or no run's record");
  }
}

}  // namespace

void RunRecord::go_on_from(std::uint64_t sequence, std::uint64_t its_attempt) {
  resumed_attempts.resize(resumed_from.size());
  for (std::size_t i = 0; i < resumed_attempts.size(); ++i)
    if (resumed_attempts[i] == 0) resumed_attempts[i] = i + 1;
  resumed_attempts.push_back(sequence == 0 ? attempt : its_attempt);
  resumed_from.push_back(sequence);
  ++attempt;
}

bool RunRecord::leaves_behind(std::uint64_t its_attempt, std::uint64_t its_sequence) const {
  std::uint64_t at = resumed_from.size() + 1, last = no_limit;
  if (its_attempt > at) return false;
  while (at > its_attempt && at > 1) {
    const std::size_t i = at - 2;
    last = std::min(last, resumed_from[i]);
    const std::uint64_t parent = i < resumed_attempts.size() ? resumed_attempts[i] : 0;
    at = parent == 0 || parent >= at ? at - 1 : parent;
  }
  return at < its_attempt || its_sequence > last;
}

std::optional<RunRecord> read_run_record(const fs::path& run_folder, checkpoint::FileSystem& files) {
  try {
    const checkpoint::InputFile file(files, AT_FDCWD, (run_folder / run_record_file).string());
    if (file.size() > largest_record) refuse("it has " + std::to_string(file.size()) + " bytes, far too many");
    std::string text(file.size(), '\0');
    file.read(std::as_writable_bytes(std::span(text)), 0);
    return parse(text, run_folder);
  } catch (const checkpoint::ReadError& error) {
    if (error.reason() == checkpoint::ReadError::Reason::missing) return std::nullopt;
    throw;
  }
}

RecordedRun::RecordedRun(fs::path run_folder, RunRecord record, checkpoint::FileSystem& files)
    : run_folder_(std::move(run_folder)), files_(files), record_(std::move(record)), before_(record_) {}

void RecordedRun::create() {
  const std::lock_guard lock(mutex_);
  change(record_);
}

void RecordedRun::reopen(std::uint64_t from_sequence, std::uint64_t from_attempt) {
  const std::lock_guard lock(mutex_);
  RunRecord next = record_;
  next.go_on_from(from_sequence, from_attempt);
  next.stops_done_to = std::min(next.stops_done_to, from_sequence);  // a stop that it has gone back behind comes again
  if (next.ended && next.ended->reason == "stopped") next.stops_done_to = from_sequence;
  next.ended.reset();
  before_ = record_;
  change(std::move(next));
}

void RecordedRun::put_back() {
  const std::lock_guard lock(mutex_);
  change(before_);
}

void RecordedRun::add_folder(const fs::path& absolute) {
  const std::lock_guard lock(mutex_);
  if (std::find(record_.folders.begin(), record_.folders.end(), absolute) != record_.folders.end()) return;
  RunRecord next = record_;
  next.folders.push_back(absolute);
  change(std::move(next));
}

void RecordedRun::set_ended(RunEnd end) {
  const std::lock_guard lock(mutex_);
  RunRecord next = record_;
  next.ended = std::move(end);
  change(std::move(next));
}

void RecordedRun::change(RunRecord next) {
  using checkpoint::uninterrupted;
  try {
    const checkpoint::Descriptor folder =
        checkpoint::open_file(files_, AT_FDCWD, run_folder_.string(), O_RDONLY | O_DIRECTORY);
    const auto unlink = [&] {
      return uninterrupted([&] { return files_.unlink_at(folder.number(), temporary_file, 0); });
    };
    unlink();  // of a run that was killed here
    try {
      checkpoint::FileWriter file(files_, folder.number(), temporary_file);
      file.append(bytes_of(text_of(next, run_folder_)));
      file.finish(true);
      if (uninterrupted([&] {
            return files_.rename_at(folder.number(), temporary_file, folder.number(), run_record_file);
          }) == -1)
        checkpoint::throw_system_error("rename", temporary_file);
    } catch (...) {
      unlink();
      throw;
    }
    checkpoint::sync(files_, folder.number(), run_folder_.string());
  } catch (const std::system_error& error) {
    throw Failure(ExitCode::output, "the run's record '" + (run_folder_ / run_record_file).string() +
                                        "' cannot be written: " + error.code().message() +
                                        "; without it the run could not be resumed");
  }
  record_ = std::move(next);
}

}  // namespace tenon::loop
