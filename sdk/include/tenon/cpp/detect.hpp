// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon/cpp/detect.hpp - what a class declares.
#ifndef TENON_CPP_DETECT_HPP
#define TENON_CPP_DETECT_HPP

#include <type_traits>
#include <utility>

#include "../hooks.h"

namespace tenon::detail {

// has_X<T>: T has a member X of any kind and access. Found by making X ambiguous, so that a private or overloaded hook
// is never silently passed over: the adapter then refuses it with a word.
#define TENON_DETECT(X)                                                 \
  template <class T>                                                    \
  struct has_##X {                                                      \
    struct Fallback {                                                   \
      int X;                                                            \
    };                                                                  \
    struct Both : T, Fallback {};                                       \
    template <class U>                                                  \
    static std::false_type test(decltype(&U::X));                       \
    template <class U>                                                  \
    static std::true_type test(...);                                    \
    static constexpr bool value = decltype(test<Both>(nullptr))::value; \
  };
// takes_X<T>: callable with its arguments; bare_X<T>: callable with none.
#define TENON_DETECT_HOOK(X, ARGS)                                                                                   \
  TENON_DETECT(X)                                                                                                    \
  template <class T, class = void>                                                                                   \
  struct takes_##X : std::false_type {};                                                                             \
  template <class T>                                                                                                 \
  struct takes_##X<T, std::void_t<decltype(std::declval<T&>().X(std::declval<const ARGS&>()))>> : std::true_type {}; \
  template <class T, class = void>                                                                                   \
  struct bare_##X : std::false_type {};                                                                              \
  template <class T>                                                                                                 \
  struct bare_##X<T, std::void_t<decltype(std::declval<T&>().X())>> : std::true_type {};

TENON_HOOKS_1_0(TENON_DETECT_HOOK)
TENON_DETECT(id)
TENON_DETECT(name)
TENON_DETECT(version)
TENON_DETECT(description)
TENON_DETECT(license)
TENON_DETECT(options_schema)
TENON_DETECT(ranks)
TENON_DETECT(on_error)
TENON_DETECT(needs)
TENON_DETECT(state_version)
TENON_DETECT(save)
TENON_DETECT(load)
TENON_DETECT(finish)
#undef TENON_DETECT_HOOK
#undef TENON_DETECT

}  // namespace tenon::detail

#endif
