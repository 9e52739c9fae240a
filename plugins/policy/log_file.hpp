// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A text file that a logger appends whole lines to. Lines stand in the file when append() returns: a killed process
// loses none. A power cut may, since nothing is synced.
#ifndef TENON_PLUGINS_POLICY_LOG_FILE_HPP
#define TENON_PLUGINS_POLICY_LOG_FILE_HPP

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace tenon::policy {

class LogFile {
 public:
  /// Opens it, makes it when it is not there, and cuts it to `keep` bytes; one that is no longer than that
  /// keeps its whole lines. Throws std::runtime_error with path and reason, as everything here.
  LogFile(std::string path, std::uint64_t keep);

  void append(std::string_view lines);
  std::uint64_t size() const noexcept { return size_; }
  const std::string& path() const noexcept { return path_; }

  /// Its whole content.
  static std::string read(const std::string& path);
  /// Puts other content in its place, in one move: a reader sees the old file or the new one, never a part.
  void replace(std::string_view content);

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  void open();
  std::uint64_t whole_lines() const;
  [[noreturn]] void fail(const char* what, int reason) const;

  std::string path_;
  std::uint64_t size_ = 0;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace tenon::policy

#endif
