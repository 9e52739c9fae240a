#!/usr/bin/env bash
# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# install.sh sdk|torch SOURCE BUILD: installs a build into a folder, moves that elsewhere, and uses it from there alone.
#   sdk    what is installed, the SDK's C template as a plugin, a training with it where LibTorch was built in
#   torch  the embedding example and the tutorial's first task, out of tree
# From the environment: CMAKE_COMMAND, CMAKE_GENERATOR, and what find_package needs (TENON_LIBTORCH, TENON_DEPENDENCIES).
set -euo pipefail
what=$1 source=$2 build=$3
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export XDG_DATA_HOME=$place/data
unset TENON_PLUGIN_PATH
installed="$place/moved here"

fail() {
  printf 'FAILED: %s\n' "$1" >&2
  shift
  for file in "$@"; do cat "$file" >&2; done
  exit 1
}

# out WHAT COMMAND...: runs it, its output to $place/out; ends the test where it fails.
out() {
  local name=$1
  shift
  "$@" >"$place/out" 2>&1 || fail "$name" "$place/out"
}

# has PATTERN: a line of the last output matches.
has() { grep -qE -- "$1" "$place/out" || fail "no line like: $1" "$place/out"; }

# build_project FOLDER [ARGUMENT...]: configures and builds it against what is installed.
build_project() {
  local folder=$1
  shift
  out "configuring $folder" "$CMAKE_COMMAND" -S "$folder" -B "$folder/build" "-DCMAKE_PREFIX_PATH=$installed" "$@"
  out "building $folder" "$CMAKE_COMMAND" --build "$folder/build"
}

out "installing; is everything built?" "$CMAKE_COMMAND" --install "$build" --prefix "$place/first"
mv "$place/first" "$installed"
tenon="$installed/bin/tenon"

sdk() {
  for file in include/tenon/plugin.h include/tenon/cpp/host.hpp include/tenon/services/metrics.h include/tenon/trainer.hpp \
    include/tenon/task.hpp lib/tenon/plugins/checkpoint.so share/tenon/sdk/template/cpp/my_callback.cpp share/doc/tenon/LICENSE; do
    [ -f "$installed/$file" ] || fail "$file is not installed"
  done
  # Neither the package nor the libraries know where they were built.
  if grep -rlE "$source|$build" "$installed/lib/cmake"; then fail "the CMake package names the build's folders"; fi
  for file in "$tenon" "$installed"/lib/*.so "$installed"/lib/tenon/*/*.so; do
    if readelf -d "$file" | grep -E 'R(UN)?PATH' | grep -qE "$source|$build"; then fail "$file looks for libraries in the build"; fi
  done

  # LibTorch has templates of the same names, of another compiler: it must not be given libtenon's.
  if nm --dynamic --defined-only "$installed/lib/libtenon.so" | grep -v 5tenon; then fail "libtenon exports what is not Tenon's"; fi

  out "listing plugins" "$tenon" plugins list
  has "checkpoint"
  has "$installed/lib/tenon/plugins"

  cp -r "$installed/share/tenon/sdk/template/c" "$place/plugin"
  build_project "$place/plugin"
  for example in plugin_c plugin_cpp plugin_short; do
    cp -r "$source/examples/$example" "$place/$example"
    build_project "$place/$example"
  done
  # The whole package gives the same, and says what it has not.
  sed 's/^find_package.*/find_package(Tenon REQUIRED COMPONENTS sdk)/' "$place/plugin/CMakeLists.txt" >"$place/CMakeLists.txt"
  cp -r "$installed/share/tenon/sdk/template/c" "$place/again"
  mv "$place/CMakeLists.txt" "$place/again"
  build_project "$place/again"
  sed -i 's/COMPONENTS sdk/COMPONENTS sdk torhc/' "$place/again/CMakeLists.txt"
  if "$CMAKE_COMMAND" -S "$place/again" -B "$place/again/build" >"$place/out" 2>&1; then fail "there is a component torhc" "$place/out"; fi
  has "there is no component 'torhc'; there are sdk, tenon, torch"
  cat >"$place/run.json" <<END
{
  "task": {"library": "digits"},
  "trainer": {"max_epochs": 1, "limit_train_batches": 2, "limit_val_batches": 1, "num_sanity_val_steps": 0},
  "plugins": {"paths": ["plugin/build"]},
  "callbacks": [
    {"plugin": "my_callback", "config": {"monitor": "val_loss", "target": 100}},
    {"plugin": "checkpoint", "config": {"monitor": "val_loss"}}
  ]
}
END
  if [ -f "$installed/lib/tenon/tasks/digits.so" ]; then
    out "training" "$tenon" train "$place/run.json" --out "$place/run"
    has "^stopped after 1 epoch, 2 steps: my_callback"
    has "checkpoint \(checkpoint\): saved 1"
  else
    out "showing the plugin" "$tenon" plugins show my_callback --plugins "$place/plugin/build"
  fi
}

torch() {
  cp -r "$source/examples/embed" "$place/embed"
  build_project "$place/embed"
  # LibTorch exports a std::filesystem of its own: the program must find libstdc++'s first.
  first=$(readelf -d "$place/embed/build/embed" | grep -m1 NEEDED)
  [[ $first == *libstdc++* ]] || fail "the program's first library is $first"
  out "the embedding example" bash "$source/tests/packaging/embed.sh" "$place/embed/build/embed"

  cp -r "$source/examples/tasks/first" "$place/task"
  build_project "$place/task"
  out "training the task" "$tenon" train "$place/task/run.json" --out "$place/run" \
    --set task.library=./build/tasks/first_task.so
  has "^finished after 10 epochs, 200 steps"

  # What cannot be had is said.
  if TENON_LIBTORCH=$place/nowhere "$CMAKE_COMMAND" -S "$place/task" -B "$place/refused" "-DCMAKE_PREFIX_PATH=$installed" \
    >"$place/out" 2>&1; then fail "configured without LibTorch" "$place/out"; fi
  has "Tenon::torch is not there: LibTorch [0-9.]+ was not found: set"
}

"$what"
echo "all as expected"
