// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
/* A task's identity, and code that must not run. */
#include <stdlib.h>

__attribute__((used, section(".tenon.task"))) static const char identity[] =
    "{\"tenon_task\":1,\"name\":\"sample_task\",\"version\":\"0.1.0\",\"fingerprint\":\"none\",\"config\":"
    "{\"type\":\"object\",\"properties\":{\"hidden\":{\"type\":\"integer\",\"minimum\":1,\"default\":64}}}}";

__attribute__((constructor)) static void must_not_run(void) { abort(); }
