// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// options/1, the reading half: JSON by pointer, typed, with messages that name the manifest's file and the pointer.
#include <tenon/services/options.h>

#include <boost/json/parser.hpp>
#include <cmath>
#include <limits>
#include <string>

#include "chain/abi.hpp"
#include "chain/callback.hpp"
#include "chain/services/json_document.hpp"
#include "chain/services/json_writer.hpp"
#include "chain/services/services.hpp"
#include "tenon/json_text.hpp"

namespace tenon::chain {
namespace {

namespace json = boost::json;

const tenon_json& document_of(const tenon_host* host, const tenon_json* document) {
  return document ? *document : callback_of(host).document();
}

std::string place(const tenon_json& document, std::string_view pointer) {
  const std::string all = document.where + std::string(pointer);
  return all.empty() ? "the JSON text" : all;
}

const json::value* look(const tenon_json& document, std::string_view pointer) {
  boost::system::error_code error;
  return document.value.find_pointer(pointer, error);
}

const json::value& need(const tenon_json& document, std::string_view pointer) {
  if (!pointer.empty() && pointer.front() != '/')
    throw AbiError(TENON_E_INVALID_ARGUMENT,
                   "'" + std::string(pointer) + "' is not a JSON pointer: one is empty or begins with '/'");
  const json::value* value = look(document, pointer);
  if (!value) throw AbiError(TENON_E_NOT_FOUND, place(document, pointer) + ": nothing stands there");
  if (value->is_null()) throw AbiError(TENON_E_NOT_FOUND, place(document, pointer) + ": null stands there");
  return *value;
}

[[noreturn]] void wrong_type(const tenon_json& document, std::string_view pointer, const json::value& value,
                             const char* wanted) {
  std::string found = json_text(value);
  if (found.size() > 60) found = found.substr(0, 60) + "...";
  throw AbiError(TENON_E_INVALID_ARGUMENT, place(document, pointer) + ": " + found + " is not " + wanted);
}

std::int64_t as_integer(const tenon_json& document, std::string_view pointer, const json::value& value) {
  if (const auto* i = value.if_int64()) return *i;
  // 2^63 itself is too large, and the first double that is.
  if (const auto* d = value.if_double())
    if (std::trunc(*d) == *d && *d >= -0x1p63 && *d < 0x1p63) return static_cast<std::int64_t>(*d);
  wrong_type(document, pointer, value, value.is_number() ? "a whole number of 64 bits" : "a whole number");
}

double as_number(const tenon_json& document, std::string_view pointer, const json::value& value) {
  if (value.is_number()) return value.to_number<double>();
  if (const auto* s = value.if_string()) {
    if (*s == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (*s == "inf") return std::numeric_limits<double>::infinity();
    if (*s == "-inf") return -std::numeric_limits<double>::infinity();
  }
  wrong_type(document, pointer, value, R"(a number, "nan", "inf" or "-inf")");
}

template <class Read>
tenon_status get(const tenon_host* host, const tenon_json* document, tenon_text pointer, tenon_error* error,
                 Read&& read) noexcept {
  return guard(error, [&] {
    const tenon_json& d = document_of(host, document);
    const std::string_view p = from_text(pointer);
    read(d, p, need(d, p));
  });
}

std::int32_t TENON_CALL type(const tenon_host* host, const tenon_json* document, tenon_text pointer) noexcept try {
  const json::value* value = look(document_of(host, document), from_text(pointer));
  if (!value) return TENON_JSON_ABSENT;
  switch (value->kind()) {
    case json::kind::null:
      return TENON_JSON_NULL;
    case json::kind::bool_:
      return TENON_JSON_BOOLEAN;
    case json::kind::int64:
    case json::kind::uint64:
      return TENON_JSON_INTEGER;
    case json::kind::double_:
      return TENON_JSON_NUMBER;
    case json::kind::string:
      return TENON_JSON_TEXT;
    case json::kind::array:
      return TENON_JSON_ARRAY;
    case json::kind::object:
      return TENON_JSON_OBJECT;
  }
  return TENON_JSON_ABSENT;
} catch (...) {
  return TENON_JSON_ABSENT;
}

tenon_status TENON_CALL boolean(const tenon_host* host, const tenon_json* document, tenon_text pointer,
                                std::int32_t* out, tenon_error* error) noexcept {
  return get(host, document, pointer, error, [&](auto& d, auto p, const json::value& value) {
    if (!value.is_bool()) wrong_type(d, p, value, "true or false");
    *out = value.get_bool() ? 1 : 0;
  });
}

tenon_status TENON_CALL integer(const tenon_host* host, const tenon_json* document, tenon_text pointer,
                                std::int64_t* out, tenon_error* error) noexcept {
  return get(host, document, pointer, error,
             [&](auto& d, auto p, const json::value& value) { *out = as_integer(d, p, value); });
}

tenon_status TENON_CALL number(const tenon_host* host, const tenon_json* document, tenon_text pointer, double* out,
                               tenon_error* error) noexcept {
  return get(host, document, pointer, error,
             [&](auto& d, auto p, const json::value& value) { *out = as_number(d, p, value); });
}

tenon_status TENON_CALL text(const tenon_host* host, const tenon_json* document, tenon_text pointer, tenon_text* out,
                             tenon_error* error) noexcept {
  return get(host, document, pointer, error, [&](auto& d, auto p, const json::value& value) {
    if (!value.is_string()) wrong_type(d, p, value, "a text");
    *out = {value.get_string().data(), value.get_string().size()};
  });
}

tenon_status TENON_CALL count(const tenon_host* host, const tenon_json* document, tenon_text pointer,
                              std::uint64_t* out, tenon_error* error) noexcept {
  return get(host, document, pointer, error, [&](auto& d, auto p, const json::value& value) {
    if (const auto* array = value.if_array())
      *out = array->size();
    else if (const auto* object = value.if_object())
      *out = object->size();
    else
      wrong_type(d, p, value, "an array or an object");
  });
}

tenon_status TENON_CALL key(const tenon_host* host, const tenon_json* document, tenon_text pointer, std::uint64_t index,
                            tenon_text* out, tenon_error* error) noexcept {
  return get(host, document, pointer, error, [&](auto& d, auto p, const json::value& value) {
    const auto* object = value.if_object();
    if (!object) wrong_type(d, p, value, "an object");
    if (index >= object->size())
      throw AbiError(TENON_E_NOT_FOUND, place(d, p) + ": has no member number " + std::to_string(index));
    const auto name = (object->begin() + static_cast<std::ptrdiff_t>(index))->key();
    *out = {name.data(), name.size()};
  });
}

tenon_status TENON_CALL compact(const tenon_host* host, const tenon_json* document, tenon_text pointer, tenon_text* out,
                                tenon_error* error) noexcept {
  return guard(error, [&] {
    const tenon_json& d = document_of(host, document);
    const std::string_view p = from_text(pointer);
    const json::value* value = look(d, p);
    if (!value) value = &need(d, p);
    std::string text = json_text(*value);
    const std::lock_guard hold(d.lock);
    *out = to_text(*d.texts.insert(std::move(text)).first);
  });
}

tenon_status TENON_CALL parse(const tenon_host*, tenon_text text, tenon_json** out, tenon_error* error) noexcept {
  return guard(error, [&] {
    json::parser parser;
    boost::system::error_code problem;
    const std::string_view all = from_text(text);
    const std::size_t read = parser.write_some(all.data(), all.size(), problem);
    if (!problem && read < all.size()) problem = json::error::extra_data;
    if (problem)
      throw AbiError(TENON_E_INVALID_ARGUMENT,
                     "this is not JSON: " + problem.message() + " after " + std::to_string(read) + " bytes");
    *out = new tenon_json{parser.release(), {}, {}, {}};
  });
}

void TENON_CALL release(const tenon_host*, tenon_json* document) noexcept { delete document; }

}  // namespace

const tenon_options options_service{sizeof(tenon_options),
                                    0,
                                    type,
                                    boolean,
                                    integer,
                                    number,
                                    text,
                                    count,
                                    key,
                                    compact,
                                    parse,
                                    release,
                                    make_writer,
                                    write_bracket,
                                    write_key,
                                    write_text,
                                    write_integer,
                                    write_number,
                                    write_boolean,
                                    write_null,
                                    write_json,
                                    write_finish,
                                    release_writer};

}  // namespace tenon::chain
