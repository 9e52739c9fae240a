// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// options/1: typed reading by JSON pointer, with messages that name the file and the pointer; the writer.
#include <tenon/services/options.h>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "plain.hpp"

namespace tenon::chain::test {
namespace {

struct Fixture : Bench {
  Callback& callback = add(plain, "best", {},
                           boost::json::parse(R"({
      "monitor": "val_loss", "patience": 5, "min_delta": 1e-3, "whole": 1e3, "fraction": 1.5, "strict": true,
      "nothing": null, "infinite": "-inf", "huge": 9223372036854775808, "larger": 1e19, "list": [1, 2, 3],
      "transforms": [{"ema": {"decay": 0.999}}], "a/b": {"m~n": 7}})")
                               .as_object());
  const tenon_host* host = callback.host();
  const tenon_options& options = service<tenon_options>(callback, TENON_SERVICE_OPTIONS);

  template <class T, class Getter>
  T get(Getter getter, const char* pointer, const tenon_json* document = nullptr) {
    T value{};
    const Outcome o = outcome([&](tenon_error* e) { return getter(host, document, to_text(pointer), &value, e); });
    BOOST_TEST(o.status == TENON_OK, pointer << ": " << o.text);
    return value;
  }
  template <class T, class Getter>
  Outcome refusal(Getter getter, const char* pointer) {
    T value{};
    return outcome([&](tenon_error* e) { return getter(host, nullptr, to_text(pointer), &value, e); });
  }
  void check_refused(const Outcome& o, tenon_status status, const std::string& text) {
    BOOST_TEST(o.status == status);
    BOOST_TEST(o.text == text);
  }
};

BOOST_FIXTURE_TEST_CASE(options_are_read_by_pointer_and_type, Fixture) {
  BOOST_TEST(from_text(get<tenon_text>(options.text, "/monitor")) == "val_loss");
  BOOST_TEST(get<std::int64_t>(options.integer, "/patience") == 5);
  BOOST_TEST(get<std::int64_t>(options.integer, "/whole") == 1000);
  BOOST_TEST(get<double>(options.number, "/min_delta") == 1e-3);
  BOOST_TEST(get<double>(options.number, "/patience") == 5.0);
  BOOST_TEST(get<double>(options.number, "/infinite") == -std::numeric_limits<double>::infinity());
  BOOST_TEST(get<std::int32_t>(options.boolean, "/strict") == 1);
  BOOST_TEST(get<double>(options.number, "/transforms/0/ema/decay") == 0.999);
  BOOST_TEST(get<std::int64_t>(options.integer, "/a~1b/m~0n") == 7);
  BOOST_TEST(get<std::uint64_t>(options.count, "/list") == 3u);
  BOOST_TEST(get<std::uint64_t>(options.count, "/transforms/0/ema") == 1u);
  BOOST_TEST(from_text(get<tenon_text>(options.json, "/transforms")) == R"([{"ema":{"decay":0.999}}])");
  BOOST_TEST(from_text(get<tenon_text>(options.json, "/nothing")) == "null");
}

BOOST_FIXTURE_TEST_CASE(types_are_told_apart, Fixture) {
  const auto type = [&](const char* pointer) { return options.type(host, nullptr, to_text(pointer)); };
  BOOST_TEST(type("") == TENON_JSON_OBJECT);
  BOOST_TEST(type("/none") == TENON_JSON_ABSENT);
  BOOST_TEST(type("/list/7") == TENON_JSON_ABSENT);
  BOOST_TEST(type("no pointer") == TENON_JSON_ABSENT);
  BOOST_TEST(type("/nothing") == TENON_JSON_NULL);
  BOOST_TEST(type("/strict") == TENON_JSON_BOOLEAN);
  BOOST_TEST(type("/patience") == TENON_JSON_INTEGER);
  BOOST_TEST(type("/huge") == TENON_JSON_INTEGER);
  BOOST_TEST(type("/fraction") == TENON_JSON_NUMBER);
  BOOST_TEST(type("/monitor") == TENON_JSON_TEXT);
  BOOST_TEST(type("/list") == TENON_JSON_ARRAY);
}

BOOST_FIXTURE_TEST_CASE(members_are_listed_in_the_order_written, Fixture) {
  tenon_text first{}, third{};
  BOOST_TEST(options.key(host, nullptr, to_text(""), 0, &first, nullptr) == TENON_OK);
  BOOST_TEST(options.key(host, nullptr, to_text(""), 2, &third, nullptr) == TENON_OK);
  BOOST_TEST(from_text(first) == "monitor");
  BOOST_TEST(from_text(third) == "min_delta");
  BOOST_TEST(options.key(host, nullptr, to_text(""), 99, &first, nullptr) == TENON_E_NOT_FOUND);
}

BOOST_FIXTURE_TEST_CASE(errors_name_the_file_and_the_pointer, Fixture) {
  const std::string at = "run.json:7 /callbacks/0/config";
  check_refused(refusal<tenon_text>(options.text, "/filename"), TENON_E_NOT_FOUND,
                at + "/filename: nothing stands there");
  check_refused(refusal<double>(options.number, "/nothing"), TENON_E_NOT_FOUND, at + "/nothing: null stands there");
  check_refused(refusal<std::int64_t>(options.integer, "/fraction"), TENON_E_INVALID_ARGUMENT,
                at + "/fraction: 1.5 is not a whole number of 64 bits");
  check_refused(refusal<std::int64_t>(options.integer, "/huge"), TENON_E_INVALID_ARGUMENT,
                at + "/huge: 9223372036854775808 is not a whole number of 64 bits");
  check_refused(refusal<std::int64_t>(options.integer, "/larger"), TENON_E_INVALID_ARGUMENT,
                at + "/larger: 1e+19 is not a whole number of 64 bits");
  check_refused(refusal<std::int64_t>(options.integer, "/monitor"), TENON_E_INVALID_ARGUMENT,
                at + "/monitor: \"val_loss\" is not a whole number");
  check_refused(refusal<double>(options.number, "/monitor"), TENON_E_INVALID_ARGUMENT,
                at + "/monitor: \"val_loss\" is not a number, \"nan\", \"inf\" or \"-inf\"");
  check_refused(refusal<std::int32_t>(options.boolean, "/patience"), TENON_E_INVALID_ARGUMENT,
                at + "/patience: 5 is not true or false");
  check_refused(refusal<std::uint64_t>(options.count, "/monitor"), TENON_E_INVALID_ARGUMENT,
                at + "/monitor: \"val_loss\" is not an array or an object");
  check_refused(refusal<tenon_text>(options.text, "monitor"), TENON_E_INVALID_ARGUMENT,
                "'monitor' is not a JSON pointer: one is empty or begins with '/'");
}

BOOST_FIXTURE_TEST_CASE(a_text_handed_out_stays_where_it_is, Fixture) {
  const tenon_text first = get<tenon_text>(options.json, "/list");
  for (const char* pointer : {"", "/transforms", "/a~1b", "/monitor"}) get<tenon_text>(options.json, pointer);
  BOOST_TEST(from_text(first) == "[1,2,3]");
  BOOST_TEST(get<tenon_text>(options.json, "/list").data == first.data);
}

BOOST_FIXTURE_TEST_CASE(other_texts_are_parsed, Fixture) {
  tenon_json* document = nullptr;
  BOOST_TEST(options.parse(host, to_text(R"({"wait_count": 3})"), &document, nullptr) == TENON_OK);
  BOOST_TEST(get<std::int64_t>(options.integer, "/wait_count", document) == 3);
  double value = 0;
  check_refused(outcome([&](tenon_error* e) { return options.number(host, document, to_text("/best"), &value, e); }),
                TENON_E_NOT_FOUND, "/best: nothing stands there");
  options.release(host, document);
  options.release(host, nullptr);

  for (const char* wrong : {"", "{", "{} {}", "nan", "\"\xff\""}) {
    const Outcome o = outcome([&](tenon_error* e) { return options.parse(host, to_text(wrong), &document, e); });
    BOOST_TEST(o.status == TENON_E_INVALID_ARGUMENT);
    BOOST_TEST(o.text.find("this is not JSON: ") == 0u, wrong << ": " << o.text);
  }
}

struct WriterFixture : Fixture {
  WriterFixture() { options.writer(host, &writer, nullptr); }
  ~WriterFixture() { options.release_writer(writer); }
  tenon_json_writer* writer = nullptr;

