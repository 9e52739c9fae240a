// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Headers and documents with random damage that a checksum did not stop: they are read or refused, with nothing in
// between, and what is read keeps the reader's promises. Run with the sanitizers to see more.
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/document.hpp"
#include "checkpoint/hash.hpp"
#include "checkpoint/safetensors_header.hpp"
#include "safetensors_cases.hpp"
#include "scratch_folder.hpp"

using namespace tenon::checkpoint;
using namespace tenon::test;

namespace {

class Mutator {
 public:
  std::uint64_t seed = std::random_device{}();

  std::string mutate(std::string text) {
    static const std::vector<std::string> pieces = {"{",
                                                    "}",
                                                    "[",
                                                    "]",
                                                    ",",
                                                    ":",
                                                    "\"",
                                                    "\\",
                                                    "0",
                                                    "-",
                                                    "1e9",
                                                    "18446744073709551615",
                                                    "9223372036854775808",
                                                    "null",
                                                    "\"dtype\"",
                                                    "\"shape\"",
                                                    "\"data_offsets\"",
                                                    "\"__metadata__\"",
                                                    "\"F4\"",
                                                    "\xFF",
                                                    std::string(1, '\0'),
                                                    " "};
    for (std::uint64_t edits = 1 + random_() % 4; edits > 0; --edits) {
      const std::size_t at = random_() % (text.size() + 1);
      switch (random_() % 4) {
        case 0:
          text.insert(at, pieces[random_() % pieces.size()]);
          break;
        case 1:
          text.erase(at, random_() % 8);
          break;
        case 2:
          text.insert(at, text.substr(random_() % (text.size() + 1), random_() % 64));
          break;
        default:
          if (at < text.size()) text[at] = static_cast<char>(random_());
      }
    }
    return text;
  }
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

 private:
  std::mt19937_64 random_{seed};
};

void check_promises(const SafetensorsHeader& header, std::uint64_t file_size) {
  std::uint64_t expected = header.size;
  for (const TensorEntry& entry : header.tensors) {
    BOOST_TEST_REQUIRE(entry.begin == expected);
    BOOST_TEST_REQUIRE(entry.size == byte_size(entry.dtype, entry.shape));
    expected += entry.size;
  }
  BOOST_TEST_REQUIRE(expected == file_size);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_mutated_header_is_read_or_refused) {
  const auto recorded = boost::json::parse(read_text(TENON_SOURCE_DIR "/tests/conformance/safetensors_cases.json"));
  std::vector<std::string> headers;
  std::vector<std::uint64_t> data_sizes;
  for (const auto& each : recorded.at("cases").as_array()) {
    const std::string content = file_of(each.at("how_to_build").as_object());
    const std::size_t header_size = header_of(each.at("how_to_build").as_object()).size();
    if (content.size() > 10000 || content.size() < 8 + header_size) continue;
    headers.push_back(content.substr(8, header_size));
    data_sizes.push_back(content.size() - 8 - header_size);
  }
  BOOST_TEST_REQUIRE(headers.size() > 100U);
  Mutator mutator;
  BOOST_TEST_CONTEXT("seed " << mutator.seed) {
    int accepted = 0;
    for (int round = 0; round < 50000; ++round) {
      const std::uint64_t which = mutator.below(headers.size());
      const std::string text = mutator.mutate(headers[which]);
      const std::uint64_t file_size = 8 + text.size() + data_sizes[which];
      try {
        check_promises(parse_safetensors_header(text, file_size), file_size);
        ++accepted;
      } catch (const std::invalid_argument&) {
      }
    }
    BOOST_TEST(accepted > 0);
  }
}

BOOST_AUTO_TEST_CASE(a_mutated_document_with_a_right_checksum_is_read_or_refused) {
  const std::string sound = R"({
  "epoch": 3,
  "files": {"model.safetensors": {"bytes":4128,"header_bytes":4096,"header_xxh3_128":"8f","xxh3_128":"b2"}},
  "format": "tenon.checkpoint",
  "format_version": 1,
  "kind": "full",
  "run_id": "run-1",
  "tensors": {"model.safetensors": {"w":"6d"}},
  "xxh3_128": ")";
  Mutator mutator;
  BOOST_TEST_CONTEXT("seed " << mutator.seed) {
    int accepted = 0;
    for (int round = 0; round < 50000; ++round) {
      const std::string body = mutator.mutate(sound);
      const std::string text = body + hash_of(std::as_bytes(std::span(body))) + "\"\n}\n";
      try {
        parse_document(text);
        ++accepted;
      } catch (const ReadError&) {
      }
    }
    BOOST_TEST(accepted > 0);
  }
}
