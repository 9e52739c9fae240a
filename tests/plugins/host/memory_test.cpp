// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A run may save, and decide not to, as often as it likes: nothing of that piles up in memory.
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <new>

#include "plugin_run.hpp"

namespace {

std::atomic<long long> in_use{0};  // bytes of the whole process, host and plugins

void* counted(void* memory) {
  if (!memory) throw std::bad_alloc();
  in_use += static_cast<long long>(malloc_usable_size(memory));
  return memory;
}
void give_back(void* memory) noexcept {
  in_use -= static_cast<long long>(malloc_usable_size(memory));
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) { return counted(std::malloc(size)); }
void* operator new(std::size_t size, std::align_val_t at) {
  const std::size_t to = static_cast<std::size_t>(at);
  return counted(std::aligned_alloc(to, (size + to - 1) / to * to));
}
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }

using namespace tenon;
using namespace tenon::tests;

BOOST_AUTO_TEST_CASE(neither_saves_nor_decisions_against_one_leave_anything_in_memory) {
  PluginRun run(R"([
    {"plugin": "checkpoint", "id": "newest", "config": {"every_n_train_steps": 1, "filename": "{step:05d}"}},
    {"plugin": "checkpoint", "id": "best", "config": {"every_n_train_steps": 1, "dirpath": "best", "monitor": "loss",
      "mode": "min", "filename": "{step:05d}"}}])",
                R"("max_epochs": 600)");
  constexpr std::size_t warm = 300, saved = 700, skipped = 900, end = 1200;
  std::vector<double> losses;  // better and better, then all different and worse
  for (std::size_t i = 0; i < end; ++i)
    losses.push_back(i < saved ? 10000 - static_cast<double>(i) : 20000 + static_cast<double>(i));
  run.log_step("loss", losses);
  run.before_run = [](PluginRun::Fit& fit) { fit.decisions().set_listener({}); };
  std::vector<long long> seen(end);
  run.engine.on_backward = [&] { seen[run.engine.steps] = in_use; };
  run.run();
  BOOST_TEST(run.account("best").at("saved").to_number<std::size_t>() == saved);
  // It goes up and down with the lengths of texts and the sharing of buckets; a leak of any kind is 16 bytes for each.
  const auto least = [&](std::size_t from, std::size_t to) { return *std::min_element(&seen[from], &seen[to]); };
  BOOST_TEST(least(500, saved) - least(warm, 500) < 200);
  BOOST_TEST(least(1050, end) - least(skipped, 1050) < 150);  // some hundred reasons are kept for the account
}
