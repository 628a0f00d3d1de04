grapevine_test(swim_test LABEL unit LINK swim
               SOURCES swim/precedence_test.cc swim/probe_cycle_test.cc swim/relays_test.cc
                       swim/rumor_queue_test.cc swim/suspicion_test.cc swim/swim_test.cc)
grapevine_test(swim_network_test LABEL unit LINK swim
               SOURCES swim/detection_test.cc swim/endurance_test.cc swim/gone_test.cc
                       swim/network.cc)
