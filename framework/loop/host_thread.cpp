// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/host_thread.hpp"

#include <pthread.h>
#include <signal.h>

#include "chain/breadcrumb.hpp"

namespace tenon::loop {

namespace {

/// Signals that ask the run for something belong to the threads that were there before: here they would only interrupt
/// the disk. A fault's own signal always comes to the thread that made it.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

void unblock_faults() {
  sigset_t faults;
  sigemptyset(&faults);
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS}) sigaddset(&faults, number);
  pthread_sigmask(SIG_UNBLOCK, &faults, nullptr);
}

}  // namespace

std::thread start_host_thread(const char* name, std::function<void()> body) {
  const SignalsBlocked inherited;
  return std::thread([name, body = std::move(body)] {
    unblock_faults();
    chain::give_signal_stack();
    pthread_setname_np(pthread_self(), name);
    body();
  });
}

}  // namespace tenon::loop
