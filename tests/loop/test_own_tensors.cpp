// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Tensors of callbacks' own: made, kept in checkpoints, given back.
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <limits>

#include "average.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/format.hpp"
#include "gate.hpp"
#include "loop/resume_point.hpp"
#include "saves.hpp"

using namespace tenon;
using namespace tenon::tests;
namespace fs = std::filesystem;

namespace {

constexpr tenon_dtype as_like{0, 0, 0}, f64{TENON_DTYPE_FLOAT, 64, 1};

struct Made {
  tenon_tensor tensor = 0;
  bool restored = false;
};
Made create(const Probe& p, std::string_view name, std::int32_t fill = TENON_FILL_ZERO, tenon_dtype dtype = as_like,
            tenon_tensor like = 0) {
  const Host host(p.host);
  if (like == 0) like = tensors(host, TENON_TENSORS_PARAMETERS).at(0);
  Made made;
  std::uint32_t restored = 2;
  Service<tenon_tensors>(host).call(&tenon_tensors::create, text(name), like, dtype, fill, &made.tensor, &restored);
  made.restored = restored == 1;
  return made;
}
void drop(const Probe& p, tenon_tensor tensor) {
  Service<tenon_tensors>(Host(p.host)).call(&tenon_tensors::drop, tensor);
}
std::vector<double> values(const Probe& p, tenon_tensor tensor) { return tensor_values(Host(p.host), {tensor}); }
Names own_names(const Probe& p) {
  Names names;
  for (const tenon_tensor t : tensors(Host(p.host), TENON_TENSORS_OWN))
    names.emplace_back(tensor_name(Host(p.host), t));
  return names;
}

/// What a call is answered with: "-2: text".
template <class Body>
std::string refusal(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return std::to_string(error.status()) + ": " + error.what();
  }
  return "not refused";
}
void check_refused(const std::string& got, tenon_status status, const std::string& words) {
  BOOST_CHECK_MESSAGE(got.starts_with(std::to_string(status) + ": ") && got.find(words) != std::string::npos, got);
}

/// Tensors of a checkpoint's training file that begin with `prefix`, with their floats.
std::map<std::string, std::vector<float>> saved(const fs::path& at, const std::string& prefix = "callbacks/") {
  std::map<std::string, std::vector<float>> found;
  const checkpoint::LoadedTensors loaded = checkpoint::Checkpoint::open(at).load(checkpoint::training_file);
  for (const checkpoint::TensorRecord& record : loaded.records) {
    if (!record.name.starts_with(prefix)) continue;
    std::vector<float>& numbers = found[record.name];
    numbers.resize(record.bytes.size() / sizeof(float));
    std::memcpy(numbers.data(), record.bytes.data(), record.bytes.size());
  }
  return found;
}

