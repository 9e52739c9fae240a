// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "saver.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace tenon::policy {

namespace {

/// What the policy refuses is the manifest's fault; the host says where that entry stands.
template <class Make>
auto checked(Make&& make) {
  try {
    return make();
  } catch (const std::invalid_argument& wrong) {
    throw Error(TENON_E_INVALID_ARGUMENT, wrong.what());
  }
}

Triggers read_triggers(const Options& options) {
  return checked([&] {
    return Triggers(options.find<std::uint64_t>("/every_n_epochs"),
                    options.find<std::uint64_t>("/every_n_train_steps"));
  });
}

FileName read_name(const Options& options, const std::string& otherwise) {
  return checked([&] {
    return FileName(options.find<std::string>("/filename").value_or(otherwise),
                    options.get<bool>("/auto_insert_metric_name"));
  });
}

bool read_save_last(const Options& options) {
  return options.type("/save_last") == TENON_JSON_TEXT /* "link" */ || options.get<bool>("/save_last");
}

std::string read_folder(Host host, const Options& options) {
  const std::string folder = options.get<std::string>("/dirpath");
  return folder.compare(0, 2, "~/") == 0 ? resolve(host, TENON_PATH_RUN, folder) : folder;
}

std::optional<Goal> goal_of(const std::optional<Monitor>& monitor) {
  if (!monitor) return std::nullopt;
  return monitor->goal == TENON_GOAL_MAXIMIZE ? Goal::maximize : Goal::minimize;
}

std::optional<Monitor> read_monitor(Host host, const Options& options) {
  const auto name = options.find<std::string>("/monitor");
  if (!name) return std::nullopt;
  return Metrics(host).monitor(*name, options.get<std::string>("/mode"));
}

}  // namespace

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
      keep_(options.get<std::int64_t>("/save_top_k")),
      keeps_last_(read_save_last(options)),
      saves_on_exception_(options.get<bool>("/save_on_exception")),
      flags_((options.get<bool>("/enable_version_counter") ? TENON_SAVE_VERSIONED : 0u) |
             (options.get<bool>("/async") ? 0u : TENON_SAVE_WAIT)),
      at_train_epoch_end_option_(options.find<bool>("/save_on_train_epoch_end")),
      triggers_(read_triggers(options)),
      name_(read_name(options, default_name)),
      monitor_(read_monitor(host, options)),
      best_(keep_, goal_of(monitor_)),
      alone_(1, std::nullopt) {
  if (keep_ >= 2 && !monitor_)
    throw Error(TENON_E_INVALID_ARGUMENT,
                "save_top_k is " + std::to_string(keep_) +
                    " without a monitor, so nothing says which are the best: name a monitor, or "
                    "use 1 (the newest), -1 (all) or 0 (none)");
}

void Saver::set_transforms(std::vector<tenon_transform_use> uses, std::string metadata_json) {
  transforms_ = std::move(uses);
  metadata_ = std::move(metadata_json);
}

void Saver::on_setup(const tenon_event_args& args) {
  const std::int32_t stage = args.progress->stage;
  if (stage == TENON_STAGE_VALIDATION || stage == TENON_STAGE_TEST || stage == TENON_STAGE_PREDICT) return;
  Service<tenon_checkpoints>(host_).call(&tenon_checkpoints::claim, text(folder_), text(keeps_last_ ? "last" : ""));
}

void Saver::on_fit_start(const tenon_fit_start_args& args) {
  facts_ = RunFacts::of(host_);
  at_train_epoch_end_ = at_train_epoch_end_option_.value_or(facts_.decides_at_train_epoch_end);
  triggers_.start_at_step(args.progress->step);
  for (const std::string& key : name_.keys())
    if (names_.task_declares() && !names_.known(key)) refuse_key(key);
  if (args.resumed) reconcile();
  warn_of_what_cannot_happen();
  fitting_ = true;
}

