# Without sanitizers only: these runs are many, and of code that is wrong on purpose.
if(NOT GRAPEVINE_SANITIZE)
  grapevine_test(planted_test LABEL sim LINK sim coordinator
                 SOURCES planted/backfill_test.cc planted/force_test.cc planted/hand_test.cc planted/lease_test.cc
                         planted/once_test.cc planted/program_test.cc planted/ring_test.cc planted/swarm_test.cc
                         planted/trial.cc planted/writes_test.cc)
endif()
