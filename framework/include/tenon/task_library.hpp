// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a task library exports, and the fingerprint of its build. Tasks are C++: a library that was built otherwise than
// the host (another LibTorch, another compiler's ABI, another Boost) must be refused before any of its code runs.
#ifndef TENON_TASK_LIBRARY_HPP
#define TENON_TASK_LIBRARY_HPP

#include <torch/version.h>

#include <boost/version.hpp>
#include <memory>
#include <version>

/// Raised by every change to the headers that tasks are compiled with.
#define TENON_TASK_API 2

#define TENON_FINGERPRINT_TEXT_(x) #x
#define TENON_FINGERPRINT_TEXT(x) TENON_FINGERPRINT_TEXT_(x)

#if defined(_GLIBCXX_RELEASE)
#define TENON_FINGERPRINT_LIBRARY "libstdc++-cxx11abi" TENON_FINGERPRINT_TEXT(_GLIBCXX_USE_CXX11_ABI)
#elif defined(_LIBCPP_VERSION)
#define TENON_FINGERPRINT_LIBRARY "libc++-abi" TENON_FINGERPRINT_TEXT(_LIBCPP_ABI_VERSION)
#else
#define TENON_FINGERPRINT_LIBRARY "unknown"
#endif

#if defined(_GLIBCXX_DEBUG)
#define TENON_FINGERPRINT_DEBUG " containers=debug"
#else
#define TENON_FINGERPRINT_DEBUG ""
#endif

/// "libtorch=2.15.0 compiler-abi=1017 c++=202002L library=libstdc++-cxx11abi1 boost=108100 task-api=2"
#define TENON_TASK_FINGERPRINT                                                                                         \
  "libtorch=" TORCH_VERSION " compiler-abi=" TENON_FINGERPRINT_TEXT(__GXX_ABI_VERSION) " c++=" TENON_FINGERPRINT_TEXT( \
      __cplusplus) " library=" TENON_FINGERPRINT_LIBRARY                                                               \
                   " boost=" TENON_FINGERPRINT_TEXT(BOOST_VERSION) " task-api=" TENON_FINGERPRINT_TEXT(TENON_TASK_API) \
                       TENON_FINGERPRINT_DEBUG

#define TENON_TASK_EXPORT __attribute__((visibility("default")))
#if __has_attribute(retain)
#define TENON_TASK_SECTION __attribute__((used, retain, section(".tenon.task")))
#else
#define TENON_TASK_SECTION __attribute__((used, section(".tenon.task")))
#endif

namespace tenon {

class Task;
struct TaskContext;

/// The constant that a task library exports as `tenon_task_v1`.
struct TaskEntry {
  const char* fingerprint;
  const char* name;
  std::unique_ptr<Task> (*make)(TaskContext context);
};

}  // namespace tenon

#endif
