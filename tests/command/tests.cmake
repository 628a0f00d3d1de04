grapevine_test(command_test LABEL unit LINK command
               SOURCES command/execute_test.cc command/glob_test.cc command/memory_keys.cc
                       command/program_test.cc command/reply_test.cc command/scan_test.cc
                       command/syntax_test.cc command/table_test.cc)
