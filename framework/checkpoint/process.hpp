// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What the system tells of another process of this host.
#ifndef TENON_CHECKPOINT_PROCESS_HPP
#define TENON_CHECKPOINT_PROCESS_HPP

#include <sys/types.h>

namespace tenon::checkpoint {

enum class ProcessState {
  alive,
  ending,  ///< killed, dumping its core or leaving: it does nothing for itself any more, but still holds what it held
  gone     ///< it holds nothing; there may be a zombie of it
};

/// `alive` where the system does not tell. Source: proc(5), /proc/PID/stat and /proc/PID/status.
ProcessState state_of(pid_t process);

}  // namespace tenon::checkpoint

#endif
