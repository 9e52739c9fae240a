// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a saver decides, occasion by occasion: what to save, what to let go of, what `last` and the best are. It knows
// numbers and tickets alone; the callback around it (saver.hpp) knows the host.
#ifndef TENON_PLUGINS_POLICY_SAVE_PLAN_HPP
#define TENON_PLUGINS_POLICY_SAVE_PLAN_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "top_k.hpp"

namespace tenon {
class StateReader;
class StateWriter;
}  // namespace tenon

namespace tenon::policy {

/// Whose place a checkpoint takes.
enum class Purpose : std::uint8_t {
  best,      ///< one of the best k
  last,      ///< held by `last` alone
  exception  ///< the state when the run failed
};

/// A checkpoint on disk that the saver holds.
struct Durable {
  Ticket ticket = 0;
  double score = 0;
  std::string metric;
};

/// What a plan asks for.
class SaveActions {
 public:
  virtual ~SaveActions() = default;
  /// 0 where nothing is saved (on a rank other than 0).
  virtual Ticket request(Purpose purpose, std::optional<double> score, const std::string& reason) = 0;
  /// False when it is carried out already.
  virtual bool withdraw(Ticket ticket, const std::string& reason) = 0;
  virtual void release(const Release& what, const std::string& reason) = 0;
  virtual void point_last_at(Ticket ticket) = 0;
  virtual void set_best(Ticket ticket) = 0;  ///< 0: there is none
  virtual void skip(const std::string& reason) = 0;
  virtual void warn(const std::string& reason) = 0;
  /// For whoever looks on: no decision, and no part of the account.
  virtual void tell(const std::string& what) = 0;
  virtual std::vector<Durable> durable() = 0;
};

struct SavePlanOptions {
  std::int64_t keep = 1;  ///< -1 all
  bool keeps_last = false;
  std::optional<Goal> goal;  ///< of the monitor, where there is one
  std::string metric;        ///< ditto
  std::optional<double> initial_value_threshold;
  std::string when;  ///< "every 3 epochs": the reason of a save where nothing is compared
};

struct Occasion {
  std::uint64_t step = 0;
  bool best_due = false;        ///< a trigger fired: the best k are decided on
  bool last_due = false;        ///< the newest state is due under the name last
  bool may_wait = false;        ///< without a value of this step the decision waits for the next validation
  std::optional<double> value;  ///< of the monitor, measured on these very weights
};

/// What is saved of a plan. Those of the best that are on disk are not in it: the host knows them and their scores, and
/// the state does not grow with them.
struct SavePlanState {
  std::string scored_by;  ///< "min val_loss", empty without a monitor
  std::int64_t keep = 0;
  bool waiting = false;
  std::uint64_t best_step = 0;
  Ticket newest = 0;
  std::uint64_t newest_step = 0;
  Ticket exception = 0;
  std::vector<Entry> open;    ///< of the best: still being written, or leaving
  std::uint64_t on_disk = 0;  ///< of the best, as many as are remembered
  Ticket best = 0;
  Ticket counts_from = 0;      ///< older tickets were decided by another monitor
  std::vector<Ticket> let_go;  ///< lately, and perhaps still on disk
  std::vector<Entry> alone;
  std::vector<Ticket> lasts;
  std::optional<std::uint64_t> only_worse;
  std::optional<double> previous;

  void put(StateWriter& out) const;
  static SavePlanState get(StateReader& in);
};

class SavePlan {
 public:
  SavePlan(SavePlanOptions options, SaveActions& actions);

  /// Whether an occasion at this step could change anything.
  bool is_open_at(std::uint64_t step) const noexcept { return step != 0 && best_step_ != step; }
  /// Whether a value of the monitor would be looked at.
  bool compares() const noexcept { return options_.goal && options_.keep != 0; }
  bool is_waiting() const noexcept { return waiting_; }

  void decide(const Occasion& now);
  /// The state as it is now, whatever the triggers say: it is held beside all others, until the next that is saved so.
  void save_after_exception(const std::string& message);
  /// The run has ended by itself.
  void warn_of_doubtful_mode();

  /// How saves ended, and what is no longer on disk.
  void saved(Ticket ticket);
  void failed(Ticket ticket);
  void removed(Ticket ticket);

  const Entry* best() const { return best_.best(); }
  /// What `last` points at, or will next; 0: nothing.
  Ticket last() const { return lasts_.empty() ? 0 : lasts_.front(); }

  SavePlanState state() const;
  void restore(SavePlanState state);
  /// After restore(), when the host can be asked: what was durable when the state was saved may have been deleted
  /// since, and the options may have changed. Tickets that were open are answered by the host.
  void reconcile();

 private:
  bool decide_best(const Occasion& now);
  void watch_direction(double value);
  void save_last(const Occasion& now);
  void take_back_last();
  Ticket save(std::uint64_t step, Purpose purpose, std::optional<double> score, const std::string& reason);
  void point_last_at(Ticket ticket);
  void release(const std::vector<Release>& releases, const std::string& reason);
  void let_go(const Release& what, const std::string& reason);
  bool only_last_needs(const Release& what) const;
  void hold_for_last(Ticket ticket);
  void announce_best();
  void forget_deleted(const std::vector<Durable>& there);
  std::vector<Entry> scored_here(const std::vector<Durable>& there) const;
  void tell_of_deleted(const SavePlanState& before, std::size_t found);

  std::string scored_by() const;
  std::string words_of(double value) const;
  std::string entering_reason(double value) const;
  std::string staying_out_reason(double value) const;
  std::string leaving_reason() const;
  std::string nothing_to_decide_by(std::uint64_t step) const;
  std::string words_of_deleted(std::size_t count, Ticket best_before) const;

  SavePlanOptions options_;
  SaveActions& actions_;
  TopK best_;
  TopK alone_;                 // what is held for `last` alone
  std::vector<Ticket> lasts_;  // what `last` was pointed at, oldest first; the first is durable, or becomes so next
  Ticket newest_ = 0;          // the newest save but those of failures, and its step
  std::uint64_t newest_step_ = 0;
  std::uint64_t best_step_ = 0;  // at which the best k took one in
  bool waiting_ = false;         // for a value of the monitor
  Ticket exception_ = 0;         // what was saved when the run last failed; no part of the best k, nor last
  std::optional<std::uint64_t> only_worse_ = 0;  // values, each worse than the one before; nothing once one was not
  std::optional<double> previous_;               // value
  Ticket counts_from_ = 0;                       // older ones were decided by another monitor
  std::vector<Ticket> let_go_;                   // lately, oldest first, and not known to be gone
  std::size_t remembered_ = 64;                  // as many of them: all that can be under way
  std::optional<SavePlanState> restored_;        // until reconcile()
};

}  // namespace tenon::policy

#endif
