// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The callbacks of a run, in manifest order, and the only place where a hook is called.
#ifndef TENON_CHAIN_CHAIN_HPP
#define TENON_CHAIN_CHAIN_HPP

#include <tenon/hooks.h>
#include <tenon/plugin.h>

#include <array>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "chain/abi_model.hpp"
#include "chain/board.hpp"
#include "chain/callback.hpp"
#include "chain/transform.hpp"

namespace tenon::chain {

/// Services whose data belongs to somebody else than the chain (metrics, checkpoints, tensors, ...).
class ServiceProvider {
 public:
  virtual ~ServiceProvider() = default;
  /// The table of this id, the same for all callbacks, or nullptr. [any-thread]
  virtual const void* service(std::string_view id) = 0;
  /// transforms/1.hold: a read-only handle on a snapshot's copy. Throws AbiError; here always. [loop-thread]
  virtual tenon_tensor hold(Callback& caller, const void* snapshot, tenon_tensor tensor);
};

/// What the chain's own services need to know of the run; all absolute.
struct ChainFolders {
  std::filesystem::path run;
  std::filesystem::path manifest;  ///< the folder of the manifest's file
};

/// Checks a transform's options against its schema and fills in defaults; throws what() for a person. `where`:
/// "transform 'ema' asked for by callback 'deploy'".
using OptionsCheck =
    std::function<void(boost::json::object& options, const boost::json::value& schema, const std::string& where)>;

/// A hook of a callback whose `on_error` is abort has failed, or any callback refused to start in on_setup or
/// on_fit_start. Thrown after the whole chain has had the hook.
class CallbackError : public std::runtime_error {
 public:
  CallbackError(std::string callback_id, std::string hook, tenon_status status, const std::string& text)
      : std::runtime_error(text), callback_id_(std::move(callback_id)), hook_(std::move(hook)), status_(status) {}
  const std::string& callback_id() const noexcept { return callback_id_; }
  const std::string& hook() const noexcept { return hook_; }
  tenon_status status() const noexcept { return status_; }

 private:
  std::string callback_id_, hook_;
  tenon_status status_;
};

/// A decide_* hook's objection.
struct Denial {
  std::string by;  ///< callback id
  std::string reason;
};

/// on_ticket goes to one callback alone.
struct TicketForOwner {
  Callback& owner;
  const tenon_ticket_args& args;
};

/// A failure of a callback's own outside of its hooks: in a task, or when what it asked for was to be saved.
struct OutsideFailure {
  Callback* callback;
  tenon_status status;
  std::string reason;
};

/// What a hook's method takes and answers.
template <std::uint32_t hook, class Args>
struct HookMethod {
  using Argument = const Args&;
  using Answer = void;
};
template <>
struct HookMethod<TENON_HOOK(on_ticket), tenon_ticket_args> {
  using Argument = TicketForOwner;
  using Answer = void;
};
template <>
struct HookMethod<TENON_HOOK(decide_checkpoint), tenon_request_args> {
  using Argument = const tenon_request_args&;
  using Answer = std::optional<Denial>;
};
template <>
struct HookMethod<TENON_HOOK(decide_stop), tenon_request_args> {
  using Argument = const tenon_request_args&;
  using Answer = std::optional<Denial>;
};

#define TENON_COUNT_HOOK(hook, Args) +1
inline constexpr std::size_t hook_count = 0 TENON_HOOKS_1_0(TENON_COUNT_HOOK);
#undef TENON_COUNT_HOOK

/// "on_train_batch_end" for TENON_HOOK(on_train_batch_end).
const char* hook_name(std::uint32_t hook) noexcept;

/// Lives on one thread, the loop thread: the one that makes it.
class Chain {
 public:
  Chain(ServiceProvider& others, ChainFolders folders, AbiModel model = {});
  /// Destroys what was created, in reverse order, and empties the callbacks' scratch folders.
  ~Chain();
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;

  /// Creates a callback at the chain's end. Throws Failure: ExitCode::callback when it refuses, ExitCode::plugin when
  /// it needs a service that this host has not or its descriptor is unusable, ExitCode::manifest when the id is taken
  /// or not usable.
  Callback& add(CallbackEntry entry, const tenon_descriptor& descriptor, LibraryInfo library);

  const std::vector<std::unique_ptr<Callback>>& callbacks() const noexcept { return callbacks_; }
  /// nullptr when there is none of this id.
  Callback* find(std::string_view id) noexcept;

  /// What callbacks have asked for a place of in the run's folder.
  const std::set<std::filesystem::path>& run_files() const noexcept { return run_files_; }
  void add_run_file(std::filesystem::path file) { run_files_.insert(std::move(file)); }

