// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A checkpoint's document whose bytes are those that its checksum is of, but that no run of this version has written:
// each of its members in turn is of another type, or missing.
#include <torch/optim/adamw.h>

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <optional>
#include <set>
#include <tenon/failure.hpp>
#include <tenon/schedulers.hpp>
#include <tenon/trainer.hpp>

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/compare.hpp"
#include "checkpoint/format.hpp"
#include "checkpoint/hash.hpp"
#include "checkpoint/inspect.hpp"
#include "checkpoint/json.hpp"
#include "parity_task.hpp"
#include "scratch_place.hpp"

namespace tenon::tests {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

RunResult train(const fs::path& folder, const std::string& resume = {}) {
  TrainerOptions options;
  options.max_epochs = 2;
  options.seed = 11;
  options.threads = 1;
  options.num_sanity_val_steps = 0;
  Trainer trainer(options, folder);
  trainer.add_plugin_folder(TENON_BINARY_DIR "/plugins");
  trainer.add_callback("jsonl_logger");
  trainer.add_callback("early_stopping", "stop", {{"monitor", "val_loss"}, {"restore_best_weights", true}});
  trainer.add_callback("checkpoint", "saver", {{"monitor", "val_loss"}, {"save_top_k", 1}, {"save_last", true}});
  if (!resume.empty()) trainer.resume(resume);
  auto task = std::make_unique<ParityTask>();
  task->optimizers_of = [](ParityNet& net) -> std::vector<NamedOptimizer> {
    return {{"main", std::make_shared<torch::optim::AdamW>(net.trained(), torch::optim::AdamWOptions(0.02)),
             Schedule{std::make_shared<StepLR>(StepLR::Options{.step_size = 3, .gamma = 0.5}), Every::step}}};
  };
  return trainer.fit(std::move(task));
}

void write_sealed(const fs::path& checkpoint, json::object document) {
  document.erase("xxh3_128");
  std::string text = checkpoint::canonical_json(document);
  text.resize(text.size() - 2);
  text += checkpoint::before_self_hash;
  text += checkpoint::hash_of(std::as_bytes(std::span(text)));
  text += checkpoint::after_self_hash;
  std::ofstream(checkpoint / checkpoint::document_file, std::ios::trunc | std::ios::binary) << text;
}

void add_pointers(const json::value& value, const std::string& at, std::vector<std::string>& to) {
  if (!at.empty()) to.push_back(at);
  if (value.is_object())
    for (const auto& [key, inner] : value.get_object()) {
      std::string escaped;
      for (const char c : std::string_view(key)) escaped += c == '/' ? "~1" : c == '~' ? "~0" : std::string(1, c);
      add_pointers(inner, at + "/" + escaped, to);
    }
  else if (value.is_array())
    for (std::size_t i = 0; i < value.get_array().size(); ++i)
      add_pointers(value.get_array()[i], at + "/" + std::to_string(i), to);
}

void remove(json::value& document, const std::string& pointer) {
  const std::size_t slash = pointer.rfind('/');
  json::value& holder = document.at_pointer(pointer.substr(0, slash));
  std::string key = pointer.substr(slash + 1);
  if (holder.is_array()) {
    holder.get_array().erase(holder.get_array().begin() + std::stol(key));
    return;
  }
  for (std::size_t at; (at = key.find("~1")) != std::string::npos;) key.replace(at, 2, "/");
  holder.get_object().erase(key);
}

/// What the document has at `pointer` in one of the ways that it should not have it; nothing where it is that already.
constexpr std::size_t ways = 8;
std::optional<json::object> spoiled(const json::object& document, const std::string& pointer, std::size_t way) {
  json::value whole = document;
  if (way == 0) {
    remove(whole, pointer);
    return whole.get_object();
  }
  const json::value others[] = {nullptr, true, -1, 1.5, "text", json::array{1}, json::object{{"some", 1}}};
  json::value& there = whole.at_pointer(pointer);
  const json::value& other = others[way - 1];
  const bool is_whole = there.is_int64() || there.is_uint64();
  if (there.kind() == other.kind() && !is_whole) return std::nullopt;
  there = other;
  return whole.get_object();
}

/// Reading fails with a ReadError that names the checkpoint and a file of it, or not at all.
template <class Body>
void check_reading(const std::string& what, const Body& body) {
  try {
    body();
  } catch (const checkpoint::ReadError& error) {
    const std::string_view text = error.what();
    const bool has_file = text.find("checkpoint.json") != text.npos || text.find(".safetensors'") != text.npos;
    BOOST_TEST((has_file && text.find(".ckpt'") != text.npos), what << ": " << text);
  } catch (const std::exception& error) {
    BOOST_ERROR(what << " ends with " << error.what());
  }
}

/// A resume goes on, where the member is of no use to it, or is refused by the name of the file and the member.
void check_resume(const std::string& pointer, const fs::path& folder, const std::string& word) {
  try {
    const RunResult result = train(folder, word);
    BOOST_TEST((result.exit_code == ExitCode::ok), "--resume " << word << ": " << result.detail);
  } catch (const Failure& failure) {
    const std::string what = failure.what();
    BOOST_TEST((failure.code() == ExitCode::checkpoint), what);
    BOOST_TEST(what.find(".ckpt") != std::string::npos, what);
    // What the engine and the task keep is told in their own words, and the files' members by the file.
    const std::string outermost = pointer.substr(1, pointer.find('/', 1) - 1);
    const std::set<std::string> in_other_words{"engine", "files", "tensors"};
    if (in_other_words.contains(outermost)) return;
    const std::string holder = pointer.substr(0, pointer.rfind('/'));
    BOOST_TEST(
        (what.find("'" + pointer + "'") != std::string::npos || what.find("'" + holder + "/") != std::string::npos ||
         what.find("'" + holder + "'") != std::string::npos || what.find(pointer.substr(1)) != std::string::npos),
        what);
  } catch (const std::exception& error) {
    BOOST_ERROR("--resume " << word << " ends with " << error.what());
  }
}

}  // namespace

