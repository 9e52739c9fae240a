// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A host that is made to look older or newer than the plugin: structs shorter and longer, tables with less and more.
#include <tenon/services.h>

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <memory>
#include <string>

#include "chain/library.hpp"
#include "plain.hpp"
#include "tenon/failure.hpp"

namespace tenon::chain::test {
namespace {

const std::filesystem::path plugins = TENON_BINARY_DIR "/tests/plugins_misbehaving";
const TrustPolicy trusting{{TENON_BINARY_DIR}};

/// Reads whatever is there, and asks before it reads.
struct Careful {
  static constexpr const char* id = "org.example.careful";
  static constexpr const char* name = "careful";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Asks before it reads";
  static constexpr const char* license = "Apache-2.0";
  static constexpr const char* options_schema = "{}";
  explicit Careful(Host host) : host_(host.raw()) {}
  void on_train_batch_end(const tenon_batch_args& args) {
    ++calls;
    has_samples = args.struct_size >= sizeof(tenon_batch_args);
    has_seconds = TENON_HAS(tenon_progress, args.progress, seconds);
    const auto* options = static_cast<const tenon_options*>(host_->service(host_, TENON_SERVICE_OPTIONS));
    has_options = options != nullptr;
    has_writer = TENON_HAS(tenon_options, options, writer);
  }
  void on_train_end() { ++ends; }
  static inline int calls = 0, ends = 0;
  static inline bool has_samples = false, has_seconds = false, has_options = false, has_writer = false;

