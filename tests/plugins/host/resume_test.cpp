// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A run with Tenon's own plugins that is resumed at each of its checkpoints ends as the run that never stopped: the
// same logs, the same decisions, the same files.
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <regex>
#include <stdexcept>
#include <thread>

#include "plugin_run.hpp"

using namespace tenon;
using namespace tenon::tests;
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

/// Saves behind every batch and at every epoch's end, and keeps all.
const std::string savers = R"({"plugin": "checkpoint", "id": "steps", "config":
    {"dirpath": "all", "filename": "{step}", "auto_insert_metric_name": false, "save_top_k": -1, "every_n_train_steps": 1}},
  {"plugin": "checkpoint", "id": "epochs", "config":
    {"dirpath": "all", "filename": "end-{epoch}", "auto_insert_metric_name": false, "save_top_k": -1}})";

/// The numbers are made by the engine's state alone, so that they say whether it was restored.
class Training {
 public:
  explicit Training(const std::string& callbacks, const std::string& trainer = R"("max_epochs": 3)")
      : run("[" + callbacks + ", " + savers + "]", trainer) {
    run.engine.facts_.train_batches = 4;
    run.engine.trains = true;
    run.engine.seed = 3;
    run.engine.groups = {{0.1, 0.9}};
    run.before_run = [this](PluginRun::Fit&) {
      TestEngine& engine = run.engine;
      engine.on_training_step = [&](loop::MetricSink& sink) {
        sink.log("loss", engine.loss, {.on_step = true, .on_epoch = true});
        if (engine.steps >= 5) sink.log("late", static_cast<double>(engine.weights_[1]), {});
        if (at_step) at_step(engine.steps);
      };
      engine.on_evaluation_step = [&](loop::MetricSink& sink) {
        sink.log("val_loss",
                 val_loss.empty() ? static_cast<double>(engine.weights_[0])
                                  : val_loss.at(static_cast<std::size_t>(engine.epoch)),
                 {});
      };
    };
  }
  /// Takes over from `dead`, at the checkpoint.
  Training& resume(const Training& dead, const std::string& checkpoint) {
    val_loss = dead.val_loss;
    run.take_over(dead.run);
    run.resume_from(checkpoint);
    run.run();
    return *this;
  }
  void fit() { run.run(); }

  PluginRun run;
  std::vector<double> val_loss;  ///< by epoch; empty: of the weights
  std::function<void(std::uint64_t steps)> at_step;
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::string line;
  for (const char c : text)
    if (c == '\n')
      out.push_back(std::exchange(line, {}));
    else
      line += c;
  if (!line.empty()) out.push_back(line + " (without its end)");
  return out;
}
std::string without_csv_time(const std::string& text) {
  return std::regex_replace(text, std::regex("(^|\n)([0-9]+,[0-9]+,)[^,\n]*,"), "$1$2,");
}
std::string without_json_time(const std::string& text) {
  return std::regex_replace(text, std::regex("\"time\":[-0-9.e]+,"), "");
}
void check_same(const std::string& got, const std::string& wanted) {
  const auto a = lines_of(got), b = lines_of(wanted);
  BOOST_CHECK_EQUAL_COLLECTIONS(a.begin(), a.end(), b.begin(), b.end());
}

/// Of one callback, what its policy decides by itself. What the dead run had removed by then is not removed again, and
/// a ref that it had moved is first led back.
std::vector<std::string> decisions_of(const PluginRun& run, const std::string& id) {
  std::vector<std::string> out;
  std::string saved;
  for (const std::string& d : run.decisions) {
    if (d.find(" " + id + " ") == std::string::npos || d.find(" remove ") != std::string::npos) continue;
    if (d.find(" save ") != std::string::npos) saved += d.substr(d.rfind(' ')) + "\n";
    const std::size_t target = d.find(" -> ");
    if (target == std::string::npos || saved.find(d.substr(target + 3) + "\n") != std::string::npos) out.push_back(d);
  }
  return out;
}
bool ends_with(const std::vector<std::string>& whole, const std::vector<std::string>& end) {
  return end.size() <= whole.size() && std::equal(end.rbegin(), end.rend(), whole.rbegin());
}
std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += "\n  " + line;
  return out;
}
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::function<void(const fs::path&)> at_sync;

