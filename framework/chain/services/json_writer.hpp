// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// options/1, the writing half; each function as options.h promises it.
#ifndef TENON_CHAIN_SERVICES_JSON_WRITER_HPP
#define TENON_CHAIN_SERVICES_JSON_WRITER_HPP

#include <tenon/services/options.h>

#include <cstdint>

namespace tenon::chain {

tenon_status TENON_CALL make_writer(const tenon_host* host, tenon_json_writer** out, tenon_error* error) noexcept;
void TENON_CALL write_bracket(tenon_json_writer* writer, std::int32_t bracket) noexcept;
void TENON_CALL write_key(tenon_json_writer* writer, tenon_text key) noexcept;
void TENON_CALL write_text(tenon_json_writer* writer, tenon_text value) noexcept;
void TENON_CALL write_integer(tenon_json_writer* writer, std::int64_t value) noexcept;
void TENON_CALL write_number(tenon_json_writer* writer, double value) noexcept;
void TENON_CALL write_boolean(tenon_json_writer* writer, std::int32_t value) noexcept;
void TENON_CALL write_null(tenon_json_writer* writer) noexcept;
void TENON_CALL write_json(tenon_json_writer* writer, tenon_text json) noexcept;
tenon_status TENON_CALL write_finish(tenon_json_writer* writer, tenon_text* out, tenon_error* error) noexcept;
void TENON_CALL release_writer(tenon_json_writer* writer) noexcept;

}  // namespace tenon::chain

#endif
