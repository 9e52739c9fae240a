// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon/cpp/options.hpp - this callback's options, or a parsed JSON text, by JSON pointer.
#ifndef TENON_CPP_OPTIONS_HPP
#define TENON_CPP_OPTIONS_HPP

#include <limits>
#include <memory>
#include <type_traits>
#include <vector>

#include "host.hpp"

namespace tenon {

/// "/a/b" and a member's name or an element's index: a pointer to that, escaped.
inline std::string below(std::string_view pointer, std::string_view name) {
  std::string out(pointer);
  out += '/';
  for (const char c : name) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}
inline std::string below(std::string_view pointer, std::uint64_t index) {
  return below(pointer, std::to_string(index));
}

/// Typed reader. What is missing, or of another type, is an Error that names file and pointer.
class Options {
 public:
  /// This callback's options: they have passed the schema and hold its defaults.
  explicit Options(Host host) : service_(host), document_(nullptr, Release{service_}) {}
  /// Another text, parsed.
  Options(Host host, std::string_view json) : Options(host) {
    tenon_json* document = nullptr;
    service_.call(&tenon_options::parse, text(json), &document);
    document_.reset(document);
  }

  /// T: bool, an integer, float, double, std::string, or std::string_view, which lives as long as the document; that of
  /// the options lives as long as the callback.
  template <class T>
  T get(std::string_view pointer) const {
    if constexpr (std::is_same_v<T, bool>) {
      return read<std::int32_t>(&tenon_options::boolean, pointer) != 0;
    } else if constexpr (std::is_integral_v<T>) {
      const auto out = read<std::int64_t>(&tenon_options::integer, pointer);
      if (in_range<T>(out)) return static_cast<T>(out);
      throw Error(TENON_E_INVALID_ARGUMENT, std::string(pointer) + ": " + std::to_string(out) + " is out of range");
    } else if constexpr (std::is_floating_point_v<T>) {
      return static_cast<T>(read<double>(&tenon_options::number, pointer));
    } else {
      return T(view(read<tenon_text>(&tenon_options::text, pointer)));
    }
  }
  /// Nothing when it is absent or null.
  template <class T>
  std::optional<T> find(std::string_view pointer) const {
    if (!has(pointer)) return std::nullopt;
    return get<T>(pointer);
  }
  template <class T>
  T get_or(std::string_view pointer, T fallback) const {
    return has(pointer) ? get<T>(pointer) : fallback;
  }
  /// An array's elements.
  template <class T>
  std::vector<T> list(std::string_view pointer) const {
    std::vector<T> out;
    const std::uint64_t size = count(pointer);
    out.reserve(static_cast<std::size_t>(size));
    for (std::uint64_t i = 0; i < size; ++i) out.push_back(get<T>(below(pointer, i)));
    return out;
  }
  /// The names of an object's members, in the order written.
  std::vector<std::string> keys(std::string_view pointer) const {
    std::vector<std::string> out;
    const std::uint64_t size = count(pointer);
    for (std::uint64_t i = 0; i < size; ++i) {
      tenon_text name{};
      service_.call(&tenon_options::key, document(), text(pointer), i, &name);
      out.emplace_back(view(name));
    }
    return out;
  }
  /// Elements of an array or members of an object.
  std::uint64_t count(std::string_view pointer) const { return read<std::uint64_t>(&tenon_options::count, pointer); }
  /// TENON_JSON_*
  std::int32_t type(std::string_view pointer) const {
    return service_.ask(&tenon_options::type, document(), text(pointer));
  }
  /// Something stands there, and it is not null.
  bool has(std::string_view pointer) const {
    const std::int32_t t = type(pointer);
    return t != TENON_JSON_ABSENT && t != TENON_JSON_NULL;
  }
  /// What stands there, as compact JSON.
  std::string json(std::string_view pointer = {}) const {
    return std::string(view(read<tenon_text>(&tenon_options::json, pointer)));
  }

 private:
  struct Release {
    Service<tenon_options> service;
    void operator()(tenon_json* document) const noexcept {
      service.function (&tenon_options::release)(service.host().raw(), document);
    }
  };
  template <class T>
  static bool in_range(std::int64_t v) noexcept {
    if constexpr (std::is_unsigned_v<T>) {
      return v >= 0 && static_cast<std::uint64_t>(v) <= std::numeric_limits<T>::max();
    } else {
      return v >= std::numeric_limits<T>::min() && v <= std::numeric_limits<T>::max();
    }
  }
  template <class T, class Function>
  T read(Function tenon_options::*slot, std::string_view pointer) const {
    T out{};
    service_.call(slot, document(), text(pointer), &out);
    return out;
  }
  const tenon_json* document() const noexcept { return document_.get(); }

  Service<tenon_options> service_;
  std::unique_ptr<tenon_json, Release> document_;
};

}  // namespace tenon

#endif
