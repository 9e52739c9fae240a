#!/usr/bin/env bash
# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# From a fresh machine to a trained model: sets up, builds into build/, trains the digits example on real data.
# quickstart.sh [CMAKE_ARGUMENT...]. It can be run again: only what is missing is done.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cmake_arguments=("$@")
# shellcheck source-path=SCRIPTDIR source=setup/messages.sh
source "$root/packaging/setup/messages.sh"
help_if_asked "${BASH_SOURCE[0]}" "$@"
# shellcheck source-path=SCRIPTDIR source=setup.sh
source "$root/packaging/setup.sh" --
source "$root/packaging/setup/build.sh"

configure_and_build -DTENON_BUILD_BENCHMARKS=ON -DTENON_BUILD_TESTS=OFF -DTENON_WARNINGS_AS_ERRORS=OFF "${cmake_arguments[@]}"

say "training: build/bin/tenon train examples/digits/run.json"
cd "$root"
build/bin/tenon train examples/digits/run.json || fail "the training run failed; its message is above."
run=$(find runs -mindepth 1 -maxdepth 1 -type d -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-)
say "done. Where things are:"
say "  the program     $build/bin/tenon   (plugins: build/plugins, tasks: build/tasks, benchmarks: build/bin/bench_*)"
say "  this run        $root/$run"
find "$run" -name '*.ckpt' -printf '  checkpoint      %p\n' | sort | sed 's/^/tenon: /'
find "$run" \( -name '*.csv' -o -name '*.jsonl' \) -printf '  metrics         %p\n' | sort | sed 's/^/tenon: /'
say "Next:"
say "  build/bin/tenon train examples/digits/run.json --out runs/short --set trainer.max_epochs=3"
say "  build/bin/tenon plugins list"
say "  bash packaging/test.sh"
