grapevine_test(sim_test LABEL unit LINK sim
               SOURCES sim/event_test.cc sim/fault_test.cc sim/network_test.cc sim/replay_test.cc)
