// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Task libraries as the host opens them, and what becomes of bad ones.
#include <ATen/ops/ones.h>
#include <ATen/ops/put.h>
#include <ATen/ops/zeros.h>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <tenon/failure.hpp>
#include <tenon/task_library.hpp>

#include "chain/library_section.hpp"
#include "loop/engine.hpp"

extern "C" tenon::loop::Engine* tenon_open_engine(const tenon::loop::EngineRequest&);

namespace fs = std::filesystem;
using tenon::loop::EngineRequest;

namespace {

EngineRequest request_of(const fs::path& library) {
  EngineRequest request;
  request.task_library = library;
  request.task_identity =
      boost::json::parse(tenon::chain::read_library_section(library, ".tenon.task").value()).as_object();
  request.task_config = {{"hidden", 64}, {"lr", 0.003}, {"batch_size", 64}, {"repeat", 1}};
  request.options.seed = 7;
  request.options.threads = 1;
  return request;
}

EngineRequest digits() { return request_of(fs::path(TENON_BINARY_DIR) / "tasks/digits.so"); }

tenon::Failure failure_of(const EngineRequest& request) {
  try {
    const std::unique_ptr<tenon::loop::Engine> engine(tenon_open_engine(request));
  } catch (const tenon::Failure& failure) {
    return failure;
  }
  return {tenon::ExitCode::ok, "nothing was thrown"};
}

/// A folder of this test's own, removed at its end.
struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "tenon_task_XXXXXX").string();
    BOOST_REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

std::string refusal_of_data(const std::string& text) {
  const Folder folder;
  std::ofstream(folder.path / "bad.csv") << text;
  EngineRequest request = digits();
  request.manifest_folder = folder.path;
  request.task_config["data"] = "bad.csv";
  const tenon::Failure failure = failure_of(request);
  BOOST_TEST(static_cast<int>(failure.code()) == static_cast<int>(tenon::ExitCode::task));
  std::string what = failure.what();
  for (std::size_t at; (at = what.find(folder.path.string() + "/")) != std::string::npos;)
    what.erase(at, folder.path.string().size() + 1);
  const std::string library = " (" + request.task_library.string() + ")";
  if (const std::size_t at = what.find(library); at != std::string::npos) what.erase(at, library.size());
  return what;
}

const std::string cure =
    "; a line is 64 pixels from 0 to 16 and a digit from 0 to 9, separated by commas. Correct or remove it.";