/// A run of one epoch whose callback "a" does `at_start` and saves "c" after its first step.
struct OneSave {
  explicit OneSave(const std::string& name = "run") : engine(3), run(engine, name), p(run.probe("a")) {
    run.options.max_epochs = 1;
    p.on[TENON_HOOK(on_train_batch_end)] = [this](const void* a) {
      if (step_of(a) == 1) save(p, "c");
    };
  }
  void at_start(const std::function<void()>& body) {
    p.on[TENON_HOOK(on_fit_start)] = [body](const void*) { body(); };
  }
  fs::path checkpoint() const { return run.folder / "checkpoints/c.ckpt"; }
  loop::FitResult resume(const fs::path& from) {
    const loop::ResumePoint point(checkpoint::Checkpoint::open(from));
    loop::Fit& fit = run.make();
    engine.restore(point.engine_state(), loop::restore_all, "the checkpoint");
    return fit.run(&point);
  }
  TestEngine engine;
  LoopFixture run;
  Probe& p;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_tensor_of_ones_own_has_the_shape_of_another_its_type_or_one_asked_for_and_zeros_or_its_numbers) {
  OneSave s;
  s.engine.weights_ = {1.0f, 2.0f, 3.0f, 4.0f};
  s.at_start([&] {
    const Host host(s.p.host);
    const tenon_tensor zero = create(s.p, "zero").tensor;
    const tenon_tensor wide = create(s.p, "b/wide", TENON_FILL_COPY, f64).tensor;
    const tenon_tensor again = create(s.p, "again", TENON_FILL_COPY, as_like, wide).tensor;
    BOOST_CHECK(values(s.p, zero) == std::vector<double>(4, 0.0));
    BOOST_CHECK(values(s.p, wide) == (std::vector<double>{1, 2, 3, 4}));
    BOOST_CHECK(values(s.p, again) == (std::vector<double>{1, 2, 3, 4}));
    expect(own_names(s.p), {"again", "b/wide", "zero"});
    BOOST_CHECK(find_tensor(host, TENON_TENSORS_OWN, "b/wide") == wide);
    BOOST_CHECK(!find_tensor(host, TENON_TENSORS_OWN, "wide"));
    const tenon_tensor_info info = tensor_info(host, wide);
    BOOST_CHECK_EQUAL(info.group, TENON_TENSORS_OWN);
    BOOST_CHECK_EQUAL(info.dtype.bits, 64);
    BOOST_CHECK_EQUAL(info.elements, 4u);
    BOOST_CHECK_EQUAL(info.bytes, 32u);
    for (const tenon_tensor tensor : {zero, wide, again}) {
      const tenon_tensor_view v = tensor_view(host, tensor);
      BOOST_CHECK_EQUAL(reinterpret_cast<std::uintptr_t>(v.data) % 64, 0u);
      static_cast<char*>(v.data)[0] = 0;
    }
  });
  BOOST_CHECK_EQUAL(s.run.run().reason, TENON_END_FINISHED);
}

BOOST_AUTO_TEST_CASE(arithmetic_reads_the_live_tensors_and_writes_to_ones_own_alone) {
  OneSave s;
  s.engine.weights_ = {1.0f, 2.0f, 3.0f, 4.0f};
  Probe& other = s.run.probe("b");
  tenon_tensor mine = 0;
  s.at_start([&] {
    mine = create(s.p, "ema", TENON_FILL_COPY).tensor;
    const std::vector<tenon_tensor> live = tensors(Host(s.p.host), TENON_TENSORS_PARAMETERS);
    const TensorOps ops{Host(s.p.host)};
    s.engine.weights_ = {3.0f, 2.0f, 1.0f, 0.0f};
    ops.lerp({mine}, live, 0.5);
    BOOST_CHECK(values(s.p, mine) == (std::vector<double>{2, 2, 2, 2}));
    ops.axpy({mine}, live, 2.0);
    BOOST_CHECK(values(s.p, mine) == (std::vector<double>{8, 6, 4, 2}));
    ops.copy({mine}, live);
    BOOST_CHECK(values(s.p, mine) == (std::vector<double>{3, 2, 1, 0}));
    check_refused(refusal([&] { ops.copy(live, {mine}); }), TENON_E_INVALID_ARGUMENT, "read only");
    double room[3];
    check_refused(refusal([&] {
                    Service<tenon_tensors>(Host(s.p.host))
                        .call(&tenon_tensors::values, &mine, std::uint64_t{1}, room, std::uint64_t{3});
                  }),
                  TENON_E_INVALID_ARGUMENT, "have 4 numbers, and there is room for 3");
  });
  other.on[TENON_HOOK(on_fit_start)] = [&](const void*) {
    check_refused(refusal([&] { TensorOps(Host(other.host)).scale({mine}, 2.0); }), TENON_E_INVALID_ARGUMENT,
                  "callback 'a's: to be read only");
    check_refused(refusal([&] { drop(other, mine); }), TENON_E_INVALID_ARGUMENT, "callback 'b' has no tensor");
    expect(own_names(other), {});
  };
  BOOST_CHECK_EQUAL(s.run.run().reason, TENON_END_FINISHED);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_made_is_refused_with_the_reason) {
  OneSave s;
  s.p.on[TENON_HOOK(on_setup)] = [&](const void*) {
    check_refused(refusal([&] { create(s.p, "x", TENON_FILL_ZERO, as_like, 1); }), TENON_E_WRONG_STATE, "on_fit_start");
    expect(own_names(s.p), {});
  };
  s.at_start([&] {
    const auto refused = [&](const std::string& words, const auto& body) {
      check_refused(refusal(body), TENON_E_INVALID_ARGUMENT, words);
    };
    refused("a text in UTF-8", [&] { create(s.p, ""); });
    refused("a text in UTF-8", [&] { create(s.p, "\xff"); });
    refused("no tensor has the handle 77", [&] { create(s.p, "x", TENON_FILL_ZERO, as_like, 77); });
    refused("TENON_FILL_ZERO or TENON_FILL_COPY", [&] { create(s.p, "x", 7); });
    refused("cannot be stored", [&] { create(s.p, "x", TENON_FILL_ZERO, {TENON_DTYPE_FLOAT, 24, 1}); });
    const tenon_tensor made = create(s.p, "x").tensor;
    refused("its tensor 'x' is there already", [&] { create(s.p, "x"); });
    drop(s.p, made);
    refused("has ended", [&] { values(s.p, made); });
    refused("no tensor of its own with the handle", [&] { drop(s.p, made); });
    create(s.p, "x");
    expect(own_names(s.p), {"x"});
  });
  BOOST_CHECK_EQUAL(s.run.run().reason, TENON_END_FINISHED);
}

