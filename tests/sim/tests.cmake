grapevine_test(sim_test LABEL unit LINK sim
               SOURCES sim/accept_loss_test.cc sim/aim_test.cc sim/commits_test.cc sim/event_test.cc sim/fault_test.cc sim/founder_test.cc
                       sim/load_test.cc sim/membership_test.cc sim/network_test.cc sim/oracles_test.cc sim/plan_test.cc
                       sim/pause_and_kill_test.cc sim/process_test.cc sim/refills_test.cc sim/replay_test.cc sim/workers_test.cc)

# A core is told the time (base/time.h): none of its libraries calls anything that reads a clock, so
# no jump of the wall clock can reach one.
add_test(NAME no_core_reads_a_clock
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/sim/no_clock.sh
                 $<TARGET_FILE:grapevine_swim> $<TARGET_FILE:grapevine_ring>
                 $<TARGET_FILE:grapevine_store> $<TARGET_FILE:grapevine_replication>
                 $<TARGET_FILE:grapevine_client> $<TARGET_FILE:grapevine_node>
                 $<TARGET_FILE:grapevine_wire> $<TARGET_FILE:grapevine_base>)
set_tests_properties(no_core_reads_a_clock PROPERTIES LABELS unit)

# The command line of ./sim, and a swarm over it. Without sanitizers only: with them the swarm would
# take twenty times as long, and the runs above are there.
if(NOT GRAPEVINE_SANITIZE)
  add_test(NAME "sim: command line"
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/sim/command_line.sh $<TARGET_FILE:sim>)
  set_tests_properties("sim: command line" PROPERTIES LABELS sim TIMEOUT 300)
  add_test(NAME "sim: 300 seeds" COMMAND sim --faults all --runs 300)
  set_tests_properties("sim: 300 seeds" PROPERTIES LABELS sim TIMEOUT 1800)
endif()

# Run by hand: see the file.
if(NOT GRAPEVINE_SANITIZE)
  add_executable(failover_simulate sim/failover_simulate.cc)
  target_link_libraries(failover_simulate PRIVATE grapevine_sim)
endif()
