grapevine_test(runtime_text_test LABEL unit LINK runtime
               SOURCES runtime/arguments_test.cc runtime/output_test.cc runtime/trace_test.cc
                       runtime/listen_test.cc)
