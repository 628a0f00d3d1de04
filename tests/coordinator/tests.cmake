grapevine_test(coordinator_test LABEL unit LINK coordinator
               SOURCES coordinator/force_test.cc coordinator/health_test.cc coordinator/launch_test.cc
                       coordinator/report_test.cc)
