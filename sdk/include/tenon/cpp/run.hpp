// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon/cpp/run.hpp - ask the loop for something; facts of the run; its folders; the board.
#ifndef TENON_CPP_RUN_HPP
#define TENON_CPP_RUN_HPP

#include "../hooks.h"
#include "host.hpp"

namespace tenon {

class Run {
 public:
  explicit Run(Host host) : service_(host) {}
  /// A request, carried out at the first commit point that allows it; the ticket's end is told by on_ticket. Any
  /// thread.
  tenon_ticket request_stop(std::string_view reason) const {
    tenon_ticket out = 0;
    service_.call(&tenon_run::request_stop, text(reason), &out);
    return out;
  }
  /// Takes back an own request; false when it has ended already.
  bool withdraw(tenon_ticket ticket, std::string_view reason) const {
    return service_.found(&tenon_run::withdraw, ticket, text(reason));
  }
  /// Puts on record that something due was not done, or is not as it should be; `path` where there is one.
  void skip(std::string_view reason, std::string_view path = {}) const { note(TENON_ACTION_SKIP, reason, path); }
  void warn(std::string_view reason, std::string_view path = {}) const { note(TENON_ACTION_WARN, reason, path); }
  bool is_loop_thread() const { return service_.ask(&tenon_run::is_loop_thread) != 0; }

 private:
  void note(std::int32_t action, std::string_view reason, std::string_view path) const {
    service_.call(&tenon_run::note, action, text(path), text(reason));
  }
  Service<tenon_run> service_;
};

/// Texts in it live as long as the callback.
inline tenon_run_facts run_facts(Host host) {
  auto out = sized<tenon_run_facts>();
  Service<tenon_run_info>(host).call(&tenon_run_info::facts, &out);
  return out;
}
/// Seconds of the run; the only clock that decisions may use.
inline double run_seconds(Host host) { return Service<tenon_run_info>(host).ask(&tenon_run_info::seconds); }

/// The absolute path of `path` seen from TENON_PATH_*; folders above what is written are made.
inline std::string resolve(Host host, std::int32_t base, std::string_view path) {
  tenon_text out{};
  Service<tenon_paths>(host).call(&tenon_paths::resolve, base, text(path), &out);
  return std::string(view(out));
}

/// Puts JSON at "<callback id>/<topic>"; under TENON_TOPIC_ACCOUNT it is this callback's account of the run.
inline void publish(Host host, std::string_view topic, std::string_view json) {
  Service<tenon_board>(host).call(&tenon_board::publish, text(topic), text(json));
}
/// What another callback published, or nothing.
inline std::optional<std::string> published(Host host, std::string_view callback_id, std::string_view topic) {
  tenon_text out{};
  if (!Service<tenon_board>(host).found(&tenon_board::read, text(callback_id), text(topic), &out)) return std::nullopt;
  return std::string(view(out));
}

}  // namespace tenon

#endif
