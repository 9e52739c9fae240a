// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Where this loop does something else than Lightning, on purpose.
#ifndef TENON_TESTS_LOOP_LIGHTNING_DEVIATIONS_HPP
#define TENON_TESTS_LOOP_LIGHTNING_DEVIATIONS_HPP

#include <span>
#include <string_view>

namespace tenon::tests {

struct Deviation {
  std::string_view id;  ///< the case
  std::string_view reason;
  std::string_view instead;  ///< what happens from the first of these events on
};

inline constexpr std::string_view no_validation_at_a_stop =
    "a stop is carried out at the commit point, after the validations that were due; no validation is inserted";
inline constexpr std::string_view stop_at_a_commit_point =
    "what callbacks ask for is carried out at commit points; the first one comes after a batch";

inline std::span<const Deviation> deviations() {
  static constexpr Deviation all[] = {
      {"stop_in_on_train_batch_end_1_2", no_validation_at_a_stop, "be:1.2.6 ee:1.2.6 te:_.2.6 fe:_.2.6 td:_.2.6"},
      {"stop_in_on_train_batch_start_1_1", no_validation_at_a_stop, "be:1.2.6 ee:1.2.6 te:_.2.6 fe:_.2.6 td:_.2.6"},
      {"schedule_epoch_and_a_stop_inside", no_validation_at_a_stop, "be:1.2.6 ee:1.2.6 te:_.2.6 fe:_.2.6 td:_.2.6"},
      {"max_time_inside_an_epoch", no_validation_at_a_stop, "be:1.2.6 ee:1.2.6 te:_.2.6 fe:_.2.6 td:_.2.6"},
      {"min_steps_delays_a_stop", no_validation_at_a_stop, "be:1.2.6 ee:1.2.6 te:_.2.6 fe:_.2.6 td:_.2.6"},
      {"min_steps_already_reached", no_validation_at_a_stop, "be:1.2.6 ee:1.2.6 te:_.2.6 fe:_.2.6 td:_.2.6"},
      {"min_epochs_and_more_min_steps", no_validation_at_a_stop, "be:3.2.14 ee:3.2.14 te:_.2.14 fe:_.2.14 td:_.2.14"},
      {"stop_inside_accumulation", "a stop waits while gradients are pending: half a group would be lost",
       "be:0.1.0 bs:0.1.0 bb:0.1.0 ab:0.1.0 be:0.2.0 bs:0.2.0 bb:0.2.0 ab:0.2.0 os:0.2.0 be:0.3.1 ee:0.3.1 te:_.3.1 "
       "fe:_.3.1 "
       "td:_.3.1"},
      {"val_check_interval_with_accumulation",
       "a validation waits for the end of the accumulation group: what is saved behind it must be what it has measured",
       "be:0.3.1 bs:0.3.1 bb:0.3.1 ab:0.3.1 os:0.3.1 be:0.4.2 vs:0.4.2 vbs:0.4.2.0.0 vbe:0.4.2.0.0 ve:0.4.2 bs:0.4.2 "
       "bb:0.4.2 ab:0.4.2 be:0.5.2 bs:0.5.2 bb:0.5.2 ab:0.5.2 os:0.5.2 be:0.6.3 vs:0.6.3 vbs:0.6.3.0.0 vbe:0.6.3.0.0 "
       "ve:0.6.3 bs:0.6.3 bb:0.6.3 ab:0.6.3 os:0.6.3 be:0.7.4 ee:0.7.4 es:1.0.4 bs:1.0.4 bb:1.0.4 ab:1.0.4 be:1.1.4 "
       "bs:1.1.4 bb:1.1.4 ab:1.1.4 os:1.1.4 be:1.2.5 bs:1.2.5 bb:1.2.5 ab:1.2.5 be:1.3.5 bs:1.3.5 bb:1.3.5 ab:1.3.5 "
       "os:1.3.5 be:1.4.6 vs:1.4.6 vbs:1.4.6.0.0 vbe:1.4.6.0.0 ve:1.4.6 bs:1.4.6 bb:1.4.6 ab:1.4.6 be:1.5.6 bs:1.5.6 "
       "bb:1.5.6 ab:1.5.6 os:1.5.6 be:1.6.7 vs:1.6.7 vbs:1.6.7.0.0 vbe:1.6.7.0.0 ve:1.6.7 bs:1.6.7 bb:1.6.7 ab:1.6.7 "
       "os:1.6.7 be:1.7.8 ee:1.7.8 te:_.7.8 fe:_.7.8 td:_.7.8"},
      {"manual_two_max_steps",
       "max_steps counts batches in which an optimizer stepped, not the steps of every optimizer",
       "be:0.3.6 bs:0.3.6 bb:0.3.6 ab:0.3.6 os:0.3.6 bb:0.3.7 ab:0.3.7 os:0.3.7 be:0.4.8 vs:0.4.8 vbs:0.4.8.0.0 "
       "vbe:0.4.8.0.0 vbs:0.4.8.1.0 vbe:0.4.8.1.0 ve:0.4.8 ee:0.4.8 es:1.0.8 bs:1.0.8 bb:1.0.8 ab:1.0.8 os:1.0.8 "
       "bb:1.0.9 ab:1.0.9 os:1.0.9 be:1.1.10 bs:1.1.10 bb:1.1.10 ab:1.1.10 os:1.1.10 bb:1.1.11 ab:1.1.11 os:1.1.11 "
       "be:1.2.12 ee:1.2.12 te:_.2.12 fe:_.2.12 td:_.2.12"},
      {"stop_in_on_train_epoch_start_1_0", stop_at_a_commit_point,
       "es:1.0.4 bs:1.0.4 bb:1.0.4 ab:1.0.4 os:1.0.4 be:1.1.5 ee:1.1.5 te:_.1.5 fe:_.1.5 td:_.1.5"},
      {"stop_in_on_train_start_0_0", stop_at_a_commit_point,
       "ts:0.0.0 es:0.0.0 bs:0.0.0 bb:0.0.0 ab:0.0.0 os:0.0.0 be:0.1.1 ee:0.1.1 te:_.1.1 fe:_.1.1 td:_.1.1"},
  };
  return all;
}

}  // namespace tenon::tests

#endif