 private:
  const tenon_host* host_;
};
constexpr const tenon_descriptor& careful = tenon::detail::Adapter<Careful>::descriptor;

struct Fixture {
  Fixture() { Careful::calls = Careful::ends = 0; }
  tenon_progress progress = sized<tenon_progress>();
  tenon_batch_args batch{sizeof batch, 0, &progress, 8};
  tenon_end_args end{sizeof end, TENON_END_FINISHED, &progress, {}};
};

BOOST_FIXTURE_TEST_CASE(arguments_of_an_older_host_are_shorter, Fixture) {
  Bench bench;
  bench.add(careful, "a");
  // Only what an older host would fill exists: a read beyond it is a sanitizer's find.
  const std::uint32_t progress_size = offsetof(tenon_progress, seconds),
                      batch_size = offsetof(tenon_batch_args, samples);
  const auto short_progress = std::make_unique<unsigned char[]>(progress_size);
  progress.struct_size = progress_size;
  std::memcpy(short_progress.get(), &progress, progress_size);
  batch.struct_size = batch_size;
  batch.progress = reinterpret_cast<const tenon_progress*>(short_progress.get());
  const auto short_batch = std::make_unique<unsigned char[]>(batch_size);
  std::memcpy(short_batch.get(), &batch, batch_size);
  bench.chain.on_train_batch_end(*reinterpret_cast<const tenon_batch_args*>(short_batch.get()));
  BOOST_TEST(Careful::calls == 1);
  BOOST_TEST(!Careful::has_samples);
  BOOST_TEST(!Careful::has_seconds);
}

BOOST_FIXTURE_TEST_CASE(arguments_of_a_newer_host_are_longer, Fixture) {
  Bench bench;
  bench.add(careful, "a");
  struct {
    tenon_batch_args known;
    unsigned char more[64];
  } longer;
  std::memset(&longer, 0xA5, sizeof longer);
  longer.known = batch;
  longer.known.struct_size = sizeof longer;
  bench.chain.on_train_batch_end(longer.known);
  BOOST_TEST(Careful::has_samples);
  BOOST_TEST(Careful::has_seconds);
}

BOOST_FIXTURE_TEST_CASE(an_older_host_calls_only_the_hooks_it_knows, Fixture) {
  AbiModel older;
  older.hooks_size = offsetof(tenon_hooks, on_train_end);  // before that slot was appended
  Bench bench(older);
  bench.add(careful, "a");
  bench.chain.on_train_batch_end(batch);
  bench.chain.on_train_end(end);
  BOOST_TEST(Careful::calls == 1);
  BOOST_TEST(Careful::ends == 0);
}

BOOST_FIXTURE_TEST_CASE(an_older_hosts_service_tables_are_shorter, Fixture) {
  const auto short_table = std::make_unique<unsigned char[]>(offsetof(tenon_options, writer));
  AbiModel older;
  older.service = [&](std::string_view id, const void* table) -> const void* {
    if (id == TENON_SERVICE_BOARD) return nullptr;
    if (id != TENON_SERVICE_OPTIONS) return table;
    tenon_options known = *static_cast<const tenon_options*>(table);
    known.struct_size = offsetof(tenon_options, writer);
    std::memcpy(short_table.get(), &known, known.struct_size);
    return short_table.get();
  };
  Bench bench(older);
  Callback& a = bench.add(careful, "a");
  bench.chain.on_train_batch_end(batch);
  BOOST_TEST(Careful::has_options);
  BOOST_TEST(!Careful::has_writer);
  BOOST_TEST(a.host()->service(a.host(), TENON_SERVICE_BOARD) == nullptr);
}

BOOST_FIXTURE_TEST_CASE(a_newer_hosts_service_tables_are_longer, Fixture) {
  struct {
    tenon_options known;
    void* more[4];
  } longer{};
  AbiModel newer;
  newer.abi_version = TENON_ABI_MAKE(1, 7);
  newer.host_size = sizeof(tenon_host) + 32;
  newer.service = [&](std::string_view id, const void* table) -> const void* {
    if (id != TENON_SERVICE_OPTIONS) return table;
    longer.known = *static_cast<const tenon_options*>(table);
    longer.known.struct_size = sizeof longer;
    return &longer;
  };
  Bench bench(newer);
  Callback& a = bench.add(careful, "a");
  bench.chain.on_train_batch_end(batch);
  BOOST_TEST(Careful::has_writer);
  BOOST_TEST(a.host()->abi_version == TENON_ABI_MAKE(1, 7));
}

BOOST_FIXTURE_TEST_CASE(an_older_host_refuses_by_name_and_number, Fixture) {
  AbiModel older;
  older.abi_version = TENON_ABI_MAKE(0, 9);
  const auto refusal = [&](const char* file) {
    try {
      Library::open(plugins / file, trusting, {}, older);
    } catch (const Failure& x) {
      return std::string(x.what());
    }
    return std::string("taken");
  };
  const std::string text = refusal("misbehaving.so");
  BOOST_TEST(
      text.find("(org.example.misbehaving 0.1.0) needs a host of ABI 1.0 or newer; this one") != std::string::npos,
      text);
  BOOST_TEST(text.find("has ABI 0.9") != std::string::npos, text);
}

BOOST_FIXTURE_TEST_CASE(a_plugin_of_a_newer_abi_that_needs_little_runs_on_this_host, Fixture) {
  const Library& library = Library::open(plugins / "from_the_future.so", trusting);
  BOOST_TEST(library.entry().abi_version > TENON_ABI_VERSION);
  Bench bench;
  Callback& future = bench.add(library.kind("org.example.from_the_future"), "future");
  BOOST_TEST(future.hooks().struct_size == sizeof(tenon_hooks));
  bench.chain.on_train_batch_end(batch);
  BOOST_TEST(*bench.chain.board().find("future", "batches") == "1");
}

BOOST_FIXTURE_TEST_CASE(descriptors_that_cannot_work_are_refused, Fixture) {
  Bench bench;
  const auto refused = [&](auto&& spoil) {
    tenon_descriptor kind = plain;
    spoil(kind);
    try {
      bench.add(kind, "a");
    } catch (const Failure& x) {
      return x.code() == ExitCode::plugin;
    }
    return false;
  };
  BOOST_TEST(refused([](tenon_descriptor& d) { d.id = nullptr; }));
  BOOST_TEST(refused([](tenon_descriptor& d) { d.create = nullptr; }));
  BOOST_TEST(refused([](tenon_descriptor& d) { d.destroy = nullptr; }));
  BOOST_TEST(refused([](tenon_descriptor& d) { d.hooks = nullptr; }));
  BOOST_TEST(refused([](tenon_descriptor& d) { d.struct_size = offsetof(tenon_descriptor, hooks); }));
  BOOST_TEST(refused(
      [](tenon_descriptor& d) { d.save = [](tenon_callback*, const tenon_writer*, tenon_error*) { return 0; }; }));
}

}  // namespace
}  // namespace tenon::chain::test
