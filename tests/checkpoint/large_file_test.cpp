// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/large_file.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "checkpoint/folder.hpp"
#include "faulty_file_system.hpp"
#include "sample_content.hpp"
#include "scratch_folder.hpp"

using namespace tenon::checkpoint;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t piece = 2 * page_size;

std::vector<std::byte> numbered(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t index = 0; index < size; ++index) bytes[index] = static_cast<std::byte>(index * 31 >> 3);
  return bytes;
}

/// A checkpoint whose model.safetensors has `size` bytes of data; its folder.
fs::path save(const fs::path& in, std::size_t size, FileSystem& files) {
  const std::vector<std::byte> bytes = numbered(size);
  const auto half = static_cast<std::int64_t>(size / 2), rest = static_cast<std::int64_t>(size) - half;
  Content content = full_content("a");
  content.model = {{"first", DType::u8, {half}, std::span(bytes).first(static_cast<std::size_t>(half))},
                   {"second", DType::u8, {rest}, std::span(bytes).subspan(static_cast<std::size_t>(half))}};
  return Folder::open(in, "run", true, files)->write(content).path;
}

/// What is asked of the disk while O_DIRECT is on.
class WatchedFileSystem : public FaultyFileSystem {
 public:
  bool is_direct = false;
  std::uint64_t past_the_cache = 0, reserved = 0;
  int set_direct(int file, bool direct) override {
    const int answer = FaultyFileSystem::set_direct(file, direct);
    is_direct = direct && answer == 0;
    return answer;
  }
  int reserve(int file, off_t size) override {
    reserved += static_cast<std::uint64_t>(size);
    return FaultyFileSystem::reserve(file, size);
  }
  int close(int file) override {
    is_direct = false;
    return FaultyFileSystem::close(file);
  }
  ssize_t write(int file, const void* from, std::size_t size) override {
    if (is_direct) {
      BOOST_TEST(size % page_size == 0U);
      BOOST_TEST(reinterpret_cast<std::uintptr_t>(from) % page_size == 0U);
      past_the_cache += size;
    }
    return FaultyFileSystem::write(file, from, size);
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_file_is_the_same_whatever_way_it_takes) {
  using Cache = FaultyFileSystem::Cache;
  for (const fs::path& place : {fs::temp_directory_path(), ScratchFolder::memory()}) {
    std::vector<std::size_t> sizes = {page_size + 1, 4 * page_size + 7};  // few where an fsync takes its time
    if (place == ScratchFolder::memory())
      sizes = {page_size - 1, page_size, page_size + 1, 3 * page_size, 3 * page_size + 1, 9 * page_size - 512};
    for (const std::size_t size : sizes) {
      const ScratchFolder scratch(place);
      const fs::path small = save(scratch.path() / "small", size, real_file_system());
      for (const Cache cache : {Cache::passed_by, Cache::used, Cache::used_after_all}) {
        FaultyFileSystem files;
        files.piece = piece;
        files.cache = cache;
        const fs::path large = save(scratch.path() / ("large-" + std::to_string(static_cast<int>(cache))), size, files);
        for (const char* name : {"checkpoint.json", "model.safetensors", "training.safetensors"})
          BOOST_TEST((read_text(large / name) == read_text(small / name)), name << " of " << size << " bytes");
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(whole_pages_go_past_the_cache_and_only_the_files_end_through_it) {
  const ScratchFolder scratch;
  WatchedFileSystem files;
  files.piece = piece;
  const fs::path path = save(scratch.path(), 6 * page_size + 5, files);
  // training.safetensors, a page and eight bytes, is small.
  BOOST_TEST(files.reserved == 7 * page_size + 5);
  if (files.past_the_cache == 0) {
    BOOST_TEST_MESSAGE("not tried: the file system of " << scratch.path() << " has no O_DIRECT");
    return;
  }
  BOOST_TEST(files.past_the_cache == 7 * page_size);
}

BOOST_AUTO_TEST_CASE(a_large_checkpoint_reaches_a_real_disk_whole) {
  const ScratchFolder scratch;
  const std::size_t size = 2 * real_file_system().large_piece() + 12345;
  const fs::path path = save(scratch.path(), size, real_file_system());
  const std::string file = read_text(path / "model.safetensors");
  const std::vector<std::byte> bytes = numbered(size);
  BOOST_REQUIRE(file.size() == page_size + size);
  BOOST_TEST((file.substr(page_size) == std::string_view(reinterpret_cast<const char*>(bytes.data()), size)));
}
