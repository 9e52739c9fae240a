// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Arithmetic over tensors in main memory, for transforms and callbacks' own tensors: no tensor library is needed there.
#ifndef TENON_LOOP_TENSOR_MATH_HPP
#define TENON_LOOP_TENSOR_MATH_HPP

#include <tenon/tensor.h>

namespace tenon::loop {

/// Each takes row-major tensors without gaps, in main memory, of equal shape, and throws chain::AbiError
/// (TENON_E_INVALID_ARGUMENT, _UNSUPPORTED) for others. Results are rounded to nearest even; out of an integer's range
/// they are cut to its ends.
void copy_numbers(const tenon_tensor_view& to, const tenon_tensor_view& from);
void scale_numbers(const tenon_tensor_view& to, double factor);
/// to += weight * (from - to); between two tensors of floats in floats, else in doubles.
void lerp_numbers(const tenon_tensor_view& to, const tenon_tensor_view& from, double weight);
/// to += factor * from; the same.
void add_numbers(const tenon_tensor_view& to, const tenon_tensor_view& from, double factor);
/// As doubles, into room for all of them.
void read_numbers(const tenon_tensor_view& from, double* out);

}  // namespace tenon::loop

#endif
