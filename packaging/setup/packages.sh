# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# Distribution packages: names the missing ones, installs them without recommended ones, never removes any.
# Uses say, fail, logged; $cache, $dependencies. With TENON_SKIP_PACKAGES=1 nothing is asked of apt.

readonly build_packages=(ca-certificates g++ cmake make ninja-build ccache python3 python3-pip
  libspdlog-dev libcli11-dev libxxhash-dev libprotozero-dev libbenchmark-dev)
readonly test_packages=(clang python3-venv)
readonly format_packages=(clang-format)
readonly default_boost=(libboost-dev libboost-json-dev libboost-test-dev)
readonly boost_181=(libboost1.81-dev libboost-json1.81-dev libboost-test1.81-dev)
# What those three stand on, for the case that they are unpacked rather than installed.
readonly boost_181_below=(libboost-json1.81.0 libboost-test1.81.0 libboost-container1.81-dev libboost-container1.81.0
  libboost-system1.81-dev libboost-system1.81.0)

not_installed() {
  local name
  for name in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || echo "$name"
  done
}

as_root() {
  local settings=(DEBIAN_FRONTEND=noninteractive ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"})
  if [ "$(id -u)" -eq 0 ]; then env "${settings[@]}" "$@"; else sudo env "${settings[@]}" "$@"; fi
}

require_root() {
  [ "$(id -u)" -ne 0 ] || return 0
  command -v sudo >/dev/null || fail "these packages are missing and there is no sudo: $*" \
    "As root: apt-get install --no-install-recommends $*" "Then run this again."
  # Asked for here, on the terminal, because the commands themselves run with their output in a file.
  if [ -t 0 ]; then sudo -v; else sudo -n true 2>/dev/null; fi || fail "sudo was refused; these packages are missing: $*" \
    "As root: apt-get install --no-install-recommends $*" "Then run this again."
}

# The version apt would install, or nothing.
candidate() {
  LC_ALL=C apt-cache policy "$1" | awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }'
}

# What a simulated installation (apt-get -s, read from stdin) would remove.
removals() { awk '$1 == "Remv" { print $2 }'; }

# would_remove PACKAGE...: what apt would remove to install these; fails when apt cannot install them at all.
would_remove() {
  LC_ALL=C apt-get -s install --no-install-recommends "$@" >"$cache/apt-simulation.log" 2>&1 || return 1
  removals <"$cache/apt-simulation.log"
}

boost_is_present() {
  [ -e "$dependencies/boost/include/boost/json.hpp" ] && return 0
  [ -z "$(not_installed "${boost_181[@]}")" ] && return 0
  [ -z "$(not_installed "${default_boost[@]}")" ] &&
    at_least "$(dpkg-query -W -f '${Version}' libboost-dev)" 1.81
}

# The distribution's Boost packages: its default ones where they are new enough.
choose_boost() {
  local default
  default=$(candidate libboost-json-dev)
  if [ -n "$default" ] && at_least "$default" 1.81; then
    echo "${default_boost[@]}"
  elif [ -n "$(candidate libboost-json1.81-dev)" ]; then
    echo "${boost_181[@]}"
  else
    return 1
  fi
}

