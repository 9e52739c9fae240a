// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What of a checkpoint a run takes over: the words of --restore, and those of --resume.
#ifndef TENON_LOOP_RESTORE_PARTS_HPP
#define TENON_LOOP_RESTORE_PARTS_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::loop {

/// Beside the engine's RestorePart, to be joined with them by |.
inline constexpr std::uint32_t restore_callbacks = 64;  ///< their saved state, tensors, and what they hold
inline constexpr std::uint32_t restore_progress = 128;  ///< epoch, step, metrics: training goes on where it stood
inline constexpr std::uint32_t restore_everything = 255;

/// Whether this is auto, last, best or best:ID; anything else that `--resume` is given is a path.
bool is_resume_word(std::string_view text);

/// "model,optimizer". Throws Failure (ExitCode::usage) for an unknown word, naming the nearest.
std::uint32_t restore_parts_from(std::string_view text);

/// The words of the parts, in the order of the documentation.
std::vector<std::string> restore_words(std::uint32_t parts);

}  // namespace tenon::loop

#endif
