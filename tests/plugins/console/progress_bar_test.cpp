// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "console/progress_bar.hpp"

#include <boost/test/unit_test.hpp>

using namespace tenon::console;

BOOST_AUTO_TEST_SUITE(progress_bar)

BOOST_AUTO_TEST_CASE(half_an_epoch_shows_speed_and_time_left) {
  ProgressBar bar(0.1);
  bar.start(0, 100.0);
  BOOST_TEST(bar.text(3, 45, 90, 105.0) == "epoch 3 [##########----------]  50% 45/90 9/s 0:05 left");
}

BOOST_AUTO_TEST_CASE(a_stream_counts_batches) {
  ProgressBar bar(0.1);
  bar.start(0, 0.0);
  BOOST_TEST(bar.text(0, 20, UINT64_MAX, 2.0) == "epoch 0 20 batches 10/s");
}

BOOST_AUTO_TEST_CASE(a_full_bar_is_full) {
  ProgressBar bar(0.1);
  bar.start(0, 0.0);
  BOOST_TEST(bar.text(0, 4, 4, 2.0) == "epoch 0 [####################] 100% 4/4 2/s 0:00 left");
}

BOOST_AUTO_TEST_CASE(an_epoch_resumed_inside_does_not_look_fast) {
  ProgressBar bar(0.1);
  bar.start(80, 0.0);
  BOOST_TEST(bar.text(0, 90, 100, 1.0) == "epoch 0 [##################--]  90% 90/100 10/s 0:01 left");
}

BOOST_AUTO_TEST_CASE(it_is_drawn_no_more_often_than_asked) {
  ProgressBar bar(0.5);
  bar.start(0, 10.0);
  BOOST_TEST(bar.due(10.0));
  bar.text(0, 1, 2, 10.0);
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
