# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# find_package(TenonSDK PATHS <sdk>/cmake): the target Tenon::sdk and the function tenon_add_plugin.
include("${CMAKE_CURRENT_LIST_DIR}/TenonPlugin.cmake")