void Saver::on_train_batch_end(const tenon_batch_args& args) {
  if (triggers_.fires_at_step(args.progress->step)) act(*args.progress, {true, true, true});
}

void Saver::on_validation_end(const tenon_event_args& args) {
  if (!fitting_) return;
  const bool mine = triggers_.by_epochs() && !at_train_epoch_end_;
  const bool fires = mine && triggers_.fires_at_epoch(args.progress->epoch);
  if (mine || waiting_) act(*args.progress, {fires || waiting_, mine, true});
}

void Saver::on_train_epoch_end(const tenon_event_args& args) {
  epoch_over_ = !facts_.has_validation;
  const bool mine = triggers_.by_epochs() && at_train_epoch_end_;
  const bool fires = mine && triggers_.fires_at_epoch(args.progress->epoch);
  const bool waited = waiting_ && !facts_.has_validation;  // what is logged once for each epoch is there now
  // Nothing validates after an epoch that was cut short: the run ends.
  if (mine || waited) act(*args.progress, {fires || waited, mine, args.complete != 0});
}

/// The state as it is now, whatever the triggers say: it is held beside all others, until the next that is saved so.
void Saver::on_exception(const tenon_exception_args& args) {
  if (!saves_on_exception_ || !fitting_ || args.progress->step == 0) return;
  const std::string reason = "the run fails: " + std::string(view(args.message));
  tenon_save_request wanted = Checkpoints::save(kind_, {}, {});
  const std::string name = name_after_exception(*args.progress);
  wanted.name = text(name);
  wanted.reason = text(reason);
  wanted.folder = text(folder_);
  wanted.flags = flags_ | TENON_SAVE_INCONSISTENT;
  wanted.metadata_json = text(metadata_);
  if (!transforms_.empty()) Checkpoints::transforms(wanted, transforms_);
  const tenon_ticket before = std::exchange(exception_, checkpoints_.request(wanted));
  if (before) release({{before, exception_}}, "replaced by the state of a later failure");
}

void Saver::on_train_end(const tenon_end_args& args) {
  if (args.reason != TENON_END_FAILED && args.reason != TENON_END_INTERRUPTED)
    act(*args.progress, {waiting_, true, false});
}

void Saver::act(const tenon_progress& progress, const Decision& decision) {
  if (progress.step == 0 || best_step_ == progress.step) return;
  if (decision.keep_best && keep_ != 0 && save_best(progress, decision.may_wait)) return;
  if (decision.keep_last && keeps_last_ && newest_step_ != progress.step) save_last(progress);
}

bool Saver::save_best(const tenon_progress& progress, bool may_wait) {
  std::optional<double> score;
  if (monitor_) {
    score = names_.fresh(*monitor_, progress);
    if (!score && (progress.validations > 0 || epoch_over_) && names_.is_missing(*monitor_))
      names_.refuse_missing(*monitor_);
    waiting_ = !score && may_wait;
    if (!score && !may_wait) run_.skip(nothing_to_decide_by(progress));
    if (!score) return false;
    if (!best_.enters(*score)) {
      run_.skip(staying_out_reason(*score));
      return false;
    }
  }
  const std::string reason = score ? entering_reason(*score) : triggers_.describe();
  const std::string name = name_of(progress);
  if (keeps_last_ && newest_step_ == progress.step) take_back_last(name);
  const tenon_ticket ticket = request(progress, name, reason, score);
  if (!ticket) return true;
  best_step_ = progress.step;
  release(best_.add(ticket, score.value_or(0.0)), leaving_reason());
  if (keeps_last_) {
    release(alone_.clear(ticket), "replaced by a newer state");
    point_last_at(ticket);
  }
  announce_best();
  return true;
}

void Saver::save_last(const tenon_progress& progress) {
  const tenon_ticket ticket =
      request(progress, last_name(name_of(progress)), "the newest state, for last", std::nullopt);
  if (!ticket) return;
  release(alone_.add(ticket, 0.0), "replaced by a newer state");
  point_last_at(ticket);
}

