// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "csv_logger/csv_table.hpp"

#include <boost/test/unit_test.hpp>

#include "../temporary_folder.hpp"

using namespace tenon::csv;
using Row = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(csv_table)

BOOST_AUTO_TEST_CASE(only_what_must_be_is_quoted) {
  BOOST_TEST(csv_field("val_loss") == "val_loss");
  BOOST_TEST(csv_field("a,b") == "\"a,b\"");
  BOOST_TEST(csv_field("a\"b") == "\"a\"\"b\"");
  BOOST_TEST(csv_field("a\nb") == "\"a\nb\"");
}

BOOST_AUTO_TEST_CASE(what_was_quoted_reads_back_the_same) {
  const Row row{"plain", "a,b", "say \"x\"", "two\nlines", ""};
  std::string text;
  for (const std::string& cell : row) text += (text.empty() ? "" : ",") + csv_field(cell);
  std::size_t at = 0;
  Row back;
  BOOST_TEST(next_record(text + "\n", at, back));
  BOOST_TEST(back == row, boost::test_tools::per_element());
  BOOST_TEST(at == text.size() + 1);
}

BOOST_AUTO_TEST_CASE(a_record_that_is_cut_off_is_none) {
  std::size_t at = 0;
  Row row;
  BOOST_TEST(!next_record("1,2", at, row));
  BOOST_TEST(!next_record("1,\"2\n", at, row));
  BOOST_TEST(at == 0u);
}

BOOST_AUTO_TEST_CASE(the_header_stands_from_the_start) {
  const TemporaryFolder folder;
  const Table table(folder / "m.csv", {"epoch", "loss"});
  BOOST_TEST(content_of(folder / "m.csv") == "epoch,loss\n");
}

BOOST_AUTO_TEST_CASE(a_late_column_leaves_older_rows_empty) {
  const TemporaryFolder folder;
  Table table(folder / "m.csv", {"epoch", "loss"});
  table.append({"0", "0.5"});
  BOOST_TEST(table.column("loss") == 1u);
  BOOST_TEST(table.column("val, \"x\"") == 2u);
  table.append({"1", "0.4", "0.3"});
  BOOST_TEST(content_of(folder / "m.csv") == "epoch,loss,\"val, \"\"x\"\"\"\n0,0.5,\n1,0.4,0.3\n");
  BOOST_TEST(table.rows() == 2u);
}

BOOST_AUTO_TEST_CASE(a_resume_goes_on_behind_the_rows_of_the_checkpoint) {
  const TemporaryFolder folder;
  write_file(folder / "m.csv", "epoch,loss,late\n0,0.5,\n1,0.4,7\n2,0.3,8\n3,0.");
  Table table(folder / "m.csv", {"epoch", "loss"}, {2, 3, {}});
  BOOST_TEST(table.rows() == 2u);
  BOOST_TEST(table.width() == 3u);
  table.append({"2", "0.35", ""});
  BOOST_TEST(content_of(folder / "m.csv") == "epoch,loss,late\n0,0.5,\n1,0.4,7\n2,0.35,\n");
}

BOOST_AUTO_TEST_CASE(a_resume_takes_out_columns_that_came_after_the_checkpoint) {
  const TemporaryFolder folder;
  Table first(folder / "m.csv", {"epoch", "a,b"});
  first.append({"0", "x\"y"});
  const Extent saved = first.extent();
  const std::string then = content_of(folder / "m.csv");
  first.append({"1", "0.4"});
  first.column("late");
  first.append({"2", "0.3", "8"});
  Table table(folder / "m.csv", {"epoch", "a,b"}, saved);
  BOOST_TEST(content_of(folder / "m.csv") == then);
  BOOST_TEST((table.found() == saved.content));
  table.append({"1", "0.4"});
  table.column("late");
  table.append({"2", "0.3", "8"});
  BOOST_TEST((table.extent().content == first.extent().content));
}

BOOST_AUTO_TEST_CASE(lost_and_changed_rows_are_seen) {
  const TemporaryFolder folder;
  Table first(folder / "m.csv", {"epoch", "loss"});
  first.append({"0", "0.5"});
  first.append({"1", "0.4"});
  const Extent saved = first.extent();
  write_file(folder / "m.csv", "epoch,loss\n0,0.5\n1,0");
  {
    const Table table(folder / "m.csv", {"epoch", "loss"}, saved);
    BOOST_TEST(table.rows() == 1u);
    BOOST_TEST(table.found().lines == 2u);
    BOOST_TEST(content_of(folder / "m.csv") == "epoch,loss\n0,0.5\n");
  }
  write_file(folder / "m.csv", "epoch,loss\n0,0.5\n1,9.9\n2,0.3\n");
  const Table table(folder / "m.csv", {"epoch", "loss"}, saved);
  BOOST_TEST(table.rows() == 2u);
  BOOST_TEST(!(table.found() == saved.content));
}

BOOST_AUTO_TEST_CASE(a_resume_adds_columns_that_the_file_lacks) {
  const TemporaryFolder folder;
  write_file(folder / "m.csv", "epoch,loss\n0,0.5\n");
  const Table table(folder / "m.csv", {"epoch", "loss", "acc"}, {1, 2, {}});
  BOOST_TEST(content_of(folder / "m.csv") == "epoch,loss,acc\n0,0.5,\n");
}

BOOST_AUTO_TEST_CASE(a_missing_or_torn_file_is_begun_anew) {
  const TemporaryFolder folder;
  BOOST_TEST(Table(folder / "none.csv", {"epoch", "loss"}, {5, 2, {}}).rows() == 0u);
  BOOST_TEST(content_of(folder / "none.csv") == "epoch,loss\n");
  write_file(folder / "torn.csv", "epoch,lo");
  BOOST_TEST(Table(folder / "torn.csv", {"epoch", "loss"}, {5, 2, {}}).rows() == 0u);
  BOOST_TEST(content_of(folder / "torn.csv") == "epoch,loss\n");
}

BOOST_AUTO_TEST_SUITE_END()
