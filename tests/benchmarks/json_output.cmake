# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
# cmake -DPROGRAM=... -DKEYS=a,b -P json_output.cmake: the program's standard output is one flat object of these numbers.
execute_process(COMMAND "${PROGRAM}" --json OUTPUT_VARIABLE output RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} --json: exit code ${result}")
endif()
string(REPLACE "," ";" keys "${KEYS}")
list(LENGTH keys expected)
string(JSON found ERROR_VARIABLE problem LENGTH "${output}")
if(problem OR NOT found EQUAL expected)
  message(FATAL_ERROR "${PROGRAM} --json: not an object of ${expected} members: ${output} ${problem}")
endif()
foreach(key IN LISTS keys)
  string(JSON type ERROR_VARIABLE problem TYPE "${output}" ${key})
  if(NOT type STREQUAL "NUMBER")
    message(FATAL_ERROR "${PROGRAM} --json: no number '${key}': ${output}")
  endif()
endforeach()