const std::string loggers = R"({"plugin": "csv_logger", "id": "csv"}, {"plugin": "jsonl_logger", "id": "jsonl"})";

}  // namespace

/// In place of the C library's, in the host and in plugins.
extern "C" int fsync(int file) {
  if (at_sync) at_sync(fs::read_symlink("/proc/self/fd/" + std::to_string(file)));
  return static_cast<int>(syscall(SYS_fsync, file));
}

BOOST_AUTO_TEST_SUITE(plugins_resume)

BOOST_AUTO_TEST_CASE(logs_are_those_of_a_run_that_never_stopped) {
  Training straight(loggers);
  straight.fit();
  const std::string csv = without_csv_time(straight.run.read("metrics.csv"));
  const std::string jsonl = without_json_time(straight.run.read("metrics.jsonl"));
  BOOST_REQUIRE(contains(csv, ",late"));
  std::size_t resumed_at = 0;
  for (const std::string& name : straight.run.names("all")) {
    BOOST_TEST_CONTEXT("resumed from " << name) {
      Training resumed(loggers);
      resumed.resume(straight, "all/" + name);
      check_same(without_csv_time(resumed.run.read("metrics.csv")), csv);
      check_same(without_json_time(resumed.run.read("metrics.jsonl")), jsonl);
      BOOST_TEST(resumed.run.account("csv") == straight.run.account("csv"));
      BOOST_TEST(resumed.run.account("jsonl") == straight.run.account("jsonl"));
      ++resumed_at;
    }
  }
  BOOST_TEST(resumed_at == 15u);  // 12 steps, 3 epochs
}

BOOST_AUTO_TEST_CASE(a_log_that_was_cut_off_inside_a_line_goes_on_behind_whole_ones) {
  Training killed(loggers);
  killed.fit();
  const std::string csv = without_csv_time(killed.run.read("metrics.csv"));
  for (const std::string file : {"metrics.csv", "metrics.jsonl"})
    write_file(killed.run.folder().path() / file, killed.run.read(file) + "7,19,0.");
  Training resumed(loggers);
  resumed.resume(killed, "all/end-2.ckpt");
  check_same(without_csv_time(resumed.run.read("metrics.csv")), csv);
}

BOOST_AUTO_TEST_CASE(the_time_of_events_goes_on_from_that_of_the_earlier_attempt) {
  Training first(loggers);
  first.at_step = [&](std::uint64_t steps) { first.run.engine.seconds = 100.0 + static_cast<double>(steps); };
  first.fit();
  Training second(loggers);
  second.resume(first, "all/6.ckpt");  // with the clock of the process
  std::vector<double> times;
  for (const std::string& line : lines_of(second.run.read("metrics.jsonl")))
    times.push_back(json::parse(line).as_object().at("time").to_number<double>());
  BOOST_TEST(std::is_sorted(times.begin(), times.end()));
  BOOST_TEST(times.back() > 105.0);
}

BOOST_AUTO_TEST_CASE(a_fresh_start_in_the_folder_of_a_dead_run_empties_its_logs) {
  Training dead(loggers);
  dead.fit();
  Training fresh(loggers, R"("max_epochs": 1)");
  fresh.run.take_over(dead.run);
  fresh.fit();
  Training alone(loggers, R"("max_epochs": 1)");
  alone.fit();
  check_same(without_csv_time(fresh.run.read("metrics.csv")), without_csv_time(alone.run.read("metrics.csv")));
  check_same(without_json_time(fresh.run.read("metrics.jsonl")), without_json_time(alone.run.read("metrics.jsonl")));
}

