# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# The compiler settings of everything that is ours: link to tenon_settings, privately.
add_library(tenon_settings INTERFACE)
target_compile_options(tenon_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow $<$<COMPILE_LANGUAGE:CXX>:-Wconversion>
  $<$<BOOL:${TENON_WARNINGS_AS_ERRORS}>:-Werror>)
# Its guess (a reference result beside a temporary argument) is wrong for objects that live as long as the process.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
  target_compile_options(tenon_settings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-dangling-reference>)
endif()

set(TENON_DEPENDENCIES "$ENV{TENON_DEPENDENCIES}" CACHE PATH "Prefix of dependencies that are not installed; empty: the set-up's folder")
include(TenonDependencies)

# Header-only and C libraries that ship no CMake package.
find_path(XXHASH_INCLUDE_DIR xxhash.h)
find_library(XXHASH_LIBRARY xxhash)
find_path(VALIJSON_INCLUDE_DIR valijson/validator.hpp)
foreach(found IN ITEMS XXHASH_INCLUDE_DIR XXHASH_LIBRARY VALIJSON_INCLUDE_DIR)
  if(NOT ${found})
    message(FATAL_ERROR "${found} was not found in the system nor in '${tenon_dependencies}'. "
                        "Run packaging/setup.sh, or name a prefix that holds it: -DTENON_DEPENDENCIES=PREFIX.")
  endif()
endforeach()
add_library(xxhash INTERFACE)
target_include_directories(xxhash SYSTEM INTERFACE "${XXHASH_INCLUDE_DIR}")
target_link_libraries(xxhash INTERFACE "${XXHASH_LIBRARY}")
include(CheckSourceCompiles)
set(CMAKE_REQUIRED_INCLUDES "${XXHASH_INCLUDE_DIR}")
set(CMAKE_REQUIRED_LIBRARIES "${XXHASH_LIBRARY}")
check_source_compiles(CXX "#include <xxhash.h>
#include <xxh_x86dispatch.h>
int main() { return XXH3_128bits_update(XXH3_createState(), nullptr, 0); }" TENON_XXHASH_DISPATCH)
unset(CMAKE_REQUIRED_INCLUDES)
unset(CMAKE_REQUIRED_LIBRARIES)
add_library(valijson INTERFACE)
target_include_directories(valijson SYSTEM INTERFACE "${VALIJSON_INCLUDE_DIR}")
