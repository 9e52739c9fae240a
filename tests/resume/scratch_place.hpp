// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TESTS_RESUME_SCRATCH_PLACE_HPP
#define TENON_TESTS_RESUME_SCRATCH_PLACE_HPP

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <string>

namespace tenon::tests {

struct Place {
  Place() {
    // Hundreds of runs that sync every step: where it can be had, in memory.
    const std::filesystem::path memory = "/dev/shm";
    const std::filesystem::path where =
        access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
    std::string name = (where / "tenon-resume-XXXXXX").string();
    BOOST_REQUIRE(mkdtemp(name.data()));
    path = std::filesystem::canonical(name);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

inline void copy_folder(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::create_directories(to.parent_path());
  std::filesystem::copy(from, to,
                        std::filesystem::copy_options::recursive | std::filesystem::copy_options::copy_symlinks);
}

}  // namespace tenon::tests

#endif
