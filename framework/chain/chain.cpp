// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "chain/chain.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "chain/abi.hpp"
#include "chain/breadcrumb.hpp"
#include "chain/log.hpp"
#include "chain/services/services.hpp"
#include "tenon/failure.hpp"

namespace tenon::chain {
namespace {

#define TENON_NAME(hook, Args) #hook,
constexpr std::array<const char*, hook_count> names{TENON_HOOKS_1_0(TENON_NAME)};
#undef TENON_NAME

template <class Args>
using HookFunction = tenon_status(TENON_CALL*)(tenon_callback*, const Args*, tenon_error*);

bool is_refusal_to_start(std::uint32_t hook) noexcept {
  return hook == TENON_HOOK(on_setup) || hook == TENON_HOOK(on_fit_start);
}

// The 1st, 2nd, 3rd, 10th, 100th, ...: a hook that fails at every step must not drown the log.
bool worth_a_line(std::uint64_t count) noexcept {
  if (count <= 3) return true;
  while (count % 10 == 0) count /= 10;
  return count == 1;
}

void check_id(const CallbackEntry& entry) {
  const auto refuse = [&](const std::string& why) {
    return Failure(ExitCode::manifest, entry.where + ": the id '" + entry.id + "' " + why);
  };
  if (entry.id.empty() || entry.id == "." || entry.id == "..") throw refuse("is no name; give the callback another");
  if (entry.id == "task") throw refuse("is reserved for the task's own transforms; give the callback another");
  for (const char c : entry.id)
    if (c == '/' || static_cast<unsigned char>(c) < 0x20)
      throw refuse("has a '/' or a control character; leave it out");
}

/// Stands for a callback's tasks where failures are counted by hook.
constexpr std::uint32_t task = hook_count, saving = hook_count + 1;

}  // namespace

const char* hook_name(std::uint32_t hook) noexcept {
  return hook < hook_count ? names[hook] : hook == task ? "a task" : hook == saving ? "saving" : "unknown hook";
}

tenon_tensor ServiceProvider::hold(Callback&, const void*, tenon_tensor) {
  throw AbiError(TENON_E_UNSUPPORTED, "this host takes no snapshots");
}

std::string qualified_name(const Transform& transform) { return transform.owner->id() + "/" + transform.name; }

/// One hook on its way along the chain.
class Chain::Walk {
 public:
  Walk(Chain& chain, std::uint32_t hook, const tenon_progress* progress) : chain_(chain), hook_(hook) {
    if (std::exchange(chain_.walking_, true))
      throw std::logic_error(std::string(hook_name(hook)) + " was to be called while another hook is running");
    if (TENON_HAS(tenon_progress, progress, step)) chain_.last_step_ = progress->step;
  }
  ~Walk() { chain_.walking_ = false; }
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  template <class Args>
  tenon_status call(const Listener& listener, const Args& args) {
    const Breadcrumb trail(listener.callback->label().c_str(), hook_name(hook_), chain_.last_step_);
    tenon_error* error = &chain_.error_;
    clear(*error);
    try {
      return reinterpret_cast<HookFunction<Args>>(listener.function)(listener.self, &args, error);
    } catch (const std::exception& x) {
      return fail(error, TENON_E_EXCEPTION, std::string("it threw past its own barrier: ") + x.what());
    } catch (...) {
      return fail(error, TENON_E_EXCEPTION, "it threw something that says nothing about itself");
    }
  }

