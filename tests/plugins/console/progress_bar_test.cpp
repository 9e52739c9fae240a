// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "console/progress_bar.hpp"

#include <boost/test/unit_test.hpp>

using namespace tenon::console;

BOOST_AUTO_TEST_SUITE(progress_bar)

BOOST_AUTO_TEST_CASE(half_an_epoch_shows_speed_and_time_left) {
  ProgressBar bar(0.1);
  bar.start(0, 100.0);
  BOOST_TEST(bar.text(3, 45, 90, 105.0, {}, 79) == "epoch 3 [##########----------]  50% 45/90 9/s 0:05 left");
}

BOOST_AUTO_TEST_CASE(a_stream_counts_batches) {
  ProgressBar bar(0.1);
  bar.start(0, 0.0);
  BOOST_TEST(bar.text(0, 20, UINT64_MAX, 2.0, {}, 79) == "epoch 0 20 batches 10/s");
}

BOOST_AUTO_TEST_CASE(a_full_bar_is_full) {
  ProgressBar bar(0.1);
  bar.start(0, 0.0);
  BOOST_TEST(bar.text(0, 4, 4, 2.0, {}, 79) == "epoch 0 [####################] 100% 4/4 2/s 0:00 left");
}

BOOST_AUTO_TEST_CASE(an_epoch_resumed_inside_does_not_look_fast) {
  ProgressBar bar(0.1);
  bar.start(80, 0.0);
  BOOST_TEST(bar.text(0, 90, 100, 1.0, {}, 79) == "epoch 0 [##################--]  90% 90/100 10/s 0:01 left");
}

/// Half of a long epoch, at 1080 batches a second.
std::string long_line(const std::vector<std::string>& metrics, std::size_t width) {
  ProgressBar bar(0.1);
  bar.start(0, 0.0);
  return bar.text(12, 54000, 108000, 50.0, metrics, width);
}

BOOST_AUTO_TEST_CASE(the_bar_becomes_shorter_before_a_metric_is_left_out) {
  const std::vector<std::string> metrics = {"train_loss 0.1234", "val_loss 0.2345"};
  BOOST_TEST(long_line(metrics, 102) ==
             "epoch 12 [##########----------]  50% 54000/108000 1080/s 0:50 left  train_loss 0.1234  val_loss 0.2345");
  BOOST_TEST(long_line(metrics, 101) ==
             "epoch 12 [#####-----]  50% 54000/108000 1080/s 0:50 left  train_loss 0.1234  val_loss 0.2345");
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_whole_is_left_out) {
  const std::vector<std::string> metrics = {"train_loss 0.1234", "val_loss 0.2345", "\xC3\xA4 1"};
  BOOST_TEST(long_line(metrics, 79) ==
             "epoch 12 [##---]  50% 54000/108000 1080/s 0:50 left  train_loss 0.1234  \xC3\xA4 1");
  BOOST_TEST(long_line(metrics, 50) == "epoch 12 [##---]  50% 54000/108000 1080/s  \xC3\xA4 1");
  for (std::size_t width = 33; width < 120; ++width) {
    const std::string line = long_line(metrics, width);
    BOOST_TEST((line.size() <= width + 1 && !line.ends_with(" ")), width << ": " << line);
  }
}

BOOST_AUTO_TEST_CASE(a_rate_has_no_exponent) {
  BOOST_TEST(rate_text(1080.4) == "1080");
  BOOST_TEST(rate_text(123456.7) == "123457");
  BOOST_TEST(rate_text(99.96) == "100");
  BOOST_TEST(rate_text(12.345) == "12.3");
  BOOST_TEST(rate_text(0.25) == "0.25");
}

BOOST_AUTO_TEST_CASE(it_is_drawn_no_more_often_than_asked) {
  ProgressBar bar(0.5);
  bar.start(0, 10.0);
  BOOST_TEST(bar.due(10.0));
  bar.text(0, 1, 2, 10.0, {}, 79);
  BOOST_TEST(!bar.due(10.4));
  BOOST_TEST(bar.due(10.5));
}

BOOST_AUTO_TEST_CASE(time_reads_as_on_a_clock) {
  BOOST_TEST(clock_text(7.4) == "0:07");
  BOOST_TEST(clock_text(750) == "12:30");
  BOOST_TEST(clock_text(10921) == "3:02:01");
  BOOST_TEST(duration_text(0.00002) == "0.00 s");
  BOOST_TEST(duration_text(41.066) == "41.07 s");
  BOOST_TEST(duration_text(59.996) == "1:00");
}

BOOST_AUTO_TEST_SUITE_END()
