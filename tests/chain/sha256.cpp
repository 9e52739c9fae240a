// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The examples of FIPS 180-4 and of NIST's long messages.
#include "chain/sha256.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>

namespace tenon::chain::test {
namespace {

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string sha256(std::string_view text) {
  Sha256 hash;
  hash.update(bytes(text));
  return hash.finish();
}

BOOST_AUTO_TEST_CASE(the_standards_examples) {
  BOOST_TEST(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  BOOST_TEST(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_TEST(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
             "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  BOOST_TEST(
      sha256("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmno"
             "pqrstnopqrstu") == "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  BOOST_TEST(sha256(std::string(1'000'000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// Where padding begins a block of its own.
BOOST_AUTO_TEST_CASE(lengths_around_a_block) {
  BOOST_TEST(sha256(std::string(55, '\0')) == "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7");
  BOOST_TEST(sha256(std::string(56, '\0')) == "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb");
  BOOST_TEST(sha256(std::string(57, '\0')) == "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785");
  BOOST_TEST(sha256(std::string(64, '\0')) == "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b");
}

BOOST_AUTO_TEST_CASE(pieces_make_the_same_whole) {
  std::string text(1000, ' ');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 7 + i / 64);
  for (const std::size_t size : {1u, 3u, 63u, 64u, 65u, 200u}) {
    Sha256 hash;
    for (std::string_view left = text; !left.empty(); left.remove_prefix(std::min(size, left.size())))
      hash.update(bytes(left.substr(0, size)));
    BOOST_TEST(hash.finish() == sha256(text));
  }
}

}  // namespace
}  // namespace tenon::chain::test
