// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The part "requests" of a full checkpoint's document: what callbacks have asked for and been told nothing of yet, so
// that a resumed run can answer it.
//
//   {"open":     [{"ticket","callback","request","folder","name"[,"outcome"[,"status","path","by","reason"]]}],
//    "releases": [{"callback","held","after","reason"}], "refs": [{"callback","ref","ticket"}],
//    "bests":    [{"callback","ticket"}], "released": [tickets],
//    "leaving":  [{"callback","held","reason","folder","name","kind","sequence","epoch","step","flags","monitor",
//                  "score"}]}
//
// open: requests whose end their owners have not been told; with an outcome where it is known, the others are saves
// that are on disk or are not. folder is relative to the run's where it lies in it. releases, refs, bests: still to be
// carried out, in order; where a ref points and a best that is durable stand before them. released: holds that have
// ended of checkpoints which others hold. leaving: whose release has been asked for and whose removal nobody has been
// told of; what of these is not on disk any more was removed before the process ended.
#ifndef TENON_LOOP_REQUEST_DOCUMENT_HPP
#define TENON_LOOP_REQUEST_DOCUMENT_HPP

#include <boost/json/object.hpp>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "loop/ledger.hpp"
#include "loop/requests.hpp"
#include "loop/run_facts.hpp"
#include "loop/what_failed.hpp"

namespace tenon::loop {

/// [loop-thread] As of a commit point at which `saves` are carried out. "released" is still missing.
boost::json::object request_document(const std::vector<const SaveRequest*>& saves, const Requests& requests,
                                     const Ledger& ledger, const RunFacts& facts);

struct WrittenOutcome {
  bool durable;
  std::string name;  ///< it was given; empty where it has been removed since
  Failed why;        ///< where it is not durable
};
/// [writer-thread] Adds what has become of saves since, "released", and where `refs` point, to a checkpoint's whole
/// document.
void complete_request_document(boost::json::object& document,
                               const std::function<std::optional<WrittenOutcome>(tenon_ticket)>& outcome,
                               const std::set<tenon_ticket>& released, const std::vector<RefRequest>& refs);

struct OpenTicket {
  chain::Callback* by = nullptr;
  tenon_ticket ticket = 0;
  std::int32_t request = TENON_REQUEST_SAVE;
  std::filesystem::path folder;  ///< absolute; of a save
  std::string name;
  std::optional<EndedTicket> ended;  ///< where the outcome is known
};

/// A checkpoint that a callback has let go of, as that callback held it.
struct Leaving {
  chain::Callback* by = nullptr;
  tenon_ticket held = 0;
  std::string reason;
  Kept checkpoint;         ///< without holds
  bool was_let_go = true;  ///< false: it is not there all the same
};

/// What was read back. Of callbacks that the run does not have any more nothing is left but `released`.
struct SavedRequests {
  std::vector<OpenTicket> open;
  std::vector<ReleaseRequest> releases;
  std::vector<RefRequest> refs;
  std::vector<BestRequest> bests;
  std::set<tenon_ticket> released;
  std::vector<Leaving> leaving;
};
/// [loop-thread] From the whole document of a full checkpoint. Throws std::exception where it is not one of ours.
SavedRequests read_request_document(const boost::json::object& document, chain::Chain& chain, const RunFacts& facts);

}  // namespace tenon::loop

#endif
