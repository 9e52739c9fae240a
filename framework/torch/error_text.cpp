// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/error_text.hpp"

#include <new>
#include <string_view>

namespace tenon::torch_engine {

std::string error_text(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return "out of memory";
  std::string_view text = error.what();
  text = text.substr(0, text.find("\nException raised from "));
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return std::string(text);
}

}  // namespace tenon::torch_engine
