// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// How fast a recorded history is replayed, and what a decision costs when many checkpoints are kept.
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "loop/run.hpp"
#include "manifest/manifest.hpp"
#include "process.hpp"
#include "replay/engine.hpp"
#include "report.hpp"

namespace tb = tenon::benchmarks;
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

const fs::path build = TENON_BINARY_DIR;

class Folder {
 public:
  explicit Folder(const fs::path& in) : path_(in / ("bench_replay-" + std::to_string(::getpid()))) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  /// One that is not there yet.
  fs::path fresh() { return path_ / std::to_string(++made_); }
  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return path_ / name;
  }

 private:
  fs::path path_;
  int made_ = 0;
};

void add_line(std::string& history, const char* event, std::uint64_t epoch, std::uint64_t step,
              const std::string& metrics) {
  history += "{\"event\":\"" + std::string(event) + "\",\"epoch\":" + std::to_string(epoch) +
             ",\"step\":" + std::to_string(step) + ",\"time\":" + std::to_string(0.01 * static_cast<double>(step)) +
             ",\"metrics\":{" + metrics + "}}\n";
}

/// `epochs` of `steps` logged steps, a validation and an end each; `silence` steps stand between two logged ones.
std::string history_of(std::uint64_t epochs, std::uint64_t steps, std::uint64_t silence = 0) {
  std::string history;
  std::uint64_t step = 0;
  for (std::uint64_t epoch = 0; epoch < epochs; ++epoch) {
    for (std::uint64_t i = 0; i < steps; ++i) {
      step += 1 + silence;
      const double loss = 2.0 / std::sqrt(static_cast<double>(step)) + 0.01 * static_cast<double>(step % 7);
      add_line(history, "on_train_batch_end", epoch, step, "\"train_loss\":" + std::to_string(loss) + ",\"lr\":0.001");
    }
    const double noise = 0.02 * static_cast<double>(epoch * 7 % 11);
    add_line(history, "on_validation_end", epoch, step,
             "\"val_loss\":" + std::to_string(1.0 / static_cast<double>(epoch + 1) + noise) +
                 ",\"val_acc\":" + std::to_string(0.9 - noise));
    add_line(history, "on_train_epoch_end", epoch, step, "\"train_loss_epoch\":0.5");
  }
  return history;
}

/// Ten callbacks: loggers, stoppers and savers with triggers of all kinds.
constexpr const char* ten_callbacks = R"({"trainer": {"max_epochs": -1, "log_every_n_steps": 1}, "callbacks": [
  {"plugin": "console"}, {"plugin": "csv_logger"}, {"plugin": "jsonl_logger"},
  {"plugin": "early_stopping", "id": "a", "config": {"monitor": "val_loss", "patience": 1000000}},
  {"plugin": "early_stopping", "id": "b", "config": {"monitor": "val_acc", "patience": 1000000}},
  {"plugin": "early_stopping", "id": "c",
   "config": {"monitor": "train_loss", "patience": 1000000, "check_on_train_epoch_end": true}},
  {"plugin": "checkpoint", "id": "best", "config": {"monitor": "val_loss", "save_top_k": 3, "save_last": true, "filename": "best-{epoch}"}},
  {"plugin": "checkpoint", "id": "acc", "config": {"monitor": "val_acc", "save_top_k": 1, "filename": "acc-{epoch}"}},
  {"plugin": "checkpoint", "id": "steps",
   "config": {"every_n_train_steps": 5000, "monitor": "step", "mode": "max", "save_top_k": 2, "filename": "{step}"}},
  {"plugin": "checkpoint", "id": "failed", "config": {"every_n_epochs": 0, "save_on_exception": true}}
]})";

double replay_seconds(Folder& here, const std::string& manifest, const std::string& history, int rounds) {
  const fs::path run = here.write("run.json", manifest), metrics = here.write("history.jsonl", history);
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    const double start = tb::seconds();
    tb::run_quietly({(build / "bin/tenon").string(), "replay", run.string(), "--metrics", metrics.string(), "--out",
                     here.fresh().string(), "--json"});
    times.push_back(tb::seconds() - start);
  }
  return tb::median(times);
}

