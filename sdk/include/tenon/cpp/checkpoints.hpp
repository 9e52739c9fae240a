// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon/cpp/checkpoints.hpp - ask for checkpoints, let go of them, look at those that are there.
#ifndef TENON_CPP_CHECKPOINTS_HPP
#define TENON_CPP_CHECKPOINTS_HPP

#include <limits>
#include <vector>

#include "host.hpp"

namespace tenon {

class Checkpoints {
 public:
  explicit Checkpoints(Host host) : service_(host) {}

  /// Says in the constructor or on_setup that this callback will save into `folder` and set `ref` there, so that
  /// troubles show before the first step.
  void claim(std::string_view folder, std::string_view ref = {}) const {
    service_.call(&tenon_checkpoints::claim, text(folder), text(ref));
  }

  /// A request without a score; fill in what is wanted. It borrows its texts, request() copies them.
  static tenon_save_request save(std::int32_t kind, std::string_view name, std::string_view reason) {
    auto r = sized<tenon_save_request>();
    r.kind = kind;
    r.name = text(name);
    r.reason = text(reason);
    r.score = std::numeric_limits<double>::quiet_NaN();
    return r;
  }
  static void transforms(tenon_save_request& request, const std::vector<tenon_transform_use>& uses) {
    request.transforms = uses.data();
    request.transform_count = uses.size();
    request.transform_stride = sizeof(tenon_transform_use);
  }
  /// The checkpoint is held under the ticket until released; 0 on a rank that does not save.
  tenon_ticket request(const tenon_save_request& wanted) const {
    tenon_ticket out = 0;
    service_.call(&tenon_checkpoints::request, &wanted, &out);
    return out;
  }
  /// Lets go of `held` once the checkpoint of `after` is durable; 0: at the next commit point.
  void release(tenon_ticket held, tenon_ticket after, std::string_view reason) const {
    service_.call(&tenon_checkpoints::release, held, after, text(reason));
  }
  void set_ref(std::string_view name, tenon_ticket ticket) const {
    service_.call(&tenon_checkpoints::set_ref, text(name), ticket);
  }
  void set_best(tenon_ticket ticket) const { service_.call(&tenon_checkpoints::set_best, ticket); }

  /// Keeps the weights of the next commit point in the host's memory, in place of those kept before.
  tenon_ticket keep(std::string_view reason) const {
    tenon_ticket out = 0;
    service_.call(&tenon_checkpoints::keep, text(reason), &out);
    return out;
  }
  /// Asks for weights to be put back: TENON_RESTORE_MODEL or _MODEL_AND_OPTIMIZER, TENON_RESTORE_NEXT_COMMIT or
  /// _AT_END, from the absolute path of a checkpoint, or from what keep() has kept where there is none.
  tenon_ticket restore(std::int32_t scope, std::int32_t when, std::string_view reason,
                       std::string_view from = {}) const {
    auto r = sized<tenon_restore_request>();
    r.scope = scope;
    r.when = when;
    r.from = text(from);
    r.reason = text(reason);
    tenon_ticket out = 0;
    service_.call(&tenon_checkpoints::restore, &r, &out);
    return out;
  }

  /// The durable best of a callback, or of the only one that has a best. Texts live until the hook returns.
  std::optional<tenon_checkpoint> best(std::string_view callback_id = {}) const {
    auto out = sized<tenon_checkpoint>();
    if (!service_.found(&tenon_checkpoints::best, text(callback_id), &out)) return std::nullopt;
    return out;
  }
  /// The durable checkpoints of this run, oldest first. Texts live until the hook returns.
  std::vector<tenon_checkpoint> list() const {
    std::vector<tenon_checkpoint> out(static_cast<std::size_t>(service_.ask(&tenon_checkpoints::count)),
                                      sized<tenon_checkpoint>());
    for (std::size_t i = 0; i < out.size(); ++i) service_.call(&tenon_checkpoints::at, std::uint64_t{i}, &out[i]);
    return out;
  }

 private:
  Service<tenon_checkpoints> service_;
};

}  // namespace tenon

#endif