BOOST_AUTO_TEST_CASE(lost_and_changed_lines_are_told) {
  Training straight(loggers);
  straight.fit();
  const auto warnings_after = [&](const std::function<std::string(std::string)>& change) {
    Training harmed(loggers);
    harmed.run.take_over(straight.run);
    for (const std::string file : {"metrics.csv", "metrics.jsonl"})
      write_file(harmed.run.folder().path() / file, change(harmed.run.read(file)));
    Training resumed(loggers);
    resumed.resume(harmed, "all/8.ckpt");
    std::map<std::string, std::string> told;
    for (const std::string id : {"csv", "jsonl"}) {
      const json::object account = resumed.run.account(id);
      if (const json::value* warnings = account.if_contains("warnings"))
        told[id] = std::string(warnings->as_object().begin()->key());
    }
    return told;
  };
  BOOST_TEST(warnings_after([](std::string text) { return text; }).empty());

  const auto shorter = warnings_after([](std::string text) { return text.substr(0, text.find('\n', 60) + 1); });
  BOOST_TEST(
      contains(shorter.at("jsonl"),
               "of the 11 lines that it had when the checkpoint was made, 10 are lost: it goes on behind line 1"));
  BOOST_TEST(contains(shorter.at("csv"), "are lost: it goes on behind line 2"));
  const auto changed =
      warnings_after([](std::string text) { return text.replace(text.find("on_train_batch_end"), 2, "ON"); });
  BOOST_TEST(contains(changed.at("jsonl"),
                      "its first 11 lines are not those that this run has written: somebody has changed them"));
  BOOST_TEST(contains(changed.at("csv"), "somebody has changed them; it goes on behind them"));
}

BOOST_AUTO_TEST_CASE(what_a_checkpoint_counts_on_of_a_log_is_on_the_disk_before_it_is_there) {
  for (const std::string file : {"metrics.csv", "metrics.jsonl"}) {
    Training run(loggers);
    std::vector<std::size_t> there;  // checkpoints, whenever the log is synced
    std::vector<std::uintmax_t> sizes;
    const fs::path log = run.run.folder().path() / file;
    const auto loop_thread = std::this_thread::get_id();
    at_sync = [&](const fs::path& synced) {
      if (synced != log) return;
      BOOST_CHECK(std::this_thread::get_id() != loop_thread);
      there.push_back(run.run.names("all").size());
      sizes.push_back(fs::file_size(log));
    };
    run.fit();
    at_sync = nullptr;
    // Before each of the fifteen, one after the other.
    std::vector<std::size_t> distinct = there;
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    BOOST_REQUIRE_GE(distinct.size(), 15u);
    for (std::size_t i = 0; i < 15; ++i) BOOST_TEST(distinct[i] == i);
    BOOST_TEST(std::is_sorted(sizes.begin(), sizes.end()));
  }
}

