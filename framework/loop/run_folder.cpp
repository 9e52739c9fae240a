// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/run_folder.hpp"

#include <tenon/failure.hpp>

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>

namespace tenon::loop {

void make_run_folder(const std::filesystem::path& folder) {
  const auto refuse = [&](const std::string& why) {
    return Failure(ExitCode::output, "the run's folder '" + folder.string() + "' cannot be written: " + why +
                                         "; choose another with --out DIR");
  };
  std::error_code wrong;
  std::filesystem::create_directories(folder, wrong);
  if (wrong) throw refuse(wrong.message());
  std::string probe = (folder / ".tenon-probe-XXXXXX").string();
  const int file = ::mkstemp(probe.data());
  if (file < 0) throw refuse(std::strerror(errno));
  ::close(file);
  ::unlink(probe.c_str());
}

std::string new_run_id() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::array<char, 48> id{};
  const std::size_t n = std::strftime(id.data(), id.size(), "%Y%m%d-%H%M%S-", &utc);
  std::snprintf(id.data() + n, id.size() - n, "%08x", std::random_device{}());
  return id.data();
}

}  // namespace tenon::loop
