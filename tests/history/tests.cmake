grapevine_test(history_test LABEL unit LINK history
               SOURCES history/linearizability_test.cc history/program_test.cc history/random_history_test.cc)
