// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon/cpp/host.hpp - the host as one callback sees it: its log and its services.
#ifndef TENON_CPP_HOST_HPP
#define TENON_CPP_HOST_HPP

#include "../host.h"
#include "../services.h"
#include "error.hpp"

namespace tenon {

namespace detail {

template <class Table>
struct service_id;
#define TENON_SERVICE_ID(type, name)           \
  template <>                                  \
  struct service_id<type> {                    \
    static constexpr const char* value = name; \
  };
TENON_SERVICE_ID(tenon_board, TENON_SERVICE_BOARD)
TENON_SERVICE_ID(tenon_checkpoints, TENON_SERVICE_CHECKPOINTS)
TENON_SERVICE_ID(tenon_metrics, TENON_SERVICE_METRICS)
TENON_SERVICE_ID(tenon_model, TENON_SERVICE_MODEL)
TENON_SERVICE_ID(tenon_optimizers, TENON_SERVICE_OPTIMIZERS)
TENON_SERVICE_ID(tenon_options, TENON_SERVICE_OPTIONS)
TENON_SERVICE_ID(tenon_paths, TENON_SERVICE_PATHS)
TENON_SERVICE_ID(tenon_run, TENON_SERVICE_RUN)
TENON_SERVICE_ID(tenon_run_info, TENON_SERVICE_RUN_INFO)
TENON_SERVICE_ID(tenon_tasks, TENON_SERVICE_TASKS)
TENON_SERVICE_ID(tenon_tensor_ops, TENON_SERVICE_TENSOR_OPS)
TENON_SERVICE_ID(tenon_tensors, TENON_SERVICE_TENSORS)
TENON_SERVICE_ID(tenon_transforms, TENON_SERVICE_TRANSFORMS)
#undef TENON_SERVICE_ID

}  // namespace detail

/// Cheap to copy; valid until the callback is destroyed.
class Host {
 public:
  explicit Host(const tenon_host* host) noexcept : host_(host) {}
  const tenon_host* raw() const noexcept { return host_; }
  std::string_view callback_id() const noexcept { return view(host_->callback_id); }
  std::string_view name() const noexcept { return view(host_->name); }
  std::string_view version() const noexcept { return view(host_->version); }

  /// Messages are headed by the callback's id. Any thread.
  bool log_enabled(tenon_log_level level) const noexcept { return host_->log_enabled(host_, level) != 0; }
  void log(tenon_log_level level, std::string_view what) const noexcept {
    host_->log(host_, level, text({}), 0, text(what));
  }
  void debug(std::string_view what) const noexcept { log(TENON_LOG_DEBUG, what); }
  void info(std::string_view what) const noexcept { log(TENON_LOG_INFO, what); }
  void warn(std::string_view what) const noexcept { log(TENON_LOG_WARN, what); }
  void error(std::string_view what) const noexcept { log(TENON_LOG_ERROR, what); }

  /// nullptr when this host has no such service.
  template <class Table>
  const Table* find() const noexcept {
    return static_cast<const Table*>(host_->service(host_, detail::service_id<Table>::value));
  }
  /// Throws TENON_E_UNSUPPORTED instead.
  template <class Table>
  const Table& need() const {
    if (const Table* table = find<Table>()) return *table;
    throw Error(TENON_E_UNSUPPORTED, std::string(name()) + " " + std::string(version()) + " has no service " +
                                         detail::service_id<Table>::value + ": a newer one is needed");
  }

 private:
  const tenon_host* host_;
};

/// A service's table and the host that it is asked through. A function that an older host's shorter table lacks is
/// answered with TENON_E_UNSUPPORTED instead of a jump into nowhere.
template <class Table>
class Service {
 public:
  explicit Service(Host host) : host_(host), table_(&host.need<Table>()) {}
  Host host() const noexcept { return host_; }

  /// The function in a slot: service.function(&tenon_metrics::read).
  template <class Function>
  Function function(Function Table::*slot) const {
    const auto* const begin = reinterpret_cast<const char*>(table_);
    const auto* const end = reinterpret_cast<const char*>(&(table_->*slot)) + sizeof(Function);
    if (static_cast<std::uint64_t>(end - begin) <= table_->struct_size && table_->*slot) return table_->*slot;
    throw Error(TENON_E_UNSUPPORTED, std::string(host_.name()) + " " + std::string(host_.version()) + " has an older " +
                                         detail::service_id<Table>::value +
                                         ", which lacks a function that is used here");
  }
  /// Calls it with this host as its first argument; throws Error when it fails.
  template <class Function, class... Args>
  void call(Function Table::*slot, Args... args) const {
    tenon::call(function(slot), host_.raw(), args...);
  }
  /// The same; false for TENON_E_NOT_FOUND.
  template <class Function, class... Args>
  bool found(Function Table::*slot, Args... args) const {
    return tenon::found(function(slot), host_.raw(), args...);
  }
  /// The same for a function that cannot fail and answers a value.
  template <class Function, class... Args>
  auto ask(Function Table::*slot, Args... args) const {
    return function(slot)(host_.raw(), args...);
  }

 private:
  Host host_;
  const Table* table_;
};

}  // namespace tenon

#endif
