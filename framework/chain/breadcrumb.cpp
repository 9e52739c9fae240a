// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "chain/breadcrumb.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace tenon::chain {

thread_local constinit Breadcrumb::Trail Breadcrumb::current;

namespace {

struct Fatal {
  int number;
  const char* name;
};
constexpr std::array<Fatal, 7> fatal{{{SIGSEGV, "SIGSEGV"},
                                      {SIGBUS, "SIGBUS"},
                                      {SIGFPE, "SIGFPE"},
                                      {SIGILL, "SIGILL"},
                                      {SIGABRT, "SIGABRT"},
                                      {SIGTRAP, "SIGTRAP"},
                                      {SIGSYS, "SIGSYS"}}};
std::array<struct sigaction, fatal.size()> before;

// Everything from here to report() must be async-signal-safe: no allocation, no locks, no formatting library.
class Line {
 public:
  void put(const char* text) noexcept {
    for (; *text != '\0' && size_ < sizeof text_ - 1; ++text) text_[size_++] = *text;
  }
  void put(std::uint64_t number) noexcept {
    char digits[21];
    char* first = digits + sizeof digits - 1;
    *first = '\0';
    do *--first = static_cast<char>('0' + number % 10);
    while ((number /= 10) != 0);
    put(first);
  }
  void write() noexcept {
    text_[size_++] = '\n';
    for (std::size_t done = 0; done < size_;) {
      const ssize_t n = ::write(STDERR_FILENO, text_ + done, size_ - done);
      if (n <= 0) return;
      done += static_cast<std::size_t>(n);
    }
  }

 private:
  char text_[512];
  std::size_t size_ = 0;
};

void report(int number, siginfo_t* info, void*) {
  std::size_t which = 0;
  while (which < fatal.size() && fatal[which].number != number) ++which;
  if (which == fatal.size()) return;

  const Breadcrumb::Trail trail = Breadcrumb::here();
  Line line;
  line.put(fatal[which].name);
  if (trail.who != nullptr) {
    line.put(" in ");
    line.put(trail.who);
    line.put(", hook ");
    line.put(trail.hook);
    if (trail.step != TENON_UNKNOWN) {
      line.put(", step ");
      line.put(trail.step);
    }
    line.put("; take this plugin out of the run, or report it to its author");
  } else {
    line.put(" outside of every callback");
  }
  line.write();

  sigaction(number, &before[which], nullptr);
  // A fault comes again when the handler returns; a signal that was sent does not.
  if (info == nullptr || info->si_code <= 0) raise(number);
}

/// exit() in a hook would end the run as if all were well.
void report_exit() {
  const Breadcrumb::Trail trail = Breadcrumb::here();
  if (trail.who == nullptr) return;
  Line line;
  line.put("exit() was called in ");
  line.put(trail.who);
  line.put(", hook ");
  line.put(trail.hook);
  line.write();
  _exit(1);
}

/// A thread's signal stack; given back before its memory goes.
class SignalStack {
 public:
  SignalStack() noexcept {
    stack_t stack{};
    stack.ss_sp = memory_;
    stack.ss_size = sizeof memory_;
    installed_ = sigaltstack(nullptr, &before_) == 0 && (before_.ss_flags & SS_DISABLE) != 0 &&
                 sigaltstack(&stack, nullptr) == 0;
  }
  ~SignalStack() {
    if (installed_) sigaltstack(&before_, nullptr);
  }
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  alignas(16) unsigned char memory_[64 * 1024];
  stack_t before_{};
  bool installed_ = false;
};

}  // namespace

void give_signal_stack() { thread_local const SignalStack stack; }

void install_crash_handler() {
  give_signal_stack();
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_sigaction = report;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    for (std::size_t i = 0; i < fatal.size(); ++i) sigaction(fatal[i].number, &action, &before[i]);
    std::atexit(report_exit);
    std::at_quick_exit(report_exit);
  });
}

}  // namespace tenon::chain
