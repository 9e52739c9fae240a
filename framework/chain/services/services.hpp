// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The tables of the services that the chain itself answers.
#ifndef TENON_CHAIN_SERVICES_SERVICES_HPP
#define TENON_CHAIN_SERVICES_SERVICES_HPP

#include <tenon/services/board.h>
#include <tenon/services/options.h>
#include <tenon/services/paths.h>
#include <tenon/services/transforms.h>

#include <filesystem>

namespace tenon::chain {

class Callback;

extern const tenon_board board_service;
extern const tenon_options options_service;
extern const tenon_paths paths_service;
extern const tenon_transforms transforms_service;

/// TENON_PATH_SCRATCH of a callback; need not exist.
std::filesystem::path scratch_folder(const Callback& callback);

}  // namespace tenon::chain

#endif
