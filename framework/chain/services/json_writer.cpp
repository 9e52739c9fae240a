// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "chain/services/json_writer.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "chain/abi.hpp"
#include "tenon/json_text.hpp"
#include "tenon/utf8.hpp"

/// Text so far, the brackets open, and the first mistake made, which write_finish reports.
struct tenon_json_writer {
  std::string out;
  std::string open;        // '{' and '[' not closed yet
  bool first = true;       // nothing stands in the innermost bracket yet
  bool after_key = false;  // a member's value is due
  bool whole = false;      // one value is complete
  std::string mistake;
  std::string finished;
};

namespace tenon::chain {
namespace {

// Whatever goes wrong in `body`, memory included, is kept for write_finish.
template <class Body>
void write(tenon_json_writer* writer, Body&& body) noexcept {
  if (!writer->mistake.empty()) return;
  try {
    body(*writer);
  } catch (const std::exception& x) {
    try {
      writer->mistake = x.what();
    } catch (...) {
      writer->mistake = "memory";  // short enough to need none
    }
  }
}

// What goes before a value: a comma, or the certainty that one may stand here.
void before_value(tenon_json_writer& w) {
  if (w.whole) throw std::runtime_error("a second value after the first one ended");
  if (!w.open.empty() && w.open.back() == '{' && !w.after_key) throw std::runtime_error("a member without a key");
  if (!w.open.empty() && w.open.back() == '[' && !w.first) w.out += ',';
  w.first = false;
  w.after_key = false;
}

void after_value(tenon_json_writer& w) { w.whole = w.open.empty(); }

void put(tenon_json_writer& w, std::string_view value) {
  before_value(w);
  w.out += value;
  after_value(w);
}

std::string quoted(std::string_view text) {
  if (!is_utf8(text)) throw std::runtime_error("a text that is not UTF-8");
  return boost::json::serialize(boost::json::string_view(text.data(), text.size()));
}

}  // namespace

tenon_status TENON_CALL make_writer(const tenon_host*, tenon_json_writer** out, tenon_error* error) noexcept {
  return guard(error, [&] { *out = new tenon_json_writer; });
}

void TENON_CALL write_bracket(tenon_json_writer* writer, std::int32_t bracket) noexcept {
  write(writer, [&](tenon_json_writer& w) {
    if (bracket == '{' || bracket == '[') {
      before_value(w);
      w.out += static_cast<char>(bracket);
      w.open += static_cast<char>(bracket);
      w.first = true;
      return;
    }
    const char opening = bracket == '}' ? '{' : bracket == ']' ? '[' : '\0';
    if (opening == '\0') throw std::runtime_error("a bracket that is none of { } [ ]");
    if (w.open.empty() || w.open.back() != opening) throw std::runtime_error("a bracket closed that is not open");
    if (w.after_key) throw std::runtime_error("a key without a value");
    w.out += static_cast<char>(bracket);
    w.open.pop_back();
    w.first = false;
    after_value(w);
  });
}

void TENON_CALL write_key(tenon_json_writer* writer, tenon_text key) noexcept {
  write(writer, [&](tenon_json_writer& w) {
    if (w.open.empty() || w.open.back() != '{') throw std::runtime_error("a key outside of an object");
    if (w.after_key) throw std::runtime_error("a key without a value");
    if (!w.first) w.out += ',';
    w.out += quoted(from_text(key));
    w.out += ':';
    w.after_key = true;
  });
}

void TENON_CALL write_text(tenon_json_writer* writer, tenon_text value) noexcept {
  write(writer, [&](tenon_json_writer& w) { put(w, quoted(from_text(value))); });
}

void TENON_CALL write_integer(tenon_json_writer* writer, std::int64_t value) noexcept {
  write(writer, [&](tenon_json_writer& w) { put(w, std::to_string(value)); });
}

void TENON_CALL write_number(tenon_json_writer* writer, double value) noexcept {
  write(writer, [&](tenon_json_writer& w) { put(w, json_number(value)); });
}

void TENON_CALL write_boolean(tenon_json_writer* writer, std::int32_t value) noexcept {
  write(writer, [&](tenon_json_writer& w) { put(w, value ? "true" : "false"); });
}

void TENON_CALL write_null(tenon_json_writer* writer) noexcept {
  write(writer, [&](tenon_json_writer& w) { put(w, "null"); });
}

void TENON_CALL write_json(tenon_json_writer* writer, tenon_text json) noexcept {
  write(writer, [&](tenon_json_writer& w) {
    boost::system::error_code problem;
    const std::string_view text = from_text(json);
    boost::json::parse(boost::json::string_view(text.data(), text.size()), problem);
    if (problem) throw std::runtime_error("a piece of JSON that is none: " + problem.message());
    put(w, text);
  });
}

tenon_status TENON_CALL write_finish(tenon_json_writer* writer, tenon_text* out, tenon_error* error) noexcept {
  return guard(error, [&] {
    tenon_json_writer done = std::exchange(*writer, {});
    if (!done.mistake.empty()) throw AbiError(TENON_E_INVALID_ARGUMENT, "not written as JSON: " + done.mistake);
    if (!done.whole)
      throw AbiError(TENON_E_INVALID_ARGUMENT, "not one whole JSON value: '" + done.out.substr(0, 60) + "'");
    writer->finished = std::move(done.out);
    *out = to_text(writer->finished);
  });
}

void TENON_CALL release_writer(tenon_json_writer* writer) noexcept { delete writer; }

}  // namespace tenon::chain
