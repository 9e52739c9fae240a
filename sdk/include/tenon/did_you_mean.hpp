// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// "did you mean": the known name closest to a wrong one. One owner for all messages of this kind, the host's and those
// of plugins.
#ifndef TENON_DID_YOU_MEAN_HPP
#define TENON_DID_YOU_MEAN_HPP

#include <algorithm>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

/// Edits (insert, delete, replace, swap of neighbours) between two names; upper and lower case count as equal.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  const auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  std::vector<std::size_t> before, last(b.size() + 1), now(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    now[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const bool same = low(a[i]) == low(b[j]);
      now[j + 1] = std::min({last[j] + (same ? 0u : 1u), last[j + 1] + 1, now[j] + 1});
      if (i > 0 && j > 0 && low(a[i]) == low(b[j - 1]) && low(a[i - 1]) == low(b[j]))
        now[j + 1] = std::min(now[j + 1], before[j - 1] + 1);
    }
    before = last;
    last.swap(now);
  }
  return last[b.size()];
}

/// "val_acc" and "val_accuracy": word by word, one is the beginning of the other, in three letters or more.
inline bool abbreviates(std::string_view a, std::string_view b) {
  constexpr std::string_view between_words = "_-./ ";
  for (;;) {
    const std::size_t a_ends = a.find_first_of(between_words), b_ends = b.find_first_of(between_words);
    const std::string_view a_word = a.substr(0, a_ends), b_word = b.substr(0, b_ends);
    const std::size_t common = std::min(a_word.size(), b_word.size());
    if (a_word != b_word && (common < 3 || a_word.substr(0, common) != b_word.substr(0, common))) return false;
    if (a_ends == std::string_view::npos || b_ends == std::string_view::npos) return a_ends == b_ends;
    a.remove_prefix(a_ends + 1);
    b.remove_prefix(b_ends + 1);
  }
}

/// The known name that is close to a wrong one, or else an abbreviation of it; nullptr where none is.
inline const std::string* closest(std::string_view wrong, const std::vector<std::string>& known) {
  const std::string* best = nullptr;
  std::size_t least = std::max<std::size_t>(1, std::max<std::size_t>(wrong.size(), 3) / 3) + 1;
  for (const std::string& name : known) {
    const std::size_t distance = edit_distance(wrong, name);
    if (distance >= least) continue;
    least = distance;
    best = &name;
  }
  if (best) return best;
  for (const std::string& name : known)
    if (abbreviates(wrong, name)) return &name;
  return nullptr;
}

/// "; did you mean 'a'?" where one is close, else "; known are 'a', 'b'", else "" where nothing is known.
inline std::string did_you_mean(std::string_view wrong, const std::vector<std::string>& known) {
  if (const std::string* name = closest(wrong, known)) return "; did you mean '" + *name + "'?";
  std::string all;
  for (const std::string& name : known) all += (all.empty() ? "; known are '" : "', '") + name;
  return all.empty() ? all : all + "'";
}

}  // namespace tenon

#endif
