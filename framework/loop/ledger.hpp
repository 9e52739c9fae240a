// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The checkpoints of this run that are on disk, and who holds them. What nobody holds is to be removed.
//
// There are two. The writer thread has one, which refs and removals follow (durable_list.hpp). The loop thread's is
// what callbacks are shown: it follows the other one, event by event, and knows besides what is still being written.
#ifndef TENON_LOOP_LEDGER_HPP
#define TENON_LOOP_LEDGER_HPP

#include <tenon/hooks.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chain/chain.hpp"
#include "checkpoint/folder.hpp"
#include "loop/requests.hpp"

namespace tenon::loop {

/// The ref to the weights that a run has ended with, where they were put back at its end. The host's own.
inline constexpr std::string_view final_ref = "final";

struct Hold {
  chain::Callback* by = nullptr;  ///< nullptr: one of an earlier attempt that the run does not have any more
  tenon_ticket ticket = 0;
  double score = 0.0;  ///< that its request gave; NaN: none
  std::string monitor;
  std::string absent;  ///< the holder's id, where there is nobody to ask

  const std::string& holder() const { return by ? by->id() : absent; }
};

/// The folders that a run writes into, each opened once. [any-thread]
class Folders {
 public:
  /// Not `durable`: nothing is fsynced, as a replay says.
  explicit Folders(std::string run_id, bool durable = true,
                   checkpoint::FileSystem& files = checkpoint::real_file_system())
      : run_id_(std::move(run_id)), durable_(durable), files_(files) {}
  /// Opens (makes, locks, sweeps) it where it is not open yet. Throws Failure (ExitCode::output).
  checkpoint::Folder& at(const std::filesystem::path& absolute);

 private:
  std::string run_id_;
  bool durable_;
  checkpoint::FileSystem& files_;
  std::mutex mutex_;
  std::map<std::filesystem::path, std::unique_ptr<checkpoint::Folder>> open_;
};

/// A checkpoint of this run; in a ledger, a durable one.
struct Kept {
  std::filesystem::path folder;  ///< absolute; one of the ledger's
  std::string name;              ///< without ".ckpt"
  std::filesystem::path path;
  std::int32_t kind = TENON_CHECKPOINT_FULL;
  std::uint64_t sequence = 0, epoch = 0, step = 0, bytes = 0;
  double score = 0.0;  ///< of the first request that gave one, for readers who hold nothing; NaN: none
  std::string monitor;
  std::uint32_t flags = 0;  ///< TENON_CHECKPOINT_*
  std::vector<Hold> holds;
  std::vector<Hold> let_go;           ///< holds that have ended
  std::vector<tenon_ticket> tickets;  ///< under which it was asked for, released ones included
  std::vector<std::string> refs;
  std::string last_release;  ///< why the last hold ended
  const chain::Callback* released_by = nullptr;
  bool removal_failed = false;  ///< said once
  std::uint64_t number = 0;     ///< in the ledger that has it; they grow as checkpoints come
};

class Ledger {
 public:
  explicit Ledger(std::string run_id) : Ledger(std::make_shared<Folders>(std::move(run_id))) {}
  explicit Ledger(std::shared_ptr<Folders> folders) : folders_(std::move(folders)) {}
  Ledger(Ledger&&) = default;
  Ledger(const Ledger&) = delete;  // it points at what it has

  const std::shared_ptr<Folders>& folders() const { return folders_; }
  /// Folders::at
  checkpoint::Folder& folder(const std::filesystem::path& absolute);

  /// The ref `name` of a folder belongs to the first callback that claims it; answers the other owner's id, or "".
  std::string claim_ref(const std::filesystem::path& folder, const std::string& name, const chain::Callback& by);

  Kept& add(Kept kept);
  Kept* find(tenon_ticket ticket) const;
  /// Planned holds too: what is being written counts, what is on its way out does not.
  bool holds(const chain::Callback& by, tenon_ticket ticket) const;
  /// The same, but a release that waits for another save may turn out void: letting go again is something to do.
  bool may_release(const chain::Callback& by, tenon_ticket ticket) const;
  /// Where the checkpoint of a ticket is, or is being written; nullptr for others.
  const std::filesystem::path* folder_of(tenon_ticket ticket) const;
  /// Ends one hold; the checkpoint is answered when nothing holds it any more.
  Kept* release(tenon_ticket ticket, const std::string& reason);
  /// Moves a ref; the checkpoint it pointed at is answered when nothing holds it any more.
  Kept* point_ref(const std::string& ref, Kept& at, chain::Callback& by);
  /// The same of a ref that is no more.
  Kept* forget_ref(const std::filesystem::path& folder, const std::string& ref, const std::string& reason);
  /// What a resumed run begins with, and where refs point. Answers what nobody holds.
  std::vector<Kept*> adopt(std::vector<Kept> checkpoints, const std::vector<RefRequest>& refs);
  /// Where refs point, with the callback that set each.
  std::vector<RefRequest> refs() const;

  /// Forgets what has been removed from the disk; in no time that grows with what is kept.
  void erase(const Kept& kept);
  /// Tickets under which nobody holds any more what others still do.
  const std::set<tenon_ticket>& released() const { return released_; }

  // The plan, on the loop thread: what the writer has been given and not answered yet.
  void begin_writing(const Kept& kept);
  void end_writing(const Kept& kept);
  bool is_being_written(tenon_ticket ticket) const { return writing_.contains(ticket); }
  const std::map<tenon_ticket, Kept>& being_written() const { return writing_; }
  void begin_release(const ReleaseRequest& release) { releasing_.insert_or_assign(release.held, release); }
  /// Where the same was asked for once more meanwhile, that is still under way.
  void end_release(const ReleaseRequest& release) {
    const auto under_way = releasing_.find(release.held);
    if (under_way != releasing_.end() && under_way->second.after == release.after) releasing_.erase(under_way);
  }
  const std::map<tenon_ticket, ReleaseRequest>& being_released() const { return releasing_; }
  /// What nobody holds any more, and is still on disk.
  const std::set<const Kept*>& unheld() const { return unheld_; }

  std::size_t size() const { return kept_.size(); }
  /// Oldest first; until the next change. The list is made anew after one, so what is done at each save does without.
  const std::vector<Kept*>& all() const;

  std::unordered_map<const chain::Callback*, tenon_ticket> best;
  std::function<void(const std::filesystem::path&)> on_folder;  ///< told of each folder, before anything is saved there

 private:
  std::shared_ptr<Folders> folders_;
  std::map<std::pair<std::filesystem::path, std::string>, std::string> ref_owners_;
  bool has_hold(const chain::Callback& by, tenon_ticket ticket) const;
  Kept* if_unheld(Kept& kept);
  struct RefTarget {
    Kept* checkpoint = nullptr;
    chain::Callback* by = nullptr;
  };
  std::map<std::pair<std::filesystem::path, std::string>, RefTarget> ref_targets_;
  std::map<std::uint64_t, std::unique_ptr<Kept>> kept_;  // by number
  std::uint64_t next_number_ = 0;
  mutable std::vector<Kept*> listed_;  // all(), where it is as long as kept_
  std::unordered_map<tenon_ticket, Kept*> by_ticket_;
  std::set<tenon_ticket> released_;
  std::set<std::filesystem::path> told_;  // to on_folder
  std::map<tenon_ticket, Kept> writing_;
  std::map<tenon_ticket, ReleaseRequest> releasing_;
  std::set<const Kept*> unheld_;
};

}  // namespace tenon::loop

#endif
