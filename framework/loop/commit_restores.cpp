// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What the commit point does with weights that are kept and put back, and the ref `final` where a run ends with some.
#include <tenon/services/checkpoints.h>
#include <tenon/failure.hpp>

#include <algorithm>
#include <limits>

#include "chain/abi.hpp"
#include "chain/log.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/format.hpp"
#include "checkpoint/hash.hpp"
#include "loop/commit_point.hpp"
#include "loop/run_checkpoints.hpp"

namespace tenon::loop {

namespace json = boost::json;
using chain::AbiError;

/// What weights were put back from.
struct CommitPoint::Restored {
  Kept source;  ///< of a copy in memory: without a path
  checkpoint::LoadedTensors model, training;
  std::vector<checkpoint::TensorRecord> weights;  ///< borrowed from `model`, or from the copy
  json::object engine;
};

namespace {

/// The description of a checkpoint that is none of this run's durable ones.
Kept foreign(const checkpoint::Checkpoint& opened) {
  const json::object& document = opened.document();
  Kept kept;
  kept.path = opened.path();
  kept.folder = kept.path.parent_path();
  kept.name = kept.path.stem().native();
  kept.kind = opened.is_full() ? TENON_CHECKPOINT_FULL : TENON_CHECKPOINT_WEIGHTS;
  kept.bytes = opened.bytes();
  kept.score = std::numeric_limits<double>::quiet_NaN();
  kept.sequence = document.at("sequence").to_number<std::uint64_t>();
  kept.epoch = document.at("commit_point").at("epoch").to_number<std::uint64_t>();
  kept.step = document.at("progress").at("step").to_number<std::uint64_t>();
  if (document.at("consistent").as_bool()) kept.flags |= TENON_CHECKPOINT_CONSISTENT;
  if (document.at("transformed").as_bool()) kept.flags |= TENON_CHECKPOINT_TRANSFORMED;
  return kept;
}

bool is_held(const Kept& kept) { return !kept.holds.empty() || !kept.refs.empty(); }

/// By the checksums in its document: nothing of the tensors is read.
bool has_weights(const Kept& kept, const std::map<std::string, std::string>& hashes) {
  try {
    const checkpoint::Checkpoint opened = checkpoint::Checkpoint::open(kept.path);
    const json::object& files = opened.document().at("tensors").as_object();
    const json::value* model = files.if_contains(checkpoint::model_file);
    const json::object& tensors = model ? model->as_object() : json::object();
    return tensors.size() == hashes.size() && std::all_of(hashes.begin(), hashes.end(), [&](const auto& hash) {
             const json::value* other = tensors.if_contains(hash.first);
             return other && other->is_string() && other->get_string() == hash.second;
           });
  } catch (const checkpoint::ReadError&) {
    return false;
  }
}

}  // namespace

/// A score belongs to the weights it was measured on. Where they have moved on, while a save waited for the end of an
/// accumulation group, or others have been put in their place, nothing is saved with it.
void CommitPoint::withdraw_outdated_saves(const chain::Callback* put_back_by) {
  std::erase_if(requests_.saves, [&](const SaveRequest& save) {
    const bool scores_weights = !save.monitor.empty() && save.monitor != "epoch" && save.monitor != "step";
    if (!scores_weights || (!put_back_by && save.step == progress_.step)) return false;
    const std::string why =
        "not saved: " + save.monitor +
        (put_back_by ? " was measured on weights in whose place '" + put_back_by->id() + "' has put others"
                     : " was measured at step " + std::to_string(save.step) + ", and the weights were of step " +
                           std::to_string(progress_.step) +
                           " when a checkpoint could be made, at the end of the group of batches: ask for it "
                           "behind a batch that steps");
    note(*save.by, TENON_ACTION_SKIP, relative(save.folder / (save.name + ".ckpt")), why);
    requests_.end({save.by, TENON_REQUEST_SAVE, save.ticket, TENON_TICKET_WITHDRAWN, TENON_OK, "", "", why});
    return true;
  });
}

/// `at_end`: those too that wait for the end of the run.
void CommitPoint::carry_out_weight_requests(const CommitState& now, FirstFailure& failures, bool at_end) {
  if (requests_.weights.empty()) return;
  const bool last = now.phase == Phase::final;
  std::vector<WeightRequest> due, later;
  for (WeightRequest& r : std::exchange(requests_.weights, {})) {
    const bool restores = r.request == TENON_REQUEST_RESTORE;
    const bool waits = restores && (r.when == TENON_RESTORE_AT_END ? !at_end : now.gradients_pending && !last);
    (waits ? later : due).push_back(std::move(r));
  }
  requests_.weights = std::move(later);
  if (last && !due.empty()) failures.go_on([&] { take_all_results(); });
  std::optional<Restored> ends_with;
  const WeightRequest* ended_by = nullptr;
  for (const WeightRequest& r : due) {
    try {
      if (r.request == TENON_REQUEST_KEEP) {
        kept_weights_.keep(engine_, r, progress_);
        requests_.end({r.by, r.request, r.ticket, TENON_TICKET_DONE, TENON_OK, "", "", r.reason});
        continue;
      }
      ends_with = restore_weights(r);
      ended_by = &r;
      metrics_.weights_were_put_back();
      withdraw_outdated_saves(r.by);
    } catch (...) {
      const auto [status, reason] = what_failed();
      note(*r.by, TENON_ACTION_WARN, relative(r.from),
           (r.request == TENON_REQUEST_KEEP ? "the weights could not be kept: " : "not restored: ") + reason);
      requests_.end({r.by, r.request, r.ticket, TENON_TICKET_FAILED, status, "", "", reason});
    }
  }
  if (last && ends_with && requests_.weights.empty()) failures.go_on([&] { point_final_at(*ends_with, *ended_by); });
}

CommitPoint::Restored CommitPoint::open_for(const WeightRequest& request) const {
  const KeptCopy* kept = kept_weights_.find(*request.by);
  if (request.from.empty()) {
    if (!kept) throw AbiError(TENON_E_WRONG_STATE, "no weights are kept");
    return from_copy(*kept, *request.by);
  }
  try {
    return from_checkpoint(request);
  } catch (const checkpoint::ReadError& error) {
    if (!copy_has_them(request)) throw;
    chain::log(TENON_LOG_WARN, request.by->id(), std::string(error.what()) + "; the host's copy of them is taken");
    return from_copy(*kept, *request.by);
  }
}

/// Whether what the callback has kept are the weights of the checkpoint that it asks for.
bool CommitPoint::copy_has_them(const WeightRequest& request) const {
  const KeptCopy* kept = kept_weights_.find(*request.by);
  if (!kept || request.from.empty() || request.scope != TENON_RESTORE_MODEL) return false;
  if (request.copy == kept->ticket) return true;
  const auto& all = ledger_.all();
  const auto known = std::find_if(all.begin(), all.end(), [&](const Kept* one) { return one->path == request.from; });
  return known != all.end() && (*known)->step == kept->step && !((*known)->flags & TENON_CHECKPOINT_TRANSFORMED);
}

CommitPoint::Restored CommitPoint::from_copy(const KeptCopy& kept, chain::Callback& by) const {
  Restored restored;
  restored.weights = kept.weights;
  restored.source.kind = TENON_CHECKPOINT_WEIGHTS;
  restored.source.sequence = kept.sequence;
  restored.source.epoch = kept.epoch;
  restored.source.step = kept.step;
  restored.source.score = std::numeric_limits<double>::quiet_NaN();
  restored.source.flags = TENON_CHECKPOINT_CONSISTENT;
  restored.source.holds.push_back({&by, kept.ticket, restored.source.score, "", ""});
  return restored;
}

CommitPoint::Restored CommitPoint::from_checkpoint(const WeightRequest& request) const {
  Restored restored;
  const checkpoint::Checkpoint opened = checkpoint::Checkpoint::open(request.from);
  const std::string name = "'" + opened.path().native() + "'";
  restored.source = foreign(opened);
  std::error_code ignored;  // what cannot be looked at is not the same
  for (const auto& kept : ledger_.all())
    if (kept->sequence == restored.source.sequence && std::filesystem::equivalent(kept->path, opened.path(), ignored))
      restored.source = *kept;
  const bool optimizer = request.scope == TENON_RESTORE_MODEL_AND_OPTIMIZER;
  if (optimizer && !opened.is_full())
    throw AbiError(TENON_E_INVALID_ARGUMENT, name + " holds weights only: the optimizer cannot be restored from it");
  if (!has_model()) return restored;
  if (opened.is_replay()) throw AbiError(TENON_E_INVALID_ARGUMENT, name + " was made by a replay: it has no weights");
  restored.model = opened.load(checkpoint::model_file);
  restored.weights = restored.model.records;
  if (!optimizer) return restored;
  restored.training = opened.load(checkpoint::training_file);
  restored.engine = opened.document().at("engine").as_object();
  return restored;
}

bool CommitPoint::has_model() const {
  return engine_.tensor_count(TENON_TENSORS_PARAMETERS) + engine_.tensor_count(TENON_TENSORS_BUFFERS) > 0;
}

CommitPoint::Restored CommitPoint::restore_weights(const WeightRequest& request) {
  Restored restored = open_for(request);
  const std::string path = restored.source.path.native();
  if (has_model()) {
    std::vector<EngineTensor> weights, training;
    for (const checkpoint::TensorRecord& record : restored.weights) weights.push_back(to_engine_tensor(record));
    for (const checkpoint::TensorRecord& record : restored.training.records)
      training.push_back(to_engine_tensor(record));
    const bool optimizer = request.scope == TENON_RESTORE_MODEL_AND_OPTIMIZER;
    snapshots_.forget();
    for (const std::string& remark :
         engine_.restore({weights, training, restored.engine}, restore_model | (optimizer ? restore_optimizers : 0u),
                         path.empty() ? "what keep() has kept" : "'" + path + "'"))
      chain::log(TENON_LOG_INFO, request.by->id(), remark);
  }
  restored.training = {};
  decide(TENON_ACTION_RESTORE, request.by, path.empty() ? "" : relative(restored.source.path), "", request.reason);
  requests_.end({request.by, request.request, request.ticket, TENON_TICKET_DONE, TENON_OK, path, "", request.reason});
  delivery_.add({Notice::What::loaded, restored.source, TENON_OK, request.reason});
  return restored;
}

/// One that somebody holds: others may be gone in a moment.
const Kept* CommitPoint::checkpoint_with(const Restored& restored) const {
  const auto& all = ledger_.all();
  for (const auto& kept : all)
    if (is_held(*kept) && kept->path == restored.source.path) return kept;
  std::map<std::string, std::string> hashes;
  for (const checkpoint::TensorRecord& record : restored.weights)
    hashes.emplace(record.name, checkpoint::hash_of(record.bytes));
  for (auto it = all.rbegin(); it != all.rend(); ++it) {
    const Kept& kept = **it;
    if (!is_held(kept) || kept.step != restored.source.step || (kept.flags & TENON_CHECKPOINT_TRANSFORMED)) continue;
    if (has_weights(kept, hashes)) return &kept;
  }
  return nullptr;
}

void CommitPoint::point_final_at(const Restored& restored, const WeightRequest& request) {
  const Kept* holder = checkpoint_with(restored);
  tenon_ticket ticket = holder ? holder->tickets.front() : 0;
  if (!holder) {
    SaveRequest save;
    save.by = request.by;
    save.by_host = true;
    save.kind = TENON_CHECKPOINT_WEIGHTS;
    save.folder = facts_.run_folder / usual_folder;
    save.name = "final-weights";
    save.reason = "the weights that the run ends with: " + request.reason;
    save.score = std::numeric_limits<double>::quiet_NaN();
    save.flags = TENON_SAVE_VERSIONED | TENON_SAVE_INCONSISTENT;
    save.metadata["restored_from"] = {
        {"sequence", restored.source.sequence}, {"epoch", restored.source.epoch}, {"step", restored.source.step}};
    ticket = requests_.save(std::move(save));
  }
  requests_.refs.push_back({request.by, std::string(final_ref), ticket});
}

json::array CommitPoint::pending_weights() const {
  json::array all;
  for (const WeightRequest& r : requests_.weights) {
    json::object one{{"callback", r.by->id()}, {"ticket", r.ticket},      {"request", r.request}, {"scope", r.scope},
                     {"when", r.when},         {"from", r.from.native()}, {"reason", r.reason}};
    if (const std::filesystem::path below = relative(r.from); below.is_relative()) one["below_run"] = below.native();
    if (copy_has_them(r)) one["copy"] = kept_weights_.find(*r.by)->ticket;
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace tenon::loop
