if(NOT TARGET grapevine_bench)
  return()
endif()
grapevine_test(bench_test LABEL bench LINK bench
               SOURCES bench/balance_test.cc bench/compare_test.cc bench/histogram_test.cc
                       bench/http_test.cc bench/lanes_test.cc bench/latency_test.cc
                       bench/phase_test.cc bench/record_test.cc bench/resp_test.cc
                       bench/scale_test.cc bench/setting_test.cc bench/statistics_test.cc
                       bench/timeline_test.cc bench/workload_test.cc bench/ycsb_test.cc
                       bench/zipf_test.cc)
add_test(NAME "results are kept until there are new ones"
         COMMAND ${CMAKE_CURRENT_LIST_DIR}/results_test.sh ${PROJECT_SOURCE_DIR})
set_tests_properties("results are kept until there are new ones" PROPERTIES LABELS bench TIMEOUT 60)
