grapevine_test(scenario_test LABEL scenario LINK sim coordinator resp
               SOURCES scenarios/basic_test.cc scenarios/cut_test.cc scenarios/durable_test.cc scenarios/force_load_test.cc scenarios/force_test.cc scenarios/force_weather_test.cc scenarios/founding_test.cc scenarios/heir_test.cc scenarios/inherit_test.cc scenarios/joining_test.cc
                       scenarios/kill_test.cc scenarios/leave_test.cc scenarios/link_test.cc
                       scenarios/load_test.cc scenarios/loss_test.cc scenarios/majority_test.cc scenarios/membership_test.cc scenarios/memory_test.cc scenarios/moving_test.cc scenarios/pause_test.cc scenarios/program_test.cc scenarios/refills_test.cc
                       scenarios/request_test.cc scenarios/scan_test.cc scenarios/status_test.cc
                       scenarios/zones_test.cc)
