// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/signals.hpp"

#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace tenon::loop {

namespace {

std::atomic<Interruption*> asked = nullptr;

void say(std::string_view text) {
  const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
  static_cast<void>(written);  // there is nobody to tell
}

void on_signal(int number) {
  const int error = errno;
  Interruption* const interruption = asked;
  if (interruption == nullptr) return;
  if (number == SIGUSR1) {
    interruption->save();
  } else if (!interruption->leaves()) {
    interruption->leave(number);
    say(number == SIGINT ? "\nSIGINT: finishing the batch and saving; once more leaves at once, with nothing saved\n"
                         : "\nSIGTERM: finishing the batch and saving; once more leaves at once, with nothing saved\n");
  } else {
    signal(number, SIG_DFL);
    raise(number);  // delivered when the handler returns
  }
  errno = error;
}

}  // namespace

SignalWatch::SignalWatch(Interruption& interruption) {
  asked = &interruption;
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < watched_.size(); ++i) sigaction(watched_[i], &action, &before_[i]);
}

SignalWatch::~SignalWatch() {
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    // Whoever asks for a state just behind the end gets none, and should not make a failure of a finished run.
    if (watched_[i] == SIGUSR1 && before_[i].sa_handler == SIG_DFL) before_[i].sa_handler = SIG_IGN;
    sigaction(watched_[i], &before_[i], nullptr);
  }
  asked = nullptr;
}

}  // namespace tenon::loop
