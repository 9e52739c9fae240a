// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// best_note - keeps a text file that says what the best value of a metric is and when it was reached, for a person or a
// script that waits for it. The file is replaced as a whole: a reader sees the old text or the new one.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <tenon/plugin.hpp>

namespace {

std::string readable(double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.6g", value);
  return digits;
}

void replace_file(const std::filesystem::path& file, const std::string& content) {
  const std::filesystem::path next = file.string() + ".new";
  std::ofstream out(next, std::ios::binary | std::ios::trunc);
  out << content;
  out.close();
  std::error_code failed;
  if (out) std::filesystem::rename(next, file, failed);
  if (!out || failed) {
    const std::string reason = failed ? failed.message() : std::strerror(errno);
    throw tenon::Error(TENON_E_IO, file.string() + " cannot be written: " + reason);
  }
}

class BestNote {
 public:
  static constexpr const char* id = "org.example.best_note";
  static constexpr const char* name = "best_note";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Writes the best value of a metric into a text file";
  static constexpr const char* license = "Apache-2.0";
  static constexpr const char* options_schema = R"({
    "type": "object", "additionalProperties": false, "required": ["monitor"],
    "properties": {
      "monitor": {"type": "string", "description": "Name of the metric"},
      "mode": {"enum": ["min", "max", "auto"], "default": "auto", "description": "Which direction is better"},
      "min_delta": {"type": "number", "minimum": 0, "default": 0.0, "description": "Smaller improvements are not noted"},
      "filename": {"type": "string", "minLength": 1, "default": "best.txt", "description": "Seen from the run's folder"}}})";
  static constexpr std::uint32_t state_version = 1;

  explicit BestNote(tenon::Host host) : host_(host) {
    const tenon::Options options(host);
    monitor_ =
        tenon::Metrics(host).monitor(options.get<std::string_view>("/monitor"), options.get<std::string_view>("/mode"));
    min_delta_ = options.get<double>("/min_delta");
    file_ = tenon::resolve(host, TENON_PATH_RUN, options.get<std::string_view>("/filename"));
  }

  void on_metrics(const tenon_metrics_args& args) {
    for (const tenon_logged_metric& logged : tenon::logged(args)) {
      if (logged.metric != monitor_.metric || !monitor_.better(logged.value, best_, min_delta_)) continue;
      best_ = logged.value;
      epoch_ = args.progress->epoch;
      step_ = logged.step;
      ++notes_;
      write();
    }
  }

  void on_fit_end() {
    tenon::JsonWriter account(host_);
    account.object().member("notes", notes_).member("best", best_).member("path", file_.string()).end();
    tenon::publish(host_, TENON_TOPIC_ACCOUNT, account.finish());
  }

  void save(tenon::StateWriter& out) const { out.put(best_).put(epoch_).put(step_).put(notes_); }
  void load(tenon::StateReader& in, std::uint32_t saved_version) {
    if (saved_version != state_version) {
      throw tenon::Error(TENON_E_STATE_VERSION, "state of version " + std::to_string(saved_version) + ", known is 1");
    }
    const auto best = in.get<std::optional<double>>();
    const auto epoch = in.get<std::uint64_t>();
    const auto step = in.get<std::uint64_t>();
    notes_ = in.get<std::uint64_t>();
    best_ = best;
    epoch_ = epoch;
    step_ = step;
  }
  /// What was noted after the checkpoint that the run resumes from never happened.
  void on_fit_start(const tenon_fit_start_args& args) {
    if (args.resumed && best_) write();
  }

 private:
  void write() const {
    replace_file(file_, monitor_.name + " " + readable(*best_) + " (" + std::string(monitor_.mode()) + ") at epoch " +
                            std::to_string(epoch_) + ", step " + std::to_string(step_) + "\n");
  }

  tenon::Host host_;
  tenon::Monitor monitor_;
  double min_delta_ = 0;
  std::filesystem::path file_;
  std::optional<double> best_;
  std::uint64_t epoch_ = 0;
  std::uint64_t step_ = 0;
  std::uint64_t notes_ = 0;
};

}  // namespace

TENON_PLUGINS(BestNote);
