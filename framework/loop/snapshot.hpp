// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A consistent copy of the training state at one commit point, shared by everyone who saves there, and the memory that
// such copies live in.
#ifndef TENON_LOOP_SNAPSHOT_HPP
#define TENON_LOOP_SNAPSHOT_HPP

#include <tenon/services/tensors.h>

#include <boost/json/object.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/content.hpp"
#include "loop/copier.hpp"
#include "loop/engine.hpp"
#include "loop/lazy_copy.hpp"

namespace tenon::loop {

class Snapshot {
 public:
  /// Parameters, then buffers, in the engine's order. Names, types and shapes may be read at once, bytes after wait().
  const std::vector<checkpoint::TensorRecord>& model() const { return model_; }
  const std::vector<checkpoint::TensorRecord>& training() const { return training_; }
  const boost::json::object& document() const { return document_; }
  std::uint64_t parameters() const { return parameters_; }

  /// [any-thread] Returns when every byte is copied.
  void wait() const;
  /// [writer-thread] Waits until it is known that nobody wrote to what was being copied, at the next optimizer step as
  /// a rule. Throws std::runtime_error where somebody did.
  void confirm() const;

 private:
  friend class Snapshots;
  std::vector<std::shared_ptr<LazyCopy>> copies_;    // that are or were made while the training goes on
  std::vector<std::shared_ptr<const void>> memory_;  // that the records borrow from
  std::vector<checkpoint::TensorRecord> model_, training_;
  boost::json::object document_;
  std::uint64_t parameters_ = 0;
};

/// What callbacks add to a full snapshot, under the names that it has in training.safetensors.
struct CallbackTensors {
  std::vector<checkpoint::TensorRecord> written;  ///< to by hooks: copied at once
  std::vector<checkpoint::TensorRecord> lent;     ///< written by nobody while `lenders` live
  std::vector<std::shared_ptr<const void>> lenders;
};

/// What tests change in a pool, and what they are told.
struct SnapshotTest {
  std::size_t least = 0, least_tensor = 0;  ///< in place of the pool's
  std::function<void()> before_each_part;   ///< on the copier's thread, before it copies anything
  std::uint64_t lazy = 0, whole = 0;        ///< snapshots that were begun and found whole
  std::vector<std::string> torn;            ///< tensors of these that are not what an eager copy of them is
};

/// [loop-thread] Makes snapshots in at most two arenas, which are reused: fresh memory costs many times the copy. What
/// only a step changes is copied by a thread of its own while the training goes on, up to the next step. That is tried
/// out first: a task that writes to its weights elsewhere gets all its copies at the commit point.
/// What is on a device is copied by the device, and nobody waits for it but the writer: what only a step changes beside
/// the training, whose next step the device begins behind the copies, all else before the device goes on. Callbacks'
/// own tensors are in main memory wherever the model is, and are copied at the commit point.
class Snapshots {
 public:
  Snapshots();
  /// Waits for the thread.
  ~Snapshots();
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;

  /// Once there has been a step and snapshots are expected: from here to the next step it is watched whether anybody
  /// writes to what only a step should change, and memory is got ready.
  void prepare(Engine& engine);
  bool is_prepared() const { return laziness_ != Laziness::untried; }

  /// Parameters and buffers, and with `full` the engine's training state, as they are now; `more` is added to the
  /// latter. What only a step changes is not copied again while none has happened; the document always is. Waits while
  /// both arenas are in use. Throws what the engine throws.
  std::shared_ptr<const Snapshot> take(Engine& engine, bool full, const CallbackTensors& more = {});

  /// Before a step, or a tensor written by hand.
  void wait();
  /// Before weights are put back: the same, but what is still being watched for the first time is watched anew.
  void forget();
  /// Before the loop thread waits for the writer, which waits for it. A snapshot whose copy was torn is told of here.
  void settle();
  /// The same where that costs nothing.
  void settle_if_copied();

  /// In force while it is not NULL. For tests alone.
  static inline SnapshotTest* test = nullptr;

 private:
  struct Source;
  class Arenas;
  struct Compared {
    std::shared_ptr<LazyCopy> copy;
    std::function<void()> compare;
  };
  enum class Laziness { untried, on_trial, in_use, refused };
  /// Where each tensor's copy goes; those that `latest_` has are taken over from it. Answers the bytes needed.
  std::size_t plan(std::vector<Source>& sources) const;
  std::shared_ptr<std::byte> memory_for(Engine& engine, std::vector<Source>& sources);
  void choose_lazy(std::vector<Source>& sources) const;
  void compare_with_eager(Engine& engine, const std::vector<Source>& sources, const std::shared_ptr<std::byte>& memory,
                          const std::shared_ptr<LazyCopy>& copy);
  void compare_settled(bool wait);
  void copy_lazily(Engine& engine, const std::vector<Source>& sources, const std::shared_ptr<std::byte>& memory,
                   Snapshot& made);
  void forget_copies();
  void forget_if_written();
  void refuse(const std::string& tensor);

  std::shared_ptr<Arenas> arenas_;
  std::shared_ptr<const Snapshot> latest_;       // until the next step
  std::vector<std::shared_ptr<LazyCopy>> lazy_;  // since the last step
  std::vector<Compared> compared_;               // in tests, of those that are not settled and copied
  Laziness laziness_ = Laziness::untried;
  bool written_elsewhere_ = false;   // a step is not alone in changing what only a step should change
  std::optional<WriteWatch> trial_;  // until the next step
  Copier copier_;
};

/// safetensors' type of a DLPack type; throws std::invalid_argument for one that has none.
checkpoint::DType to_dtype(tenon_dtype dtype);
tenon_dtype from_dtype(checkpoint::DType dtype);
/// What was read from a file, as an engine takes it; borrowed from the record.
EngineTensor to_engine_tensor(const checkpoint::TensorRecord& record);
/// Numbers of a shape; 1 for a scalar.
std::uint64_t element_count(const tenon_tensor_view& view);

}  // namespace tenon::loop

#endif
