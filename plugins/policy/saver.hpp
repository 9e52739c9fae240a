// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What the checkpoint and transform_saver plugins share: the options, the hooks, the names and the account. What is
// decided stands in save_plan.hpp.
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
#include "save_plan.hpp"
#include "triggers.hpp"

namespace tenon::policy {

class Saver : private SaveActions {
 public:
  static constexpr std::uint32_t state_version = 2;

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
  ~Saver() override = default;
  Saver(const Saver&) = delete;
  Saver& operator=(const Saver&) = delete;

  Host host() const noexcept { return host_; }
  /// Added to every request; texts and arrays must outlive the call that makes it.
  void set_transforms(std::vector<tenon_transform_use> uses, std::string metadata_json);

 private:
  Saver(Host host, const Options& options, std::int32_t kind, const std::string& default_name);

  Ticket request(Purpose purpose, std::optional<double> score, const std::string& reason) override;
  bool withdraw(Ticket ticket, const std::string& reason) override;
  void release(const Release& what, const std::string& reason) override;
  void point_last_at(Ticket ticket) override;
  void set_best(Ticket ticket) override;
  void skip(const std::string& reason) override;
  void warn(const std::string& reason) override;
  void tell(const std::string& what) override;
  std::vector<Durable> durable() override;

  void decide(const tenon_progress& progress, bool best_due, bool last_due, bool may_wait);
  std::optional<double> measured(const tenon_progress& progress);
  std::string name_for(Purpose purpose) const;
  std::string name_of(const tenon_progress& progress) const;
  std::string name_after_exception(const tenon_progress& progress) const;
  [[noreturn]] void refuse_key(const std::string& key) const;

  Host host_;
  Run run_;
  Checkpoints checkpoints_;
  Metrics metrics_;
  MetricNames names_;
  std::int32_t kind_;
  std::string folder_;
  std::uint32_t flags_;
  bool saves_on_exception_;
  std::optional<bool> at_train_epoch_end_option_;
  Triggers triggers_;
  FileName name_;
  std::optional<Monitor> monitor_;
  SavePlanOptions options_;
  SavePlan plan_;
  std::vector<tenon_transform_use> transforms_;
  std::string metadata_;

  RunFacts facts_;
  bool at_train_epoch_end_ = true;
  bool fitting_ = false;
  bool epoch_over_ = false;              // what is logged at all has been logged
  const tenon_progress* now_ = nullptr;  // of the hook that is running, for names
  std::optional<double> fired_at_;       // of a loaded state: when the time trigger fired last
};

}  // namespace tenon::policy

#endif
