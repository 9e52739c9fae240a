// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a callback is given at birth: board, paths, transforms, log, saved state.
#include <tenon/services.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <future>
#include <stdexcept>
#include <vector>

#include "chain/log.hpp"
#include "plain.hpp"
#include "tenon/failure.hpp"

namespace tenon::chain::test {
namespace {

struct Fixture : Bench {
  Callback& first = add(plain, "first");
  Callback& second = add(plain, "second");
  const tenon_board& board = service<tenon_board>(first, TENON_SERVICE_BOARD);
  const tenon_paths& paths = service<tenon_paths>(first, TENON_SERVICE_PATHS);
  const tenon_transforms& transforms = service<tenon_transforms>(first, TENON_SERVICE_TRANSFORMS);
  tenon_progress progress = sized<tenon_progress>();
  tenon_event_args event{sizeof event, 1, &progress};
  tenon_fit_start_args fit_start{sizeof fit_start, 0, &progress, {}};
  tenon_batch_args batch{sizeof batch, 0, &progress, 8};
  tenon_end_args end{sizeof end, TENON_END_FINISHED, &progress, {}};

  Outcome publish(const Callback& by, const char* topic, const std::string& json) {
    return outcome([&](tenon_error* e) { return board.publish(by.host(), to_text(topic), to_text(json), e); });
  }
  Outcome read(const char* id, const char* topic) {
    tenon_text out{};
    Outcome o =
        outcome([&](tenon_error* e) { return board.read(second.host(), to_text(id), to_text(topic), &out, e); });
    if (o.status == TENON_OK) o.text = from_text(out);
    return o;
  }
  Outcome resolve(std::int32_t base, std::string_view path) {
    tenon_text out{};
    Outcome o = outcome([&](tenon_error* e) { return paths.resolve(first.host(), base, to_text(path), &out, e); });
    if (o.status == TENON_OK) o.text = from_text(out);
    return o;
  }
};

BOOST_FIXTURE_TEST_CASE(a_host_says_who_it_is, Fixture) {
  const tenon_host& host = *first.host();
  BOOST_TEST(host.abi_version == TENON_ABI_VERSION);
  BOOST_TEST(from_text(host.name) == "tenon");
  BOOST_TEST(!from_text(host.version).empty());
  BOOST_TEST(from_text(host.callback_id) == "first");
  BOOST_TEST(host.service(&host, "tenon.nothing/1") == nullptr);
  BOOST_TEST(host.service(&host, nullptr) == nullptr);
  BOOST_TEST(&callback_of(&host) == &first);
}

BOOST_FIXTURE_TEST_CASE(messages_are_headed_by_the_callbacks_id, Fixture) {
  const tenon_host& host = *first.host();
  BOOST_TEST(stderr_of([&] { host.log(&host, TENON_LOG_WARN, {}, 0, to_text("disk is {nearly} full")); }) ==
             "warning: first: disk is {nearly} full\n");
  BOOST_TEST(stderr_of([&] { host.log(&host, TENON_LOG_INFO, to_text("a.cpp"), 7, to_text("x")); }) ==
             "info: first: a.cpp:7: x\n");
  BOOST_TEST(host.log_enabled(&host, TENON_LOG_DEBUG) == 0);
  BOOST_TEST(stderr_of([&] { host.log(&host, TENON_LOG_DEBUG, {}, 0, to_text("x")); }).empty());
  set_log_level(TENON_LOG_DEBUG);
  BOOST_TEST(host.log_enabled(&host, TENON_LOG_DEBUG) == 1);
  set_log_level(TENON_LOG_INFO);
}

BOOST_FIXTURE_TEST_CASE(what_one_publishes_another_reads, Fixture) {
  BOOST_TEST(publish(first, "best", R"({"score": 0.5})").status == TENON_OK);
  BOOST_TEST(read("first", "best").text == R"({"score": 0.5})");
  BOOST_TEST(publish(first, "best", "7").status == TENON_OK);
  BOOST_TEST(read("first", "best").text == "7");
  BOOST_TEST(read("second", "best").status == TENON_E_NOT_FOUND);
  BOOST_TEST(read("first", "worst").text == "nothing is published at first/worst");
}

BOOST_FIXTURE_TEST_CASE(a_text_read_outlives_its_replacement_until_the_hook_returns, Fixture) {
  publish(first, "best", "1");
  tenon_text out{};
  BOOST_TEST(board.read(second.host(), to_text("first"), to_text("best"), &out, nullptr) == TENON_OK);
  publish(first, "best", "2");
  BOOST_TEST(from_text(out) == "1");
}

BOOST_FIXTURE_TEST_CASE(the_board_takes_json_only_and_only_while_the_run_lasts, Fixture) {
  BOOST_TEST(publish(first, "best", "{").status == TENON_E_INVALID_ARGUMENT);
  BOOST_TEST(publish(first, "", "1").status == TENON_E_INVALID_ARGUMENT);
  BOOST_TEST(publish(first, "account", "[]").text == "first/account: an account is a JSON object");
  BOOST_TEST(publish(first, "account", R"({"saved":3})").status == TENON_OK);
  BOOST_TEST(boost::json::serialize(chain.board().account("first").value()) == R"({"saved":3})");
  BOOST_TEST(!chain.board().account("second"));
  chain.on_fit_end(end);
  BOOST_TEST(publish(first, "best", "1").status == TENON_E_WRONG_STATE);
  BOOST_TEST(read("first", "account").status == TENON_OK);
}

BOOST_FIXTURE_TEST_CASE(loop_thread_functions_refuse_other_threads, Fixture) {
  std::async(std::launch::async, [&] {
    BOOST_TEST(publish(first, "best", "1").status == TENON_E_WRONG_THREAD);
    BOOST_TEST(resolve(TENON_PATH_RUN, "x").status == TENON_E_WRONG_THREAD);
  }).get();
  BOOST_TEST(outcome([&](tenon_error* e) { return board.publish(nullptr, to_text("a"), to_text("1"), e); }).status ==
             TENON_E_INVALID_ARGUMENT);
}

BOOST_FIXTURE_TEST_CASE(paths_are_resolved_from_their_base, Fixture) {
  const std::string run = (folder.path() / "run").string(), manifest = (folder.path() / "manifest").string();
  BOOST_TEST(resolve(TENON_PATH_RUN, "logs/metrics.csv").text == run + "/logs/metrics.csv");
  BOOST_TEST(std::filesystem::is_directory(run + "/logs"));
  BOOST_TEST(resolve(TENON_PATH_RUN, "").text == run);
  BOOST_TEST(resolve(TENON_PATH_RUN, "a/./b/../c/").text == run + "/a/c");
  BOOST_TEST(resolve(TENON_PATH_RUN, run + "/elsewhere/x").text == run + "/elsewhere/x");
  BOOST_TEST(resolve(TENON_PATH_MANIFEST, "../data.csv").text == (folder.path() / "data.csv").string());
  BOOST_TEST(resolve(TENON_PATH_MANIFEST, "deep/data.csv").text == manifest + "/deep/data.csv");
  BOOST_TEST(!std::filesystem::exists(manifest));
  setenv("HOME", (folder.path() / "home").c_str(), 1);
  BOOST_TEST(resolve(TENON_PATH_MANIFEST, "~/x").text == (folder.path() / "home/x").string());
  BOOST_TEST(resolve(TENON_PATH_PLUGIN, "x").status == TENON_E_UNSUPPORTED);
  BOOST_TEST(resolve(7, "x").status == TENON_E_INVALID_ARGUMENT);
  BOOST_TEST(resolve(TENON_PATH_RUN, std::string_view("a\0b", 3)).status == TENON_E_INVALID_ARGUMENT);
}

BOOST_FIXTURE_TEST_CASE(a_path_that_cannot_be_made_says_why, Fixture) {
  std::filesystem::create_directories(folder.path() / "run");
  std::ofstream(folder.path() / "run/file") << "x";
  const Outcome o = resolve(TENON_PATH_RUN, "file/below/x");
  BOOST_TEST(o.status == TENON_E_IO);
  BOOST_TEST(o.text.find("run/file/below: Not a directory") != std::string::npos, o.text);
}

BOOST_FIXTURE_TEST_CASE(scratch_folders_are_each_callbacks_own_and_go_with_the_chain, Fixture) {
  std::string path;
  {
    NoServices none;
    Chain inner(none, {folder.path() / "run", folder.path()});
    Callback& callback = inner.add({"plain", "mine", {}, {}, "run.json"}, plain, {});
    tenon_text out{};
    paths.resolve(callback.host(), TENON_PATH_SCRATCH, to_text("a/b"), &out, nullptr);
    path = from_text(out);
    BOOST_TEST(path == (folder.path() / "run/.scratch/mine/a/b").string());
    std::ofstream(path) << "x";
    BOOST_TEST(std::filesystem::exists(path));
  }
  BOOST_TEST(!std::filesystem::exists(folder.path() / "run/.scratch"));
}

tenon_status prepare(tenon_callback*, const tenon_prepare_args*, tenon_job**, tenon_error*) { return TENON_OK; }
tenon_status apply(tenon_job*, const tenon_apply_args*, tenon_error*) { return TENON_OK; }
void destroy_job(tenon_job*) {}
tenon_transform make(const char* name, const char* schema = "") {
  return {sizeof(tenon_transform), 0, to_text(name), to_text(schema), prepare, apply, nullptr, destroy_job};
}

struct TransformFixture : Fixture {
  Outcome offer(const Callback& by, const tenon_transform& transform) {
    return outcome([&](tenon_error* e) { return transforms.offer(by.host(), &transform, e); });
  }
  std::string found(const Callback& user, const char* name) {
    try {
      return qualified_name(*chain.find_transform(user, name));
    } catch (const AbiError& x) {
      BOOST_TEST(x.status() == TENON_E_INVALID_ARGUMENT);
      return x.what();
    }
  }
};

BOOST_FIXTURE_TEST_CASE(a_name_means_ones_own_then_the_only_one_then_needs_the_id, TransformFixture) {
  Callback& third = add(plain, "third");
  BOOST_TEST(found(third, "ema") == "nobody offers a transform 'ema', or any other");
  offer(first, make("ema"));
  BOOST_TEST(found(third, "ema") == "first/ema");
  BOOST_TEST(found(third, "first/ema") == "first/ema");
  offer(second, make("ema"));
  BOOST_TEST(found(second, "ema") == "second/ema");
  BOOST_TEST(found(first, "ema") == "first/ema");
  BOOST_TEST(found(third, "ema") == "several callbacks offer a transform 'ema'; write 'first/ema' or 'second/ema'");
  BOOST_TEST(found(third, "second/ema") == "second/ema");
  BOOST_TEST(found(third, "second/emma") == "nobody offers a transform 'second/emma'; did you mean 'second/ema'?");
}

BOOST_FIXTURE_TEST_CASE(offers_that_make_no_sense_are_refused, TransformFixture) {
  BOOST_TEST(offer(first, make("ema")).status == TENON_OK);
  BOOST_TEST(offer(first, make("ema")).text == "transform 'ema' is offered by this callback already");
  BOOST_TEST(offer(first, make("a/b")).status == TENON_E_INVALID_ARGUMENT);
  BOOST_TEST(offer(first, make("")).status == TENON_E_INVALID_ARGUMENT);
  BOOST_TEST(offer(first, make("x", "{")).status == TENON_E_INVALID_ARGUMENT);
  tenon_transform half = make("half");
  half.apply = nullptr;
  BOOST_TEST(offer(first, half).status == TENON_E_INVALID_ARGUMENT);
  tenon_transform shorter = make("short");
  shorter.struct_size = offsetof(tenon_transform, destroy_job);
  BOOST_TEST(offer(first, shorter).status == TENON_E_INVALID_ARGUMENT);
  chain.on_setup(event);
  BOOST_TEST(offer(first, make("late")).status == TENON_E_WRONG_STATE);
}

BOOST_FIXTURE_TEST_CASE(a_use_is_checked_before_training_once_all_have_offered, TransformFixture) {
  const auto check = [&](const char* name, const char* options) {
    return outcome([&](tenon_error* e) { return transforms.check(first.host(), to_text(name), to_text(options), e); });
  };
  offer(second, make("plain"));
  BOOST_TEST(check("plain", "").status == TENON_E_WRONG_STATE);
  chain.on_setup(event);
  BOOST_TEST(check("plain", "").status == TENON_OK);
  BOOST_TEST(check("second/plain", "{}").status == TENON_OK);
  BOOST_TEST(check("second/plan", "").text == "nobody offers a transform 'second/plan'; did you mean 'second/plain'?");
  BOOST_TEST(check("plain", "{\"a\": 1}").text ==
             "transform 'second/plain' asked for by callback 'first': it takes no options");
}

BOOST_FIXTURE_TEST_CASE(the_options_of_a_use_are_checked_and_filled, TransformFixture) {
  offer(first, make("plain"));
  offer(first, make("ema", R"({"type":"object"})"));
  const Transform& none = *chain.find_transform(second, "plain");
  const Transform& ema = *chain.find_transform(second, "ema");
  BOOST_TEST(chain.transform_options(second, none, "") == "{}");
  const auto refused = [&](const Transform& transform, const char* options, const char* text) {
    BOOST_CHECK_EXCEPTION(chain.transform_options(second, transform, options), AbiError, [&](const AbiError& x) {
      BOOST_TEST(x.what() == text);
      return x.status() == TENON_E_INVALID_ARGUMENT;
    });
  };
  refused(none, R"({"a":1})", "transform 'first/plain' asked for by callback 'second': it takes no options");
  refused(ema, "[]", "transform 'first/ema' asked for by callback 'second': its options are not a JSON object");

  chain.set_options_check([](boost::json::object& options, const boost::json::value& schema, const std::string& where) {
    BOOST_TEST(boost::json::serialize(schema) == R"({"type":"object"})");
    if (options.contains("dcay")) throw Failure(ExitCode::manifest, where + ": unknown key 'dcay'");
    options["decay"] = 0.5;
  });
  BOOST_TEST(chain.transform_options(second, ema, "{}") == R"({"decay":0.5})");
  refused(ema, R"({"dcay":1})", "transform 'first/ema' asked for by callback 'second': unknown key 'dcay'");
}

BOOST_FIXTURE_TEST_CASE(hold_is_answered_by_whoever_takes_the_snapshots, TransformFixture) {
  tenon_tensor out = 0;
  int snapshot = 0;
  BOOST_TEST(transforms.hold(first.host(), &snapshot, 7, &out, nullptr) == TENON_E_UNSUPPORTED);
  BOOST_TEST(transforms.hold(first.host(), nullptr, 7, &out, nullptr) == TENON_E_INVALID_ARGUMENT);

  struct Snapshots : NoServices {
    tenon_tensor hold(Callback& caller, const void*, tenon_tensor tensor) override {
      BOOST_TEST(caller.id() == "only");
      return tensor + 100;
    }
  } provider;
  Chain inner(provider, {folder.path(), folder.path()});
  Callback& only = inner.add({"plain", "only", {}, {}, "run.json"}, plain, {});
  BOOST_TEST(transforms.hold(only.host(), &snapshot, 7, &out, nullptr) == TENON_OK);
  BOOST_TEST(out == 107u);
}

/// Counts batches and keeps the count.
struct Stateful {
  static constexpr const char* id = "org.example.stateful";
  static constexpr const char* name = "stateful";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Counts batches";
  static constexpr const char* license = "Apache-2.0";
  static constexpr const char* options_schema = "{}";
  static constexpr std::uint32_t state_version = 3;
  explicit Stateful(Host) {}
  void on_train_batch_end() { ++batches; }
  void on_train_end() { throw Error(TENON_E_FAILED, "broken"); }
  void save(StateWriter& out) const {
    if (batches == 13) throw Error(TENON_E_IO, "unlucky");
    out.put(batches);
  }
  void load(StateReader& in, std::uint32_t saved) {
    if (saved != 3) throw Error(TENON_E_STATE_VERSION, "only version 3");
    batches = in.get<std::uint64_t>();
  }
  std::uint64_t batches = 0;
};
constexpr const tenon_descriptor& stateful = tenon::detail::Adapter<Stateful>::descriptor;

BOOST_FIXTURE_TEST_CASE(state_is_saved_and_given_back, Fixture) {
  Callback& a = add(stateful, "a");
  for (int i = 0; i < 5; ++i) chain.on_train_batch_end(batch);
  const SavedState state = a.save_state().value();
  BOOST_TEST(state.version == 3u);
  BOOST_TEST(state.bytes.size() == 8u);

  Bench resumed;
  Callback& b = resumed.add(stateful, "a");
  b.load_state(state.version, state.bytes);
  BOOST_TEST((b.save_state().value().bytes == state.bytes));
  const auto status_of = [](auto&& call) {
    try {
      call();
    } catch (const AbiError& x) {
      return x.status();
    }
    return tenon_status{TENON_OK};
  };
  BOOST_TEST(status_of([&] { b.load_state(2, state.bytes); }) == TENON_E_STATE_VERSION);
  BOOST_TEST(status_of([&] { b.load_state(3, std::span(state.bytes).first(3)); }) == TENON_E_INVALID_ARGUMENT);
  BOOST_TEST((b.save_state().value().bytes == state.bytes));
  BOOST_TEST(status_of([&] { first.load_state(1, {}); }) == TENON_E_UNSUPPORTED);
  BOOST_TEST(!first.save_state());
}

BOOST_FIXTURE_TEST_CASE(a_save_that_fails_says_why, Fixture) {
  Callback& a = add(stateful, "a");
  for (int i = 0; i < 13; ++i) chain.on_train_batch_end(batch);
  BOOST_CHECK_EXCEPTION(a.save_state(), AbiError, [](const AbiError& x) {
    BOOST_TEST(x.what() == "unlucky");
    return x.status() == TENON_E_IO;
  });
}

BOOST_FIXTURE_TEST_CASE(a_disabled_callback_keeps_its_last_saved_state, Fixture) {
  Callback& a = add(stateful, "a", OnError::disable);
  Callback& b = add(stateful, "b", OnError::disable);
  chain.on_train_batch_end(batch);
  const SavedState last = a.save_state().value();
  chain.on_train_batch_end(batch);
  stderr_of([&] { chain.on_train_end(end); });
  BOOST_TEST(a.disabled());
  BOOST_TEST((a.save_state().value().bytes == last.bytes));
  BOOST_TEST(!b.save_state());  // never saved before
}

BOOST_FIXTURE_TEST_CASE(a_transform_of_a_disabled_callback_is_not_found, TransformFixture) {
  Callback& owner = add(stateful, "owner", OnError::disable);
  offer(owner, make("ema"));
  BOOST_TEST(found(first, "ema") == "owner/ema");
  stderr_of([&] { chain.on_train_end(end); });
  BOOST_TEST(found(first, "ema") == "nobody offers a transform 'ema', or any other");
}

}  // namespace
}  // namespace tenon::chain::test
