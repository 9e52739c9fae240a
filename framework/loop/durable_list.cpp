// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/durable_list.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "chain/log.hpp"
#include "checkpoint/names.hpp"
#include "loop/request_document.hpp"

namespace tenon::loop {

/// For what must not end the writer thread although nobody could be told of it.
template <class Body>
void DurableList::or_log(Body&& body) noexcept {
  try {
    body();
  } catch (...) {
    chain::log(TENON_LOG_ERROR, "", "the writer thread failed: " + what_failed().reason);
  }
}

std::vector<WriteEvent> DurableList::carry_out(WriteJob& job) noexcept {
  sequence_ = job.progress.sequence;
  or_log([&] { save_all(job); });
  for (const RefRequest& ref : job.refs) or_log([&] { move_ref(ref); });
  or_log([&] {
    for (Kept* kept : std::exchange(unremoved_, {})) remove(*kept);  // the disk may take it by now
  });
  for (const ReleaseRequest& one : job.releases) or_log([&] { release(one); });
  if (job.is_another_end) or_log([&] { forget_earlier_end(); });
  or_log([&] { remove_deferred(job.at_end); });
  or_log([&] { remove_left_behind(job.at_end); });
  return std::exchange(events_, {});
}

/// Full ones come last: where the last of them is, everything else of its commit point is on disk too, and a run that
/// goes on from it misses nothing. Told in the order in which they were asked for.
void DurableList::save_all(WriteJob& job) {
  std::vector<std::size_t> order(job.saves.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::set<std::filesystem::path> names;
  for (const SaveJob& save : job.saves) names.insert(save.checkpoint.path);
  if (names.size() == job.saves.size())  // else the first who asked gets the name
    std::stable_partition(order.begin(), order.end(), [&](std::size_t i) { return !job.saves[i].content.full; });
  std::vector<std::optional<WriteEvent>> events(order.size());
  for (const std::size_t i : order) or_log([&] { events[i] = save(job, job.saves[i]); });
  for (std::optional<WriteEvent>& event : events)
    if (event) events_.push_back(std::move(*event));
}

WriteEvent DurableList::save(const WriteJob& job, SaveJob& save) {
  Kept& kept = save.checkpoint;
  try {
    checkpoint::Content& content = save.content;
    std::vector<checkpoint::TensorRecord> weights = save.pipeline->run();
    job.snapshot->confirm();
    if (kept.flags & TENON_CHECKPOINT_TRANSFORMED) content.document["transforms"] = save.pipeline->description();
    if (content.full) complete_requests(content.document);
    if (content.durable) content.model = std::move(weights);
    if (content.durable && content.full) {
      content.training = job.snapshot->training();
      const auto& states = job.callbacks->records();
      content.training.insert(content.training.end(), states.begin(), states.end());
    }
    const checkpoint::Written written = write(ledger_.folder(kept.folder), content);
    kept.name = written.name;
    kept.path = written.path;
    kept.bytes = written.bytes;
    if (content.full && (kept.flags & TENON_CHECKPOINT_CONSISTENT)) newest_full_ = kept.sequence;
    save.pipeline.reset();
    ledger_.add(kept);
    return Saved{kept, std::move(save.requests)};
  } catch (...) {
    const Failed why = what_failed();
    constexpr std::size_t remembered = 64;  // no more are ever open
    for (const tenon_ticket ticket : kept.tickets) failures_[ticket] = why;
    while (failures_.size() > remembered) failures_.erase(failures_.begin());
    save.pipeline.reset();
    return NotSaved{kept, std::move(save.requests), why};
  }
}

/// Tickets of the saves that were being written when the document was made have ended by now.
void DurableList::complete_requests(boost::json::object& document) const {
  complete_request_document(
      document,
      [this](tenon_ticket ticket) -> std::optional<WrittenOutcome> {
        if (const Kept* kept = ledger_.find(ticket)) return WrittenOutcome{true, kept->name, {}};
        if (was_durable(ticket)) return WrittenOutcome{true, "", {}};
        const auto failed = failures_.find(ticket);
        if (failed == failures_.end()) return std::nullopt;
        return WrittenOutcome{false, "", failed->second};
      },
      ledger_.released(), ledger_.refs());
}

/// A name that is only taken by what was left behind is free for the run that goes on.
checkpoint::Written DurableList::write(checkpoint::Folder& folder, const checkpoint::Content& content) {
  LeftBehind* in_the_way = nullptr;
  for (unsigned long version = 0; !left_behind_.empty() && !in_the_way; ++version) {
    const std::string name = checkpoint::versioned_name(content.name, version);
    for (LeftBehind& left : left_behind_)
      if (!left.aside && left.name == name && left.folder == folder.path()) in_the_way = &left;
    if (!content.versioned || !folder.in_use(name)) break;
  }
  if (!in_the_way) return folder.write(content);
  folder.set_aside(in_the_way->name);
  try {
    const checkpoint::Written written = folder.write(content);
    in_the_way->aside = true;
    return written;
  } catch (...) {
    or_log([&] { folder.put_back(in_the_way->name); });
    throw;
  }
}

void DurableList::adopt(const Adoption& adopted) {
  unremoved_ = ledger_.adopt(adopted.checkpoints, adopted.refs);
  left_behind_ = adopted.left_behind;
  final_refs_ = adopted.final_refs;
  for (const tenon_ticket ticket : adopted.gone) removed_.add(ticket, true);
  adopted_ = adopted.sequence;
  find_newest_full();
}

/// They are what the run would go on with if it were killed before its first full checkpoint, or is at its end. One
/// that a ref still points at stays until the ref has moved.
void DurableList::remove_left_behind(bool at_end) {
  if (newest_full_ <= adopted_ && !at_end) return;
  for (LeftBehind& left : std::exchange(left_behind_, {})) {
    bool stays = left.ended_with;
    try {
      if (!stays) {
        checkpoint::Folder& folder = ledger_.folder(left.folder);
        left.aside ? folder.remove_aside(left.name) : folder.remove(left.name);
      }
    } catch (const checkpoint::WriteError& error) {
      stays = error.reason() != checkpoint::WriteError::Reason::missing;
    } catch (...) {  // its folder cannot be opened: that keeps none of the others
      stays = true;
    }
    if (stays) left_behind_.push_back(std::move(left));
  }
}

/// The run ends with the weights of its training now, or `final` has moved.
void DurableList::forget_earlier_end() {
  for (LeftBehind& left : left_behind_) left.ended_with = false;
  const std::string ref(final_ref);
  for (const std::filesystem::path& folder : std::exchange(final_refs_, {}))
    or_log([&] {
      ledger_.folder(folder).remove_ref(ref);
      events_.push_back(RefGone{folder, ref});
      if (Kept* unheld = ledger_.forget_ref(folder, ref, RefGone::reason)) let_go(*unheld);
    });
}

void DurableList::move_ref(const RefRequest& r) {
  Kept* kept = ledger_.find(r.ticket);
  if (!kept) return;  // it failed: the ref stays where it was
  const std::filesystem::path ref = kept->folder / (r.ref + ".ckpt");
  if (!(kept->flags & TENON_CHECKPOINT_CONSISTENT)) {
    events_.push_back(
        RefStayed{r, ref, "'" + r.ref + "' stays where it is: training cannot go on from '" + kept->name + "'"});
    return;
  }
  try {
    ledger_.folder(kept->folder).set_ref(r.ref, kept->name);
  } catch (...) {
    events_.push_back(RefStayed{r, ref, "the ref could not be moved: " + what_failed().reason});
    return;
  }
  if (r.ref == final_ref) std::erase(final_refs_, kept->folder);
  events_.push_back(RefMoved{r});
  if (Kept* unheld = ledger_.point_ref(r.ref, *kept, *r.by)) let_go(*unheld);
}

void DurableList::release(const ReleaseRequest& r) {
  if (r.after != 0 && !was_durable(r.after)) {  // void: it stays held
    events_.push_back(ReleaseVoid{r});
    return;
  }
  Kept* unheld = ledger_.release(r.held, r.reason);
  events_.push_back(Released{r});
  if (unheld) let_go(*unheld);
}

/// A run that is killed goes on from its newest full checkpoint, whose callbacks hold what they held then: that may go
/// when there is a newer one in which they do not.
bool DurableList::is_counted_on(const Kept& kept, std::uint64_t released_at) const {
  if (is_gone_on_from(kept)) return true;
  const bool is_another = kept.kind == TENON_CHECKPOINT_WEIGHTS || kept.sequence != newest_full_;
  return is_another && kept.sequence <= newest_full_ && newest_full_ < released_at;
}

/// Nothing newer has been saved since: the run can go on from there again, also when it has come to an end.
bool DurableList::is_gone_on_from(const Kept& kept) const {
  return kept.sequence == adopted_ && newest_full_ == adopted_ && kept.kind == TENON_CHECKPOINT_FULL;
}

void DurableList::let_go(Kept& kept) {
  if (is_counted_on(kept, sequence_))
    deferred_.push_back({&kept, sequence_});
  else
    remove(kept);
}

void DurableList::find_newest_full() {
  newest_full_ = 0;
  for (const auto& kept : ledger_.all())
    if (kept->kind == TENON_CHECKPOINT_FULL && (kept->flags & TENON_CHECKPOINT_CONSISTENT))
      newest_full_ = std::max(newest_full_, kept->sequence);
}

void DurableList::remove_deferred(bool all) {
  for (const Deferred& d : std::exchange(deferred_, {})) {
    if (all ? is_gone_on_from(*d.checkpoint) : is_counted_on(*d.checkpoint, d.released_at))
      deferred_.push_back(d);
    else
      remove(*d.checkpoint);
  }
}

void DurableList::not_removed(Kept& kept, const std::string& reason) {
  unremoved_.push_back(&kept);
  if (std::exchange(kept.removal_failed, true)) return;
  events_.push_back(NotRemoved{kept.tickets.front(), "could not be removed: " + reason});
}

void DurableList::remove(Kept& kept) {
  const tenon_ticket ticket = kept.tickets.front();
  std::string reason = kept.last_release;
  try {
    ledger_.folder(kept.folder).remove(kept.name);
  } catch (const checkpoint::WriteError& error) {
    if (error.reason() != checkpoint::WriteError::Reason::missing) return not_removed(kept, error.what());
    reason = "somebody had removed it already";
  } catch (...) {
    return not_removed(kept, what_failed().reason);
  }
  events_.push_back(Removed{ticket, std::move(reason)});
  for (const tenon_ticket one : kept.tickets) removed_.add(one, true);
  const bool was_newest_full = kept.kind == TENON_CHECKPOINT_FULL && kept.sequence == newest_full_;
  ledger_.erase(kept);
  if (was_newest_full) find_newest_full();
}

}  // namespace tenon::loop
