// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/restore_parts.hpp"

#include <algorithm>
#include <array>
#include <tenon/did_you_mean.hpp>
#include <tenon/failure.hpp>
#include <utility>

#include "loop/engine.hpp"

namespace tenon::loop {

namespace {

constexpr std::array<std::pair<std::string_view, std::uint32_t>, 8> words{{{"model", restore_model},
                                                                           {"optimizer", restore_optimizers},
                                                                           {"schedules", restore_schedules},
                                                                           {"rng", restore_rng},
                                                                           {"data", restore_data},
                                                                           {"task", restore_task},
                                                                           {"callbacks", restore_callbacks},
                                                                           {"progress", restore_progress}}};

}  // namespace

bool is_resume_word(std::string_view text) {
  return text == "auto" || text == "last" || text == "best" || text.starts_with("best:");
}

std::uint32_t restore_parts_from(std::string_view text) {
  std::uint32_t parts = 0;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    const auto found = std::find_if(words.begin(), words.end(), [&](const auto& w) { return w.first == word; });
    if (found == words.end())
      throw Failure(ExitCode::usage, "--restore: there is no part '" + std::string(word) + "' of a checkpoint" +
                                         did_you_mean(word, restore_words(restore_everything)));
    parts |= found->second;
    begin = end + 1;
  }
  return parts;
}

std::vector<std::string> restore_words(std::uint32_t parts) {
  std::vector<std::string> named;
  for (const auto& [word, part] : words)
    if (parts & part) named.emplace_back(word);
  return named;
}

}  // namespace tenon::loop
