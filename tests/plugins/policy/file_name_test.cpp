// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "policy/file_name.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <map>
#include <stdexcept>

using namespace tenon::policy;

namespace {

std::string name(const std::string& text, const std::map<std::string, double>& values, bool insert = true) {
  return FileName(text, insert).format([&](const std::string& key) { return values.at(key); });
}

std::string refusal(const std::string& text) {
  try {
    FileName(text, true);
  } catch (const std::invalid_argument& wrong) {
    return wrong.what();
  }
  return "taken";
}

bool refused_with(const std::string& text, const std::string& part) {
  return refusal(text).find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(file_name)

BOOST_AUTO_TEST_CASE(names_are_inserted_as_lightning_does) {
  BOOST_TEST(name("{epoch}-{step}", {{"epoch", 3}, {"step", 2}}) == "epoch=3-step=2");
  BOOST_TEST(name("{epoch}-{val_loss:.2f}", {{"epoch", 2}, {"val_loss", 0.123456}}) == "epoch=2-val_loss=0.12");
  BOOST_TEST(name("{epoch},{acc:.5f}", {{"epoch", 3}, {"acc", 0.03}}) == "epoch=3,acc=0.03000");
  BOOST_TEST(name("best-{epoch:02d}-{val_loss:.4f}", {{"epoch", 7}, {"val_loss", 0.5}}) ==
             "best-epoch=07-val_loss=0.5000");
}

BOOST_AUTO_TEST_CASE(names_are_left_out_on_wish) {
  BOOST_TEST(name("epoch={epoch:03d}-val_acc={val/acc}", {{"epoch", 3}, {"val/acc", 0.03}}, false) ==
             "epoch=003-val_acc=0.03");
  BOOST_TEST(name("ep{epoch:02d}-vl{val/loss:.3f}", {{"epoch", 0}, {"val/loss", 3}}, false) == "ep00-vl3.000");
}

BOOST_AUTO_TEST_CASE(a_slash_makes_sub_folders) {
  BOOST_TEST(name("{epoch}_{val/loss:.5f}", {{"epoch", 4}, {"val/loss", 0.03}}) == "epoch=4_val/loss=0.03000");
  BOOST_TEST(last_name("epoch=4_val/loss=0.03000") == "epoch=4_val/last-loss=0.03000");
  BOOST_TEST(last_name("epoch=4") == "last-epoch=4");
}

BOOST_AUTO_TEST_CASE(numbers_follow_their_format) {
  BOOST_TEST(name("{x}", {{"x", 3.0}}) == "x=3.0");
  BOOST_TEST(name("{x:d}", {{"x", 3.0}}) == "x=3");
  BOOST_TEST(name("{x:.3}", {{"x", 0.123456}}) == "x=0.123");
  BOOST_TEST(name("{x:.2e}", {{"x", 0.000123}}) == "x=1.23e-04");
  BOOST_TEST(name("{x:.2E}", {{"x", 0.000123}}) == "x=1.23E-04");
  BOOST_TEST(name("{x:+.1f}", {{"x", 2.0}}) == "x=+2.0");
  BOOST_TEST(name("{x:06.2f}", {{"x", -1.5}}) == "x=-01.50");
  BOOST_TEST(name("{x:.2f}", {{"x", std::numeric_limits<double>::quiet_NaN()}}) == "x=nan");
  BOOST_TEST(name("{x:05d}", {{"x", -std::numeric_limits<double>::infinity()}}) == "x=-inf");
  BOOST_TEST(name("{step}", {{"step", 12345678.0}}) == "step=12345678");
}

BOOST_AUTO_TEST_CASE(the_largest_number_fits) {
  BOOST_TEST(name("{x:.9f}", {{"x", std::numeric_limits<double>::max()}}).size() == 2u + 309u + 10u);
}

BOOST_AUTO_TEST_CASE(keys_are_listed_once) {
  const FileName twice("{epoch}-{loss}-{epoch}", true);
  BOOST_TEST(twice.keys() == (std::vector<std::string>{"epoch", "loss"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_malformed_template_is_refused_with_its_fault) {
  BOOST_TEST(refused_with("best-{epoch", "a '{' has no '}' behind it"));
  BOOST_TEST(refused_with("best-{epoch-{step}", "a '{' has no '}' behind it"));
  BOOST_TEST(refused_with("epoch}", "a '}' has no '{' before it"));
  BOOST_TEST(refused_with("a{}", "{} names no metric"));
  BOOST_TEST(refused_with("a{:02d}", "{:02d} names no metric"));
  BOOST_TEST(refused_with("{epoch:>5}", "\">5\" in {epoch:>5} is no number format"));
  BOOST_TEST(refused_with("{epoch:5d}", "is no number format"));
  BOOST_TEST(refused_with("{x:.2d}", "is no number format"));
  BOOST_TEST(refused_with("{x:.999f}", "is no number format"));
  BOOST_TEST(refused_with("{x:.f}", "is no number format"));
}

BOOST_AUTO_TEST_CASE(a_name_that_leaves_its_folder_is_refused) {
  BOOST_TEST(refused_with("../{epoch}", "begins with '.'"));
  BOOST_TEST(refused_with("a/../../{epoch}", "begins with '.'"));
  BOOST_TEST(refused_with("/tmp/{epoch}", "empty part"));
  BOOST_TEST(refused_with("a//b", "empty part"));
  BOOST_TEST(refused_with("a/", "empty part"));
  BOOST_TEST(refused_with(".hidden", "begins with '.'"));
  BOOST_TEST(refused_with("a\nb", "control character"));
  BOOST_TEST(refused_with("a\\b", "control character or a '\\'"));
  BOOST_TEST(refused_with("{../x}", "begins with '.'"));
  BOOST_TEST(refused_with("last.ckpt/x", "would lie inside another checkpoint"));
  BOOST_TEST(name("x/last.ckpt", {}) == "x/last.ckpt");
}

BOOST_AUTO_TEST_CASE(a_name_that_no_folder_takes_is_refused) {
  BOOST_TEST(refused_with(std::string(236, 'a'), "236 bytes"));
  BOOST_TEST(refused_with("a/" + std::string(230, 'b') + "{epoch}/c", "237 bytes"));
  BOOST_TEST(name(std::string(235, 'a'), {}).size() == 235u);
}

BOOST_AUTO_TEST_SUITE_END()
