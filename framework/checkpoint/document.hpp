// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// checkpoint.json, read back.
#ifndef TENON_CHECKPOINT_DOCUMENT_HPP
#define TENON_CHECKPOINT_DOCUMENT_HPP

#include <boost/json/object.hpp>
#include <string_view>

#include "checkpoint/file_system.hpp"
#include "checkpoint/read_error.hpp"

namespace tenon::checkpoint {

/// Compares the text's own hash before anything else looks at it. Throws ReadError.
boost::json::object parse_document(std::string_view text);

/// Of the checkpoint whose folder is open. Throws ReadError.
boost::json::object read_document(FileSystem& files, int checkpoint_folder);

}  // namespace tenon::checkpoint

#endif
