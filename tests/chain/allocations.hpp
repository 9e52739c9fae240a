// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Counts what the whole process allocates with operator new.
#ifndef TENON_TESTS_CHAIN_ALLOCATIONS_HPP
#define TENON_TESTS_CHAIN_ALLOCATIONS_HPP

#include <cstddef>

namespace tenon::chain::test {

std::size_t allocations();

}  // namespace tenon::chain::test

#endif
