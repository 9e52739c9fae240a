# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
message(FATAL_ERROR "There is no Python to read Tenon's files with. Configure with -DTENON_PYTHON=PATH of one that has numpy "
  "and safetensors, or run packaging/test.sh, which makes one.")
