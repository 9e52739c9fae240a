// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "same_run.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/format.hpp"

namespace tenon::tests {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::string_view state_prefix = "callback_state/";

std::string read(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

/// A log without its clock: the member "time" of a line of JSON, or the third column of the table.
std::string without_times(const fs::path& file) {
  std::istringstream in(read(file));
  std::string out;
  for (std::string line; std::getline(in, line); out += line + "\n") {
    if (const std::size_t at = line.find("\"time\":"); at != std::string::npos) {
      line.erase(at, line.find(',', at) - at);
    } else if (file.extension() == ".csv") {
      const std::size_t second = line.find(',', line.find(',') + 1);
      line.erase(second, line.find(',', second + 1) - second);
    }
  }
  return out;
}

/// "callback_state/stop" of "org.tenon.early_stopping".
std::string plugin_of(const json::object& document, std::string_view state) {
  for (const json::value& callback : document.at("callbacks").as_array())
    if (callback.at("id").as_string() == state.substr(state_prefix.size()))
      return std::string(callback.at("plugin").as_string());
  return {};
}

bool is_logger(const std::string& plugin) { return plugin.ends_with("csv_logger") || plugin.ends_with("jsonl_logger"); }
bool is_saver(const std::string& plugin) {
  return plugin.ends_with(".checkpoint") || plugin.ends_with(".transform_saver");
}

/// A callback's state without what has to differ.
std::string state_of(std::string bytes, const std::string& plugin, Told told) {
  const auto blank = [&](std::size_t from) { bytes.replace(from, 8, 8, '\0'); };
  if (is_logger(plugin)) {  // the log's bytes and their fingerprint: its lines have the time in them
    BOOST_REQUIRE(bytes.size() >= 24u);
    blank(bytes.size() - 24);
    blank(bytes.size() - 8);
  }
  if (is_saver(plugin) && told == Told::when_the_disk_was_done) {
    // What is still being written, or has just been: behind what it compares by and the newest save with its step.
    std::uint64_t text = 0;
    BOOST_REQUIRE(bytes.size() >= 24u);
    std::memcpy(&text, bytes.data() + 16, sizeof text);
    bytes.resize(std::min<std::size_t>(bytes.size(), 24 + text + 5 * 8));
  }
  return bytes;
}

/// A checkpoint's document without what has to differ.
std::string document_of(const checkpoint::Checkpoint& checkpoint, const fs::path& run, Told told) {
  json::object d = checkpoint.document();
  d.erase("run_id");                              // the other's, where both have begun by themselves
  d.erase("attempt");                             // says itself that the run was interrupted
  d.at("progress").as_object().erase("seconds");  // the clock
  d.erase("xxh3_128");                            // of all of it, what is left out included
  if (checkpoint.is_full()) {
    json::object& file = d.at("files").at(checkpoint::training_file).as_object();
    file.erase("xxh3_128");  // the same
    json::object& tensors = d.at("tensors").at(checkpoint::training_file).as_object();
    std::vector<std::string> states;  // of callbacks: compared beside this, without what has to differ in them
    for (const auto& [name, checksum] : tensors)
      if (std::string_view(name).starts_with(state_prefix)) states.emplace_back(name);
    for (const std::string& state : states) tensors.erase(state);
    if (told == Told::when_the_disk_was_done) {
      d.erase("requests");  // tickets of which their owners have not been told, and the end of those
      d.erase("tallies");   // counts of what they have been told
      for (const char* member : {"bytes", "header_bytes", "header_xxh3_128"}) file.erase(member);  // by states' sizes
    }
  }
  std::string text = json::serialize(d);
  const std::string folder = run.string();  // of one run or of the other
  for (std::size_t at = 0; (at = text.find(folder, at)) != std::string::npos;) text.erase(at, folder.size());
  return text;
}

void add(const fs::path& path, const std::string& name, const fs::path& run, Told told,
         std::map<std::string, std::string>& all) {
  const auto opened = checkpoint::Checkpoint::open(path);
  opened.verify();
  all[name + "/" + std::string(checkpoint::document_file)] = document_of(opened, run, told);
  all[name + "/" + std::string(checkpoint::model_file)] = read(path / checkpoint::model_file);
  if (!opened.is_full()) return;
  const checkpoint::LoadedTensors loaded = opened.load(checkpoint::training_file);
  for (const checkpoint::TensorRecord& record : loaded.records) {
    std::string bytes(reinterpret_cast<const char*>(record.bytes.data()), record.bytes.size());
    if (record.name.starts_with(state_prefix))
      bytes = state_of(std::move(bytes), plugin_of(opened.document(), record.name), told);
    all[name + "/" + record.name] = std::move(bytes);
  }
}

/// The members that differ, as JSON pointers with both values.
void add_differences(const json::value& a, const json::value& b, const std::string& at, std::string& to) {
  if (a == b) return;
  const auto text = [](const json::value* value) { return value ? json::serialize(*value) : std::string("nothing"); };
  if (a.is_object() && b.is_object()) {
    std::set<std::string> keys;
    for (const auto* of : {&a, &b})
      for (const auto& [key, value] : of->get_object()) keys.emplace(key);
    for (const std::string& key : keys) {
      const json::value *in_a = a.get_object().if_contains(key), *in_b = b.get_object().if_contains(key);
      if (in_a && in_b)
        add_differences(*in_a, *in_b, at + "/" + key, to);
      else
        to += "\n  " + at + "/" + key + ": " + text(in_a) + ", resumed " + text(in_b);
    }
  } else if (a.is_array() && b.is_array() && a.get_array().size() == b.get_array().size()) {
    for (std::size_t i = 0; i < a.get_array().size(); ++i)
      add_differences(a.get_array()[i], b.get_array()[i], at + "/" + std::to_string(i), to);
  } else {
    to += "\n  " + at + ": " + text(&a) + ", resumed " + text(&b);
  }
}

std::string differences(const std::string& name, const std::string& a, const std::string& b) {
  std::string all;
  if (name.ends_with(".json")) add_differences(json::parse(a), json::parse(b), "", all);
  return all;
}

}  // namespace

std::map<std::string, std::string> everything(const fs::path& run, Told told) {
  std::map<std::string, std::string> all;
  for (fs::recursive_directory_iterator at(run), end; at != end; ++at) {
    const std::string name = at->path().lexically_relative(run).string();
    const std::string extension = at->path().extension().string();
    if (at->is_symlink()) {
      all[name] = "-> " + fs::read_symlink(at->path()).string();
    } else if (extension == ".ckpt") {
      add(at->path(), name, run, told, all);
      at.disable_recursion_pending();
    } else if (extension == ".jsonl" || extension == ".csv") {
      all[name] = without_times(at->path());
    } else if (name.find("tenon-tmp") != std::string::npos || name.find("tenon-aside") != std::string::npos ||
               name.find(".damaged") != std::string::npos) {
      all[name] = "rubbish";
    }
  }
  return all;
}

std::string ending(json::object summary) {
  summary.erase("run_folder");
  for (auto& [id, account] : summary.at("callbacks").as_object())
    for (const char* told_once : {"skipped", "warnings"})  // reasons, told by the attempt that had them
      account.as_object().erase(told_once);
  return json::serialize(summary);
}

void check_same(const std::map<std::string, std::string>& straight, const std::map<std::string, std::string>& resumed) {
  for (const auto& [name, content] : straight) {
    BOOST_TEST(resumed.contains(name), name << " is not there");
    if (!resumed.contains(name) || resumed.at(name) == content) continue;
    BOOST_ERROR(name << " differs" << differences(name, content, resumed.at(name)));
  }
  for (const auto& [name, content] : resumed) BOOST_TEST(straight.contains(name), name << " is there too");
}

}  // namespace tenon::tests
