// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A thread of the host's own that plugins' code may run on.
#ifndef TENON_LOOP_HOST_THREAD_HPP
#define TENON_LOOP_HOST_THREAD_HPP

#include <functional>
#include <thread>

namespace tenon::loop {

/// `name`: 15 characters at the most. Signals that ask the run for something do not come to it, and a crash on it is
/// told with its breadcrumb. `body` must not throw. Throws std::system_error where there can be no more threads.
std::thread start_host_thread(const char* name, std::function<void()> body);

}  // namespace tenon::loop

#endif
