// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
/* A shared library like any other. */
int tenon_test_plain_library(void);
int tenon_test_plain_library(void) { return 1; }
