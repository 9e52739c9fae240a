// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon::Trainer with the real plugins and an engine that only counts: what it does itself needs no LibTorch.
#include <tenon/trainer.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "loop/run_checkpoints.hpp"
#include "test_engine.hpp"

namespace tenon {

/// Stands for LibTorch's: this program does not link it.
class Task {
 public:
  virtual ~Task() = default;
  std::function<void(tests::TestEngine&)> change;
};

MadeEngine make_engine(std::unique_ptr<Task> task, const torch::nn::Module*, const TrainerOptions& options, Stage) {
  auto engine = std::make_unique<tests::TestEngine>(4, 1);
  if (options.device == "auto") throw Failure(ExitCode::task, "no engine today");
  engine->on_evaluation_step = [&made = *engine](loop::MetricSink& sink) {
    sink.log("val_loss", 1.0 / static_cast<double>(1 + made.evaluations), {});
  };
  engine->facts_.test_batches = engine->facts_.predict_batches = {2};
  if (task->change) task->change(*engine);
  return {engine.release(), nullptr};
}

}  // namespace tenon

namespace tenon::tests {
namespace {

namespace fs = std::filesystem;

struct Place {
  Place() {
    std::string name = (fs::temp_directory_path() / "tenon-trainer-XXXXXX").string();
    BOOST_REQUIRE(mkdtemp(name.data()));
    path = fs::canonical(name);
    unsetenv("TENON_PLUGIN_PATH");
    setenv("XDG_DATA_HOME", (path / "data").c_str(), 1);
  }
  ~Place() { fs::remove_all(path); }
  fs::path operator/(const char* name) const { return path / name; }
  fs::path write(const char* name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return path / name;
  }
  fs::path path;
};

std::unique_ptr<Task> task(std::function<void(TestEngine&)> change = {}) {
  auto made = std::make_unique<Task>();
  made->change = std::move(change);
  return made;
}

TrainerOptions epochs(std::uint64_t n) {
  TrainerOptions options;
  options.max_epochs = n;
  return options;
}

std::string refusal(ExitCode code, const std::function<void()>& body) {
  try {
    body();
  } catch (const Failure& failure) {
    BOOST_TEST(static_cast<int>(failure.code()) == static_cast<int>(code));
    return failure.what();
  }
  BOOST_TEST(false, "not refused");
  return {};
}

#define HAS(text, part) BOOST_TEST((text).find(part) != std::string::npos, (text) << "\nhas no: " << (part))

/// The program's own callback: what it was given and saw is left in these.
struct Seen {
  static inline std::vector<std::string> hooks;
  static inline std::uint64_t limit = 0;
  static inline int alive = 0;
};

class Own {
 public:
  static constexpr const char* id = "org.example.own";
  static constexpr const char* name = "own";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Stops at a step";
  static constexpr const char* license = "Apache-2.0";
  static constexpr const char* options_schema =
      R"({"type": "object", "additionalProperties": false, "properties": {"limit": {"type": "integer", "default": 6}}})";

  explicit Own(Host host) : run_(host), limit_(Options(host).get<std::uint64_t>("/limit")) {
    Seen::limit = limit_;
    if (limit_ == 13) throw std::runtime_error("thirteen is not allowed");
    ++Seen::alive;
  }
  ~Own() { --Seen::alive; }
  void on_setup() { Seen::hooks.push_back("on_setup"); }
  void on_train_batch_end(const tenon_batch_args& args) {
    if (limit_ == 99) throw std::runtime_error("ninety-nine");
    if (args.progress->step == limit_) run_.request_stop("the limit is reached");
  }
  void on_test_end() { Seen::hooks.push_back("on_test_end"); }

