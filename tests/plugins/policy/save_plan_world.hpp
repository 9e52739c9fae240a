// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A host for a save plan: commit points, a writer that lags behind and sometimes fails, a disk. Every rule of the
// checkpoints service is checked where the plan could break it.
#ifndef TENON_TESTS_PLUGINS_SAVE_PLAN_WORLD_HPP
#define TENON_TESTS_PLUGINS_SAVE_PLAN_WORLD_HPP

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "policy/save_plan.hpp"

namespace tenon::tests {

class World final : public policy::SaveActions {
 public:
  using Ticket = policy::Ticket;

  struct Save {
    Ticket ticket;
    policy::Purpose purpose;
    std::optional<double> score;
    bool on_disk = false;
    bool held = true;  ///< else `last` alone keeps it
  };
  struct Job {
    std::vector<Ticket> saves;
    std::vector<Ticket> lasts;
    std::vector<policy::Release> releases;
  };
  struct Ended {
    Ticket ticket;
    bool done;
  };

  // What the plan asks for.
  Ticket request(policy::Purpose purpose, std::optional<double> score, const std::string& reason) override {
    BOOST_REQUIRE(!reason.empty());
    saves[next] = {next, purpose, score};
    asked.saves.push_back(next);
    return next++;
  }
  bool withdraw(Ticket ticket, const std::string&) override {
    for (auto it = asked.saves.begin(); it != asked.saves.end(); ++it) {
      if (*it != ticket) continue;
      asked.saves.erase(it);
      saves.erase(ticket);
      std::erase(asked.lasts, ticket);
      std::erase_if(asked.releases, [&](const policy::Release& r) { return r.held == ticket || r.after == ticket; });
      ended.push_back({ticket, false});
      return true;
    }
    return false;
  }
  void release(const policy::Release& what, const std::string& reason) override {
    BOOST_REQUIRE(!reason.empty());
    // One that has failed may be let go of before that is told.
    BOOST_REQUIRE_MESSAGE(saves.count(what.held) || failures.count(what.held) || removed.count(what.held),
                          "released what it does not hold: " << what.held);
    BOOST_REQUIRE_MESSAGE(what.after < next, "waits for what was never asked for");
    asked.releases.push_back(what);
  }
  void point_last_at(Ticket ticket) override {
    BOOST_REQUIRE(saves.count(ticket));
    asked.lasts.push_back(ticket);
  }
  void set_best(Ticket ticket) override { best = ticket; }
  void skip(const std::string&) override { ++skips; }
  void warn(const std::string&) override { ++warnings; }
  void tell(const std::string&) override { ++told; }
  std::vector<policy::Durable> durable() override {
    std::vector<policy::Durable> out;
    for (const auto& [ticket, save] : saves)
      if (save.on_disk && save.held) out.push_back({ticket, save.score.value_or(0.0), save.score ? "m" : ""});
    return out;
  }

  /// At a commit point, behind the plan's decisions: what was asked for goes to the writer.
  void hand_over() { queue.push_back(std::exchange(asked, {})); }
  /// The writer does its next job; `fails` is asked for each save.
  void write_one(const std::function<bool()>& fails) {
    if (queue.empty()) return;
    const Job job = queue.front();
    queue.pop_front();
    const auto before = on_disk(policy::Purpose::best);
    for (const Ticket ticket : job.saves) {
      const bool done = !fails();
      if (done)
        saves.at(ticket).on_disk = true;
      else
        saves.erase(ticket), failures.insert(ticket);
      ended.push_back({ticket, done});
    }
    for (const Ticket ticket : job.lasts) {
      if (!saves.count(ticket)) continue;
      const Ticket old = std::exchange(last, ticket);
      if (old != last && saves.count(old) && !saves.at(old).held) remove(old);
    }
    std::size_t let_go = 0;
    for (const policy::Release& r : job.releases) {
      if (failures.count(r.after) || !saves.count(r.held) || !saves.at(r.held).held) continue;  // void, or done
      BOOST_REQUIRE_MESSAGE(!r.after || !saves.count(r.after) || saves.at(r.after).on_disk,
                            "let go of before the replacement is durable");
      BOOST_REQUIRE(saves.at(r.held).on_disk);
      let_go += saves.at(r.held).purpose == policy::Purpose::best;
      saves.at(r.held).held = false;
      if (r.held != last) remove(r.held);
    }
    if (keep > 0 && let_go)
      BOOST_REQUIRE_MESSAGE(
          on_disk(policy::Purpose::best).size() >= std::min<std::size_t>(static_cast<std::size_t>(keep), before.size()),
          "more was removed than was replaced");
  }
  bool is_idle() const { return queue.empty() && asked.saves.empty() && asked.releases.empty(); }

  std::set<Ticket> on_disk(policy::Purpose purpose) const {
    std::set<Ticket> out;
    for (const auto& [ticket, save] : saves)
      if (save.on_disk && save.held && save.purpose == purpose) out.insert(ticket);
    return out;
  }

  void remove(Ticket ticket) {
    saves.erase(ticket);
    removed.insert(ticket);
  }

  Ticket next = 1;
  std::map<Ticket, Save> saves;  ///< held, on disk or on the way
  Job asked;
  std::deque<Job> queue;
  std::vector<Ended> ended;
  std::set<Ticket> failures, removed;
  Ticket best = 0, last = 0;
  std::int64_t keep = 1;
  std::uint64_t skips = 0, warnings = 0, told = 0;
};

}  // namespace tenon::tests

#endif
