#!/bin/sh
# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# Records anew what Lightning's Trainer does in every case of cases.py: record.sh ENVIRONMENT
# ENVIRONMENT is a folder for a Python virtual environment; it is made when it is not there (about 6 GB).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
environment=${1:?usage: record.sh ENVIRONMENT}
if [ ! -x "$environment/bin/python" ]; then
  python3 -m venv "$environment"
  "$environment/bin/pip" install --quiet --no-cache-dir -r "$here/requirements.txt"
fi
exec "$environment/bin/python" "$here/record.py" "$here/trainer_cases.json"
