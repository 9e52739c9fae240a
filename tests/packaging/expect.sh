# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A folder of its own with the set-up's functions on stand-ins for apt and dpkg; what these answer is set by each case.
set -euo pipefail
packaging=$1/packaging
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cache=$place/cache
dependencies=$place/cache/dependencies
mkdir -p "$cache" "$place/bin"
PATH=$place/bin:$PATH
failures=0

# expect WHAT ACTUAL PATTERN: the actual text matches the extended regular expression, the empty one nothing but nothing.
expect() {
  if [ -n "$3" ] && grep -qE -- "$3" <<<"$2"; then return; fi
  if [ -z "$3" ] && [ -z "$2" ]; then return; fi
  printf 'FAILED: %s\n  expected: %s\n  got:      %s\n' "$1" "$3" "$2"
  failures=$((failures + 1))
}

# stand_in NAME: a program of that name, its body from stdin.
stand_in() {
  { echo '#!/usr/bin/env bash'; cat; } >"$place/bin/$1"
  chmod +x "$place/bin/$1"
}

finish() {
  [ "$failures" -eq 0 ] || exit 1
  echo "all as expected"
}
