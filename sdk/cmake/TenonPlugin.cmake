# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# Everything a plugin's build needs; works from the SDK's folder alone. Included by find_package(TenonSDK), or directly.
include_guard(GLOBAL)

if(NOT TARGET Tenon::sdk)
  add_library(tenon_sdk INTERFACE)
  add_library(Tenon::sdk ALIAS tenon_sdk)
  # In the SDK's own folder, or in lib/cmake/TenonSDK of where it is installed.
  get_filename_component(tenon_sdk_include "${CMAKE_CURRENT_LIST_DIR}/../include" ABSOLUTE)
  if(NOT EXISTS "${tenon_sdk_include}/tenon/plugin.h")
    get_filename_component(tenon_sdk_include "${CMAKE_CURRENT_LIST_DIR}/../../../include" ABSOLUTE)
  endif()
  target_include_directories(tenon_sdk INTERFACE "${tenon_sdk_include}")
  unset(tenon_sdk_include)
endif()

# tenon_add_plugin(name SOURCES a.c b.cpp ... [OUTPUT_DIRECTORY dir])
#
# A plugin library `name` (name.so) of C11 or C++17 sources, as a target of that name to which more may be linked. It exports
# tenon_entry_v1 and nothing else, links to nothing that it does not use, and is refused by the linker when a symbol is missing.
# Without OUTPUT_DIRECTORY it goes to TENON_PLUGIN_OUTPUT_DIRECTORY where that is set, else beside the other build products.
function(tenon_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "OUTPUT_DIRECTORY" "SOURCES")
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "tenon_add_plugin(${name}): no SOURCES given")
  endif()
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tenon_add_plugin(${name}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_OUTPUT_DIRECTORY)
    set(arg_OUTPUT_DIRECTORY "${TENON_PLUGIN_OUTPUT_DIRECTORY}")
  endif()

  add_library(${name} MODULE ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE Tenon::sdk)
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if("C" IN_LIST languages)
    target_compile_features(${name} PRIVATE c_std_11)
  endif()
  if("CXX" IN_LIST languages)
    target_compile_features(${name} PRIVATE cxx_std_17)
  endif()
  set_target_properties(${name} PROPERTIES
    PREFIX "" POSITION_INDEPENDENT_CODE ON
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  if(arg_OUTPUT_DIRECTORY)
    get_filename_component(folder "${arg_OUTPUT_DIRECTORY}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_BINARY_DIR}")
    # The generator expression keeps multi-configuration generators from adding a folder of their own.
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "$<1:${folder}>")
  endif()

  if(UNIX AND NOT APPLE)
    set(map "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map")
    target_compile_options(${name} PRIVATE -ffunction-sections -fdata-sections)
    target_link_options(${name} PRIVATE "LINKER:--version-script=${map}" "LINKER:-z,nodelete" "LINKER:--gc-sections"
      "LINKER:--as-needed")
    set_target_properties(${name} PROPERTIES LINK_DEPENDS "${map}")
    # A sanitizer's run-time library is in the program, not in the plugin.
    if(NOT "${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS} ${CMAKE_MODULE_LINKER_FLAGS}" MATCHES "-fsanitize")
      target_link_options(${name} PRIVATE "LINKER:-z,defs")
    endif()
  endif()
endfunction()
