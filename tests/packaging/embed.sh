#!/usr/bin/env bash
# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# embed.sh PROGRAM: examples/embed trains with its own callback and the checkpoint plugin, and says what it did.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
# The user's own plugins are not to be in the way.
env -u TENON_PLUGIN_PATH XDG_DATA_HOME="$place/data" "$1" >out.txt 2>err.txt || { cat out.txt err.txt; exit 1; }
for line in '^epoch 14: val_loss 0\.00' '^finished after 15 epochs, 300 steps$' '^  best \(checkpoint\): saved' \
  '^sin\(1\.5708\) was learnt as (0\.9|1\.0)'; do
  grep -qE "$line" out.txt || { echo "no line like: $line"; cat out.txt err.txt; exit 1; }
done
if [ -s err.txt ]; then cat err.txt; exit 1; fi
kept=(runs/embed/checkpoints/*.ckpt/model.safetensors)
[ "${#kept[@]}" -eq 2 ] && [ -f "${kept[0]}" ] || { echo "not two checkpoints: ${kept[*]}"; exit 1; }
echo "all as expected"
