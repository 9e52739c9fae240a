// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/recovery.hpp"

#include <tenon/plugin.hpp>

#include <csignal>
#include <string>
#include <utility>

#include "loop/run_checkpoints.hpp"

namespace tenon::loop {

namespace {

thread_local Interruption* made_with = nullptr;  // a plugin's create() takes no argument of ours

class Recovery {
 public:
  static constexpr const char* id = "org.tenon.recovery";
  static constexpr const char* name = "recovery";
  static constexpr const char* version = TENON_VERSION;
  static constexpr const char* description = "Saves the training's state on a signal";
  static constexpr const char* license = "Apache-2.0";
  static constexpr std::uint32_t state_version = 1;

  explicit Recovery(Host host) : host_(host), interruption_(*std::exchange(made_with, nullptr)) {}

  void on_train_batch_end(const tenon_batch_args& args) { look(*args.progress); }
  void on_train_epoch_end(const tenon_event_args& args) { look(*args.progress); }

  void on_ticket(const tenon_ticket_args& args) {
    if (args.request != TENON_REQUEST_SAVE || args.outcome == TENON_TICKET_DONE) return;
    if (args.ticket == held_) held_ = std::exchange(before_, 0);
    if (asked_by_.empty()) return;  // of an attempt before this one
    const std::string what = "the state could not be saved on " + asked_by_ + ": " + std::string(view(args.reason));
    if (left_) throw Error(TENON_E_IO, what);  // the run ends here, and nobody may take it for saved
    host_.log(TENON_LOG_WARN, what);
  }

  void save(StateWriter& out) const { out.put(held_).put(before_); }
  void load(StateReader& in, std::uint32_t) {
    held_ = in.get<tenon_ticket>();
    before_ = in.get<tenon_ticket>();
  }

 private:
  void look(const tenon_progress& progress) {
    const bool leaves = interruption_.leaves() && !left_;
    left_ = left_ || leaves;
    if (leaves) interruption_.answer();
    const bool saves = interruption_.take_save();
    if (!leaves && !saves) return;
    asked_by_ = leaves ? signal_name(interruption_.signal()) : "SIGUSR1";
    const std::string save_name = "step=" + std::to_string(progress.step);
    const std::string reason = asked_by_;
    tenon_save_request wanted = Checkpoints::save(TENON_CHECKPOINT_FULL, save_name, reason);
    wanted.folder = text(std::string_view(recovery_folder));
    wanted.flags |= TENON_SAVE_VERSIONED;  // a step has several commit points
    const tenon_ticket ticket = Checkpoints(host_).request(wanted);
    before_ = std::exchange(held_, ticket);
    if (before_) Checkpoints(host_).release(before_, ticket, "replaced by a newer state");
  }

  Host host_;
  Interruption& interruption_;
  tenon_ticket held_ = 0, before_ = 0;
  bool left_ = false;
  std::string asked_by_;
};

}  // namespace

chain::Callback& add_recovery(chain::Chain& chain, Interruption& interruption) {
  made_with = &interruption;
  return chain.add({"recovery", std::string(recovery_id), std::nullopt, {}, "Tenon itself"},
                   detail::Adapter<Recovery>::descriptor, {});
}

std::string_view signal_name(int signal) {
  switch (signal) {
    case SIGINT:
      return "SIGINT";
    case SIGTERM:
      return "SIGTERM";
    default:
      return "a request";
  }
}

}  // namespace tenon::loop
