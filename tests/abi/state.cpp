// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A callback's state through StateWriter and back through StateReader, over a host that reads in small pieces.
#include <boost/test/unit_test.hpp>
#include <limits>
#include <tenon/cpp/state.hpp>

namespace {

struct Bytes {
  std::string content;
  std::size_t at = 0;
  std::size_t piece = 3;  ///< a read gives no more than this at once

  tenon_writer writer() {
    auto out = tenon::sized<tenon_writer>();
    out.host_data = this;
    out.write = [](const tenon_writer* self, const void* data, std::uint64_t size, tenon_error*) -> tenon_status {
      static_cast<Bytes*>(self->host_data)
          ->content.append(static_cast<const char*>(data), static_cast<std::size_t>(size));
      return TENON_OK;
    };
    return out;
  }
  tenon_reader reader() {
    auto out = tenon::sized<tenon_reader>();
    out.host_data = this;
    out.size = content.size();
    out.read = [](const tenon_reader* self, void* to, std::uint64_t capacity, std::uint64_t* got,
                  tenon_error*) -> tenon_status {
      auto& bytes = *static_cast<Bytes*>(self->host_data);
      const std::size_t size =
          std::min({static_cast<std::size_t>(capacity), bytes.piece, bytes.content.size() - bytes.at});
      std::memcpy(to, bytes.content.data() + bytes.at, size);
      bytes.at += size;
      *got = size;
      return TENON_OK;
    };
    return out;
  }
};

enum class Phase : std::int32_t { first = -1, second = 2 };

template <class T>
void comes_back(const T& value) {
  Bytes bytes;
  const tenon_writer writer = bytes.writer();
  tenon::StateWriter(&writer).put(value);
  const tenon_reader reader = bytes.reader();
  tenon::StateReader in(&reader);
  BOOST_TEST((in.get<T>() == value));
  BOOST_TEST(in.left() == 0u);
}

template <class T, class Stored>
void is_refused(const Stored& stored, const std::string& words) {
  Bytes bytes;
  const tenon_writer writer = bytes.writer();
  tenon::StateWriter(&writer).put(stored);
  const tenon_reader reader = bytes.reader();
  tenon::StateReader in(&reader);
  BOOST_CHECK_EXCEPTION(in.get<T>(), tenon::Error, [&](const tenon::Error& e) {
    return e.status() == TENON_E_INVALID_ARGUMENT && e.what() == "saved state is damaged: " + words;
  });
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_is_written_comes_back) {
  comes_back(true);
  comes_back(std::int32_t{-7});
  comes_back(std::numeric_limits<std::int64_t>::min());
  comes_back(std::numeric_limits<std::uint64_t>::max());
  comes_back(0.1);
  comes_back(0.1F);
  comes_back(-std::numeric_limits<double>::infinity());
  comes_back(Phase::first);
  comes_back(std::string("gr\xC3\xBC\xC3\x9F dich"));
  comes_back(std::string());
  comes_back(std::optional<double>());
  comes_back(std::optional<double>(2.5));
  comes_back(std::vector<std::string>{"a", "", "bc"});
  comes_back(std::vector<bool>{true, false});
}

BOOST_AUTO_TEST_CASE(state_has_the_same_bytes_on_every_platform) {
  Bytes bytes;
  const tenon_writer writer = bytes.writer();
  tenon::StateWriter(&writer).put(std::uint16_t{0x1234}).put(std::string_view("ab"));
  using namespace std::string_literals;
  BOOST_TEST(bytes.content == "\x34\x12\0\0\0\0\0\0\2\0\0\0\0\0\0\0ab"s);
}

BOOST_AUTO_TEST_CASE(damaged_state_is_refused) {
  is_refused<std::uint8_t>(256, "a number is out of range");
  is_refused<std::int32_t>(std::int64_t{1} << 40, "a number is out of range");
  is_refused<std::uint32_t>(-1, "a number is out of range");
  is_refused<bool>(2, "a number is out of range");
  is_refused<std::string>(std::uint64_t{1} << 60, "a text is longer than the rest");
  is_refused<std::vector<double>>(std::uint64_t{1} << 60, "a list is longer than the rest");
  is_refused<std::optional<double>>(true, "it ends too early");
}
