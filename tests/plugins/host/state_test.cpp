// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What each plugin keeps in a checkpoint comes back the same, and what is damaged is refused without a trace.
#include <boost/test/unit_test.hpp>

#include "chain/abi.hpp"
#include "plugin_run.hpp"

using namespace tenon;
using namespace tenon::tests;

namespace {

const std::string callbacks = R"([
  {"plugin": "csv_logger", "id": "csv"}, {"plugin": "jsonl_logger", "id": "jsonl"},
  {"plugin": "early_stopping", "id": "stop", "config": {"monitor": "val_loss", "patience": 9}},
  {"plugin": "checkpoint", "id": "best", "config": {"monitor": "val_loss", "save_top_k": 2, "save_last": true}},
  {"plugin": "transform_saver", "id": "deploy", "config": {"dirpath": "deploy", "transforms": [{"cast": "f16"}]}}])";
const std::vector<std::string> ids = {"csv", "jsonl", "stop", "best", "deploy"};

std::uint32_t version_of(PluginRun::Fit& fit, const std::string& id) {
  return fit.chain().find(id)->save_state()->version;
}

std::vector<std::byte> state_of(PluginRun::Fit& fit, const std::string& id) {
  return fit.chain().find(id)->save_state()->bytes;
}

/// The states at the end of three epochs.
std::map<std::string, std::vector<std::byte>> states() {
  std::map<std::string, std::vector<std::byte>> out;
  PluginRun run(callbacks, R"("max_epochs": 3)");
  run.log_step("train_loss", {0.5});
  run.log_validation("val_loss", {3, 1, 2});
  run.after_run = [&](PluginRun::Fit& fit) {
    for (const std::string& id : ids) out[id] = state_of(fit, id);
  };
  run.run();
  return out;
}

/// Runs `body` on a chain of the same callbacks that has not been started.
void with_fresh_chain(const std::function<void(PluginRun::Fit&)>& body) {
  PluginRun run(callbacks);
  run.log_validation("val_loss", {1});
  run.before_run = body;
  run.run();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(plugin_state)

BOOST_AUTO_TEST_CASE(state_comes_back_the_same) {
  const auto saved = states();
  with_fresh_chain([&](PluginRun::Fit& fit) {
    for (const std::string& id : ids) {
      BOOST_TEST_CONTEXT(id) {
        BOOST_TEST(!saved.at(id).empty());
        BOOST_TEST((state_of(fit, id) != saved.at(id)));
        fit.chain().find(id)->load_state(version_of(fit, id), saved.at(id));
        BOOST_TEST((state_of(fit, id) == saved.at(id)));
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(a_cut_state_is_refused_and_changes_nothing) {
  const auto saved = states();
  with_fresh_chain([&](PluginRun::Fit& fit) {
    for (const std::string& id : ids) {
      const std::vector<std::byte> before = state_of(fit, id);
      for (std::size_t size = 0; size < saved.at(id).size(); ++size) {
        const std::vector<std::byte> part(saved.at(id).begin(),
                                          saved.at(id).begin() + static_cast<std::ptrdiff_t>(size));
        BOOST_TEST_CONTEXT(id << " cut to " << size) {
          BOOST_CHECK_THROW(fit.chain().find(id)->load_state(version_of(fit, id), part), chain::AbiError);
          BOOST_TEST((state_of(fit, id) == before));
        }
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(a_newer_state_is_refused_by_its_number) {
  const auto saved = states();
  with_fresh_chain([&](PluginRun::Fit& fit) {
    for (const std::string& id : ids)
      BOOST_CHECK_EXCEPTION(fit.chain().find(id)->load_state(version_of(fit, id) + 1, saved.at(id)), chain::AbiError,
                            [](const chain::AbiError& wrong) { return wrong.status() == TENON_E_STATE_VERSION; });
  });
}

BOOST_AUTO_TEST_CASE(a_list_that_claims_more_than_there_is_is_refused) {
  const auto saved = states();
  with_fresh_chain([&](PluginRun::Fit& fit) {
    std::vector<std::byte> damaged = saved.at("best");
    for (std::size_t i = 0; i + 8 <= damaged.size(); i += 1) {
      std::vector<std::byte> huge = damaged;
      std::fill_n(huge.begin() + static_cast<std::ptrdiff_t>(i), 8, std::byte{0xff});
      try {
        fit.chain().find("best")->load_state(version_of(fit, "best"),
                                             huge);  // taken or refused, but never a crash or a giant allocation
      } catch (const chain::AbiError&) {
      }
    }
  });
}

BOOST_AUTO_TEST_SUITE_END()
