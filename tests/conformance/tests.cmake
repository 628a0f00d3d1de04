# Beside Debian's redis-server, where that is installed.
grapevine_test(conformance_test SKIPS LABEL unit LINK command
               SOURCES conformance/cases.cc conformance/compare.cc conformance/conformance_test.cc
                       conformance/docs.cc conformance/link.cc conformance/peer.cc
                       conformance/random.cc conformance/tables.cc command/memory_keys.cc)
if(TARGET conformance_test)
  target_compile_definitions(conformance_test
                             PRIVATE GRAPEVINE_CASES="${CMAKE_CURRENT_SOURCE_DIR}/conformance/cases")
endif()
