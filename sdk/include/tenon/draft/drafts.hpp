// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon/draft/drafts.hpp - the drafts for the C++17 wrapper. Not promised: names and meaning may still change.
#ifndef TENON_DRAFT_DRAFTS_HPP
#define TENON_DRAFT_DRAFTS_HPP

#include <memory>

#include "../cpp/barrier.hpp"
#include "../cpp/host.hpp"
#include "drafts.h"

namespace tenon {

namespace detail {

#define TENON_SERVICE_ID(type, name)           \
  template <>                                  \
  struct service_id<type> {                    \
    static constexpr const char* value = name; \
  };
TENON_SERVICE_ID(tenon_records, TENON_SERVICE_RECORDS)
TENON_SERVICE_ID(tenon_tasks, TENON_SERVICE_TASKS)
TENON_SERVICE_ID(tenon_timing, TENON_SERVICE_TIMING)
#undef TENON_SERVICE_ID

}  // namespace detail

class Tasks {
 public:
  explicit Tasks(Host host) : service_(host) {}
  /// Runs `work` once on the host's worker thread; what it captures is destroyed there.
  template <class Work>
  void submit(Work&& work) const {
    using Owned = std::decay_t<Work>;
    auto owned = std::make_unique<Owned>(std::forward<Work>(work));
    service_.call(&tenon_tasks::submit, &run<Owned>, static_cast<void*>(owned.get()));
    owned.release();
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
