// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/loaded_tensors.hpp"

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/folder.hpp"
#include "checkpoint/format.hpp"
#include "checkpoint/tensor_source.hpp"
#include "sample_content.hpp"
#include "scratch_folder.hpp"

using namespace tenon::checkpoint;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr std::size_t data = 4096;  // where it begins

/// Reads of the two threads; those at and behind `bad_from` fail.
class PartlyBadDisk : public FileSystem {
 public:
  off_t bad_from = std::numeric_limits<off_t>::max();
  ssize_t read_at(int file, void* to, std::size_t size, off_t offset) override {
    if (offset < bad_from) return FileSystem::read_at(file, to, size, offset);
    errno = EIO;
    return -1;
  }
};

/// Eight tensors of three mebibytes, "0" to "7", none of them of whole pieces.
struct Large {
  ScratchFolder scratch{ScratchFolder::memory()};
  std::vector<std::byte> bytes;
  fs::path path;

  Large() : bytes(24 * mebibyte) {
    for (std::size_t index = 0; index < bytes.size(); ++index) bytes[index] = static_cast<std::byte>(index * 31 >> 3);
    Content content = full_content("a");
    content.model.clear();
    for (std::size_t index = 0; index < 8; ++index)
      content.model.push_back({std::to_string(index), DType::u8, {3 * mebibyte}, part(index)});
    path = Folder::open(scratch.path(), "run")->write(content).path;
  }
  std::span<const std::byte> part(std::size_t index) const {
    return std::span(bytes).subspan(index * 3 * mebibyte, 3 * mebibyte);
  }
  void damage(std::size_t tensor) const {
    std::fstream file(path / "model.safetensors", std::ios::in | std::ios::out | std::ios::binary);
    const std::size_t at = data + tensor * 3 * mebibyte + 1'500'000;
    file.seekp(static_cast<std::streamoff>(at));
    file.put(static_cast<char>(~std::to_integer<unsigned char>(bytes[at - data])));
  }
  std::string problem(FileSystem& files, bool verify_only) const {
    try {
      const Checkpoint checkpoint = Checkpoint::open(path, files);
      if (verify_only)
        checkpoint.verify();
      else
        checkpoint.load(model_file);
      return {};
    } catch (const ReadError& error) {
      return error.what();
    }
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(tensors_that_two_threads_read_are_those_that_were_written, Large) {
  const LoadedTensors loaded = Checkpoint::open(path).load(model_file);
  BOOST_REQUIRE(loaded.records.size() == 8U);
  for (std::size_t index = 0; index < 8; ++index) {
    BOOST_TEST(loaded.records[index].name == std::to_string(index));
    BOOST_TEST((std::memcmp(loaded.records[index].bytes.data(), part(index).data(), 3 * mebibyte) == 0));
  }
}

BOOST_FIXTURE_TEST_CASE(of_several_errors_the_first_in_the_file_is_told, Large) {
  damage(5);
  damage(3);
  for (const bool verify_only : {false, true}) {
    for (int again = 0; again < 5; ++again) {
      PartlyBadDisk files;
      BOOST_TEST(problem(files, verify_only).find("tensor '3': its bytes are not") != std::string::npos);
      // The piece that has the end of tensor 3 is read; the one behind it is not.
      files.bad_from = data + 14 * mebibyte;
      BOOST_TEST(problem(files, verify_only).find("tensor '3': its bytes are not") != std::string::npos);
      files.bad_from = data + 8 * mebibyte;
      BOOST_TEST(problem(files, verify_only).find("Input/output error") != std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(elements_of_anybodys_file_lie_at_multiples_of_their_size) {
  const ScratchFolder scratch;
  const fs::path path = scratch.path() / "x.safetensors";
  const std::string header = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                             R"("b":{"dtype":"F64","shape":[2],"data_offsets":[1,17]},)"
                             R"("none":{"dtype":"F32","shape":[0],"data_offsets":[17,17]}})";
  std::string text(8, '\0');
  text[0] = static_cast<char>(header.size());
  const double numbers[2] = {1.5, -2.25};
  std::string tail(sizeof numbers, '\0');
  std::memcpy(tail.data(), numbers, sizeof numbers);
  write_text(path, text + header + "x" + tail);
  const LoadedTensors loaded = TensorSource(path).load_model();
  BOOST_REQUIRE(loaded.records.size() == 3U);
  const auto bytes = loaded.records[1].bytes;
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(bytes.data()) % sizeof(double) == 0U);
  BOOST_TEST((std::memcmp(bytes.data(), numbers, sizeof numbers) == 0));
  BOOST_TEST(loaded.records[2].bytes.empty());
}