/// Microseconds of a decision of `action` when `kept` checkpoints are held; the last `decisions` of the history are
/// counted.
double decision_us(Folder& here, std::uint64_t kept, std::uint64_t decisions, std::int32_t action,
                   const std::function<double(std::uint64_t)>& value) {
  const std::string manifest =
      R"({"trainer": {"max_epochs": -1}, "callbacks": [{"plugin": "checkpoint",
          "config": {"monitor": "val_loss", "filename": "{step}", "save_top_k": )" +
      std::to_string(kept) + "}}]}";
  std::string lines;
  for (std::uint64_t i = 0; i < kept + decisions; ++i)
    add_line(lines, "on_validation_end", i, i + 1, "\"val_loss\":" + std::to_string(i < kept ? 1000.0 : value(i)));
  std::istringstream in(lines);
  const tenon::replay::History history = tenon::replay::read_history(in, "history");
  tenon::loop::RunRequest request;
  request.run_folder = here.fresh();
  request.program_folder = build / "bin";
  request.is_replay = true;
  request.stdout_taken = true;
  std::uint64_t counted = 0;
  double first = 0.0, last = 0.0;
  request.on_decision = [&](const tenon::loop::Decision& decision) {
    if (decision.action != action || decision.progress.step <= kept) return;
    last = tb::seconds();
    if (counted++ == 0) first = last;
  };
  tenon::loop::TaskSource source;
  source.find = [] { return tenon::loop::ResolvedTask(); };
  source.make_engine = [&](const tenon::loop::ResolvedTask&, const tenon::TrainerOptions&) {
    return std::make_unique<tenon::replay::Engine>(history, "");
  };
  tenon::loop::run(tenon::manifest::read_text(manifest, "run.json", {}), request, source);
  if (counted < 2) throw std::runtime_error("nothing was decided");
  return 1e6 * (last - first) / static_cast<double>(counted - 1);
}

struct Costs {
  double few, many;
  double ratio() const { return many / few; }
};

/// In turns, so that both meet the machine in the same state.
Costs costs(Folder& here, std::int32_t action, const std::function<double(std::uint64_t)>& value) {
  std::vector<double> few, many;
  for (int round = 0; round < 3; ++round) {
    few.push_back(decision_us(here, 10, 1000, action, value));
    many.push_back(decision_us(here, 10000, 1000, action, value));
  }
  return {tb::median(few), tb::median(many)};
}

int measure(bool as_json) {
  Folder here(build);
  const double all = replay_seconds(here, ten_callbacks, history_of(100, 998), 5);
  const double silent = replay_seconds(here, ten_callbacks, history_of(10, 98, 1000), 5);
  const double brief = replay_seconds(here, ten_callbacks, history_of(10, 2), 11);
  // Folders in memory, where there are: how long the disk takes for a folder is not the question.
  const fs::path memory = "/dev/shm";
  Folder there(::access(memory.c_str(), W_OK) == 0 ? memory : build);
  const Costs skip = costs(there, TENON_ACTION_SKIP, [](std::uint64_t) { return 2000.0; });
  const Costs save =
      costs(there, TENON_ACTION_SAVE, [](std::uint64_t i) { return 500.0 - static_cast<double>(i) * 1e-3; });
  tb::Report report;
  report.add("events_per_s", 100000 / all, "100 000 lines through 10 callbacks, the whole program, goal 100 000");
  report.add("seconds_100000_events", all, "the same, goal below 1");
  report.add("silent_steps_per_s", 980000 / silent, "980 000 steps of which 980 have a line");
  report.add("short_replay_ms", 1000 * brief, "40 lines, the whole program, goal 30");
  report.add("decision_us_10_kept", skip.few, "a validation that does not enter the best 10");
  report.add("decision_us_10000_kept", skip.many, "the best 10 000");
  report.add("decision_cost_10000_over_10_kept", skip.ratio(), "goal 1");
  report.add("save_us_10_kept", save.few, "a validation that enters the best 10: a save and a removal");
  report.add("save_us_10000_kept", save.many, "the best 10 000");
  report.add("save_cost_10000_over_10_kept", save.ratio(), "goal 1");
  report.print(as_json);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return measure(count > 1 && std::strcmp(arguments[1], "--json") == 0);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_replay: %s\n", error.what());
    return 1;
  }
}