BOOST_AUTO_TEST_CASE(a_full_checkpoint_has_them_as_they_were_at_its_commit_point_and_one_of_weights_has_none) {
  OneSave s;
  tenon_tensor kept = 0, dropped = 0;
  s.at_start([&] {
    kept = create(s.p, "kept").tensor;
    dropped = create(s.p, "dropped").tensor;
  });
  s.run.wait_for_saves = false;
  Probe& gatekeeper = s.run.probe("gatekeeper");
  offer_gate(gatekeeper);
  gate.close();
  s.p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    const TensorOps ops{Host(s.p.host)};
    ops.copy({kept}, tensors(Host(s.p.host), TENON_TENSORS_PARAMETERS));
    if (step_of(a) == 1) {
      save_through_gate(gatekeeper, "weights");  // the writer is held up by it, and then writes the full one
      save(s.p, "c");
    }
    if (step_of(a) == 2) drop(s.p, dropped);
    if (step_of(a) == 3) {
      open_gate();
      save(s.p, "d");
    }
  };
  s.run.run();
  const auto at1 = saved(s.checkpoint()), at3 = saved(s.run.folder / "checkpoints/d.ckpt");
  BOOST_REQUIRE_EQUAL(at1.size(), 2u);
  BOOST_CHECK(at1.at("callbacks/a/kept") == std::vector<float>(4, 1.0f));
  BOOST_CHECK(at1.at("callbacks/a/dropped") == std::vector<float>(4, 0.0f));
  BOOST_REQUIRE_EQUAL(at3.size(), 1u);
  BOOST_CHECK(at3.at("callbacks/a/kept") == std::vector<float>(4, 3.0f));
  BOOST_CHECK(!checkpoint::Checkpoint::open(s.run.folder / "checkpoints/weights.ckpt").is_full());
}

