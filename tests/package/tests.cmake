# Installs the library, builds programs elsewhere with it, and runs them against a cluster.
if(NOT GRAPEVINE_SANITIZE)
  # Here too, so that it is checked like all other sources.
  add_executable(every_call package/every_call.cc)
  target_link_libraries(every_call PRIVATE Grapevine::client)
  add_test(NAME "package" COMMAND ${CMAKE_CURRENT_LIST_DIR}/run.sh
           ${PROJECT_BINARY_DIR} ${PROJECT_SOURCE_DIR} ${CMAKE_CXX_COMPILER} ${CMAKE_COMMAND})
  set_tests_properties("package" PROPERTIES LABELS e2e TIMEOUT 300 PROCESSORS 2)
endif()
