// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/process.hpp"

#include <signal.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace tenon::checkpoint {
namespace {

std::string read(pid_t process, const char* file) {
  std::ifstream stream("/proc/" + std::to_string(process) + "/" + file);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// A SIGKILL that waits for the process to notice it: for as long as a call to the disk takes.
bool is_killed(const std::string& status) {
  for (const char* key : {"\nSigPnd:\t", "\nShdPnd:\t"}) {
    const std::size_t at = status.find(key);
    if (at == std::string::npos) continue;
    const std::uint64_t pending = std::strtoull(status.c_str() + at + 9, nullptr, 16);
    if (pending & (std::uint64_t{1} << (SIGKILL - 1))) return true;
  }
  return false;
}

}  // namespace

ProcessState state_of(pid_t process) {
  if (::kill(process, 0) == -1 && errno == ESRCH) return ProcessState::gone;
  const std::string stat = read(process, "stat");
  const std::size_t name_end = stat.rfind(')');  // the name may have any character
  if (name_end == std::string::npos) return ProcessState::alive;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string state, skipped;
  std::uint64_t flags = 0, threads = 0, memory = 1;
  fields >> state;
  for (int field = 4; field < 9; ++field) fields >> skipped;
  fields >> flags;
  for (int field = 10; field < 20; ++field) fields >> skipped;
  fields >> threads;
  for (int field = 21; field < 23; ++field) fields >> skipped;
  fields >> memory;
  if (!fields) return ProcessState::alive;
  if (state == "Z" || state == "X") return threads > 1 ? ProcessState::ending : ProcessState::gone;
  constexpr std::uint64_t exiting = 0x4, dumping_core = 0x200, signaled = 0x400;  // PF_* of the kernel's sched.h
  const bool is_leaving = (flags & (exiting | dumping_core | signaled)) != 0 || memory == 0;
  return is_leaving || is_killed(read(process, "status")) ? ProcessState::ending : ProcessState::alive;
}

}  // namespace tenon::checkpoint
