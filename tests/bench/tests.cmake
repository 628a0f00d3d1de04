grapevine_test(bench_test LABEL unit LINK bench
               SOURCES bench/histogram_test.cc bench/phase_test.cc bench/record_test.cc
                       bench/setting_test.cc bench/statistics_test.cc bench/workload_test.cc)
