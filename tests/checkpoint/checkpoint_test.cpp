// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/checkpoint.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "checkpoint/document.hpp"
#include "checkpoint/folder.hpp"
#include "checkpoint/format.hpp"
#include "checkpoint/hash.hpp"
#include "checkpoint/inspect.hpp"
#include "sample_content.hpp"
#include "scratch_folder.hpp"

using namespace tenon::checkpoint;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

struct Saved {
  ScratchFolder scratch;
  fs::path path = save(full_content("a"));

  fs::path save(const Content& content) const { return Folder::open(scratch.path(), "run-1")->write(content).path; }
};

void check_same(const TensorRecord& read, const TensorRecord& written) {
  BOOST_TEST(read.name == written.name);
  BOOST_TEST((read.dtype == written.dtype));
  BOOST_TEST(read.shape == written.shape, boost::test_tools::per_element());
  BOOST_TEST(std::equal(read.bytes.begin(), read.bytes.end(), written.bytes.begin(), written.bytes.end()));
}

std::string problem(const fs::path& path) {
  try {
    verify(path);
    return {};
  } catch (const ReadError& error) {
    return error.what();
  }
}

void check_problem(const fs::path& path, const std::string& text) {
  BOOST_TEST(problem(path).find(text) != std::string::npos, problem(path));
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(what_was_written_comes_back, Saved) {
  const Checkpoint checkpoint = Checkpoint::open(path);
  checkpoint.verify();
  BOOST_TEST(checkpoint.is_full());
  BOOST_TEST(!checkpoint.is_replay());
  BOOST_TEST(checkpoint.run_id() == "run-1");
  BOOST_TEST(checkpoint.document().at("metrics").at("val_loss").as_double() == 0.1);
  const LoadedTensors model = checkpoint.load(model_file);
  BOOST_REQUIRE(model.records.size() == 2U);
  check_same(model.records[0], steps());
  check_same(model.records[1], weight());
  BOOST_TEST(model.metadata.at("format") == "pt");
  check_same(checkpoint.load(training_file).records.at(0), momentum());
}

BOOST_FIXTURE_TEST_CASE(large_and_empty_tensors_come_back, Saved) {
  std::vector<std::byte> large((std::size_t{5} << 20) + 12);
  for (std::size_t index = 0; index < large.size(); ++index) large[index] = static_cast<std::byte>(index * 31 >> 3);
  Content content = full_content("large");
  content.model.push_back({"large", DType::u8, {static_cast<std::int64_t>(large.size())}, large});
  content.model.push_back({"empty", DType::f16, {0, 3}, {}});
  const fs::path large_path = save(content);
  verify(large_path);
  const LoadedTensors model = Checkpoint::open(large_path).load(model_file);
  BOOST_REQUIRE(model.records.size() == 4U);
  check_same(model.records[2], content.model[3]);
  check_same(model.records[3], content.model[2]);
}

BOOST_AUTO_TEST_CASE(too_little_memory_is_an_error_that_names_the_file) {
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
  BOOST_TEST_MESSAGE("not tried: the sanitizer needs all of the address space");
#else
  constexpr std::size_t mebibyte = std::size_t{1} << 20;
  const ScratchFolder scratch(ScratchFolder::memory());
  const std::vector<std::byte> zeros(128 * mebibyte);
  Content content = full_content("a");
  content.model = {{"huge", DType::u8, {static_cast<std::int64_t>(zeros.size())}, zeros}};
  const fs::path path = Folder::open(scratch.path(), "run-1")->write(content).path;
  const pid_t child = fork();
  if (child == 0) {
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t limit = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) + 64 * mebibyte;
    const rlimit limits{limit, limit};
    setrlimit(RLIMIT_AS, &limits);
    try {
      Checkpoint::open(path).load(model_file);
      _exit(1);
    } catch (const ReadError& error) {
      _exit(
          std::string(error.what()).ends_with("no memory for the 134217728 bytes of the tensors of 'model.safetensors'")
              ? 0
              : 2);
    }
  }
  int status = -1;
  waitpid(child, &status, 0);
  BOOST_TEST(status == 0);
#endif
}

BOOST_FIXTURE_TEST_CASE(the_document_ends_with_the_hash_of_its_own_preceding_bytes, Saved) {
  const std::string text = read_text(path / "checkpoint.json");
  BOOST_REQUIRE(text.ends_with("\"\n}\n"));
  const std::string hashed = text.substr(0, text.size() - 36);
  BOOST_TEST(hashed.ends_with(",\n  \"xxh3_128\": \""));
  BOOST_TEST(hash_of(std::as_bytes(std::span(hashed))) == text.substr(text.size() - 36, 32));
}

BOOST_AUTO_TEST_CASE(the_hash_is_xxh3_128_as_others_print_it) {
  BOOST_TEST(hash_of({}) == "99aa06d3014798d86001c324468d497f");
  const std::string text = "tenon";
  Hash hash;
  hash.update(std::as_bytes(std::span(text)).first(2));
  hash.update(std::as_bytes(std::span(text)).subspan(2));
  BOOST_TEST(hash.hex() == hash_of(std::as_bytes(std::span(text))));
}

