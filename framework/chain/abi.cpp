// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "chain/abi.hpp"

namespace tenon::chain {

tenon_status fail(tenon_error* error, tenon_status code, std::string_view text) noexcept {
  if (error == nullptr || error->struct_size <= offsetof(tenon_error, text)) return code;
  const std::size_t room = std::min<std::size_t>(error->struct_size, sizeof *error) - offsetof(tenon_error, text) - 1;
  std::size_t size = std::min(text.size(), room);
  if (size < text.size())
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0u) == 0x80u) --size;
  if (size > 0) std::memcpy(error->text, text.data(), size);
  error->text[size] = '\0';
  error->text_size = size;
  error->code = code;
  return code;
}

std::string_view reason_of(const tenon_error& error) noexcept {
  if (error.text_size == 0) return "it gave no reason";
  return {error.text, std::min<std::size_t>(static_cast<std::size_t>(error.text_size), TENON_ERROR_TEXT_CAPACITY - 1)};
}

std::string version_text(std::uint32_t abi_version) {
  return std::to_string(abi_version >> 16) + "." + std::to_string(abi_version & 0xFFFFu);
}

void require_stride(std::uint64_t stride, std::size_t least, const char* what, const char* element) {
  if (stride >= least) return;
  throw AbiError(TENON_E_INVALID_ARGUMENT, std::string(what) + " is " + std::to_string(stride) + ", less than a " +
                                               element + " has: set it to sizeof");
}

}  // namespace tenon::chain