BOOST_AUTO_TEST_CASE(a_resumed_run_gives_them_back_when_asked_and_keeps_those_that_nobody_asks_for) {
  OneSave first("first");
  first.engine.weights_.fill(4.0f);
  first.at_start([&] {
    create(first.p, "asked", TENON_FILL_COPY);
    create(first.p, "left", TENON_FILL_COPY);
    create(first.p, "dropped", TENON_FILL_COPY);
  });
  first.run.run();

  OneSave second("second");
  second.at_start([&] {
    expect(own_names(second.p), {"asked", "dropped", "left"});
    const tenon_tensor listed = *find_tensor(Host(second.p.host), TENON_TENSORS_OWN, "asked");
    const Made asked = create(second.p, "asked");
    BOOST_CHECK(asked.restored);
    BOOST_CHECK_EQUAL(asked.tensor, listed);
    BOOST_CHECK(values(second.p, asked.tensor) == std::vector<double>(4, 4.0));
    check_refused(refusal([&] { create(second.p, "asked"); }), TENON_E_INVALID_ARGUMENT, "is there already");
    drop(second.p, *find_tensor(Host(second.p.host), TENON_TENSORS_OWN, "dropped"));
    BOOST_CHECK(!create(second.p, "new").restored);
  });
  second.p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 2) save(second.p, "c");
  };
  BOOST_CHECK_EQUAL(second.resume(first.checkpoint()).reason, TENON_END_FINISHED);
  const auto again = saved(second.checkpoint());
  BOOST_REQUIRE_EQUAL(again.size(), 3u);
  BOOST_CHECK(again.at("callbacks/a/asked") == std::vector<float>(4, 4.0f));
  BOOST_CHECK(again.at("callbacks/a/left") == std::vector<float>(4, 4.0f));
  BOOST_CHECK(again.at("callbacks/a/new") == std::vector<float>(4, 0.0f));
}

BOOST_AUTO_TEST_CASE(a_restored_one_of_another_shape_or_type_is_refused_with_both) {
  OneSave first("first");
  first.at_start([&] { create(first.p, "ema"); });
  first.run.run();

  OneSave second("second");
  second.at_start([&] { create(second.p, "ema", TENON_FILL_ZERO, f64); });
  const loop::FitResult result = second.resume(first.checkpoint());
  BOOST_CHECK(result.refused);
  BOOST_CHECK_MESSAGE(
      result.detail.find("callback 'a': its tensor 'ema' is F32 [4] in the checkpoint and F64 [4] now: find() and "
                         "drop() the saved one, or give it another name") != std::string::npos,
      result.detail);
}

BOOST_AUTO_TEST_CASE(those_of_a_disabled_callback_stay_and_those_of_one_that_the_run_has_not_go) {
  OneSave first("first");
  Probe& broken = first.run.probe("broken", chain::OnError::disable);
  broken.on[TENON_HOOK(on_fit_start)] = [&](const void*) { create(broken, "ema"); };
  broken.on[TENON_HOOK(on_train_batch_start)] = [](const void*) { throw std::runtime_error("broken"); };
  first.at_start([&] { create(first.p, "own"); });
  first.run.run();
  const auto at_first = saved(first.checkpoint());
  BOOST_CHECK(at_first.contains("callbacks/broken/ema"));

  OneSave second("second");
  second.p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 2) save(second.p, "c");
  };
  second.resume(first.checkpoint());
  const auto again = saved(second.checkpoint());
  BOOST_REQUIRE_EQUAL(again.size(), 1u);
  BOOST_CHECK(again.contains("callbacks/a/own"));
}

BOOST_AUTO_TEST_CASE(parts_of_a_checkpoint_without_callbacks_have_none) {
  OneSave first("first");
  first.at_start([&] { create(first.p, "ema", TENON_FILL_COPY); });
  first.run.run();
  for (const std::uint32_t parts : {std::uint32_t{loop::restore_model}, loop::restore_callbacks}) {
    OneSave second("second");
    std::size_t found = 2;
    second.at_start([&] { found = own_names(second.p).size(); });
    const loop::ResumePoint point(checkpoint::Checkpoint::open(first.checkpoint()), parts);
    second.run.make().run(&point);
    BOOST_CHECK_EQUAL(found, parts == loop::restore_callbacks ? 1u : 0u);
  }
}

