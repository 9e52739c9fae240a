// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon/cpp/adapter.hpp - the constant C tables of a callback class.
#ifndef TENON_CPP_ADAPTER_HPP
#define TENON_CPP_ADAPTER_HPP

#include "../plugin.h"
#include "barrier.hpp"
#include "detect.hpp"
#include "host.hpp"
#include "state.hpp"

namespace tenon::detail {

constexpr bool is_decision(const char* hook) { return hook[0] == 'd'; }

/// The options of a class that takes none.
inline constexpr const char* no_options = R"({"type":"object","additionalProperties":false})";

template <class T>
constexpr const char* schema_of() noexcept {
  if constexpr (has_options_schema<T>::value)
    return T::options_schema;
  else
    return no_options;
}

template <class T>
struct Adapter {
  static_assert(std::is_class_v<T> && !std::is_final_v<T>, "a callback class must not be final");
  static_assert(has_id<T>::value && has_name<T>::value && has_version<T>::value && has_description<T>::value &&
                    has_license<T>::value,
                "a callback class has the constants id, name, version, description and license");
  static_assert(std::is_constructible_v<T, Host>, "a callback class has a public constructor that takes a tenon::Host");
  static_assert(has_save<T>::value == has_load<T>::value, "save and load: both or neither");
  static_assert(has_save<T>::value == has_state_version<T>::value, "state_version: with save and load only");

  static T& self(tenon_callback* callback) noexcept { return *reinterpret_cast<T*>(callback); }

  static tenon_status TENON_CALL create(const tenon_host* host, tenon_callback** out, tenon_error* error) noexcept {
    return guard(error, [&] { *out = reinterpret_cast<tenon_callback*>(new T(Host(host))); });
  }
  static void TENON_CALL destroy(tenon_callback* callback) noexcept { delete &self(callback); }
  static tenon_status TENON_CALL save(tenon_callback* callback, const tenon_writer* to, tenon_error* error) noexcept {
    return guard(error, [&] {
      StateWriter writer(to);
      static_cast<const T&>(self(callback)).save(writer);
    });
  }
  static tenon_status TENON_CALL load(tenon_callback* callback, std::uint32_t version, const tenon_reader* from,
                                      tenon_error* error) noexcept {
    return guard(error, [&] {
      StateReader reader(from);
      self(callback).load(reader, version);
    });
  }

// For each hook: the function that the host calls, and set_X, which puts it into the table if T declares X.
#define TENON_TRAMPOLINE(X, ARGS)                                                                                \
  static tenon_status TENON_CALL X([[maybe_unused]] tenon_callback* callback, [[maybe_unused]] const ARGS* args, \
                                   tenon_error* error) noexcept {                                                \
    return guard(error, [&] {                                                                                    \
      if constexpr (takes_##X<T>::value)                                                                         \
        return self(callback).X(*args);                                                                          \
      else if constexpr (bare_##X<T>::value)                                                                     \
        return self(callback).X();                                                                               \
    });                                                                                                          \
  }                                                                                                              \
  static constexpr void set_##X([[maybe_unused]] tenon_hooks& table) noexcept {                                  \
    if constexpr (has_##X<T>::value) {                                                                           \
      static_assert(takes_##X<T>::value || bare_##X<T>::value,                                                   \
                    #X ": must be public and take const " #ARGS "& or nothing");                                 \
      using Wanted = std::conditional_t<is_decision(#X), Verdict, void>;                                         \
      if constexpr (takes_##X<T>::value)                                                                         \
        static_assert(std::is_same_v<decltype(std::declval<T&>().X(std::declval<const ARGS&>())), Wanted>,       \
                      #X ": on_* returns void, decide_* returns tenon::Verdict");                                \
      else if constexpr (bare_##X<T>::value)                                                                     \
        static_assert(std::is_same_v<decltype(std::declval<T&>().X()), Wanted>,                                  \
                      #X ": on_* returns void, decide_* returns tenon::Verdict");                                \
      table.X = &Adapter::X;                                                                                     \
    }                                                                                                            \
  }
  TENON_HOOKS_1_0(TENON_TRAMPOLINE)
#undef TENON_TRAMPOLINE

  static constexpr tenon_hooks make_hooks() noexcept {
    tenon_hooks table{};
    table.struct_size = sizeof table;
#define TENON_SET(X, ARGS) set_##X(table);
    TENON_HOOKS_1_0(TENON_SET)
#undef TENON_SET
    return table;
  }
  static constexpr tenon_hooks hooks = make_hooks();

  static constexpr tenon_descriptor make_descriptor() noexcept {
    tenon_descriptor d{};
    d.struct_size = sizeof d;
    d.id = T::id;
    d.name = T::name;
    d.version = T::version;
    d.description = T::description;
    d.license = T::license;
    d.options_schema = schema_of<T>();
    if constexpr (has_ranks<T>::value) d.ranks = T::ranks;
    if constexpr (has_on_error<T>::value) d.on_error = T::on_error;
    if constexpr (has_needs<T>::value) d.needs = T::needs;
    d.hooks = &hooks;
    d.create = &create;
    d.destroy = &destroy;
    if constexpr (has_save<T>::value) {
      static_assert(T::state_version > 0, "state_version starts at 1");
      d.state_version = T::state_version;
      d.save = &save;
      d.load = &load;
    }
    return d;
  }
  static constexpr tenon_descriptor descriptor = make_descriptor();
};

}  // namespace tenon::detail

#endif
