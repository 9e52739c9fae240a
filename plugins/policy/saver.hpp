// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What the checkpoint and transform_saver plugins share: when to save, what to keep, what to call it, and the account.
// A plugin derives from it; its hooks, save() and load() are found in the derived class as if they were its own.
#ifndef TENON_PLUGINS_POLICY_SAVER_HPP
#define TENON_PLUGINS_POLICY_SAVER_HPP

#include <tenon/plugin.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "file_name.hpp"
#include "metric_names.hpp"
#include "run_facts.hpp"
#include "top_k.hpp"
#include "triggers.hpp"

namespace tenon::policy {

class Saver {
 public:
  static constexpr std::uint32_t state_version = 1;

  void on_setup(const tenon_event_args& args);
  void on_fit_start(const tenon_fit_start_args& args);
  void on_train_batch_end(const tenon_batch_args& args);
  void on_validation_end(const tenon_event_args& args);
  void on_train_epoch_end(const tenon_event_args& args);
  void on_exception(const tenon_exception_args& args);
  void on_train_end(const tenon_end_args& args);
  void on_fit_end(const tenon_end_args& args);
  void on_ticket(const tenon_ticket_args& args);
  void on_checkpoint_removed(const tenon_checkpoint_args& args);

  void save(StateWriter& out) const;
  void load(StateReader& in, std::uint32_t saved_version);

 protected:
  /// Reads the options of saver_schema.hpp. `default_name` stands for a filename that is null. Throws Error.
  Saver(Host host, std::int32_t kind, const std::string& default_name = {});
  ~Saver() = default;
  Saver(const Saver&) = delete;
  Saver& operator=(const Saver&) = delete;

  Host host() const noexcept { return host_; }
  /// Added to every request; texts and arrays must outlive the call that makes it.
  void set_transforms(std::vector<tenon_transform_use> uses, std::string metadata_json);

 private:
  struct Decision {
    bool keep_best;  ///< the trigger fired: the best k are decided on
    bool keep_last;  ///< the newest state is due under the name last
    bool may_wait;   ///< a stale monitor postpones the decision to the next validation
  };

  Saver(Host host, const Options& options, std::int32_t kind, const std::string& default_name);

  void act(const tenon_progress& progress, const Decision& decision);
  bool save_best(const tenon_progress& progress, bool may_wait);
  void save_last(const tenon_progress& progress);
  void take_back_last(const std::string& better_name);
  std::string name_of(const tenon_progress& progress) const;
  std::string name_after_exception(const tenon_progress& progress) const;
  [[noreturn]] void refuse_key(const std::string& key) const;
  tenon_ticket request(const tenon_progress& progress, const std::string& name, const std::string& reason,
                       std::optional<double> score);
  void point_last_at(tenon_ticket ticket);
  void release(const std::vector<Release>& releases, const std::string& reason);
  void announce_best();

  std::string entering_reason(double value) const;
  std::string staying_out_reason(double value) const;
  std::string leaving_reason() const;
  std::string nothing_to_decide_by(const tenon_progress& progress) const;
  void warn_of_what_cannot_happen();

  void reconcile();
  void find_best_again();

  Host host_;
  Run run_;
  Checkpoints checkpoints_;
  Metrics metrics_;
  MetricNames names_;
  std::int32_t kind_;
  std::string folder_;
  std::int64_t keep_;
  bool keeps_last_;
  bool saves_on_exception_;
  std::uint32_t flags_;
  std::optional<bool> at_train_epoch_end_option_;
  Triggers triggers_;
  FileName name_;
  std::optional<Monitor> monitor_;
  std::vector<tenon_transform_use> transforms_;
  std::string metadata_;

  RunFacts facts_;
  bool at_train_epoch_end_ = true;
  bool fitting_ = false;
  bool epoch_over_ = false;  // in a run without validation: what is logged at all has been logged

  TopK best_;
  TopK alone_;  // what `last` alone holds
  std::vector<tenon_ticket>
      lasts_;                // what `last` was pointed at, oldest first; the first is durable, or becomes so next
  tenon_ticket newest_ = 0;  // the newest save of all, and its step
  std::uint64_t newest_step_ = 0;
  std::uint64_t best_step_ = 0;  // at which the best k took one in
  bool waiting_ = false;         // for a fresh value of the monitor
  tenon_ticket exception_ = 0;   // what was saved when the run last failed; no part of the best k, nor last
  std::string other_scores_;     // what a loaded state was scored by, where that is not the monitor
};

}  // namespace tenon::policy

#endif
