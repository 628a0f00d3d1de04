grapevine_test(command_test LABEL unit LINK command
               SOURCES command/first_test.cc command/memory_keys.cc command/program_test.cc)
