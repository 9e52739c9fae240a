// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "policy/log_file.hpp"

#include <boost/test/unit_test.hpp>
#include <stdexcept>

#include "../temporary_folder.hpp"

using tenon::policy::LogFile;

BOOST_AUTO_TEST_SUITE(log_file)

BOOST_AUTO_TEST_CASE(a_new_file_begins_empty_whatever_stood_there) {
  const TemporaryFolder folder;
  write_file(folder / "log", "old\n");
  LogFile file(folder / "log", 0);
  file.append("new\n");
  BOOST_TEST(content_of(folder / "log") == "new\n");
  BOOST_TEST(file.size() == 4u);
}

BOOST_AUTO_TEST_CASE(a_line_stands_in_the_file_at_once) {
  const TemporaryFolder folder;
  LogFile file(folder / "log", 0);
  file.append("one\n");
  BOOST_TEST(content_of(folder / "log") == "one\n");
}

BOOST_AUTO_TEST_CASE(what_a_later_attempt_wrote_is_cut_off) {
  const TemporaryFolder folder;
  write_file(folder / "log", "one\ntwo\nthree\n");
  LogFile file(folder / "log", 8);
  file.append("four\n");
  BOOST_TEST(content_of(folder / "log") == "one\ntwo\nfour\n");
}

BOOST_AUTO_TEST_CASE(a_shorter_file_keeps_its_whole_lines) {
  const TemporaryFolder folder;
  write_file(folder / "log", "one\ntw");
  LogFile file(folder / "log", 100);
  BOOST_TEST(file.size() == 4u);
  file.append("two\n");
  BOOST_TEST(content_of(folder / "log") == "one\ntwo\n");
}

BOOST_AUTO_TEST_CASE(replaced_content_is_appended_to) {
  const TemporaryFolder folder;
  LogFile file(folder / "log", 0);
  file.append("one\n");
  file.replace("ONE\nTWO\n");
  file.append("three\n");
  BOOST_TEST(content_of(folder / "log") == "ONE\nTWO\nthree\n");
  BOOST_TEST(!std::filesystem::exists(folder / "log.tmp"));
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_opened_is_named) {
  const TemporaryFolder folder;
  const std::string path = folder / "missing/log";
  BOOST_CHECK_EXCEPTION(LogFile(path, 0), std::runtime_error, [&](const std::runtime_error& wrong) {
    return std::string(wrong.what()) == path + " cannot be opened: No such file or directory";
  });
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_an_error_and_not_a_lost_line) {
  LogFile file("/dev/full", 0);
  BOOST_CHECK_EXCEPTION(file.append("line\n"), std::runtime_error, [](const std::runtime_error& wrong) {
    return std::string(wrong.what()) == "/dev/full cannot be written: No space left on device";
  });
}

BOOST_AUTO_TEST_SUITE_END()