std::string row(const std::string& first, const std::string& label) {
  std::string line = first;
  for (int i = 1; i < 64; ++i) line += ",3";
  return line + "," + label + "\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(task_library)

BOOST_AUTO_TEST_CASE(the_digits_task_opens_and_says_what_it_is) {
  const std::unique_ptr<tenon::loop::Engine> engine(tenon_open_engine(digits()));
  const tenon::loop::EngineFacts& facts = engine->facts();
  BOOST_TEST(facts.task_name == "digits");
  BOOST_TEST(facts.train_batches == 23u);
  BOOST_TEST(facts.validation_batches.size() == 1u);
  BOOST_TEST(facts.declares_metrics);
  BOOST_TEST(facts.metrics.at(2).name == "val_acc");
  BOOST_TEST((facts.metrics.at(2).goal == tenon::Goal::maximize));
}

BOOST_AUTO_TEST_CASE(the_identity_is_read_without_loading) {
  const boost::json::object identity = digits().task_identity;
  BOOST_TEST(identity.at("tenon_task").as_int64() == 1);
  BOOST_TEST(identity.at("name").as_string() == "digits");
  BOOST_TEST(identity.at("fingerprint").as_string() == TENON_TASK_FINGERPRINT);
  BOOST_TEST(identity.at("config").at("properties").at("hidden").at("default").as_int64() == 64);
}

BOOST_AUTO_TEST_CASE(a_task_of_another_build_is_refused_and_nothing_of_it_runs) {
  const EngineRequest request = request_of(fs::path(TENON_BINARY_DIR) / "tests/tasks/foreign_task.so");
  const tenon::Failure failure = failure_of(request);
  BOOST_TEST(static_cast<int>(failure.code()) == static_cast<int>(tenon::ExitCode::task));
  BOOST_TEST(failure.what() == "task 'foreign' (" + request.task_library.string() +
                                   ") was built for another LibTorch or another compiler than this tenon:\n"
                                   "  the task:  libtorch=1.13.1 compiler-abi=1002\n"
                                   "  this host: " TENON_TASK_FINGERPRINT
                                   "\nBuild the task anew with this tenon's headers and LibTorch.");
}

BOOST_AUTO_TEST_CASE(a_library_that_is_no_task_is_refused) {
  EngineRequest request = digits();
  request.task_library = fs::path(TENON_BINARY_DIR) / "tests/tasks/no_task.so";
  const tenon::Failure failure = failure_of(request);
  BOOST_TEST(failure.what() == "task library " + request.task_library.string() +
                                   " does not export tenon_task_v1: put TENON_TASK(...) into one of its source files");
  request.task_library = "/nowhere/absent.so";
  BOOST_TEST(std::string(failure_of(request).what()).starts_with("task library /nowhere/absent.so cannot be loaded: "));
}

BOOST_AUTO_TEST_CASE(a_gpu_that_is_not_there_is_refused_with_what_is_missing) {
  EngineRequest request = digits();
  if (std::filesystem::exists("/dev/nvidiactl")) {
    BOOST_TEST_MESSAGE("skipped: this machine has a GPU");
    return;
  }
  for (const char* name : {"cuda", "cuda:3"}) {
    request.options.device = name;
    const tenon::Failure failure = failure_of(request);
    BOOST_TEST(static_cast<int>(failure.code()) == static_cast<int>(tenon::ExitCode::manifest));
    BOOST_TEST(std::string(failure.what()).starts_with("trainer.device is '" + std::string(name) + "', but LibTorch"));
    BOOST_TEST(std::string(failure.what()).ends_with("; or say \"device\": \"cpu\""));
  }
  request.options.device = "auto";
  BOOST_TEST(failure_of(request).what() == std::string("nothing was thrown"));
}

BOOST_AUTO_TEST_CASE(an_operation_that_varies_is_an_error_under_deterministic) {
  const auto put = [] { at::zeros({3}).put_(at::zeros({2}, at::kLong), at::ones({2})); };
  EngineRequest request = digits();
  BOOST_TEST(failure_of(request).what() == std::string("nothing was thrown"));
  put();
  request.options.deterministic = tenon::Deterministic::yes;
  BOOST_TEST(failure_of(request).what() == std::string("nothing was thrown"));
  BOOST_CHECK_THROW(put(), std::exception);
  request.options.deterministic = tenon::Deterministic::warn;
  BOOST_TEST(failure_of(request).what() == std::string("nothing was thrown"));
  put();
  request.options.deterministic = tenon::Deterministic::no;
  BOOST_TEST(failure_of(request).what() == std::string("nothing was thrown"));
}

BOOST_AUTO_TEST_CASE(a_bad_row_is_named_with_file_line_and_cure) {
  const std::string good = row("0", "5");
  BOOST_TEST(refusal_of_data(good + row("17", "5")) ==
             "task 'digits': bad.csv:2: column 1 is '17', not a whole number from 0 to 16" + cure);
  BOOST_TEST(refusal_of_data(good + good + row("x", "5")) ==
             "task 'digits': bad.csv:3: column 1 is 'x', not a whole number from 0 to 16" + cure);
  BOOST_TEST(refusal_of_data(row("0", "10")) ==
             "task 'digits': bad.csv:1: column 65 is '10', not a whole number from 0 to 9" + cure);
  BOOST_TEST(refusal_of_data(row("1.5", "1")) ==
             "task 'digits': bad.csv:1: column 1 is '1.5', not a whole number from 0 to 16" + cure);
  BOOST_TEST(refusal_of_data(good + "1,2,3\n") == "task 'digits': bad.csv:2: it has 3 columns instead of 65" + cure);
  BOOST_TEST(refusal_of_data(row("0,0", "5")) == "task 'digits': bad.csv:1: it has 66 columns instead of 65" + cure);
  BOOST_TEST(refusal_of_data("") == "task 'digits': the data file bad.csv has 0 rows, too few to train on");
}

BOOST_AUTO_TEST_CASE(a_missing_data_file_is_named) {
  EngineRequest request = digits();
  request.manifest_folder = "/nowhere";
  request.task_config["data"] = "absent.csv";
  BOOST_TEST(std::string(failure_of(request).what())
                 .ends_with(": the data file /nowhere/absent.csv cannot be opened; is it beside the task's library?"));
}

BOOST_AUTO_TEST_SUITE_END()