namespace {

/// Emits the own tensor that prepare() held in place of every weight.
struct HeldJob {
  tenon_tensor own = 0;
};
tenon_tensor own_of_transform = 0;
tenon_status TENON_CALL prepare(tenon_callback* c, const tenon_prepare_args* args, tenon_job** job,
                                tenon_error* error) {
  const tenon_host* host = reinterpret_cast<Probe*>(c)->host;
  auto made = std::make_unique<HeldJob>();
  const auto& table = Host(host).need<tenon_transforms>();
  const tenon_status status = table.hold(host, args->snapshot, own_of_transform, &made->own, error);
  if (status == TENON_OK) *job = reinterpret_cast<tenon_job*>(made.release());
  return status;
}
tenon_status TENON_CALL apply(tenon_job* job, const tenon_apply_args* args, tenon_error* error) {
  return args->out->emit(args->out, args->name, reinterpret_cast<HeldJob*>(job)->own, error);
}
void TENON_CALL destroy_job(tenon_job* job) { delete reinterpret_cast<HeldJob*>(job); }

}  // namespace

BOOST_AUTO_TEST_CASE(a_transform_holds_its_callbacks_own_as_they_were_at_the_commit_point) {
  OneSave s;
  s.run.wait_for_saves = false;
  offer_gate(s.p);
  const auto offer_the_gate = s.p.at_create;
  s.p.at_create = [&] {
    offer_the_gate();
    tenon_transform table{};
    table.struct_size = sizeof table;
    table.name = text("own");
    table.prepare = &prepare;
    table.apply = &apply;
    table.destroy_job = &destroy_job;
    Transforms(Host(s.p.host)).offer(table);
  };
  gate.close();
  s.at_start([&] { own_of_transform = create(s.p, "ema").tensor; });
  s.p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    TensorOps(Host(s.p.host)).copy({own_of_transform}, tensors(Host(s.p.host), TENON_TENSORS_PARAMETERS));
    if (step_of(a) == 3) open_gate();
    if (step_of(a) != 2) return;
    const std::vector<tenon_transform_use> uses = {{text("gate"), text("")}, {text("own"), text("")}};
    tenon_save_request r = Checkpoints::save(TENON_CHECKPOINT_WEIGHTS, "c", "because");
    Checkpoints::transforms(r, uses);
    Checkpoints(Host(s.p.host)).request(r);
  };
  s.run.run();
  const checkpoint::LoadedTensors loaded = checkpoint::Checkpoint::open(s.checkpoint()).load(checkpoint::model_file);
  BOOST_REQUIRE_EQUAL(loaded.records.size(), 1u);
  float first = 0;
  std::memcpy(&first, loaded.records[0].bytes.data(), sizeof first);
  BOOST_CHECK_EQUAL(first, 2.0f);
}

BOOST_AUTO_TEST_CASE(a_plugins_average_in_own_tensors_goes_on_bit_for_bit_from_each_commit_point) {
  struct Averaged {
    explicit Averaged(const std::string& name) : engine(4), run(engine, name), p(run.probe("a")) {
      engine.trains = true;
      run.options.max_epochs = 2;
      p.on[TENON_HOOK(on_train_batch_end)] = [this](const void* a) { save(p, "s" + std::to_string(step_of(a))); };
      p.on[TENON_HOOK(on_train_end)] = [this](const void*) { save(p, "end"); };
    }
    loop::Fit& make() {
      loop::Fit& fit = run.make();
      fit.chain().add({"average", "average", {}, {}, "test"}, detail::Adapter<Average>::descriptor, {});
      return fit;
    }
    std::vector<float> end() const { return saved(run.folder / "checkpoints/end.ckpt").at("callbacks/average/weight"); }
    TestEngine engine;
    LoopFixture run;
    Probe& p;
  };
  Averaged straight("straight");
  straight.make().run();
  BOOST_CHECK(straight.end() != std::vector<float>(straight.engine.weights_.begin(), straight.engine.weights_.end()));
  for (const std::string& name : folders(straight.run.folder / "checkpoints")) {
    if (name == "end.ckpt") continue;
    BOOST_TEST_CONTEXT("resumed from " << name) {
      const loop::ResumePoint point(checkpoint::Checkpoint::open(straight.run.folder / "checkpoints" / name));
      Averaged resumed("resumed");
      loop::Fit& fit = resumed.make();
      resumed.engine.restore(point.engine_state(), loop::restore_all, "the checkpoint");
      fit.run(&point);
      BOOST_CHECK(resumed.end() == straight.end());
    }
  }
}
