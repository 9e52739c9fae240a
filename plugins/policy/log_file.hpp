// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A text file that a logger appends whole lines to, and that a resumed run goes on with. Lines stand in the file when
// append() returns: a killed process loses none. What a power cut may take is what sync() was not called for.
#ifndef TENON_PLUGINS_POLICY_LOG_FILE_HPP
#define TENON_PLUGINS_POLICY_LOG_FILE_HPP

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace tenon::policy {

/// FNV-1a of 64 bits, to tell whether a text is still the one that was written.
class Fingerprint {
 public:
  Fingerprint() = default;
  /// Goes on from value().
  explicit Fingerprint(std::uint64_t so_far) noexcept : value_(so_far) {}
  void add(std::string_view text) noexcept {
    for (const char c : text) value_ = (value_ ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  std::uint64_t value() const noexcept { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325u;
};

/// What a file holds: its length and its text's fingerprint.
struct LogContent {
  std::uint64_t size = 0, lines = 0, fingerprint = Fingerprint().value();
  bool operator==(const LogContent& o) const noexcept {
    return size == o.size && lines == o.lines && fingerprint == o.fingerprint;
  }
};

class LogFile {
 public:
  /// Opens it, makes it when it is not there, and cuts it to the whole lines among its first `keep` bytes. Throws
  /// std::runtime_error with path and reason, as everything here.
  LogFile(std::string path, std::uint64_t keep);
  /// Writes what waits; what goes wrong with that is not told: flush() tells it.
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  /// From here on lines wait in memory until there are many: in a replay, which nobody goes on with after a crash.
  void gather() noexcept { gathers_ = true; }
  /// Writes what waits.
  void flush();

  /// Of whole lines. Where it fails, the file ends as before.
  void append(std::string_view lines);
  /// What stands in it now.
  const LogContent& content() const noexcept { return content_; }
  std::uint64_t size() const noexcept { return content_.size; }
  const std::string& path() const noexcept { return path_; }

  /// What puts all that stands in the file now on the disk; to be called on any thread, also when the file is closed or
  /// replaced by then. It throws std::runtime_error.
  std::function<void()> sync() const;

  /// Its whole content.
  static std::string read(const std::string& path);
  /// Puts other content in its place, in one move: a reader sees the old file or the new one, never a part. Where
  /// sync() was called, or the file is one that a run goes on with, the new one is on the disk before that.
  void replace(std::string_view content);

 private:
  class Handle;
  void open();
  void write(std::string_view lines, std::uint64_t size_before);
  void keep_whole_lines(std::uint64_t most);
  [[noreturn]] void fail(const char* what, int reason) const;

  std::string path_;
  LogContent content_;
  bool gathers_ = false;
  std::string waiting_;  // counted in content_
  std::shared_ptr<const Handle> file_;
  mutable bool is_synced_ = false;  // somebody counts on what it holds
};

}  // namespace tenon::policy

#endif