/// The step's trigger has asked for a `last` before its validation let the same state into the best.
void Saver::take_back_last(const std::string& better_name) {
  // Where it is carried out already, it leaves when the better one is durable.
  if (!run_.withdraw(newest_, "saved as " + better_name + " instead")) return;
  lasts_.erase(std::remove(lasts_.begin(), lasts_.end(), newest_), lasts_.end());
  release(alone_.lost(newest_), "replaced by a newer state");
}

std::string Saver::name_of(const tenon_progress& progress) const {
  return name_.format([&](const std::string& key) {
    const std::optional<double> value = names_.value(key, progress);
    if (!value) refuse_key(key);
    return *value;
  });
}

/// A metric that was never logged is no reason to save nothing.
std::string Saver::name_after_exception(const tenon_progress& progress) const {
  return name_.format([&](const std::string& key) {
    return names_.value(key, progress).value_or(std::numeric_limits<double>::quiet_NaN());
  }) + "-exception";
}

void Saver::refuse_key(const std::string& key) const {
  throw Error(TENON_E_INVALID_ARGUMENT,
              "filename \"" + name_.text() + "\": no metric is called \"" + key + "\"; known are " + names_.list());
}

tenon_ticket Saver::request(const tenon_progress& progress, const std::string& name, const std::string& reason,
                            std::optional<double> score) {
  tenon_save_request wanted = Checkpoints::save(kind_, name, reason);
  wanted.folder = text(folder_);
  wanted.flags = flags_;
  wanted.metadata_json = text(metadata_);
  if (score) {
    wanted.monitor = text(monitor_->name);
    wanted.score = *score;
  }
  if (!transforms_.empty()) Checkpoints::transforms(wanted, transforms_);
  const tenon_ticket ticket = checkpoints_.request(wanted);
  newest_ = ticket;
  newest_step_ = progress.step;
  return ticket;
}

void Saver::point_last_at(tenon_ticket ticket) {
  checkpoints_.set_ref("last", ticket);
  lasts_.push_back(ticket);
}

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

void Saver::release(const std::vector<Release>& releases, const std::string& reason) {
  for (const Release& r : releases) {
    try {
      while_open([&] { checkpoints_.release(r.held, r.after, reason); });
    } catch (const Error& error) {
      if (error.status() != TENON_E_NOT_FOUND) throw;  // gone from the disk already
    }
  }
}

void Saver::announce_best() {
  if (!monitor_) return;
  const Entry* best = best_.best();
  while_open([&] { checkpoints_.set_best(best ? best->ticket : 0); });
}

void Saver::on_ticket(const tenon_ticket_args& args) {
  if (args.request != TENON_REQUEST_SAVE) return;
  const auto last = std::find(lasts_.begin(), lasts_.end(), args.ticket);
  if (args.outcome == TENON_TICKET_DONE) {
    best_.saved(args.ticket);
    alone_.saved(args.ticket);
    if (last != lasts_.end()) lasts_.erase(lasts_.begin(), last);
    return;
  }
  if (last != lasts_.end()) lasts_.erase(last);
  if (args.ticket == exception_) exception_ = 0;
  if (args.ticket == newest_) {
    if (best_step_ == newest_step_) best_step_ = 0;
    newest_ = newest_step_ = 0;
  }
  release(best_.lost(args.ticket), leaving_reason());
  release(alone_.lost(args.ticket), "replaced by a newer state");
  announce_best();
}

/// Let go of, or deleted by somebody: either way it no longer counts.
void Saver::on_checkpoint_removed(const tenon_checkpoint_args& args) {
  const tenon_ticket ticket = args.checkpoint->ticket;
  if (!ticket) return;
  alone_.removed(ticket);
  lasts_.erase(std::remove(lasts_.begin(), lasts_.end(), ticket), lasts_.end());
  if (!best_.removed(ticket)) return;
  if (keep_ < 0 && !best_.best()) find_best_again();
  announce_best();
}

}  // namespace tenon::policy
