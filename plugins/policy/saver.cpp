// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "saver.hpp"

#include <limits>
#include <utility>

#include "run_path.hpp"
#include "saver_options.hpp"
#include "state.hpp"

namespace tenon::policy {

Saver::Saver(Host host, std::int32_t kind, const std::string& default_name)
    : Saver(host, Options(host), kind, default_name) {}

Saver::Saver(Host host, const Options& options, std::int32_t kind, const std::string& default_name)
    : host_(host),
      run_(host),
      checkpoints_(host),
      metrics_(host),
      names_(metrics_),
      kind_(kind),
      folder_(read_folder(host, options)),
      flags_((options.get<bool>("/enable_version_counter") ? TENON_SAVE_VERSIONED : 0u) |
             (options.get<bool>("/async") ? 0u : TENON_SAVE_WAIT)),
      saves_on_exception_(options.get<bool>("/save_on_exception")),
      at_train_epoch_end_option_(options.find<bool>("/save_on_train_epoch_end")),
      triggers_(read_triggers(options)),
      name_(read_name(options, default_name)),
      monitor_(read_monitor(host, options)),
      options_(read_plan(options, monitor_, triggers_)),
      plan_(options_, *this) {}

void Saver::set_transforms(std::vector<tenon_transform_use> uses, std::string metadata_json) {
  transforms_ = std::move(uses);
  metadata_ = std::move(metadata_json);
}

void Saver::on_setup(const tenon_event_args& args) {
  const std::int32_t stage = args.progress->stage;
  if (stage == TENON_STAGE_VALIDATION || stage == TENON_STAGE_TEST || stage == TENON_STAGE_PREDICT) return;
  Service<tenon_checkpoints>(host_).call(&tenon_checkpoints::claim, text(folder_),
                                         text(options_.keeps_last ? "last" : ""));
}

void Saver::on_fit_start(const tenon_fit_start_args& args) {
  facts_ = RunFacts::of(host_);
  at_train_epoch_end_ = at_train_epoch_end_option_.value_or(facts_.decides_at_train_epoch_end);
  triggers_.start_at_step(args.progress->step);
  triggers_.start_at_time(fired_at_.value_or(args.progress->seconds));
  for (const std::string& key : name_.keys())
    if (names_.task_declares() && !names_.known(key, true)) refuse_key(key);
  if (args.resumed) plan_.reconcile();
  const bool by_validation = monitor_ && names_.is_of_validation(*monitor_);
  for (const std::string& warning : what_cannot_happen(options_, triggers_, at_train_epoch_end_, by_validation, facts_))
    run_.warn(warning);
  fitting_ = true;
}

void Saver::on_train_batch_end(const tenon_batch_args& args) {
  // Inside a group of batches that make one step the save would wait, and hold other weights than were scored.
  if (!(args.flags & TENON_BATCH_STEPPED) && facts_.accumulates) return;
  if (triggers_.fires_at_batch(args.progress->step, args.progress->seconds)) decide(*args.progress, true, true, true);
}

void Saver::on_validation_end(const tenon_event_args& args) {
  if (!fitting_) return;
  const bool waited = plan_.is_waiting();
  const bool mine = triggers_.by_epochs() && !at_train_epoch_end_;
  const bool fires = mine && triggers_.fires_at_epoch(args.progress->epoch);
  if (mine || waited) decide(*args.progress, fires || waited, mine, true);
}

void Saver::on_train_epoch_end(const tenon_event_args& args) {
  epoch_over_ = epoch_over_ || args.complete || !facts_.has_validation;
  const bool waited = plan_.is_waiting();  // what is measured over the epoch is there now
  const bool mine = triggers_.by_epochs() && at_train_epoch_end_;
  const bool fires = mine && triggers_.fires_at_epoch(args.progress->epoch);
  // Nothing validates after an epoch that was cut short: the run ends.
  if (mine || waited) decide(*args.progress, fires || waited, mine, args.complete != 0 || !mine);
}

void Saver::on_exception(const tenon_exception_args& args) {
  if (!saves_on_exception_ || !fitting_ || args.progress->step == 0) return;
  now_ = args.progress;
  plan_.save_after_exception(std::string(view(args.message)));
}

void Saver::on_train_end(const tenon_end_args& args) {
  if (args.reason == TENON_END_FAILED || args.reason == TENON_END_INTERRUPTED) return;
  decide(*args.progress, plan_.is_waiting(), true, false);
  plan_.warn_of_doubtful_mode();
}

void Saver::decide(const tenon_progress& progress, bool best_due, bool last_due, bool may_wait) {
  if (!plan_.is_open_at(progress.step)) return;
  now_ = &progress;
  Occasion now{progress.step, best_due, last_due, may_wait, std::nullopt};
  if (best_due && plan_.compares()) now.value = measured(progress);
  plan_.decide(now);
}

/// The fresh value of the monitor. Throws Error for one that had its chance, a validation and the end of a training
/// epoch, and was never logged, unless it is declared.
std::optional<double> Saver::measured(const tenon_progress& progress) {
  const std::optional<double> value = names_.fresh(*monitor_, progress);
  if (value || !names_.is_missing(*monitor_)) return value;
  const bool validated = progress.validations > 0 || !facts_.has_validation;
  if (validated && epoch_over_) names_.refuse_missing(*monitor_);
  if (triggers_.by_epochs() && progress.validations == 1)  // an epoch may be long, and a name wrong
    run_.warn("monitor \"" + monitor_->name + "\" was not logged by the first validation" +
              names_.instead_of(monitor_->name) + "; where it is not at the end of the training epoch, the run ends");
  return value;
}

std::string Saver::name_for(Purpose purpose) const {
  switch (purpose) {
    case Purpose::last:
      return last_name(name_of(*now_));
    case Purpose::exception:
      return name_after_exception(*now_);
    case Purpose::best:
      break;
  }
  return name_of(*now_);
}

std::string Saver::name_of(const tenon_progress& progress) const {
  return name_.format([&](const std::string& key) {
    const std::optional<double> value = names_.value(key, progress, !epoch_over_);
    if (!value) refuse_key(key);
    return *value;
  });
}

/// A metric that was never logged is no reason to save nothing, nor is a name that is taken.
std::string Saver::name_after_exception(const tenon_progress& progress) const {
  return name_.format([&](const std::string& key) {
    return names_.value(key, progress, true).value_or(std::numeric_limits<double>::quiet_NaN());
  });
}

void Saver::refuse_key(const std::string& key) const {
  throw Error(TENON_E_INVALID_ARGUMENT,
              "filename \"" + name_.text() + "\": no metric is called \"" + key + "\"" + names_.instead_of(key));
}

Ticket Saver::request(Purpose purpose, std::optional<double> score, const std::string& reason) {
  const std::string name = name_for(purpose);
  tenon_save_request wanted = Checkpoints::save(kind_, name, reason);
  wanted.folder = text(folder_);
  wanted.flags = flags_ | (purpose == Purpose::exception ? TENON_SAVE_INCONSISTENT | TENON_SAVE_VERSIONED : 0u);
  wanted.metadata_json = text(metadata_);
  if (score) {
    wanted.monitor = text(monitor_->name);
    wanted.score = *score;
  }
  if (!transforms_.empty()) Checkpoints::transforms(wanted, transforms_);
  return checkpoints_.request(wanted);
}

bool Saver::withdraw(Ticket ticket, const std::string& reason) { return run_.withdraw(ticket, reason); }
void Saver::point_last_at(Ticket ticket) { checkpoints_.set_ref("last", ticket); }
void Saver::skip(const std::string& reason) { run_.skip(reason); }
void Saver::warn(const std::string& reason) { run_.warn(reason); }
void Saver::tell(const std::string& what) { host_.warn(what); }

namespace {

/// After the last commit point nothing is carried out any more, and what is on disk stays as it is.
template <class Ask>
void while_open(Ask&& ask) {
  try {
    ask();
  } catch (const Error& error) {
    if (error.status() != TENON_E_WRONG_STATE) throw;
  }
}

}  // namespace

void Saver::release(const Release& what, const std::string& reason) {
  try {
    while_open([&] { checkpoints_.release(what.held, what.after, reason); });
  } catch (const Error& error) {
    if (error.status() != TENON_E_NOT_FOUND) throw;  // gone from the disk already
  }
}

void Saver::set_best(Ticket ticket) {
  try {
    while_open([&] { checkpoints_.set_best(ticket); });
  } catch (const Error& error) {
    if (error.status() != TENON_E_NOT_FOUND) throw;  // gone from the disk, which is about to be told
  }
}

std::vector<Durable> Saver::durable() {
  std::vector<Durable> held;
  for (const tenon_checkpoint& c : checkpoints_.list())
    if (c.ticket) held.push_back({c.ticket, c.score, std::string(view(c.monitor))});
  return held;
}

void Saver::on_ticket(const tenon_ticket_args& args) {
  if (args.request != TENON_REQUEST_SAVE) return;
  if (args.outcome == TENON_TICKET_DONE)
    plan_.saved(args.ticket);
  else
    plan_.failed(args.ticket);
}

void Saver::on_checkpoint_removed(const tenon_checkpoint_args& args) {
  if (args.checkpoint->ticket) plan_.removed(args.checkpoint->ticket);
}

void Saver::on_fit_end(const tenon_end_args&) {
  fitting_ = false;
  const Entry* best = plan_.best();
  std::optional<std::string> best_path, last_path;
  for (const tenon_checkpoint& c : checkpoints_.list()) {
    if (best && c.ticket == best->ticket) best_path = seen_from_run(host_, view(c.path));
    if (c.ticket && c.ticket == plan_.last()) last_path = seen_from_run(host_, view(c.path));
  }
  JsonWriter account(host_);
  account.object().member("best_model_path", best_path).key("best_model_score");
  best_path&& monitor_ ? account.value(best->score) : account.null();
  account.member("last_model_path", last_path).end();
  publish(host_, TENON_TOPIC_ACCOUNT, account.finish());
}

void Saver::save(StateWriter& out) const {
  out.put(epoch_over_).put(triggers_.fired_at());
  plan_.state().put(out);
}

void Saver::load(StateReader& in, std::uint32_t saved_version) {
  check_state_version(saved_version, state_version);
  const auto epoch_over = in.get<bool>();
  const auto fired_at = in.get<double>();
  SavePlanState state = SavePlanState::get(in);

  epoch_over_ = epoch_over;
  fired_at_ = fired_at;
  plan_.restore(std::move(state));
}

}  // namespace tenon::policy
