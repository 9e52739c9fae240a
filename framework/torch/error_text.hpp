// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_ERROR_TEXT_HPP
#define TENON_TORCH_ERROR_TEXT_HPP

#include <exception>
#include <string>

namespace tenon::torch_engine {

/// What an exception says for a person: LibTorch's own text without the C++ stack that follows it.
std::string error_text(const std::exception& error);

}  // namespace tenon::torch_engine

#endif