  // Takes the callback's policy into account; the text still stands in the chain's error.
  void failed(Callback& callback, tenon_status status) { failed(callback, status, callback.on_error()); }
  void failed(Callback& callback, tenon_status status, OnError policy) {
    const std::string_view reason = reason_of(chain_.error_);
    std::string text = callback.label() + " failed in " + hook_name(hook_);
    if (is_refusal_to_start(hook_))
      text = callback.where() + ": " + callback.label() + " refused to start in " + hook_name(hook_);
    else if (chain_.last_step_ != TENON_UNKNOWN)
      text += ", step " + std::to_string(chain_.last_step_);
    text += ": ";
    if (status == TENON_DENY) text += "it answered TENON_DENY, which only decide_* hooks may: ";
    if (status > TENON_DENY || status < TENON_E_EXCEPTION)
      text += "it answered the unknown status " + std::to_string(status) + ": ";
    text += reason;
    if (status > 0 || status < TENON_E_EXCEPTION) status = TENON_E_FAILED;

    if (is_refusal_to_start(hook_) || policy == OnError::abort) {
      if (error_)
        log(TENON_LOG_ERROR, {}, text);  // only one can be thrown
      else
        refuse(callback, status, text);
    } else if (policy == OnError::disable) {
      callback.disabled_reason_ = text;
      callback.disabled_ = true;
      disabled_ = true;
      log(TENON_LOG_ERROR, {}, text + "; it is disabled for the rest of the run, its last saved state is kept");
    } else if (const std::uint64_t count = ++callback.warnings_[hook_]; worth_a_line(count)) {
      log(TENON_LOG_WARN, {}, text + (count > 3 ? " (" + std::to_string(count) + " times now)" : ""));
    }
  }

  void finish() {
    chain_.any_disabled_ = chain_.any_disabled_ || disabled_;
    if (disabled_)
      for (Listeners& list : chain_.listeners_)
        std::erase_if(list, [](const Listener& l) { return l.callback->disabled(); });
    chain_.walked(hook_);
    if (error_ && refusal_code_ != ExitCode::callback) throw Failure(refusal_code_, error_->what());
    if (error_) throw std::move(*error_);
  }

 private:
  void refuse(const Callback& callback, tenon_status status, const std::string& text) {
    error_.emplace(callback.id(), hook_name(hook_), status, text);
    if (is_refusal_to_start(hook_)) refusal_code_ = callback.refusal_code();
  }

