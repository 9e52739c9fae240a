// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Copies of the model's weights that callbacks have asked the host to keep in main memory: one for each callback, part
// of every full checkpoint.
#ifndef TENON_LOOP_KEPT_WEIGHTS_HPP
#define TENON_LOOP_KEPT_WEIGHTS_HPP

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chain/chain.hpp"
#include "checkpoint/content.hpp"
#include "loop/engine.hpp"
#include "loop/requests.hpp"
#include "loop/snapshot.hpp"

namespace tenon::loop {

/// In training.safetensors: kept/<id>/<name in the model>. An id has no '/'.
inline constexpr std::string_view kept_prefix = "kept/";

/// The weights of one commit point.
struct KeptCopy {
  tenon_ticket ticket = 0;  ///< that asked for it
  std::uint64_t sequence = 0, epoch = 0, step = 0;
  std::string reason;
  std::vector<checkpoint::TensorRecord> weights;  ///< under the model's names; their bytes lie in `memory`

  struct Memory;
  std::shared_ptr<Memory> memory;
};

/// [loop-thread]
class KeptWeights {
 public:
  /// Copies the engine's parameters and buffers, as they are now, in place of what this callback has had, whose memory
  /// is used again where no snapshot reads it any more. Throws what the engine throws; the callback has none then.
  void keep(Engine& engine, const WeightRequest& request, const tenon_progress& progress);
  /// nullptr where there is none.
  const KeptCopy* find(const chain::Callback& by) const;

  /// For a full snapshot: lent, not copied.
  void add_to(CallbackTensors& more) const;
  /// [{"callback","ticket","sequence","epoch","step","reason"}]
  boost::json::array document() const;
  /// By callback, from a full checkpoint's document and the records of its training file whose names begin with
  /// kept_prefix; they are copied. Throws std::exception where they are not ours.
  static std::map<std::string, KeptCopy> read(const boost::json::object& document,
                                              const std::vector<checkpoint::TensorRecord>& records);
  /// What was read; that of callbacks which the run does not have any more is dropped.
  void adopt(const std::map<std::string, KeptCopy>& read, chain::Chain& chain);

 private:
  std::map<std::string, KeptCopy> by_callback_;
};

}  // namespace tenon::loop

#endif
