// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A checkpoint that cannot be read.
#ifndef TENON_CHECKPOINT_READ_ERROR_HPP
#define TENON_CHECKPOINT_READ_ERROR_HPP

#include <stdexcept>
#include <string>
#include <system_error>

namespace tenon::checkpoint {

/// `what()` names the file and, where it is one tensor's matter, the tensor.
class ReadError : public std::runtime_error {
 public:
  enum class Reason {
    missing,      ///< there is no such file
    io,           ///< the system could not read it
    damaged,      ///< it is not what was written: cut short, changed, or never a checkpoint
    unsupported,  ///< whole, but of a newer format
  };

  ReadError(Reason reason, const std::string& what, std::error_code code = {})
      : std::runtime_error(what), reason_(reason), code_(code) {}
  Reason reason() const noexcept { return reason_; }
  std::error_code code() const noexcept { return code_; }  ///< of `io` and `missing`

 private:
  Reason reason_;
  std::error_code code_;
};

}  // namespace tenon::checkpoint

#endif
