#!/usr/bin/env bash
# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# Which LibTorch the set-up takes, that an interruption leaves nothing behind, and what the find module refuses.
# shellcheck source-path=SCRIPTDIR source=expect.sh
source "$(dirname "${BASH_SOURCE[0]}")/expect.sh"
export place
real_python=$(command -v python3)
export real_python

# fake_torch FOLDER VERSION: a Python torch as an installation has it, without its weight.
fake_torch() {
  mkdir -p "$1/include/ATen/core" "$1/include/torch/csrc/api/include/torch" "$1/lib"
  touch "$1/include/ATen/core/Tensor.h" "$1/include/torch/csrc/api/include/torch/torch.h" "$1/lib/libtorch_cpu.so" "$1/lib/libc10.so"
  echo "__version__ = '$2+cu130'" >"$1/version.py"
  printf '#define TORCH_VERSION_%s\n' "MAJOR ${2%%.*}" "MINOR $(cut -d. -f2 <<<"$2")" "PATCH ${2##*.}" >"$1/include/torch/csrc/api/include/torch/version.h"
}
# The wheels as pip would leave them, or as far as it came when it is interrupted.
cat >"$place/wheels.py" <<'PYTHON'
import sys, zipfile
libraries = {"torch": ["libtorch_cpu.so", "libc10.so", "libgomp.so.1", "libtorch_cuda.so", "libtorch_python.so"],
             "nvidia": ["libcudart.so.13", "libcupti.so.13", "libnvperf_host.so"]}
for wheel, folder in (("torch", "torch/lib/"), ("nvidia", "nvidia/cu13/lib/")):
    with zipfile.ZipFile(f"{sys.argv[1]}/{wheel}-1-py3-none-any.whl", "w") as archive:
        for name in libraries[wheel]:
            archive.writestr(folder + name, name)
        archive.writestr(f"{wheel}-1.dist-info/licenses/LICENSE", "licence")
        archive.writestr("torch/include/ATen/core/Tensor.h" if wheel == "torch" else "nvidia/cu13/include/cuda.h", "")
PYTHON
stand_in python3 <<<'case $* in
  *find_spec*) cat "$place/torch_folder" ;;
  *"pip download"*) for wheels in "$@"; do :; done; mkdir -p "$wheels"; "$real_python" "$place/wheels.py" "$wheels"; exit "$(cat "$place/pip_status")" ;;
  *) exec "$real_python" "$@" ;;
esac'
stand_in ldd <<<'cat "$place/ldd"'

# choice: what the set-up says about LibTorch.
choice() {
  (
    source "$packaging/setup/messages.sh"
    source "$packaging/setup/libtorch.sh"
    system_python=python3
    choose_libtorch
    readlink "$cache/libtorch"
  ) 2>&1 || echo "exit $?"
}

unset TENON_LIBTORCH
: >"$place/torch_folder"
: >"$place/ldd"
echo 1 >"$place/pip_status"
expect "says what to do when the download fails" "$(choice)" 'could not be downloaded'
expect "an interrupted download leaves nothing that looks complete" "$(ls -d "$cache"/libtorch-* 2>/dev/null | grep -v '\.log$' || true)" ''

echo 0 >"$place/pip_status"
said=$(choice)
expect "fetches the pinned one" "$said" '/libtorch-2\.15\.0-(cpu|cuda)$'
[ -e /dev/nvidiactl ] || expect "keeps what a machine without a GPU needs" "$(cd "$cache/libtorch/lib" && echo *)" \
  '^libc10.so libcudart.so.13 libcupti.so.13 libgomp.so.1 libtorch_cpu.so$'
expect "keeps headers and licences" "$(cd "$cache/libtorch" && find . -type f | sort | xargs)" 'include/ATen/core/Tensor.h .*licenses/torch-LICENSE'
echo 1 >"$place/pip_status"
expect "fetches once" "$(choice)" '/libtorch-2\.15\.0-(cpu|cuda)$'
expect "says that the pinned one is for x86-64 alone" "$(stand_in uname <<<'echo aarch64'; cache=$place/other; mkdir -p "$cache"; choice)" \
  'error: the pinned LibTorch is for x86-64; this machine is aarch64'
rm "$place/bin/uname"

fake_torch "$place/torch" 2.11.0
echo "$place/torch" >"$place/torch_folder"
expect "takes an installed Python torch" "$(choice)" "^$place/torch\$"
echo "libcudart.so.13 => not found" >"$place/ldd"
expect "refuses one that cannot be loaded" "$(choice)" 'misses libraries \(libcudart.so.13 \): not used'
: >"$place/ldd"
fake_torch "$place/torch" 2.8.1
expect "refuses an old one" "$(choice)" '2\.8\.1 in .* is older than 2\.9: not used'
export TENON_LIBTORCH=$place/nowhere
expect "refuses a TENON_LIBTORCH without LibTorch" "$(choice)" 'error: TENON_LIBTORCH is .*nowhere, which does not hold include/ATen'

# found FOLDER: what the find module says of it.
cat >"$place/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.25)
project(found LANGUAGES NONE)
list(APPEND CMAKE_MODULE_PATH "$packaging/cmake")
find_package(LibTorch REQUIRED)
message(STATUS "version \${LibTorch_VERSION}")
CMAKE
found() { "${CMAKE_COMMAND:-cmake}" -G Ninja -S "$place" -B "$place/build" -DTENON_LIBTORCH="$1" 2>&1 | tr -s '\n ' ' '; }
expect "the find module refuses an old one, with the cure" "$(found "$place/torch" || true)" 'LibTorch 2\.8\.1 of .* is too old: Tenon needs 2\.9 or newer\. Run packaging/setup\.sh'
expect "the find module names a wrong hint" "$(found "$place/nowhere" || true)" "TENON_LIBTORCH is '.*nowhere', which does not hold"
fake_torch "$place/torch" 2.9.0
expect "the find module takes 2.9" "$(found "$place/torch" || true)" 'version 2\.9\.0'
finish
