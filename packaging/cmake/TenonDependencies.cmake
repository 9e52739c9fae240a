# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# Adds to CMAKE_PREFIX_PATH what packaging/setup.sh unpacks where it does not install: a prefix, and a folder of prefixes.
# TENON_DEPENDENCIES (CMake or environment variable) names another place. Part of the installed package, too.
set(tenon_dependencies "${TENON_DEPENDENCIES}")
if(NOT tenon_dependencies)
  set(tenon_dependencies "$ENV{TENON_DEPENDENCIES}")
endif()
if(NOT tenon_dependencies AND DEFINED ENV{XDG_CACHE_HOME})
  set(tenon_dependencies "$ENV{XDG_CACHE_HOME}/tenon/dependencies")
elseif(NOT tenon_dependencies)
  set(tenon_dependencies "$ENV{HOME}/.cache/tenon/dependencies")
endif()
file(GLOB tenon_prefixes LIST_DIRECTORIES true "${tenon_dependencies}/*")
list(APPEND CMAKE_PREFIX_PATH "${tenon_dependencies}" ${tenon_prefixes})
