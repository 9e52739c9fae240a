// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Numbers as text, the same in every locale.
#ifndef TENON_PLUGINS_POLICY_NUMBERS_HPP
#define TENON_PLUGINS_POLICY_NUMBERS_HPP

#include <string>

namespace tenon::policy {

/// The shortest text that reads back as the same double: "0.7", "3.0", "1e-05"; "nan", "inf", "-inf".
/// A whole number keeps its ".0", so that a reader sees a floating-point column.
std::string exact(double value);

/// For people: so many significant digits, "0.123457".
std::string readable(double value, int digits = 6);

}  // namespace tenon::policy

#endif
