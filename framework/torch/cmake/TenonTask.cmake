# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
include_guard(GLOBAL)

# tenon_add_task(name SOURCES a.cpp ... [DATA file ...] [OUTPUT_DIRECTORY dir])
#
# A task library `name` (name.so), as a target of that name to which more may be linked. It exports tenon_task_v1 alone.
# DATA files are copied beside it: a task finds its shipped data in TaskContext::library_folder. Without OUTPUT_DIRECTORY it
# goes to tasks/ of the build folder; a manifest names it by its path there, or `tenon` finds it by its name in lib/tenon/tasks
# of where Tenon is installed.
function(tenon_add_task name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "OUTPUT_DIRECTORY" "SOURCES;DATA")
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "tenon_add_task(${name}): no SOURCES given")
  endif()
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tenon_add_task(${name}): unknown arguments: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_OUTPUT_DIRECTORY)
    set(arg_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tasks")
  endif()

  add_library(${name} MODULE ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE Tenon::torch)
  set_target_properties(${name} PROPERTIES
    PREFIX "" POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LIBRARY_OUTPUT_DIRECTORY "$<1:${arg_OUTPUT_DIRECTORY}>")
  target_link_options(${name} PRIVATE "LINKER:-z,nodelete")

  foreach(file IN LISTS arg_DATA)
    get_filename_component(source "${file}" ABSOLUTE)
    get_filename_component(leaf "${file}" NAME)
    add_custom_command(OUTPUT "${arg_OUTPUT_DIRECTORY}/${leaf}"
      COMMAND "${CMAKE_COMMAND}" -E make_directory "${arg_OUTPUT_DIRECTORY}"
      COMMAND "${CMAKE_COMMAND}" -E copy "${source}" "${arg_OUTPUT_DIRECTORY}/${leaf}"
      DEPENDS "${source}" VERBATIM)
    list(APPEND copies "${arg_OUTPUT_DIRECTORY}/${leaf}")
  endforeach()
  if(copies)
    add_custom_target(${name}_data ALL DEPENDS ${copies})
    add_dependencies(${name} ${name}_data)
  endif()
endfunction()