/// TENON_RESUME_STRIDE=5 tries one in 25.
BOOST_AUTO_TEST_CASE(a_document_of_other_types_is_refused_by_the_name_of_its_member_and_nothing_crashes) {
  const Place place;
  BOOST_REQUIRE((train(place.path / "run").exit_code == ExitCode::ok));
  const fs::path newest = fs::canonical(place.path / "run/checkpoints/last.ckpt").filename();
  const json::object document = checkpoint::Checkpoint::open(place.path / "run/checkpoints" / newest).document();
  std::vector<std::string> pointers;
  add_pointers(document, "", pointers);
  BOOST_TEST(pointers.size() > 200u);
  const char* wanted = std::getenv("TENON_RESUME_STRIDE");
  const std::size_t stride = wanted ? std::strtoul(wanted, nullptr, 10) : 1;
  std::size_t number = 0;
  for (const std::string& pointer : pointers)
    for (std::size_t way = 0; way < ways; ++way) {
      if (number++ % (stride * stride) != 0) continue;
      const std::optional<json::object> other = spoiled(document, pointer, way);
      if (!other) continue;
      BOOST_TEST_CONTEXT(pointer << " in way " << way) {
        const fs::path folder = place.path / "spoiled";
        copy_folder(place.path / "run", folder);
        const fs::path path = folder / "checkpoints" / newest;
        write_sealed(path, *other);
        check_reading("list", [&] { checkpoint::list_checkpoints(folder); });
        check_reading("show", [&] { checkpoint::show_checkpoint(path); });
        check_reading("verify", [&] { checkpoint::verify(path); });
        check_reading("diff", [&] {
          checkpoint::compare(checkpoint::TensorSource(path),
                              checkpoint::TensorSource(place.path / "run/checkpoints" / newest));
        });
        check_resume(pointer, place.path / "another", path.string());
        fs::remove_all(place.path / "another");
        check_resume(pointer, folder, path.string());
        fs::remove_all(folder);
        copy_folder(place.path / "run", folder);
        fs::remove(folder / "run.json");  // else the run is finished
        write_sealed(path, *other);
        check_resume(pointer, folder, "auto");
        fs::remove_all(folder);
      }
    }
}

}  // namespace tenon::tests
