// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <tenon/failure.hpp>

#include <algorithm>
#include <boost/json/parse.hpp>

#include "chain/abi.hpp"
#include "checkpoint/names.hpp"
#include "loop/run_checkpoints.hpp"
#include "loop/services/services.hpp"

namespace tenon::loop {

namespace {

using chain::AbiError;
using chain::from_text;
using chain::guard;

std::filesystem::path folder_of(const Caller& c, tenon_text text) {
  std::filesystem::path folder =
      text.size ? std::filesystem::path(from_text(text)) : std::filesystem::path(usual_folder);
  folder = (c.services.facts->run_folder / folder).lexically_normal();
  return folder.has_filename() ? folder : folder.parent_path();
}

void check_name(const std::string& name) {
  const std::filesystem::path path(name);
  const bool leaves = path.is_absolute() || std::any_of(path.begin(), path.end(),
                                                        [](const auto& part) { return part == ".." || part == "."; });
  if (name.empty() || name.back() == '/' || leaves || name.find('\0') != std::string::npos)
    throw AbiError(TENON_E_INVALID_ARGUMENT, "the checkpoint name '" + name + "' is empty or leaves its folder");
  if (const auto problem = checkpoint::problem_with_name(name))
    throw AbiError(TENON_E_INVALID_ARGUMENT, "a checkpoint cannot be called '" + name + "': " + *problem);
}

void require_started(const Caller& c) {
  if (!c.services.fit_started)
    throw AbiError(TENON_E_WRONG_STATE, "checkpoints can be asked for from on_fit_start on, not before");
}

std::vector<TransformUse> resolve_transforms(const Caller& c, const tenon_save_request& r) {
  std::vector<TransformUse> uses;
  if (!r.transforms) return uses;
  if (r.kind != TENON_CHECKPOINT_WEIGHTS)
    throw AbiError(TENON_E_INVALID_ARGUMENT, "only weights-only checkpoints can be transformed");
  constexpr std::size_t least = offsetof(tenon_transform_use, options_json) + sizeof(tenon_text);
  if (r.transform_count) chain::require_stride(r.transform_stride, least, "transform_stride", "tenon_transform_use");
  chain::Chain& chain = c.callback.chain();
  for (std::uint64_t i = 0; i < r.transform_count; ++i) {
    const tenon_transform_use* use = TENON_AT(tenon_transform_use, r.transforms, r.transform_stride, i);
    const chain::Transform* transform = chain.find_transform(c.callback, from_text(use->name));
    uses.push_back({std::string(from_text(use->name)),
                    chain.transform_options(c.callback, *transform, from_text(use->options_json)), transform});
  }
  return uses;
}

tenon_status TENON_CALL request(const tenon_host* host, const tenon_save_request* theirs, tenon_ticket* ticket,
                                tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    require_started(c);
    c.services.requests->require_open();
    const tenon_save_request r = chain::read_sized(theirs);
    if (r.kind != TENON_CHECKPOINT_FULL && r.kind != TENON_CHECKPOINT_WEIGHTS)
      throw AbiError(TENON_E_INVALID_ARGUMENT,
                     "a checkpoint's kind is TENON_CHECKPOINT_FULL or TENON_CHECKPOINT_WEIGHTS");
    SaveRequest save;
    save.by = &c.callback;
    save.kind = r.kind;
    save.folder = folder_of(c, r.folder);
    save.name = from_text(r.name);
    check_name(save.name);
    save.reason = from_text(r.reason);
    save.monitor = from_text(r.monitor);
    save.score = save.monitor.empty() ? std::numeric_limits<double>::quiet_NaN() : r.score;
    save.step = c.services.progress->step;
    save.flags = r.flags;
    if (r.metadata_json.size) {
      boost::system::error_code wrong;
      boost::json::value metadata = boost::json::parse(from_text(r.metadata_json), wrong);
      if (wrong || !metadata.is_object())
        throw AbiError(TENON_E_INVALID_ARGUMENT, "metadata_json is not a JSON object");
      save.metadata = std::move(metadata.as_object());
    }
    save.transforms = resolve_transforms(c, r);
    c.services.commit_point->expect_saves(c.callback);
    const tenon_ticket made = c.services.requests->save(std::move(save));
    if (ticket) *ticket = made;
  });
}

