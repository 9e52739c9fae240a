# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
"""Unpacks LibTorch from its wheels: unpack_libtorch.py DESTINATION cpu|cuda WHEEL...

DESTINATION gets include/, lib/ and licenses/. `cpu` leaves out what only a machine with a GPU can load. The CUDA runtime and
CUPTI go into lib/ beside libtorch_cpu.so, which looks for what it needs in its own folder.
"""
import os
import re
import shutil
import sys
import zipfile

CPU_LIBRARIES = {"libtorch_cpu.so", "libc10.so", "libgomp.so.1", "libcudart.so.13", "libcupti.so.13"}
CUDA_LIBRARIES = {"libtorch_cuda.so", "libtorch_cuda_linalg.so", "libc10_cuda.so", "libcaffe2_nvrtc.so", "libtorch_nvshmem.so"}


def target(name, kept):
    """Where a member of a wheel goes, or None."""
    if name.startswith("torch/include/"):
        return name[len("torch/"):]
    if re.fullmatch(r"(torch|nvidia/cu\d+)/lib/[^/]+", name) and os.path.basename(name) in kept:
        return "lib/" + os.path.basename(name)
    licence = re.fullmatch(r"([A-Za-z0-9_]+)-[^/]*\.dist-info/(?:licenses/)?((?:LICEN[CS]E|NOTICE|License)[^/]*)", name)
    return f"licenses/{licence[1]}-{licence[2]}" if licence else None


def main():
    destination, kind, wheels = sys.argv[1], sys.argv[2], sys.argv[3:]
    kept = CPU_LIBRARIES | (CUDA_LIBRARIES if kind == "cuda" else set())
    found = set()
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            for member in archive.infolist():
                place = None if member.is_dir() else target(member.filename, kept)
                if place is None or ".." in place.split("/"):
                    continue
                path = os.path.join(destination, place)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with archive.open(member) as source, open(path, "wb") as copy:
                    shutil.copyfileobj(source, copy, 1 << 20)
                found.add(os.path.basename(place))
    if kept - found:
        sys.exit("not in the wheels: " + ", ".join(sorted(kept - found)))


main()
