#!/usr/bin/env bash
# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# Sets up, builds into build/ and runs the tests labelled `fast`, or all: test.sh [--full] [CMAKE_ARGUMENT...]
# CTest's summary is the last line. It can be run again: only what is missing is done.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
selection=(-L fast)
cmake_arguments=()
for argument in "$@"; do
  if [ "$argument" = --full ]; then selection=(); else cmake_arguments+=("$argument"); fi
done
# shellcheck source-path=SCRIPTDIR source=setup/messages.sh
source "$root/packaging/setup/messages.sh"
help_if_asked "${BASH_SOURCE[0]}" "$@"
# shellcheck source-path=SCRIPTDIR source=setup.sh
source "$root/packaging/setup.sh" --tests
source "$root/packaging/setup/build.sh"

configure_and_build -DTENON_BUILD_TESTS=ON -DTENON_WARNINGS_AS_ERRORS=OFF -DTENON_PYTHON="$TENON_PYTHON" "${cmake_arguments[@]}"

say "running the tests (${selection[*]:-all}); the log: $build/Testing/Temporary/LastTest.log"
# The summary line is held back to be the last one.
ctest --test-dir "$build" "${selection[@]}" --output-on-failure --no-tests=error --timeout 300 --parallel "$(parallel_jobs)" </dev/null |
  awk '/tests passed, .* out of/ { summary = $0; next } { print; fflush() } END { if (summary) print summary }'
