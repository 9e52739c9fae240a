// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/fit.hpp"

#include <algorithm>

#include "loop/account.hpp"
#include "loop/recovery.hpp"

namespace tenon::loop {

namespace {

/// Threads that callbacks' code runs on must have ended before callbacks are destroyed.
class StopThreads {
 public:
  StopThreads(CommitPoint& commit_point, Tasks& tasks) : commit_point_(commit_point), tasks_(tasks) {}
  ~StopThreads() {
    commit_point_.stop_writer();
    tasks_.close();
  }
  StopThreads(const StopThreads&) = delete;
  StopThreads& operator=(const StopThreads&) = delete;

 private:
  CommitPoint& commit_point_;
  Tasks& tasks_;
};

void add_reasons(boost::json::object& account, const char* key, const Reasons& reasons) {
  if (reasons.empty()) return;
  boost::json::object counts;
  for (const auto& [reason, times] : reasons) counts[reason] = times;
  account[key] = std::move(counts);
}

/// A document in which nothing else has been asked for, held or counted.
boost::json::object requests_alone(boost::json::array open) {
  return {{"requests", boost::json::object{{"open", std::move(open)},
                                           {"releases", boost::json::array()},
                                           {"refs", boost::json::array()},
                                           {"bests", boost::json::array()},
                                           {"released", boost::json::array()}}}};
}

}  // namespace

Fit::Fit(Engine& engine, RunFacts facts, std::filesystem::path manifest_folder, chain::AbiModel model)
    : engine_(engine),
      facts_(std::move(facts)),
      clock_(engine),
      metrics_(engine.facts(), facts_.stage != Stage::train || has_validation(engine.facts(), facts_.options)),
      ledger_(std::make_shared<Folders>(facts_.run_id, !facts_.is_replay, *facts_.files)),
      own_tensors_(tensors_),
      commit_point_(engine, chain_, metrics_, requests_, ledger_, decisions_, tensors_, own_tensors_, tasks_, facts_,
                    progress_),
      chain_(services_, {facts_.run_folder, std::move(manifest_folder)}, std::move(model)) {
  services_.engine = &engine_;
  services_.metrics = &metrics_;
  services_.requests = &requests_;
  services_.ledger = &ledger_;
  services_.tensors = &tensors_;
  services_.own_tensors = &own_tensors_;
  services_.tasks = &tasks_;
  services_.commit_point = &commit_point_;
  services_.facts = &facts_;
  services_.clock = &clock_;
  services_.progress = &progress_;
}

void Fit::go_on_from(const std::vector<RunCheckpoint>& found, const ResumePoint* from) {
  if (from) return commit_point_.go_on_from(found, from->position().sequence, from->document());
  commit_point_.go_on_from(found, 0, requests_alone({}));
}

void Fit::begin_with(const ResumePoint& from, const std::vector<RunCheckpoint>& found) {
  boost::json::array open = from.document().at("requests").at("open").as_array();
  for (boost::json::value& ticket : open) ticket.as_object().erase("outcome");  // it holds nothing for this run
  commit_point_.go_on_from(found, 0, requests_alone(std::move(open)));
}

FitResult Fit::run(const ResumePoint* from, const Interruption* interruption) {
  const StopThreads at_end(commit_point_, tasks_);
  tasks_.open();
  if (from && from->takes(restore_progress)) clock_.go_on_from(from->position().seconds);
  Loop loop(engine_, chain_, metrics_, commit_point_, requests_, services_, facts_, clock_, progress_);
  return facts_.stage == Stage::train ? loop.fit(from, interruption) : loop.evaluate(facts_.stage);
}

boost::json::object Fit::callback_account(const chain::Callback& callback) {
  boost::json::object account;
  account["plugin"] = callback.descriptor().name;
  boost::json::array kept;
  for (const auto& checkpoint : ledger_.all()) {
    const auto& holds = checkpoint->holds;
    if (std::any_of(holds.begin(), holds.end(), [&](const Hold& hold) { return hold.by == &callback; }))
      kept.push_back(boost::json::value(relative_to_run(facts_, checkpoint->path)));
  }
  boost::json::array leaving;
  for (const Kept* checkpoint : ledger_.unheld())
    if (checkpoint->released_by == &callback)
      leaving.push_back(boost::json::value(relative_to_run(facts_, checkpoint->path)));
  const auto tally = commit_point_.tallies().find(callback.id());
  const bool saver = !kept.empty() || (tally != commit_point_.tallies().end() && tally->second.saver);
  if (saver) {
    account["saved"] = tally->second.saved;
    account["removed"] = tally->second.removed;
    if (tally->second.failed) account["failed"] = tally->second.failed;
    account["kept"] = std::move(kept);
    if (!leaving.empty()) account["leaving"] = std::move(leaving);
  }
  if (const auto own = chain_.board().account(callback.id()))
    for (const auto& [key, value] : *own)
      if (!is_hosts_own(key)) account[key] = value;
  if (tally != commit_point_.tallies().end()) {
    if (tally->second.denied) account["denied"] = tally->second.denied;
    add_reasons(account, "skipped", tally->second.skipped);
    add_reasons(account, "warnings", tally->second.warned);
  }
  if (callback.disabled()) account["disabled"] = callback.disabled_reason();
  return account;
}

boost::json::object Fit::summary(const FitResult& result) {
  boost::json::object callbacks;
  for (const auto& callback : chain_.callbacks()) {
    const bool idle = callback->id() == recovery_id && !commit_point_.tallies().contains(callback->id());
    if (!idle) callbacks[callback->id()] = callback_account(*callback);
  }
  boost::json::object s;
  s["end"] = result.at_history_end ? "history" : end_name(result.reason);
  s["epochs"] = result.epochs;
  s["steps"] = result.steps;
  s["detail"] = result.detail;
  s["callbacks"] = std::move(callbacks);
  if (facts_.stage != Stage::train) {
    boost::json::object& values = s["metrics"].emplace_object();
    for (const auto& [name, value] : metrics_.values()) values[name] = value;
  }
  return s;
}

std::string Fit::account_text(const FitResult& result) { return loop::account_text(summary(result)); }

}  // namespace tenon::loop
