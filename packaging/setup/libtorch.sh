# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154
# LibTorch: $TENON_LIBTORCH, else an installed Python torch, else the pinned wheels in the user's cache folder.
# Uses say, fail, logged, require_space; $cache. Exports TENON_LIBTORCH.

readonly libtorch_pins=$packaging/setup/libtorch.txt
readonly libtorch_least=2.9

# The folder of the Python torch that `python3` would import, if it has headers and everything it needs can be loaded.
# Looked for without importing it, which takes seconds.
installed_python_torch() {
  local folder version
  folder=$(python3 -c 'import importlib.util as u; s = u.find_spec("torch"); print(s.submodule_search_locations[0] if s else "")' 2>/dev/null) || return 1
  [ -e "$folder/include/ATen/core/Tensor.h" ] && [ -e "$folder/lib/libtorch_cpu.so" ] || return 1
  version=$(sed -n "s/^__version__ = '\([0-9.]*\).*/\1/p" "$folder/version.py")
  if ! at_least "${version:-0}" "$libtorch_least"; then
    say "the Python torch ${version:-of unknown version} in $folder is older than $libtorch_least: not used" >&2
    return 1
  fi
  if ldd "$folder/lib/libtorch_cpu.so" | grep -q 'not found'; then
    say "the Python torch in $folder misses libraries ($(ldd "$folder/lib/libtorch_cpu.so" | awk '/not found/ { printf "%s ", $1 }')): not used" >&2
    return 1
  fi
  echo "$folder"
}

download_libtorch() {
  local wheels=$1
  # Whatever Python is installed: one fixed wheel, since no Python runs it.
  mkdir -p "$wheels.part"
  TMPDIR=$wheels.part logged "$cache/libtorch-download.log" "$system_python" -m pip download --require-hashes -r "$libtorch_pins" --no-deps --only-binary=:all: \
    --no-cache-dir --disable-pip-version-check --progress-bar off --retries 5 --python-version 3.11 --implementation cp --abi cp311 --abi none \
    --platform manylinux_2_28_x86_64 --platform manylinux_2_25_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 \
    --dest "$wheels"
}

fetch_libtorch() {
  local destination=$1 kind=$2 staging megabytes=1200
  [ "$(uname -m)" = x86_64 ] || fail "the pinned LibTorch is for x86-64; this machine is $(uname -m)." \
    "Install a torch of version $libtorch_least or newer for python3, or unpack a LibTorch and set TENON_LIBTORCH to its folder."
  [ "$kind" = cpu ] || megabytes=1800
  require_space "$cache" "$megabytes" "LibTorch"
  staging=$(mktemp -d "$cache/staging.XXXXXX")
  say "downloading LibTorch (about 540 MB, once) into $cache"
  download_libtorch "$staging/wheels" || fail "LibTorch could not be downloaded." \
    "Is there a network, and a proxy to be named in https_proxy? The log: $cache/libtorch-download.log" \
    "Nothing half done is kept: run this again. Or set TENON_LIBTORCH to the folder of one that you have."
  say "unpacking LibTorch into $destination"
  [ "$kind" = cuda ] || say "(no GPU here: the CUDA-only libraries are left out, the headers stay)"
  logged "$cache/libtorch-unpack.log" "$system_python" "$packaging/setup/unpack_libtorch.py" "$staging/unpacked" "$kind" "$staging"/wheels/*.whl ||
    fail "LibTorch could not be unpacked into $staging." "Is the disk full? The log: $cache/libtorch-unpack.log"
  # Renamed whole, and only once it is on disk: an interrupted set-up leaves nothing that looks complete.
  sync -f "$staging/unpacked"
  mv -T "$staging/unpacked" "$destination"
  rm -rf "$staging"
}

choose_libtorch() {
  local kind=cpu version folder
  if [ -n "${TENON_LIBTORCH:-}" ]; then
    TENON_LIBTORCH=$(readlink -f "$TENON_LIBTORCH")
    [ -e "$TENON_LIBTORCH/include/ATen/core/Tensor.h" ] || fail "TENON_LIBTORCH is $TENON_LIBTORCH, which does not hold include/ATen." \
      "It must be the folder that holds include/ and lib/ (site-packages/torch, an official LibTorch zip). Unset it to have the pinned one fetched."
    say "LibTorch: $TENON_LIBTORCH (from TENON_LIBTORCH)"
  elif folder=$(installed_python_torch); then
    TENON_LIBTORCH=$folder
    say "LibTorch: $TENON_LIBTORCH (the installed Python torch)"
  else
    version=$(sed -n 's/^torch==\([0-9.]*\).*/\1/p' "$libtorch_pins")
    [ ! -e /dev/nvidiactl ] || kind=cuda
    TENON_LIBTORCH=$cache/libtorch-$version-$kind
    [ -d "$TENON_LIBTORCH" ] || fetch_libtorch "$TENON_LIBTORCH" "$kind"
    say "LibTorch: $version in $TENON_LIBTORCH"
  fi
  # Where the find module looks when nobody tells it.
  ln -sfnT "$TENON_LIBTORCH" "$cache/libtorch"
  export TENON_LIBTORCH
}
