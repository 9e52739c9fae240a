// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What was decided, by whom and why: the records that on_decision, `--json`, replay and the account show.
#ifndef TENON_LOOP_DECISIONS_HPP
#define TENON_LOOP_DECISIONS_HPP

#include <tenon/hooks.h>

#include <boost/json/object.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/chain.hpp"

namespace tenon::loop {

struct Decision {
  std::int32_t action = TENON_ACTION_SKIP;  ///< TENON_ACTION_*
  std::string callback_id;                  ///< empty: the host's own
  std::string path;                         ///< relative to the run's folder where it lies in it
  std::string target;                       ///< of a ref
  std::string reason;
  tenon_progress progress{};  ///< of the moment it was decided
  /// Noted while on_decision told of another: 1, of such a note: 2, and so on.
  std::uint32_t echo = 0;
};

/// "save", "remove", "ref", ...
std::string_view action_name(std::int32_t action);
/// {"callback":...,"action":...,"path":...,"epoch":...,"step":...,"reason":...}
boost::json::object to_json(const Decision& decision);

class Decisions {
 public:
  using Listener = std::function<void(const Decision&)>;
  void set_listener(Listener listener) { listener_ = std::move(listener); }
  void record(Decision decision);
  /// Tells the chain and the listener, in the order of recording; all of it, then the first failure is thrown. What is
  /// noted meanwhile waits for the next time. So that nothing feeds itself for ever, such a note does not come back to
  /// the callback that made it, and a note on such a note reaches the listener alone.
  void deliver(chain::Chain& chain);
  /// The same until nothing waits.
  void deliver_all(chain::Chain& chain);

 private:
  std::vector<Decision> waiting_;
  std::uint32_t echo_ = 0;  // of what is noted now
  Listener listener_;
};

}  // namespace tenon::loop

#endif
