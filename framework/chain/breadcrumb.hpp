// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Who is being called right now on this thread, so that a fatal signal can name the plugin.
#ifndef TENON_CHAIN_BREADCRUMB_HPP
#define TENON_CHAIN_BREADCRUMB_HPP

#include <tenon/base.h>

#include <cstdint>

namespace tenon::chain {

/// Set around every call into a plugin, on whatever thread. Texts must outlive it; nothing is copied or allocated.
class Breadcrumb {
 public:
  /// `who`: "callback 'csv' (org.acme.csv 1.3.0)"; `hook`: "on_train_batch_end", "create", "apply", ...;
  /// `step` TENON_UNKNOWN where there is none.
  Breadcrumb(const char* who, const char* hook, std::uint64_t step) noexcept : before_(current) {
    current = {who, hook, step};
  }
  ~Breadcrumb() { current = before_; }
  Breadcrumb(const Breadcrumb&) = delete;
  Breadcrumb& operator=(const Breadcrumb&) = delete;

  struct Trail {
    const char* who = nullptr;  ///< nullptr: no plugin is being called
    const char* hook = nullptr;
    std::uint64_t step = TENON_UNKNOWN;
  };
  static Trail here() noexcept { return current; }

 private:
  // initial-exec: a plain load and store, and no allocation on the first use within a signal handler.
  static thread_local constinit Trail current __attribute__((tls_model("initial-exec")));
  Trail before_;
};

/// Makes SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT write one line to stderr, as in "SIGSEGV in callback 'csv'
/// (org.acme.csv 1.3.0), hook on_train_batch_end, step 41210; take this plugin out of the run, or report it to its
/// author", and then do what they did before. Gives the calling
/// thread a signal stack, so that a stack overflow on it is reported too. May be called again, from other threads.
void install_crash_handler();

/// Only the stack, for a thread that the host makes: the handler works there if the program has installed it.
void give_signal_stack();

}  // namespace tenon::chain

#endif
