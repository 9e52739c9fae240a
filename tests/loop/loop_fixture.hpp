// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A fit over an engine in a folder of its own, with callbacks written as lambdas over the C hook table.
#ifndef TENON_TESTS_LOOP_LOOP_FIXTURE_HPP
#define TENON_TESTS_LOOP_LOOP_FIXTURE_HPP

#include <tenon/plugin.h>
#include <tenon/plugin.hpp>

#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "loop/fit.hpp"
#include "test_engine.hpp"

namespace tenon::tests {

/// Thrown by a decide_* hook of a probe.
struct Denied {
  std::string reason;
};

/// A callback for tests: what is set is called. An exception becomes the hook's failure.
struct Probe {
  const tenon_host* host = nullptr;
  std::string id;
  std::vector<std::string>* trace = nullptr;  ///< "<id>.<hook>" for every hook, when set
  std::function<void(std::uint32_t hook, const void* args)> on_any;
  std::map<std::uint32_t, std::function<void(const void* args)>> on;
  std::function<void()> at_create, at_destroy, at_save;
  std::string saved_state = "state";
  bool save_fails = false;
};

/// What the next create() becomes; the chain creates one callback at a time.
inline thread_local Probe* next_probe = nullptr;

namespace probe {

inline tenon_status run(tenon_callback* c, std::uint32_t hook, const char* name, const void* args, tenon_error* error) {
  auto& self = *reinterpret_cast<Probe*>(c);
  std::optional<std::string> denied;
  const tenon_status status = detail::guard(error, [&] {
    if (self.trace) self.trace->push_back(self.id + "." + name);
    if (self.on_any) self.on_any(hook, args);
    try {
      if (const auto it = self.on.find(hook); it != self.on.end()) it->second(args);
    } catch (const Denied& denial) {
      denied = denial.reason;
    }
  });
  return denied ? detail::fail(error, TENON_DENY, *denied) : status;
}
#define TENON_PROBE(hook, Args)                                                           \
  inline tenon_status TENON_CALL hook(tenon_callback* c, const Args* a, tenon_error* e) { \
    return run(c, TENON_HOOK(hook), #hook, a, e);                                         \
  }
TENON_HOOKS_1_0(TENON_PROBE)
#undef TENON_PROBE
inline tenon_status TENON_CALL create(const tenon_host* host, tenon_callback** out, tenon_error* error) {
  return detail::guard(error, [&] {
    next_probe->host = host;
    next_probe->id = std::string(view(host->callback_id));
    if (next_probe->at_create) next_probe->at_create();
    *out = reinterpret_cast<tenon_callback*>(next_probe);
  });
}
inline void TENON_CALL destroy(tenon_callback* c) {
  if (auto& self = *reinterpret_cast<Probe*>(c); self.at_destroy) self.at_destroy();
}
inline tenon_status TENON_CALL save(tenon_callback* c, const tenon_writer* writer, tenon_error* error) {
  auto& self = *reinterpret_cast<Probe*>(c);
  if (self.at_save) self.at_save();
  if (self.save_fails) return detail::fail(error, TENON_E_FAILED, "no state today");
  return writer->write(writer, self.saved_state.data(), self.saved_state.size(), error);
}
inline tenon_status TENON_CALL load(tenon_callback*, std::uint32_t, const tenon_reader*, tenon_error*) {
  return TENON_OK;
}

inline tenon_hooks all_hooks() {
  tenon_hooks h{};
  h.struct_size = sizeof h;
#define TENON_SET(hook, Args) h.hook = &probe::hook;
  TENON_HOOKS_1_0(TENON_SET)
#undef TENON_SET
  return h;
}
inline const tenon_hooks hooks = all_hooks();

inline tenon_descriptor make_descriptor() {
  tenon_descriptor d{};
  d.struct_size = sizeof d;
  d.state_version = 3;
  d.id = "org.tenon.tests.probe";
  d.name = "probe";
  d.version = "1.0.0";
  d.description = "A callback for tests.";
  d.license = "Apache-2.0";
  d.options_schema = "{\"type\":\"object\"}";
  d.hooks = &hooks;
  d.create = &create;
  d.destroy = &destroy;
  d.save = &save;
  d.load = &load;
  return d;
}
inline const tenon_descriptor descriptor = make_descriptor();

}  // namespace probe

inline std::filesystem::path fresh_folder(const std::string& name) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("tenon-test-" + std::to_string(::getpid()) + "-" + name);
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

/// Use: options, probes, then fit().
struct LoopFixture {
  explicit LoopFixture(loop::Engine& with, const std::string& name = "run") : engine(with), folder(fresh_folder(name)) {
    options.num_sanity_val_steps = 0;
    options.log_every_n_steps = 1;
  }
  ~LoopFixture() {
    fit_.reset();
    std::filesystem::remove_all(folder);
  }
  /// The probe's hooks may be set before or after.
  Probe& probe(const std::string& id, std::optional<chain::OnError> on_error = std::nullopt) {
    Probe& p = probes_.emplace_back();
    wanted_.push_back({id, on_error});
    p.id = id;
    return p;
  }
  loop::Fit& make() {
    loop::RunFacts facts;
    facts.run_id = "test-run";
    facts.run_folder = folder;
    facts.task_name = "test";
    facts.options = options;
    facts.stage = stage;
    facts.manifest_json = "{}";
    facts.wait_for_saves = wait_for_saves;
    if (files) facts.files = files;
    fit_ = std::make_unique<loop::Fit>(engine, facts, folder);
    for (std::size_t i = 0; i < probes_.size(); ++i) {
      next_probe = &probes_[i];
      fit_->chain().add({"probe", wanted_[i].first, wanted_[i].second, {}, "test"}, probe::descriptor, {});
    }
    return *fit_;
  }
  loop::FitResult run() { return make().run(); }
  loop::Fit& fit() { return *fit_; }
  void destroy() { fit_.reset(); }

  loop::Engine& engine;
  std::filesystem::path folder;
  TrainerOptions options;
  loop::Stage stage = loop::Stage::train;
  checkpoint::FileSystem* files = nullptr;  ///< in the place of the real one
  bool wait_for_saves = true;               ///< so that tests may look at the disk after each commit point

 private:
  std::deque<Probe> probes_;
  std::vector<std::pair<std::string, std::optional<chain::OnError>>> wanted_;
  std::unique_ptr<loop::Fit> fit_;
};

}  // namespace tenon::tests

#endif
