// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// One callback: an instance of a plugin, made by one manifest entry (or registered by the embedding program).
#ifndef TENON_CHAIN_CALLBACK_HPP
#define TENON_CHAIN_CALLBACK_HPP

#include <tenon/hooks.h>
#include <tenon/plugin.h>
#include <tenon/services/options.h>

#include <atomic>
#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "chain/transform.hpp"
#include "tenon/failure.hpp"

namespace tenon::chain {

class Chain;

/// What the manifest wants done when a hook fails.
enum class OnError { abort, disable, warn };

struct CallbackEntry {
  std::string plugin;               ///< as the manifest calls it
  std::string id;                   ///< unique in the run
  std::optional<OnError> on_error;  ///< nothing: what the descriptor suggests, else abort
  boost::json::object options;      ///< have passed the schema and have its defaults
  std::string where;                ///< "run.json:12 /callbacks/2", for messages; options stand at "/config" below it
};

struct LibraryInfo {
  std::filesystem::path file;  ///< absolute; empty for a callback registered in-process
  std::string sha256;          ///< 64 lower-case digits, or empty
};

/// A callback's small state as a checkpoint keeps it.
struct SavedState {
  std::uint32_t version = 0;
  std::vector<std::byte> bytes;
};

/// Made by Chain::add, at a fixed address until the chain is destroyed.
class Callback {
 public:
  ~Callback();
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;

  const std::string& id() const noexcept { return entry_.id; }
  /// As far as this host knows it; what the plugin's own is too short for is zero.
  const tenon_descriptor& descriptor() const noexcept { return descriptor_; }
  const tenon_hooks& hooks() const noexcept { return hooks_; }
  const LibraryInfo& library() const noexcept { return library_; }
  const tenon_host* host() const noexcept { return &host_; }
  /// The plugin's own, for functions that it gave through a service.
  tenon_callback* self() const noexcept { return self_; }
  const boost::json::object& options() const noexcept;
  OnError on_error() const noexcept { return on_error_; }
  const std::string& where() const noexcept { return entry_.where; }
  Chain& chain() const noexcept { return chain_; }
  /// "callback 'csv' (org.acme.csv 1.3.0)"
  const std::string& label() const noexcept { return label_; }

  /// Whether it failed and its `on_error` is disable; it then listens to nothing any more. [any-thread]
  bool disabled() const noexcept { return disabled_; }
  /// Why; empty while it is not disabled.
  const std::string& disabled_reason() const noexcept { return disabled_reason_; }

  /// Its state now, or nothing when its kind keeps none. Of a disabled callback: the last one saved or loaded, if any.
  /// Throws AbiError. [loop-thread]
  std::optional<SavedState> save_state();
  /// Gives state back, between create and on_fit_start. Throws AbiError (TENON_E_STATE_VERSION when the plugin cannot
  /// read that version, TENON_E_UNSUPPORTED when its kind takes none); the callback is then as it was. [loop-thread]
  void load_state(std::uint32_t version, std::span<const std::byte> bytes);

  /// What a refusal to start of this callback counts as, from here on: a service that fails for a reason with an exit
  /// code of its own says so.
  void set_refusal_code(ExitCode code) noexcept { refusal_code_ = code; }
  ExitCode refusal_code() const noexcept { return refusal_code_; }

  /// Keeps a text at a fixed place until the callback is destroyed; equal texts once. [any-thread]
  tenon_text keep(std::string text);

  /// What it has offered through transforms/1, in order.
  std::deque<Transform>& transforms() noexcept { return transforms_; }

  /// The options as the options service reads them.
  const tenon_json& document() const noexcept { return *document_; }

 private:
  friend class Chain;
  Callback(Chain& chain, CallbackEntry entry, const tenon_descriptor& descriptor, LibraryInfo library);
  void create();
  void destroy() noexcept;

  Chain& chain_;
  CallbackEntry entry_;
  LibraryInfo library_;
  tenon_descriptor descriptor_;
  tenon_hooks hooks_;
  tenon_host host_;
  OnError on_error_;
  std::string label_;
  std::unique_ptr<tenon_json> document_;
  tenon_callback* self_ = nullptr;
  bool created_ = false;
  ExitCode refusal_code_ = ExitCode::callback;
  std::atomic<bool> disabled_ = false;
  std::string disabled_reason_;
  std::optional<SavedState> last_state_;
  std::deque<Transform> transforms_;
  std::vector<std::uint64_t> warnings_;  // by hook, of tasks, and of saves
  std::mutex texts_lock_;
  std::set<std::string> texts_;
};

/// Whose host this is. Throws AbiError when it is NULL. [any-thread]
Callback& callback_of(const tenon_host* host);
/// The same, for functions tagged [loop-thread]: throws AbiError (TENON_E_WRONG_THREAD) on another.
Callback& caller_on_loop_thread(const tenon_host* host);

}  // namespace tenon::chain

#endif
