// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What differs between the supported versions of LibTorch stands here and nowhere else. Of what is used of it so far,
// nothing does from 2.9.0 to 2.15.0.
#ifndef TENON_TORCH_LIBTORCH_VERSION_HPP
#define TENON_TORCH_LIBTORCH_VERSION_HPP

#include <torch/version.h>

#if TORCH_VERSION_MAJOR < 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR < 9)
#error "LibTorch 2.9 or newer is needed"
#endif

#endif