  // One method for each hook: everyone who listens and is not disabled, in order; one branch where nobody does.
  //   void on_*(const tenon_..._args&)                     throws CallbackError after the whole chain has had it, or
  //                                                        Failure where a refusal to start has a code of its own
  //   void on_ticket({owner, const tenon_ticket_args&})    the same, for the owner alone
  //   std::optional<Denial> decide_*(const tenon_request_args&)   the first denial ends the chain
  // A failure counts by the callback's policy: abort is thrown, disable takes it out of every list, warn is logged (of
  // many alike the 1st, 2nd, 3rd, 10th, 100th, ...). on_setup and on_fit_start are a refusal to start whatever the
  // policy. Never to be called while a hook is running.
#define TENON_CHAIN_METHOD(hook, Args)                                                                 \
  HookMethod<TENON_HOOK(hook), Args>::Answer hook(HookMethod<TENON_HOOK(hook), Args>::Argument args) { \
    return call<TENON_HOOK(hook)>(args);                                                               \
  }
  TENON_HOOKS_1_0(TENON_CHAIN_METHOD)
#undef TENON_CHAIN_METHOD

  /// Each as if a hook of its callback had failed just now. Throws as a hook does; logged of those that are disabled.
  void count_failures(const std::vector<OutsideFailure>& failures);
  /// The same of checkpoints that could not be saved, but for who decides: where the manifest gives a callback no
  /// `on_error` the training goes on, whatever the kind suggests for its hooks.
  void count_failed_saves(const std::vector<OutsideFailure>& failures);

  /// Whether anyone listens, for hooks (TENON_HOOK(on_metrics)) whose arguments cost something to build.
  bool wanted(std::uint32_t hook) const noexcept { return !listeners_[hook].empty(); }

  /// Whether a callback has failed whose policy is disable.
  bool any_disabled() const noexcept { return any_disabled_; }

  /// Called before each callback that an on_checkpoint_* hook reaches, to fill in what differs from reader to reader.
  void set_for_reader(std::function<void(const Callback&)> fill) { for_reader_ = std::move(fill); }

  /// on_decision does not reach this callback until it is set anew; nullptr: it reaches all.
  void set_passed_over(const Callback* callback) noexcept { passed_over_ = callback; }

  ServiceProvider& provider() noexcept { return others_; }
  const ChainFolders& folders() const noexcept { return folders_; }
  Board& board() noexcept { return board_; }
  const AbiModel& model() const noexcept { return model_; }
  bool on_loop_thread() const noexcept { return std::this_thread::get_id() == loop_thread_; }
  /// Whether on_setup has been through the chain: nothing may be offered any more.
  bool set_up() const noexcept { return set_up_; }
  /// The step of the last hook called, for breadcrumbs; TENON_UNKNOWN before the first.
  std::uint64_t last_step() const noexcept { return last_step_; }

  /// The service table of this id, ours or the provider's, or nullptr. [any-thread]
  const void* service(std::string_view id);

  /// The transform that `user` means by `name`: its own, else the only one so called, else "<callback id>/<name>".
  /// Never nullptr; throws AbiError (TENON_E_INVALID_ARGUMENT) naming those there are when none or several are meant.
  Transform* find_transform(const Callback& user, std::string_view name);
  /// The options of a use: checked, defaults filled in, as JSON. Empty text counts as {}. Throws AbiError.
  std::string transform_options(const Callback& user, const Transform& transform, std::string_view options_json) const;
  /// Without one, the options of a use are taken as they are.
  void set_options_check(OptionsCheck check) { options_check_ = std::move(check); }

 private:
  using AnyHook = void (*)();
  struct Listener {
    tenon_callback* self;
    AnyHook function;
    Callback* callback;
  };
  using Listeners = std::vector<Listener>;
  class Walk;

  template <std::uint32_t hook, class Args>
  typename HookMethod<hook, Args>::Answer call(const Args& args) {
    if constexpr (std::is_void_v<typename HookMethod<hook, Args>::Answer>) {
      if (!listeners_[hook].empty())
        notify(hook, args);
      else if constexpr (hook == TENON_HOOK(on_setup) || hook == TENON_HOOK(on_fit_end))
        walked(hook);
    } else {
      if (listeners_[hook].empty()) return std::nullopt;
      return ask(hook, args);
    }
  }
  template <std::uint32_t hook>
  void call(const TicketForOwner& ticket) {
    if (!listeners_[hook].empty()) tell(hook, ticket.owner, ticket.args);
  }

  template <class Args>
  void notify(std::uint32_t hook, const Args& args);
  std::optional<Denial> ask(std::uint32_t hook, const tenon_request_args& args);
  void tell(std::uint32_t hook, Callback& owner, const tenon_ticket_args& args);
  void walked(std::uint32_t hook) noexcept;
  void listen(Callback& callback);

  ServiceProvider& others_;
  ChainFolders folders_;
  AbiModel model_;
  std::thread::id loop_thread_ = std::this_thread::get_id();
  std::set<std::filesystem::path> run_files_;
  std::vector<std::unique_ptr<Callback>> callbacks_;
  std::array<Listeners, hook_count> listeners_;
  Board board_;
  OptionsCheck options_check_;
  std::function<void(const Callback&)> for_reader_;
  const Callback* passed_over_ = nullptr;
  std::uint64_t last_step_ = TENON_UNKNOWN;
  bool set_up_ = false;
  bool walking_ = false;
  bool any_disabled_ = false;
  tenon_error error_;
};

}  // namespace tenon::chain

#endif
