// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "policy/log_file.hpp"

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <thread>

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

BOOST_AUTO_TEST_CASE(gathered_lines_stand_there_when_they_are_flushed_many_or_the_file_is_closed) {
  const TemporaryFolder folder;
  {
    LogFile file(folder / "log", 0);
    file.gather();
    file.append("one\n");
    BOOST_TEST(content_of(folder / "log") == "");
    BOOST_TEST(file.size() == 4u);
    file.flush();
    BOOST_TEST(content_of(folder / "log") == "one\n");
    const std::string many(1 << 16, '\n');
    file.append(many);
    BOOST_TEST(content_of(folder / "log") == "one\n" + many);
    file.replace("ONE\n");
    file.append("two\n");
  }
  BOOST_TEST(content_of(folder / "log") == "ONE\ntwo\n");
  LogFile full("/dev/full", 0);
  full.gather();
  full.append("one\n");
  BOOST_CHECK_THROW(full.flush(), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(what_a_later_attempt_wrote_is_cut_off) {
  const TemporaryFolder folder;
  write_file(folder / "log", "one\ntwo\nthree\n");
  LogFile file(folder / "log", 8);
  file.append("four\n");
  BOOST_TEST(content_of(folder / "log") == "one\ntwo\nfour\n");
}

BOOST_AUTO_TEST_CASE(a_cut_inside_a_line_takes_the_whole_line) {
  const TemporaryFolder folder;
  write_file(folder / "log", "one\ntwo\nthree\n");
  LogFile file(folder / "log", 6);
  file.append("four\n");
  BOOST_TEST(content_of(folder / "log") == "one\nfour\n");
}

BOOST_AUTO_TEST_CASE(a_file_that_was_gone_on_with_has_the_content_of_one_that_was_written_in_one_go) {
  const TemporaryFolder folder;
  LogFile whole(folder / "whole", 0);
  for (const char* line : {"one\n", "two\n", "\n", "three\n"}) whole.append(line);
  LogFile first(folder / "log", 0);
  first.append("one\ntwo\n");
  const auto saved = first.content();
  first.append("tw");
  LogFile second(folder / "log", saved.size);
  BOOST_TEST((second.content() == saved));
  second.append("\nthree\n");
  BOOST_TEST((second.content() == whole.content()));
  BOOST_TEST(second.content().lines == 4u);
  write_file(folder / "log", "oen\ntwo\n");
  BOOST_TEST(!(LogFile(folder / "log", saved.size).content() == saved));
}

BOOST_AUTO_TEST_CASE(what_syncs_works_on_another_thread_and_when_the_file_is_closed_or_replaced) {
  const TemporaryFolder folder;
  std::function<void()> sync, sync_later;
  {
    LogFile file(folder / "log", 0);
    file.append("one\n");
    sync = file.sync();
    file.replace("ONE\n");
    sync_later = file.sync();
  }
  std::thread other([&] {
    sync();
    sync_later();
  });
  other.join();
  LogFile device("/dev/full", 0);
  device.sync()();  // there is nothing to do
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