# unpack_packages FOLDER PATH PACKAGE...: $dependencies/FOLDER holds PATH below usr/ (empty: all of it) of the packages.
unpack_packages() {
  local folder=$1 path=$2 staging package
  shift 2
  [ ! -d "$dependencies/$folder" ] || return 0
  say "unpacking $* into $dependencies/$folder (not installed)"
  staging=$(mktemp -d "$cache/staging.XXXXXX")
  mkdir -p "$staging/contents" "$(dirname "$staging/kept${path:+/$path}")" "$dependencies"
  (cd "$staging" && logged "$cache/apt-download.log" apt-get -o APT::Sandbox::User="$(id -un)" download "$@") ||
    fail "apt could not download $*." "Is there a network? The log: $cache/apt-download.log"
  for package in "$staging"/*.deb; do dpkg-deb -x "$package" "$staging/contents"; done
  mv -T "$staging/contents/usr${path:+/$path}" "$staging/kept${path:+/$path}"
  mv -T "$staging/kept" "$dependencies/$folder"
  rm -rf "$staging"
}

# What apt refuses to go on from: an installation that was killed half-way, perhaps an earlier run of this.
finish_interrupted() {
  compgen -G '/var/lib/dpkg/updates/[0-9]*' >/dev/null || return 0
  say "finishing an interrupted installation of packages: dpkg --configure -a"
  logged "$cache/dpkg.log" as_root dpkg --configure -a || fail "dpkg --configure -a failed." "The whole log: $cache/dpkg.log"
}

# update_lists MISSING...: nothing to install and the lists known (headers alone are to be unpacked) needs no root.
update_lists() {
  [ $# -gt 0 ] || [ -z "$(candidate libvalijson-dev)" ] || return 0
  require_root "$@"
  finish_interrupted
  say "asking the distribution for its package lists"
  logged "$cache/apt-update.log" as_root apt-get -o DPkg::Lock::Timeout=300 update ||
    say "warning: apt-get update failed (no network?); going on with the lists there are"
}

install_missing() {
  local missing=("$@") removed
  say "installing: ${missing[*]}"
  removed=$(would_remove "${missing[@]}") || fail "apt cannot install: ${missing[*]}" \
    "$(grep -E '^E:|Unable|Depends' "$cache/apt-simulation.log" | head -n 3)" \
    "Tenon supports Debian 12 and 13 and what is built like them; the log: $cache/apt-simulation.log"
  [ -z "$removed" ] || fail "apt would remove these to install ${missing[*]}: $removed" \
    "This script removes nothing. Decide yourself: apt-get install --no-install-recommends ${missing[*]}"
  require_root "${missing[@]}"
  logged "$cache/apt-install.log" as_root apt-get -o DPkg::Lock::Timeout=300 -y install --no-install-recommends --no-remove \
    "${missing[@]}" || fail "apt-get install failed." "The whole log: $cache/apt-install.log" \
    "No network? A full disk? When it is mended, run this again."
}

# install_packages PACKAGE...: those, Boost, and the header-only libraries whose packages depend on far too much.
install_packages() {
  if [ -n "${TENON_SKIP_PACKAGES:-}" ]; then
    say "TENON_SKIP_PACKAGES is set: no package is looked for"
    return 0
  fi
  command -v apt-get >/dev/null || fail "there is no apt here: the set-up knows Debian 12 and 13 and what is built like them." \
    "Install these yourself: g++ 12, CMake 3.25, make, ninja, python3 with pip, Boost 1.81 (dll, json, test), spdlog, CLI11, xxHash, protozero, valijson, or newer" "Then run this again with TENON_SKIP_PACKAGES=1 (TENON_DEPENDENCIES: a prefix for what is not in /usr)."
  local missing boost=() headers=() name
  mapfile -t missing < <(not_installed "$@")
  boost_is_present || read -ra boost < <(choose_boost || echo "${default_boost[@]}")
  [ -e /usr/include/valijson/validator.hpp ] || [ -d "$dependencies/valijson" ] || headers+=(valijson)
  [ -e /usr/include/gloo/context.h ] || [ -d "$dependencies/gloo" ] || headers+=(gloo)
  if [ ${#missing[@]} -eq 0 ] && [ ${#boost[@]} -eq 0 ] && [ ${#headers[@]} -eq 0 ]; then
    say "distribution packages: all present"
    return 0
  fi

  update_lists "${missing[@]}" "${boost[@]}"
  if [ ${#boost[@]} -gt 0 ]; then
    read -ra boost < <(choose_boost) || fail "this distribution offers Boost $(candidate libboost-dev); Tenon needs 1.81 or newer, with Boost.JSON." \
      "Debian 12, Debian 13 and what is built like them have it."
    if [ -n "$(would_remove "${boost[@]}" || echo impossible)" ]; then
      say "${boost[0]} cannot be installed without removing another version's packages: nothing is removed"
      unpack_packages boost "" "${boost_181[@]}" "${boost_181_below[@]}"
      boost=()
    fi
  fi
  mapfile -t missing < <(not_installed "${missing[@]}" "${boost[@]}")
  [ ${#missing[@]} -eq 0 ] || install_missing "${missing[@]}"
  for name in "${headers[@]}"; do unpack_packages "$name" "include/$name" "lib$name-dev"; done
}
