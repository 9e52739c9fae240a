# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# The compiler settings of everything that is ours: link to tenon_settings, privately.
add_library(tenon_settings INTERFACE)
target_compile_options(tenon_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow $<$<COMPILE_LANGUAGE:CXX>:-Wconversion>
  $<$<BOOL:${TENON_WARNINGS_AS_ERRORS}>:-Werror>)

# Header-only and C libraries that ship no CMake package.
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
find_library(XXHASH_LIBRARY xxhash REQUIRED)
add_library(xxhash INTERFACE)
target_include_directories(xxhash SYSTEM INTERFACE "${XXHASH_INCLUDE_DIR}")
target_link_libraries(xxhash INTERFACE "${XXHASH_LIBRARY}")

# The set-up unpacks valijson's headers alone: its Debian package depends on every JSON library there is.
find_path(VALIJSON_INCLUDE_DIR valijson/validator.hpp HINTS "$ENV{TENON_DEPENDENCIES}/include" REQUIRED)
add_library(valijson INTERFACE)
target_include_directories(valijson SYSTEM INTERFACE "${VALIJSON_INCLUDE_DIR}")
