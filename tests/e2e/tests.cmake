# A main with a guard around the runner.
add_library(e2e_main OBJECT e2e/main.cc)
target_include_directories(e2e_main PRIVATE ${PROJECT_SOURCE_DIR}/tests)
target_compile_options(e2e_main PRIVATE ${GRAPEVINE_TEST_OPTIONS})

add_library(grapevine_e2e STATIC e2e/process.cc e2e/cluster.cc e2e/stream_client.cc
                                 e2e/raw_socket.cc e2e/load.cc e2e/network.cc e2e/ordeal.cc
                                 e2e/redis_client.cc e2e/traffic.cc)
target_link_libraries(grapevine_e2e PUBLIC grapevine_base grapevine_command grapevine_history
                                           grapevine_runtime
                                           Catch2::Catch2)
target_include_directories(grapevine_e2e PUBLIC ${PROJECT_SOURCE_DIR}/tests)
target_compile_options(grapevine_e2e PRIVATE ${GRAPEVINE_TEST_OPTIONS})
if(CMAKE_UNITY_BUILD)
  target_precompile_headers(grapevine_e2e REUSE_FROM grapevine_test_headers)
endif()
target_compile_definitions(grapevine_e2e
                           PRIVATE GRAPEVINE_BIN="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")

grapevine_test(e2e_test CLUSTERS LABEL e2e TIMEOUT 300 LINK e2e wire api
               SOURCES $<TARGET_OBJECTS:e2e_main> e2e/basic_test.cc e2e/failure_test.cc
                       e2e/coordinator_test.cc e2e/bad_input_test.cc e2e/load_test.cc
                       e2e/client_test.cc e2e/force_test.cc e2e/balance_test.cc
                       e2e/leave_test.cc e2e/placement_test.cc e2e/status_test.cc
                       e2e/bench_test.cc e2e/limits_test.cc e2e/library_test.cc)
add_dependencies(e2e_test coordinator client kvnode bench)

# Where Debian's redis-tools are not installed, the cases that want them say so.
grapevine_test(redis_test CLUSTERS SKIPS LABEL e2e TIMEOUT 300 LINK e2e
               SOURCES $<TARGET_OBJECTS:e2e_main> e2e/redis_test.cc e2e/redis_tools_test.cc
                       e2e/redis_idle_test.cc)
add_dependencies(redis_test coordinator client kvnode)

# A node and Debian's redis-server side by side.
set(conformance ${CMAKE_CURRENT_LIST_DIR}/../conformance)
grapevine_test(node_conformance_test CLUSTERS SKIPS LABEL e2e TIMEOUT 300 LINK e2e command
               SOURCES $<TARGET_OBJECTS:e2e_main> conformance/node_test.cc conformance/cases.cc
                       conformance/compare.cc conformance/docs.cc conformance/link.cc
                       conformance/peer.cc conformance/random.cc conformance/tables.cc
                       command/memory_keys.cc)
target_compile_definitions(node_conformance_test
                           PRIVATE GRAPEVINE_CASES="${conformance}/cases"
                                   GRAPEVINE_CLUSTER_CASES="${conformance}/cluster_cases")
add_dependencies(node_conformance_test client kvnode)

# Minutes of waiting, little work; where network namespaces are not allowed its cases say so.
grapevine_test(network_test CLUSTERS SKIPS LABEL network TIMEOUT 300 LINK e2e
               SOURCES $<TARGET_OBJECTS:e2e_main> e2e/network_test.cc)
add_dependencies(network_test client kvnode)

# The demo checks every value that it shows.
add_test(NAME "demo" COMMAND ${CMAKE_CURRENT_LIST_DIR}/demo.sh ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
set_tests_properties("demo" PROPERTIES LABELS e2e TIMEOUT 300 PROCESSORS 2)

# Libraries of others, each while a node dies.
add_test(NAME "clients of Redis"
         COMMAND ${PROJECT_SOURCE_DIR}/tests/clients/run.sh ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}
                 ${PROJECT_SOURCE_DIR}/build/clients)
set_tests_properties("clients of Redis" PROPERTIES LABELS clients TIMEOUT 900 PROCESSORS 2
                     SKIP_REGULAR_EXPRESSION "SKIPPED: ")

# Run by hand: see the files.
foreach(measure network_measure soak)
  add_executable(${measure} $<TARGET_OBJECTS:e2e_main> e2e/${measure}.cc)
  target_link_libraries(${measure} PRIVATE grapevine_e2e grapevine_bench grapevine_test_main)
  target_include_directories(${measure} PRIVATE ${PROJECT_BINARY_DIR}/cmd)  # version.h
  add_dependencies(${measure} coordinator client kvnode grapevine_version)
endforeach()
