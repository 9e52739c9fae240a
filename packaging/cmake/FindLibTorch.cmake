# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
#[[
FindLibTorch: LibTorch's two core libraries, without its own CMake package (which demands the CUDA toolkit of a CUDA build).

Hint    TENON_LIBTORCH (CMake or environment variable): the folder that holds include/ and lib/, of an unpacked `torch`
        wheel, an installed Python torch (site-packages/torch), an official LibTorch zip, or a distribution (/usr).
        Without it: the folder that packaging/setup.sh chose, in the user's cache folder; then the system's.
Targets LibTorch::torch_cpu, LibTorch::c10. C++20; their headers are system headers, so that no warning of theirs is ours.
        Link them to the few targets that include LibTorch, privately: the folder holds its own copy of fmt, which must never
        meet spdlog's in one source file.
Result  LibTorch_FOUND, LibTorch_VERSION, LibTorch_ROOT_DIR, LibTorch_LIBRARY_DIR.
A version below 2.9 is refused.
]]

include(FindPackageHandleStandardArgs)
set(_libtorch_least 2.9)

# A hint that is given is obeyed alone: a wrong one must not fall back in silence to another LibTorch.
set(_libtorch_hint "${TENON_LIBTORCH}")
if(NOT _libtorch_hint)
  set(_libtorch_hint "$ENV{TENON_LIBTORCH}")
endif()
if(_libtorch_hint)
  set(_libtorch_search PATHS "${_libtorch_hint}" NO_DEFAULT_PATH)
else()
  set(_libtorch_cache "$ENV{XDG_CACHE_HOME}")
  if(NOT _libtorch_cache)
    set(_libtorch_cache "$ENV{HOME}/.cache")
  endif()
  # The link may later name another version; what is built keeps the one it was built with.
  file(REAL_PATH "${_libtorch_cache}/tenon/libtorch" _libtorch_chosen)
  set(_libtorch_search HINTS "${_libtorch_chosen}")
endif()

# Looked for anew at each configure: the folder may have changed.
foreach(_libtorch_variable IN ITEMS INCLUDE_DIR API_INCLUDE_DIR CPU_LIBRARY C10_LIBRARY)
  unset(LibTorch_${_libtorch_variable} CACHE)
endforeach()
find_path(LibTorch_INCLUDE_DIR ATen/core/Tensor.h ${_libtorch_search} PATH_SUFFIXES include)
find_path(LibTorch_API_INCLUDE_DIR torch/torch.h ${_libtorch_search} PATH_SUFFIXES
          include/torch/csrc/api/include torch/csrc/api/include)
find_library(LibTorch_CPU_LIBRARY torch_cpu ${_libtorch_search} PATH_SUFFIXES lib lib64 "lib/${CMAKE_LIBRARY_ARCHITECTURE}")
find_library(LibTorch_C10_LIBRARY c10 ${_libtorch_search} PATH_SUFFIXES lib lib64 "lib/${CMAKE_LIBRARY_ARCHITECTURE}")
mark_as_advanced(LibTorch_INCLUDE_DIR LibTorch_API_INCLUDE_DIR LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY)

# Newer versions moved the numbers to headeronly/; both files define the same macros.
set(LibTorch_VERSION "")
foreach(_libtorch_file IN ITEMS "${LibTorch_INCLUDE_DIR}/torch/headeronly/version.h"
                                "${LibTorch_API_INCLUDE_DIR}/torch/version.h")
  if(NOT LibTorch_VERSION AND EXISTS "${_libtorch_file}")
    file(STRINGS "${_libtorch_file}" _libtorch_lines REGEX "define TORCH_VERSION_(MAJOR|MINOR|PATCH) [0-9]+")
    if("${_libtorch_lines}" MATCHES "MAJOR ([0-9]+).*MINOR ([0-9]+).*PATCH ([0-9]+)")
      set(LibTorch_VERSION "${CMAKE_MATCH_1}.${CMAKE_MATCH_2}.${CMAKE_MATCH_3}")
    endif()
  endif()
endforeach()

set(_libtorch_cure "Run packaging/setup.sh, which fetches the pinned one, or set TENON_LIBTORCH to a folder that holds its \
include/ and lib/ (site-packages/torch, an official LibTorch zip), or configure with -DTENON_BUILD_TORCH=OFF.")
if(LibTorch_VERSION AND LibTorch_VERSION VERSION_LESS _libtorch_least)
  set(_libtorch_cure "LibTorch ${LibTorch_VERSION} of ${LibTorch_INCLUDE_DIR} is too old: Tenon needs ${_libtorch_least} or \
newer. ${_libtorch_cure}")
  unset(LibTorch_INCLUDE_DIR CACHE)
  set(LibTorch_VERSION "")
elseif(_libtorch_hint AND NOT (LibTorch_INCLUDE_DIR AND LibTorch_CPU_LIBRARY))
  set(_libtorch_cure "TENON_LIBTORCH is '${_libtorch_hint}', which does not hold include/ATen and lib/libtorch_cpu.so. \
${_libtorch_cure}")
endif()
find_package_handle_standard_args(LibTorch
  REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_INCLUDE_DIR LibTorch_API_INCLUDE_DIR LibTorch_VERSION
  VERSION_VAR LibTorch_VERSION
  REASON_FAILURE_MESSAGE "${_libtorch_cure}")

if(LibTorch_FOUND)
  get_filename_component(LibTorch_ROOT_DIR "${LibTorch_INCLUDE_DIR}" DIRECTORY)
  get_filename_component(LibTorch_LIBRARY_DIR "${LibTorch_CPU_LIBRARY}" DIRECTORY)
endif()
if(LibTorch_FOUND AND NOT TARGET LibTorch::torch_cpu)
  add_library(LibTorch::c10 SHARED IMPORTED)
  set_target_properties(LibTorch::c10 PROPERTIES
    IMPORTED_LOCATION "${LibTorch_C10_LIBRARY}"
    IMPORTED_SONAME libc10.so
    INTERFACE_COMPILE_FEATURES cxx_std_20)
  target_include_directories(LibTorch::c10 SYSTEM INTERFACE "${LibTorch_INCLUDE_DIR}" "${LibTorch_API_INCLUDE_DIR}")
  # LibTorch registers its operators when it is loaded: it must stay needed even where the linker sees no use of it.
  target_link_options(LibTorch::c10 INTERFACE LINKER:--no-as-needed "LINKER:-rpath-link,${LibTorch_LIBRARY_DIR}")
  add_library(LibTorch::torch_cpu SHARED IMPORTED)
  set_target_properties(LibTorch::torch_cpu PROPERTIES
    IMPORTED_LOCATION "${LibTorch_CPU_LIBRARY}"
    IMPORTED_SONAME libtorch_cpu.so)
  target_link_libraries(LibTorch::torch_cpu INTERFACE LibTorch::c10)
endif()
