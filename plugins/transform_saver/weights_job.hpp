// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// One save's scale or cast: works on the host's copy, never on the live weights, and counts what it did.
#ifndef TENON_PLUGINS_TRANSFORM_SAVER_WEIGHTS_JOB_HPP
#define TENON_PLUGINS_TRANSFORM_SAVER_WEIGHTS_JOB_HPP

#include <tenon/plugin.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace tenon::transform_saver {

/// What is done to one tensor.
class WeightsJob {
 public:
  /// Multiplies the floating-point parameters.
  static WeightsJob scale(Host host, double factor);
  /// Converts every floating-point tensor to "f16" or "bf16".
  static WeightsJob cast(Host host, std::string_view dtype);

  void apply(const tenon_apply_args& args) const;
  /// {"factor": 0.5, "changed": 6, "kept": 0}, {"dtype": "f16", "changed": 8, "kept": 1, "overflowed": 0}
  std::string_view finish();

 private:
  struct Counts {
    std::uint64_t changed = 0;
    std::uint64_t kept = 0;
    std::uint64_t overflowed = 0;  // finite numbers that the new type cannot hold
  };

  explicit WeightsJob(Host host) : host_(host) {}
  bool concerns(const tenon_apply_args& args) const;
  void warn_of_overflow(const tenon_apply_args& args) const;

  Host host_;
  bool casts_ = false;
  double factor_ = 1.0;
  std::string dtype_name_;
  tenon_dtype dtype_{};
  double limit_ = 0.0;     // from here on, rounding gives infinity
  mutable Counts counts_;  // apply() is never called twice at once
  std::string metadata_;
};

}  // namespace tenon::transform_saver

#endif
