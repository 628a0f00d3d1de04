# Beside Debian's redis-server, where that is installed.
grapevine_test(conformance_test SKIPS LABEL unit LINK command
               SOURCES conformance/cases.cc conformance/compare.cc conformance/peer.cc
                       conformance/conformance_test.cc conformance/random_test.cc
                       command/memory_keys.cc)
target_compile_definitions(conformance_test
                           PRIVATE GRAPEVINE_CASES="${CMAKE_CURRENT_SOURCE_DIR}/conformance/cases")
