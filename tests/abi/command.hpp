// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Runs other programs: compilers, cmake, nm.
#ifndef TESTS_ABI_COMMAND_HPP
#define TESTS_ABI_COMMAND_HPP

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace sdk_text {

struct Outcome {
  int code = 0;
  std::string output;  ///< both streams
};

/// Runs a shell command.
inline Outcome run(const std::string& command) {
  Outcome out;
  FILE* const pipe = popen(("( " + command + " ) 2>&1").c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot run: " + command);
  char buffer[4096];
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.output.append(buffer, n);
  const int status = pclose(pipe);
  out.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  return out;
}

/// Throws, with what to do, where a program that the ABI is promised for is not there: nothing is passed over.
inline void need_program(const std::string& program) {
  if (run("command -v " + program).code == 0) return;
  throw std::runtime_error(program +
                           " is not installed, and the headers are promised for it: install gcc, g++ and clang");
}

/// Gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "tenon-abi-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("cannot make a folder in " + name);
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string quoted(const std::filesystem::path& path) { return "'" + path.string() + "'"; }

}  // namespace sdk_text

#endif
