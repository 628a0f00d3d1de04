grapevine_test(api_test LABEL unit LINK api SOURCES api/bridge_test.cc api/client_test.cc)

# What threads do with each other, under the thread sanitizer: the bridge and what it stands on are
# compiled for it apart, because all of a program has to be.
if(NOT GRAPEVINE_SANITIZE)
  set(sources api/bridge.cc api/process.cc api/translate.cc base/assert.cc runtime/clock.cc runtime/loop.cc)
  list(TRANSFORM sources PREPEND ${PROJECT_SOURCE_DIR}/src/)
  add_executable(api_thread_test api/bridge_test.cc ${sources})
  target_include_directories(api_thread_test PRIVATE ${PROJECT_SOURCE_DIR}/src
                                                     ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_options(api_thread_test PRIVATE -O1 -fsanitize=thread)
  target_link_options(api_thread_test PRIVATE -fsanitize=thread)
  target_link_libraries(api_thread_test PRIVATE grapevine_test_main fmt::fmt PkgConfig::libuv)
  set_target_properties(api_thread_test PROPERTIES UNITY_BUILD OFF)
  add_test(NAME "thread sanitizer: api_test" COMMAND api_thread_test)
  # Where the kernel spreads addresses wider than this sanitizer knows, it says so and ends.
  set_tests_properties("thread sanitizer: api_test" PROPERTIES
                       LABELS unit TIMEOUT 300
                       SKIP_REGULAR_EXPRESSION "unexpected memory mapping")
endif()
