# One library per folder of src, given only the libraries that it may include. Headers are found
# from the root of src ("swim/swim.h"), but a library sees only the folders of those that it names:
# each folder is offered under its own name in an include directory of its own, so who may include
# whom is decided here and nowhere else.
#
#   grapevine_library(swim LINK base SOURCES swim.cc ...)
function(grapevine_library name)
  cmake_parse_arguments(ARG "" "" "LINK;SOURCES" ${ARGN})
  set(target grapevine_${name})
  set(view ${CMAKE_BINARY_DIR}/include/${name})
  file(MAKE_DIRECTORY ${view})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR}/${name} ${view}/${name} SYMBOLIC)
  if(ARG_SOURCES)
    list(TRANSFORM ARG_SOURCES PREPEND ${name}/)
    add_library(${target} STATIC ${ARG_SOURCES})
    target_include_directories(${target} PUBLIC ${view})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${view})
    set(scope INTERFACE)
  endif()
  foreach(library IN LISTS ARG_LINK)
    if(TARGET PkgConfig::${library})
      target_link_libraries(${target} ${scope} PkgConfig::${library})
    elseif(library MATCHES "::")
      target_link_libraries(${target} ${scope} ${library})
    else()
      target_link_libraries(${target} ${scope} grapevine_${library})
    endif()
  endforeach()
endfunction()

# A Catch2 executable whose cases ctest knows one by one, under a label.
#
#   grapevine_test(swim_test LABEL unit LINK swim SOURCES swim_test.cc)
#
# CLUSTERS: its cases start several processes each, and take two of the places that ctest has (-j).
# SKIPS: a case that prints "SKIPPED: why" is shown as skipped.
function(grapevine_test name)
  cmake_parse_arguments(ARG "CLUSTERS;SKIPS" "LABEL;TIMEOUT" "LINK;SOURCES" ${ARGN})
  if((ARG_LABEL STREQUAL "unit" AND NOT GRAPEVINE_UNIT) OR
     (ARG_LABEL STREQUAL "scenario" AND NOT GRAPEVINE_SCENARIO))
    return()
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(GRAPEVINE_SANITIZE)
    # Unoptimised and sanitized, and beside others: what takes 5 s may take 300.
    math(EXPR ARG_TIMEOUT "4 * ${ARG_TIMEOUT}")
  endif()
  add_executable(${name} ${ARG_SOURCES})
  list(TRANSFORM ARG_LINK PREPEND grapevine_)
  target_link_libraries(${name} PRIVATE ${ARG_LINK} grapevine_test_main)
  # Each test file has helpers of its own, often of the same names.
  set_target_properties(${name} PROPERTIES UNITY_BUILD OFF)
  target_compile_options(${name} PRIVATE ${GRAPEVINE_TEST_OPTIONS})
  if(CMAKE_UNITY_BUILD)
    target_precompile_headers(${name} REUSE_FROM grapevine_test_headers)
  endif()
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  # The runs of one case with and without sanitizers are told apart by name.
  set(prefix "${name}: ")
  if(GRAPEVINE_SANITIZE)
    set(prefix "sanitized ${prefix}")
  endif()
  set(places 1)
  if(ARG_CLUSTERS)
    set(places 2)
  endif()
  set(skips)
  if(ARG_SKIPS)
    set(skips SKIP_REGULAR_EXPRESSION "SKIPPED: ")
  endif()
  # A filter that matches nothing must fail rather than pass.
  catch_discover_tests(${name} TEST_PREFIX "${prefix}" EXTRA_ARGS --warn NoTests
                       PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT}
                                  PROCESSORS ${places} ${skips})
endfunction()
