// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/recovery.hpp"

#include <tenon/plugin.hpp>

#include <algorithm>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

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
  static constexpr std::uint32_t state_version = 2;

  explicit Recovery(Host host) : host_(host), interruption_(*std::exchange(made_with, nullptr)) {}

  void on_train_batch_end(const tenon_batch_args& args) { look(*args.progress); }
  void on_train_epoch_end(const tenon_event_args& args) { look(*args.progress); }

  void on_ticket(const tenon_ticket_args& args) {
    if (args.request != TENON_REQUEST_SAVE) return;
    const auto one = std::find(held_.begin(), held_.end(), args.ticket);
    if (args.outcome == TENON_TICKET_DONE) {
      if (one == held_.end()) return;
      std::for_each(held_.begin(), one, [&](tenon_ticket older) { release(older, 0); });
      held_.erase(held_.begin(), one);
      return;
    }
    if (one != held_.end()) held_.erase(one);
    if (args.ticket < first_) return;  // of an attempt before this one
    const std::string what = "the state could not be saved on " + asked_by_ + ": " + std::string(view(args.reason));
    if (left_) throw Error(TENON_E_IO, what);  // the run ends here, and nobody may take it for saved
    host_.log(TENON_LOG_WARN, what);
  }

  void save(StateWriter& out) const {
    out.put(std::uint64_t{held_.size()});
    for (const tenon_ticket ticket : held_) out.put(ticket);
  }
  void load(StateReader& in, std::uint32_t saved_version) {
    if (saved_version != state_version) return;  // what it held then is kept
    const auto count = in.get<std::uint64_t>();
    if (count != in.left() / sizeof(tenon_ticket))
      throw Error(TENON_E_INVALID_ARGUMENT, "saved state has another length than it says");
    held_.resize(static_cast<std::size_t>(count));
    for (tenon_ticket& ticket : held_) ticket = in.get<tenon_ticket>();
  }

 private:
  void look(const tenon_progress& progress) {
    const bool leaves = interruption_.leaves() && !left_;
    left_ = left_ || leaves;
    if (leaves) interruption_.answer();
    const bool saves = interruption_.take_save();
    if (!leaves && !saves) return;
    asked_by_ = leaves ? signal_name(interruption_.signal()) : "SIGUSR1";
    const std::string save_name = recovery_name(progress.step);
    const std::string reason = asked_by_;
    tenon_save_request wanted = Checkpoints::save(TENON_CHECKPOINT_FULL, save_name, reason);
    wanted.folder = text(std::string_view(recovery_folder));
    wanted.flags |= TENON_SAVE_VERSIONED;  // a step has several commit points
    const tenon_ticket ticket = Checkpoints(host_).request(wanted);
    first_ = std::min(first_, ticket);
    for (const tenon_ticket older : held_) release(older, ticket);
    held_.push_back(ticket);
  }

  /// One that is gone from the disk is nothing to let go of, and where nothing is carried out any more it stays.
  void release(tenon_ticket held, tenon_ticket after) {
    try {
      Checkpoints(host_).release(held, after, "replaced by a newer state");
    } catch (const Error& error) {
      if (error.status() != TENON_E_NOT_FOUND && error.status() != TENON_E_WRONG_STATE) throw;
    }
  }

  Host host_;
  Interruption& interruption_;
  std::vector<tenon_ticket> held_;         // oldest first; more than one only until the newest is durable
  tenon_ticket first_ = ~tenon_ticket{0};  // that this attempt has asked for; they grow
  bool left_ = false;
  std::string asked_by_;
};

}  // namespace

chain::Callback& add_recovery(chain::Chain& chain, Interruption& interruption) {
  made_with = &interruption;
  return chain.add({"recovery", std::string(recovery_id), std::nullopt, {}, "Tenon itself"},
                   detail::Adapter<Recovery>::descriptor, {});
}

std::string recovery_name(std::uint64_t step) { return "step=" + std::to_string(step); }

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
