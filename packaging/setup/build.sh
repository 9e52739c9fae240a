# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154
# Configures and builds into build/, for the two commands. Uses what setup.sh exported; $root.

readonly build=$root/build

# One compiler for each processor, but a file that includes LibTorch takes 1.5 GB.
parallel_jobs() {
  local memory
  memory=$(awk '/MemAvailable/ { print int($2 / 1500000) }' /proc/meminfo)
  printf '%s\n' "$(nproc)" "$((memory > 0 ? memory : 1))" | sort -n | head -n 1
}

# configure_and_build CMAKE_ARGUMENT...
configure_and_build() {
  local arguments=(-S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DTENON_LIBTORCH="$TENON_LIBTORCH"
    -DTENON_DEPENDENCIES="$TENON_DEPENDENCIES" "$@")
  mkdir -p "$build"
  [ -e "$build/build.ninja" ] || require_space "$build" 1000 "the build"
  say "configuring in $build"
  logged "$build/configure.log" cmake "${arguments[@]}" || fail "configuring failed." "The whole log: $build/configure.log" \
    "If $build was made by another compiler or from another folder, remove it and run this again."
  say "building with $(parallel_jobs) jobs"
  cmake --build "$build" --parallel "${TENON_JOBS:-$(parallel_jobs)}" || fail "the build failed; its messages are above." \
    "Out of memory? TENON_JOBS=1 compiles one file at a time."
}