/// A ticket that this callback may name: a checkpoint that it holds, or one that it has asked for.
void require_own(const Caller& c, tenon_ticket ticket, const char* what) {
  const SaveRequest* asked = c.services.requests->find_save(ticket);
  if ((asked && asked->by == &c.callback) || c.services.ledger->holds(c.callback, ticket)) return;
  throw AbiError(TENON_E_NOT_FOUND, std::string(what) + ": callback '" + c.callback.id() +
                                        "' holds no checkpoint under ticket " + std::to_string(ticket));
}

/// Its request has ended, in an earlier attempt of the run, and the callback does not know yet how.
bool is_untold(const Caller& c, tenon_ticket ticket) {
  const std::vector<EndedTicket> ended = c.services.requests->ended();
  return std::any_of(ended.begin(), ended.end(),
                     [&](const EndedTicket& e) { return e.owner == &c.callback && e.ticket == ticket; });
}

tenon_status TENON_CALL release(const tenon_host* host, tenon_ticket held, tenon_ticket after, tenon_text reason,
                                tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    c.services.requests->require_open();
    if (!c.services.ledger->may_release(c.callback, held)) require_own(c, held, "release");
    if (after != 0 && !c.services.requests->issued(c.callback, after) && !c.services.ledger->holds(c.callback, after))
      throw AbiError(TENON_E_NOT_FOUND, "release: callback '" + c.callback.id() +
                                            "' has asked for no checkpoint under ticket " + std::to_string(after) +
                                            ", which it would wait for");
    c.services.requests->releases.push_back({&c.callback, held, after, std::string(from_text(reason))});
  });
}

void claim_ref(const Caller& c, const std::filesystem::path& folder, const std::string& ref) {
  check_name(ref);
  if (ref == final_ref)
    throw AbiError(TENON_E_INVALID_ARGUMENT,
                   "'final' is the host's own ref, to the weights that a run has ended with: take another name");
  if (ref.find('/') != std::string::npos) throw AbiError(TENON_E_INVALID_ARGUMENT, "a ref's name has no '/'");
  const std::string owner = c.services.ledger->claim_ref(folder, ref, c.callback);
  if (owner.empty()) return;
  throw AbiError(TENON_E_WRONG_STATE,
                 "'" + ref + "' in '" + folder.native() + "' belongs to callback '" + owner + "', and callback '" +
                     c.callback.id() +
                     "' would move it too: give one of them a `dirpath` of its own, or leave out its `save_" + ref +
                     "`");
}

tenon_status TENON_CALL set_ref(const tenon_host* host, tenon_text name, tenon_ticket ticket, tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    c.services.requests->require_open();
    require_own(c, ticket, "set_ref");
    const SaveRequest* asked = c.services.requests->find_save(ticket);
    const std::string ref(from_text(name));
    claim_ref(c, asked ? asked->folder : *c.services.ledger->folder_of(ticket), ref);
    c.services.requests->refs.push_back({&c.callback, ref, ticket});
  });
}

std::uint64_t TENON_CALL count(const tenon_host* host) {
  try {
    return on_loop_thread(host).services.ledger->size();
  } catch (...) {
    return 0;
  }
}

void fill(const Caller& c, const Kept& kept, tenon_checkpoint* out, tenon_ticket scored_for = 0) {
  thread_local std::vector<tenon_text> holders;  // "until the hook returns": the next call reuses it
  tenon_checkpoint filled = to_abi(kept, &c.callback, holders);
  for (const Hold& hold : kept.holds) {
    if (hold.ticket != scored_for) continue;
    filled.score = hold.score;
    filled.monitor = chain::to_text(hold.monitor);
  }
  chain::fill_sized(out, filled);
}

tenon_status TENON_CALL at(const tenon_host* host, std::uint64_t index, tenon_checkpoint* out, tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    const auto& all = c.services.ledger->all();
    if (index >= all.size())
      throw AbiError(TENON_E_NOT_FOUND, "there is no checkpoint number " + std::to_string(index));
    fill(c, *all[index], out);
  });
}

tenon_status TENON_CALL set_best(const tenon_host* host, tenon_ticket ticket, tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    c.services.requests->require_open();
    if (ticket != 0 && !is_untold(c, ticket)) require_own(c, ticket, "set_best");
    c.services.requests->bests.push_back({&c.callback, ticket});
  });
}