BOOST_AUTO_TEST_CASE(early_stopping_decides_as_if_it_had_never_stopped) {
  const std::string stop =
      R"({"plugin": "early_stopping", "id": "stop", "config": {"monitor": "val_loss", "patience": 2}})";
  for (const std::string trainer :
       {R"("max_epochs": 8)", R"("max_epochs": 8, "min_epochs": 6)", R"("max_epochs": 3)"}) {
    Training straight(stop, trainer);
    straight.val_loss = {5, 4, 4.5, 4.2, 4.3, 4.4, 3, 2};
    straight.fit();
    for (const std::string& name : straight.run.names("all")) {
      if (name.front() == '1') continue;  // of steps, enough are left
      BOOST_TEST_CONTEXT(trainer << " resumed from " << name) {
        Training resumed(stop, trainer);
        resumed.resume(straight, "all/" + name);
        BOOST_TEST(resumed.run.account("stop") == straight.run.account("stop"));
        BOOST_TEST(resumed.run.result.reason == straight.run.result.reason);
        BOOST_TEST(resumed.run.result.steps == straight.run.result.steps);
        BOOST_TEST(resumed.run.result.detail == straight.run.result.detail);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(savers_keep_what_they_would_have_kept) {
  // Taken over from the disk as it is in the middle of the training, at the newest checkpoint and at older ones.
  const std::string watched = R"({"plugin": "checkpoint", "id": "best", "config":
      {"monitor": "val_loss", "save_top_k": 2, "save_last": true, "filename": "best-{epoch}-{val_loss:.1f}"}},
    {"plugin": "transform_saver", "id": "deploy", "config":
      {"dirpath": "deploy", "monitor": "val_loss", "every_n_train_steps": 3, "save_top_k": 1, "save_last": true, "transforms": [{"cast": "f16"}]}})";
  const std::string trainer = R"("max_epochs": 6)";
  const std::vector<double> scores = {5, 3, 4, 2, 2.5, 2.1};
  Training straight(watched, trainer);
  straight.val_loss = scores;
  straight.fit();

  for (const std::uint64_t killed_at : {9u, 17u}) {
    std::vector<std::unique_ptr<Training>> images;
    Training killed(watched, trainer);
    killed.val_loss = scores;
    killed.at_step = [&](std::uint64_t steps) {
      if (steps != killed_at) return;
      for (std::uint64_t back = 0; back < 3; ++back) {
        images.push_back(std::make_unique<Training>(watched, trainer));
        images.back()->val_loss = scores;
        images.back()->run.take_over(killed.run);
        images.back()->run.resume_from("all/" + std::to_string(steps - back) + ".ckpt");
      }
    };
    killed.fit();
    for (std::size_t back = 0; back < images.size(); ++back) {
      BOOST_TEST_CONTEXT("killed at step " << killed_at << ", resumed " << back << " steps before") {
        PluginRun& resumed = images[back]->run;
        resumed.run();
        for (const std::string folder : {"checkpoints", "deploy", "all"}) {
          const auto a = resumed.names(folder), b = straight.run.names(folder);
          BOOST_CHECK_EQUAL_COLLECTIONS(a.begin(), a.end(), b.begin(), b.end());
        }
        BOOST_TEST(resumed.link("checkpoints/last.ckpt") == straight.run.link("checkpoints/last.ckpt"));
        BOOST_TEST(resumed.link("deploy/last.ckpt") == straight.run.link("deploy/last.ckpt"));
        for (const std::string id : {"best", "deploy"}) {
          const auto got = decisions_of(resumed, id), wanted = decisions_of(straight.run, id);
          BOOST_TEST(ends_with(wanted, got), id << " decided" << joined(got) << "\nand not as" << joined(wanted));
          for (const std::string key : {"best_model_path", "best_model_score", "last_model_path", "kept"})
            BOOST_TEST(resumed.account(id).at(key) == straight.run.account(id).at(key));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_saver_with_a_smaller_top_k_or_a_missing_checkpoint_goes_on_with_what_is_there) {
  const auto best = [](int k) {
    return R"({"plugin": "checkpoint", "id": "best", "config": {"monitor": "val_loss", "filename": "best-{epoch}", "save_top_k": )" +
           std::to_string(k) + "}}";
  };
  Training first(best(3), R"("max_epochs": 4)");
  first.val_loss = {4, 2, 3, 5, 6};
  first.fit();
  BOOST_TEST(
      first.run.names() == (std::vector<std::string>{"best-epoch=0.ckpt", "best-epoch=1.ckpt", "best-epoch=2.ckpt"}),
      boost::test_tools::per_element());
  {
    Training fewer(best(1), R"("max_epochs": 5)");
    fewer.resume(first, "all/end-3.ckpt");
    BOOST_TEST(fewer.run.names() == (std::vector<std::string>{"best-epoch=1.ckpt"}), boost::test_tools::per_element());
    BOOST_TEST(fewer.run.account("best").at("best_model_path").as_string() == "checkpoints/best-epoch=1.ckpt");
  }
  fs::remove_all(first.run.folder().path() / "checkpoints/best-epoch=1.ckpt");
  Training without(best(3), R"("max_epochs": 5)");
  without.resume(first, "all/end-3.ckpt");
  BOOST_TEST(
      without.run.names() == (std::vector<std::string>{"best-epoch=0.ckpt", "best-epoch=2.ckpt", "best-epoch=4.ckpt"}),
      boost::test_tools::per_element());
  BOOST_TEST(without.run.account("best").at("best_model_path").as_string() == "checkpoints/best-epoch=2.ckpt");
}

BOOST_AUTO_TEST_CASE(what_last_points_at_is_held_until_it_has_moved_on_also_after_a_smaller_top_k) {
  const auto best = [](int k) {
    return R"({"plugin": "checkpoint", "id": "best", "config":
      {"monitor": "val_loss", "filename": "best-{epoch}", "save_last": true, "save_top_k": )" +
           std::to_string(k) + "}}";
  };
  Training first(best(3), R"("max_epochs": 3)");
  first.val_loss = {4, 2, 3, 5, 6};
  first.fit();
  BOOST_TEST(first.run.link("checkpoints/last.ckpt") == "best-epoch=2.ckpt");
  Training fewer(best(1), R"("max_epochs": 3)");
  fewer.resume(first, "all/end-2.ckpt");
  BOOST_TEST(fewer.run.names() == (std::vector<std::string>{"best-epoch=1.ckpt", "best-epoch=2.ckpt", "last.ckpt"}),
             boost::test_tools::per_element());
  BOOST_TEST(fewer.run.account("best").at("best_model_path").as_string() == "checkpoints/best-epoch=1.ckpt");
  BOOST_TEST(fewer.run.account("best").at("last_model_path").as_string() == "checkpoints/best-epoch=2.ckpt");
  BOOST_TEST(fewer.run.account("best").at("kept").as_array().size() == 2u);
  Training longer(best(1), R"("max_epochs": 4)");
  longer.resume(first, "all/end-2.ckpt");
  BOOST_TEST(
      longer.run.names() == (std::vector<std::string>{"best-epoch=1.ckpt", "last-best-epoch=3.ckpt", "last.ckpt"}),
      boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_saver_that_kept_all_is_pruned_to_its_new_top_k) {
  const auto best = [](const std::string& options) {
    return R"({"plugin": "checkpoint", "id": "best", "config": {"filename": "best-{epoch}", )" + options + "}}";
  };
  for (const std::string monitor : {R"("monitor": "val_loss", )", ""}) {
    Training all(best(monitor + R"("save_top_k": -1)"), R"("max_epochs": 4)");
    all.val_loss = {4, 2, 3, 5, 6};
    all.fit();
    BOOST_TEST(all.run.names().size() == 4u);
    Training one(best(monitor + R"("save_top_k": 1)"), R"("max_epochs": 5)");
    one.resume(all, "all/end-3.ckpt");
    const std::string wanted = monitor.empty() ? "best-epoch=4.ckpt" : "best-epoch=1.ckpt";
    BOOST_TEST(one.run.names() == (std::vector<std::string>{wanted}), boost::test_tools::per_element());
    BOOST_TEST(one.run.account("best").at("best_model_path").as_string() == "checkpoints/" + wanted);
  }
}

BOOST_AUTO_TEST_CASE(the_best_is_remembered_in_another_folder_and_pruned_from_the_one_before) {
  const auto best = [](const std::string& folder) {
    return R"({"plugin": "checkpoint", "id": "best", "config": {"monitor": "val_loss", "filename": "best-{epoch}", "dirpath": ")" +
           folder + "\"}}";
  };
  Training first(best("a"), R"("max_epochs": 2)");
  first.val_loss = {4, 2, 3, 1};
  first.fit();
  Training worse(best("b"), R"("max_epochs": 3)");
  worse.resume(first, "all/end-1.ckpt");
  BOOST_TEST(worse.run.account("best").at("best_model_path").as_string() == "a/best-epoch=1.ckpt");
  BOOST_TEST(worse.run.names("b").empty());
  Training better(best("b"), R"("max_epochs": 4)");
  better.resume(first, "all/end-1.ckpt");
  BOOST_TEST(better.run.names("a").empty());
  BOOST_TEST(better.run.names("b") == (std::vector<std::string>{"best-epoch=3.ckpt"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_best_weights_of_an_earlier_attempt_are_put_back) {
  const std::string stop = R"({"plugin": "early_stopping", "id": "stop", "config":
    {"monitor": "val_loss", "patience": 3, "restore_best_weights": true}})";
  Training straight(stop, R"("max_epochs": 8)");
  straight.val_loss = {5, 4, 1, 3, 3, 3, 3, 3};
  straight.fit();
  for (const std::string from : {"all/end-1.ckpt", "all/end-2.ckpt", "all/end-3.ckpt", "all/18.ckpt"}) {
    BOOST_TEST_CONTEXT("resumed from " << from) {
      Training resumed(stop, R"("max_epochs": 8)");
      resumed.resume(straight, from);
      BOOST_TEST((resumed.run.engine.weights_ == straight.run.engine.weights_));
      BOOST_TEST(resumed.run.account("stop") == straight.run.account("stop"));
      BOOST_TEST(!resumed.run.account("stop").at("restored_from").is_null());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_run_that_ended_with_its_best_weights_goes_on_as_if_it_had_not) {
  const std::string chain = R"({"plugin": "early_stopping", "id": "stop", "config":
      {"monitor": "val_loss", "patience": 9, "restore_best_weights": true}},
    {"plugin": "checkpoint", "id": "newest", "config": {"every_n_train_steps": 100, "save_last": true}})";
  for (const std::vector<double>& scores : {std::vector<double>{5, 1, 3, 2, 2}, std::vector<double>{5, 1, 3, 2, 0.5}}) {
    Training straight(chain, R"("max_epochs": 5)");
    straight.val_loss = scores;
    straight.fit();
    Training first(chain, R"("max_epochs": 3)");
    first.val_loss = scores;
    first.fit();
    BOOST_TEST(!first.run.account("stop").at("restored_from").is_null());
    Training longer(chain, R"("max_epochs": 5)");
    longer.resume(first, "checkpoints/last.ckpt");
    BOOST_TEST((longer.run.engine.weights_ == straight.run.engine.weights_));
    BOOST_TEST(longer.run.account("stop") == straight.run.account("stop"));

    std::string no_longer = chain;
    no_longer.replace(no_longer.find("\"restore_best_weights\": true"), 28, "\"patience\": 9");
    no_longer.replace(no_longer.find("\"patience\": 9, "), 15, "");
    Training without(no_longer, R"("max_epochs": 5)");
    without.resume(first, "checkpoints/last.ckpt");
    BOOST_TEST(std::none_of(without.run.decisions.begin(), without.run.decisions.end(),
                            [](const std::string& d) { return contains(d, " restore"); }));
  }
}

BOOST_AUTO_TEST_CASE(a_clock_of_saves_goes_on_from_the_last_one) {
  const std::string saver =
      R"({"plugin": "checkpoint", "id": "timed", "config": {"train_time_interval": 50, "save_top_k": -1, "filename": "{step}"}})";
  const auto ticking = [](Training& training) {
    training.run.engine.seconds = 0.0;
    training.run.engine.on_optimizer_step = [&training] {
      training.run.engine.seconds = static_cast<double>(training.run.engine.steps + 1) * 10.0;
    };
  };
  Training straight(saver);
  ticking(straight);
  straight.fit();
  BOOST_TEST(straight.run.names() == (std::vector<std::string>{"step=10.ckpt", "step=5.ckpt"}),
             boost::test_tools::per_element());
  Training resumed(saver);
  ticking(resumed);
  resumed.resume(straight, "all/7.ckpt");
  BOOST_TEST(resumed.run.names() == straight.run.names(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_error_between_two_batches_saves_a_state_that_the_run_goes_on_from) {
  const std::string saver = R"({"plugin": "checkpoint", "id": "rescue", "config":
    {"every_n_train_steps": 100, "filename": "{epoch}-{step}-{val_loss:.2f}", "save_on_exception": true}})";
  Training straight(saver);
  straight.fit();
  Training failed(saver);
  failed.run.engine.on_fetch = [&] {
    if (failed.run.engine.steps == 6) throw std::runtime_error("the loader is tired");
  };
  failed.fit();
  BOOST_TEST((failed.run.result.reason == TENON_END_FAILED));
  const std::string name = "checkpoints/epoch=1-step=6-val_loss=nan.ckpt";
  const json::object document = failed.run.document(name);
  BOOST_TEST(document.at("consistent").as_bool());
  BOOST_TEST(document.at("ended").as_string() == "failed");
  Training resumed(saver);
  resumed.resume(failed, name);
  BOOST_TEST((resumed.run.result.reason == TENON_END_FINISHED));
  BOOST_TEST((resumed.run.engine.weights_ == straight.run.engine.weights_));
  BOOST_TEST(resumed.run.result.steps == straight.run.result.steps);
}

BOOST_AUTO_TEST_CASE(the_state_of_a_later_failure_takes_the_place_of_an_earlier_one) {
  const std::string saver =
      R"({"plugin": "checkpoint", "id": "rescue", "config": {"every_n_train_steps": 100, "save_on_exception": true}})";
  Training first(saver);
  first.run.engine.on_fetch = [&] {
    if (first.run.engine.steps == 5) throw std::runtime_error("the loader is tired");
  };
  first.fit();
  Training second(saver);
  second.run.engine.on_fetch = [&] {
    if (second.run.engine.steps == 9) throw std::runtime_error("it is tired again");
  };
  second.resume(first, "checkpoints/epoch=1-step=5.ckpt");
  BOOST_TEST(second.run.names() == (std::vector<std::string>{"epoch=2-step=9.ckpt"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
