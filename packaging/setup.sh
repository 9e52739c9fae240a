#!/usr/bin/env bash
# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# Prepares a fresh Debian 12 or 13 (or what is built like them) to build Tenon: setup.sh [--tests] [--format]
#   distribution packages   the missing ones, named first, through sudo when not root; nothing is ever removed
#   LibTorch                $TENON_LIBTORCH, else an installed Python torch (2.9 or newer), else pinned wheels, checked by hash
#   --tests                 also what the tests need;  --format  also the source formatter
# Run it, or source it: then TENON_LIBTORCH, TENON_DEPENDENCIES and, with --tests, TENON_PYTHON are exported.
# What it fetches is kept in ${XDG_CACHE_HOME:-~/.cache}/tenon. It can be run again at any time, also after an interruption.
set -euo pipefail

packaging=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR
source "$packaging/setup/messages.sh"
help_if_asked "${BASH_SOURCE[0]}" "$@"
[ -n "${XDG_CACHE_HOME:-${HOME:-}}" ] || fail "neither HOME nor XDG_CACHE_HOME is set." "Set XDG_CACHE_HOME to a folder for what is downloaded."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/tenon
dependencies=${TENON_DEPENDENCIES:-$cache/dependencies}
source "$packaging/setup/packages.sh"
source "$packaging/setup/libtorch.sh"
source "$packaging/setup/python.sh"

setup() {
  local packages=("${build_packages[@]}") argument with_tests=
  for argument in "$@"; do
    case $argument in
      --tests) with_tests=1 packages+=("${test_packages[@]}") ;;
      --) ;;
      --format) packages+=("${format_packages[@]}") ;;
      *) fail "unknown argument '$argument'." "setup.sh [--tests] [--format]" ;;
    esac
  done
  mkdir -p "$cache" || fail "the cache folder $cache cannot be made." "Set XDG_CACHE_HOME to a folder that you may write to."
  exec 9>"$cache/lock"
  flock -n 9 || { say "waiting for another set-up to end"; flock 9; }
  rm -rf "$cache"/staging.*
  install_packages "${packages[@]}"
  choose_libtorch
  [ -z "$with_tests" ] || prepare_test_python
  exec 9>&-
  export TENON_DEPENDENCIES=$dependencies
}

setup "$@"