tenon_status TENON_CALL best(const tenon_host* host, tenon_text callback_id, tenon_checkpoint* out,
                             tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    const std::string_view id = from_text(callback_id);
    const Kept* found = nullptr;
    tenon_ticket of = 0;
    for (const auto& [callback, ticket] : c.services.ledger->best) {
      if (!id.empty() && callback->id() != id) continue;
      const Kept* kept = c.services.ledger->find(ticket);
      if (kept && found)
        throw AbiError(TENON_E_INVALID_ARGUMENT, "several callbacks have a best checkpoint: say whose");
      if (!kept) continue;
      found = kept;
      of = ticket;
    }
    if (!found) throw AbiError(TENON_E_NOT_FOUND, "there is no best checkpoint yet");
    fill(c, *found, out, of);
  });
}

void require_training(const Caller& c) {
  require_started(c);
  if (c.services.facts->stage != Stage::train)
    throw AbiError(TENON_E_WRONG_STATE, "weights are kept and put back where something is trained");
}

tenon_status TENON_CALL keep(const tenon_host* host, tenon_text reason, tenon_ticket* ticket, tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    require_training(c);
    const tenon_ticket made = c.services.requests->weight_request(
        {0, &c.callback, TENON_REQUEST_KEEP, 0, 0, {}, std::string(from_text(reason))});
    if (ticket) *ticket = made;
  });
}

void check_restore(const Caller& c, const tenon_restore_request& r) {
  if (r.scope != TENON_RESTORE_MODEL && r.scope != TENON_RESTORE_MODEL_AND_OPTIMIZER)
    throw AbiError(TENON_E_INVALID_ARGUMENT,
                   "a restore's scope is TENON_RESTORE_MODEL or TENON_RESTORE_MODEL_AND_OPTIMIZER");
  if (r.when != TENON_RESTORE_NEXT_COMMIT && r.when != TENON_RESTORE_AT_END)
    throw AbiError(TENON_E_INVALID_ARGUMENT,
                   "a restore happens at TENON_RESTORE_NEXT_COMMIT or at TENON_RESTORE_AT_END");
  const std::filesystem::path from(from_text(r.from));
  if (from.empty()) {
    if (r.scope != TENON_RESTORE_MODEL)
      throw AbiError(TENON_E_INVALID_ARGUMENT,
                     "keep() keeps weights alone: to restore the optimizer, name a full checkpoint");
    const auto& asked = c.services.requests->weights;
    const bool kept = c.services.commit_point->has_kept(c.callback) ||
                      std::any_of(asked.begin(), asked.end(), [&](const WeightRequest& w) {
                        return w.by == &c.callback && w.request == TENON_REQUEST_KEEP;
                      });
    if (!kept) throw AbiError(TENON_E_WRONG_STATE, "callback '" + c.callback.id() + "' has kept no weights");
    return;
  }
  std::error_code ignored;  // what cannot be looked at cannot be restored either
  if (!from.is_absolute())
    throw AbiError(TENON_E_INVALID_ARGUMENT, "'" + from.native() + "' is no absolute path of a checkpoint");
  if (!std::filesystem::exists(from, ignored))
    throw AbiError(TENON_E_NOT_FOUND, "there is no checkpoint '" + from.native() + "'");
}

tenon_status TENON_CALL restore(const tenon_host* host, const tenon_restore_request* theirs, tenon_ticket* ticket,
                                tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    require_training(c);
    const tenon_restore_request r = chain::read_sized(theirs);
    check_restore(c, r);
    const tenon_ticket made = c.services.requests->weight_request(
        {0, &c.callback, TENON_REQUEST_RESTORE, r.scope, r.when, from_text(r.from), std::string(from_text(r.reason))});
    if (ticket) *ticket = made;
  });
}

tenon_status TENON_CALL claim(const tenon_host* host, tenon_text folder, tenon_text ref, tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    c.services.requests->require_open();
    if (c.services.start_is_over)
      throw AbiError(TENON_E_WRONG_STATE, "a folder can be claimed until on_fit_start returns, not later");
    if (c.services.facts->stage != Stage::train) return;  // nothing will be saved
    const std::filesystem::path path = folder_of(c, folder);
    if (ref.size) claim_ref(c, path, std::string(from_text(ref)));
    try {
      c.services.ledger->folder(path);
      c.services.commit_point->expect_saves(c.callback);
    } catch (const Failure& failure) {
      c.callback.set_refusal_code(failure.code());
      throw AbiError(TENON_E_IO, failure.what());
    }
  });
}

}  // namespace

const tenon_checkpoints checkpoints_service{
    sizeof(tenon_checkpoints), 0, &request, &release, &set_ref, &count, &at, &set_best, &best, &keep, &restore, &claim};

}  // namespace tenon::loop
