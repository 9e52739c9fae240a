// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a resumed run's ledger begins with: the checkpoints that its state knows, and those that an earlier attempt has
// left behind it.
#ifndef TENON_LOOP_ADOPTION_HPP
#define TENON_LOOP_ADOPTION_HPP

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "loop/ledger.hpp"
#include "loop/request_document.hpp"
#include "loop/run_checkpoints.hpp"

namespace tenon::loop {

/// One that the run has gone back behind. It goes when there is a new full one; where its name is needed before, it is
/// set aside.
struct LeftBehind {
  std::filesystem::path folder;
  std::string name;
  bool aside = false;
  bool ended_with = false;  ///< the host saved it for the weights of an earlier end: it goes when there is another end
};

struct Adoption {
  std::vector<Kept> checkpoints;  ///< oldest first; held by those who held them at the resumed moment
  std::vector<RefRequest> refs;   ///< where the state has them
  std::vector<LeftBehind> left_behind;
  std::vector<std::filesystem::path> final_refs;  ///< folders with the ref of an earlier end
  std::vector<tenon_ticket> gone;                 ///< of saves that had become durable and are not on disk any more
  std::uint64_t sequence = 0;                     ///< resumed from
};

/// `found` are the run's, of every kind; `requests` those of the checkpoint of `sequence`, from which the run goes on.
/// A hold of a callback that the run does not have any more is kept: nobody ends it.
Adoption adopt(const std::vector<RunCheckpoint>& found, std::uint64_t sequence, const SavedRequests& requests,
               const chain::Chain& chain);

/// What was saved under a ticket; nullptr where it is not on disk.
const Kept* checkpoint_of(tenon_ticket ticket, const Adoption& adopted);

/// How each open ticket of the saved state has ended, in their order: as recorded; of a save, by whether it is among
/// `checkpoints`.
std::vector<EndedTicket> ends_of_open_tickets(const SavedRequests& requests, const std::vector<Kept>& checkpoints);

struct UntoldSave {
  struct Asked {
    chain::Callback* by = nullptr;
    std::string reason;
  };
  Kept checkpoint;
  std::vector<Asked> asked_by;  ///< never empty
};

/// What an earlier attempt did for the commit point that the run goes on from: the run that never stopped tells it at
/// the next one.
struct Untold {
  std::vector<UntoldSave> saves;
  std::vector<RefRequest> refs;  ///< that point there already
};

/// `ends` are those of the open tickets. What the host saved to resume from is no event of a run that never stopped.
Untold untold_of(const std::vector<EndedTicket>& ends, const Adoption& adopted,
                 const std::vector<RunCheckpoint>& found);

/// Of `adopted`'s refs those that do not point there on the disk, among the checkpoints that were `found`.
std::vector<RefRequest> refs_to_move(const Adoption& adopted, const std::vector<RunCheckpoint>& found);

}  // namespace tenon::loop

#endif
