// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon/cpp/json_writer.hpp - builds one JSON value for the board, metadata or a file.
#ifndef TENON_CPP_JSON_WRITER_HPP
#define TENON_CPP_JSON_WRITER_HPP

#include <limits>
#include <memory>
#include <type_traits>

#include "host.hpp"

namespace tenon {

/// JsonWriter(host).object().member("epoch", 3).member("best", best).end().finish()
class JsonWriter {
 public:
  explicit JsonWriter(Host host) : service_(host), writer_(nullptr, Release{service_}) {
    tenon_json_writer* writer = nullptr;
    service_.call(&tenon_options::writer, &writer);
    writer_.reset(writer);
  }
  JsonWriter& object() { return open('{', '}'); }
  JsonWriter& array() { return open('[', ']'); }
  /// Closes what was opened last.
  JsonWriter& end() {
    const char bracket = open_.empty() ? '}' : open_.back();  // one too many is reported by finish()
    if (!open_.empty()) open_.pop_back();
    return write(&tenon_options::write_bracket, std::int32_t{bracket});
  }
  JsonWriter& key(std::string_view name) { return write(&tenon_options::write_key, text(name)); }
  JsonWriter& null() { return write(&tenon_options::write_null); }
  /// What is JSON already.
  JsonWriter& json(std::string_view value) { return write(&tenon_options::write_json, text(value)); }
  /// A bool, number or text; an empty std::optional, or TENON_UNKNOWN, is null.
  template <class T>
  JsonWriter& value(const T& v) {
    if constexpr (std::is_same_v<T, bool>) {
      return write(&tenon_options::write_boolean, std::int32_t{v});
    } else if constexpr (std::is_integral_v<T>) {
      if constexpr (std::is_unsigned_v<T> && sizeof(T) == sizeof(std::uint64_t)) {
        if (v == TENON_UNKNOWN) return null();
        if (v > static_cast<T>(std::numeric_limits<std::int64_t>::max())) return value(static_cast<double>(v));
      }
      return write(&tenon_options::write_integer, static_cast<std::int64_t>(v));
    } else if constexpr (std::is_floating_point_v<T>) {
      return write(&tenon_options::write_number, static_cast<double>(v));
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      return write(&tenon_options::write_text, text(v));
    } else {
      return v ? value(*v) : null();
    }
  }
  template <class T>
  JsonWriter& member(std::string_view name, const T& v) {
    return key(name).value(v);
  }
  /// The text; Error when it is not one whole value. The writer starts anew.
  std::string finish() {
    tenon_text out{};
    call(service_.function(&tenon_options::write_finish), writer_.get(), &out);
    open_.clear();
    return std::string(view(out));
  }

 private:
  struct Release {
    Service<tenon_options> service;
    void operator()(tenon_json_writer* writer) const noexcept {
      service.function (&tenon_options::release_writer)(writer);
    }
  };
  JsonWriter& open(char left, char right) {
    open_.push_back(right);
    return write(&tenon_options::write_bracket, std::int32_t{left});
  }
  template <class Function, class... Args>
  JsonWriter& write(Function tenon_options::*slot, Args... args) {
    service_.function(slot)(writer_.get(), args...);
    return *this;
  }
  Service<tenon_options> service_;
  std::unique_ptr<tenon_json_writer, Release> writer_;
  std::string open_;
};

}  // namespace tenon

#endif
