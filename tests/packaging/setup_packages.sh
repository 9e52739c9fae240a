#!/usr/bin/env bash
# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# What the set-up installs, and that it removes nothing.
# shellcheck source-path=SCRIPTDIR source=expect.sh
source "$(dirname "${BASH_SOURCE[0]}")/expect.sh"
export calls=$place/calls installed=$place/installed conflicts=$place/conflicts boost_default=$place/boost_default place
stand_in id <<<'echo 0'
stand_in dpkg-query <<<'grep -qx -- "${*: -1}" "$installed" || exit 1
case $* in *Version*) cat "$boost_default" ;; *) echo -n installed ;; esac'
stand_in apt-cache <<<'case $2 in
  libboost-json-dev|libboost-dev) version=$(cat "$boost_default") ;;
  *) version=1.81.0-5 ;;
esac
echo "$2:"; echo "  Candidate: $version"'
# Installing what conflicts names would remove a package. A download is an empty package with one header.
stand_in apt-get <<<'echo "apt-get $*" >>"$calls"
case " $* " in
  *" -s install "*) for name in "$@"; do if grep -qx -- "$name" "$conflicts"; then echo "Remv libboost1.74-dev [1.74.0]"; fi; done ;;
  *" download "*) touch one.deb ;;
  *" install "*) for name in "$@"; do echo "$name" >>"$installed"; done ;;
esac'
stand_in dpkg-deb <<<'mkdir -p "$3/usr/include/boost" "$3/usr/include/valijson" "$3/usr/include/gloo"; touch "$3/usr/include/boost/json.hpp"'

# case_of BOOST [CONFLICTING PACKAGE]...: a machine with a compiler; answers what the set-up says and what apt was asked.
case_of() {
  echo "$1" >"$boost_default"
  shift
  printf '%s\n' "$@" >"$conflicts"
  printf 'g++\ncmake\n' >"$installed"
  : >"$calls"
  rm -rf "$dependencies"
  again
}
again() {
  (
    source "$packaging/setup/messages.sh"
    source "$packaging/setup/packages.sh"
    install_packages "${build_packages[@]}"
  ) 2>&1 || echo "exit $?"
  cat "$calls"
}

said=$(case_of 1.74.0.3)
expect "names what is missing, and only that" "$said" '^tenon: installing: ca-certificates make ninja-build ccache'
expect "takes Boost 1.81 where the default is older" "$said" 'install .*--no-remove.* libboost1.81-dev libboost-json1.81-dev'
expect "installs without recommended packages" "$said" '-y install --no-install-recommends --no-remove'
expect "unpacks valijson's headers alone" "$(ls "$dependencies/valijson/include")" '^valijson$'
: >"$calls"
expect "asks apt nothing when all is there" "$(again)" '^tenon: distribution packages: all present$'
expect "asks apt nothing when all is there: no call" "$(cat "$calls")" ''

said=$(case_of 1.83.0.2)
expect "takes the default Boost where it is new enough" "$said" 'install .*--no-remove.* libboost-dev libboost-json-dev'

said=$(case_of 1.74.0.3 libboost1.81-dev)
expect "says why Boost is not installed" "$said" 'without removing another version.s packages: nothing is removed'
expect "unpacks Boost into the cache" "$(ls "$dependencies/boost/include/boost")" 'json.hpp'
expect "installs no Boost then" "$(grep -- '--no-remove' "$calls" | grep boost || true)" ''
expect "installs the rest" "$(grep -- '--no-remove' "$calls")" 'libspdlog-dev'
: >"$calls"
expect "is content with the unpacked Boost" "$(again)" 'all present$'

said=$(case_of 1.83.0.2 libcli11-dev)
expect "refuses to remove anything" "$said" 'error: apt would remove these .*libboost1.74-dev'
expect "refuses to remove anything: nothing installed" "$(grep -- ' -y install' "$calls" || true)" ''

said=$(stand_in id <<<'echo 1000'; stand_in sudo <<<'exit 1'; case_of 1.83.0.2 </dev/null)
expect "without root, says what to run as root" "$said" 'As root: apt-get install --no-install-recommends .*ninja-build'
expect "without root, asks apt to install nothing" "$(grep -- ' -y install' "$calls" || true)" ''

said=$(PATH=$place/empty again 2>&1 || true)
expect "without apt, names what to install by hand" "$said" 'there is no apt here.*Debian 12 and 13'
expect "without apt, names the way on" "$said" 'TENON_SKIP_PACKAGES=1'
for script in setup quickstart test; do
  : >"$calls"
  said=$(cd "$place" && bash "$packaging/$script.sh" --help 2>&1; echo "exit $?")
  expect "$script.sh --help tells how to call it" "$said" "$script.sh .*\["
  expect "$script.sh --help ends well, with nothing done" "$(tail -n 1 <<<"$said")$(cat "$calls")" '^exit 0$'
done

finish
