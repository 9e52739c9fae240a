// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon/cpp/tasks.hpp - work off the loop thread.
#ifndef TENON_CPP_TASKS_HPP
#define TENON_CPP_TASKS_HPP

#include <memory>
#include <type_traits>

#include "barrier.hpp"
#include "host.hpp"

namespace tenon {

class Tasks {
 public:
  explicit Tasks(Host host) : service_(host) {}

  /// Runs `work`, which takes nothing, once on the host's worker thread; where the callback has been disabled it is
  /// only destroyed. What it captures is destroyed there too. What it throws counts as the callback's failure at the
  /// next commit point.
  template <class Work>
  void submit(Work&& work) const {
    using Owned = std::decay_t<Work>;
    auto owned = std::make_unique<Owned>(std::forward<Work>(work));
    service_.call(&tenon_tasks::submit, &run<Owned>, static_cast<void*>(owned.get()));
    static_cast<void>(owned.release());
  }
  /// Waits until this callback's tasks have ended.
  void drain() const { service_.call(&tenon_tasks::drain); }

 private:
  template <class Owned>
  static tenon_status TENON_CALL run(void* context, std::uint32_t cancelled, tenon_error* error) noexcept {
    const std::unique_ptr<Owned> owned(static_cast<Owned*>(context));
    return detail::guard(error, [&] {
      if (!cancelled) (*owned)();
    });
  }
  Service<tenon_tasks> service_;
};

}  // namespace tenon

#endif
