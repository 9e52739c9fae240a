// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "../../../plugins/console/model_summary.hpp"

using namespace tenon::console;
namespace tt = boost::test_tools;

namespace {

struct Tree {
  void add(std::uint64_t parent, const char* path, const char* type, std::uint64_t parameters, std::uint64_t trainable,
           std::uint64_t buffers = 0) {
    tenon_module_info m{};
    m.struct_size = sizeof m;
    m.parent = parent;
    m.path = tenon::text(path);
    m.type = tenon::text(type);
    m.parameters = parameters;
    m.trainable = trainable;
    m.buffers = buffers;
    m.bytes = 4 * (parameters + buffers);
    modules.push_back(m);
  }
  std::vector<std::string> lines() const { return model_summary(modules); }
  std::vector<tenon_module_info> modules;
};

using Lines = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_CASE(no_modules_no_lines) { BOOST_TEST(model_summary({}).empty()); }

BOOST_AUTO_TEST_CASE(parts_stand_with_their_counts_and_those_without_numbers_are_left_out) {
  Tree tree;
  tree.add(TENON_NO_MODULE, "", "Net", 9610, 9610);
  tree.add(0, "hidden", "Linear", 8320, 8320);
  tree.add(0, "drop", "Dropout", 0, 0);
  tree.add(0, "out", "Linear", 1290, 1290);
  BOOST_TEST(tree.lines() ==
                 (Lines{"model Net: 9610 parameters, 37.5 KiB", "  hidden  Linear  8320", "  out     Linear  1290"}),
             tt::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_frozen_is_said) {
  Tree tree;
  tree.add(TENON_NO_MODULE, "", "Net", 3000000, 1000000, 64);
  tree.add(0, "backbone", "ResNet", 2500000, 500000);
  tree.add(0, "norm", "BatchNorm2d", 0, 0, 64);
  tree.add(0, "embedding", "Embedding", 500000, 0);
  BOOST_TEST(tree.lines() == (Lines{"model Net: 3 M parameters, 2 M of them frozen, 11.4 MiB",
                                    "  backbone   ResNet       2.5 M, 2 M of them frozen",
                                    "  norm       BatchNorm2d  0", "  embedding  Embedding    500000, frozen"}),
             tt::per_element());
}

BOOST_AUTO_TEST_CASE(an_only_part_is_opened) {
  Tree tree;
  tree.add(TENON_NO_MODULE, "", "Net", 30, 30);
  tree.add(0, "net", "Sequential", 30, 30);
  tree.add(1, "net.0", "Linear", 20, 20);
  tree.add(1, "net.2", "Linear", 10, 10);
  BOOST_TEST(
      tree.lines() == (Lines{"model Net: 30 parameters, 120 bytes", "  net.0  Linear  20", "  net.2  Linear  10"}),
      tt::per_element());
}

BOOST_AUTO_TEST_CASE(many_parts_are_cut_short) {
  Tree tree;
  tree.add(TENON_NO_MODULE, "", "Net", 13, 13);
  for (int i = 0; i < 13; ++i) tree.add(0, "layer", "Linear", 1, 1);
  BOOST_REQUIRE_EQUAL(tree.lines().size(), 12u);
  BOOST_TEST(tree.lines().back() == "  and 3 more");
}

BOOST_AUTO_TEST_CASE(sizes_are_told_in_fitting_units) {
  BOOST_TEST(count_text(999999) == "999999");
  BOOST_TEST(count_text(1240000) == "1.24 M");
  BOOST_TEST(count_text(7000000000) == "7 G");
  BOOST_TEST(bytes_text(1) == "1 byte");
  BOOST_TEST(bytes_text(std::uint64_t{240} << 20) == "240 MiB");
  BOOST_TEST(bytes_text(std::uint64_t{3} << 30) == "3 GiB");
}
