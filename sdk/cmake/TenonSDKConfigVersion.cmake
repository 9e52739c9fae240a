# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# The package's version is the ABI's: a newer SDK of the same major version serves a request for an older one.
set(tenon_abi_header "${CMAKE_CURRENT_LIST_DIR}/../include/tenon/base.h")
if(NOT EXISTS "${tenon_abi_header}")
  set(tenon_abi_header "${CMAKE_CURRENT_LIST_DIR}/../../../include/tenon/base.h")
endif()
file(STRINGS "${tenon_abi_header}" tenon_abi_lines REGEX "^#define TENON_ABI_M(AJOR|INOR) ")
string(REGEX MATCH "MAJOR ([0-9]+)" tenon_abi_ignored "${tenon_abi_lines}")
set(PACKAGE_VERSION_MAJOR "${CMAKE_MATCH_1}")
string(REGEX MATCH "MINOR ([0-9]+)" tenon_abi_ignored "${tenon_abi_lines}")
set(PACKAGE_VERSION "${PACKAGE_VERSION_MAJOR}.${CMAKE_MATCH_1}")

if(PACKAGE_FIND_VERSION_MAJOR STREQUAL PACKAGE_VERSION_MAJOR AND NOT PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION)
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
endif()
if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
  set(PACKAGE_VERSION_EXACT TRUE)
endif()
