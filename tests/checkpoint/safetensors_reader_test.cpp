// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "checkpoint/safetensors_file.hpp"
#include "safetensors_cases.hpp"
#include "scratch_folder.hpp"

using namespace tenon::checkpoint;
using namespace tenon::test;
namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

SafetensorsFile open(const fs::path& path, FileSystem& files = real_file_system()) {
  return {files, AT_FDCWD, path.string()};
}

std::string data_of(const SafetensorsFile& file, const std::string& tensor) {
  const TensorEntry* entry = file.find(tensor);
  BOOST_REQUIRE(entry != nullptr);
  std::string bytes(entry->size, '\0');
  file.read(*entry, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

std::string little(const std::string& header, const std::string& data) {
  std::string text;
  for (int byte = 0; byte < 8; ++byte) text += static_cast<char>(header.size() >> (8 * byte) & 255U);
  return text + header + data;
}

const std::string four_numbers = R"({"t":{"dtype":"I32","shape":[4],"data_offsets":[0,16]}})";

}  // namespace

BOOST_AUTO_TEST_CASE(every_recorded_file_is_accepted_or_refused_as_it_must_be) {
  const json::value recorded = json::parse(read_text(TENON_SOURCE_DIR "/tests/conformance/safetensors_cases.json"));
  const ScratchFolder scratch;
  const fs::path path = scratch.path() / "case.safetensors";
  std::size_t count = 0;
  for (const json::value& each : recorded.at("cases").as_array()) {
    const json::object& recipe = each.at("how_to_build").as_object();
    write_text(path, file_of(recipe));
    if (const auto* length = recipe.if_contains("sparse_len"))
      fs::resize_file(path, static_cast<std::uintmax_t>(length->as_int64()));
    BOOST_REQUIRE(fs::file_size(path) == static_cast<std::uintmax_t>(each.at("file_bytes").as_int64()));
    const std::string id(each.at("id").as_string());
    std::string refusal;
    try {
      const SafetensorsFile file = open(path);
      for (const TensorEntry& entry : file.header().tensors) {
        if (entry.size <= 1 << 20) data_of(file, entry.name);
      }
    } catch (const ReadError& error) {
      refusal = error.what();
    }
    BOOST_TEST(refusal.empty() == (each.at("must").as_string() == "accept"), id + ": " + refusal);
    if (!refusal.empty())
      BOOST_TEST(refusal.find("case.safetensors' is no valid safetensors file: ") != std::string::npos, refusal);
    ++count;
  }
  BOOST_TEST(count == 150U);
}

BOOST_AUTO_TEST_CASE(a_file_of_torch_save_is_called_what_it_is) {
  const ScratchFolder scratch;
  std::ofstream(scratch.path() / "w.pt", std::ios::binary) << "PK\3\4" << std::string(1000, 'x');
  std::string told;
  try {
    open(scratch.path() / "w.pt");
  } catch (const ReadError& error) {
    told = error.what();
  }
  BOOST_TEST(told.find("it is a zip file, as torch.save() writes them; examples/python/pt_to_safetensors.py") !=
                 std::string::npos,
             told);
}

BOOST_AUTO_TEST_CASE(what_is_no_file_is_refused_at_once) {
  const ScratchFolder scratch;
  BOOST_REQUIRE(mkfifo((scratch.path() / "fifo").c_str(), 0600) == 0);
  fs::create_directory(scratch.path() / "folder");
  fs::create_symlink("/dev/zero", scratch.path() / "device");
  fs::create_symlink("loop", scratch.path() / "loop");
  fs::create_symlink("gone", scratch.path() / "dangling");
  for (const char* name : {"fifo", "folder", "device", "loop", "dangling"})
    BOOST_CHECK_THROW(open(scratch.path() / name), ReadError);
  const auto missing = [](const ReadError& error) { return error.reason() == ReadError::Reason::missing; };
  BOOST_CHECK_EXCEPTION(open(scratch.path() / "dangling"), ReadError, missing);
}

BOOST_AUTO_TEST_CASE(a_file_that_shrinks_after_it_was_opened_is_damaged) {
  const ScratchFolder scratch;
  const fs::path path = scratch.path() / "x.safetensors";
  write_text(path, little(four_numbers, std::string(16, 'd')));
  const SafetensorsFile file = open(path);
  fs::resize_file(path, fs::file_size(path) - 4);
  const auto damaged = [](const ReadError& error) { return error.reason() == ReadError::Reason::damaged; };
  BOOST_CHECK_EXCEPTION(data_of(file, "t"), ReadError, damaged);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_replaced_while_it_is_open_is_read_as_it_was) {
  const ScratchFolder scratch;
  const fs::path path = scratch.path() / "x.safetensors";
  write_text(path, little(four_numbers, std::string(16, 'o')));
  const SafetensorsFile file = open(path);
  write_text(scratch.path() / "new", little(four_numbers, std::string(16, 'n')));
  fs::rename(scratch.path() / "new", path);
  BOOST_TEST(data_of(file, "t") == std::string(16, 'o'));
}

BOOST_AUTO_TEST_CASE(tensors_beyond_4_gib_are_found) {
  const ScratchFolder scratch;
  const fs::path path = scratch.path() / "x.safetensors";
  const std::string header = R"({"a":{"dtype":"U8","shape":[5368709120],"data_offsets":[0,5368709120]},)"
                             R"("b":{"dtype":"I32","shape":[1],"data_offsets":[5368709120,5368709124]}})";
  write_text(path, little(header, ""));
  fs::resize_file(path, fs::file_size(path) + 5368709124);
  const int number = ::open(path.c_str(), O_WRONLY);
  BOOST_REQUIRE(::pwrite(number, "\7\0\0\0", 4, static_cast<off_t>(fs::file_size(path)) - 4) == 4);
  ::close(number);
  BOOST_TEST(data_of(open(path), "b") == std::string("\7\0\0\0", 4));
}

namespace {

/// Every other read is interrupted, the others give half.
class RestlessFileSystem : public FileSystem {
 public:
  ssize_t read_at(int file, void* to, std::size_t size, off_t offset) override {
    if (++calls_ % 2 == 0) return FileSystem::read_at(file, to, std::max<std::size_t>(size / 2, 1), offset);
    errno = EINTR;
    return -1;
  }

 private:
  int calls_ = 0;
};

class DamagedDisk : public FileSystem {
 public:
  bool broken = false;
  ssize_t read_at(int file, void* to, std::size_t size, off_t offset) override {
    if (!broken) return FileSystem::read_at(file, to, size, offset);
    errno = EIO;
    return -1;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(interrupted_and_short_reads_are_no_errors) {
  const ScratchFolder scratch;
  const fs::path path = scratch.path() / "x.safetensors";
  write_text(path, little(four_numbers, "0123456789abcdef"));
  RestlessFileSystem files;
  BOOST_TEST(data_of(open(path, files), "t") == "0123456789abcdef");
}

BOOST_AUTO_TEST_CASE(a_read_error_names_the_file) {
  const ScratchFolder scratch;
  const fs::path path = scratch.path() / "x.safetensors";
  write_text(path, little(four_numbers, std::string(16, 'd')));
  DamagedDisk files;
  const SafetensorsFile file = open(path, files);
  files.broken = true;
  const auto named = [](const ReadError& error) {
    return error.reason() == ReadError::Reason::io &&
           std::string(error.what()).find("x.safetensors': Input/output error") != std::string::npos;
  };
  BOOST_CHECK_EXCEPTION(data_of(file, "t"), ReadError, named);
}