  std::string finish() {
    tenon_text out{};
    const Outcome o = outcome([&](tenon_error* e) { return options.write_finish(writer, &out, e); });
    return o.status == TENON_OK ? std::string(from_text(out)) : "!" + o.text;
  }
};

BOOST_FIXTURE_TEST_CASE(a_writer_builds_json, WriterFixture) {
  options.write_bracket(writer, '{');
  options.write_key(writer, to_text("list"));
  options.write_bracket(writer, '[');
  options.write_integer(writer, -3);
  options.write_boolean(writer, 1);
  options.write_null(writer);
  options.write_bracket(writer, '{');
  options.write_bracket(writer, '}');
  options.write_bracket(writer, ']');
  options.write_key(writer, to_text("te\"xt"));
  options.write_text(writer, to_text("a\nb \xC3\xA4"));
  options.write_key(writer, to_text("json"));
  options.write_json(writer, to_text(R"({"x": [1]})"));
  options.write_bracket(writer, '}');
  const std::string text = finish();
  BOOST_TEST(text == "{\"list\":[-3,true,null,{}],\"te\\\"xt\":\"a\\nb \xC3\xA4\",\"json\":{\"x\": [1]}}");
  boost::json::parse(text);
}

BOOST_FIXTURE_TEST_CASE(numbers_are_short_and_read_back_the_same, WriterFixture) {
  for (const double value : {0.1, 1.0 / 3.0, 1e300, 5e-324, -0.0, 3.0, 0.30000000000000004}) {
    options.write_number(writer, value);
    const std::string text = finish();
    BOOST_TEST(std::strtod(text.c_str(), nullptr) == value);
    boost::json::parse(text);
  }
  options.write_number(writer, 0.1);
  BOOST_TEST(finish() == "0.1");
  options.write_number(writer, 3.0);
  BOOST_TEST(finish() == "3.0");  // a reader sees a number with a fraction again
  options.write_number(writer, std::nan(""));
  BOOST_TEST(finish() == "\"nan\"");
  options.write_number(writer, -std::numeric_limits<double>::infinity());
  BOOST_TEST(finish() == "\"-inf\"");
}

BOOST_FIXTURE_TEST_CASE(a_mistake_is_reported_once_and_the_writer_starts_anew, WriterFixture) {
  const std::function<void()> mistakes[] = {
      [] {},
      [&] { options.write_bracket(writer, '{'); },
      [&] { options.write_bracket(writer, '}'); },
      [&] { options.write_bracket(writer, '['), options.write_bracket(writer, '}'); },
      [&] { options.write_bracket(writer, 'x'); },
      [&] { options.write_bracket(writer, '{'), options.write_integer(writer, 1); },
      [&] { options.write_key(writer, to_text("a")); },
      [&] {
        options.write_bracket(writer, '{'), options.write_key(writer, to_text("a")), options.write_bracket(writer, '}');
      },
      [&] {
        options.write_bracket(writer, '{'), options.write_key(writer, to_text("a")),
            options.write_key(writer, to_text("b"));
      },
      [&] { options.write_integer(writer, 1), options.write_integer(writer, 2); },
      [&] { options.write_text(writer, to_text("\xC3")); },
      [&] { options.write_text(writer, to_text("\xED\xA0\x80")); },
      [&] { options.write_json(writer, to_text("{")); },
  };
  for (const auto& mistake : mistakes) {
    mistake();
    BOOST_TEST(finish().front() == '!');
    options.write_integer(writer, 1);
    BOOST_TEST(finish() == "1");
  }
}

}  // namespace
}  // namespace tenon::chain::test