 private:
  Run run_;
  std::uint64_t limit_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(trainer)

BOOST_AUTO_TEST_CASE(it_trains_with_a_callback_of_its_own_and_one_of_a_plugin) {
  const Place place;
  Trainer trainer(epochs(5), place / "run");
  trainer.add_callback<Own>().add_callback("checkpoint", "best", {{"monitor", "val_loss"}, {"save_top_k", 1u}});
  const RunResult result = trainer.fit(task());

  BOOST_TEST(result.reason == TENON_END_STOPPED);
  BOOST_TEST((result.exit_code == ExitCode::ok));
  BOOST_TEST(result.steps == 6u);
  BOOST_TEST(result.epochs == 2u);
  HAS(result.detail, "own: the limit is reached");
  BOOST_TEST(result.folder == place / "run");
  BOOST_TEST(result.summary.at("callbacks").at("best").at("kept").as_array().size() == 1u);
  HAS(result.account, "best (checkpoint): saved");
  BOOST_TEST(result.metrics.at("val_loss") == 1.0 / 3);
  BOOST_TEST(fs::exists(place / "run/checkpoints"));
  BOOST_TEST(Seen::limit == 6u);
  BOOST_TEST(Seen::alive == 0);
}

BOOST_AUTO_TEST_CASE(options_come_as_members_an_object_or_text) {
  const Place place;
  const boost::json::object object{{"limit", 2}};
  const CallbackOptions forms[] = {{{"limit", 2}}, object, "{\"limit\": 2, /* two */}", std::string("{\"limit\": 2}")};
  for (const CallbackOptions& form : forms) {
    Trainer trainer(epochs(5), place / "run");
    BOOST_TEST(trainer.add_callback<Own>("own", form).fit(task()).steps == 2u);
  }
  HAS(refusal(ExitCode::manifest, [] { CallbackOptions("[1]"); }), "are not a JSON object");
  HAS(refusal(ExitCode::manifest, [] { CallbackOptions("{\"limit\": }"); }), "the callback's options:1:");
}

BOOST_AUTO_TEST_CASE(wrong_options_are_refused_as_in_a_manifest_and_nothing_is_left) {
  const Place place;
  Trainer trainer(epochs(5), place / "run");
  trainer.add_callback("checkpoint", "best", {{"monitr", "val_loss"}});
  const std::string text = refusal(ExitCode::manifest, [&] { trainer.fit(task()); });
  HAS(text, "add_callback(\"checkpoint\", \"best\"): /callbacks/0/config/monitr: ");
  HAS(text, "did you mean 'monitor'?");
  BOOST_TEST(!fs::exists(place / "run"));

  Trainer own(epochs(5), place / "run");
  own.add_callback<Own>("mine", {{"limit", "six"}});
  HAS(refusal(ExitCode::manifest, [&] { own.fit(task()); }),
      "add_callback(\"own\", \"mine\"): /callbacks/0/config/limit");
}

BOOST_AUTO_TEST_CASE(wrong_trainer_options_are_refused_by_name) {
  const Place place;
  TrainerOptions options = epochs(1);
  options.device = "gpu";
  options.limit_val_batches = BatchLimit::share_of(1.5);
  const std::string text = refusal(ExitCode::manifest, [&] { Trainer(options, place / "run").fit(task()); });
  HAS(text, "tenon::TrainerOptions: /trainer/device");
  HAS(text, "tenon::TrainerOptions: /trainer/limit_val_batches");
}

BOOST_AUTO_TEST_CASE(a_missing_plugin_names_the_folders_searched) {
  const Place place;
  fs::create_directory(place / "own plugins");
  Trainer trainer(epochs(1), place / "run");
  trainer.add_plugin_folder(place / "own plugins").add_callback("checkpont");
  const std::string text = refusal(ExitCode::plugin, [&] { trainer.fit(task()); });
  HAS(text,
      "add_callback(\"checkpont\"): /callbacks/0/plugin: there is no plugin 'checkpont'; did you mean 'checkpoint'?");
  HAS(text, (place / "own plugins").string());
}

BOOST_AUTO_TEST_CASE(a_plugin_is_found_in_a_folder_of_the_program_or_by_its_path) {
  const Place place;
  fs::create_directory(place / "mine");
  const fs::path copy = place / "mine/early.so";
  fs::copy_file(TENON_BINARY_DIR "/plugins/early_stopping.so", copy);
  Trainer trainer(epochs(2), place / "run");
  trainer.add_plugin_folder(place / "mine").add_callback("early_stopping", "a", {{"monitor", "val_loss"}});
  trainer.add_callback(copy.string(), "b", {{"monitor", "val_loss"}});
  const RunResult result = trainer.fit(task());
  std::ifstream manifest(result.folder / "manifest.json");
  const std::string text{std::istreambuf_iterator<char>(manifest), {}};
  HAS(text, boost::json::serialize(boost::json::value((place / "mine").string())));
}

BOOST_AUTO_TEST_CASE(a_library_in_a_strangers_reach_is_refused_unless_trusted) {
  const Place place;
  fs::create_directory(place / "open");
  fs::permissions(place / "open", fs::perms::all);
  fs::copy_file(TENON_BINARY_DIR "/plugins/early_stopping.so", place / "open/x.so");
  Trainer trainer(epochs(1), place / "run");
  trainer.add_plugin_folder(place / "open").add_callback("early_stopping", "a", {{"monitor", "val_loss"}});
  HAS(refusal(ExitCode::plugin, [&] { trainer.fit(task()); }), "--trust");
  BOOST_TEST((trainer.trust_folder(place / "open").fit(task()).exit_code == ExitCode::ok));
}

BOOST_AUTO_TEST_CASE(two_callbacks_of_one_id_are_refused) {
  const Place place;
  Trainer trainer(epochs(1), place / "run");
  trainer.add_callback<Own>("a").add_callback("early_stopping", "a", {{"monitor", "val_loss"}});
  HAS(refusal(ExitCode::manifest, [&] { trainer.fit(task()); }), "a second callback with the id 'a'");
}

BOOST_AUTO_TEST_CASE(a_descriptor_that_says_nothing_is_refused_at_once) {
  Trainer trainer;
  tenon_descriptor descriptor{};
  descriptor.struct_size = sizeof descriptor;
  HAS(refusal(ExitCode::plugin, [&] { trainer.add_callback(descriptor); }), "does not say its id, name and version");
  descriptor.id = descriptor.name = descriptor.version = "x";
  descriptor.options_schema = "[";
  HAS(refusal(ExitCode::plugin, [&] { trainer.add_callback(descriptor); }), "has an options_schema that is no JSON");
}

BOOST_AUTO_TEST_CASE(a_callback_that_refuses_to_start_is_thrown_and_the_folder_is_empty) {
  const Place place;
  Trainer trainer(epochs(1), place / "run");
  trainer.add_callback<Own>("own", {{"limit", 13}});
  HAS(refusal(ExitCode::callback, [&] { trainer.fit(task()); }), "thirteen is not allowed");
  BOOST_TEST(fs::is_empty(place / "run"));
  trainer.resume("auto");
  HAS(refusal(ExitCode::callback, [&] { trainer.fit(task()); }), "thirteen is not allowed");
  BOOST_TEST(fs::is_empty(place / "run"));
  trainer = Trainer(epochs(1), place / "run");
  BOOST_TEST(trainer.fit(task()).folder == place / "run");
}

BOOST_AUTO_TEST_CASE(what_fails_while_training_is_in_the_result) {
  const Place place;
  Trainer trainer(epochs(1), place / "run");
  trainer.add_callback<Own>("own", {{"limit", 99}});
  const RunResult result = trainer.fit(task());
  BOOST_TEST(result.reason == TENON_END_FAILED);
  BOOST_TEST((result.exit_code == ExitCode::failed));
  HAS(result.detail, "callback 'own' (org.example.own 1.0.0) failed in on_train_batch_end");

  trainer = Trainer(epochs(2), place / "run");
  trainer.add_callback<Own>("own", {{"limit", 99}}, "warn");
  BOOST_TEST(trainer.fit(task()).steps == 8u);
}

BOOST_AUTO_TEST_CASE(a_manifest_gives_options_folders_and_callbacks_but_no_task) {
  const Place place;
  const fs::path manifest = place.write("first.json", R"({
    "task": {"library": "nowhere"},
    "trainer": {"max_epochs": 7, "limit_train_batches": 2},
    "plugins": {"paths": ["more"]},
    "callbacks": [{"plugin": "checkpoint", "id": "best", "config": {"monitor": "val_loss"}}]
  })");
  Trainer trainer = Trainer::from_manifest(manifest, {"trainer.max_epochs=3"});
  BOOST_TEST(trainer.set_run_folder(place / "run").fit(task()).steps == 6u);
  trainer.options().max_epochs = 2;
  trainer.add_callback<Own>("own", {{"limit", 1000}});
  const RunResult result = trainer.fit(task());
  BOOST_TEST(result.steps == 4u);
  BOOST_TEST(result.folder == place / "run-v1");
  BOOST_TEST(result.summary.at("callbacks").as_object().size() == 2u);
  BOOST_TEST(trainer.task_context().manifest_folder == place.path);
  std::ifstream kept(result.folder / "manifest.json");
  const std::string text{std::istreambuf_iterator<char>(kept), {}};
  BOOST_TEST(text.find("nowhere") == std::string::npos);
  HAS(text, "\"max_epochs\":2");

