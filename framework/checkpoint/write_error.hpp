// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A checkpoint, a removal or a ref that did not come about.
#ifndef TENON_CHECKPOINT_WRITE_ERROR_HPP
#define TENON_CHECKPOINT_WRITE_ERROR_HPP

#include <stdexcept>
#include <string>
#include <system_error>

namespace tenon::checkpoint {

/// Everything older is intact; `what()` says what was attempted, what went wrong and what to do.
class WriteError : public std::runtime_error {
 public:
  enum class Reason {
    io,          ///< the system refused: see code()
    no_space,    ///< ENOSPC or EDQUOT; may succeed later
    name_taken,  ///< the name is in use and was not to be versioned
    missing,     ///< what was to be removed is not there any more
    invalid,     ///< the content or the name is refused; trying again cannot help
  };

  WriteError(Reason reason, const std::string& what, std::error_code code = {})
      : std::runtime_error(what), reason_(reason), code_(code) {}
  Reason reason() const noexcept { return reason_; }
  std::error_code code() const noexcept { return code_; }

 private:
  Reason reason_;
  std::error_code code_;
};

}  // namespace tenon::checkpoint

#endif
