// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A run of the real host with the plugins of build/plugins, on the loop's engine without LibTorch: options are checked
// against the schemas, libraries are loaded, checkpoints are written.
#ifndef TENON_TESTS_PLUGINS_PLUGIN_RUN_HPP
#define TENON_TESTS_PLUGINS_PLUGIN_RUN_HPP

#include <boost/json/object.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../../loop/test_engine.hpp"
#include "../temporary_folder.hpp"
#include "loop/fit.hpp"

namespace tenon::tests {

/// A value that a step or validation does not log.
constexpr double absent = -987654321.0;

class PluginRun {
 public:
  using Fit = loop::Fit;
  using FitResult = loop::FitResult;

  /// `callbacks` is the manifest's array, `trainer` its object without braces; one training epoch has two batches.
  explicit PluginRun(std::string callbacks, std::string trainer = "\"max_epochs\": 1");

  /// Values that a metric has, validation by validation or step by step; the last one is repeated.
  void log_validation(const std::string& name, std::vector<double> values);
  void log_step(const std::string& name, std::vector<double> values);

  /// Begins with all that stands in the folder of another run now, which may still be going on: as a process that takes
  /// over where that one was killed.
  void take_over(const PluginRun& other);
  /// Goes on from a checkpoint below the run's folder: "checkpoints/2.ckpt".
  void resume_from(const std::string& checkpoint) { resume_from_ = checkpoint; }

  /// Throws Failure where the manifest is refused, as `tenon train` does.
  void run();

  TestEngine engine;
  std::uint64_t log_every_n_steps = 1;
  std::function<void(Fit&)> before_run, after_run;
  bool on_terminal = false, stdout_taken = false;
  bool wait_for_saves = true;  ///< so that the order of decisions does not depend on the disk

  FitResult result;
  /// "<step> <callback> <action> <path>", "-> <target>" for a ref.
  std::vector<std::string> decisions;
  std::vector<std::string> reasons;  ///< as many
  std::uint64_t attempt = 1;         ///< as many processes have worked on the run

  boost::json::object account(const std::string& id) const;
  std::string text() const { return account_text_; }
  /// What stands in a folder below the run's, sorted, without what is hidden.
  std::vector<std::string> names(const std::string& folder = "checkpoints") const;
  std::string link(const std::string& name) const;
  std::string read(const std::string& name) const { return content_of(folder_.path() / name); }
  boost::json::object document(const std::string& checkpoint) const;
  const TemporaryFolder& folder() const { return folder_; }

 private:
  static double at(const std::vector<double>& values, std::uint64_t i) {
    return values.at(std::min<std::uint64_t>(i, values.size() - 1));
  }

  TemporaryFolder folder_;
  std::string callbacks_, trainer_, resume_from_;
  std::vector<std::pair<std::string, std::vector<double>>> validation_, step_;
  boost::json::object summary_;
  std::string account_text_;
};

/// The message with which a run with these callbacks is refused; empty when it is not.
std::string refusal(const std::string& callbacks, const std::string& trainer = "\"max_epochs\": 1");

}  // namespace tenon::tests

#endif
