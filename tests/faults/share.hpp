// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Which calls are tried: the first argument behind "--" is "all", or every so many from a random one on.
#ifndef TENON_TESTS_FAULTS_SHARE_HPP
#define TENON_TESTS_FAULTS_SHARE_HPP

#include <boost/test/unit_test.hpp>
#include <random>
#include <string>

namespace tenon::test {

struct Share {
  long first = 0, step = 1;
  Share() {
    const auto& suite = boost::unit_test::framework::master_test_suite();
    const std::string share = suite.argc > 1 ? suite.argv[1] : "all";
    if (share == "all") return;
    step = std::stol(share);
    first = static_cast<long>(std::random_device{}() % static_cast<unsigned long>(step));
  }
};

}  // namespace tenon::test

#endif
