// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Nothing that was changed or cut is ever taken for whole. The first argument after "--" is the share of all bits that
// is tried: "all", or every so many.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <random>
#include <string>

#include "checkpoint/folder.hpp"
#include "checkpoint/inspect.hpp"
#include "sample_content.hpp"
#include "scratch_folder.hpp"

using namespace tenon::checkpoint;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

/// A file whose content is changed behind the reader's back, without a disk write for each of many thousand changes.
class ChangedFile : public FileSystem {
 public:
  std::string name;
  std::string content;

  int open_at(int folder, const char* path, int flags, mode_t mode) override {
    const int number = FileSystem::open_at(folder, path, flags, mode);
    if (path == name) number_ = number;
    return number;
  }
  int close(int file) override {
    if (file == number_) number_ = -1;
    return FileSystem::close(file);
  }
  int status(int file, struct stat* out) override {
    const int answer = FileSystem::status(file, out);
    if (file == number_) out->st_size = static_cast<off_t>(content.size());
    return answer;
  }
  ssize_t read_at(int file, void* to, std::size_t size, off_t offset) override {
    if (file != number_) return FileSystem::read_at(file, to, size, offset);
    const std::string part = content.substr(std::min(content.size(), static_cast<std::size_t>(offset)), size);
    std::copy(part.begin(), part.end(), static_cast<char*>(to));
    return static_cast<ssize_t>(part.size());
  }

 private:
  int number_ = -1;
};

bool is_whole(const fs::path& path, ChangedFile& files) {
  try {
    verify(path, files);
    return true;
  } catch (const ReadError&) {
    return false;
  }
}

struct Saved {
  ScratchFolder scratch;
  fs::path path = Folder::open(scratch.path(), "run-1")->write(full_content("a")).path;
  ChangedFile files;
  std::size_t stride = 1;

  Saved() {
    const auto& suite = boost::unit_test::framework::master_test_suite();
    const std::string share = suite.argc > 1 ? suite.argv[1] : "all";
    if (share != "all") stride = std::stoul(share);
  }

  template <typename Body>
  void for_each_file(Body&& body) {
    for (const char* name : {"checkpoint.json", "model.safetensors", "training.safetensors"}) {
      files.name = name;
      files.content = read_text(path / name);
      BOOST_REQUIRE(is_whole(path, files));
      body(std::random_device{}() % stride);
    }
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(every_flipped_bit_is_detected, Saved) {
  for_each_file([&](std::size_t start) {
    for (std::size_t bit = start; bit < files.content.size() * 8; bit += stride) {
      char& byte = files.content[bit / 8];
      byte = static_cast<char>(byte ^ (1 << bit % 8));
      BOOST_TEST_REQUIRE(!is_whole(path, files), files.name + " bit " + std::to_string(bit));
      byte = static_cast<char>(byte ^ (1 << bit % 8));
    }
  });
}

BOOST_FIXTURE_TEST_CASE(every_truncation_is_detected, Saved) {
  for_each_file([&](std::size_t start) {
    const std::string whole = files.content;
    for (std::size_t size = start; size < whole.size(); size += stride) {
      files.content = whole.substr(0, size);
      BOOST_TEST_REQUIRE(!is_whole(path, files), files.name + " cut to " + std::to_string(size));
    }
  });
}

BOOST_FIXTURE_TEST_CASE(appended_bytes_are_detected, Saved) {
  for_each_file([&](std::size_t) {
    for (const std::string& more :
         {std::string(" "), std::string("\n"), std::string(1, '\0'), std::string(4096, ' ')}) {
      const std::string whole = files.content;
      files.content += more;
      BOOST_TEST(!is_whole(path, files), files.name);
      files.content = whole;
    }
  });
}
