// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What is on the disk: checkpoints are written, refs moved and checkpoints removed here and nowhere else, on the writer
// thread, in the order in which commit points asked for it.
#ifndef TENON_LOOP_DURABLE_LIST_HPP
#define TENON_LOOP_DURABLE_LIST_HPP

#include <map>
#include <string>
#include <vector>

#include "loop/adoption.hpp"
#include "loop/ledger.hpp"
#include "loop/recent_tickets.hpp"
#include "loop/write_job.hpp"

namespace tenon::loop {

/// [writer-thread]
class DurableList {
 public:
  explicit DurableList(std::shared_ptr<Folders> folders) : ledger_(std::move(folders)) {}

  /// Before the first job.
  void adopt(const Adoption& adopted);
  /// Whatever fails is an event and keeps nothing else from being done. Throws nothing.
  std::vector<WriteEvent> carry_out(WriteJob& job) noexcept;

 private:
  /// Held by nobody, but the newest full checkpoint's state counts on it.
  struct Deferred {
    Kept* checkpoint;
    std::uint64_t released_at;  // sequence
  };

  template <class Body>
  void or_log(Body&& body) noexcept;
  void save_all(WriteJob& job);
  WriteEvent save(const WriteJob& job, SaveJob& save);
  checkpoint::Written write(checkpoint::Folder& folder, const checkpoint::Content& content);
  void remove_left_behind(bool at_end);
  void forget_earlier_end();
  void move_ref(const RefRequest& ref);
  void release(const ReleaseRequest& release);
  /// Whether a save of this ticket has become durable, also when it has been removed lately.
  bool was_durable(tenon_ticket ticket) const { return ledger_.find(ticket) || removed_.find(ticket); }
  bool is_counted_on(const Kept& kept, std::uint64_t released_at) const;
  bool is_gone_on_from(const Kept& kept) const;
  void let_go(Kept& kept);
  void find_newest_full();
  void remove_deferred(bool all);
  void remove(Kept& kept);
  void not_removed(Kept& kept, const std::string& reason);
  void complete_requests(boost::json::object& document) const;

  Ledger ledger_;
  std::uint64_t sequence_ = 0;     // of the running job
  std::uint64_t newest_full_ = 0;  // sequence of the newest full one from which training can go on; 0: none
  std::uint64_t adopted_ = 0;      // sequence of the checkpoint that the run goes on from
  std::vector<LeftBehind> left_behind_;
  std::vector<std::filesystem::path> final_refs_;  // folders with the ref of an earlier end
  std::vector<Deferred> deferred_;
  std::vector<Kept*> unremoved_;  // held by nobody, but still on disk: tried again with each job
  RecentTickets<bool> removed_;
  std::map<tenon_ticket, Failed> failures_;  // of the last saves that failed
  std::vector<WriteEvent> events_;
};

}  // namespace tenon::loop

#endif
