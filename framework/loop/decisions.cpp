// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/decisions.hpp"

#include "chain/abi.hpp"
#include "loop/first_failure.hpp"

namespace tenon::loop {

std::string_view action_name(std::int32_t action) {
  switch (action) {
    case TENON_ACTION_SAVE:
      return "save";
    case TENON_ACTION_REMOVE:
      return "remove";
    case TENON_ACTION_REF:
      return "ref";
    case TENON_ACTION_STOP:
      return "stop";
    case TENON_ACTION_SKIP:
      return "skip";
    case TENON_ACTION_RESTORE:
      return "restore";
    default:
      return "warn";
  }
}

boost::json::object to_json(const Decision& d) {
  boost::json::object o;
  o["callback"] = d.callback_id.empty() ? boost::json::value(nullptr) : boost::json::value(d.callback_id);
  o["action"] = action_name(d.action);
  if (!d.path.empty()) o["path"] = d.path;
  if (!d.target.empty()) o["target"] = d.target;
  o["epoch"] = d.progress.epoch;
  o["step"] = d.progress.step;
  o["reason"] = d.reason;
  return o;
}

void Decisions::record(Decision decision) {
  decision.echo = echo_;
  waiting_.push_back(std::move(decision));
}

void Decisions::deliver(chain::Chain& chain) {
  const std::vector<Decision> now = std::exchange(waiting_, {});
  FirstFailure failures;
  for (const Decision& d : now) {
    if (listener_) failures.go_on([&] { listener_(d); });
    tenon_decision_args args{};
    args.struct_size = sizeof args;
    args.action = d.action;
    args.progress = &d.progress;
    args.callback_id = chain::to_text(d.callback_id);
    args.action_name = chain::to_text(action_name(d.action));
    args.path = chain::to_text(d.path);
    args.target = chain::to_text(d.target);
    args.reason = chain::to_text(d.reason);
    if (d.echo > 1) continue;
    echo_ = d.echo + 1;
    chain.set_passed_over(d.echo > 0 ? chain.find(d.callback_id) : nullptr);
    failures.go_on([&] { chain.on_decision(args); });
    chain.set_passed_over(nullptr);
    echo_ = 0;
  }
  failures.rethrow();
}

void Decisions::deliver_all(chain::Chain& chain) {
  FirstFailure failures;
  while (!waiting_.empty()) failures.go_on([&] { deliver(chain); });
  failures.rethrow();
}

}  // namespace tenon::loop
