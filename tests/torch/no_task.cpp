// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A shared library that is no task.
extern "C" __attribute__((visibility("default"))) int tenon_test_no_task() { return 0; }
