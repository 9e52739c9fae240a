// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Where the best weights of a run are, and putting them back at its end.
#ifndef TENON_PLUGINS_EARLY_STOPPING_BEST_WEIGHTS_HPP
#define TENON_PLUGINS_EARLY_STOPPING_BEST_WEIGHTS_HPP

#include <tenon/plugin.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policy/goal.hpp"

/// What is saved of it.
struct BestWeightsState {
  std::uint64_t step = 0;  ///< at which the best value was measured; 0: none was
  double value = 0.0;
  tenon_ticket keep = 0;  ///< a request to keep weights that has not been answered, and their step
  std::uint64_t keeps_step = 0;
  std::uint64_t kept_step = 0;  ///< of the weights that the host has
  tenon_ticket restore = 0;     ///< a request to put weights back that has not been answered

  void put(tenon::StateWriter& out) const;
  static BestWeightsState get(tenon::StateReader& in);
};

class BestWeights {
 public:
  explicit BestWeights(tenon::Host host) : host_(host), run_(host), checkpoints_(host) {}

  /// Whether no weights before had a better value, one that met a threshold included.
  bool are_better(double value, tenon::policy::Goal goal) const noexcept;
  /// The weights of this step are the best so far; where they `may_be_restored`, the host is asked to keep them.
  void remember(std::uint64_t step, const std::string& metric, double value, bool may_be_restored);
  /// At the end of the run: puts them back, unless it ends with them. From a checkpoint of that step where a callback
  /// holds one, else from what the host has kept.
  void restore(std::uint64_t step, const std::string& metric);
  /// A resumed run trains on behind an end at which they were to be put back.
  void take_back();
  void on_ticket(const tenon_ticket_args& args);

  /// A checkpoint as the account shows it, "memory", or nothing.
  const std::optional<std::string>& restored_from() const noexcept { return restored_from_; }
  const BestWeightsState& state() const noexcept { return state_; }
  void set_state(const BestWeightsState& state) noexcept { state_ = state; }

 private:
  void ask(const std::string& reason, std::string_view from);

  tenon::Host host_;
  tenon::Run run_;
  tenon::Checkpoints checkpoints_;
  BestWeightsState state_;
  std::optional<std::string> restored_from_;
};

#endif
