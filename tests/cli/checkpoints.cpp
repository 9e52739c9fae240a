// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// `tenon checkpoint list | show | verify | diff | export` through the program.
#include <array>
#include <boost/json/array.hpp>
#include <boost/test/unit_test.hpp>

#include "checkpoint/folder.hpp"
#include "checkpoint/safetensors_cases.hpp"
#include "checkpoint/sample_content.hpp"
#include "checkpoint/scratch_folder.hpp"
#include "checkpoint/tensor_source.hpp"
#include "installation.hpp"
#include "loop/run_record.hpp"

namespace cli_test {

namespace {

namespace json = boost::json;
using tenon::checkpoint::Content;
using tenon::checkpoint::Folder;

Content content(const std::string& name, std::uint64_t sequence) {
  Content made = tenon::test::full_content(name);
  made.document = {
      {"task", "digits"},
      {"seed", 7},
      {"sequence", sequence},
      {"consistent", true},
      {"commit_point", {{"epoch", sequence}, {"batch", 3}, {"phase", "epoch_end"}}},
      {"progress", {{"step", 10 * sequence}}},
      {"metrics", {{"val_loss", {{"value", 0.25}, {"step", 10}}}}},
      {"holders",
       json::array{json::object{{"callback", "best"}, {"ticket", sequence}, {"monitor", "val_loss"}, {"score", 0.25}}}},
      {"callbacks",
       json::array{json::object{{"id", "best"}, {"plugin", "org.tenon.checkpoint"}, {"version", "1.0.0"}}}},
      {"engine", {{"aliases", {{"head.weight", "layer.weight"}}}}}};
  return made;
}

/// A run's folder `work/run` with two full checkpoints, one of weights, and `last`.
void make_run(const Installation& tenon) {
  const fs::path run = tenon.root() / "work/run";
  fs::create_directories(run);
  tenon::loop::RunRecord record;
  record.run_id = "r1";
  record.folders = {run / "checkpoints", run / "deploy"};
  tenon::loop::RecordedRun(run, record).create();
  const auto folder = Folder::open(run / "checkpoints", "r1");
  folder->write(content("z", 1));
  folder->write(content("a", 2));
  folder->set_ref("last", "a");
  Content weights = content("small", 2);
  weights.full = false;
  weights.training.clear();
  Folder::open(run / "deploy", "r1")->write(weights);
}

void damage(const fs::path& file) {
  std::string bytes = tenon::test::read_text(file);
  bytes[bytes.size() - 9] = static_cast<char>(bytes[bytes.size() - 9] ^ 1);
  tenon::test::write_text(file, bytes);
}

void has(const std::string& text, const std::string& part) {
  BOOST_TEST(text.find(part) != std::string::npos, text << "\nhas no: " << part);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checkpoints)

BOOST_AUTO_TEST_CASE(list_shows_a_runs_checkpoints_of_all_its_folders_oldest_first) {
  const Installation tenon;
  make_run(tenon);
  const Outcome text = tenon.run("checkpoint list run");
  BOOST_TEST(text.code == 0);
  const std::size_t z = text.out.find("checkpoints/z.ckpt  full"), a = text.out.find("checkpoints/a.ckpt  full"),
                    small = text.out.find("deploy/small.ckpt   weights");
  BOOST_TEST((z < a && a < small && small != std::string::npos), text.out);
  has(text.out, "2      20    ");
  has(text.out, "best (val_loss 0.25)  last\n");
  const json::value o = parse(tenon.run("checkpoint list run --json").out);
  BOOST_TEST(o.at("run_id") == json::value("r1"));
  BOOST_TEST(o.at_pointer("/checkpoints/1/name") == json::value("checkpoints/a.ckpt"));
  BOOST_TEST(o.at_pointer("/checkpoints/1/refs/0") == json::value("last"));
  BOOST_TEST(o.at_pointer("/checkpoints/2/kind") == json::value("weights"));
  has(tenon.run("checkpoint list run/checkpoints").out, "\na.ckpt");
}

BOOST_AUTO_TEST_CASE(list_names_what_is_damaged_and_refs_that_lead_nowhere) {
  const Installation tenon;
  make_run(tenon);
  damage(tenon.root() / "work/run/checkpoints/z.ckpt/checkpoint.json");
  fs::rename(tenon.root() / "work/run/checkpoints/a.ckpt", tenon.root() / "work/run/checkpoints/b.ckpt");
  const Outcome text = tenon.run("checkpoint list run");
  BOOST_TEST(text.code == 0);
  has(text.out, "damaged: '<here>/work/run/checkpoints/z.ckpt': 'checkpoint.json'");
  has(text.out, "checkpoints/last.ckpt points at 'a', which is not there");
  fs::rename(tenon.root() / "work/run/checkpoints/z.ckpt", tenon.root() / "work/run/checkpoints/z.ckpt.damaged-1");
  has(tenon.run("checkpoint list run").out, "set aside as damaged: checkpoints/z.ckpt.damaged-1\n");
  BOOST_TEST(parse(tenon.run("checkpoint list run --json").out).at_pointer("/set_aside/0") ==
             json::value("checkpoints/z.ckpt.damaged-1"));
  BOOST_TEST(tenon.run("checkpoint list nowhere").code == 8);
  fs::create_directory(tenon.root() / "work/empty");
  BOOST_TEST(tenon.run("checkpoint list empty").out == "no checkpoint in <here>/work/empty\n");
}

BOOST_AUTO_TEST_CASE(show_tells_where_it_stands_and_what_is_in_it) {
  const Installation tenon;
  make_run(tenon);
  const Outcome text = tenon.run("checkpoint show run/checkpoints/last.ckpt");
  BOOST_TEST(text.code == 0);
  has(text.out, "stands at  epoch 2, step 20, phase epoch_end\n");
  has(text.out, "metrics    val_loss 0.25\n");
  has(text.out, "callbacks  best (org.tenon.checkpoint 1.0.0)\n");
  has(text.out, "layer.weight  F32 [2, 3]  24 B\n");
  has(text.out, "training.safetensors, 1 tensors");
  const json::value o = parse(tenon.run("checkpoint show run/checkpoints/a.ckpt --json").out);
  BOOST_TEST(o.at("run_id") == json::value("r1"));
  BOOST_TEST(o.at_pointer("/tensors/model.safetensors/0/name") == json::value("layer.steps"));
  const Outcome file = tenon.run("checkpoint show run/checkpoints/a.ckpt/model.safetensors");
  has(file.out, "\n\n2 tensors\n");
  has(file.out, "layer.weight  F32 [2, 3]  24 B\n");
  BOOST_TEST(tenon.run("checkpoint show nothing.ckpt").code == 8);
}

BOOST_AUTO_TEST_CASE(verify_exits_0_where_all_is_whole_and_8_with_the_reason_where_not) {
  const Installation tenon;
  make_run(tenon);
  Outcome text = tenon.run("checkpoint verify run/checkpoints/last.ckpt");
  BOOST_TEST(text.code == 0);
  has(text.out, ": whole, 3 tensors, ");
  text = tenon.run("checkpoint verify run/checkpoints/a.ckpt/model.safetensors");
  BOOST_TEST(text.code == 0);
  has(text.out, ": valid, 2 tensors, ");
  damage(tenon.root() / "work/run/checkpoints/a.ckpt/model.safetensors");
  text = tenon.run("checkpoint verify run/checkpoints/a.ckpt");
  BOOST_TEST(text.code == 8);
  BOOST_TEST(text.out == "");
  has(text.err, "a.ckpt': 'model.safetensors', tensor 'layer.weight': its bytes are not those that were written");
  text = tenon.run("checkpoint verify run/checkpoints/a.ckpt --json");
  BOOST_TEST(text.code == 8);
  BOOST_TEST(parse(text.out).at("valid") == json::value(false));
  for (const char* path : {"gone.ckpt", "gone.safetensors", "run", "/dev/null", "''"})
    BOOST_TEST(tenon.run(std::string("checkpoint verify ") + path).code == (std::string(path) == "''" ? 2 : 8), path);
}

BOOST_AUTO_TEST_CASE(what_is_no_checkpoint_is_refused_with_what_was_meant) {
  const Installation tenon;
  make_run(tenon);
  fs::create_directory(tenon.root() / "work/empty");
  for (const std::string command : {"show", "verify", "diff run/checkpoints/a.ckpt", "export"}) {
    const std::string checkpoint = "checkpoint " + command, file = command == "export" ? " out.safetensors" : "";
    Outcome text = tenon.run(checkpoint + " run" + file);
    BOOST_TEST(text.code == 8);
    BOOST_TEST(text.err ==
               "tenon: '<here>/work/run' is a run's folder, not a checkpoint; its newest state is "
               "<here>/work/run/checkpoints/last.ckpt\n");
    BOOST_TEST(tenon.run(checkpoint + " nope" + file).err ==
               "tenon: there is nothing at '<here>/work/nope'; `tenon checkpoint list FOLDER` lists what a run has "
               "saved\n");
    BOOST_TEST(tenon.run(checkpoint + " empty" + file).err ==
               "tenon: '<here>/work/empty' is a folder, not a checkpoint, and none lies in it\n");
  }
  fs::remove(tenon.root() / "work/run/checkpoints/last.ckpt");
  has(tenon.run("checkpoint show run").err, "its newest state is <here>/work/run/checkpoints/a.ckpt\n");
  const Outcome text = tenon.run("checkpoint list run/checkpoints/a.ckpt");
  BOOST_TEST(text.code == 8);
  BOOST_TEST(text.err ==
             "tenon: '<here>/work/run/checkpoints/a.ckpt' is a checkpoint itself: `tenon checkpoint show "
             "<here>/work/run/checkpoints/a.ckpt` shows what is in it\n");
  has(tenon.run("checkpoint list run/checkpoints/a.ckpt/model.safetensors").err,
      "is no folder: `tenon checkpoint show");
}

BOOST_AUTO_TEST_CASE(an_answer_that_cannot_be_written_is_no_success) {
  const Installation tenon;
  const Outcome text = tenon.run("plugins list > /dev/full 2> ../lost; test $? = 7 && cat ../lost");
  BOOST_TEST(text.out == "tenon: the answer could not be written to standard output: is its disk full?\n");
}

BOOST_AUTO_TEST_CASE(verify_answers_every_recorded_safetensors_file_right) {
  const Installation tenon;
  const json::value recorded =
      json::parse(tenon::test::read_text(TENON_SOURCE_DIR "/tests/conformance/safetensors_cases.json"));
  const fs::path file = tenon.root() / "work/case.safetensors";
  for (const json::value& each : recorded.at("cases").as_array()) {
    const json::object& recipe = each.at("how_to_build").as_object();
    tenon::test::write_text(file, tenon::test::file_of(recipe));
    if (const auto* length = recipe.if_contains("sparse_len"))
      fs::resize_file(file, static_cast<std::uintmax_t>(length->as_int64()));
    const Outcome outcome = tenon.run("checkpoint verify case.safetensors");
    const bool must_accept = each.at("must").as_string() == "accept";
    BOOST_TEST(outcome.code == (must_accept ? 0 : 8), each.at("id").as_string() << ": " << outcome.err);
    BOOST_TEST(outcome.err.empty() == must_accept);
  }
}

BOOST_AUTO_TEST_CASE(diff_tells_the_largest_difference_and_exits_1) {
  const Installation tenon;
  make_run(tenon);
  Content other = content("other", 3);
  const std::array<float, 6> numbers = {1.5F, -2.0F, 0.5F, 1e-30F, 3e30F, 0.0F};
  other.model = {{"layer.weight", tenon::checkpoint::DType::f32, {2, 3}, std::as_bytes(std::span(numbers))}};
  other.training[0].shape = {1, 2};
  Folder::open(tenon.root() / "work/run/checkpoints", "r1")->write(other);
  Outcome text = tenon.run("checkpoint diff run/checkpoints/a.ckpt run/checkpoints/z.ckpt");
  BOOST_TEST(text.code == 0);
  BOOST_TEST(text.out == "equal: 3 tensors, bit for bit\n");
  text = tenon.run("checkpoint diff run/checkpoints/a.ckpt run/checkpoints/other.ckpt");
  BOOST_TEST(text.code == 1);
  BOOST_TEST(text.out ==
             "model.safetensors\n"
             "  layer.steps   only in the first: I64 []\n"
             "  layer.weight  largest difference 0.25, in 1 of 6 numbers\n"
             "training.safetensors\n"
             "  optimizer/0/layer.weight/momentum_buffer  F32 [2] in the first, F32 [1, 2] in the second\n"
             "2 of the 2 tensors in both differ, 1 only in the first\n");
  text = tenon.run("checkpoint diff run/checkpoints/a.ckpt run/checkpoints/other.ckpt/model.safetensors --json");
  BOOST_TEST(text.code == 1);
  BOOST_TEST(parse(text.out).at_pointer("/differences/1/largest_difference") == json::value(0.25));
  BOOST_TEST(tenon.run("checkpoint diff run/checkpoints/a.ckpt gone.ckpt").code == 8);
}

BOOST_AUTO_TEST_CASE(export_writes_one_file_with_tied_tensors_under_each_name) {
  const Installation tenon;
  make_run(tenon);
  const Outcome text = tenon.run("checkpoint export run/checkpoints/last.ckpt out.safetensors");
  BOOST_TEST(text.code == 0, text.err);
  BOOST_TEST(text.out == "<here>/work/out.safetensors: 3 tensors\n");
  const tenon::checkpoint::LoadedTensors read =
      tenon::checkpoint::TensorSource(tenon.root() / "work/out.safetensors").load_model();
  std::set<std::string> names;
  for (const auto& record : read.records) {
    names.insert(record.name);
    if (record.name == "layer.steps") continue;
    BOOST_TEST(std::ranges::equal(record.bytes, tenon::test::weight().bytes), record.name);
  }
  BOOST_TEST((names == std::set<std::string>{"head.weight", "layer.steps", "layer.weight"}));
  BOOST_TEST(read.metadata.at("format") == "pt");
  BOOST_TEST((tenon::test::entries(tenon.root() / "work") == std::set<std::string>{"out.safetensors", "run"}));
}

BOOST_AUTO_TEST_CASE(export_replaces_nothing_and_leaves_nothing_half_written) {
  const Installation tenon;
  make_run(tenon);
  tenon.write("work/mine.safetensors", "mine");
  Outcome text = tenon.run("checkpoint export run/checkpoints/a.ckpt mine.safetensors");
  BOOST_TEST(text.code == 7);
  BOOST_TEST(text.err ==
             "tenon: '<here>/work/mine.safetensors' cannot be written: File exists; choose another name, or remove it "
             "first\n");
  BOOST_TEST(tenon::test::read_text(tenon.root() / "work/mine.safetensors") == "mine");
  BOOST_TEST(tenon.run("checkpoint export run/checkpoints/a.ckpt nowhere/out.safetensors").code == 7);
  BOOST_TEST(tenon.run("checkpoint export run/checkpoints/a.ckpt out.bin").code == 2);
  damage(tenon.root() / "work/run/checkpoints/a.ckpt/model.safetensors");
  text = tenon.run("checkpoint export run/checkpoints/a.ckpt out.safetensors");
  BOOST_TEST(text.code == 8);
  BOOST_TEST((tenon::test::entries(tenon.root() / "work") == std::set<std::string>{"mine.safetensors", "run"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace cli_test
