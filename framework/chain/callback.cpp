// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "chain/callback.hpp"

#include <boost/json/value.hpp>
#include <cstring>
#include <utility>

#include "chain/abi.hpp"
#include "chain/chain.hpp"
#include "chain/log.hpp"
#include "chain/plugin_call.hpp"
#include "chain/services/json_document.hpp"
#include "tenon/failure.hpp"

namespace tenon::chain {
namespace {

// A plugin's table as ours: min(what it has, what this host knows), the rest is zero.
template <class Struct>
Struct copy_known(const Struct* theirs, std::uint32_t known) {
  Struct ours;
  std::memset(static_cast<void*>(&ours), 0, sizeof ours);
  const std::size_t size = std::min<std::size_t>({theirs->struct_size, known, sizeof ours});
  std::memcpy(static_cast<void*>(&ours), theirs, size);
  ours.struct_size = static_cast<std::uint32_t>(size);
  return ours;
}

std::int32_t TENON_CALL host_log_enabled(const tenon_host*, tenon_log_level level) noexcept {
  return log_enabled(level) ? 1 : 0;
}

void TENON_CALL host_log(const tenon_host* host, tenon_log_level level, tenon_text file, std::uint32_t line,
                         tenon_text text) noexcept try {
  const std::string_view id = host ? from_text(host->callback_id) : std::string_view();
  if (file.size == 0) return log(level, id, from_text(text));
  log(level, id, std::string(from_text(file)) + ":" + std::to_string(line) + ": " + std::string(from_text(text)));
} catch (...) {
  // A message that cannot be built is dropped.
}

const void* TENON_CALL host_service(const tenon_host* host, const char* id) noexcept try {
  return host && id ? callback_of(host).chain().service(id) : nullptr;
} catch (...) {
  return nullptr;
}

tenon_status TENON_CALL write_bytes(const tenon_writer* writer, const void* data, std::uint64_t size,
                                    tenon_error* error) noexcept {
  return guard(error, [&] {
    const auto* first = static_cast<const std::byte*>(data);
    if (size > 0) {
      auto& bytes = *static_cast<std::vector<std::byte>*>(writer->host_data);
      bytes.insert(bytes.end(), first, first + size);
    }
  });
}

tenon_status TENON_CALL read_bytes(const tenon_reader* reader, void* data, std::uint64_t capacity, std::uint64_t* got,
                                   tenon_error*) noexcept {
  auto& left = *static_cast<std::span<const std::byte>*>(reader->host_data);
  const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(capacity, left.size()));
  if (size > 0) std::memcpy(data, left.data(), size);
  left = left.subspan(size);
  *got = size;
  return TENON_OK;
}

OnError policy(const CallbackEntry& entry, const tenon_descriptor& descriptor) {
  if (entry.on_error) return *entry.on_error;
  switch (descriptor.on_error) {
    case TENON_ON_ERROR_DISABLE:
      return OnError::disable;
    case TENON_ON_ERROR_WARN:
      return OnError::warn;
    default:
      return OnError::abort;
  }
}

}  // namespace

Callback::Callback(Chain& chain, CallbackEntry entry, const tenon_descriptor& descriptor, LibraryInfo library)
    : chain_(chain),
      entry_(std::move(entry)),
      library_(std::move(library)),
      descriptor_(copy_known(&descriptor, chain.model().descriptor_size)),
      warnings_(hook_count + 2, 0) {
  const auto unusable = [&](const char* why) {
    return Failure(ExitCode::plugin, entry_.where + ": plugin '" + entry_.plugin + "'" +
                                         (library_.file.empty() ? "" : " (" + library_.file.string() + ")") + " " +
                                         why + "; build it again with this SDK");
  };
  if (!descriptor_.id || !descriptor_.name || !descriptor_.version)
    throw unusable("does not say its id, name and version");
  if (!descriptor_.create || !descriptor_.destroy) throw unusable("has no create or no destroy function");
  if (!descriptor_.hooks || descriptor_.hooks->struct_size < offsetof(tenon_hooks, on_setup))
    throw unusable("has no table of hooks");
  if (!descriptor_.save != !descriptor_.load) throw unusable("has save without load, or load without save");

  hooks_ = copy_known(descriptor_.hooks, chain.model().hooks_size);
  on_error_ = policy(entry_, descriptor_);
  label_ = "callback '" + entry_.id + "' (" + descriptor_.id + " " + descriptor_.version + ")";
  document_.reset(new tenon_json{entry_.options, entry_.where + "/config", {}, {}});
  host_ = {chain.model().host_size, chain.model().abi_version, this,     to_text("tenon"), to_text(TENON_VERSION),
           to_text(entry_.id),      host_log_enabled,          host_log, host_service};
}

Callback::~Callback() { destroy(); }

const boost::json::object& Callback::options() const noexcept { return document_->value.get_object(); }

void Callback::create() {
  call_plugin(*this, "create", chain_.last_step(),
              [&](tenon_error* error) { return descriptor_.create(&host_, &self_, error); });
  created_ = true;
}

void Callback::destroy() noexcept {
  if (!std::exchange(created_, false)) return;
  try {
    call_plugin(*this, "destroy", chain_.last_step(), [&](tenon_error*) -> tenon_status {
      descriptor_.destroy(self_);
      return TENON_OK;
    });
  } catch (const std::exception& x) {
    log(TENON_LOG_ERROR, id(), std::string("destroy failed: ") + x.what());
  }
}

std::optional<SavedState> Callback::save_state() {
  if (!descriptor_.save) return std::nullopt;
  if (disabled()) return last_state_;
  SavedState state{descriptor_.state_version, {}};
  const tenon_writer writer{sizeof writer, 0, &state.bytes, write_bytes};
  call_plugin(*this, "save", chain_.last_step(),
              [&](tenon_error* error) { return descriptor_.save(self_, &writer, error); });
  last_state_ = state;
  return state;
}

void Callback::load_state(std::uint32_t version, std::span<const std::byte> bytes) {
  if (!descriptor_.load)
    throw AbiError(TENON_E_UNSUPPORTED, std::string("there is saved state of it, but ") + descriptor_.id + " " +
                                            descriptor_.version + " takes none");
  std::span<const std::byte> left = bytes;
  const tenon_reader reader{sizeof reader, 0, &left, bytes.size(), read_bytes};
  call_plugin(*this, "load", chain_.last_step(),
              [&](tenon_error* error) { return descriptor_.load(self_, version, &reader, error); });
  last_state_ = SavedState{version, {bytes.begin(), bytes.end()}};
}

tenon_text Callback::keep(std::string text) {
  const std::lock_guard hold(texts_lock_);
  return to_text(*texts_.insert(std::move(text)).first);
}

Callback& callback_of(const tenon_host* host) {
  if (host == nullptr || host->host_data == nullptr)
    throw AbiError(TENON_E_INVALID_ARGUMENT, "the host is NULL: pass the one that create() was given");
  return *static_cast<Callback*>(host->host_data);
}

Callback& caller_on_loop_thread(const tenon_host* host) {
  Callback& caller = callback_of(host);
  if (!caller.chain().on_loop_thread())
    throw AbiError(TENON_E_WRONG_THREAD, "this function is tagged [loop-thread] and was called on another thread");
  return caller;
}

}  // namespace tenon::chain
