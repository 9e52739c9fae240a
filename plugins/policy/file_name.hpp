// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Names of checkpoints from templates such as "best-{epoch:02d}-{val_loss:.4f}", by PyTorch Lightning's rules.
#ifndef TENON_PLUGINS_POLICY_FILE_NAME_HPP
#define TENON_PLUGINS_POLICY_FILE_NAME_HPP

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::policy {

/// How a number is written: [+][0width][.precision][d|f|F|e|E|g|G], a part of Python's. Without a type, whole numbers
/// of `epoch` and `step` as they are, everything else as the shortest text that reads back the same.
struct NumberFormat {
  bool sign = false;
  bool zeros = false;
  int width = 0;
  int precision = -1;
  char type = 0;
};

class FileName {
 public:
  /// Throws std::invalid_argument, with the place and what is allowed: a brace without its partner, an empty or unknown
  /// form, a name that is absolute, leaves its folder, or has an empty or hidden part.
  /// With `insert_names`, "{epoch}" gives "epoch=3"; without, "3".
  FileName(std::string_view text, bool insert_names);

  /// The metrics it speaks of, each once, in order.
  const std::vector<std::string>& keys() const noexcept { return keys_; }
  /// `value` is asked once for each place. A '/' of the template or of an inserted name makes sub-folders.
  std::string format(const std::function<double(const std::string& key)>& value) const;

  const std::string& text() const noexcept { return text_; }

 private:
  struct Place {
    std::string before;
    std::string key;
    NumberFormat number;
  };
  void check_parts() const;

  std::string text_;
  bool insert_names_;
  std::vector<Place> places_;
  std::string after_;
  std::vector<std::string> keys_;
};

/// The name of a checkpoint that only `last` holds: "last-" before its last part, so that it stays in its sub-folder.
std::string last_name(const std::string& name);

}  // namespace tenon::policy

#endif