  place.write("first.json", R"({"callbacks": [{"plugin": "checkpoint", "config": {"monitr": "x"}}]})");
  Trainer wrong = Trainer::from_manifest(manifest);
  HAS(refusal(ExitCode::manifest, [&] { wrong.set_run_folder(place / "b").fit(task()); }),
      "first.json:1: /callbacks/0/config/monitr");
}

BOOST_AUTO_TEST_CASE(runs_follow_one_another_and_leave_nothing_open) {
  const Place place;
  Trainer trainer(epochs(1), place / "run");
  trainer.add_callback<Own>().add_callback("checkpoint", "best", {{"monitor", "val_loss"}});
  const auto open_files = [] {
    return std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator());
  };
  trainer.fit(task());
  const auto before = open_files();
  for (int i = 1; i <= 3; ++i) {
    const RunResult result = trainer.fit(task());
    BOOST_TEST(result.folder == place / ("run-v" + std::to_string(i)).c_str());
    BOOST_TEST(result.steps == 4u);
  }
  BOOST_TEST(open_files() == before);
  BOOST_TEST(Seen::alive == 0);
}

BOOST_AUTO_TEST_CASE(evaluations_run_with_the_callbacks_in_folders_of_their_own) {
  const Place place;
  Trainer trainer(epochs(1), place / "run");
  trainer.add_callback<Own>();
  Seen::hooks.clear();
  const RunResult tested = trainer.test(task(), {});
  BOOST_TEST(tested.folder == place / "run-test");
  BOOST_TEST(Seen::hooks == (std::vector<std::string>{"on_setup", "on_test_end"}), boost::test_tools::per_element());
  const RunResult validated = trainer.validate(task(), {});
  BOOST_TEST(validated.folder == place / "run-validate");
  BOOST_TEST(validated.metrics.at("val_loss") == 0.5);
  HAS(refusal(ExitCode::task, [&] { trainer.predict(task(), {}); }), "predict_step() gave no tensor");
  HAS(refusal(ExitCode::checkpoint, [&] { trainer.test(task(), fs::path(place / "nothing.ckpt")); }), "nothing.ckpt");
}

BOOST_AUTO_TEST_CASE(the_engines_refusal_is_thrown) {
  const Place place;
  TrainerOptions options = epochs(1);
  options.device = "auto";
  HAS(refusal(ExitCode::task, [&] { Trainer(options, place / "run").fit(task()); }), "no engine today");
}

BOOST_AUTO_TEST_CASE(decisions_are_told) {
  const Place place;
  std::vector<std::string> told;
  Trainer trainer(epochs(2), place / "run");
  trainer.add_callback("checkpoint", "best", {{"monitor", "val_loss"}, {"save_top_k", 1}});
  trainer.on_decision([&](const boost::json::object& d) { told.emplace_back(d.at("action").as_string()); });
  trainer.fit(task());
  BOOST_TEST(told == (std::vector<std::string>{"save", "save", "remove"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_run_records_itself_its_checkpoint_folders_and_how_it_ended) {
  const Place place;
  Trainer trainer(epochs(2), place / "run");
  trainer.add_callback("checkpoint", "best", {{"monitor", "val_loss"}}).fit(task());
  const loop::RunRecord record = loop::read_run_record(place / "run").value();
  BOOST_TEST(record.attempt == 1u);
  BOOST_TEST((record.folders == std::vector<fs::path>{place / "run/checkpoints"}));
  BOOST_TEST(record.ended->reason == "finished");
  BOOST_TEST(record.ended->epochs == 2u);
  BOOST_TEST(record.ended->limits.max_epochs == 2u);
  const loop::RunCheckpoints found = loop::find_run_checkpoints(record, place / "run");
  BOOST_REQUIRE_EQUAL(found.own.size(), 1u);
  BOOST_TEST(loop::best_of_each(found.own).at("best") == &found.own[0]);
}

BOOST_AUTO_TEST_CASE(a_finished_run_is_told_and_not_trained_again) {
  const Place place;
  Trainer trainer(epochs(2), place / "run");
  trainer.add_callback("checkpoint", "best", {{"monitor", "val_loss"}}).fit(task());
  const RunResult again = trainer.resume("last").fit(task());
  HAS(again.detail, "is finished: 2 epochs, 8 steps");
  BOOST_TEST((again.exit_code == ExitCode::ok));
  BOOST_TEST(again.steps == 8u);
  BOOST_TEST(again.folder == place / "run");
  BOOST_TEST(!fs::exists(place / "run-v1"));
  HAS(refusal(ExitCode::usage, [&] { trainer.fit(task(), Weights(place / "w.safetensors")); }),
      "leave out one of them");
  HAS(refusal(ExitCode::usage, [&] { trainer.resume("last", "model"); }), "name its path");
  BOOST_TEST(trainer.resume("").fit(task()).folder == place / "run-v1");
}

BOOST_AUTO_TEST_CASE(auto_with_nothing_to_go_on_from_trains_in_the_folder_of_the_run_that_died) {
  const Place place;
  Trainer trainer(epochs(2), place / "run");
  trainer.resume("auto");
  const auto fails = [](TestEngine& engine) { engine.on_backward = [] { throw std::runtime_error("no luck"); }; };
  BOOST_TEST(trainer.fit(task(fails)).reason == TENON_END_FAILED);
  const loop::RunRecord first = loop::read_run_record(place / "run").value();
  BOOST_TEST(first.ended->reason == "failed");
  BOOST_TEST(trainer.fit(task()).folder == place / "run");
  const loop::RunRecord second = loop::read_run_record(place / "run").value();
  BOOST_TEST(second.run_id == first.run_id);
  BOOST_TEST(second.attempt == 2u);
  BOOST_TEST(second.ended->reason == "finished");
}

/// Trains, and fails at the second batch where it is not to live.
std::unique_ptr<Task> training(bool lives) {
  return task([lives](TestEngine& engine) {
    engine.trains = true;
    engine.seconds = 1.0;
    engine.on_training_step = [&engine](loop::MetricSink& sink) { sink.log("loss", engine.loss, {.on_step = true}); };
    if (!lives)
      engine.on_backward = [batch = 0]() mutable {
        if (++batch == 2) throw std::runtime_error("no luck");
      };
  });
}

std::string text_in(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

/// Runs that begin with what another one has come to, in one of the ways that there are.
struct Begun {
  std::string weights, resume, parts;

  RunResult fit(const fs::path& folder, bool lives) const {
    TrainerOptions options = epochs(4);
    options.log_every_n_steps = 1;
    Trainer trainer(options, folder);
    add_callbacks(trainer);
    if (!resume.empty()) trainer.resume(resume, parts);
    return trainer.fit(training(lives), weights.empty() ? Weights() : Weights(fs::path(weights)));
  }
  static RunResult go_on(const fs::path& folder) {
    TrainerOptions options = epochs(4);
    options.log_every_n_steps = 1;
    Trainer trainer(options, folder);
    add_callbacks(trainer);
    return trainer.resume("auto").fit(training(true));
  }
  static void add_callbacks(Trainer& trainer) {
    trainer.add_callback("csv_logger", "log").add_callback("checkpoint", "last", {{"save_last", true}});
  }
};

BOOST_AUTO_TEST_CASE(a_run_that_dies_before_its_first_checkpoint_begins_again_with_what_it_began_with) {
  const Place place;
  Trainer source(epochs(2), place / "source");
  Begun::add_callbacks(source);
  source.fit(training(true));
  const std::string last = place / "source/checkpoints/last.ckpt";
  BOOST_REQUIRE_EQUAL(Begun{}.fit(place / "fresh", true).steps, 16u);
  const std::string weights = "checkpoints/last.ckpt/model.safetensors", log = "metrics.csv";
  for (const Begun& begun : {Begun{last, "", ""}, Begun{last + "/model.safetensors", "", ""}, Begun{"", last, ""},
                             Begun{"", last, "model"}, Begun{"", last, "callbacks,model"}})
    BOOST_TEST_CONTEXT(begun.weights << begun.resume << " " << begun.parts) {
      const Place here;
      begun.fit(here / "straight", true);
      BOOST_TEST(begun.fit(here / "died", false).reason == TENON_END_FAILED);
      BOOST_TEST(Begun::go_on(here / "died").folder == here / "died");
      for (const std::string& file : {weights, log})
        BOOST_TEST(text_in(here / "died" / file) == text_in(here / "straight" / file), file);
      if (begun.resume.empty() || !begun.parts.empty())  // else it comes to what four epochs on end come to
        BOOST_TEST(text_in(here / "died" / weights) != text_in(place / "fresh" / weights));
      BOOST_TEST(loop::read_run_record(here / "died")->attempt == 2u);
    }
}

BOOST_AUTO_TEST_CASE(what_a_run_began_with_and_is_gone_or_changed_is_refused_and_not_replaced_by_fresh_weights) {
  const Place place;
  Trainer source(epochs(2), place / "source");
  Begun::add_callbacks(source);
  source.fit(training(true));
  const std::string last = place / "source/checkpoints/last.ckpt";
  Begun{last, "", ""}.fit(place / "weights", false);
  Begun{"", last, ""}.fit(place / "state", false);
  const std::string record = text_in(place / "state/run.json");
  const auto refused = [&](const fs::path& folder) {
    return refusal(ExitCode::checkpoint, [&] { Begun::go_on(folder); });
  };
  fs::rename(place / "source", place / "away");
  HAS(refused(place / "weights"), "it began with the weights of '" + (place / "source").string());
  HAS(refused(place / "weights"), "checkpoints/epoch=1-step=8.ckpt', which is gone; put it back");
  HAS(refused(place / "weights"), "in a folder of its own: --out DIR --weights FILE");
  HAS(refused(place / "state"), "it began with the state of '" + (place / "source").string());
  HAS(refused(place / "state"), "checkpoints/epoch=1-step=8.ckpt', which is gone; put it back");
  HAS(refused(place / "state"), "in a folder of its own: --out DIR --resume PATH");
  Trainer other(epochs(3), place / "source");
  Begun::add_callbacks(other);
  other.fit(training(true));
  const fs::path checkpoints = place / "source/checkpoints";
  fs::rename(fs::canonical(checkpoints / "last.ckpt"),
             checkpoints / fs::canonical(place / "away/checkpoints/last.ckpt").filename());
  HAS(refused(place / "weights"), "which is not what it was then; put it back");
  HAS(refused(place / "state"), "which is not what it was then; put it back");
  BOOST_TEST(text_in(place / "state/run.json") == record);
  fs::remove_all(place / "source");
  fs::rename(place / "away", place / "source");
  for (const char* folder : {"weights", "state"}) BOOST_TEST(Begun::go_on(place / folder).epochs == 4u);
}

BOOST_AUTO_TEST_CASE(a_run_begun_with_weights_in_the_memory_of_a_program_is_not_begun_again_without_them) {
  const Place place;
  int any = 0;
  const std::shared_ptr<torch::nn::Module> module(std::shared_ptr<void>(), reinterpret_cast<torch::nn::Module*>(&any));
  Trainer(epochs(2), place / "run").fit(training(false), Weights(module));
  HAS(refusal(ExitCode::checkpoint, [&] { Begun::go_on(place / "run"); }),
      "it began with weights that a program had in its memory, which are gone with that program; begin a new run");
}

BOOST_AUTO_TEST_CASE(a_run_of_which_only_a_part_of_its_first_commit_point_is_saved_begins_again_and_misses_nothing) {
  const auto fit = [](const fs::path& folder, bool lives) {
    Trainer trainer(epochs(2), folder);
    for (const char* id : {"a", "b"})
      trainer.add_callback("checkpoint", id,
                           {{"dirpath", id}, {"save_top_k", -1}, {"every_n_train_steps", 1}, {"filename", "{step}"}});
    trainer.resume("auto").fit(training(lives));
  };
  const auto names = [](const fs::path& folder) {
    std::set<std::string> all;
    for (const char* id : {"a", "b"})
      for (const auto& entry : fs::directory_iterator(folder / id)) all.insert(id + entry.path().filename().string());
    return all;
  };
  const Place place;
  fit(place / "straight", true);
  fit(place / "died", false);
  BOOST_TEST((names(place / "died") == std::set<std::string>{"astep=1.ckpt", "bstep=1.ckpt"}));
  fs::remove_all(place / "died/b/step=1.ckpt");
  fit(place / "died", true);
  BOOST_TEST((names(place / "died") == names(place / "straight")));
  for (const std::string& name : names(place / "straight")) {
    const std::string file = name.substr(0, 1) + "/" + name.substr(1) + "/model.safetensors";
    BOOST_TEST(text_in(place / "died" / file) == text_in(place / "straight" / file), file);
  }
  BOOST_TEST((loop::read_run_record(place / "died")->resumed_from == std::vector<std::uint64_t>{0}));
}

BOOST_AUTO_TEST_CASE(a_refused_attempt_leaves_the_folder_and_its_record_alone) {
  const Place place;
  Trainer trainer(epochs(2), place / "run");
  trainer.resume("auto").add_callback<Own>("own", {{"limit", 4}});
  const auto fails = [](TestEngine& engine) { engine.on_backward = [] { throw std::runtime_error("no luck"); }; };
  trainer.fit(task(fails));
  std::ofstream(place / "run/log.txt") << "of the first attempt";
  Trainer other(epochs(2), place / "run");
  other.resume("auto").add_callback<Own>("own", {{"limit", 13}});
  refusal(ExitCode::callback, [&] { other.fit(task()); });
  BOOST_TEST(fs::exists(place / "run/log.txt"));
  BOOST_TEST(loop::read_run_record(place / "run")->attempt == 1u);
  BOOST_TEST(loop::read_run_record(place / "run")->ended->reason == "failed");
}

BOOST_AUTO_TEST_CASE(neither_stdout_nor_signals_are_touched) {
  const Place place;
  std::fflush(stdout);
  const int terminal = dup(STDOUT_FILENO);
  const int file = open((place / "out").c_str(), O_RDWR | O_CREAT, 0600);
  dup2(file, STDOUT_FILENO);
  struct sigaction before {
  }, after{};
  sigaction(SIGSEGV, nullptr, &before);
  Trainer trainer(epochs(2), place / "run");
  trainer.add_callback("checkpoint", "best", {{"monitor", "val_loss"}}).fit(task());
  sigaction(SIGSEGV, nullptr, &after);
  std::fflush(stdout);
  dup2(terminal, STDOUT_FILENO);
  close(terminal);
  close(file);
  BOOST_TEST(fs::file_size(place / "out") == 0u);
  BOOST_TEST((before.sa_handler == after.sa_handler && before.sa_flags == after.sa_flags));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::tests
