// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A saver across processes: what it keeps in a checkpoint, how it finds its feet after a resume, and its account.
#include <algorithm>
#include <set>

#include "saver.hpp"
#include "state.hpp"

namespace tenon::policy {

namespace {

void put(StateWriter& out, const std::vector<Entry>& entries) {
  out.put(std::uint64_t{entries.size()});
  for (const Entry& e : entries) out.put(e.ticket).put(e.leaving_for).put(e.score).put(e.durable);
}

std::vector<Entry> get(StateReader& in) {
  constexpr std::uint64_t entry_bytes = 32;
  const auto count = in.get<std::uint64_t>();
  if (count > in.left() / entry_bytes)
    throw Error(TENON_E_INVALID_ARGUMENT, "saved state ends in the middle of a list");
  std::vector<Entry> out(static_cast<std::size_t>(count));
  for (Entry& e : out) {
    e.ticket = in.get<Ticket>();
    e.leaving_for = in.get<Ticket>();
    e.score = in.get<double>();
    e.durable = in.get<bool>();
  }
  return out;
}

/// Whose scores they are: those of another metric, or of the other direction, say nothing here.
std::string scored_by(const std::optional<Monitor>& monitor) {
  if (!monitor) return "";
  return (monitor->goal == TENON_GOAL_MAXIMIZE ? "max " : "min ") + monitor->name;
}

}  // namespace

void Saver::save(StateWriter& out) const {
  out.put(scored_by(monitor_)).put(waiting_).put(best_step_).put(newest_).put(newest_step_);
  out.put(epoch_over_).put(exception_);
  put(out, best_.entries());
  put(out, alone_.entries());
  out.put(std::uint64_t{lasts_.size()});
  for (const tenon_ticket ticket : lasts_) out.put(ticket);
}

void Saver::load(StateReader& in, std::uint32_t saved_version) {
  check_state_version(saved_version, state_version);
  const auto scored = in.get<std::string>();
  const auto waiting = in.get<bool>();
  const auto best_step = in.get<std::uint64_t>();
  const auto newest = in.get<tenon_ticket>();
  const auto newest_step = in.get<std::uint64_t>();
  const auto epoch_over = in.get<bool>();
  const auto exception = in.get<tenon_ticket>();
  std::vector<Entry> best = get(in);
  std::vector<Entry> alone = get(in);
  const auto count = in.get<std::uint64_t>();
  if (count != in.left() / sizeof(tenon_ticket))
    throw Error(TENON_E_INVALID_ARGUMENT, "saved state has another length than it says");
  std::vector<tenon_ticket> lasts(static_cast<std::size_t>(count));
  for (tenon_ticket& ticket : lasts) ticket = in.get<tenon_ticket>();

  const bool same = scored == scored_by(monitor_);
  other_scores_ = same ? std::string() : scored.empty() ? "no monitor" : scored;
  waiting_ = same && waiting;
  best_step_ = best_step;
  newest_ = newest;
  newest_step_ = newest_step;
  epoch_over_ = epoch_over;
  exception_ = exception;
  best_.restore(same ? std::move(best) : std::vector<Entry>());
  alone_.restore(std::move(alone));
  lasts_ = std::move(lasts);
}

/// What was durable when the state was saved may have been deleted since; tickets that were open are answered by the
/// host.
void Saver::reconcile() {
  std::set<tenon_ticket> there;
  for (const tenon_checkpoint& c : checkpoints_.list()) there.insert(c.ticket);
  for (TopK* plan : {&best_, &alone_}) {
    const std::vector<Entry> entries = plan->entries();
    for (const Entry& e : entries)
      if (e.durable && !there.count(e.ticket)) plan->removed(e.ticket);
  }
  if (!other_scores_.empty())
    run_.warn("the checkpoints kept so far were decided by " + other_scores_ +
              ": they stay on disk and no longer count");
  if (keep_ < 0 && !best_.best()) find_best_again();
  release(best_.trim(), leaving_reason());
  announce_best();
}

/// Where all are kept, the plan remembers the best alone; when that is gone the host's list knows the next.
void Saver::find_best_again() {
  std::vector<Entry> entries = best_.entries();
  const std::string_view scored = monitor_ ? std::string_view(monitor_->name) : std::string_view();
  for (const tenon_checkpoint& c : checkpoints_.list())
    if (c.ticket && !alone_.find(c.ticket) && view(c.monitor) == scored)
      entries.push_back({c.ticket, 0, monitor_ ? c.score : 0.0, true});
  best_.restore(std::move(entries));
}

void Saver::on_fit_end(const tenon_end_args&) {
  fitting_ = false;
  const std::string run = resolve(host_, TENON_PATH_RUN, ".");
  const auto below_run = [&](std::string_view path) {
    const bool inside = path.size() > run.size() && path.substr(0, run.size()) == run && path[run.size()] == '/';
    return std::string(inside ? path.substr(run.size() + 1) : path);
  };
  const Entry* best = best_.best();
  std::optional<std::string> best_path, last_path;
  for (const tenon_checkpoint& c : checkpoints_.list()) {
    if (best && c.ticket == best->ticket) best_path = below_run(view(c.path));
    if (!lasts_.empty() && c.ticket == lasts_.front()) last_path = below_run(view(c.path));
  }
  JsonWriter account(host_);
  account.object().member("best_model_path", best_path).key("best_model_score");
  best_path&& monitor_ ? account.value(best->score) : account.null();
  account.member("last_model_path", last_path).end();
  publish(host_, TENON_TOPIC_ACCOUNT, account.finish());
}

}  // namespace tenon::policy
