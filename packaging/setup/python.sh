# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# The Python that the tests read Tenon's files with: a virtual environment of its own, pinned.
# Uses say, fail, logged; $cache. Exports TENON_PYTHON.

# The distribution's, whatever environment is active; another where there is none.
system_python=/usr/bin/python3
[ -x "$system_python" ] || [ -z "${TENON_SKIP_PACKAGES:-}" ] || system_python=python3

prepare_test_python() {
  local pins=$packaging/setup/tests.txt folder staging
  folder=$cache/python-$("$system_python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-$(sha256sum "$pins" | cut -c1-8)
  if [ ! -d "$folder" ]; then
    say "preparing Python for the tests in $folder"
    staging=$(mktemp -d "$cache/staging.XXXXXX")
    logged "$cache/python.log" "$system_python" -m venv "$staging/python" || fail "python3 -m venv failed." "The log: $cache/python.log"
    logged "$cache/python.log" "$staging/python/bin/python" -m pip install --require-hashes -r "$pins" --only-binary=:all: \
      --disable-pip-version-check --progress-bar off --retries 5 ||
      fail "the Python packages of the tests could not be installed." "Is there a network? The log: $cache/python.log" "Then run this again."
    sync -f "$staging/python"
    mv -T "$staging/python" "$folder"
    rm -rf "$staging"
  fi
  export TENON_PYTHON=$folder/bin/python
  ln -sfnT "$folder" "$cache/python"
  say "Python of the tests: $TENON_PYTHON"
}