BOOST_FIXTURE_TEST_CASE(damage_is_named_with_its_file_and_tensor, Saved) {
  const auto flip = [&](const char* file, std::size_t from_end, int bits = 1) {
    std::string text = read_text(path / file);
    text[text.size() - from_end] = static_cast<char>(text[text.size() - from_end] ^ bits);
    write_text(path / file, text);
  };
  flip("training.safetensors", 3);
  check_problem(path,
                "a.ckpt': 'training.safetensors', tensor 'optimizer/0/layer.weight/momentum_buffer': its bytes are not "
                "those that were written");
  flip("training.safetensors", 3);
  flip("model.safetensors", 40, ' ' ^ '\t');  // in the padding, where it is still JSON
  check_problem(path, "'model.safetensors' has another header than was written");
  flip("model.safetensors", 40, ' ' ^ '\t');
  fs::resize_file(path / "training.safetensors", 4103);
  check_problem(path, "'training.safetensors' is no valid safetensors file");
  fs::remove(path / "training.safetensors");
  check_problem(path, "No such file or directory");
  flip("checkpoint.json", 50);
  check_problem(path, "'checkpoint.json': ");
  fs::remove(path / "checkpoint.json");
  check_problem(path, "open 'checkpoint.json': No such file or directory");
  check_problem(scratch.path() / "gone.ckpt", "there is no checkpoint");
}

BOOST_FIXTURE_TEST_CASE(a_whole_file_of_another_checkpoint_is_not_taken, Saved) {
  Content other = full_content("other");
  const float changed[6] = {9, 9, 9, 9, 9, 9};
  other.model[0].bytes = std::as_bytes(std::span(changed));
  const fs::path other_path = save(other);
  fs::copy_file(other_path / "model.safetensors", path / "model.safetensors", fs::copy_options::overwrite_existing);
  check_problem(path, "tensor 'layer.weight': its bytes are not those that were written");
}

BOOST_FIXTURE_TEST_CASE(a_newer_format_is_said_to_be_newer, Saved) {
  std::string text = read_text(path / "checkpoint.json");
  const std::string version = "\"format_version\": 1";
  text.replace(text.find(version), version.size(), "\"format_version\": 2");
  text.resize(text.size() - 36);
  text += hash_of(std::as_bytes(std::span(text))) + "\"\n}\n";
  const auto newer = [](const ReadError& error) {
    return error.reason() == ReadError::Reason::unsupported &&
           std::string(error.what()) ==
               "'checkpoint.json': it has format 2, this program reads up to 1; use a newer tenon";
  };
  BOOST_CHECK_EXCEPTION(parse_document(text), ReadError, newer);
}

BOOST_FIXTURE_TEST_CASE(a_list_shows_whole_and_broken_checkpoints_and_refs, Saved) {
  {
    const auto folder = Folder::open(scratch.path(), "run-1");
    folder->write(full_content("sub/b"));
    folder->write(full_content("broken"));
    folder->set_ref("last", "sub/b");
  }
  fs::remove(scratch.path() / "broken.ckpt" / "checkpoint.json");
  fs::create_symlink("gone.ckpt", scratch.path() / "best.ckpt");
  fs::create_directory(scratch.path() / ".tenon-tmp-1-1.ckpt");
  const FolderListing listing = list_checkpoints(scratch.path());
  BOOST_REQUIRE(listing.checkpoints.size() == 3U);
  BOOST_TEST(listing.checkpoints[0].name == "a");
  BOOST_TEST(listing.checkpoints[0].problem == "");
  BOOST_TEST(listing.checkpoints[0].bytes > 8192U);
  BOOST_TEST(listing.checkpoints[1].name == "broken");
  BOOST_TEST(listing.checkpoints[1].problem.find("'checkpoint.json'") != std::string::npos);
  BOOST_TEST(listing.checkpoints[2].name == "sub/b");
  BOOST_TEST(listing.checkpoints[2].refs == std::vector<std::string>{"last"}, boost::test_tools::per_element());
  BOOST_TEST(listing.dangling_refs.at("best") == "gone");
  BOOST_CHECK_THROW(list_checkpoints(scratch.path() / "gone"), ReadError);
}

BOOST_FIXTURE_TEST_CASE(show_describes_every_tensor_and_verify_counts_them, Saved) {
  const auto shown = show_checkpoint(path);
  BOOST_TEST(shown.at("path").as_string() == path.string());
  const auto& tensor = shown.at("tensors").at("model.safetensors").at(1);
  BOOST_TEST(tensor.at("name").as_string() == "layer.weight");
  BOOST_TEST(tensor.at("dtype").as_string() == "F32");
  BOOST_TEST((tensor.at("shape") == boost::json::value{2, 3}));
  BOOST_TEST(verify(path).tensors == 3U);
  BOOST_TEST(verify(path).has_checksums);
  const Verified lone = verify(path / "model.safetensors");
  BOOST_TEST(lone.tensors == 2U);
  BOOST_TEST(!lone.has_checksums);
}
