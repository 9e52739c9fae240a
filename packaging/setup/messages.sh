# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# What the set-up says, and how it fails: what was wrong, then the cure.

say() { printf 'tenon: %s\n' "$*"; }

# help_if_asked SCRIPT ARGUMENT...: for -h and --help prints the comment at the script's head, and ends with 0.
help_if_asked() {
  local script=$1 argument
  shift
  for argument in "$@"; do
    case $argument in
      -h | --help)
        awk 'NR > 3 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$script"
        exit 0
        ;;
    esac
  done
}

# fail WHAT CURE...: one line for what is wrong, one for each sentence of the cure.
fail() {
  printf 'tenon: error: %s\n' "$1" >&2
  shift
  [ $# -eq 0 ] || printf '       %s\n' "$@" >&2
  exit 1
}

# logged FILE COMMAND...: runs quietly, its output in FILE; on failure shows the end of it and returns its status.
logged() {
  local log=$1 status=0
  shift
  "$@" >"$log" 2>&1 </dev/null || status=$?
  [ "$status" -eq 0 ] || tail -n 25 "$log" | sed 's/^/  | /' >&2
  return "$status"
}

# require_space FOLDER MEGABYTES WHAT
require_space() {
  local free
  free=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
  [ "$free" -ge "$2" ] || fail "$3 needs $2 MB in $1, where $free MB are free." \
    "Free some space. For another cache folder: XDG_CACHE_HOME=/path/with/space."
}

# at_least VERSION LEAST
at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }
