#!/bin/sh
# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# compare.sh ENVIRONMENT BUILD [--rounds N] [--folder DIR] [--json]
# ENVIRONMENT is a folder for a Python virtual environment with Lightning and LibTorch's version of torch; it is made
# when it is not there (about 6 GB). BUILD is a build folder with the benchmarks in it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
environment=${1:?usage: compare.sh ENVIRONMENT BUILD [--rounds N] [--folder DIR] [--json]}
shift
if [ ! -x "$environment/bin/python" ]; then
  python3 -m venv "$environment"
  "$environment/bin/pip" install --quiet --no-cache-dir -r "$here/../../conformance/lightning/requirements.txt"
fi
exec "$environment/bin/python" "$here/compare.py" "$@"