  Chain& chain_;
  std::uint32_t hook_;
  std::optional<CallbackError> error_;
  ExitCode refusal_code_ = ExitCode::callback;
  bool disabled_ = false;
};

Chain::Chain(ServiceProvider& others, ChainFolders folders, AbiModel model)
    : others_(others), folders_(std::move(folders)), model_(std::move(model)) {
  clear(error_);
}

Chain::~Chain() {
  for (auto it = callbacks_.rbegin(); it != callbacks_.rend(); ++it) (*it)->destroy();
  for (const auto& callback : callbacks_) {
    std::error_code ignored;  // what is left there harms nobody
    std::filesystem::remove_all(scratch_folder(*callback), ignored);
    std::filesystem::remove(scratch_folder(*callback).parent_path(), ignored);
  }
}

Callback& Chain::add(CallbackEntry entry, const tenon_descriptor& descriptor, LibraryInfo library) {
  check_id(entry);
  if (const Callback* other = find(entry.id))
    throw Failure(ExitCode::manifest, entry.where + ": the id '" + entry.id + "' is already that of " + other->where() +
                                          "; give one of them an \"id\" of its own");
  callbacks_.push_back(
      std::unique_ptr<Callback>(new Callback(*this, std::move(entry), descriptor, std::move(library))));
  Callback& callback = *callbacks_.back();
  try {
    for (const char* const* need = callback.descriptor().needs; need && *need; ++need)
      if (!service(*need))
        throw Failure(ExitCode::plugin, callback.where() + ": " + callback.label() + " needs the service " + *need +
                                            ", which this host (Tenon " TENON_VERSION ", ABI " +
                                            version_text(model_.abi_version) + ") does not have; a newer Tenon may");
    callback.create();
  } catch (const AbiError& x) {
    const Failure refusal(callback.refusal_code(),
                          callback.where() + ": " + callback.label() + " could not be created: " + x.what());
    board_.forget(callback.id());
    callbacks_.pop_back();
    throw refusal;
  } catch (...) {
    callbacks_.pop_back();
    throw;
  }
  listen(callback);
  return callback;
}

void Chain::listen(Callback& callback) {
#define TENON_LISTEN(hook, Args)            \
  if (callback.hooks().hook)                \
    listeners_[TENON_HOOK(hook)].push_back( \
        {callback.self_, reinterpret_cast<AnyHook>(callback.hooks().hook), &callback});
  TENON_HOOKS_1_0(TENON_LISTEN)
#undef TENON_LISTEN
}

Callback* Chain::find(std::string_view id) noexcept {
  const auto it = std::find_if(callbacks_.begin(), callbacks_.end(), [&](const auto& c) { return c->id() == id; });
  return it == callbacks_.end() ? nullptr : it->get();
}

template <class Args>
void Chain::notify(std::uint32_t hook, const Args& args) {
  Walk walk(*this, hook, args.progress);
  for (const Listener& listener : listeners_[hook]) {
    if constexpr (std::is_same_v<Args, tenon_checkpoint_args>)
      if (for_reader_) for_reader_(*listener.callback);
    if constexpr (std::is_same_v<Args, tenon_decision_args>)
      if (listener.callback == passed_over_) continue;
    if (const tenon_status status = walk.call(listener, args); status != TENON_OK) [[unlikely]]
      walk.failed(*listener.callback, status);
  }
  walk.finish();
}

template void Chain::notify(std::uint32_t, const tenon_event_args&);
template void Chain::notify(std::uint32_t, const tenon_fit_start_args&);
template void Chain::notify(std::uint32_t, const tenon_batch_args&);
template void Chain::notify(std::uint32_t, const tenon_step_args&);
template void Chain::notify(std::uint32_t, const tenon_end_args&);
template void Chain::notify(std::uint32_t, const tenon_exception_args&);
template void Chain::notify(std::uint32_t, const tenon_metrics_args&);
template void Chain::notify(std::uint32_t, const tenon_record_args&);
template void Chain::notify(std::uint32_t, const tenon_decision_args&);
template void Chain::notify(std::uint32_t, const tenon_checkpoint_args&);

std::optional<Denial> Chain::ask(std::uint32_t hook, const tenon_request_args& args) {
  Walk walk(*this, hook, args.progress);
  std::optional<Denial> denial;
  for (const Listener& listener : listeners_[hook]) {
    const tenon_status status = walk.call(listener, args);
    if (status == TENON_DENY) {
      denial = Denial{listener.callback->id(), std::string(reason_of(error_))};
      break;
    }
    if (status != TENON_OK) walk.failed(*listener.callback, status);
  }
  walk.finish();
  return denial;
}

void Chain::tell(std::uint32_t hook, Callback& owner, const tenon_ticket_args& args) {
  Walk walk(*this, hook, args.progress);
  for (const Listener& listener : listeners_[hook])
    if (listener.callback == &owner)
      if (const tenon_status status = walk.call(listener, args); status != TENON_OK) walk.failed(owner, status);
  walk.finish();
}

void Chain::count_failures(const std::vector<OutsideFailure>& failures) {
  if (failures.empty()) return;
  Walk walk(*this, task, nullptr);
  for (const OutsideFailure& failure : failures) {
    clear(error_);
    const tenon_status status = fail(&error_, failure.status, failure.reason);
    if (failure.callback->disabled())
      log(TENON_LOG_WARN, {}, failure.callback->label() + ", which is disabled, failed in a task: " + failure.reason);
    else
      walk.failed(*failure.callback, status);
  }
  walk.finish();
}

void Chain::count_failed_saves(const std::vector<OutsideFailure>& failures) {
  if (failures.empty()) return;
  Walk walk(*this, saving, nullptr);
  for (const OutsideFailure& failure : failures) {
    if (failure.callback->disabled()) continue;
    clear(error_);
    const tenon_status status = fail(&error_, failure.status, failure.reason);
    walk.failed(*failure.callback, status, failure.callback->entry_.on_error.value_or(OnError::warn));
  }
  walk.finish();
}

void Chain::walked(std::uint32_t hook) noexcept {
  if (hook == TENON_HOOK(on_setup)) set_up_ = true;
  if (hook == TENON_HOOK(on_fit_end)) board_.close();
  board_.release_replaced();
}

const void* Chain::service(std::string_view id) {
  const void* table = nullptr;
  if (id == TENON_SERVICE_OPTIONS)
    table = &options_service;
  else if (id == TENON_SERVICE_BOARD)
    table = &board_service;
  else if (id == TENON_SERVICE_PATHS)
    table = &paths_service;
  else if (id == TENON_SERVICE_TRANSFORMS)
    table = &transforms_service;
  else
    table = others_.service(id);
  return model_.service ? model_.service(id, table) : table;
}

}  // namespace tenon::chain
